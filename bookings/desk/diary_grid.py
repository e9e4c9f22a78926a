"""Where each line of the diary is on its time axis: in cells of five minutes, by the name of a class.

`static/css/diary.css` has a rule for each of these classes. `manage.py diary_css` writes it.
"""

from collections.abc import Iterable, Sequence
from datetime import UTC, date, datetime, timedelta
from typing import NamedTuple

from django.utils import timezone

from bookings.desk.agenda import Column, Entry, Kind, Plan
from bookings.diary.free_times import CELL, CELL_SECONDS, Span
from procedures.models import Clinician

# The longest day has 25 hours.
MOST_CELLS = 25 * 3600 // CELL_SECONDS
LENGTHS = range(1, MOST_CELLS + 1)
HALF_HOUR = timedelta(minutes=30)
HALF_HOURS = 48
# What is shown of a day of which we know nothing else: 9:00 to 17:00.
USUAL = (18, 34)
# Up to this length a line has room for one line of words.
ONE_LINE = 4


class Line(NamedTuple):
    """An entry and its place."""

    entry: Entry
    at: int
    length: int
    # Whether it is beside another at the same time: the first, the second, or alone.
    beside: str = ""

    @property
    def classes(self) -> str:
        """The names of its place and its looks in the style sheet."""
        short = "short" if self.length <= ONE_LINE else ""
        names = [f"at-{self.at}", f"for-{self.length}", self.entry.kind.slug, self.beside, short]
        return " ".join(filter(None, names))


class Mark(NamedTuple):
    """A full hour, or now, on the axis."""

    instant: datetime
    at: int


class GridColumn(NamedTuple):
    """A clinician's day with a place for each line."""

    clinician: Clinician
    column: Column
    lines: list[Line]


class Grid(NamedTuple):
    """A day with a place for everything on it."""

    plan: Plan
    hours: list[Mark]
    ends: Mark
    now: Mark | None
    columns: list[GridColumn]


def grids(plans: Sequence[Plan], now: datetime) -> list[Grid]:
    """The days on one axis: from when the clinic opens until it closes, and longer if need be."""
    opens, closes = _visible(plans)
    return [_grid(plan, Span(_at(plan.day, opens), _at(plan.day, closes)), now) for plan in plans]


def style_sheet() -> str:
    """A rule for every class that says where a line begins or how long it is."""
    head = "/* Written by `manage.py diary_css`: where a line is, in cells of five minutes. */"
    starts = [f".at-{cell} {{ grid-row-start: {cell + 1}; }}" for cell in range(MOST_CELLS)]
    lengths = [f".for-{cells} {{ grid-row-end: span {cells}; }}" for cells in LENGTHS]
    # The list to print needs the width. Only pages of the diary have this style sheet.
    paper = "@page { size: A4 landscape; margin: 12mm; }"
    return "\n".join([head, *starts, *lengths, paper, ""])


def _grid(plan: Plan, window: Span, now: datetime) -> Grid:
    return Grid(
        plan=plan,
        hours=[Mark(each, _cell(each, window)) for each in _full_hours(window)],
        ends=Mark(window.ends, _cell(window.ends, window) - 1),
        now=Mark(now, _cell(now, window)) if window.starts <= now < window.ends else None,
        columns=[
            GridColumn(column.clinician, column, _lines(column, plan, window))
            for column in plan.columns
        ],
    )


def _visible(plans: Iterable[Plan]) -> tuple[int, int]:
    """The half hours of the day between which everything is, on every one of these days."""
    found: list[int] = []
    for plan in plans:
        for opens, closes in plan.opening_hours:
            found += [_half_hour(datetime.combine(plan.day, opens))]
            found += [_half_hour(datetime.combine(plan.day, closes), up=True)]
        for entry in plan.entries():
            starts, ends = timezone.localtime(entry.starts), timezone.localtime(entry.ends)
            found += [_half_hour(starts)]
            found += [_half_hour(ends, up=True) if ends.date() == plan.day else HALF_HOURS]
    return (min(found), max(found)) if found else USUAL


def _half_hour(local: datetime, *, up: bool = False) -> int:
    minutes = local.hour * 60 + local.minute
    return -(-minutes // 30) if up else minutes // 30


def _at(day: date, half_hour: int) -> datetime:
    """That time of day on the clock on the wall, whatever the clocks did in the night."""
    midnight = datetime.combine(day, datetime.min.time())
    return timezone.make_aware(midnight + half_hour * HALF_HOUR).astimezone(UTC)


def _full_hours(window: Span) -> list[datetime]:
    return [instant for instant in _steps(window) if timezone.localtime(instant).minute == 0]


def _steps(window: Span) -> Iterable[datetime]:
    half_hours = int((window.ends - window.starts) / HALF_HOUR)
    return (window.starts + each * HALF_HOUR for each in range(half_hours))


def _cell(instant: datetime, window: Span) -> int:
    return int((instant - window.starts) / CELL)


def _lines(column: Column, plan: Plan, window: Span) -> list[Line]:
    """The entries in order of time, with what is between the sessions."""
    word = Kind.CLOSED if plan.closed else Kind.NO_CLINIC
    gaps = [Entry(word, *span, why=plan.closed) for span in _gaps(column, window)]
    lines: list[Line] = []
    busy_until = window.starts
    for entry in sorted([*column.entries, *gaps], key=lambda each: (each.starts, each.ends)):
        at = _cell(entry.starts, window)
        length = max(1, -int(-(entry.ends - entry.starts) / CELL))
        line = Line(entry, at, length)
        if entry.request:
            if entry.starts < busy_until:
                line = line._replace(beside="second")
                _move_aside(lines)
            busy_until = max(busy_until, entry.ends)
        lines.append(line)
    return lines


def _move_aside(lines: list[Line]) -> None:
    """Make room beside the last visit for another at the same time."""
    last = max(number for number, line in enumerate(lines) if line.entry.request)
    if not lines[last].beside:
        lines[last] = lines[last]._replace(beside="first")


def _gaps(column: Column, window: Span) -> list[Span]:
    """When the clinician has no clinic and is not away."""
    known = [stretch.span for stretch in column.stretches]
    known += [
        Span(each.starts, each.ends)
        for each in column.entries
        if each.kind in {Kind.AWAY, Kind.CLOSED}
    ]
    gaps, until = [], window.starts
    for span in sorted(known):
        if until < span.starts:
            gaps.append(Span(until, span.starts))
        until = max(until, span.ends)
    if until < window.ends:
        gaps.append(Span(until, window.ends))
    return gaps
