"""Sends the messages that are due. One try each, and one failure stops no other message."""

import logging
from collections.abc import Callable
from datetime import datetime, timedelta

from django.utils import timezone

from bookings.diary.daytime import is_daytime, next_daytime
from bookings.messages import outbox, sms
from bookings.messages.clinic_addresses import told_by
from bookings.messages.failures import failure
from bookings.messages.letters import letter, text
from bookings.messages.still_true import MATTERS_FOR, NOT_TO_PATIENT, is_still_true
from bookings.models import Message, Outage
from bookings.status import TO_COLLEAGUES, Channel, MessageKind
from procedures.ground.batches import Failed, Tally, attempt, one_by_one
from procedures.models.restored import look_again

log = logging.getLogger(__name__)

# Waits between tries: more than four hours in all, so that a mail server can be repaired meanwhile.
WAITS = [timedelta(minutes=minutes) for minutes in (1, 5, 15, 30, 60, 60, 120, 240)]
# Shorter waits in an outage, so that emails go out soon after it ends.
LONGEST_WAIT_IN_AN_OUTAGE = timedelta(minutes=30)
LONG = timedelta(hours=1)
# However late a repaired mail server lets them out, these wake nobody.
ONLY_BY_DAY = {
    (MessageKind.REMINDER, Channel.EMAIL),
    (MessageKind.REMINDER, Channel.TEXT),
    (MessageKind.PAGE_NEWS, Channel.TEXT),
}
# As long as mail servers keep trying (RFC 5321, 4.5.4.1). By then somebody has to phone.
LONGEST_OUTAGE = timedelta(days=4)


def send_due(stopped: Callable[[], bool] = lambda: False) -> Tally:
    """Send what is due, oldest first, and return how many were sent.

    A quiet copy sends nothing. Safe to run in several workers. `stopped` is called before each
    message. Raises OperationalError or InterfaceError if the database is down.
    """
    if look_again():
        return Tally(0, 0)
    due = (pk for pk in outbox.due(timezone.now()) if not stopped())
    return one_by_one(due, _send, task="sending message")


def _send(pk: int) -> bool:
    if not outbox.take(pk, timezone.now()):
        return False
    outcome = attempt(_hand_over, pk)
    if isinstance(outcome, Failed):
        _note_failure(pk, outcome)
        return False
    return outcome


def _hand_over(pk: int) -> bool:
    """Give the message to a server and record that; False if it has to wait, or need not go."""
    related = ("request", "invitation__account", "subscription__page")
    message = Message.objects.select_related(*related).get(pk=pk)
    by_day = (message.kind, message.channel) in ONLY_BY_DAY
    if by_day and not is_daytime(now := timezone.now()):
        outbox.try_later(pk, next_daytime(now) - now, message.failure)
        return False
    if not is_still_true(message, timezone.now()):
        outbox.drop(pk)
        return False
    if not _may_go(message):
        _send_otherwise(message)
        return False
    if message.channel == Channel.TEXT:
        number, key = message.request.phone.as_e164, message.message_id
        since = message.queued_at if message.tries > 1 else None
        taken = sms.send(number, text(message), key=key, tried_since=since)
        outbox.mark_sent(pk, message.channel, _to_whom(message), **taken._asdict())
    else:
        letter(message).send()
        outbox.mark_sent(pk, message.channel, _to_whom(message))
    return True


def _to_whom(message: Message) -> str:
    """The patient's address or number; empty for our own inbox and for an address given up."""
    if message.kind in NOT_TO_PATIENT:
        return ""
    request = message.request
    return request.phone.as_e164 if message.channel == Channel.TEXT else request.email


def _may_go(message: Message) -> bool:
    """Whether the message may still be sent.

    An email to colleagues needs somebody who gets it, any other an address. A text message needs text
    messages to be switched on, and the patient's consent and number.
    """
    if message.kind in TO_COLLEAGUES:
        return bool(told_by(message))
    if message.invitation:
        return bool(message.invitation.account.email)
    if message.subscription:
        return True
    if message.channel == Channel.TEXT:
        return outbox.takes_texts(message.request)
    return bool(message.address or message.request.email)


def _send_otherwise(message: Message) -> None:
    """Drop what the patient hears in another way, and have a colleague tell the rest."""
    is_emailed = message.channel == Channel.TEXT and message.request.email
    if is_emailed or not outbox.has_to_be_told(message.kind, message.queued_by):
        outbox.drop(message.pk)
    else:
        outbox.leave_to_phone(message.pk)


def drop_what_need_not_be_told(now: datetime) -> Tally:
    """Drop what no colleague has to tell by phone any more; return how many were dropped."""
    waiting = Message.objects.to_tell().select_related("request").order_by("pk")
    untrue = [
        message.pk
        for message in waiting
        if message.queued_at <= now - MATTERS_FOR or not is_still_true(message, now)
    ]
    return one_by_one(untrue, outbox.drop_untold, task="dropping what has not been told")


def _note_failure(pk: int, outcome: Failed) -> None:
    """Retry the message later, or give up.

    We give up straight away if it will never arrive, otherwise when it has been tried for long
    enough.
    """
    now = timezone.now()
    message = Message.objects.select_related("request").get(pk=pk)
    found = failure(outcome.error)
    what = f"{found.what}, {outcome.where}"
    log.warning("Message %s was not sent, try %s: %s", pk, message.tries, what)
    if found.is_ours:
        outbox.note_outage(message.channel, found.what, now)
    if found.is_final or (message.tries > len(WAITS) and not _nothing_leaves(message)):
        outbox.give_up(pk, found.what, _to_whom(message))
        return
    longest = LONGEST_WAIT_IN_AN_OUTAGE if found.is_ours else WAITS[-1]
    outbox.try_later(pk, min(WAITS[min(message.tries, len(WAITS)) - 1], longest), found.what)


def _nothing_leaves(message: Message) -> bool:
    """Whether the message fails because of an outage that affects them all.

    If so, it will go out once that is repaired. Any message that goes out ends an outage, so
    a fault of this message alone never looks like a long one.
    """
    now = timezone.now()
    long_ones = Outage.objects.filter(channel=message.channel, since__lte=now - LONG)
    return now - message.queued_at < LONGEST_OUTAGE and long_ones.exists()
