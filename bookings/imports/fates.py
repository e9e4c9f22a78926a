"""What would become of each row of an import now: brought in, or refused. Writes nothing.

It looks at the diary once for all rows, and gives each time only once, so two rows of a file that want
the same time clash here. What is true when it is brought in is decided by the claims (`diary.claims`).
"""

import hashlib
from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import date, datetime, timedelta
from typing import NamedTuple

from django.db.models import TextChoices
from django.utils import timezone

from bookings import identity, triage
from bookings.diary.free_times import Places, Rota, Span, Stretch, Taken
from bookings.imports import cells as reading
from bookings.imports.columns import ANY, BOOK, NAMED, REFUSE, Column, cells_of, has_visits
from bookings.models import Appointment, AppointmentType, Import, Person
from bookings.screening import answer_from_age, is_under_18, questions_for
from bookings.status import DAYS, PARTS_OF_DAY, AnsweredFrom, AppointmentStatus
from procedures.ground.folding import words
from procedures.models import Clinician

# Nobody books further ahead; a later year is mistyped.
FURTHEST = timedelta(days=730)
BROUGHT_OVER = "Brought over from another system."


class Why(TextChoices):
    """Why a row is refused, and what to do about rows like it."""

    UNCLEAR = "unclear", "Something cannot be read. Correct it in the file."
    NAMES = "names", "We do not know who or what is meant. Go back to the questions and choose."
    OFF = "off", "They do not take place, as you said. Leave them out."
    PAST = "past", "They are over. Leave them out."
    FAR = "far", "They are more than two years ahead. Check the year in the file."
    LENGTH = (
        "length",
        "They are longer than the appointment type. Choose a longer type, or add one.",
    )
    CLOSED = (
        "closed",
        "There is no clinic then. Add the clinic under Weeks, or leave them out and phone.",
    )
    TAKEN = "taken", "The time is taken. Leave them out, and phone the patients about another time."
    TWICE = "twice", "The same row is in the file twice. Leave the second one out."
    KNOWN = "known", "We have this already. Leave it out."


class Fate(NamedTuple):
    """What would become of a row: an arrival, or why not and a sentence."""

    number: int
    name: str
    starts: datetime | None = None
    arrival: triage.Arrival | None = None
    why: Why | None = None
    said: str = ""


class Refused(Exception):
    """A row cannot be brought in."""

    def __init__(self, why: Why, said: str):
        super().__init__(said)
        self.why, self.said = why, said


class Wanted(NamedTuple):
    """The visit that a row asks for."""

    starts: datetime
    appointment_type: AppointmentType
    clinician: Clinician
    # The number of a place of ours, or ANY.
    place: str

    @property
    def spoken(self) -> str:
        """“Tuesday 1 December 2026 at 9:00”."""
        return _spoken(self.starts)


class Row(NamedTuple):
    """A row whose every cell could be read."""

    number: int
    submission: triage.Submission
    wanted: Wanted | None


def fates(this: Import, now: datetime) -> list[Fate]:
    """What would become of each row, in the order of the file."""
    reader = _Reader(this, now)
    read = [reader.row(at) for at in range(len(this.lines))]
    desk = _Desk(this, [each for each in read if isinstance(each, Row)], now)
    return [desk.fate(each) if isinstance(each, Row) else each for each in read]


def digest(found: Iterable[Fate]) -> str:
    """What a manager saw, so that they see it again if it has changed."""
    said = [
        (each.number, each.said, each.arrival and (each.arrival.visit, each.arrival.person))
        for each in found
    ]
    return hashlib.sha256(repr(said).encode()).hexdigest()[:32]


