"""When each place and the desk are open, in the words of a notice at the door.

The hours are the ones that the diary works with, so a page that shows them cannot say anything else.
"""

from collections.abc import Sequence
from datetime import date
from typing import NamedTuple

from bookings.diary.desk_hours import desk_week
from bookings.models import ClosedDay, Location
from procedures.ground.week import Period, Week, Weekday, runs

CLOSED = "Closed"
# How many closed days a notice names.
DAYS_SHOWN = 6


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
    return [Place(place, _week(periods_of(place))) for place in found]


def of_the_desk() -> list[Hours]:
    """When somebody answers the phone and reads requests."""
    return _week(desk_week().hours)


def closed_days(today: date) -> list[ClosedDay]:
    """The next days on which the clinic is closed, such as bank holidays."""
    return list(ClosedDay.objects.filter(day__gte=today).order_by("day")[:DAYS_SHOWN])


def periods_of(place: Location) -> dict[int, list[Period]]:
    """When a site is open: the periods of each weekday."""
    periods: dict[int, list[Period]] = {}
    for each in place.opening_hours.all():
        periods.setdefault(each.weekday, []).append((each.opens, each.closes))
    return periods


def _week(week: Week) -> list[Hours]:
    """The seven days, those that follow each other with the same hours in one line."""
    return [Hours(_run(days), hours or CLOSED) for days, hours in runs(week)]


def _run(days: Sequence[Weekday]) -> str:
    """“Monday”, “Saturday and Sunday” or “Monday to Friday”."""
    names = [str(day.label) for day in days]
    if len(names) < 3:
        return " and ".join(names)
    return f"{names[0]} to {names[-1]}"
