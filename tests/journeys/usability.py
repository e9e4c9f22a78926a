"""The marks of what staff do most often, and the table of `docs/usability.md`, which journeys write.

With `WRITE_USABILITY=1` a journey writes what it counted into its row. Otherwise it fails if the row
says something else, or if the count is above the mark.
"""

import os
from pathlib import Path
from typing import NamedTuple

DOCUMENT = Path(__file__).parents[2] / "docs/usability.md"
WRITES = os.environ.get("WRITE_USABILITY") == "1"
HEAD = "| Who | Task | Mark | Presses | Shortest way | Path deviation | Journey |"


class Mark(NamedTuple):
    """A task, who does it, in how many presses at most, and the journey that counts them."""

    who: str
    task: str
    most: int
    journey: str

    def row(self, presses: str, shortest: str, deviation: str) -> str:
        """Its row of the table."""
        told = (self.who, self.task, str(self.most), presses, shortest, deviation)
        return f"| {' | '.join(told)} | `{self.journey}` |"


MARKS = (
    Mark("reception", "see what comes first, on one screen", 0, "test_the_marks"),
    Mark("reception", "offer two times for the next request", 3, "test_the_marks"),
    Mark("reception", "book a caller without a request", 6, "test_a_caller_is_booked"),
    Mark("reception", "find a person from any page", 1, "test_the_marks"),
    Mark("reception", "record an arrival, from Today", 1, "test_the_marks"),
    Mark("reception", "record an arrival, from the diary", 1, "test_the_diary"),
    Mark("reception", "with the clinician", 1, "test_the_marks"),
    Mark("reception", "attended", 1, "test_the_marks"),
    Mark("reception", "undo the last of these", 1, "test_the_marks"),
    Mark("reception", "did not attend", 1, "test_the_marks"),
    Mark(
        "reception", "a clinician is ill: offer all of them other times", 6, "test_somebody_is_away"
    ),
    Mark("reception", "40 minutes with a clinician next week", 2, "test_the_diary"),
    Mark("reception", "move for a caller", 3, "test_a_caller_is_helped"),
    Mark("reception", "cancel for a caller", 3, "test_a_caller_is_helped"),
    Mark("reception", "send a message again", 3, "test_a_caller_is_helped"),
    Mark("reception", "write a note", 2, "test_a_person_is_known"),
    Mark("reception", "hand over to a colleague", 2, "test_a_person_is_known"),
    Mark("reception", "the same person twice: join them", 2, "test_a_person_is_known"),
    Mark("reception", "not the same person", 2, "test_a_person_is_known"),
    Mark("both", "follow-up after a visit, booked now", 3, "test_a_caller_is_helped"),
    Mark("both", "follow-up: ask the patient in some weeks", 3, "test_a_caller_is_helped"),
    Mark("clinician", "a flag to decide, from Today", 1, "test_the_marks"),
    Mark("clinician", "a person’s history", 1, "test_a_person_is_known"),
    Mark("editor", "a new page from a template, to review", 7, "test_a_page_is_begun"),
    Mark("manager", "change the clinic’s phone number", 3, "test_a_manager_sets_the_clinic_up"),
    Mark("manager", "what a new clinic still has to set", 1, "test_the_marks"),
    Mark("manager", "the numbers", 1, "test_numbers_are_read"),
    Mark("manager", "who opened what", 2, "test_numbers_are_read"),
)


def keep(task: str, presses: int, shortest: int) -> None:
    """Compare with the mark and with the row, or write the row."""
    mark = next(each for each in MARKS if each.task == task)
    assert presses <= mark.most, f"{task}: {presses} presses, and the mark is {mark.most}"
    deviation = f"{presses / shortest:.1f}" if shortest else "–"
    row = mark.row(str(presses), str(shortest), deviation)
    said = DOCUMENT.read_text()
    if not WRITES:
        assert row in said, f"Run this journey with WRITE_USABILITY=1: {row}"
        return
    begins = f"| {mark.who} | {mark.task} |"
    lines = [row if line.startswith(begins) else line for line in said.split("\n")]
    DOCUMENT.write_text("\n".join(lines))
