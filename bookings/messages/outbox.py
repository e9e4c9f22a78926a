"""The queue of messages: what is waiting, which worker has it, and what became of it.

A worker leases a message. If the worker dies, another one takes the message when the lease has
expired, so it is sent at least once.
"""

import secrets
import socket
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from django.conf import settings
from django.db import IntegrityError, transaction
from django.db.models import F
from django.utils import timezone

from bookings.messages.clinic_addresses import told_of, told_of_late
from bookings.messages.still_true import NOT_TO_PATIENT, dropped_but_true
from bookings.models import (
    AppointmentRequest,
    Message,
    Outage,
    PageNotice,
    Person,
    Subscription,
    TextReply,
    WorkerRun,
)
from bookings.status import (
    CLOCK,
    PATIENT,
    TO_COLLEAGUES,
    TO_SUBSCRIBERS,
    Channel,
    MessageKind,
    MessageStatus,
)
from procedures.models import Invitation, PageEvent
from procedures.models.clinic import details

# How long one try may take before another worker may take the message over.
LEASE = timedelta(minutes=5)
SECONDS_OF_A_MINUTE = 60
BETWEEN_NOTES = timedelta(minutes=1)
# How many messages are fetched in one go.
BATCH = 200
# Messages that are urgent or easily forgotten.
TEXTED = {
    MessageKind.OFFER,
    MessageKind.OFFER_ENDS,
    MessageKind.BOOKED,
    MessageKind.MOVED,
    MessageKind.CANCELLED,
    MessageKind.REMINDER,
}
# How long what a colleague did can be undone. Until then nothing about it leaves.
GRACE = timedelta(minutes=3)
CAN_BE_UNDONE = {
    MessageKind.OFFER,
    MessageKind.DECLINED,
    MessageKind.CANCELLED,
    MessageKind.AFTERWARDS,
}
# What no patient has to be phoned about: they took the step, or it went to our own inbox, to a colleague
# or to an address that was given up, often because nothing arrives there.
OF_NO_WEIGHT = (
    MessageKind.WITHDRAWN,
    MessageKind.AFTER_ALL,
    *TO_COLLEAGUES,
    MessageKind.AFTERWARDS,
    MessageKind.CONTACT_LEFT,
    MessageKind.INVITATION,
    *TO_SUBSCRIBERS,
)


class StillBeingSent(Exception):
    """A worker is sending the message."""


def queue(
    request: AppointmentRequest,
    *kinds: MessageKind,
    by: str,
    now: datetime,
    not_before: datetime | None = None,
    on_the_phone: bool = False,
    days_ahead: int = 0,
    repeats: Message | None = None,
    event: PageEvent | None = None,
    since: datetime | None = None,
) -> list[Message]:
    """Write the messages of a change, in its transaction.

    There is one of a kind for each version, and a text message beside it if the patient agreed to
    those. Without an email address there is only the text message; without that too, a colleague
    has to tell them, unless they were `on_the_phone` or did it themselves. Messages go out as soon
    as possible, but not before `not_before`, and what a colleague can still undo not before that is
    too late. `repeats` is the message that these send once more, `event` what happened to a page
    if they tell of that, and `since` when a wait began if they tell of that.
    """
    number = _number(request, event, since)
    return Message.objects.bulk_create(
        Message(
            request=request,
            kind=kind,
            channel=channel,
            status=MessageStatus.TO_TELL if channel == Channel.PHONE else MessageStatus.QUEUED,
            request_version=number,
            days_ahead=days_ahead,
            message_id=secrets.token_urlsafe(32),
            queued_at=now,
            queued_by=by,
            next_try=not_before or _leaves(kind, by=by, now=now),
            repeats=repeats,
        )
        for kind in kinds
        for channel in _channels(request, kind, by=by, on_the_phone=on_the_phone)
    )


def _number(request: AppointmentRequest, event: PageEvent | None, since: datetime | None) -> int:
    """What there is one message of a kind about: a version, a page's event or the minute of a wait."""
    if since:
        return int(since.timestamp()) // SECONDS_OF_A_MINUTE
    return event.number if event else request.version


def _leaves(kind: MessageKind, *, by: str, now: datetime) -> datetime:
    """When a message may go out."""
    can_be_undone = kind in CAN_BE_UNDONE and by not in {PATIENT, CLOCK}
    return now + GRACE if can_be_undone else now


def repeat(message: Message, *, by: str, now: datetime) -> bool:
    """Queue a message once more, to where we reach the patient now; False if we cannot write.

    A colleague has somebody on the phone who waits for it, so it leaves straight away.
    """
    request, kind = message.request, MessageKind(message.kind)
    if not _written(request, kind):
        return False
    root = message.repeats or message
    days = message.days_ahead
    queue(request, kind, by=by, now=now, not_before=now, days_ahead=days, repeats=root)
    return True


