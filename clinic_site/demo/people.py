"""The two tables: who asks, and what becomes of it."""

import csv
from collections.abc import Iterator
from datetime import date, time
from pathlib import Path
from typing import NamedTuple

from bookings.status import AccessNeed, CarerRight
from procedures.ground.languages import KNOWN

FOLDER = Path(__file__).parent
# When people say that they could come, in turn; and those of whom the table says “any”.
SUITS = [
    (["monday", "thursday"], ["morning"]),
    (["tuesday", "wednesday", "friday"], ["morning", "afternoon"]),
    (["monday", "tuesday", "wednesday", "thursday", "friday"], ["afternoon"]),
    (["wednesday"], ["morning", "afternoon"]),
]
ANY = (["monday", "tuesday", "wednesday", "thursday", "friday"], ["morning", "afternoon"])

# The story of those who could not answer the safety questions in the call.
AWAITS_ANSWERS = "awaits answers"


class Person(NamedTuple):
    """A patient. All of them are invented, and so are their numbers: Ofcom set these aside for drama."""

    name: str
    age: int
    # Month and day, so that everybody has their age on any day.
    birthday: str
    phone: str
    email: str
    suits: tuple[list[str], list[str]]
    needs: list[AccessNeed]
    needs_detail: str
    carer_name: str
    carer_right: str
    # Whether we may leave a voicemail message.
    voicemail: bool
    # Whether we may send text messages.
    texts: bool
    # In which language they fill in the form; empty for English.
    language: str

    def born(self, today: date) -> date:
        """Their date of birth, if they have their age today."""
        month, day = map(int, self.birthday.split("-"))
        had_it = (month, day) <= (today.month, today.day)
        return date(today.year - self.age - (not had_it), month, day)


class Row(NamedTuple):
    """A request. Days are working days of the clinic, with today or the next one as 0."""

    person: Person
    # A name in `stories.STORIES`.
    story: str
    asked_day: int
    asked_at: time
    # The day of the visit, of the first offered time, or on which a deferred request comes back.
    visit_day: int
    clinician: str
    appointment_type: str
    # Whether the patient took the time by the private link, and not on the phone.
    by_link: bool
    about: str
    # Keys of safety questions to which the answer is “yes”. After a key, a question mark says “I am not
    # sure”, and an exclamation mark “I would rather tell you by phone”.
    flagged: list[str]
    concern: str
    # What somebody writes in this story: a question and its answer, a reason, wishes.
    words: list[str]

    @property
    def awaits_answers(self) -> bool:
        """Whether a colleague noted it in a call, without answers to the safety questions."""
        return self.story == AWAITS_ANSWERS


def rows() -> list[Row]:
    """All requests of the demonstration."""
    people = {person.name: person for person in everybody()}
    return [_row(each, people[each["name"]]) for each in _table("requests.csv")]


def _table(name: str) -> Iterator[dict[str, str]]:
    with (FOLDER / name).open(encoding="utf-8", newline="") as lines:
        yield from csv.DictReader(lines)


def everybody() -> Iterator[Person]:
    """All patients of the demonstration."""
    for number, each in enumerate(_table("people.csv")):
        needs, _, detail = each["needs"].partition(": ")
        carer, _, right = each["carer"].removesuffix(")").partition(" (")
        yield Person(
            name=each["name"],
            age=int(each["age"]),
            birthday=each["birthday"],
            phone=each["phone"],
            email=each["email"],
            suits=ANY if each["suits"] == "any" else SUITS[number % len(SUITS)],
            needs=[AccessNeed(need) for need in needs.split()],
            needs_detail=detail,
            carer_name=carer,
            carer_right=CarerRight(right) if right else "",
            voicemail="voicemail" in (each["agrees"] or ""),
            texts="texts" in (each["agrees"] or ""),
            language=next((code for code in KNOWN if code in (each["agrees"] or "").split()), ""),
        )


def _row(each: dict[str, str], person: Person) -> Row:
    day, _, at = each["asked"].partition(" ")
    return Row(
        person=person,
        story=each["story"],
        asked_day=int(day),
        asked_at=time.fromisoformat(at),
        visit_day=int(each["day"] or 0),
        clinician=each["with"],
        appointment_type=each["for"],
        by_link=each["by"] == "link",
        about=each["about"],
        flagged=each["yes"].split(),
        concern=each["concern"],
        words=[words.strip() for words in each["words"].split("|")],
    )
