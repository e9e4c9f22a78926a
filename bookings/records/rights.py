"""What people ask about their data: noted when it reaches us, and answered within the time of the law.

`status/rights.py` is the table of states. The time is that of article 12(3) of the UK GDPR, counted as
the Information Commissioner says: from the day on which it reached anybody at the clinic until the same
day of the next month, or that month's last day; if more time is needed, until the same day two months
later, of which the person hears within the first. We never add the days that a weekend would allow.
"""

from calendar import monthrange
from datetime import date, datetime
from typing import Any, NamedTuple

from django.contrib.auth.models import User
from django.db import transaction
from django.db.models import Count, F, Min, Q
from django.utils import timezone

from bookings.models import Person, RightsRequest
from bookings.records.holds import lock
from bookings.status import RightAsked, RightsStatus, TriageRefused
from bookings.status.rights import TRANSITIONS

MONTHS, MONTHS_IF_EXTENDED = 1, 3
OVERTAKEN = "A colleague has just changed this. Open the person again."


def last_day(day: date, months: int) -> date:
    """The same day so many months later, or the last day of that month if it has no such day."""
    years, month = divmod(day.month - 1 + months, 12)
    year, month = day.year + years, month + 1
    return date(year, month, min(day.day, monthrange(year, month)[1]))


def note_asked(
    person: Person, *, right: str, day: date, detail: str, by: User, now: datetime
) -> RightsRequest:
    """Note what a person asks about their data. From now on nothing about them goes by itself."""
    with transaction.atomic():
        lock(person)
        if person.emptied_at:
            raise TriageRefused("What we held about this person was erased. Tell them so.")
        if day > timezone.localdate(now):
            raise TriageRefused("Choose today or an earlier day.")
        return RightsRequest.objects.create(
            person=person,
            right=RightAsked(right),
            detail=detail,
            day=day,
            due=last_day(day, MONTHS),
            noted_at=now,
            noted_by=by.get_username(),
        )


def extend(asked: RightsRequest, *, why_longer: str, by: User, now: datetime) -> RightsRequest:
    """Take two more months. The person was told so, and why, before the first was over."""
    if timezone.localdate(now) > asked.due:
        raise TriageRefused(
            "The first month is over, so it cannot be extended any more. Answer as soon as you can."
        )
    return _step(
        asked,
        RightsStatus.EXTENDED,
        due=last_day(asked.day, MONTHS_IF_EXTENDED),
        why_longer=why_longer,
        extended_at=now,
        extended_by=by.get_username(),
    )


def answer(
    asked: RightsRequest, *, outcome: str, said: str, by: User, now: datetime
) -> RightsRequest:
    """Note what the person was told, and whether it was done."""
    return _step(
        asked,
        RightsStatus(outcome),
        reply=said,
        answered_at=now,
        answered_by=by.get_username(),
    )


class Waiting(NamedTuple):
    """How many wait for an answer about their data, and the first of their last days."""

    number: int
    first_due: date
    is_late: bool


def waiting(now: datetime) -> Waiting | None:
    """Who waits at that instant, without anybody's name; None if nobody does."""
    found = RightsRequest.objects.waiting().aggregate(number=Count("pk"), first=Min("due"))
    if not found["number"]:
        return None
    return Waiting(found["number"], found["first"], found["first"] < timezone.localdate(now))


class Answered(NamedTuple):
    """How many were answered, and how many of them after their last day."""

    number: int
    late: int


def answered_since(moment: datetime) -> Answered:
    """What was answered since that instant."""
    since = RightsRequest.objects.filter(answered_at__gte=moment)
    late = Count("pk", filter=Q(answered_at__date__gt=F("due")))
    return Answered(**since.aggregate(number=Count("pk"), late=late))


def awaits_copy(person: Person) -> bool:
    """Whether the person waits for a copy of what we hold: until then it must not be erased."""
    waiting = RightsRequest.objects.waiting().about(person)
    return waiting.filter(right=RightAsked.COPY).exists()


def is_awaited(person: Person) -> bool:
    """Whether the person waits for an answer about their data."""
    return RightsRequest.objects.waiting().about(person).exists()


def _step(asked: RightsRequest, to: RightsStatus, **changes: Any) -> RightsRequest:
    """Change the status if nobody else has done so meanwhile."""
    before = [status for status, following in TRANSITIONS.items() if to in following]
    seen = RightsRequest.objects.filter(pk=asked.pk, status=asked.status, status__in=before)
    if not seen.update(status=to, **changes):
        raise TriageRefused(OVERTAKEN)
    asked.refresh_from_db()
    return asked
