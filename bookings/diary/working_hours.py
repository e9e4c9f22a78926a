"""Counts time only while somebody is at the desk. Instants are aware; hours are local times."""

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
            opens = max(_instant(day, starts, week.zone), start)
            last_day = day + timedelta(days=ends == MIDNIGHT)
            closes = _instant(last_day, ends, week.zone)
            open_for = max(closes - opens, timedelta(0))
            if length <= open_for:
                return opens + length
            length -= open_for
        day += timedelta(days=1)
    raise ValueError(
        "The desk is never open. Check the opening days and closed days of the clinic."
    )


def _instant(day: date, at: time, zone: tzinfo) -> datetime:
    return datetime.combine(day, at, tzinfo=zone).astimezone(UTC)
