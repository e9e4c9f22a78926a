"""What may be asked, and one page of the answer.

A parameter becomes a condition on rows. The place in a list is the key of its last row, so the next
page takes as long as the first, and no row is left out or repeated while others arrive.
"""

import re
from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, date, datetime, time, timedelta
from typing import Any, NamedTuple

from django.db.models import Q, QuerySet
from django.utils import timezone

from bookings.outside.fhir.outcomes import Refused, base
from procedures.ground.paging import few

USUAL_COUNT, MOST = 50, 200
# How many values a parameter can have: each may need a query of its own.
MOST_VALUES = 20
AFTER = "_after"
MOMENT = re.compile(
    r"(?P<prefix>eq|gt|ge|lt|le|sa|eb)?(?P<year>\d{4})(?:-(?P<month>\d\d)(?:-(?P<day>\d\d)"
    r"(?:T(?P<hour>\d\d):(?P<minute>\d\d)(?::(?P<second>\d\d)(?:\.\d+)?)?(?P<zone>Z|[+-]\d\d:\d\d)?)?)?)?",
    re.ASCII,
)
NOTHING = Q(pk__in=[])
# What no key can be is longer.
NUMBER = re.compile(r"[0-9]{1,18}")
# Nothing here is older or later. A date beyond means one of these: from them on, days can be counted.
EARLIEST, LATEST = datetime(1900, 1, 1, tzinfo=UTC), datetime(3000, 1, 1, tzinfo=UTC)


class Period(NamedTuple):
    """From an instant on and before another; None is no limit."""

    begins: datetime | None = None
    ends: datetime | None = None

    def on(self, column: str) -> Q:
        """The condition that a column is in it."""
        conditions = {f"{column}__gte": self.begins, f"{column}__lt": self.ends}
        return Q(**{name: value for name, value in conditions.items() if value})


class Parameter(NamedTuple):
    """One search parameter: its type in FHIR's words, what it is about, and the condition it becomes."""

    kind: str
    about: str
    # Called with one value, and with now. Commas mean any of the values, a repeated parameter means all.
    condition: Callable[[str, datetime], Q]


class Codes(NamedTuple):
    """What a status can be in R4. One that nothing here has is found nowhere; any other is a mistake."""

    system: str
    codes: tuple[str, ...]


class Page(NamedTuple):
    """Rows, and where the next page begins; empty if this is the last."""

    rows: list[Any]
    after: str


def conditions(
    asked: Iterable[tuple[str, str]], parameters: dict[str, Parameter], now: datetime
) -> Q:
    """What all parameters together ask for. Raises Refused for one that is unknown or has no sense."""
    found = Q()
    for name, text in asked:
        if name not in parameters:
            known = ", ".join(sorted(parameters)) or "none"
            raise Refused(400, f"The parameter “{name}” is not supported. Supported are: {known}.")
        values = text.split(",")
        if len(values) > MOST_VALUES:
            raise Refused(400, f"“{name}” can have {MOST_VALUES} values at most.")
        any_of = Q()
        for value in values:
            any_of |= parameters[name].condition(value.strip(), now)
        found &= any_of
    return found


def page_of(rows: QuerySet[Any], asked: Q, after: str, count: int) -> Page:
    """So many of the rows that are asked for after the one with that key, in the order of their keys.

    Their keys are found first: what a resource says of a row is read for those of the page alone.
    """
    wanted = rows.prefetch_related(None).filter(asked, pk__gt=number(after) if after else 0)
    keys = wanted.values_list("pk", flat=True)
    named = few(keys)
    in_order = keys.order_by("pk") if named is None else sorted(set(named))
    first = list(in_order[: count + 1])
    found = list(rows.filter(pk__in=first[:count]).order_by("pk"))
    return Page(found, str(first[count - 1]) if len(first) > count else "")


def counted(rows: QuerySet[Any], asked: Q) -> tuple[int, list[Any]]:
    """How many of the rows are asked for, and these if they are few: a number says something of them."""
    wanted = rows.prefetch_related(None).filter(asked)
    named = few(wanted.values_list("pk", flat=True))
    if named is None:
        return wanted.count(), []
    found = list(rows.prefetch_related(None).filter(pk__in=named))
    return len(found), found