def take_back(request: AppointmentRequest, kind: MessageKind, *, since: datetime) -> bool:
    """Drop what was queued about a step that is being undone; False if a worker has it already."""
    about = Message.objects.filter(request=request, kind=kind, queued_at__gte=since)
    waiting = about.filter(tries=0, status__in=[MessageStatus.QUEUED, MessageStatus.TO_TELL])
    waiting.update(status=MessageStatus.DROPPED)
    return not about.exclude(status=MessageStatus.DROPPED).exists()


def write_again(request: AppointmentRequest, *, by: str, now: datetime) -> None:
    """Queue once more what a step had made untrue before it was sent, now that the step is undone.

    Without it, a patient whose mail was late would never be told of what stands again.
    """
    for message in dropped_but_true(request, now):
        kind, days = MessageKind(message.kind), message.days_ahead
        root = message.repeats or message
        queue(request, kind, by=by, now=now, not_before=now, days_ahead=days, repeats=root)


def queue_once(
    request: AppointmentRequest,
    kind: MessageKind,
    *,
    now: datetime,
    days_ahead: int = 0,
    since: datetime | None = None,
) -> bool:
    """Write a message that the clock asks for; False if another worker was faster.

    `days_ahead` tells the reminders of one visit apart, `since` the waits of one request.
    """
    try:
        with transaction.atomic():
            queue(request, kind, by=CLOCK, now=now, days_ahead=days_ahead, since=since)
    except IntegrityError:
        return False
    return True


def queue_news(
    event: PageEvent, person: Person, *, about: AppointmentRequest, now: datetime
) -> bool:
    """Tell somebody of news of the page that they were given; False if another worker was faster.

    `about` is the request of the visit for which they were given it.
    """
    try:
        with transaction.atomic():
            [message] = queue(about, MessageKind.PAGE_NEWS, by=CLOCK, now=now, event=event)
            PageNotice.objects.create(event=event, person=person, message=message)
    except IntegrityError:
        return False
    return True


def tell_old_address(request: AppointmentRequest, old: str, *, by: str, now: datetime) -> None:
    """Queue a notice without a link to the old address, which may be the real patient's."""
    queue(request, MessageKind.CONTACT_LEFT, by=by, now=now)
    Message.objects.filter(
        request=request, kind=MessageKind.CONTACT_LEFT, request_version=request.version
    ).update(address=old)


def is_anybody_told(request: AppointmentRequest) -> bool:
    """Whether an inbox or a colleague gets an email when this request waits for us."""
    return bool(details().inbox or told_of(request))


def is_anybody_told_of_waits() -> bool:
    """Whether anybody gets an email about a patient who has waited too long."""
    return bool(told_of_late())


def notify_clinic(request: AppointmentRequest, *, now: datetime) -> None:
    """Tell the clinic's inbox, and colleagues who want to know, that something is waiting."""
    if is_anybody_told(request):
        queue(request, MessageKind.CLINIC_NOTICE, by=PATIENT, now=now)


def queue_invitation(invitation: Invitation, *, by: str, now: datetime) -> None:
    """Write the email with a colleague's link, in the transaction that made the invitation."""
    Message.objects.create(
        invitation=invitation,
        kind=MessageKind.INVITATION,
        request_version=0,
        message_id=secrets.token_urlsafe(32),
        queued_at=now,
        queued_by=by,
        next_try=now,
    )


def queue_to_subscriber(
    subscription: Subscription, kind: MessageKind, *, now: datetime, event: PageEvent | None = None
) -> None:
    """Write a letter to somebody who follows a page, about what happened to it if that is the news."""
    Message.objects.create(
        subscription=subscription,
        kind=kind,
        request_version=event.number if event else 0,
        message_id=secrets.token_urlsafe(32),
        queued_at=now,
        queued_by=CLOCK if event else PATIENT,
        next_try=now,
    )


def takes_texts(request: AppointmentRequest) -> bool:
    """Whether we may and can send text messages about this request.

    Whoever answered STOP gets none, whatever they agreed to on a form since: they text START first.
    """
    agreed = settings.TEXT_MESSAGES and request.text_messages and request.phone
    return bool(agreed) and not TextReply.objects.has_stopped(request.phone.as_e164)


def has_to_be_told(kind: str, by: str) -> bool:
    """Whether a colleague has to phone about this, if we cannot write to the patient.

    Not about what patients did on their own page, which told them so. Somebody who has lost their
    code saw nothing.
    """
    return kind not in OF_NO_WEIGHT and (by != PATIENT or kind == MessageKind.LINK)


def _channels(
    request: AppointmentRequest, kind: MessageKind, *, by: str, on_the_phone: bool
) -> list[Channel]:
    if written := _written(request, kind):
        return written
    return [Channel.PHONE] if has_to_be_told(kind, by) and not on_the_phone else []


def _written(request: AppointmentRequest, kind: MessageKind) -> list[Channel]:
    """In which ways we can write it; none if it has to be told, or is of no weight."""
    if kind in NOT_TO_PATIENT or request.email:
        texted = kind in TEXTED and takes_texts(request)
        return [Channel.EMAIL, Channel.TEXT] if texted else [Channel.EMAIL]
    # A code has to be read out: a text message would leave it on a phone that others may use.
    if kind != MessageKind.LINK and takes_texts(request):
        return [Channel.TEXT]
    return []


