"""Each task of the desk has a journey that counts its presses, and a row in the document."""

from pathlib import Path

from tests.journeys.usability import DOCUMENT, HEAD, MARKS

JOURNEYS = Path(__file__).parents[1] / "journeys"


def test_the_table_has_every_task_and_each_names_the_journey_that_counts_it() -> None:
    said = DOCUMENT.read_text()
    table = said[said.index(HEAD) :].split("\n\n")[0].split("\n")[2:]
    rows = [[cell.strip(" `") for cell in row.strip("|").split(" | ")] for row in table]
    assert [(who, task, most, journey) for who, task, most, *_, journey in rows] == [
        (each.who, each.task, str(each.most), each.journey) for each in MARKS
    ]
    uncounted = [
        each.task
        for each in MARKS
        if f'"{each.task}"' not in (JOURNEYS / f"{each.journey}.py").read_text()
    ]
    assert uncounted == []
