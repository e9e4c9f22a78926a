"""When somebody is at the desk and answers the phone, and by when we promise an answer."""

from bisect import bisect_right
from collections.abc import Collection, Iterable
from datetime import date, datetime, time, timedelta

from django.utils import timezone
from django.utils.translation import gettext

from bookings.diary.working_hours import OpenTime, WorkingWeek, add_working_time
from bookings.models import ClosedDay
from procedures.ground.moments import near_day
from procedures.ground.week import MIDNIGHT, in_words, spoken_time
from procedures.models.clinic import details


def answer_due(now: datetime) -> datetime:
    """By when we promise an answer: the promised hours, counted while the desk is open."""
    return in_working_hours(now, details().answers_within_hours)


def desk_is_open(now: datetime) -> bool:
    """Whether somebody is at the desk.

    Messages that the clock sends wait for that, so nobody is woken.
    """
    minute = timedelta(minutes=1)
    return _after_open_time(now, minute) == now + minute


def in_working_hours(now: datetime, hours: int) -> datetime:
    """The instant at which the desk will have been open for this many hours."""
    return _after_open_time(now, timedelta(hours=hours))


def working_days_between(spans: Iterable[tuple[datetime, datetime]]) -> list[int]:
    """For each span, on how many days the desk opened after its first day, up to its last one."""
    days = [tuple(map(timezone.localdate, span)) for span in spans]
    if not days:
        return []
    first, last = min(each[0] for each in days), max(each[1] for each in days)
    closed = closed_days(first, last)
    every = (first + timedelta(days=n) for n in range((last - first).days + 1))
    week = details().week
    working = [day for day in every if day.weekday() in week and day not in closed]
    return [bisect_right(working, end) - bisect_right(working, start) for start, end in days]


def working_time_between(
    pairs: Collection[tuple[datetime, datetime]], closed: Collection[date] | None = None
) -> list[timedelta]:
    """For each pair of instants, how long the desk was open between them.

    `closed`, the closed days on which it matters, spares reading them.
    """
    if not pairs:
        return []
    first = timezone.localdate(min(start for start, _ in pairs))
    last = timezone.localdate(max(end for _, end in pairs))
    open_time = OpenTime(
        first, last, desk_week(), closed_days(first, last) if closed is None else closed
    )
    return [open_time.between(start, end) for start, end in pairs]


def desk_hours_in_words() -> str:
    """When the desk is usually open: “Monday to Friday, 9:00 to 17:00”."""
    return in_words(details().week)


def desk_now(now: datetime) -> str:
    """Whether somebody is at the desk now, and until when; otherwise when the desk opens next."""
    minute = timedelta(minutes=1)
    opens = timezone.localtime(_after_open_time(now, minute) - minute)
    if opens <= now:
        until = spoken_time(_closes(opens))
        return gettext("We are open now, until {time}.").format(time=until)
    ahead = (opens.date() - timezone.localdate(now)).days
    at = spoken_time(opens.time())
    if ahead == 0:
        return gettext("We are closed now and open today at {time}.").format(time=at)
    if ahead == 1:
        return gettext("We are closed now and open tomorrow at {time}.").format(time=at)
    return gettext("We are closed now and open on {day} at {time}.").format(
        day=near_day(opens.date()), time=at
    )


def _closes(local: datetime) -> time:
    """The end of the period in which the desk is open at that local time."""
    return next(
        closes
        for opens, closes in desk_week().hours[local.weekday()]
        if opens <= local.time() and (local.time() < closes or closes == MIDNIGHT)
    )


def desk_week() -> WorkingWeek:
    """When somebody is at the desk in a week without closed days."""
    return WorkingWeek(details().week, timezone.get_default_timezone())


def closed_days(first: date = date.min, last: date = date.max) -> dict[date, str]:
    """Why the clinic is closed, for each day from first to last on which it is."""
    closed = ClosedDay.objects.filter(day__range=(first, last))
    return dict(closed.values_list("day", "reason"))


def _after_open_time(now: datetime, length: timedelta) -> datetime:
    return add_working_time(now, length, desk_week(), closed_days(timezone.localdate(now)))
