"""What people ask about their data: noted when it reaches us, and answered by our last day.

`status/rights.py` is the table of states. Articles 12(3) and 12A of the UK GDPR give a month, and two
more if it is complex or the person asks several things. Our last day is the same day of the next month,
or that month's last day. The law is more generous: a weekend moves it, and the month begins when a proof
of identity that we had to ask for arrives. We never count on that, so nobody is answered too late.
https://ico.org.uk/for-organisations/uk-gdpr-guidance-and-resources/individual-rights/

A complaint is acknowledged within 30 days, and looked into without undue delay: section 164A of the Data
Protection Act 2018. The first of our 30 days is the one on which it reached us, although the
Commissioner counts from the next. Its outcome has no last day, so we say for how long it has been open.
https://www.legislation.gov.uk/ukpga/2025/18/section/103
"""

from calendar import monthrange
from collections.abc import Iterable
from datetime import date, datetime, timedelta
from typing import Any, NamedTuple

from django.contrib.auth.models import User
from django.db import transaction
from django.db.models import Count, F, Min, Q
from django.db.models.functions import Coalesce, Least
from django.utils import timezone

from bookings.models import Person, RightsRequest
from bookings.records.emptying import is_erased
from bookings.records.holds import lock
from bookings.status import RightAsked, RightsStatus, TriageRefused

MONTHS, MONTHS_IF_EXTENDED = 1, 3
DAYS_TO_ACKNOWLEDGE = 30
# Managers are told above everything else when the first last day is so near.
NEAR = timedelta(days=7)
# Whoever types a day further back has most likely mistyped the year.
LONGEST_AGO = timedelta(days=366)
OVERTAKEN = "A colleague has just changed this. Open the person again."


class Waiting(NamedTuple):
    """How many rights requests wait for an answer, how many are late, and the first of the last days.

    Acknowledged complaints have no last day, and are counted apart.
    """

    number: int
    late: int
    first_due: date | None
    is_near: bool
    complaints: int
    # For how many days the oldest of these has been open.
    days_open: int


class Seen(NamedTuple):
    """A rights request as it is on a day."""

    asked: RightsRequest
    is_late: bool
    days_open: int


class Answered(NamedTuple):
    """How many were answered, and how many of them after our last day."""

    number: int
    late: int


def last_day(day: date, months: int) -> date:
    """The same day so many months later, or the last day of that month if it has no such day."""
    years, month = divmod(day.month - 1 + months, 12)
    year, month = day.year + years, month + 1
    return date(year, month, min(day.day, monthrange(year, month)[1]))


def first_last_day(right: RightAsked, day: date) -> date:
    """Our last day for an answer to what reached us that day, or for acknowledging a complaint."""
    if right == RightAsked.COMPLAINT:
        return day + timedelta(days=DAYS_TO_ACKNOWLEDGE - 1)
    return last_day(day, MONTHS)


def seen(every: Iterable[RightsRequest], today: date) -> list[Seen]:
    """Each of these as it is today."""
    return [Seen(each, each.is_late(today), each.days_open(today)) for each in every]


def note_asked(
    person: Person, *, right: str, day: date, detail: str, by: User, now: datetime
) -> RightsRequest:
    """Note what a person asks about their data, and on which day it reached us."""
    today = timezone.localdate(now)
    with transaction.atomic():
        lock(person)
        if person.emptied_at:
            raise TriageRefused(f"What we held about this person was erased. {_still_due(right)}")
        if not today - LONGEST_AGO <= day <= today:
            raise TriageRefused("Choose today or a day within the last year.")
        if RightsRequest.objects.waiting().about(person).filter(right=right, day=day).exists():
            raise TriageRefused("A colleague has noted this already.")
        return RightsRequest.objects.create(
            person=person,
            right=RightAsked(right),
            detail=detail,
            day=day,
            due=first_last_day(RightAsked(right), day),
            noted_at=now,
            noted_by=by.get_username(),
        )


