"""The period that numbers are about, in days of the clinic's time zone, and its weeks or months."""

from collections.abc import Callable
from datetime import date, datetime, timedelta
from typing import NamedTuple

from django.utils import timezone

from bookings.diary.free_times import span_of

DAY = timedelta(days=1)
WEEK, MONTH = "week", "month"
MONTHS_A_QUARTER = 3
WEEKS = 6


class Part(NamedTuple):
    """A week or a month of a period, as far as it is in the period."""

    first: date
    last: date
    unit: str

    @property
    def ends(self) -> datetime:
        """The first instant after it."""
        return span_of(self.last + DAY).starts

    @property
    def label(self) -> str:
        """What a chart and the head of a row call it: “5 Oct”, “Oct 2026”."""
        return f"{self.first:%b %Y}" if self.unit == MONTH else f"{self.first:%-d %b}"


class Period(NamedTuple):
    """Days from first to last, both included, told by week or by month."""

    first: date
    last: date
    by: str = WEEK

    @property
    def starts(self) -> datetime:
        """The instant at which the first day begins."""
        return span_of(self.first).starts

    @property
    def ends(self) -> datetime:
        """The first instant after the last day."""
        return span_of(self.last + DAY).starts

    @property
    def length(self) -> int:
        """How many days it has."""
        return (self.last - self.first).days + 1

    def days(self) -> list[date]:
        """Its days, in order."""
        return [self.first + timedelta(days=n) for n in range(self.length)]

    def parts(self) -> list[Part]:
        """Its weeks from Monday, or its months. The first and the last may be cut short."""
        found = []
        first = self.first
        while first <= self.last:
            after = first - timedelta(days=first.weekday()) + timedelta(weeks=1)
            if self.by == MONTH:
                after = (first.replace(day=1) + timedelta(days=31)).replace(day=1)
            found.append(Part(first, min(after - DAY, self.last), self.by))
            first = after
        return found

    def before(self) -> "Period":
        """As many days just before it."""
        return Period(self.first - timedelta(days=self.length), self.first - DAY, self.by)

    def in_words(self) -> str:
        """“5 October to 28 November 2026”, with the first year only if it is another."""
        year = "" if self.first.year == self.last.year else f" {self.first.year}"
        return f"{self.first:%-d %B}{year} to {self.last:%-d %B %Y}"


def _this_month(today: date) -> tuple[date, date]:
    return today.replace(day=1), today


def _last_month(today: date) -> tuple[date, date]:
    last = today.replace(day=1) - DAY
    return last.replace(day=1), last


def _this_quarter(today: date) -> tuple[date, date]:
    month = today.month - (today.month - 1) % MONTHS_A_QUARTER
    return today.replace(month=month, day=1), today


def _six_weeks(today: date) -> tuple[date, date]:
    monday = today - timedelta(days=today.weekday())
    return monday - timedelta(weeks=WEEKS - 1), today


# What one press chooses: its name in addresses, what it says, and its days. The first is the usual one.
CHOICES: dict[str, tuple[str, Callable[[date], tuple[date, date]]]] = {
    "6-weeks": ("6 weeks", _six_weeks),
    "this-month": ("This month", _this_month),
    "last-month": ("Last month", _last_month),
    "this-quarter": ("This quarter", _this_quarter),
}


def chosen(name: str, by: str, now: datetime) -> Period:
    """The period of that name; the usual one if there is none."""
    _, days = CHOICES.get(name, next(iter(CHOICES.values())))
    return Period(*days(timezone.localdate(now)), by)
