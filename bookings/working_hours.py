"""Time counted only while somebody is at the desk. Instants are aware; hours are local wall time."""

from collections.abc import Collection
from datetime import date, datetime, time, timedelta
from typing import NamedTuple
from zoneinfo import ZoneInfo

# Longer than any run of closed days; a year without an open day is a mistake in the settings.
LONGEST_SEARCH = 366


class WorkingWeek(NamedTuple):
    """When the desk is open: days of the week (0 is Monday), from and to, and in which zone."""

    days: Collection[int]
    opens: time
    closes: time
    zone: ZoneInfo


def add_working_time(
    start: datetime, length: timedelta, week: WorkingWeek, closed_days: Collection[date]
) -> datetime:
    """The instant at which `length` of open time has passed since `start`.

    A stretch of a day is measured in real time, so the hour that a clock change skips or repeats is
    counted as it is lived. Raises ValueError if the desk never opens.
    """
    day = start.astimezone(week.zone).date()
    for _ in range(LONGEST_SEARCH):
        if day.weekday() in week.days and day not in closed_days:
            opens = max(_instant(day, week.opens, week.zone), start)
            closes = _instant(day, week.closes, week.zone)
            open_for = max(closes - opens, timedelta(0))
            if length <= open_for:
                return opens + length
            length -= open_for
        day += timedelta(days=1)
    raise ValueError("The desk never opens: look at the clinic's open days.")


def _instant(day: date, at: time, zone: ZoneInfo) -> datetime:
    return datetime.combine(day, at, tzinfo=zone).astimezone(ZoneInfo("UTC"))
