"""The clinic's days: who comes when to whom, what is held and what is free. Writes nothing."""

from collections import defaultdict
from collections.abc import Collection, Iterable
from datetime import UTC, date, datetime, time, timedelta
from enum import Enum
from typing import Any, NamedTuple

from django.db.models import Exists, OuterRef, Q, QuerySet
from django.utils import timezone

from bookings.desk.notes import with_marks
from bookings.diary.free_times import (
    CELL,
    CELL_SECONDS,
    Rota,
    Span,
    Stretch,
    Taken,
    cells,
    free_on,
    own_resources,
    span_of,
    why_stranded,
    with_what_is_away,
)
from bookings.models import (
    Appointment,
    AppointmentRequest,
    AppointmentType,
    OfferedTime,
    RedFlag,
)
from bookings.status import AppointmentStatus, FlagOutcome, OfferStatus
from procedures.models import Clinician

CAME_OR_COMES = (AppointmentStatus.BOOKED, AppointmentStatus.FULFILLED, AppointmentStatus.NOSHOW)
# What is left of a session is pointed out from this length on; less is a pause between two visits.
LEFT_OVER = timedelta(minutes=15)
# How many appointments without attendance are read at a time.
MOST_OPEN = 30


class Kind(Enum):
    """What a line of the diary is: its mark and its word. Each has a pattern in the style sheet."""

    BOOKED = "○", "booked"
    LATE = "◐", "late"
    TO_RECORD = "?", "attendance to record"
    HERE = "●", "here"
    CALLED_IN = "▶", "with the clinician"
    SEEN = "✓", "attended"
    MISSED = "✕", "did not attend"
    HELD = "◇", "held for an offer"
    GIVEN_BACK = "↺", "given back, can be undone"
    STRANDED = "▲", "no clinic session"
    FREE = "+", "free"
    LEFT = "", "too short"
    AWAY = "╳", "away"
    CLOSED = "■", "closed"
    NO_CLINIC = "", "no clinic"

    @property
    def mark(self) -> str:
        """A shape that is told apart without colour."""
        return self.value[0]

    @property
    def word(self) -> str:
        """What the shape means."""
        return self.value[1]

    @property
    def slug(self) -> str:
        """Its name in the style sheet."""
        return self.name.lower().replace("_", "-")


