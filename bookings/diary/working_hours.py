"""Counts time only while somebody is at the desk. Instants are aware; hours are local times."""

from bisect import bisect_right
from collections.abc import Collection
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from typing import NamedTuple

from procedures.ground.week import MIDNIGHT, Week

# Longer than any run of closed days; a year without an open day is a mistake in the clinic's hours.
LONGEST_SEARCH = 366


class WorkingWeek(NamedTuple):
    """When the desk is open in a week without closed days, and in which time zone."""

    hours: Week
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
        periods = () if day in closed_days else week.hours.get(day.weekday(), ())
        for starts, ends in periods:
            opens, closes = _period(day, starts, ends, week.zone)
            opens = max(opens, start)
            open_for = max(closes - opens, timedelta(0))
            if length <= open_for:
                return opens + length
            length -= open_for
        day += timedelta(days=1)
    raise ValueError(
        "The desk is never open. Check the opening days and closed days of the clinic."
    )


def _period(day: date, starts: time, ends: time, zone: tzinfo) -> tuple[datetime, datetime]:
    """The instants at which open hours of that day begin and end."""
    last_day = day + timedelta(days=ends == MIDNIGHT)
    return _instant(day, starts, zone), _instant(last_day, ends, zone)


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
            periods = () if day in closed_days else week.hours.get(day.weekday(), ())
            for starts, ends in periods:
                opens, closes = _period(day, starts, ends, week.zone)
                self._opens.append(opens)
                self._closes.append(closes)
                self._before.append(self._before[-1] + closes - opens)

    def between(self, start: datetime, end: datetime) -> timedelta:
        """The open time between the two, in real time."""
        return self._until(end) - self._until(start)

    def _until(self, instant: datetime) -> timedelta:
        begun = bisect_right(self._opens, instant)
        if not begun:
            return timedelta(0)
        open_for = min(instant, self._closes[begun - 1]) - self._opens[begun - 1]
        return self._before[begun - 1] + open_for
