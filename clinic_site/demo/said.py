"""What colleagues of the invented clinic say: who is who, notes, and who sees to a request."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import NamedTuple

from bookings import triage
from bookings.diary.desk_hours import desk_is_open
from clinic_site.demo.telling import Telling

LATER = timedelta(minutes=3)
# Two rows, one person; and two people who only look like one. “P. Sample” is for a newcomer to decide.
JOINED = [("Harold Fable", "H. Fable")]
APART = [("Nia Specimen", "Nia Specimen-Sample")]


class Said(NamedTuple):
    """A note about a patient."""

    name: str
    text: str
    pinned: bool = False
    unpinned: bool = False


NOTES = [
    Said(
        "Harold Fable",
        "Hilda next door answers his phone. He wants her to arrange his visits.",
        True,
    ),
    Said("Harold Fable", "Prefers the afternoon: the bus is every hour."),
    Said("María Muestra", "Give her a chair with arms in the waiting room.", True),
    Said("Sam Specimen", "Kim phones for Sam, and is on the form as the person asking."),
    Said("Uma Sample", "Works nights. Phone after 15:00.", True, True),
]
# To a colleague by username, or to any clinician.
ANY_CLINICIAN = ""
HANDED_OVER = [
    ("Alex Sample", ANY_CLINICIAN),
    ("Uma Sample", "clinician"),
    ("Günther Beispiel", "reception"),
]


def say(stories: Iterable[Telling]) -> None:
    """Say all of it, by the real verbs, each a few minutes after the story of its request."""
    told = {each.row.person.name: each for each in stories}
    for verb, pairs in ((triage.join, JOINED), (triage.keep_apart, APART)):
        for names in pairs:
            one, other = (told[name] for name in names)
            if at := _at_the_desk(max(one, other, key=lambda story: story.now)):
                verb(one.request.person, other=other.request.person, by=one.reception, now=at)
    for said in NOTES:
        story = told[said.name]
        if at := _at_the_desk(story):
            note = triage.write_note(
                story.request, text=said.text, pinned=said.pinned, by=story.reception, now=at
            )
            if said.unpinned:
                triage.unpin_note(note, by=story.reception, now=at)
    for name, to in HANDED_OVER:
        story = told[name]
        if at := _at_the_desk(story):
            triage.hand_over(
                story.request,
                to=story.clinic.users[to] if to else None,
                for_clinicians=not to,
                by=story.reception,
                now=at,
            )


def _at_the_desk(story: Telling) -> datetime | None:
    """A few minutes after the story, or when the desk was open next. None if it has not been yet."""
    soon = story.now + LATER
    if desk_is_open(soon):
        return soon
    next_day = story.clinic.timetable.desk(story.now, 0)
    return next_day if next_day <= story.clinic.now else None
