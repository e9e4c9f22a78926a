"""Tells patients what became of a page that they were given, then whoever follows it by email.

Nobody calls this when a page is published: the worker reads the history of pages. So it also tells
of steps that were taken while it was not running.
"""

from collections.abc import Iterator
from datetime import datetime
from functools import partial
from typing import Any

from django.db.models import Exists, Min, OuterRef, Q, QuerySet
from django.db.models.functions import Coalesce

from bookings import messages
from bookings.messages import subscriptions
from bookings.models import Appointment, Message, PageNotice, Subscription
from bookings.status import AppointmentStatus, MessageStatus
from procedures.ground.batches import Tally, one_by_one
from procedures.models import PageEvent


def tell_of_page_news(now: datetime) -> Tally:
    """Queue one message for each patient who was given a page before its newest news; how many.

    News that is older than the newest is overtaken, and told to nobody any more.
    """
    done = failed = 0
    for event in _newest_news(now):
        tell = partial(_tell, event=event, now=now)
        tally = one_by_one(_untold(event, now), tell, task="telling news of a page, appointment")
        done, failed = done + tally, failed + tally.failed
    return Tally(done, failed=failed)


def tell_subscribers(now: datetime) -> Tally:
    """Queue one letter for each subscriber of a page that had news; how many. Patients come first."""
    confirmed = Subscription.objects.filter(confirmed__isnull=False)
    first = confirmed.aggregate(first=Min("confirmed"))["first"]
    events = PageEvent.objects.select_related("page")
    found = events.newest_news(since=first) if first else []
    # A letter about a translation may tell of the English advice as well.
    waiting = {each.page_id for each in found if not _is_told_to_patients(each, now)}
    done = failed = 0
    for event in found:
        if waiting.isdisjoint({event.page_id, event.page.original_id}):
            untold = confirmed.to_hear_of(event.page).filter(told__lt=event.number).order_by("pk")
            tell = partial(subscriptions.tell, event=event, now=now)
            pks = list(untold.values_list("pk", flat=True))
            tally = one_by_one(pks, tell, task="telling news of a page, subscription")
            done, failed = done + tally, failed + tally.failed
    return Tally(done, failed=failed)


def _is_told_to_patients(event: PageEvent, now: datetime) -> bool:
    """Whether each patient to be told of it has their message, and each message was tried once."""
    untried = Message.objects.filter(
        notice__event=event, status=MessageStatus.QUEUED, tries=0, next_try__lte=now
    )
    return not any(_untold(event, now)) and not untried.exists()


def _newest_news(now: datetime) -> list[PageEvent]:
    """The newest news of the pages of which somebody may still have to be told."""
    coming = Appointment.objects.filter(
        status=AppointmentStatus.BOOKED, starts__gt=now, given__isnull=False
    )
    first = coming.aggregate(first=Min("booked_at"))["first"]
    return PageEvent.objects.newest_news(since=first) if first else []


def _untold(event: PageEvent, now: datetime) -> Iterator[int]:
    """The next visit of everybody who has not been told yet."""
    told = PageNotice.objects.filter(
        Q(person=OuterRef("whose")) | Q(person__joined_to=OuterRef("whose")), event=event
    )
    visits: QuerySet[Any] = Appointment.objects.given_before(event.page_id, event.at, now).annotate(
        whose=Coalesce("request__person__joined_to", "request__person")
    )
    untold = visits.filter(~Exists(told)).order_by("starts", "pk")
    # Of several visits of one person, the next is the one that the message is about.
    next_visits: dict[int, int] = {}
    for pk, whose in untold.values_list("pk", "whose"):
        next_visits.setdefault(whose, pk)
    yield from next_visits.values()


def _tell(pk: int, *, event: PageEvent, now: datetime) -> bool:
    visit = Appointment.objects.select_related("request__person__joined_to").get(pk=pk)
    person = visit.request.person
    whose = person.joined_to or person
    return messages.queue_news(event, whose, about=visit.request, now=now)
