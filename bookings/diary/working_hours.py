"""Counts time only while somebody is at the desk. Instants are aware; hours are local times."""

from bisect import bisect_right
from collections.abc import Collection
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from typing import NamedTuple

# Longer than any run of closed days; a year without an open day is a mistake in the settings.
LONGEST_SEARCH = 366
MIDNIGHT = time()


class WorkingWeek(NamedTuple):
    """When the desk is open: days of the week (0 is Monday), from and to, and in which time zone.

    Closing at midnight means the end of the day, not its beginning.
    """

    days: Collection[int]
    opens: time
    closes: time
    zone: tzinfo


def add_working_time(
    start: datetime, length: timedelta, week: WorkingWeek, closed_days: Collection[date]
) -> datetime:
    """The instant, in UTC, at which `length` of open time has passed since `start`.

    Open hours are measured in real time, so the hour that a clock change skips or repeats is
    counted as it is lived. Raises ValueError if the desk never opens.
    """
    # Python adds to a local time as if no clock ever changed.
    start = start.astimezone(UTC)
    day = start.astimezone(week.zone).date()
    for _ in range(LONGEST_SEARCH):
        if day.weekday() in week.days and day not in closed_days:
            opens = max(_instant(day, week.opens, week.zone), start)
            last_day = day + timedelta(days=week.closes == MIDNIGHT)
            closes = _instant(last_day, week.closes, week.zone)
            open_for = max(closes - opens, timedelta(0))
            if length <= open_for:
                return opens + length
            length -= open_for
        day += timedelta(days=1)
    raise ValueError(
        "The desk is never open. Check the opening days and closed days of the clinic."
    )


def closing_time(text: str) -> time:
    """A closing time as the settings write it: 17:00, and 24:00 or 00:00 for the end of the day."""
    return MIDNIGHT if text == "24:00" else time.fromisoformat(text)


def spoken_time(at: time) -> str:
    """A time of day as notices write it: “9:00”, or “midnight”."""
    return "midnight" if at == MIDNIGHT else f"{at:%-H:%M}"


def _instant(day: date, at: time, zone: tzinfo) -> datetime:
    return datetime.combine(day, at, tzinfo=zone).astimezone(UTC)


class OpenTime:
    """How long the desk was open between two instants, for many pairs of them."""

    def __init__(self, first: date, last: date, week: WorkingWeek, closed_days: Collection[date]):
        """Know the days from first to last. Instants outside them count as their ends."""
        self._opens: list[datetime] = []
        self._closes: list[datetime] = []
        self._before = [timedelta(0)]
        for day in (first + timedelta(days=n) for n in range((last - first).days + 1)):
            if day.weekday() not in week.days or day in closed_days:
                continue
            last_day = day + timedelta(days=week.closes == MIDNIGHT)
            self._opens.append(_instant(day, week.opens, week.zone))
            self._closes.append(_instant(last_day, week.closes, week.zone))
            self._before.append(self._before[-1] + self._closes[-1] - self._opens[-1])

    def between(self, start: datetime, end: datetime) -> timedelta:
        """The open time between the two, in real time."""
        return self._until(end) - self._until(start)

    def _until(self, instant: datetime) -> timedelta:
        begun = bisect_right(self._opens, instant)
        if not begun:
            return timedelta(0)
        open_for = min(instant, self._closes[begun - 1]) - self._opens[begun - 1]
        return self._before[begun - 1] + open_for