def due(now: datetime) -> list[int]:
    """The messages that can be sent at that instant, oldest first."""
    waiting = Message.objects.due(now).order_by("next_try", "pk")
    return list(waiting.values_list("pk", flat=True)[:BATCH])


def take(pk: int, now: datetime) -> bool:
    """Lease a message; False if another worker has it or had it."""
    free = Message.objects.due(now).filter(pk=pk)
    return bool(free.update(leased_until=now + LEASE, tries=F("tries") + 1))


def drop(pk: int) -> None:
    """Drop a message whose news is no longer true."""
    _close(pk, MessageStatus.DROPPED)


def drop_untold(pk: int) -> bool:
    """Drop what no longer has to be told by phone; False if a colleague has just told it."""
    return bool(Message.objects.to_tell().filter(pk=pk).update(status=MessageStatus.DROPPED))


def drop_all(request: AppointmentRequest) -> None:
    """Drop what still waits about a request of which nothing is left to tell."""
    waiting = [MessageStatus.QUEUED, MessageStatus.TO_TELL]
    Message.objects.filter(request=request, status__in=waiting).update(
        status=MessageStatus.DROPPED, leased_until=None
    )


def mark_sent(pk: int, channel: str, to: str, **taken: Any) -> None:
    """Mark a message as sent, and where to, which ends an outage of its channel.

    `taken` is what a gateway says of a text.
    """
    now, sender = timezone.now(), socket.gethostname()
    _close(pk, MessageStatus.SENT, sent_at=now, sent_by=sender, failure="", sent_to=to, **taken)
    Outage.objects.filter(channel=channel).delete()


def leave_to_phone(pk: int) -> None:
    """Make a colleague tell what cannot be written to the patient any more."""
    _close(pk, MessageStatus.TO_TELL, channel=Channel.PHONE)


def note_told(request: AppointmentRequest, *, by: str, now: datetime, **which: Any) -> None:
    """Record that a colleague told the patient some of what they had to be told."""
    told = Message.objects.to_tell().filter(request=request, **which)
    told.update(status=MessageStatus.SENT, sent_at=now, sent_by=by)


def give_up(pk: int, failure: str, to: str) -> None:
    """Give up on a message that will never arrive: somebody has to phone instead."""
    _close(pk, MessageStatus.FAILED, failure=failure, sent_to=to)


def try_later(pk: int, wait: timedelta, failure: str) -> None:
    """Put a message back, to be tried again after that time."""
    _queued(pk).update(next_try=timezone.now() + wait, leased_until=None, failure=failure)


def note_outage(channel: str, code: str, now: datetime) -> None:
    """Record that messages of this channel do not go out, for a reason of our own.

    The first moment is kept until one goes out again, with the newest code.
    """
    Outage.objects.bulk_create(
        [Outage(channel=channel, since=now, code=code)],
        update_conflicts=True,
        unique_fields=["channel"],
        update_fields=["code"],
    )


def note_run(now: datetime, *, failed: int) -> None:
    """Record that a worker has completed a round, and for how many rows it failed.

    This is written once a minute, or when the number changes.
    """
    fresh = WorkerRun.objects.filter(ran_at__gt=now - BETWEEN_NOTES, failed=failed)
    if fresh.exists():
        return
    WorkerRun.objects.update_or_create(
        pk=WorkerRun.THE_ONE,
        defaults={"ran_at": now, "ran_by": socket.gethostname(), "failed": failed},
    )


def note_returned(message_id: str, code: str) -> bool:
    """Record that a mail server gave up on a message after accepting it.

    Returns False if the message is not one of ours. Raises StillBeingSent if a worker has not yet
    recorded that it sent the message.
    """
    ours = Message.objects.filter(message_id=message_id)
    if ours.filter(status=MessageStatus.QUEUED, tries__gt=0).exists():
        raise StillBeingSent
    sent = ours.filter(status=MessageStatus.SENT)
    return bool(sent.update(status=MessageStatus.FAILED, failure=f"returned {code}".strip()))


def note_report(
    message_id: str, *, price: Decimal | None, has_arrived: bool, now: datetime
) -> None:
    """Keep what a gateway reports of a text that left: that it arrived, and what it cost."""
    ours = Message.objects.filter(message_id=message_id, status=MessageStatus.SENT)
    if has_arrived:
        ours.filter(delivered=None).update(delivered=now)
    if price is not None:
        ours.update(price=price)


def _queued(pk: int) -> Any:
    # The report may have arrived before a slow worker recorded the sending.
    return Message.objects.filter(pk=pk, status=MessageStatus.QUEUED)


def _close(pk: int, status: MessageStatus, **columns: Any) -> None:
    _queued(pk).update(status=status, leased_until=None, address="", **columns)
