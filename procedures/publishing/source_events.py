"""What happened to the sources that pages cite: retractions, alerts, new editions, notes.

A librarian, or a small program elsewhere, writes a table of them; nothing here reaches another
machine. Each event makes every page that cites the source due, until somebody has read it and signs
the page again or signs a new version.
"""

import csv
from collections.abc import Iterator
from datetime import date, datetime
from pathlib import Path
from typing import NamedTuple

from django.db import IntegrityError, transaction

from procedures.models import Source, SourceEvent
from procedures.models.material import identifier
from procedures.status import SourceChange

COLUMNS = ("identifier", "kind", "day", "what")


class RowRefused(Exception):
    """A row of the table cannot be used. The message says why."""


class Row(NamedTuple):
    """One row of the table, and its line in the file."""

    line: int
    cells: dict[str, str]


def rows_of(file: Path) -> Iterator[Row]:
    """The rows of a table in CSV. Raises RowRefused if a column is missing."""
    with file.open(encoding="utf-8-sig", newline="") as table:
        reader = csv.DictReader(table)
        missing = [name for name in COLUMNS if name not in (reader.fieldnames or ())]
        if missing:
            raise RowRefused(f"{file} has no column “{missing[0]}”.")
        for cells in reader:
            told = {name: (cells.get(name) or "").strip() for name in COLUMNS}
            yield Row(reader.line_num, told)


def note_event(row: Row, now: datetime) -> int:
    """Note what happened to each source with this identifier; how many events are new.

    An event that is known already is not noted again. Raises RowRefused with what is wrong.
    """
    named, kind = identifier(row.cells["identifier"]), row.cells["kind"].lower()
    if not named:
        raise RowRefused(f"“{row.cells['identifier']}” is not an identifier.")
    if kind not in SourceChange.values:
        raise RowRefused(f"“{kind}” is none of {', '.join(SourceChange.values)}.")
    if not row.cells["what"]:
        raise RowRefused("It does not say what happened.")
    try:
        day = date.fromisoformat(row.cells["day"])
    except ValueError:
        raise RowRefused(f"“{row.cells['day']}” is not a day like 2026-05-03.") from None
    cited = [each for each in Source.objects.all() if named in each.named()]
    if not cited:
        raise RowRefused(f"No source has the identifier {named}.")
    told = {"kind": kind, "day": day, "what": row.cells["what"][:300]}
    return sum(_note(SourceEvent(source=each, noted=now, **told)) for each in cited)


def _note(event: SourceEvent) -> bool:
    try:
        with transaction.atomic():
            event.save(force_insert=True)
    except IntegrityError:
        return False
    return True
