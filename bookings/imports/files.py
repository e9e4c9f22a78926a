"""The table in a file: CSV in the encodings and with the delimiters that programs write, or iCalendar.

Writes nothing. What cannot be read for certain is refused with a sentence.
"""

import csv
import io
from collections.abc import Iterable, Iterator
from datetime import UTC, date, datetime, timedelta
from itertools import islice
from typing import Any, NamedTuple

from django.conf import settings
from icalendar import Calendar

from procedures.ground.csv_files import BEGINS_FORMULA

MOST_BYTES = 1_000_000
MOST_ROWS = 2_000
MOST_COLUMNS = 60
# No cell of a table about people is longer; a quotation mark that is never closed makes one.
LONGEST_CELL = 4_000
DELIMITERS = ",;\t"
SAMPLE = 50
# What other programs call their files.
SPREADSHEET, COMPRESSED, UTF16 = b"\xd0\xcf\x11\xe0", b"PK", (b"\xff\xfe", b"\xfe\xff")
SAVE_AS_CSV = "Save it as “CSV UTF-8” in the other program, and upload that file."
# What an event has that is one of several visits, or stands for them (RFC 5545, 3.8.5).
REPEATS = ("rrule", "exrule", "rdate", "exdate", "recurrence-id")
CALENDAR = ("Summary", "Start", "End", "Location", "Status", "Categories", "Name", "Email")


class Unreadable(Exception):
    """The file is not one that we can read. The message says what to do."""


class Line(NamedTuple):
    """A row with the number that a spreadsheet shows beside it."""

    number: int
    cells: list[str]


class Table(NamedTuple):
    """What a file contains."""

    headings: list[str]
    lines: list[Line]


def read(content: bytes) -> Table:
    """The headings and the rows of a file. Raises Unreadable."""
    if len(content) > MOST_BYTES:
        raise Unreadable("The file is larger than 1 MB. Divide it into several files.")
    text = _decoded(content)
    is_calendar = text.lstrip().upper().startswith("BEGIN:VCALENDAR")
    table = _calendar(text) if is_calendar else _csv(text)
    if not table.lines:
        raise Unreadable("The file has no rows below its headings.")
    if len(table.lines) > MOST_ROWS:
        raise Unreadable(
            f"The file has more than {MOST_ROWS:,} rows. Divide it into several files."
        )
    if len(table.headings) > MOST_COLUMNS:
        raise Unreadable(f"The file has more than {MOST_COLUMNS} columns. Take some of them out.")
    return table


def _decoded(content: bytes) -> str:
    """UTF-8 with or without a mark, or else Windows-1252, which has most of the other 256 letters."""
    if content.startswith((SPREADSHEET, COMPRESSED)):
        raise Unreadable(f"This is a spreadsheet or a folder of files. {SAVE_AS_CSV}")
    if content.startswith(UTF16) or b"\0" in content:
        raise Unreadable(f"We cannot read the letters of this file. {SAVE_AS_CSV}")
    for encoding in ("utf-8-sig", "cp1252"):
        try:
            return content.decode(encoding)
        except UnicodeDecodeError:
            continue
    raise Unreadable(f"We cannot read the letters of this file. {SAVE_AS_CSV}")


# --- CSV ------------------------------------------------------------------------------------------


def _csv(text: str) -> Table:
    delimiter = _delimiter(text)
    lines = [
        Line(number, cells)
        for number, cells in enumerate(_rows(text, delimiter), start=1)
        if any(cells)
    ]
    if not lines or len(lines[0].cells) == 1:
        raise Unreadable(
            "We found no columns in this file. The first row has to name the columns, divided by "
            "commas, semicolons or tabs."
        )
    head = lines[0].cells
    while head and not head[-1]:
        head.pop()
    return Table(_named(head), lines[1:])


def _delimiter(text: str) -> str:
    """The sign that divides the first rows into the same number of cells most often."""

    def agreement(delimiter: str) -> tuple[int, int]:
        try:
            rows = [len(cells) for cells in islice(_rows(text, delimiter), SAMPLE)]
        except Unreadable:
            return 0, 0
        width = rows[0] if rows else 0
        return (rows.count(width), width) if width > 1 else (0, 0)

    return max(DELIMITERS, key=agreement)


