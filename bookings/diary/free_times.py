"""Free times: clinic sessions, minus whatever cancels them, minus claims. Writes nothing.

A day's hours are local times; every result is an instant in UTC. On the night of a clock change a
session therefore has its real length, and no time is offered that does not exist.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator
from datetime import UTC, date, datetime, time, timedelta
from typing import Any, NamedTuple

from django.db.models import (
    DateField,
    F,
    FilteredRelation,
    IntegerField,
    OuterRef,
    Q,
    QuerySet,
    Subquery,
    TimeField,
    Value,
)
from django.utils import timezone

from bookings.models import (
    Appointment,
    AppointmentType,
    Claim,
    ClinicSession,
    ClosedDay,
    Closure,
    MachineKind,
    OpeningHours,
    Resource,
)
from bookings.status import AppointmentStatus, OfferStatus
from procedures.models import Clinician

CELL_SECONDS = 300
# From when to when a session is; neither, if it does not take place.
_Hours = tuple[time | None, time | None]
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


class Rota:
    """Who has a clinic when on these days of the clinic's time zone, and what cancels part of it.

    Reads everything with three queries, however many days there are. `supposing` a closure that is
    not recorded yet, or not like this, it is the rota as that closure would leave it.
    """

    def __init__(
        self,
        days: Collection[date],
        clinician: Clinician | None = None,
        supposing: Closure | None = None,
    ):
        self.days = sorted(days)
        self.supposing = supposing
        self.sessions: list[ClinicSession] = []
        # Why the clinic is closed, for each day on which it is.
        self.closed: dict[date, str] = {}
        self.closures: list[Closure] = []
        # The opening hours, by location and weekday.
        self.hours: defaultdict[tuple[int | None, int], list[tuple[time, time]]]
        self.hours = defaultdict(list)
        # The sessions as they were planned, and what closures leave of them; both in order.
        self.planned: list[Stretch] = []
        self.stretches: list[Stretch] = []
        # Whose sessions each room of a kind is for, and when.
        self.in_rooms: defaultdict[int, list[Stretch]] = defaultdict(list)
        if self.days:
            self._read(clinician)

    @property
    def span(self) -> Span:
        """From the beginning of the first day until the end of the last."""
        first, last = self.days[0], self.days[-1]
        return Span(_instant(first, time()), _instant(last + timedelta(days=1), time()))

    def _read(self, clinician: Clinician | None) -> None:
        self._read_rules_of_the_clinic()
        recorded = Closure.objects.overlapping(*self.span).select_related("resource", "location")
        self.closures = list(recorded)
        if self.supposing:
            others = [each for each in self.closures if each.pk != self.supposing.pk]
            self.closures = [*others, self.supposing]
        self.planned = self._planned(self._changes(clinician))
        left = [
            Stretch(session, part)
            for session, span in self.planned
            for part in self._left_of(session, span)
        ]
        for each in left:
            self.in_rooms[each.session.room_id].append(each)
        left.sort(key=lambda stretch: (stretch.span, stretch.session.pk))
        self.stretches = _of(clinician, left)
        self.planned = _of(clinician, self.planned)

    def _read_rules_of_the_clinic(self) -> None:
        """The opening hours, and the days on which the whole clinic is closed: one query for both."""
        nothing, no_day = Value(None, IntegerField()), Value(None, DateField())
        hours = OpeningHours.objects.order_by().values_list(
            "location", "weekday", "opens", "closes", no_day, Value("")
        )
        no_time = Value(None, TimeField())
        closed = ClosedDay.objects.filter(day__in=self.days).values_list(
            nothing, nothing, no_time, no_time, "day", "reason"
        )
        for location, weekday, opens, closes, day, reason in hours.union(closed, all=True):
            if day:
                self.closed[day] = reason
            else:
                self.hours[location, weekday].append((opens, closes))
        for periods in self.hours.values():
            periods.sort()

    def _changes(self, clinician: Clinician | None) -> dict[tuple[int, date], _Hours]:
        """Read the sessions, and the other hours that they have on some days, with one query."""
        sessions = ClinicSession.objects.between(self.days[0], self.days[-1])
        if clinician:
            # And of others, whose rooms may not be taken from them.
            sessions = sessions.filter(Q(clinician=clinician) | Q(room__room_kind__isnull=False))
        change = FilteredRelation("changes", condition=Q(changes__day__in=self.days))
        rows: Any = sessions.select_related("clinician__resource", "room__location").annotate(
            change=change,
            other_day=F("change__day"),
            other_starts=F("change__starts"),
            other_ends=F("change__ends"),
        )
        # A session with two changes is there twice.
        self.sessions = list(dict.fromkeys(rows))
        return {(row.pk, row.other_day): (row.other_starts, row.other_ends) for row in rows}

    def _planned(self, changes: dict[tuple[int, date], _Hours]) -> list[Stretch]:
        found = [
            Stretch(session, span)
            for day in self.days
            if day not in self.closed
            for session in self.sessions
            if session.takes_place_on(day)
            for span in _spans_on(
                day,
                changes.get((session.pk, day), (session.starts, session.ends)),
                self.hours[session.room.location_id, day.weekday()],
            )
        ]
        return sorted(found, key=lambda stretch: (stretch.span, stretch.session.pk))

    def cancelled(self, planned: Stretch) -> list[tuple[Closure, Span]]:
        """The parts of a planned session that closures take away, each with its closure."""
        session, span = planned
        return [
            (closure, Span(max(span.starts, closure.starts), min(span.ends, closure.ends)))
            for closure in self.closures
            if closure.starts < span.ends and span.starts < closure.ends
            if _cancels(closure, session)
        ]

    def _left_of(self, session: ClinicSession, span: Span) -> list[Span]:
        spans = [span]
        for closure, _ in self.cancelled(Stretch(session, span)):
            spans = [left for each in spans for left in _without(each, closure)]
        return [each for each in spans if each.starts < each.ends]


class Taken:
    """What cannot be given on the days of a rota, by cell, and who has claimed which resources."""

    def __init__(self, rota: Rota, now: datetime):
        # A time that begins on the last day may end on the next.
        span = Span(rota.span.starts, rota.span.ends + timedelta(days=1))
        self.in_rooms = rota.in_rooms
        lapsed = Q(offered_time__offer__status=OfferStatus.OPEN) & Q(
            offered_time__offer__held_until__lte=now
        )
        # And of what a patient gave back, when it is no longer kept for them.
        lapsed |= Q(offered_time__offer__kept_until__lte=now)
        lapsed |= Q(appointment__kept_until__lte=now)
        touched = cells(*span)
        # A new claim takes over the times of an expired offer, so they are free.
        claims = Claim.objects.filter(cell__gte=touched.start, cell__lt=touched.stop)
        self.cells: set[tuple[int, int]] = set()
        # By appointment, and by offered time.
        self.claimed: defaultdict[int, set[int]] = defaultdict(set)
        self.held: defaultdict[int, set[int]] = defaultdict(set)
        for resource, cell, appointment, offered in claims.exclude(lapsed).values_list(
            "resource", "cell", "appointment", "offered_time"
        ):
            self.cells.add((resource, cell))
            if appointment:
                self.claimed[appointment].add(resource)
            else:
                self.held[offered].add(resource)
        for closure in rota.closures:
            if closure.resource_id:
                away = cells(max(closure.starts, span.starts), min(closure.ends, span.ends))
                self.cells |= {(closure.resource_id, cell) for cell in away}

    def take(self, free: "FreeTime", buffer: timedelta) -> None:
        """Leave the time, with what is kept free after it, to nobody else."""
        wanted = cells(free.starts, free.ends + buffer)
        self.cells |= {(resource, cell) for resource in free.resources for cell in wanted}

    def leaves(self, resources: Collection[int], wanted: Iterable[int]) -> bool:
        """Whether nobody has any of these resources in any of these cells."""
        return not any((each, cell) in self.cells for cell in wanted for each in resources)

    def leaves_room(self, room: Resource, clinician: int, span: Span) -> bool:
        """Whether the room is free, and no session of another clinician is in it then."""
        return self.leaves([room.pk], cells(*span)) and not any(
            each.session.clinician_id != clinician
            for each in self.in_rooms.get(room.pk, ())
            if each.span.starts < span.ends and span.starts < each.span.ends
        )


def stretches(days: Collection[date], clinician: Clinician | None = None) -> list[Stretch]:
    """When sessions really take place on these days of the clinic's time zone, in order."""
    return Rota(days, clinician).stretches