class _Reader:
    """Reads the cells of each row by what a manager said about the columns and the names."""

    def __init__(self, this: Import, now: datetime):
        self.this, self.now, self.today = this, now, timezone.localdate(now)
        self.cells = {column: cells_of(this, column) for column in Column}
        self.orders = {
            column: reading.Order(order) for column, order in this.orders.items() if order
        }
        self.has_visits = has_visits(this.columns)
        self.clinicians = {str(each.pk): each for each in Clinician.objects.all()}
        types = AppointmentType.objects.filter(retired_on=None)
        self.types = {str(each.pk): each for each in types}
        asked = questions_for(None)
        self.from_age = [each for each in asked if each.answered_from == AnsweredFrom.AGE]

    def row(self, at: int) -> "Row | Fate":
        """The row with that place in the file, or its fate if it cannot be read."""
        number, cells = self.this.lines[at]
        try:
            if any(cells[len(self.this.headings) :]):
                raise reading.Unclear(
                    "This row has more cells than there are headings. A cell with a comma in it has to "
                    "have quotation marks."
                )
            return Row(number, self._submission(at), self._wanted(at) if self.has_visits else None)
        except reading.Unclear as unclear:
            return Fate(number, self._called(at), why=Why.UNCLEAR, said=str(unclear))
        except Refused as refused:
            return Fate(number, self._called(at), why=refused.why, said=refused.said)

    def _called(self, at: int) -> str:
        """What is in the cells of the name, for whoever looks for the row."""
        parts = (self.cells[each][at] for each in (Column.NAME, Column.FIRST, Column.LAST))
        return " ".join(part for part in parts if part)[:100]

    def _starts(self, at: int) -> datetime:
        if Column.STARTS in self.this.columns:
            cell, order = self.cells[Column.STARTS][at], self.orders.get(Column.STARTS)
            return reading.instant(cell, order)
        on = reading.day(self.cells[Column.DAY][at], self.orders.get(Column.DAY))
        return reading.local(on, reading.clock(self.cells[Column.TIME][at]))

    def _submission(self, at: int) -> triage.Submission:
        cell = {column: each[at] for column, each in self.cells.items()}
        whole = (
            [cell[Column.NAME]] if cell[Column.NAME] else [cell[Column.FIRST], cell[Column.LAST]]
        )
        email, phone = reading.email(cell[Column.EMAIL]), reading.phone(cell[Column.PHONE])
        if not email and not phone:
            raise reading.Unclear("This row has neither an email address nor a phone number.")
        born = reading.born(cell[Column.BORN], self.orders.get(Column.BORN), self.today)
        under_18 = is_under_18(born, self.today)
        return triage.Submission(
            page=None,
            concern=reading.note(cell[Column.NOTE]) or BROUGHT_OVER,
            name=reading.name(*whole),
            date_of_birth=born,
            email=email,
            phone=phone,
            preferred_days=list(DAYS),
            preferred_times=list(PARTS_OF_DAY),
            availability="",
            answers=[answer_from_age(each, under_18=under_18) for each in self.from_age]
            if self.has_visits
            else [],
        )

    def _wanted(self, at: int) -> Wanted:
        """The visit, with what of ours the other system's names are."""
        said = {column: self.cells[column][at] for column in NAMED}
        ours = {
            column: self.this.values.get(column, {}).get(name, REFUSE)
            for column, name in said.items()
        }
        if Column.STATUS in self.this.columns and ours[Column.STATUS] != BOOK:
            raise Refused(Why.OFF, f"Its status is “{said[Column.STATUS]}”.")
        starts = self._starts(at)
        if starts <= self.now:
            raise Refused(Why.PAST, f"{_spoken(starts)} is over.")
        if starts > self.now + FURTHEST:
            raise Refused(Why.FAR, f"{_spoken(starts)} is more than two years ahead.")
        clinician = self.clinicians.get(ours[Column.CLINICIAN])
        kind = self.types.get(ours[Column.TYPE])
        if clinician is None:
            raise Refused(Why.NAMES, f"“{said[Column.CLINICIAN]}” is none of our clinicians.")
        if kind is None:
            raise Refused(Why.NAMES, f"“{said[Column.TYPE]}” is none of our appointment types.")
        if not ours[Column.PLACE]:
            raise Refused(Why.NAMES, f"“{said[Column.PLACE]}” is none of our places.")
        self._refuse_end(at, starts, kind)
        return Wanted(starts, kind, clinician, ours[Column.PLACE])

    def _refuse_end(self, at: int, starts: datetime, kind: AppointmentType) -> None:
        cell = self.cells[Column.ENDS][at]
        if not cell:
            return
        ends = reading.end(cell, self.orders.get(Column.ENDS), starts)
        lasts = ends - starts
        if lasts < timedelta(0):
            raise reading.Unclear(f"It ends before it starts, on {_spoken(ends)}.")
        if lasts > timedelta(minutes=kind.minutes):
            minutes = lasts // timedelta(minutes=1)
            raise Refused(Why.LENGTH, f"It takes {minutes} minutes in the file. {kind} is shorter.")


