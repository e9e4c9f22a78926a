"""The days of the week, and the hours of each: as they are stored, said and put into rows.

Hours are local times. An end at midnight means the end of the day, not its beginning.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import time
from itertools import groupby
from typing import NamedTuple

from django.db import models
from django.utils.translation import gettext
from django.utils.translation import gettext_noop as _

from procedures.ground import languages

MIDNIGHT = time()
MIDNIGHT_AT_THE_END = "24:00"

Period = tuple[time, time]
# The periods of each weekday (0 is Monday), in order. A day that is missing has none.
Week = Mapping[int, Sequence[Period]]


class Weekday(models.IntegerChoices):
    """Days as Python counts them."""

    MONDAY = 0, _("Monday")
    TUESDAY = 1, _("Tuesday")
    WEDNESDAY = 2, _("Wednesday")
    THURSDAY = 3, _("Thursday")
    FRIDAY = 4, _("Friday")
    SATURDAY = 5, _("Saturday")
    SUNDAY = 6, _("Sunday")


class Row(NamedTuple):
    """The weekdays that have one period in common."""

    days: list[int]
    starts: time
    ends: time


def closing_time(text: str) -> time:
    """The end of a period as text: 17:00, and 24:00 or 00:00 for the end of the day."""
    return MIDNIGHT if text == MIDNIGHT_AT_THE_END else time.fromisoformat(text)


def read(stored: Iterable[Sequence[int | str]]) -> dict[int, list[Period]]:
    """The week from lists of a weekday, a beginning and an end, as they are stored."""
    week: dict[int, list[Period]] = {}
    for day, starts, ends in stored:
        period = (time.fromisoformat(str(starts)), closing_time(str(ends)))
        week.setdefault(int(day), []).append(period)
    return {day: sorted(week[day]) for day in sorted(week)}


def to_store(week: Week) -> list[list[int | str]]:
    """The week as lists of a weekday, a beginning and an end."""
    return [
        [day, f"{starts:%H:%M}", MIDNIGHT_AT_THE_END if ends == MIDNIGHT else f"{ends:%H:%M}"]
        for day in sorted(week)
        for starts, ends in sorted(week[day])
    ]


def in_rows(week: Week) -> list[Row]:
    """Each period once, with all its weekdays; the earliest day first."""
    days: dict[Period, list[int]] = {}
    for day in sorted(week):
        for period in sorted(week[day]):
            days.setdefault(period, []).append(day)
    return [Row(on, *period) for period, on in days.items()]


def days_in_words(days: Iterable[int]) -> str:
    """“Monday to Friday”, “Monday, Tuesday and Thursday to Saturday”."""
    runs: list[list[str]] = []
    in_order = sorted(set(days))
    for day in in_order:
        if day - 1 in in_order:
            runs[-1].append(gettext(Weekday(day).label))
        else:
            runs.append([gettext(Weekday(day).label)])
    to = gettext("{first} to {last}").format
    named = [
        part for run in runs for part in ([to(first=run[0], last=run[-1])] if len(run) > 2 else run)
    ]
    *before, last = named
    if not before:
        return last
    return gettext("{several} and {one}").format(several=languages.listed(before), one=last)


def spoken_time(at: time) -> str:
    """A time of day as notices write it: “9:00”, or “midnight”."""
    return gettext("midnight") if at == MIDNIGHT else f"{at:%-H:%M}"


def spoken_periods(periods: Iterable[Period]) -> str:
    """“9:00 to 12:30 and 13:30 to 17:00”; empty if there are none."""
    spoken = [
        gettext("{first} to {last}").format(first=spoken_time(starts), last=spoken_time(ends))
        for starts, ends in periods
    ]
    return gettext(" and ").join(spoken)


def in_words(week: Week) -> str:
    """“Monday to Thursday, 8:30 to 17:00, and Friday, 8:30 to 16:00”; empty if there are none."""
    if not week:
        return ""
    by_hours: dict[str, list[int]] = {}
    for day in sorted(week):
        by_hours.setdefault(spoken_periods(week[day]), []).append(day)
    *before, last = [
        languages.listed([days_in_words(days), hours]) for hours, days in by_hours.items()
    ]
    if not before:
        return last
    return gettext("{several}, and {one}").format(several=languages.listed(before), one=last)


def runs(week: Week) -> list[tuple[list[Weekday], str]]:
    """The seven days, those that follow each other with the same hours together."""
    by_day = [(day, spoken_periods(week.get(day, []))) for day in Weekday]
    return [
        ([day for day, _ in days], hours)
        for hours, days in groupby(by_day, key=lambda each: each[1])
    ]
