"""Roughly how long people wait at the moment, in words for somebody who is about to ask.

Only counts and whole days leave this module, and only of twenty people or more, so nobody can be
recognised in them.
"""

import math
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from functools import lru_cache

from django.db.models import Min
from django.utils import timezone

from bookings.diary.desk_hours import working_days_between
from bookings.models import Appointment, RequestEvent
from bookings.status import CLOCK, PATIENT, AppointmentStatus
from bookings.status.events import ANSWERS
from procedures.ground.counting import counted

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
    return list(_of_the_hour(int(now.timestamp()) // SECONDS_KEPT))


def forget() -> None:
    """Forget the figures that this process keeps, so that they are counted again."""
    _of_the_hour.cache_clear()


@lru_cache(maxsize=1)
def _of_the_hour(hour: int) -> tuple[str, ...]:
    until = datetime.fromtimestamp(hour * SECONDS_KEPT, UTC)
    since = until - timedelta(weeks=WEEKS)
    return tuple(
        sentence
        for sentence in (
            _sentence("heard from us within", _days_to_answer(since, until), _working_days),
            _sentence("were seen within", _days_to_visit(since, until), _days_or_weeks),
        )
        if sentence
    )


def _sentence(what: str, waits: Sequence[int], spoken: Callable[[int], str]) -> str:
    """How long half of the people and 9 in 10 of them waited; empty if there are too few."""
    if len(waits) < LEAST:
        return ""
    in_order = sorted(waits)
    half, most = (spoken(in_order[math.ceil(len(waits) * part) - 1]) for part in (0.5, 0.9))
    if half == most:
        return f"9 in 10 people {what} {most}."
    return f"Half of the people {what} {half}, and 9 in 10 {what.split()[-1]} {most}."


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
    return counted(max(days, 1), "working day")


def _days_or_weeks(days: int) -> str:
    weeks = math.ceil(days / DAYS_A_WEEK)
    return counted(weeks, "week") if weeks > 1 else counted(max(days, 1), "day")
