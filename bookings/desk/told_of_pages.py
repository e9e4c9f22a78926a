"""Who was told of the news of a page, in numbers, for whoever looks after the page."""

from collections import Counter
from datetime import datetime
from typing import NamedTuple

from bookings.messages.still_true import MATTERS_FOR
from bookings.models import Message
from bookings.status import MessageStatus
from procedures.models import InformationPage, PageEvent
from procedures.status import PageNews

MOST = 5


class Told(NamedTuple):
    """One piece of news, and how many patients with a visit to come have heard of it."""

    event: PageEvent
    what: str
    told: int
    waiting: int
    to_phone: int
    undelivered: int


def told_of(page: InformationPage, now: datetime) -> list[Told]:
    """The news of the page in the last weeks, the newest first, with who was told.

    Whoever no longer has to be told is not counted.
    """
    recent = PageEvent.objects.filter(page=page, at__gt=now - MATTERS_FOR).news()
    events = list(recent.select_related("revision").order_by("-number")[:MOST])
    messages = Message.objects.filter(notice__event__in=events)
    counted = Counter(messages.values_list("notice__event", "status"))
    return [
        Told(
            event,
            PageNews(event.news).label,
            told=counted[event.pk, MessageStatus.SENT],
            waiting=counted[event.pk, MessageStatus.QUEUED]
            + counted[event.pk, MessageStatus.TO_POST],
            to_phone=counted[event.pk, MessageStatus.TO_TELL],
            undelivered=counted[event.pk, MessageStatus.FAILED],
        )
        for event in events
    ]
