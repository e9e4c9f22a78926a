"""The hours at which a message wakes nobody, and the same time of day on another day.

All of it in the clinic's time zone, where a day of the two clock changes has 23 or 25 hours.
"""

from datetime import UTC, datetime, time, timedelta

from django.utils import timezone

MORNING, EVENING = time(8), time(20)


def is_daytime(now: datetime) -> bool:
    """Whether a message may arrive now: from 8:00 until 20:00 in the clinic's time zone."""
    return MORNING <= timezone.localtime(now).time() < EVENING


def next_daytime(now: datetime) -> datetime:
    """Now if it is daytime, otherwise 8:00 on this day or the next."""
    if is_daytime(now):
        return now
    local = timezone.localtime(now)
    day = local.date() + timedelta(days=local.time() >= EVENING)
    return timezone.make_aware(datetime.combine(day, MORNING)).astimezone(UTC)


def same_time(instant: datetime, *, days: int) -> datetime:
    """The same time of day so many days later, or earlier if negative, as a clock on the wall has it."""
    # Python adds to a local time as if no clock ever changed, which is what is wanted here.
    return (timezone.localtime(instant) + timedelta(days=days)).astimezone(UTC)


def course(first: datetime, *, visits: int, weeks_apart: int) -> list[datetime]:
    """The times of a course of visits, all at the same time of day."""
    return [same_time(first, days=7 * weeks_apart * number) for number in range(visits)]
