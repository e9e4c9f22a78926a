"""Free times: clinic sessions, minus whatever cancels them, minus claims. Writes nothing.

A day's hours are local times; every result is an instant in UTC. On the night of a clock change a
session therefore has its real length, and no time is offered that does not exist.
"""

import json
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence, Set
from datetime import UTC, date, datetime, time, timedelta
from functools import cached_property
from typing import Any, NamedTuple

from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.models import (
    Aggregate,
    F,
    FilteredRelation,
    OuterRef,
    Q,
    QuerySet,
    Subquery,
    TextField,
    Value,
)
from django.db.models.functions import JSONObject, TruncDate
from django.db.models.sql.compiler import SQLCompiler
from django.utils import timezone

from bookings.diary.desk_hours import closed_days
from bookings.models import (
    Appointment,
    AppointmentType,
    Claim,
    ClinicSession,
    ClosedDay,
    Closure,
    OfferedTime,
    OpeningHours,
    Resource,
)
from bookings.status import AppointmentStatus, OfferStatus
from procedures.ground.listed import listed
from procedures.models import Clinician

CELL_SECONDS = 300
# From when to when a session is; neither, if it does not take place.
_Hours = tuple[time | None, time | None]
CELL = timedelta(seconds=CELL_SECONDS)


class Candidate(NamedTuple):
    """A resource, the cells in which somebody has it, and those in which it is for others."""

    resource: int
    taken: Set[int]
    for_others: Set[int] = frozenset()

    def is_free(self, wanted: range) -> bool:
        """Whether it can be given in all of these cells."""
        return self.taken.isdisjoint(wanted) and (
            not self.for_others or self.for_others.isdisjoint(wanted)
        )

    def free_after(self, wanted: range) -> int:
        """The cell after the last of these in which it cannot be given."""
        return 1 + next(
            cell for cell in reversed(wanted) if cell in self.taken or cell in self.for_others
        )


