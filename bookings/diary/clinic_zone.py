"""The clinic's time zone, as calendars are told of it (RFC 5545, 3.6.5).

Each change of the clocks is written out for the years that a calendar shows. It is computed here,
because `icalendar` writes the changes in spring an hour late.
"""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

from django.utils import timezone
from icalendar import Timezone, TimezoneDaylight, TimezoneStandard

DAY, MINUTE = timedelta(days=1), timedelta(minutes=1)


def clinic_zone(first_year: int, last_year: int) -> Timezone:
    """The zone from the beginning of the first to the end of the last year."""
    begins, ends = datetime(first_year, 1, 1, tzinfo=UTC), datetime(last_year + 1, 1, 1, tzinfo=UTC)
    zone = Timezone()
    zone.add("tzid", timezone.get_default_timezone_name())
    zone.add_component(_from(begins, begins))
    for before, after in _changes(begins, ends):
        zone.add_component(_from(before, after))
    return zone


def _changes(begins: datetime, ends: datetime) -> Iterator[tuple[datetime, datetime]]:
    """The last minute before each change of the clocks, and the first one after it."""
    day = begins
    while day < ends:
        if _offset(day) != _offset(day + DAY):
            minutes = (day + number * MINUTE for number in range(24 * 60))
            before = next(each for each in minutes if _offset(each) != _offset(each + MINUTE))
            yield before, before + MINUTE
        day += DAY


def _from(before: datetime, after: datetime) -> TimezoneDaylight | TimezoneStandard:
    """What is true from a change on. It begins at that time on the clocks as they were before."""
    made = TimezoneDaylight() if _offset(after) > _offset(before) else TimezoneStandard()
    made.add("dtstart", (after + _offset(before)).replace(tzinfo=None))
    made.add("tzoffsetfrom", _offset(before))
    made.add("tzoffsetto", _offset(after))
    made.add("tzname", timezone.localtime(after).tzname())
    return made


def _offset(instant: datetime) -> timedelta:
    return timezone.localtime(instant).utcoffset() or timedelta(0)