def count_of(text: str) -> int:
    """How many rows a page has, at most as many as we allow; 0 asks only how many there are."""
    if not NUMBER.fullmatch(text or f"{USUAL_COUNT}"):
        raise Refused(400, "_count is a number from 0 up.")
    return min(int(text or USUAL_COUNT), MOST)


def number(text: str) -> int:
    """A number in an address. Raises Refused for anything else, and for what no key can be."""
    if not NUMBER.fullmatch(text):
        raise Refused(400, f"“{text}” is not a number.")
    return int(text)


def code_in(text: str, known: Codes) -> str:
    """The code that is asked for; empty, which nothing has, if it is one of another system."""
    system, names_system, code = text.rpartition("|")
    if names_system and system != known.system:
        return ""
    if code not in known.codes:
        raise Refused(
            400, f"There is no status “{code}”. The statuses are: {', '.join(known.codes)}."
        )
    return code


def key_in(reference: str, kind: str) -> int:
    """The key that a reference names: to that kind, on this server, or its id alone."""
    ways = (f"{base()}/{kind}/", f"{kind}/", "")
    way = next(each for each in ways if reference.startswith(each))
    found = NUMBER.fullmatch(reference.removeprefix(way))
    if not found:
        raise Refused(
            400, f"“{reference}” does not name a {kind} here. Write for example “{kind}/3”."
        )
    return int(found[0])


def period(text: str) -> Period:
    """The instants that a date with its prefix means. A date without a zone is the clinic's."""
    found = MOMENT.fullmatch(text.replace(" ", "+"))
    try:
        begins, ends = _extent(found.groupdict()) if found else (None, None)
    except ValueError:
        found = None
    if not found:
        raise Refused(400, f"“{text}” is not a date. Write for example “ge2026-11-23”.")
    return {
        None: Period(begins, ends),
        "eq": Period(begins, ends),
        "gt": Period(ends, None),
        "sa": Period(ends, None),
        "ge": Period(begins, None),
        "lt": Period(None, begins),
        "eb": Period(None, begins),
        "le": Period(None, ends),
    }[found["prefix"]]


def overlap(periods: Sequence[Period]) -> Period:
    """What all of them have in common."""
    begins = [each.begins for each in periods if each.begins]
    ends = [each.ends for each in periods if each.ends]
    return Period(max(begins, default=None), min(ends, default=None))


def _extent(parts: dict[str, str | None]) -> tuple[datetime, datetime]:
    """From when to when a date is, as exactly as it was written."""
    year, month, day = (int(parts[name] or 1) for name in ("year", "month", "day"))
    hour, minute, second = (int(parts[name] or 0) for name in ("hour", "minute", "second"))
    first, clock = date(year, month, day), _clock(time(hour, minute, second), parts["zone"])
    if not EARLIEST.year < first.year < LATEST.year:
        limit = EARLIEST if first.year <= EARLIEST.year else LATEST
        return limit, limit
    if parts["hour"] is None:
        return _local(first, time()), _local(_following(first, parts), time())
    begins = _local(first, clock)
    exact = timedelta(minutes=1) if parts["second"] is None else timedelta(seconds=1)
    return begins, begins + exact


def _following(first: date, parts: dict[str, str | None]) -> date:
    """The day after a year, a month or a day."""
    if parts["day"]:
        return first + timedelta(days=1)
    months = first.year * 12 + (first.month if parts["month"] else 12)
    return date(months // 12, months % 12 + 1, 1)


def _clock(clock: time, zone: str | None) -> time:
    """The time of day in the zone that was written; without one it is the clinic's."""
    return time.fromisoformat(f"{clock}{zone.replace('Z', '+00:00')}") if zone else clock


def _local(day: date, clock: time) -> datetime:
    zone = clock.tzinfo or timezone.get_current_timezone()
    return datetime.combine(day, clock, zone).astimezone(UTC)
