"""When each place and the desk are open, in the words of a notice at the door.

The hours are the ones that the diary works with, so a page that shows them cannot say anything else.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, time
from itertools import groupby
from typing import NamedTuple

from bookings.diary.desk_hours import desk_week
from bookings.diary.working_hours import spoken_time
from bookings.models import ClosedDay, Location
from bookings.models.sessions import Weekday

CLOSED = "Closed"
# How many closed days a notice names.
DAYS_SHOWN = 6

Period = tuple[time, time]


class Hours(NamedTuple):
    """Days of the week that follow each other and have the same hours."""

    days: str
    times: str


class Place(NamedTuple):
    """A site where patients are seen, and when it is open."""

    location: Location
    hours: list[Hours]


def places() -> list[Place]:
    """All sites, in the order in which they were added, with their opening hours."""
    found = Location.objects.prefetch_related("opening_hours").order_by("pk")
    return [Place(place, _week(_periods(place))) for place in found]


def of_the_desk() -> list[Hours]:
    """When somebody answers the phone and reads requests."""
    week = desk_week()
    return _week({day: [(week.opens, week.closes)] for day in week.days})


def closed_days(today: date) -> list[ClosedDay]:
    """The next days on which the clinic is closed, such as bank holidays."""
    return list(ClosedDay.objects.filter(day__gte=today).order_by("day")[:DAYS_SHOWN])


def _periods(place: Location) -> dict[int, list[Period]]:
    periods: dict[int, list[Period]] = {}
    for each in place.opening_hours.all():
        periods.setdefault(each.weekday, []).append((each.opens, each.closes))
    return periods


def _week(periods: Mapping[int, Sequence[Period]]) -> list[Hours]:
    """The seven days, those that follow each other with the same hours in one line."""
    by_day = [(day, _spoken(periods.get(day, []))) for day in Weekday]
    return [
        Hours(_run([day for day, _ in days]), times)
        for times, days in groupby(by_day, key=lambda each: each[1])
    ]


def _run(days: Sequence[Weekday]) -> str:
    """“Monday”, “Saturday and Sunday” or “Monday to Friday”."""
    names = [str(day.label) for day in days]
    if len(names) < 3:
        return " and ".join(names)
    return f"{names[0]} to {names[-1]}"


def _spoken(periods: Iterable[Period]) -> str:
    """“9:00 to 12:30 and 13:30 to 17:00”, or “Closed”."""
    return (
        " and ".join(f"{spoken_time(opens)} to {spoken_time(closes)}" for opens, closes in periods)
        or CLOSED
    )