def extend(
    asked: RightsRequest, *, why_longer: str, longer_told: date, by: User, now: datetime
) -> RightsRequest:
    """Take two more months. The person was told so, and why, on that day."""
    with transaction.atomic():
        lock(asked.person)
        if asked.person.emptied_at:
            raise TriageRefused(
                "What we held about this person was erased, so nothing takes longer."
            )
        return _step(
            asked,
            RightsStatus.EXTENDED,
            due=last_day(asked.day, MONTHS_IF_EXTENDED),
            why_longer=why_longer,
            longer_told=longer_told,
            extended_at=now,
            extended_by=by.get_username(),
        )


def acknowledge(
    asked: RightsRequest, *, receipt: str, receipt_told: date, by: User, now: datetime
) -> RightsRequest:
    """Note that somebody who complained was told on that day that we have the complaint.

    Of somebody whom two people erased meanwhile the words are not kept, as in an answer.
    """
    with transaction.atomic():
        lock(asked.person)
        return _step(
            asked,
            RightsStatus.ACKNOWLEDGED,
            receipt=_kept(asked, receipt),
            receipt_told=receipt_told,
            acknowledged_at=now,
            acknowledged_by=by.get_username(),
        )


def answer(
    asked: RightsRequest, *, outcome: str, said: str, told: date, by: User, now: datetime
) -> RightsRequest:
    """Note what the person was told on that day, and whether it was done.

    Of somebody whom two people erased meanwhile only the outcome is kept: what was erased stays erased.
    If the clock emptied them, the words have a time of their own, so that we can show what we said.
    """
    with transaction.atomic():
        lock(asked.person)
        return _step(
            asked,
            RightsStatus(outcome),
            reply=_kept(asked, said),
            told=told,
            answered_at=now,
            answered_by=by.get_username(),
        )


def waiting(now: datetime) -> Waiting | None:
    """What waits for an answer at that instant, without anybody's name; None if nothing does."""
    today = timezone.localdate(now)
    unheard, acknowledged = Q(receipt_told=None), Q(receipt_told__isnull=False)
    found = RightsRequest.objects.waiting().aggregate(
        number=Count("pk", filter=unheard),
        late=Count("pk", filter=unheard & Q(due__lt=today)),
        first_due=Min("due", filter=unheard),
        complaints=Count("pk", filter=acknowledged),
        since=Min("day", filter=acknowledged),
    )
    since, first_due = found.pop("since"), found["first_due"]
    if not found["number"] and not since:
        return None
    return Waiting(
        **found,
        is_near=first_due is not None and first_due <= today + NEAR,
        days_open=(today - since).days if since else 0,
    )


def answered_since(day: date) -> Answered:
    """What people were told since that day; late is what they first heard after our last day."""
    given = RightsRequest.objects.filter(told__gte=day).exclude(status=RightsStatus.TAKEN_BACK)
    late = Count("pk", filter=Q(heard__gt=F("due")))
    given = given.annotate(heard=Least(Coalesce("receipt_told", "told"), "told"))
    return Answered(**given.aggregate(number=Count("pk"), late=late))


def awaits_copy(person: Person) -> bool:
    """Whether the person waits for a copy of what we hold: until then it must not be erased."""
    open_ones = RightsRequest.objects.waiting().about(person)
    return open_ones.filter(right=RightAsked.COPY).exists()


def is_kept_for_answer(person: Person) -> bool:
    """Whether the person waits for an answer for which what we hold is needed."""
    return RightsRequest.objects.keeping().about(person).exists()


def _still_due(right: str) -> str:
    if right == RightAsked.COMPLAINT:
        return (
            "Tell a manager: the complaint still has to be acknowledged within "
            f"{DAYS_TO_ACKNOWLEDGE} days, and answered."
        )
    return "Tell a manager: they still need an answer within a month."


def _kept(asked: RightsRequest, words: str) -> str:
    return "" if is_erased(asked.person) else words


def _step(asked: RightsRequest, to: RightsStatus, **changes: Any) -> RightsRequest:
    """Change the status if it may become that, and nobody else has changed it meanwhile."""
    same = RightsRequest.objects.which_may_become(to).filter(pk=asked.pk, status=asked.status)
    if not same.order_by().update(status=to, **changes):
        raise TriageRefused(OVERTAKEN)
    asked.refresh_from_db()
    return asked
