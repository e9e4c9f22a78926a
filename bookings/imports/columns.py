"""Which column of a file is what, and who or what of ours the names in it are.

Writes nothing. What is guessed here is shown to a manager, who says whether it is right.
"""

from collections import Counter
from collections.abc import Iterable, Mapping
from datetime import date
from typing import NamedTuple

from django.db.models import Exists, OuterRef, Q, TextChoices

from bookings.imports.cells import Order, readings
from bookings.models import AppointmentType, ClinicSession, Import, Location
from procedures.ground.counting import counted
from procedures.ground.folding import has_same_words, is_same_name, words
from procedures.models import Clinician


class Column(TextChoices):
    """What a column of a file can be."""

    NAME = "name", "Full name"
    FIRST = "first", "First name"
    LAST = "last", "Last name"
    BORN = "born", "Date of birth"
    EMAIL = "email", "Email address"
    PHONE = "phone", "Phone number"
    STARTS = "starts", "Visit: day and time"
    DAY = "day", "Visit: day"
    TIME = "time", "Visit: time"
    ENDS = "ends", "Visit: end"
    CLINICIAN = "clinician", "Clinician"
    TYPE = "type", "Appointment type"
    PLACE = "place", "Place"
    STATUS = "status", "Status: whether it takes place"
    NOTE = "note", "What it is about"


# Columns with a date, whose day may come before or after the month.
DATED = (Column.BORN, Column.STARTS, Column.DAY, Column.ENDS)
# Columns whose names are ones of the other system: each of them is said once to be one of ours.
NAMED = (Column.CLINICIAN, Column.TYPE, Column.PLACE, Column.STATUS)
# What other programs call their columns, as words without signs. Easy!Appointments' are among them.
GUESSES: dict[Column, tuple[str, ...]] = {
    Column.NAME: ("name", "full name", "patient", "patient name", "customer", "client", "attendee"),
    Column.FIRST: ("first name", "forename", "given name", "customer first name"),
    Column.LAST: ("last name", "surname", "family name", "customer last name"),
    Column.BORN: ("date of birth", "dob", "birth date", "birthday", "born", "d o b"),
    Column.EMAIL: ("email", "e mail", "email address", "mail", "customer email"),
    Column.PHONE: (
        "phone",
        "phone number",
        "telephone",
        "tel",
        "mobile",
        "mobile number",
        "mobile phone number",
        "customer phone",
    ),
    Column.STARTS: ("start", "start datetime", "starts", "date time", "date and time", "when"),
    Column.DAY: ("date", "day", "appointment date", "start date"),
    Column.TIME: ("time", "appointment time", "start time"),
    Column.ENDS: ("end", "end datetime", "ends"),
    Column.CLINICIAN: ("clinician", "provider", "doctor", "dr", "with", "practitioner", "staff"),
    Column.TYPE: ("type", "service", "appointment type", "categories", "summary", "event type"),
    Column.PLACE: ("location", "place", "site", "clinic", "room"),
    Column.STATUS: ("status", "state"),
    Column.NOTE: ("notes", "note", "reason", "comment", "comments", "concern", "about"),
}
# What other systems call a visit that does not take place.
NOT_HAPPENING = ("cancel", "declin", "no show", "did not attend", "dna", "draft", "deleted")
# The values of a choice that is none of ours.
REFUSE, ANY = "", "any"
BOOK, LEAVE = "book", "leave"
# A file with more names than this has the wrong column.
MOST_NAMES = 60


class Choice(NamedTuple):
    """Something of ours that a name in the file can be."""

    value: str
    label: str


class Name(NamedTuple):
    """A name in the file, in how many rows it is, and what it is probably here."""

    column: Column
    said: str
    rows: int
    guess: str
    # Otherwise the file has no such column, and the name is what every row is.
    is_in_file: bool

    @property
    def rows_in_words(self) -> str:
        """“In 12 rows”."""
        return f"In {counted(self.rows, 'row')}"


def guessed(headings: Iterable[str]) -> dict[str, int]:
    """The number of the column for each thing that one of the headings names, the first that does."""
    called = [" ".join(words(heading)) for heading in headings]
    found = {
        column.value: next((called.index(name) for name in names if name in called), None)
        for column, names in GUESSES.items()
    }
    return {column: number for column, number in found.items() if number is not None}