def own_resources(session: ClinicSession) -> set[int]:
    """The clinician and the room of a session."""
    return {session.room_id, getattr(session.clinician, "resource", session.room).pk}


def free_times(
    appointment_type: AppointmentType, clinician: Clinician, days: Collection[date], now: datetime
) -> list[FreeTime]:
    """The times that could be given on these days, packed one after the other."""
    rota = Rota(days, clinician)
    found = free_on(rota, Taken(rota, now), appointment_type, now)
    return [free for _, free in found]


def free_on(
    rota: Rota, taken: Taken, appointment_type: AppointmentType, now: datetime
) -> list[tuple[Stretch, FreeTime]]:
    """The times that everybody on the rota could give, packed one after the other in each stretch."""
    places = Places(appointment_type, taken)
    return [(stretch, free) for stretch in rota.stretches for free in places.within(stretch, now)]


def time_at(
    appointment_type: AppointmentType, clinician: Clinician, starts: datetime, now: datetime
) -> FreeTime | None:
    """What a time would claim.

    None if no session of the clinician has room for it and its buffer, or if something that it
    needs is not free.
    """
    rota = Rota([timezone.localdate(starts)], clinician)
    places = Places(appointment_type, Taken(rota, now))
    free = (
        places.free(stretch, starts)
        for stretch in rota.stretches
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
    """Whether the clinician has a session that contains the time, and that can use a given room."""
    day = timezone.localdate(span.starts)
    return any(
        stretch.span.holds(span) and (room is None or stretch.session.can_use(room))
        for stretch in stretches([day], clinician)
    )


def stranded(now: datetime, among: Q | None = None) -> list[Stranded]:
    """Future appointments whose session was shortened or cancelled, or whose room or machine is away."""
    coming = Appointment.objects.filter(
        among or Q(), status=AppointmentStatus.BOOKED, starts__gt=now, room__isnull=False
    )
    booked: list[Any] = list(
        coming.select_related("request", "clinician", "room", "appointment_type")
        .annotate(is_away=_away_of_its_claims())
        .order_by("starts", "pk")
    )
    rota = Rota({timezone.localdate(each.starts) for each in booked})
    found = ((each, why_stranded(each, {each.is_away}, rota)) for each in booked)
    return [Stranded(appointment, why) for appointment, why in found if why]


def _away_of_its_claims() -> Subquery:
    """Something that an appointment has claimed and that is away at its time."""
    away = Closure.objects.filter(
        resource__claim__appointment=OuterRef("pk"),
        starts__lt=OuterRef("ends"),
        ends__gt=OuterRef("starts"),
    )
    return Subquery(away.values("resource")[:1])


def why_stranded(appointment: Appointment, claimed: Collection[int], rota: Rota) -> str:
    """Why the clinic no longer has the time of an appointment with these claims; empty if it has."""
    own = Span(appointment.starts, appointment.ends)
    room = appointment.room
    if not any(
        span.holds(own)
        for session, span in rota.stretches
        if session.clinician_id == appointment.clinician_id and room and session.can_use(room)
    ):
        return f"{appointment.clinician.name} no longer has a clinic at that time."
    closed = (
        closure.resource
        for closure in rota.closures
        if closure.resource_id in claimed
        and closure.starts < own.ends
        and own.starts < closure.ends
    )
    return next((f"{resource} is not available at that time." for resource in closed), "")


class Places:
    """Where a time for one type of appointment fits, in which room, and which machines it needs."""

    def __init__(self, appointment_type: AppointmentType, taken: Taken):
        self.length = timedelta(minutes=appointment_type.minutes)
        self.whole = self.length + timedelta(minutes=appointment_type.buffer_minutes)
        self.taken = taken
        # The machines of each kind that it needs, as (machine, location).
        self.machines: defaultdict[int, list[tuple[int, int]]] = defaultdict(list)
        kinds = MachineKind.objects.filter(appointmenttype=appointment_type)
        for kind, machine, location in kinds.order_by("pk", "resource__name").values_list(
            "pk", "resource", "resource__location"
        ):
            self.machines[kind].append((machine, location))
        # The rooms that it may be in. It is in that of its session if it needs no kind of room.
        kind_of_room = appointment_type.room_kind_id
        self.rooms = None if kind_of_room is None else list(rooms_of(kind_of_room))

    def within(self, stretch: Stretch, after: datetime) -> Iterator[FreeTime]:
        """The free times of a stretch that do not begin before an instant, one after the other."""
        starts = _next_cell(max(stretch.span.starts, after))
        while starts + self.whole <= stretch.span.ends:
            free = self.free(stretch, starts)
            if free:
                yield free
            starts += self.whole if free else CELL

    def free(self, stretch: Stretch, starts: datetime) -> FreeTime | None:
        """The time in that stretch with everything that it needs, if all of that is free."""
        session = stretch.session
        span = Span(starts, starts + self.whole)
        wanted = cells(*span)
        clinician = getattr(session.clinician, "resource", None)
        chosen = [clinician.pk] if clinician else []
        if not self.taken.leaves(chosen, wanted):
            return None
        room = self._room(session, span)
        if room is None:
            return None
        chosen.append(room.pk)
        for machines in self.machines.values():
            machine = next(
                (
                    each
                    for each, location in machines
                    if location == session.room.location_id and self.taken.leaves([each], wanted)
                ),
                None,
            )
            if machine is None:
                return None
            chosen.append(machine)
        return FreeTime(starts, starts + self.length, room, tuple(chosen))

    def _room(self, session: ClinicSession, span: Span) -> Resource | None:
        """The room of the session if it will do and is free; otherwise the first that is."""
        own = session.room
        will_do = self.rooms is None or own in self.rooms
        if will_do and self.taken.leaves([own.pk], cells(*span)):
            return own
        there = (each for each in self.rooms or () if each.location_id == own.location_id)
        free = (each for each in there if self.taken.leaves_room(each, session.clinician_id, span))
        return next(free, None)


def rooms_of(kind: int) -> QuerySet[Resource]:
    """The rooms of a kind, by name."""
    return Resource.objects.filter(room_kind=kind).select_related("location").order_by("name")


def _spans_on(day: date, session: _Hours, hours: Iterable[tuple[time, time]]) -> list[Span]:
    """A session of that day as far as its location is open, whatever is closed besides."""
    starts, ends = session
    if starts is None or ends is None:
        return []
    own = Span(_instant(day, starts), _instant(day, ends))
    spans = [
        Span(max(own.starts, _instant(day, opens)), min(own.ends, _instant(day, closes)))
        for opens, closes in hours
    ]
    return [span for span in spans if span.starts < span.ends]


def _cancels(closure: Closure, session: ClinicSession) -> bool:
    if closure.resource_id == session.room_id:
        # The session goes on in other rooms of the kind, for visits that may be in any of them.
        return session.room.room_kind_id is None
    return closure.resource_id in own_resources(session) or bool(
        closure.location_id and closure.location_id == session.room.location_id
    )


def _of(clinician: Clinician | None, found: list[Stretch]) -> list[Stretch]:
    """Only the sessions of that clinician, or all of them."""
    if clinician is None:
        return found
    return [each for each in found if each.session.clinician_id == clinician.pk]


def _without(span: Span, closure: Closure) -> list[Span]:
    before = Span(span.starts, min(span.ends, closure.starts))
    after = Span(max(span.starts, closure.ends), span.ends)
    return [left for left in (before, after) if left.starts < left.ends]


def _instant(day: date, at: time) -> datetime:
    return datetime.combine(day, at, tzinfo=timezone.get_default_timezone()).astimezone(UTC)


def _next_cell(instant: datetime) -> datetime:
    return datetime.fromtimestamp(-(-instant.timestamp() // CELL_SECONDS) * CELL_SECONDS, tz=UTC)
