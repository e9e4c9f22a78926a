"""A file of another system to try an import with: invented, and as messy as such files are."""

from collections.abc import Sequence
from datetime import date, datetime, timedelta

from django.utils import timezone

from bookings.models import ClosedDay
from clinic_site.demo.diary import FOLLOW_UP, MONDAY, SCAN, WEDNESDAY

HEAD = ("Patient", "DOB", "E-mail", "Mobile", "Date", "Time", "With", "Service", "State", "Notes")
ADA = "Example, Dr Ada"
# Beyond what the demonstration has booked, and when Ada has clinics.
WEEKS_AHEAD = 5
MARCH, SUNDAY = 3, 6


def messy_file(now: datetime) -> tuple[Sequence[str], list[Sequence[str]]]:
    """The heads and the rows: visits some weeks after that instant.

    Among them are two styles of dates, an hour that the clocks skip, and one row twice.
    """
    today = timezone.localdate(now)
    monday, wednesday = (_open_day(weekday, today) for weekday in (MONDAY, WEDNESDAY))
    lucja = ("Łucja Przykład-Müller", "14/02/1968", "lucja@example.org", "+44 (0)7700 900311")
    twice = (*lucja, f"{monday:%Y-%m-%d}", "9:30", ADA, SCAN, "Confirmed", "Right shoulder")
    return HEAD, [
        twice,
        (
            *("Siobhán O’Specimen", "02/11/1980", "", "07700 900312"),
            *(f"{wednesday:%-d %B %Y}", "10.30 am", "dr ada example", FOLLOW_UP, "", "A follow-up"),
        ),
        twice,
        (
            *("Björn Þórsson-Muster", "30/06/1975", "bjorn@example.org", ""),
            *(f"{_clocks_go_forward(today):%Y-%m-%d}", "1:30", ADA, SCAN, "Confirmed", ""),
        ),
        (
            *("Nguyễn Thị Mẫu", "09/09/1990", "nguyen@example.org", ""),
            *(f"{wednesday:%Y-%m-%d}", "9:00", ADA, SCAN, "Cancelled", "Rang"),
        ),
    ]


def _open_day(weekday: int, today: date) -> date:
    """Such a day some weeks ahead on which the clinic is open."""
    day = today + timedelta(days=weekday - today.weekday(), weeks=WEEKS_AHEAD)
    closed = set(ClosedDay.objects.filter(day__gte=day).values_list("day", flat=True))
    while day in closed:
        day += timedelta(weeks=1)
    return day


def _clocks_go_forward(after: date) -> date:
    """The next last Sunday of March: there is no 1:30 on that day in the United Kingdom."""
    year = after.year
    while True:
        last = date(year, MARCH, 31)
        day = last - timedelta(days=(last.weekday() - SUNDAY) % 7)
        if day > after:
            return day
        year += 1
