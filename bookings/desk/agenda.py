"""The clinic's day: its sessions, and who comes when in each of them. Writes nothing."""

from collections.abc import Iterable
from datetime import date, datetime
from typing import NamedTuple

from django.db.models import QuerySet
from django.utils import timezone

from bookings.diary.free_times import CELL, CELL_SECONDS, Span, Stretch, cells, span_of, stretches
from bookings.models import Appointment, AppointmentRequest, Claim, OfferedTime
from bookings.status import AppointmentStatus, OfferStatus
from procedures.models import Clinician

CAME_OR_COMES = (AppointmentStatus.BOOKED, AppointmentStatus.FULFILLED, AppointmentStatus.NOSHOW)


class Entry(NamedTuple):
    """One line of a session: an appointment, a time that is held for somebody, or free time."""

    starts: datetime
    ends: datetime
    request: AppointmentRequest | None = None
    appointment: Appointment | None = None

    @property
    def kind(self) -> str:
        """What a reader sees first: whether the line is booked, offered or free."""
        if self.appointment:
            return "booked"
        return "offered" if self.request else "free"

    @property
    def minutes(self) -> int:
        """The length of the line."""
        return int((self.ends - self.starts).total_seconds() // 60)


class SessionPlan(NamedTuple):
    """One session of a day, line by line."""

    stretch: Stretch
    entries: list[Entry]

    def count(self, kind: str) -> int:
        """How many lines are of this kind."""
        return sum(entry.kind == kind for entry in self.entries)

    @property
    def booked(self) -> int:
        """How many appointments there are."""
        return self.count("booked")

    @property
    def offered(self) -> int:
        """How many times are held for patients who have not answered yet."""
        return self.count("offered")

    @property
    def free_minutes(self) -> int:
        """How many minutes could still be given."""
        return sum(entry.minutes for entry in self.entries if entry.kind == "free")


class Plan(NamedTuple):
    """A day of the clinic."""

    day: date
    sessions: list[SessionPlan]
    # Appointments that are no longer inside any session.
    outside: list[Entry]

    def requests(self) -> list[AppointmentRequest]:
        """The requests of everybody who is named on that day."""
        entries = [entry for session in self.sessions for entry in session.entries]
        return [entry.request for entry in (*entries, *self.outside) if entry.request]


def plans(days: Iterable[date], now: datetime) -> list[Plan]:
    """The plan of each day, with its sessions in order."""
    return [_plan(day, now) for day in days]


def appointments_on(day: date) -> list[Appointment]:
    """The appointments on that day of the clinic's time zone, in order."""
    on_day = Appointment.objects.filter(starts__range=span_of(day), status=AppointmentStatus.BOOKED)
    return list(
        on_day.select_related("request", "clinician", "room__location", "appointment_type")
        .prefetch_related("request__flags")
        .order_by("clinician__name", "starts")
    )


def coming_today(now: datetime) -> list[Appointment]:
    """Today's appointments that were not cancelled or moved, in order, over or not."""
    today = span_of(timezone.localdate(now))
    coming = Appointment.objects.filter(starts__range=today, status__in=CAME_OR_COMES)
    return list(
        coming.select_related("request", "clinician", "appointment_type", "room")
        .prefetch_related("request__flags")
        .order_by("starts", "clinician__name")
    )


def appointments_without_attendance(now: datetime) -> QuerySet[Appointment]:
    """Appointments of earlier days for which nobody has recorded whether the patient came."""
    today = span_of(timezone.localdate(now))
    over = Appointment.objects.filter(status=AppointmentStatus.BOOKED, starts__lt=today.starts)
    return over.select_related("request", "clinician").order_by("starts")


def _plan(day: date, now: datetime) -> Plan:
    held = stretches([day])
    whole_day = span_of(day)
    coming = Appointment.objects.filter(starts__range=whole_day, status__in=CAME_OR_COMES)
    offered = OfferedTime.objects.filter(
        starts__range=whole_day, offer__status=OfferStatus.OPEN, offer__held_until__gt=now
    )
    entries = [
        (each.clinician, each.room_id, Entry(each.starts, each.ends, each.request, each))
        for each in coming.select_related(
            "request", "clinician", "appointment_type", "room"
        ).prefetch_related("request__flags")
    ]
    entries += [
        (each.offer.clinician, each.room_id, Entry(each.starts, each.ends, each.offer.request))
        for each in offered.select_related("offer__request", "offer__clinician")
    ]
    sessions = [_session_plan(stretch, entries, now) for stretch in held]
    inside = {entry for session in sessions for entry in session.entries}
    outside = [entry for _, _, entry in entries if entry.appointment and entry not in inside]
    return Plan(day, sessions, sorted(outside, key=lambda entry: entry.starts))


def _session_plan(
    stretch: Stretch, entries: Iterable[tuple[Clinician, int | None, Entry]], now: datetime
) -> SessionPlan:
    own = [
        entry
        for clinician, room, entry in entries
        if clinician == stretch.session.clinician
        and room in {None, stretch.session.room_id}
        and stretch.span.holds(Span(entry.starts, entry.ends))
    ]
    lines = sorted([*own, *_free(stretch, own, now)], key=lambda entry: entry.starts)
    return SessionPlan(stretch, lines)


def _free(stretch: Stretch, own: Iterable[Entry], now: datetime) -> list[Entry]:
    """Runs of future cells in which neither the clinician nor the room is claimed."""
    session, span = stretch
    wanted = cells(*span)
    resources = {session.room_id, getattr(session.clinician, "resource", session.room).pk}
    taken = set(
        Claim.objects.filter(
            resource__in=resources, cell__gte=wanted.start, cell__lt=wanted.stop
        ).values_list("cell", flat=True)
    )
    taken |= {cell for entry in own for cell in cells(entry.starts, entry.ends)}
    runs: list[list[int]] = []
    for cell in wanted:
        if cell in taken or cell < now.timestamp() // CELL_SECONDS:
            continue
        if runs and runs[-1][-1] == cell - 1:
            runs[-1].append(cell)
        else:
            runs.append([cell])
    return [
        Entry(
            span.starts + CELL * (run[0] - wanted.start),
            span.starts + CELL * (run[-1] + 1 - wanted.start),
        )
        for run in runs
    ]