def missing(columns: Mapping[str, int]) -> list[str]:
    """Sentences about what a file has to have and has not."""
    found = []
    if Column.NAME not in columns and not {Column.FIRST, Column.LAST} <= columns.keys():
        found.append("Choose the column with the full name, or those with first and last name.")
    if Column.BORN not in columns:
        found.append(
            "Choose the column with the date of birth. Without it nobody can be told apart; add it to "
            "the file if it is not there."
        )
    if not {Column.EMAIL, Column.PHONE} & columns.keys():
        found.append("Choose the column with the email address or the phone number.")
    if (Column.DAY in columns) != (Column.TIME in columns):
        found.append("Choose both the day and the time of the visit, or the column with the two.")
    if {Column.STARTS, Column.DAY} <= columns.keys():
        found.append("Choose either one column with day and time, or one with each.")
    return found


def has_visits(columns: Mapping[str, int]) -> bool:
    """Whether the rows are visits, and not only people."""
    return bool({Column.STARTS, Column.DAY} & columns.keys())


def cells_of(this: Import, column: str) -> list[str]:
    """What each row has in a column; nothing where it is too short, or there is no such column."""
    at = this.columns.get(column)
    return [cells[at] if at is not None and at < len(cells) else "" for _, cells in this.lines]


class Doubt(NamedTuple):
    """A column whose dates can be read in two ways: one of them, and how each way reads it."""

    column: Column
    heading: str
    example: str
    readings: dict[Order, date]


def doubts(this: Import) -> list[Doubt]:
    """The columns about which a manager has to say whether the day or the month comes first.

    One with dates of both kinds cannot be decided as a whole: its rows are refused one by one.
    """
    found = []
    for column in DATED:
        cells = cells_of(this, column)
        kinds = [readings(cell) for cell in cells]
        one_way = {order for each in kinds if len(each) == 1 for order in each}
        both = next((at for at, each in enumerate(kinds) if len(set(each.values())) > 1), None)
        if both is not None and len(one_way) < len(Order):
            heading = this.headings[this.columns[column]]
            found.append(Doubt(column, heading, cells[both], kinds[both]))
    return found


def names_in(this: Import) -> list[Name]:
    """The different names in the columns whose names are the other system's, with a guess for each.

    A column that the file does not have is one name, which is in every row.
    """
    found = []
    for column in NAMED if has_visits(this.columns) else ():
        if column == Column.STATUS and column not in this.columns:
            continue
        ours, is_in_file = choices(column), column in this.columns
        found += [
            Name(column, said, rows, this.values.get(column, {}).get(said, guess), is_in_file)
            for said, rows in sorted(Counter(cells_of(this, column)).items())
            for guess in [_guess(said, column, ours)]
        ]
    return found


def choices(column: Column) -> list[Choice]:
    """What of ours a name in that column can be."""
    match column:
        case Column.CLINICIAN:
            sees = Exists(ClinicSession.objects.filter(clinician=OuterRef("pk")))
            rows = Clinician.objects.filter(sees).order_by("name")
            return [Choice(str(each.pk), each.name) for each in rows]
        case Column.TYPE:
            types = AppointmentType.objects.filter(retired_on=None).order_by("name")
            return [Choice(str(each.pk), str(each)) for each in types]
        case Column.PLACE:
            places = Location.objects.filter(~Q(resource=None)).distinct().order_by("name")
            anywhere = Choice(ANY, "Wherever the clinician is then")
            return [anywhere, *(Choice(str(each.pk), each.name) for each in places)]
        case _:
            return [Choice(BOOK, "Takes place"), Choice(LEAVE, "Does not take place")]


def _guess(said: str, column: Column, ours: list[Choice]) -> str:
    if column == Column.STATUS:
        spoken = " ".join(words(said))
        return LEAVE if any(each in spoken for each in NOT_HAPPENING) else BOOK
    if column == Column.PLACE and not said:
        return ANY
    if not said:
        return ours[0].value if len(ours) == 1 else REFUSE
    same = [each.value for each in ours if _is_called(said, each.label)]
    return same[0] if len(same) == 1 else REFUSE


def _is_called(said: str, label: str) -> bool:
    own = label.partition(" (")[0]
    return has_same_words(said, own) or is_same_name(said, own)