def _rows(text: str, delimiter: str) -> Iterator[list[str]]:
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)
    for number, row in enumerate(reader, start=1):
        if any(len(cell) > LONGEST_CELL for cell in row):
            raise Unreadable(
                f"Row {number} has a cell with more than {LONGEST_CELL:,} letters. Look there for a "
                "quotation mark that is never closed."
            )
        if number > MOST_ROWS * 2:
            return
        yield [_plain(cell) for cell in row]


def _plain(cell: str) -> str:
    """The cell without the apostrophe that keeps a spreadsheet from running it."""
    text = cell.strip()
    return text[1:] if text[:1] == "'" and text[1:].startswith(BEGINS_FORMULA) else text


def _named(head: Iterable[str]) -> list[str]:
    """The headings; one that is missing is named by its place, and one that comes again has a number."""
    named: list[str] = []
    for place, heading in enumerate(head, start=1):
        name = " ".join(heading.split())[:80] or f"Column {place}"
        named.append(name if name not in named else f"{name} ({place})")
    return named


# --- iCalendar ------------------------------------------------------------------------------------


def _calendar(text: str) -> Table:
    """Each event as a row. Lines of its description such as “Phone: 020 …” are columns as well."""
    try:
        events = list(Calendar.from_ical(text).walk("VEVENT"))
    except (ValueError, KeyError, AttributeError, OverflowError, TypeError):
        raise Unreadable(
            "This calendar cannot be read. Export it again from the other program."
        ) from None
    found = [(_event(event), _labelled(event)) for event in events]
    labels = list(dict.fromkeys(label for _, said in found for label in said))
    labels = labels[: MOST_COLUMNS - len(CALENDAR)]
    lines = [
        Line(number, [*own, *(said.get(label, "") for label in labels)])
        for number, (own, said) in enumerate(found, start=1)
    ]
    return Table(_named([*CALENDAR, *labels]), lines)


def _event(event: Any) -> list[str]:
    attendee = event.get("attendee", "")
    attendee = attendee[0] if isinstance(attendee, list) else attendee
    name = attendee.params.get("cn", "") if attendee else ""
    starts = _instant(event.get("dtstart"))
    repeats = any(each in event for each in REPEATS)
    return [
        str(event.get("summary", "")),
        f"again and again from {starts} on" if repeats else starts,
        _end(event),
        str(event.get("location", "")),
        str(event.get("status", "")).capitalize(),
        ", ".join(str(each) for each in getattr(event.get("categories"), "cats", [])),
        str(name),
        str(attendee).removeprefix("mailto:").removeprefix("MAILTO:"),
    ]


def _labelled(event: Any) -> dict[str, str]:
    parts = (line.partition(":") for line in str(event.get("description", "")).splitlines())
    return {
        label.strip()[:80]: said.strip() for label, sign, said in parts if sign and label.strip()
    }


def _end(event: Any) -> str:
    """When an event ends. It says so, or how long it takes, or neither."""
    start, end, lasts = (event.get(each) for each in ("dtstart", "dtend", "duration"))
    if end and lasts:
        return f"either {_instant(end)} or after {_as_written(lasts)}"
    return _instant(start, lasts) if start and lasts else _instant(end)


def _instant(said: Any, lasts: Any = None) -> str:
    """A day, a local time of the clinic, or an instant; a time of ours may still not exist.

    What is none of these is in the words of the calendar, which then cannot be read either: its row
    is refused, and the others are not. So is a zone that is none, behind the time.
    """
    if not said:
        return ""
    try:
        later = lasts.dt if lasts else timedelta(0)
        return _spelled(said.dt, said.params.get("tzid", ""), later)
    except (AttributeError, OverflowError, TypeError, ValueError):
        after = f" and {_as_written(lasts)} later" if lasts else ""
        return f"the calendar says {_as_written(said)}{after}"


def _as_written(said: Any) -> str:
    """A value, or several where one belongs, as the file has it."""
    each = said if isinstance(said, list) else [said]
    return ", ".join(value.to_ical().decode() for value in each)


def _spelled(when: date, zone: str, later: timedelta) -> str:
    if not isinstance(when, datetime):
        return (when + later).isoformat()
    if when.tzinfo is None and zone:
        return f"{when.isoformat(sep=' ', timespec='minutes')} in the zone {zone}"
    if when.tzinfo:
        when = (when.astimezone(UTC) + later).astimezone(when.tzinfo)
    else:
        when += later
    if when.tzinfo is None or str(when.tzinfo) == settings.TIME_ZONE:
        return when.replace(tzinfo=None).isoformat(sep=" ", timespec="minutes")
    return when.isoformat(timespec="minutes")
