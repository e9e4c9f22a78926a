"""Free times: clinic sessions, minus whatever cancels them, minus claims. Writes nothing.

A day's hours are local times; every result is an instant in UTC. On the night of a clock change a
session therefore has its real length, and no time is offered that does not exist.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import UTC, date, datetime, time, timedelta
from typing import NamedTuple

from django.db.models import Q
from django.utils import timezone

from bookings.models import (
    Appointment,
    AppointmentType,
    Claim,
    ClinicSession,
    ClosedDay,
    Closure,
    OpeningHours,
    Resource,
    SessionChange,
)
from bookings.status import AppointmentStatus, OfferStatus
from procedures.models import Clinician

CELL_SECONDS = 300
CELL = timedelta(seconds=CELL_SECONDS)


class Span(NamedTuple):
    """A period between two instants, in UTC."""

    starts: datetime
    ends: datetime

    def holds(self, other: "Span") -> bool:
        """Whether the other period is wholly inside this one."""
        return self.starts <= other.starts and other.ends <= self.ends


class Stretch(NamedTuple):
    """What is left of a session on one day."""

    session: ClinicSession
    span: Span


class FreeTime(NamedTuple):
    """A time that could be given, and everything that it would claim."""

    starts: datetime
    ends: datetime
    room: Resource
    resources: tuple[int, ...]


class Stranded(NamedTuple):
    """A booked appointment whose time the clinic no longer has."""

    appointment: Appointment
    why: str


def cells(starts: datetime, ends: datetime) -> range:
    """The five-minute cells that a period touches: UTC epoch seconds // 300."""
    return range(int(starts.timestamp() // CELL_SECONDS), -int(-ends.timestamp() // CELL_SECONDS))


def stretches(days: Collection[date], clinician: Clinician | None = None) -> list[Stretch]:
    """When sessions really take place on these days of the clinic's time zone, in order."""
    if not days:
        return []
    sessions = ClinicSession.objects.between(min(days), max(days)).select_related(
        "clinician__resource", "room__location"
    )
    if clinician:
        sessions = sessions.filter(clinician=clinician)
    closed = set(ClosedDay.objects.filter(day__in=days).values_list("day", flat=True))
    whole = Span(_instant(min(days), time()), _instant(max(days) + timedelta(days=1), time()))
    closures = list(Closure.objects.overlapping(*whole))
    changes = {
        (change.session_id, change.day): change
        for change in SessionChange.objects.filter(day__in=days)
    }
    hours: defaultdict[tuple[int | None, int], list[tuple[time, time]]] = defaultdict(list)
    for opening in OpeningHours.objects.all():
        hours[opening.location_id, opening.weekday].append((opening.opens, opening.closes))
    found = [
        Stretch(session, span)
        for day in sorted(set(days) - closed)
        for session in sessions
        if session.takes_place_on(day)
        for span in _spans_on(
            day,
            session,
            changes.get((session.pk, day)),
            hours[session.room.location_id, day.weekday()],
            closures,
        )
    ]
    return sorted(found, key=lambda stretch: (stretch.span, stretch.session.pk))


def free_times(
    appointment_type: AppointmentType, clinician: Clinician, days: Collection[date], now: datetime
) -> list[FreeTime]:
    """The times that could be given on these days, packed one after the other."""
    found = []
    places = _Places(appointment_type, days, now)
    for stretch in stretches(days, clinician):
        starts = _next_cell(max(stretch.span.starts, now))
        while starts + places.whole <= stretch.span.ends:
            free = places.free(stretch, starts)
            if free:
                found.append(free)
            starts += places.whole if free else CELL
    return found


def time_at(
    appointment_type: AppointmentType, clinician: Clinician, starts: datetime, now: datetime
) -> FreeTime | None:
    """What a time would claim.

    None if no session of the clinician has room for it and its buffer, or if something that it
    needs is not free.
    """
    day = timezone.localdate(starts)
    places = _Places(appointment_type, [day], now)
    free = (
        places.free(stretch, starts)
        for stretch in stretches([day], clinician)
        if stretch.span.holds(Span(starts, starts + places.whole))
    )
    return next((found for found in free if found), None)


def span_of(day: date) -> Span:
    """The day in the clinic's time zone, up to the last instant before the next."""
    return Span(
        _instant(day, time()),
        _instant(day + timedelta(days=1), time()) - timedelta(microseconds=1),
    )


def is_away(resources: Iterable[int], span: Span) -> bool:
    """Whether any of these is closed or on leave at some time during the span."""
    return Closure.objects.overlapping(*span).filter(resource__in=resources).exists()


def is_in_session(clinician: Clinician, room: Resource | None, span: Span) -> bool:
    """Whether the clinician has a session that contains the time, in that room if one is given."""
    day = timezone.localdate(span.starts)
    return any(
        stretch.span.holds(span) and room in {None, stretch.session.room}
        for stretch in stretches([day], clinician)
    )


def stranded(now: datetime, among: Q | None = None) -> list[Stranded]:
    """Future appointments whose session was shortened or cancelled, or whose machine is away."""
    coming = Appointment.objects.filter(
        among or Q(), status=AppointmentStatus.BOOKED, starts__gt=now, room__isnull=False
    )
    booked = list(
        coming.select_related("request", "clinician", "room", "appointment_type")
        .prefetch_related("claims")
        .order_by("starts", "pk")
    )
    held = defaultdict(list)
    for session, span in stretches({timezone.localdate(each.starts) for each in booked}):
        held[session.clinician_id, session.room_id].append(span)
    away = list(
        Closure.objects.filter(ends__gt=now, resource__isnull=False).select_related("resource")
    )
    found = ((each, _why_stranded(each, held, away)) for each in booked)
    return [Stranded(appointment, why) for appointment, why in found if why]


def _why_stranded(
    appointment: Appointment,
    held: Mapping[tuple[int, int], Sequence[Span]],
    away: Iterable[Closure],
) -> str:
    own = Span(appointment.starts, appointment.ends)
    place = (appointment.clinician_id, appointment.room_id or 0)
    if not any(span.holds(own) for span in held.get(place, ())):
        return f"{appointment.clinician.name} no longer has a clinic at that time."
    claimed = {claim.resource_id for claim in appointment.claims.all()}
    closed = (
        closure.resource
        for closure in away
        if closure.resource_id in claimed
        and closure.starts < own.ends
        and own.starts < closure.ends
    )
    return next((f"{resource} is not available at that time." for resource in closed), "")


class _Places:
    """What is claimed on some days, and which machines exist."""

    def __init__(self, appointment_type: AppointmentType, days: Collection[date], now: datetime):
        self.length = timedelta(minutes=appointment_type.minutes)
        self.whole = self.length + timedelta(minutes=appointment_type.buffer_minutes)
        self.kinds = list(appointment_type.needs.order_by("pk"))
        first, last = _instant(min(days), time()), _instant(max(days), time())
        span = Span(first, last + timedelta(days=2))
        lapsed = Q(offered_time__offer__status=OfferStatus.OPEN) & Q(
            offered_time__offer__held_until__lte=now
        )
        touched = cells(*span)
        # A new claim takes over the times of an expired offer, so they are free.
        self.taken: set[tuple[int | None, int]] = set(
            Claim.objects.filter(cell__gte=touched.start, cell__lt=touched.stop)
            .exclude(lapsed)
            .values_list("resource", "cell")
        )
        for closure in Closure.objects.overlapping(*span).exclude(resource=None):
            away = cells(max(closure.starts, span.starts), min(closure.ends, span.ends))
            self.taken |= {(closure.resource_id, cell) for cell in away}
        self.machines = list(
            Resource.objects.filter(machine_kind__in=self.kinds).order_by("name", "pk")
        )

    def free(self, stretch: Stretch, starts: datetime) -> FreeTime | None:
        """The time in that stretch with everything that it needs, if all of that is free."""
        session = stretch.session
        wanted = cells(starts, starts + self.whole)
        clinician = getattr(session.clinician, "resource", None)
        chosen = [clinician] if clinician else []
        chosen.append(session.room)
        if not all(self._is_free(each, wanted) for each in chosen):
            return None
        for kind in self.kinds:
            machine = next(
                (
                    each
                    for each in self.machines
                    if each.machine_kind_id == kind.pk
                    and each.location_id == session.room.location_id
                    and self._is_free(each, wanted)
                ),
                None,
            )
            if machine is None:
                return None
            chosen.append(machine)
        return FreeTime(
            starts, starts + self.length, session.room, tuple(each.pk for each in chosen)
        )

    def _is_free(self, resource: Resource, wanted: Iterable[int]) -> bool:
        return not any((resource.pk, cell) in self.taken for cell in wanted)


def _spans_on(
    day: date,
    session: ClinicSession,
    change: SessionChange | None,
    hours: Iterable[tuple[time, time]],
    closures: Iterable[Closure],
) -> list[Span]:
    starts, ends = (change.starts, change.ends) if change else (session.starts, session.ends)
    if starts is None or ends is None:
        return []
    own = Span(_instant(day, starts), _instant(day, ends))
    spans = [
        Span(max(own.starts, _instant(day, opens)), min(own.ends, _instant(day, closes)))
        for opens, closes in hours
    ]
    resources = {session.room_id, getattr(session.clinician, "resource", session.room).pk}
    for closure in closures:
        if closure.resource_id in resources or (
            closure.location_id and closure.location_id == session.room.location_id
        ):
            spans = [left for span in spans for left in _without(span, closure)]
    return [span for span in spans if span.starts < span.ends]


def _without(span: Span, closure: Closure) -> list[Span]:
    before = Span(span.starts, min(span.ends, closure.starts))
    after = Span(max(span.starts, closure.ends), span.ends)
    return [left for left in (before, after) if left.starts < left.ends]


def _instant(day: date, at: time) -> datetime:
    return datetime.combine(day, at, tzinfo=timezone.get_default_timezone()).astimezone(UTC)


def _next_cell(instant: datetime) -> datetime:
    return datetime.fromtimestamp(-(-instant.timestamp() // CELL_SECONDS) * CELL_SECONDS, tz=UTC)