class Entry(NamedTuple):
    """One line of a clinician's day: a visit, a time held for somebody, free time, or none at all."""

    kind: Kind
    starts: datetime
    ends: datetime
    appointment: Appointment | None = None
    offered: OfferedTime | None = None
    # An appointment that the patient cancelled, as long as they can undo that.
    cancelled: Appointment | None = None
    # Why a clinician is away, why the clinic is closed, or what a stranded appointment lacks.
    why: str = ""

    @property
    def is_for_a_patient(self) -> bool:
        """Whether it is anybody's."""
        return bool(self.appointment or self.cancelled or self.offered)

    @property
    def request(self) -> AppointmentRequest | None:
        """Whose line it is, if it is anybody's."""
        visit = self.appointment or self.cancelled
        if visit:
            return visit.request
        return self.offered.offer.request if self.offered else None

    @property
    def appointment_type(self) -> AppointmentType | None:
        """What the visit is for."""
        visit = self.appointment or self.cancelled
        if visit:
            return visit.appointment_type
        return self.offered.offer.appointment_type if self.offered else None

    @property
    def until(self) -> datetime | None:
        """Until when the time is held for the patient, or kept for them."""
        if self.cancelled:
            return self.cancelled.kept_until
        if self.offered is None:
            return None
        return self.offered.offer.kept_until or self.offered.offer.held_until

    @property
    def minutes(self) -> int:
        """The length of the line."""
        return int((self.ends - self.starts).total_seconds() // 60)


class Column(NamedTuple):
    """A clinician's day, in order of time."""

    clinician: Clinician
    # When they have a clinic, and in which room.
    stretches: list[Stretch]
    entries: list[Entry]

    @property
    def instead(self) -> str:
        """Why there is no clinic at all."""
        reasons = [entry.why for entry in self.entries if entry.kind in {Kind.AWAY, Kind.CLOSED}]
        return f"Away: {reasons[0]}" if reasons and reasons[0] else "No clinic"


class Plan(NamedTuple):
    """A day of the clinic, with one column for each clinician, by name."""

    day: date
    columns: list[Column]
    # Why the clinic is closed, such as a bank holiday; empty if it is not.
    closed: str
    opening_hours: list[tuple[time, time]]
    # Machines that cannot be used for a part of the day, each with that part.
    machines_away: list[Entry]

    def requests(self) -> list[AppointmentRequest]:
        """The requests of everybody who is named on that day."""
        return [each.request for each in self.entries() if each.request]

    def entries(self) -> list[Entry]:
        """The lines of all columns."""
        return [entry for column in self.columns for entry in column.entries]

    def count(self, *kinds: Kind) -> int:
        """How many lines are of these kinds."""
        return sum(entry.kind in kinds for entry in self.entries())

    @property
    def visits(self) -> int:
        """How many appointments there are, of those for which there is a clinic."""
        return sum(entry.appointment is not None for entry in self.entries()) - self.stranded

    @property
    def held(self) -> int:
        """How many times are held for patients who have not answered yet."""
        return self.count(Kind.HELD)

    @property
    def free(self) -> int:
        """How many times could be given, or free periods if no type was asked for."""
        return self.count(Kind.FREE)

    @property
    def stranded(self) -> int:
        """How many appointments have no clinic session."""
        return self.count(Kind.STRANDED)

    @property
    def minutes(self) -> int:
        """How long the clinicians have clinics in all."""
        spans = (stretch.span for column in self.columns for stretch in column.stretches)
        return sum(int((span.ends - span.starts).total_seconds() // 60) for span in spans)

    @property
    def minutes_taken(self) -> int:
        """How much of that is booked or held."""
        taken = sum(
            entry.minutes
            for entry in self.entries()
            if entry.is_for_a_patient and entry.kind != Kind.STRANDED
        )
        return min(taken, self.minutes)

    @property
    def percent_taken(self) -> int:
        """How much of that is booked or held, of a hundred."""
        return self.minutes_taken * 100 // self.minutes if self.minutes else 0


def appointments_on(day: date) -> list[Appointment]:
    """Who comes or came on that day of the clinic's time zone, in order."""
    on_day = Appointment.objects.filter(starts__range=span_of(day), status__in=CAME_OR_COMES)
    return list(
        with_marks(on_day)
        .select_related("request", "clinician", "room__location", "appointment_type")
        .prefetch_related("request__flags", "claims")
        .order_by("clinician__name", "starts")
    )


def coming_today(now: datetime) -> QuerySet[Any]:
    """Today's appointments that were not cancelled or moved, in order, over or not."""
    today = span_of(timezone.localdate(now))
    coming = Appointment.objects.filter(starts__range=today, status__in=CAME_OR_COMES)
    with_all = coming.select_related("request", "clinician", "appointment_type", "room")
    return with_marks(with_all).order_by("starts", "clinician__name")


def appointments_without_attendance(now: datetime) -> QuerySet[Appointment]:
    """Appointments of earlier days for which nobody has recorded whether the patient came."""
    today = span_of(timezone.localdate(now))
    over = Appointment.objects.filter(status=AppointmentStatus.BOOKED, starts__lt=today.starts)
    return over.select_related("request", "clinician").order_by("starts")


def appointments_to_see_to(now: datetime) -> QuerySet[Any]:
    """Today's appointments, all that are to come, and the first without attendance, in order.

    One query, because the desk begins with all three.
    """
    today = span_of(timezone.localdate(now))
    appointments = Appointment.objects.values("pk")
    since_today = appointments.filter(starts__gte=today.starts, status__in=CAME_OR_COMES)
    first_open = appointments_without_attendance(now)[:MOST_OPEN].values("pk")
    # Joined with “or” in one condition, PostgreSQL reads every appointment there ever was.
    both = since_today.union(appointments.filter(pk__in=first_open))
    visits = Appointment.objects.filter(pk__in=both)
    return with_marks(with_what_is_away(visits)).order_by("starts", "clinician__name", "pk")


class Agenda:
    """The plans of some days, read with the same few queries however many there are.

    With an appointment type the times at which it could be booked are free; otherwise whatever is
    not taken. Without names it knows when somebody comes, because thousands come in a month. Nobody may
    be shown from it then: who they are is not read, and no look is recorded.
    """

    def __init__(
        self,
        days: Collection[date],
        now: datetime,
        appointment_type: AppointmentType | None = None,
        *,
        has_names: bool = True,
    ):
        self.now, self.has_names = now, has_names
        self.appointment_type = appointment_type
        self.rota = Rota(days)
        self.taken = Taken(self.rota, now)
        self.columns: defaultdict[tuple[date, Clinician], list[Entry]] = defaultdict(list)
        self._add_visits()
        self._add_held()
        self._add_free_and_away()

    def plans(self) -> list[Plan]:
        """The plan of each day, in order."""
        return [self._plan(day) for day in self.rota.days]

    def clinicians(self) -> list[Clinician]:
        """Everybody who has a clinic around these days, or somebody to see on one of them, by name."""
        there = {session.clinician for session in self.rota.sessions}
        there |= {clinician for _, clinician in self.columns}
        return sorted(there, key=lambda each: each.name)

    def _add(self, clinician: Clinician, *entries: Entry) -> None:
        for entry in entries:
            self.columns[timezone.localdate(entry.starts), clinician].append(entry)

    def _visits(self) -> QuerySet[Any]:
        shown = Q(status__in=CAME_OR_COMES) | Q(kept_until__gt=self.now)
        visits: QuerySet[Any] = Appointment.objects.filter(shown, starts__range=self.rota.span)
        if not self.has_names:
            return visits.select_related("clinician", "room")
        noted = RedFlag.objects.filter(
            request=OuterRef("request"), outcome=FlagOutcome.PROCEED_WITH_NOTE
        )
        with_all: QuerySet[Any] = with_marks(visits).annotate(has_note=Exists(noted))
        return with_all.select_related("request__person", "clinician", "appointment_type", "room")

    def _add_visits(self) -> None:
        for each in self._visits():
            if each.kept_until:
                kept = Entry(Kind.GIVEN_BACK, each.starts, each.ends, cancelled=each)
                self._add(each.clinician, kept)
                continue
            why = ""
            if each.room_id and each.starts > self.now:
                why = why_stranded(each, self.taken.claimed[each.pk], self.rota)
            kind = _kind_of(each, self.now, is_stranded=bool(why))
            self._add(each.clinician, Entry(kind, each.starts, each.ends, each, why=why))

    def _add_held(self) -> None:
        held = Q(offer__status=OfferStatus.OPEN, offer__held_until__gt=self.now)
        held |= Q(offer__kept_until__gt=self.now)
        times = OfferedTime.objects.filter(held, starts__range=self.rota.span)
        for each in times.select_related(
            "offer__request__person", "offer__clinician", "offer__appointment_type"
        ):
            kind = Kind.GIVEN_BACK if each.offer.kept_until else Kind.HELD
            self._add(each.offer.clinician, Entry(kind, each.starts, each.ends, offered=each))

    def _add_free_and_away(self) -> None:
        whole = timedelta()
        free: defaultdict[Stretch, list[Span]] = defaultdict(list)
        if self.appointment_type:
            whole = timedelta(minutes=self.appointment_type.buffer_minutes)
            for stretch, time_ in free_on(self.rota, self.taken, self.appointment_type, self.now):
                free[stretch].append(Span(time_.starts, time_.ends))
        for stretch in self.rota.stretches:
            clinician = stretch.session.clinician
            seen = [Span(each.starts, each.ends) for each in self._of(stretch)]
            times = [span for span in free[stretch] if not any(_meet(span, each) for each in seen)]
            self._add(clinician, *(Entry(Kind.FREE, *span) for span in times))
            given = [*seen, *(Span(span.starts, span.ends + whole) for span in times)]
            self._add(clinician, *self._left_over(stretch, given))
        for planned in self.rota.planned:
            self._add(planned.session.clinician, *self._away(planned))

    def _of(self, stretch: Stretch) -> list[Entry]:
        day = timezone.localdate(stretch.span.starts)
        return [
            each for each in self.columns[day, stretch.session.clinician] if each.is_for_a_patient
        ]

    def _left_over(self, stretch: Stretch, given: Iterable[Span]) -> list[Entry]:
        """What nobody has and no time was found for; all of it if no type was asked for."""
        resources = own_resources(stretch.session)
        covered = {cell for span in given for cell in cells(*span)}
        runs = _runs(
            cell
            for cell in cells(*stretch.span)
            if cell >= self.now.timestamp() // CELL_SECONDS
            if cell not in covered and self.taken.leaves(resources, [cell])
        )
        if self.appointment_type is None:
            return [Entry(Kind.FREE, *run) for run in runs]
        return [Entry(Kind.LEFT, *run) for run in runs if run.ends - run.starts >= LEFT_OVER]

    def _away(self, planned: Stretch) -> list[Entry]:
        """The parts of a session that a closure takes away. Two closures may take the same one."""
        own = getattr(planned.session.clinician, "resource", None)
        found = {
            (Kind.AWAY if own and closure.resource_id == own.pk else Kind.CLOSED, span): closure
            for closure, span in self.rota.cancelled(planned)
        }
        return [Entry(kind, *span, why=each.reason) for (kind, span), each in found.items()]

    def _plan(self, day: date) -> Plan:
        there = {
            each.session.clinician
            for each in self.rota.planned
            if timezone.localdate(each.span.starts) == day
        }
        there |= {clinician for on, clinician in self.columns if on == day}
        hours = self.rota.hours.items()
        return Plan(
            day=day,
            columns=[self._column(day, each) for each in sorted(there, key=lambda each: each.name)],
            closed=self.rota.closed.get(day, ""),
            opening_hours=[
                each for (_, on), found in hours if on == day.weekday() for each in found
            ],
            machines_away=self._machines_away(span_of(day)),
        )

    def _column(self, day: date, clinician: Clinician) -> Column:
        held = [
            each
            for each in self.rota.stretches
            if each.session.clinician == clinician and timezone.localdate(each.span.starts) == day
        ]
        # Two sessions at the same time have the same free times.
        entries = dict.fromkeys(self.columns[day, clinician])
        return Column(clinician, held, sorted(entries, key=lambda each: (each.starts, each.ends)))

    def _machines_away(self, day: Span) -> list[Entry]:
        """Machines, and rooms without which a session goes on in others of their kind."""
        return [
            Entry(
                Kind.AWAY,
                max(each.starts, day.starts),
                min(each.ends, day.ends),
                why=f"{each.resource}: {each.reason or 'not available'}",
            )
            for each in self.rota.closures
            if each.resource and (each.resource.machine_kind_id or each.resource.room_kind_id)
            if each.starts < day.ends and day.starts < each.ends
        ]


def _kind_of(appointment: Appointment, now: datetime, *, is_stranded: bool) -> Kind:
    """Where the patient is, as far as reception has recorded it."""
    if appointment.ended_at:
        came = appointment.status == AppointmentStatus.FULFILLED
        return Kind.SEEN if came else Kind.MISSED
    if appointment.called_in_at:
        return Kind.CALLED_IN
    if appointment.arrived_at:
        return Kind.HERE
    if is_stranded:
        return Kind.STRANDED
    if appointment.ends <= now:
        return Kind.TO_RECORD
    return Kind.LATE if appointment.starts < now else Kind.BOOKED


def _meet(one: Span, other: Span) -> bool:
    return one.starts < other.ends and other.starts < one.ends


def _runs(of: Iterable[int]) -> list[Span]:
    """Cells that follow each other, as periods."""
    runs: list[list[int]] = []
    for cell in of:
        if runs and runs[-1][-1] == cell - 1:
            runs[-1].append(cell)
        else:
            runs.append([cell])
    return [Span(_instant(run[0]), _instant(run[-1]) + CELL) for run in runs]


def _instant(cell: int) -> datetime:
    return datetime.fromtimestamp(cell * CELL_SECONDS, tz=UTC)