# What a time takes one resource each of: one of the first list, one of the second, and so on.
Needs = Sequence[Sequence[Candidate]]


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

    Reads everything with three queries, however many days there are; two if `closed` has the closed
    days. `supposing` a closure that is not recorded yet, or not like this, it is the rota as that
    closure would leave it.
    """

    def __init__(
        self,
        days: Collection[date],
        clinician: Clinician | None = None,
        supposing: Closure | None = None,
        closed: Mapping[date, str] | None = None,
    ):
        self.days = sorted(days)
        self.supposing = supposing
        self.sessions: list[ClinicSession] = []
        # Why the clinic is closed, for each day on which it is.
        self.closed: Mapping[date, str] = closed or {}
        self.closures: list[Closure] = []
        # The opening hours of the places with sessions, by location and weekday.
        self.hours: defaultdict[tuple[int | None, int], set[tuple[time, time]]]
        self.hours = defaultdict(set)
        # The sessions as they were planned, and what closures leave of them; both in order.
        self.planned: list[Stretch] = []
        self.stretches: list[Stretch] = []
        # Whose sessions each room of a kind is for, and when.
        self.in_rooms: defaultdict[int, list[Stretch]] = defaultdict(list)
        if self.days and closed is None:
            self.closed = closed_days(self.days[0], self.days[-1])
        if self.days:
            self._read(clinician)

    @property
    def span(self) -> Span:
        """From the beginning of the first day until the end of the last."""
        first, last = self.days[0], self.days[-1]
        return Span(_instant(first, time()), _instant(last + timedelta(days=1), time()))

    def _read(self, clinician: Clinician | None) -> None:
        recorded = Closure.objects.overlapping(*self.span).select_related("resource", "location")
        self.closures = list(recorded)
        if self.supposing:
            others = [each for each in self.closures if each.pk != self.supposing.pk]
            self.closures = [*others, self.supposing]
        self.planned = self._planned(self._changes(clinician))
        left = [part for planned in self.planned for part in self._left_of(planned)]
        for each in left:
            self.in_rooms[each.session.room_id].append(each)
        left.sort(key=lambda stretch: (stretch.span, stretch.session.pk))
        self.stretches = _of(clinician, left)
        self.planned = _of(clinician, self.planned)

    def _changes(self, clinician: Clinician | None) -> dict[tuple[int, date], _Hours]:
        """Read the sessions, when their places are open, and other hours on some days: one query."""
        sessions = ClinicSession.objects.between(self.days[0], self.days[-1])
        if clinician:
            # And of others, whose rooms may not be taken from them.
            sessions = sessions.filter(Q(clinician=clinician) | Q(room__room_kind__isnull=False))
        change = FilteredRelation("changes", condition=Q(changes__day__in=self.days))
        opening = OpeningHours.objects.filter(location=OuterRef("room__location"))
        rows: Any = sessions.select_related("clinician__resource", "room__location").annotate(
            change=change,
            opening=listed(opening, JSONObject(on="weekday", opens="opens", closes="closes")),
            other_day=F("change__day"),
            other_starts=F("change__starts"),
            other_ends=F("change__ends"),
        )
        # A session with two changes is there twice.
        self.sessions = list(dict.fromkeys(rows))
        for row in rows:
            for each in row.opening or ():
                period = time.fromisoformat(each["opens"]), time.fromisoformat(each["closes"])
                self.hours[row.room.location_id, each["on"]].add(period)
        return {(row.pk, row.other_day): (row.other_starts, row.other_ends) for row in rows}

    def _planned(self, changes: dict[tuple[int, date], _Hours]) -> list[Stretch]:
        weekly: defaultdict[int, list[ClinicSession]] = defaultdict(list)
        for session in self.sessions:
            weekly[session.first_day.weekday()].append(session)
        found = [
            Stretch(session, span)
            for day in self.days
            if day not in self.closed
            for at in [_Clock(day)]
            for session in weekly[day.weekday()]
            if session.takes_place_on(day)
            for span in _spans_on(
                at,
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

    def _left_of(self, planned: Stretch) -> list[Stretch]:
        cut = self.cancelled(planned)
        if not cut:
            return [planned]
        spans = [planned.span]
        for closure, _ in cut:
            spans = [left for each in spans for left in _without(each, closure)]
        return [Stretch(planned.session, each) for each in spans if each.starts < each.ends]


class Taken:
    """What cannot be given on the days of a rota, by cell, and who has claimed which resources.

    Also which rooms and machines there are. What of it is asked for is read once.
    """

    def __init__(self, rota: Rota, now: datetime):
        # A time that begins on the last day may end on the next.
        span = Span(rota.span.starts, rota.span.ends + timedelta(days=1))
        self.in_rooms = rota.in_rooms
        touched = cells(*span)
        claims = Claim.objects.filter(cell__gte=touched.start, cell__lt=touched.stop)
        # A new claim takes over the times of an expired offer, so they are free; and what a patient
        # gave back, when it is no longer kept for them.
        over = Q(offer__status=OfferStatus.OPEN, offer__held_until__lte=now)
        over |= Q(offer__kept_until__lte=now)
        offered = Q(offered_time__in=OfferedTime.objects.filter(over).values("pk"))
        given_back = Q(appointment__in=Appointment.objects.filter(kept_until__lte=now).values("pk"))
        self._standing = claims.exclude(offered).exclude(given_back)
        # The cells that somebody has, of each resource. All claims are read from the index alone, and
        # with the same query the few that lapsed.
        self.cells: defaultdict[int, set[int]] = defaultdict(set)
        every = Claim.objects
        parts = (claims, every.filter(offered), every.filter(given_back))
        taken, *lapsed = (
            part.values_list("resource", Value(number)).annotate(listed=_Listed("cell"))
            for number, part in enumerate(parts)
        )
        rows = sorted(taken.union(*lapsed, all=True), key=lambda row: row[1])
        for resource, has_lapsed, its_list in rows:
            its_cells = set(json.loads(f"[{its_list}]"))
            if has_lapsed:
                self.cells[resource] -= its_cells
            else:
                self.cells[resource] |= its_cells
        for closure in rota.closures:
            if closure.resource_id:
                away = cells(max(closure.starts, span.starts), min(closure.ends, span.ends))
                self.cells[closure.resource_id] |= set(away)

    @property
    def claimed(self) -> dict[int, set[int]]:
        """Which resources are claimed, by appointment; nothing for any other number."""
        return self._claimed_by["appointment"]

    @property
    def held(self) -> dict[int, set[int]]:
        """Which resources are claimed, by offered time; nothing for any other number."""
        return self._claimed_by["offered time"]

    @cached_property
    def _claimed_by(self) -> dict[str, dict[int, set[int]]]:
        claimed, held = defaultdict[int, set[int]](set), defaultdict[int, set[int]](set)
        rows = self._standing.values_list("appointment", "offered_time", "resource").distinct()
        for appointment, offered_time, resource in rows:
            (claimed[appointment] if appointment else held[offered_time]).add(resource)
        return {"appointment": claimed, "offered time": held}

    @cached_property
    def machines(self) -> dict[int, dict[int, list[tuple[int, int]]]]:
        """The machines of each kind that a type of appointment needs, as (machine, location).

        By type and by kind, for all types: a page may ask for many.
        """
        found: dict[int, dict[int, list[tuple[int, int]]]]
        found = defaultdict(lambda: defaultdict(list))
        needs = AppointmentType.needs.through.objects.order_by(
            "machinekind", "machinekind__resource__name"
        )
        for of_type, kind, machine, location in needs.values_list(
            "appointmenttype", "machinekind", "machinekind__resource",
            "machinekind__resource__location",
        ):  # fmt: skip
            found[of_type][kind].append((machine, location))
        return found

    @cached_property
    def rooms(self) -> dict[int | None, list[Resource]]:
        """The rooms of each kind of room, by name."""
        found: dict[int | None, list[Resource]] = defaultdict(list)
        for room in (
            Resource.objects.exclude(room_kind=None).select_related("location").order_by("name")
        ):
            found[room.room_kind_id].append(room)
        return found

    def take(self, free: "FreeTime", buffer: timedelta) -> None:
        """Leave the time, with what is kept free after it, to nobody else."""
        wanted = cells(free.starts, free.ends + buffer)
        for each in free.resources:
            self.cells[each] |= set(wanted)

    def leaves(self, resources: Iterable[int], wanted: Collection[int]) -> bool:
        """Whether nobody has any of these resources in any of these cells."""
        return all(self.cells[each].isdisjoint(wanted) for each in resources)

    def leaves_room(self, room: Resource, clinician: int, span: Span) -> bool:
        """Whether the room is free, and no session of another clinician is in it then."""
        wanted = cells(*span)
        return self.leaves([room.pk], wanted) and self.for_others(room, clinician).isdisjoint(
            wanted
        )

    def for_others(self, room: Resource, clinician: int) -> set[int]:
        """The cells in which sessions of other clinicians are in the room."""
        theirs = (
            each.span
            for each in self.in_rooms.get(room.pk, ())
            if each.session.clinician_id != clinician
        )
        return {cell for span in theirs for cell in cells(*span)}


class _Listed(Aggregate):
    """Whole numbers as one text with commas: a row for each of them takes five times as long."""

    function = "GROUP_CONCAT"
    output_field = TextField()

    def as_postgresql(
        self, compiler: SQLCompiler, connection: BaseDatabaseWrapper, **context: Any
    ) -> tuple[str, Any]:
        template = "%(function)s(%(expressions)s::text, ',')"
        return self.as_sql(compiler, connection, function="STRING_AGG", template=template)


def stretches(
    days: Collection[date],
    clinician: Clinician | None = None,
    closed: Mapping[date, str] | None = None,
) -> list[Stretch]:
    """When sessions really take place on these days of the clinic's time zone, in order."""
    return Rota(days, clinician, closed=closed).stretches


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
        among or Q(), status=AppointmentStatus.BOOKED, starts__gt=now
    )
    return stranded_of(with_what_is_away(coming).order_by("starts", "pk"), now)