class _Desk:
    """Who is known, and which times are free, as rows are gone through one after the other."""

    def __init__(self, this: Import, rows: Sequence[Row], now: datetime):
        self.this, self.now = this, now
        starts = {each.wanted.starts for each in rows if each.wanted}
        self.rota = Rota(set(map(timezone.localdate, starts or {now})))
        self.taken = Taken(self.rota, now)
        self.places: dict[int, Places] = {}
        self.stretches: defaultdict[tuple[int, date], list[Stretch]] = defaultdict(list)
        for stretch in self.rota.stretches:
            day = timezone.localdate(stretch.span.starts)
            self.stretches[stretch.session.clinician_id, day].append(stretch)
        self.booked = _booked(starts)
        # How somebody new of one name and birth is reached, and in which row they came first.
        self.newcomers: defaultdict[tuple[object, ...], dict[int, set[str]]] = defaultdict(dict)
        self.seen: dict[tuple[int | str, datetime | None], int] = {}

    def fate(self, row: Row) -> Fate:
        """What would become of a row whose cells could be read."""
        said, wanted = row.submission, row.wanted
        starts = wanted.starts if wanted else None
        try:
            person, newcomer = self._who(row)
            self._refuse_twice(row, starts, person, newcomer)
            visit = self._visit(wanted) if wanted else None
        except Refused as refused:
            return Fate(row.number, said.name, starts, why=refused.why, said=refused.said)
        key = f"import-{self.this.pk}-{row.number}"
        return Fate(
            row.number, said.name, starts, triage.Arrival(said, key, visit, person, newcomer)
        )

    def _who(self, row: Row) -> tuple[Person | None, str]:
        """The person whom we know, or the word for somebody new that their other rows have as well."""
        said = row.submission
        person = identity.certainly(
            name=said.name, date_of_birth=said.date_of_birth, email=said.email, phone=said.phone
        )
        if person:
            return person, ""
        contacts = {each for each in (said.email, said.phone) if each}
        alike = self.newcomers[said.date_of_birth, *sorted(words(said.name))]
        first = next(
            (number for number, reached in alike.items() if reached & contacts), row.number
        )
        alike[first] = alike.get(first, set()) | contacts
        return None, str(first)

    def _refuse_twice(
        self, row: Row, starts: datetime | None, person: Person | None, newcomer: str
    ) -> None:
        """Refuse a row that says what another one, or we, say already."""
        who = person.shown_as if person else newcomer
        before = self.seen.setdefault((who, starts), row.number)
        if before != row.number:
            raise Refused(Why.TWICE, f"It says the same as row {before}.")
        if person and starts is None:
            raise Refused(Why.KNOWN, "We know this person.")
        if person and (person.shown_as, starts) in self.booked:
            raise Refused(Why.KNOWN, "This person has an appointment with us at that time.")

    def _visit(self, wanted: Wanted) -> triage.Visit:
        """The visit with what it claims, which no later row can have."""
        starts, kind, clinician, place = wanted
        if kind.pk not in self.places:
            self.places[kind.pk] = Places(kind, self.taken)
        places = self.places[kind.pk]
        span = Span(starts, starts + places.whole)
        on = self.stretches[clinician.pk, timezone.localdate(starts)]
        holding = [each for each in on if each.span.holds(span)]
        there = [each for each in holding if place in {ANY, str(each.session.room.location_id)}]
        if not there:
            raise Refused(Why.CLOSED, self._no_clinic(wanted, is_elsewhere=bool(holding)))
        free = next((found for each in there if (found := places.free(each, starts))), None)
        if free is None:
            raise Refused(
                Why.TAKEN,
                f"{wanted.spoken} with {clinician.name} is taken, by a booking, by an offer, by "
                "another row or because a room or machine is not available.",
            )
        self.taken.take(free, timedelta(minutes=kind.buffer_minutes))
        return triage.Visit(kind, clinician, free)

    def _no_clinic(self, wanted: Wanted, *, is_elsewhere: bool) -> str:
        starts, kind, clinician, _ = wanted
        if is_elsewhere:
            return f"{clinician.name} is at another place on {wanted.spoken}."
        day = timezone.localdate(starts)
        if day in self.rota.closed:
            return f"The clinic is closed on {day:%A %-d %B %Y}: {self.rota.closed[day]}."
        ends = starts + timedelta(minutes=kind.minutes)
        shut = (
            closure.sentence
            for planned in self.rota.planned
            if planned.session.clinician_id == clinician.pk
            for closure, part in self.rota.cancelled(planned)
            if part.starts < ends and starts < part.ends
        )
        none = f"{clinician.name} has no clinic with enough time"
        return f"{next(shut, none)} on {wanted.spoken}."


def _booked(starts: set[datetime]) -> set[tuple[int, datetime | None]]:
    """Who has an appointment at which of these instants."""
    if not starts:
        return set()
    coming = Appointment.objects.filter(
        status=AppointmentStatus.BOOKED, starts__gte=min(starts), starts__lte=max(starts)
    ).select_related("request__person")
    return {(each.request.person.shown_as, each.starts) for each in coming}


def _spoken(instant: datetime) -> str:
    return f"{timezone.localtime(instant):%A %-d %B %Y at %-H:%M}"
