"""Roughly how long people wait at the moment, in words for somebody who is about to ask.

Only counts and whole days leave this module, and only of twenty people or more, so nobody can be
recognised in them.
"""

import math
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from functools import lru_cache

from django.db.models import Min
from django.utils import timezone
from django.utils.translation import gettext, ngettext

from bookings.diary.desk_hours import working_days_between
from bookings.models import Appointment, RequestEvent
from bookings.status import CLOCK, PATIENT, AppointmentStatus
from bookings.status.events import ANSWERS

WEEKS = 8
# Fewer say little about the next person, and might say too much about one of them.
LEAST = 20
# An answer to a request that came before that would be no first one.
LONGEST = timedelta(weeks=26)
SECONDS_KEPT = 3600
DAYS_A_WEEK = 7


def usual_wait(now: datetime) -> list[str]:
    """One sentence on the wait for an answer, and one on the wait for a visit.

    One that would rest on too few people is left out. They are kept in this process for an hour.
    """
    to_answer, to_visit = _of_the_hour(int(now.timestamp()) // SECONDS_KEPT)
    return [
        *([_heard(to_answer)] if to_answer else []),
        *([_seen(to_visit)] if to_visit else []),
    ]


def forget() -> None:
    """Forget the figures that this process keeps, so that they are counted again."""
    _of_the_hour.cache_clear()


@lru_cache(maxsize=1)
def _of_the_hour(hour: int) -> tuple[tuple[int, int] | None, tuple[int, int] | None]:
    until = datetime.fromtimestamp(hour * SECONDS_KEPT, UTC)
    since = until - timedelta(weeks=WEEKS)
    return _half_and_most(_days_to_answer(since, until)), _half_and_most(
        _days_to_visit(since, until)
    )


def _half_and_most(waits: Sequence[int]) -> tuple[int, int] | None:
    """How long half of the people and 9 in 10 of them waited; None if there are too few."""
    if len(waits) < LEAST:
        return None
    in_order = sorted(waits)
    half, most = (in_order[math.ceil(len(waits) * part) - 1] for part in (0.5, 0.9))
    return half, most


def _heard(days: tuple[int, int]) -> str:
    half, most = map(_working_days, days)
    if half == most:
        return gettext("9 in 10 people heard from us within {most}.").format(most=most)
    return gettext(
        "Half of the people heard from us within {half}, and 9 in 10 within {most}."
    ).format(half=half, most=most)


def _seen(days: tuple[int, int]) -> str:
    half, most = map(_days_or_weeks, days)
    if half == most:
        return gettext("9 in 10 people were seen within {most}.").format(most=most)
    return gettext("Half of the people were seen within {half}, and 9 in 10 within {most}.").format(
        half=half, most=most
    )


def _days_to_answer(since: datetime, until: datetime) -> list[int]:
    """The working days from each request to our first answer, for answers in that time.

    Somebody on the phone is answered straight away, which says nothing to whoever writes to us.
    """
    told = RequestEvent.objects.filter(
        kind__in=ANSWERS,
        at__lt=until,
        request__received_by=PATIENT,
        request__received_at__gte=since - LONGEST,
    ).exclude(by__in=[PATIENT, CLOCK])
    first = told.values("request__received_at", "request").annotate(first=Min("at"))
    pairs = first.filter(first__gte=since).values_list("request__received_at", "first")
    return working_days_between(pairs)


def _days_to_visit(since: datetime, until: datetime) -> list[int]:
    """The days from each request to its visit, for visits in that time to which people came."""
    seen = Appointment.objects.filter(
        status=AppointmentStatus.FULFILLED, starts__gte=since, starts__lt=until
    )
    return [
        (timezone.localdate(starts) - timezone.localdate(received)).days
        for received, starts in seen.values_list("request__received_at", "starts")
    ]


def _working_days(days: int) -> str:
    days = max(days, 1)
    return ngettext("{number} working day", "{number} working days", days).format(number=days)


def _days_or_weeks(days: int) -> str:
    weeks = math.ceil(days / DAYS_A_WEEK)
    if weeks > 1:
        return ngettext("{number} week", "{number} weeks", weeks).format(number=weeks)
    days = max(days, 1)
    return ngettext("{number} day", "{number} days", days).format(number=days)
