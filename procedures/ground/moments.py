"""Days and times as patients read them, in the language of the page.

The formats are in the catalogues, because each language puts its words in an order of its own. The
names of days and months are Django's. What has no time is said as nothing, as by Django's own filter.
"""

from datetime import date, datetime

from django.utils import timezone
from django.utils.dateformat import format as formatted
from django.utils.translation import pgettext


def _formatted(at: date | None, form: str) -> str:
    if at is None:
        return ""
    return formatted(timezone.localtime(at) if isinstance(at, datetime) else at, form)


def moment(at: datetime | None) -> str:
    """“Tuesday 1 December 2026 at 9:00”."""
    return _formatted(at, pgettext("date format", r"l j F Y \a\t G:i"))


def near_moment(at: datetime | None) -> str:
    """“Tuesday 1 December at 9:00”."""
    return _formatted(at, pgettext("date format", r"l j F \a\t G:i"))


def day_and_time(at: datetime | None) -> str:
    """“Tuesday at 9:00”."""
    return _formatted(at, pgettext("date format", r"l \a\t G:i"))


def full_day(on: date | None) -> str:
    """“Tuesday 1 December 2026”."""
    return _formatted(on, pgettext("date format", "l j F Y"))


def near_day(on: date | None) -> str:
    """“Tuesday 1 December”."""
    return _formatted(on, pgettext("date format", "l j F"))


def plain_day(on: date | None) -> str:
    """“1 December 2026”."""
    return _formatted(on, pgettext("date format", "j F Y"))
