"""By when we promised an answer, as colleagues say it: how long from now, or since when it is late."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from django.utils import timezone

from bookings.diary.desk_hours import working_time_between
from procedures.ground.counting import counted

# Further ahead the day and the hour say more than a number of hours.
NEAR = timedelta(hours=16)
AN_HOUR, A_WEEK = timedelta(hours=1), timedelta(days=7)


def in_words(dues: Sequence[datetime], now: datetime) -> list[str]:
    """For each promise “in 3 working hours” or “late since Tuesday”; empty if it is far ahead.

    Hours count only while the desk is open. However many there are, it takes one query.
    """
    left = working_time_between([(now, max(due, now)) for due in dues])
    return [
        late_since(due, now) if due < now else _ahead(hours)
        for due, hours in zip(dues, left, strict=True)
    ]


def late_since(due: datetime, now: datetime) -> str:
    """“late since 9:40”, “late since Tuesday”, “late since 3 November”, of a promise that has passed."""
    local, today = timezone.localtime(due), timezone.localdate(now)
    if local.date() == today:
        return f"late since {local:%-H:%M}"
    is_this_week = local.date() > today - A_WEEK
    return f"late since {local:%A}" if is_this_week else f"late since {local:%-d %B}"


def _ahead(left: timedelta) -> str:
    if left > NEAR:
        return ""
    hours = left // AN_HOUR
    return f"in {counted(hours, 'working hour')}" if hours else "within a working hour"
