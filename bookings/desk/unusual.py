"""Weeks in which a colleague opened requests in an unusual way, by three plain rules. No scores.

| the week is named because the colleague opened   | at least                                 |
|---------------------------------------------------|------------------------------------------|
| far more requests than in their own usual week    | 30, and 3 times the middle of 8 weeks    |
| requests with which nobody did anything that week | 5                                        |
| requests while the desk was closed                | 5                                        |

A week begins on Monday in the clinic's zone. Whatever is no look counts as something that was done:
a step, a call, a note, a visit.
"""

from collections import defaultdict
from collections.abc import Iterable
from datetime import date, datetime, time, timedelta
from statistics import median
from typing import NamedTuple

from django.contrib.auth.models import User
from django.utils import timezone

from bookings.diary.desk_hours import working_time_between
from bookings.models import Appointment, RequestEvent
from bookings.status.events import SHOWN, Event
from procedures.ground.counting import counted
from procedures.ground.people import shown_name

SHOWN_WEEKS, USUAL_WEEKS = 4, 8
# How many requests are many in a week, and how many times the usual number.
MANY, TIMES = 30, 3
# How many looks for no visible reason, or out of hours, are worth a question.
SOME = 5
WEEK, MINUTE = timedelta(weeks=1), timedelta(minutes=1)

# One look: who, which request, when.
Look = tuple[str, int, datetime]
Of = tuple[date, str]


class UnusualWeek(NamedTuple):
    """A colleague's week, and why it is named."""

    monday: date
    who: str
    username: str
    why: list[str]


def unusual_weeks(now: datetime) -> list[UnusualWeek]:
    """The last four weeks with something unusual, the newest first, by colleague."""
    first = _monday(now) - timedelta(weeks=SHOWN_WEEKS - 1)
    looks = _looks(first - timedelta(weeks=USUAL_WEEKS))
    opened = _requests(looks)
    recent = [each for each in looks if _monday(each[2]) >= first]
    idle = _requests(_about_nothing(recent, first))
    closed = _requests(_while_closed(recent))
    people = {each.username: shown_name(each) for each in User.objects.all()}
    return [
        UnusualWeek(monday, people.get(by, by), by, why)
        for monday, by in sorted(
            _requests(recent), key=lambda each: (-each[0].toordinal(), each[1])
        )
        if (why := _why(monday, by, opened, idle, closed))
    ]


def _why(
    monday: date,
    by: str,
    opened: dict[Of, set[int]],
    idle: dict[Of, set[int]],
    closed: dict[Of, set[int]],
) -> list[str]:
    week, why = (monday, by), []
    number = len(opened[week])
    before = [monday - timedelta(weeks=each) for each in range(1, USUAL_WEEKS + 1)]
    earlier = [len(opened[each, by]) for each in before if (each, by) in opened]
    if number >= MANY and earlier and number >= TIMES * median(earlier):
        why.append(f"Opened {number} requests; in their usual week {median(earlier):g}.")
    if len(idle.get(week, ())) >= SOME:
        why.append(f"Opened {len(idle[week])} requests with which nobody did anything that week.")
    if len(closed.get(week, ())) >= SOME:
        why.append(f"Opened {counted(len(closed[week]), 'request')} while the desk was closed.")
    return why


def _looks(since: date) -> list[Look]:
    opened = RequestEvent.objects.filter(kind__in=SHOWN).filter(kind=Event.READ, at__gte=_at(since))
    return list(opened.values_list("by", "request", "at"))


def _about_nothing(looks: Iterable[Look], first: date) -> list[Look]:
    """Those at requests with which nothing but looks happened in the same week."""
    steps = RequestEvent.objects.filter(at__gte=_at(first)).exclude(kind__in=SHOWN)
    visits = Appointment.objects.filter(starts__gte=_at(first))
    done = [*steps.values_list("request", "at"), *visits.values_list("request", "starts")]
    busy = {(request, _monday(at)) for request, at in done}
    return [each for each in looks if (each[1], _monday(each[2])) not in busy]


def _while_closed(looks: list[Look]) -> list[Look]:
    open_time = working_time_between([(at, at + MINUTE) for _, _, at in looks])
    return [each for each, length in zip(looks, open_time, strict=True) if not length]


def _requests(looks: Iterable[Look]) -> dict[Of, set[int]]:
    """Which requests each colleague opened in each week."""
    found: defaultdict[Of, set[int]] = defaultdict(set)
    for by, request, at in looks:
        found[_monday(at), by].add(request)
    return dict(found)


def _monday(at: datetime) -> date:
    day = timezone.localdate(at)
    return day - timedelta(days=day.weekday())


def _at(day: date) -> datetime:
    return datetime.combine(day, time(), tzinfo=timezone.get_default_timezone())
