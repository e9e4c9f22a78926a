"""Patients who have waited for us too long: colleagues are told of each wait once, by email."""

from datetime import datetime, timedelta
from functools import partial
from itertools import compress

from django.db.models import Exists, F, OuterRef, Subquery
from django.db.models.functions import Greatest

from bookings import messages
from bookings.diary.desk_hours import working_time_between
from bookings.models import AppointmentRequest, Message
from bookings.screening import unheard_urgent_flags
from bookings.status import MessageKind
from procedures.ground.batches import Tally, one_by_one

# While the desk is open: by then somebody should have phoned about an answer that cannot wait.
TIME_TO_PHONE = timedelta(minutes=30)

Waits = dict[int, datetime]


def tell_of_waits(now: datetime) -> Tally:
    """Queue an email about each wait that has become too long; return how many were queued.

    Either an answer that cannot wait, of which we have reached nobody and about which no clinician has
    recorded an outcome; or an answer of ours that is late. If nobody gets such an email, none is
    queued, and the lists at the desk say it alone.
    """
    done = failed = 0
    for kind, waits in ((MessageKind.UNSEEN, _unseen(now)), (MessageKind.LATE, _late(now))):
        if not waits or not messages.is_anybody_told_of_waits():
            continue
        tell = partial(_tell, kind=kind, waits=waits, now=now)
        tally = one_by_one(waits, tell, task="telling of the wait of request")
        done, failed = done + tally, failed + tally.failed
    return Tally(done, failed=failed)


def _unseen(now: datetime) -> Waits:
    """Since when each of them has had an open urgent answer, of those who have waited too long."""
    flags = unheard_urgent_flags()
    # An answer to an earlier request may be older than this one.
    begun = Greatest("answer__given_at", "request__received_at")
    oldest = flags.filter(request=OuterRef("pk")).annotate(begun=begun).order_by("begun")
    requests = AppointmentRequest.objects.filter(pk__in=flags.values("request")).annotate(
        since=Subquery(oldest.values("begun")[:1])
    )
    waits = list(
        requests.filter(~_told(MessageKind.UNSEEN), since__lte=now - TIME_TO_PHONE)
        .order_by("pk")
        .values_list("pk", "since")
    )
    open_for = working_time_between([(since, now) for _, since in waits])
    return dict(compress(waits, [length >= TIME_TO_PHONE for length in open_for]))


def _late(now: datetime) -> Waits:
    """By when we promised each of them an answer, of those to whom we owe one since."""
    waiting = AppointmentRequest.objects.waiting_for_clinic(now).filter(answer_due__lte=now)
    untold = waiting.annotate(since=F("answer_due")).filter(~_told(MessageKind.LATE))
    return dict(untold.order_by("since", "pk").values_list("pk", "since"))


def _told(kind: MessageKind) -> Exists:
    """Whether colleagues have been told of this wait."""
    return Exists(
        Message.objects.filter(request=OuterRef("pk"), kind=kind, queued_at__gte=OuterRef("since"))
    )


def _tell(pk: int, *, kind: MessageKind, waits: Waits, now: datetime) -> bool:
    request = AppointmentRequest.objects.get(pk=pk)
    return messages.queue_once(request, kind, now=now, since=waits[pk])