def with_what_is_away(visits: QuerySet[Appointment]) -> QuerySet[Any]:
    """The visits with what `stranded_of` looks at.

    Also something they claimed that is away then, and why the clinic is closed on that day.
    """
    away = Closure.objects.filter(
        resource__claim__appointment=OuterRef("pk"),
        starts__lt=OuterRef("ends"),
        ends__gt=OuterRef("starts"),
    )
    closed = ClosedDay.objects.filter(day=OuterRef("on_day"))
    related = visits.select_related("request", "clinician", "room", "appointment_type")
    return related.annotate(
        is_away=Subquery(away.values("resource")[:1]),
        on_day=TruncDate("starts"),
        closed_for=Subquery(closed.values("reason")),
    )


def stranded_of(visits: Iterable[Any], now: datetime) -> list[Stranded]:
    """Which of these visits are stranded. They come from `with_what_is_away`."""
    booked = [
        each
        for each in visits
        if each.status == AppointmentStatus.BOOKED and each.starts > now and each.room_id
    ]
    days = {timezone.localdate(each.starts): each.closed_for for each in booked}
    rota = Rota(days, closed={day: why for day, why in days.items() if why is not None})
    found = ((each, why_stranded(each, {each.is_away}, rota)) for each in booked)
    return [Stranded(appointment, why) for appointment, why in found if why]


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
        # What a time in each session needs.
        self._of: dict[int, tuple[Needs, dict[int, Resource]]] = {}
        self.machines = taken.machines[appointment_type.pk]
        # The rooms that it may be in. It is in that of its session if it needs no kind of room.
        kind_of_room = appointment_type.room_kind_id
        self.rooms = None if kind_of_room is None else taken.rooms[kind_of_room]

    def within(self, stretch: Stretch, after: datetime) -> Iterator[FreeTime]:
        """The free times of a stretch that do not begin before an instant, one after the other.

        Counts in seconds since 1970, and goes on behind the last cell that is in the way.
        """
        needs, rooms = self._needs(stretch.session)
        if not all(needs):
            return
        whole = self.whole // timedelta(seconds=1)
        starts = _next_cell(max(stretch.span.starts, after))
        last = stretch.span.ends.timestamp() - whole
        while starts <= last:
            wanted = range(starts // CELL_SECONDS, -(-(starts + whole) // CELL_SECONDS))
            chosen, earliest = _choose(needs, wanted)
            if chosen:
                begins = datetime.fromtimestamp(starts, tz=UTC)
                yield FreeTime(begins, begins + self.length, _room(chosen, rooms), chosen)
                starts += whole
            else:
                starts += (earliest - wanted.start) * CELL_SECONDS

    def free(self, stretch: Stretch, starts: datetime) -> FreeTime | None:
        """The time in that stretch with everything that it needs, if all of that is free."""
        needs, rooms = self._needs(stretch.session)
        chosen, _ = _choose(needs, cells(starts, starts + self.whole))
        if not chosen:
            return None
        return FreeTime(starts, starts + self.length, _room(chosen, rooms), chosen)

    def _needs(self, session: ClinicSession) -> tuple[Needs, dict[int, Resource]]:
        """What a time in that session needs, and the rooms that it may be in by their numbers."""
        if session.pk not in self._of:
            rooms = self._rooms_for(session)
            self._of[session.pk] = (
                self._find_needs(session, rooms),
                {each.pk: each for each in rooms},
            )
        return self._of[session.pk]

    def _find_needs(self, session: ClinicSession, rooms: Iterable[Resource]) -> Needs:
        """The clinician, a room, and a machine of each kind that is there."""
        own, there, cells = session.room, session.room.location_id, self.taken.cells
        clinician = getattr(session.clinician, "resource", None)
        people = [[Candidate(clinician.pk, cells[clinician.pk])]] if clinician else []
        in_rooms = [
            Candidate(each.pk, cells[each.pk])
            if each == own
            else Candidate(
                each.pk, cells[each.pk], self.taken.for_others(each, session.clinician_id)
            )
            for each in rooms
        ]
        machines = (
            [Candidate(each, cells[each]) for each, location in of_kind if location == there]
            for of_kind in self.machines.values()
        )
        return [*people, in_rooms, *machines]

    def _rooms_for(self, session: ClinicSession) -> list[Resource]:
        """The room of the session if it will do, and then the others that will."""
        own = session.room
        if self.rooms is None:
            return [own]
        others = (each for each in self.rooms if each.location_id == own.location_id)
        return sorted(others, key=lambda each: each != own)


def _choose(needs: Needs, wanted: range) -> tuple[tuple[int, ...], int]:
    """A resource for each need that nobody has in these cells: the first of each.

    None of them if a need has no such resource. Then no time can begin before the cell that is
    returned as well, because each resource of that need is taken in the cell before it or later.
    """
    chosen = []
    for need in needs:
        for each in need:
            if each.is_free(wanted):
                chosen.append(each.resource)
                break
        else:
            return (), min((each.free_after(wanted) for each in need), default=wanted.stop)
    return tuple(chosen), wanted.start


def _room(chosen: Iterable[int], rooms: dict[int, Resource]) -> Resource:
    return next(rooms[each] for each in chosen if each in rooms)


class _Clock(dict[time, datetime]):
    """The instants of one day, by local time. Most sessions of a day begin and end with another."""

    def __init__(self, day: date):
        self.day = day

    def __missing__(self, at: time) -> datetime:
        self[at] = _instant(self.day, at)
        return self[at]


def _spans_on(at: _Clock, session: _Hours, hours: Iterable[tuple[time, time]]) -> list[Span]:
    """A session of that day as far as its location is open, whatever is closed besides."""
    starts, ends = session
    if starts is None or ends is None:
        return []
    spans = [Span(max(at[starts], at[opens]), min(at[ends], at[closes])) for opens, closes in hours]
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


def _next_cell(instant: datetime) -> int:
    """Where the next cell begins, in seconds since 1970."""
    return -int(-instant.timestamp() // CELL_SECONDS) * CELL_SECONDS
