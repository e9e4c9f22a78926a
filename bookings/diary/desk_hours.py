"""When somebody is at the desk, and by when we promise an answer."""

from datetime import datetime, time, timedelta

from django.conf import settings
from django.utils import timezone

from bookings.diary.working_hours import WorkingWeek, add_working_time, closing_time
from bookings.models import ClosedDay

# For how many open hours offered times are held, unless somebody chooses otherwise.
HELD_HOURS = 16


def answer_due(now: datetime) -> datetime:
    """By when we promise an answer: the promised hours, counted while the desk is open."""
    return in_working_hours(now, settings.CLINIC_ANSWERS_WITHIN_HOURS)


def desk_is_open(now: datetime) -> bool:
    """Whether somebody is at the desk.

    Messages that the clock sends wait for that, so nobody is woken.
    """
    minute = timedelta(minutes=1)
    return _after_open_time(now, minute) == now + minute


def in_working_hours(now: datetime, hours: int) -> datetime:
    """The instant at which the desk will have been open for this many hours."""
    return _after_open_time(now, timedelta(hours=hours))


def desk_week() -> WorkingWeek:
    """When somebody is at the desk in a week without closed days."""
    return WorkingWeek(
        days=settings.CLINIC_OPEN_DAYS,
        opens=time.fromisoformat(settings.CLINIC_OPENS),
        closes=closing_time(settings.CLINIC_CLOSES),
        zone=timezone.get_default_timezone(),
    )


def _after_open_time(now: datetime, length: timedelta) -> datetime:
    closed = set(
        ClosedDay.objects.filter(day__gte=timezone.localdate(now)).values_list("day", flat=True)
    )
    return add_working_time(now, length, desk_week(), closed)
