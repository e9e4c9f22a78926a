"""What became of a message, for a colleague who has the patient on the phone."""

import re
from collections.abc import Mapping
from typing import NamedTuple

from django.utils import timezone

from bookings.messages.still_true import NOT_TO_PATIENT
from bookings.models import Message
from bookings.status import Channel, MessageKind, MessageStatus
from procedures.ground.counting import counted
from procedures.ground.email_addresses import readable
from procedures.ground.phones import shown

ENHANCED = re.compile(r"\b[245]\.\d{1,3}\.\d{1,3}\b")
# Why a mail server gave a message back (RFC 3463), by the beginning of its code: the longest that fits.
BOUNCED = {
    "5.1": "the address does not work",
    "5.1.1": "there is no such mailbox",
    "5.1.2": "there is no such mail server",
    "5.1.10": "the address accepts no email",
    "5.2": "the mailbox does not accept it",
    "5.2.1": "the mailbox is switched off",
    "5.2.2": "the mailbox is full",
    "5.4": "their mail server could not be reached",
    "5.7": "their mail server refused it",
}
UNKNOWN = "their mail server refused it"
NO_SUCH_NUMBER = "the number takes no text messages"
# Why a message was not sent, in the words of what had changed.
OVERTAKEN = {
    MessageKind.RECEIVED: "the request had ended",
    MessageKind.QUESTION: "we were no longer waiting for an answer",
    MessageKind.OFFER: "the times were no longer offered",
    MessageKind.OFFER_ENDS: "the times were no longer offered",
    MessageKind.BOOKED: "the appointment had changed",
    MessageKind.MOVED: "the appointment had changed",
    MessageKind.KEPT: "the appointment had changed",
    MessageKind.WITHDRAWN: "it was undone",
    MessageKind.AFTER_ALL: "it had changed again",
    MessageKind.CANCELLED: "the cancellation was undone",
    MessageKind.DECLINED: "it was undone",
    MessageKind.REMINDER: "the appointment had changed",
    MessageKind.AFTERWARDS: "it was undone",
    MessageKind.RECALL: "a follow-up had been arranged",
    MessageKind.PAGE_NEWS: "the visit or the page had changed again",
    MessageKind.UNSEEN: "somebody had seen to it",
    MessageKind.LATE: "somebody had seen to it",
}
# To whom a message goes that is not to the patient.
TO_OTHERS = {
    MessageKind.CONTACT_LEFT: "their old address",
    MessageKind.UNSEEN: "colleagues",
    MessageKind.LATE: "colleagues",
}
NOT_NEEDED = "it was no longer needed"


class MessageInWords(NamedTuple):
    """A message on the page of its request."""

    # Which message, how, and to whom.
    what: str
    # What came of it.
    outcome: str
    # When it left; empty if it has not.
    left: str
    # Whether somebody has to do something about it.
    is_lost: bool


def message_in_words(
    message: Message, colleagues: Mapping[str, str] | None = None
) -> MessageInWords:
    """Which message it is, to whom it went, and what came of it.

    `colleagues` says what those are called who printed or posted a letter, by their usernames.
    """
    name = message.get_kind_display().lower()
    if message.days_ahead:
        name += f", {counted(message.days_ahead, 'day')} before"
    if message.repeats_id:
        name += ", once more"
    to = _whom(message)
    channel = Channel(message.channel).label
    to_do = {MessageStatus.FAILED, MessageStatus.TO_TELL, MessageStatus.TO_POST}
    is_lost = message.status in to_do
    return MessageInWords(
        f"{channel} “{name}”{to}", _outcome(message, colleagues or {}), _at(message), is_lost
    )


def _whom(message: Message) -> str:
    if message.kind in NOT_TO_PATIENT:
        return f" to {TO_OTHERS.get(MessageKind(message.kind), 'our own inbox')}"
    if not message.sent_to:
        return ""
    if message.channel == Channel.PAPER:
        return f" to {message.sent_to}"
    is_text = message.channel == Channel.TEXT
    return f" to {shown(message.sent_to) if is_text else readable(message.sent_to)}"


def _outcome(message: Message, colleagues: Mapping[str, str]) -> str:
    if message.channel == Channel.PAPER:
        return _on_paper(message, colleagues)
    if message.channel == Channel.PHONE:
        is_told = message.status == MessageStatus.SENT
        return "told" if is_told else _not_sent(message) or "not told yet"
    if message.status == MessageStatus.SENT:
        if message.delivered:
            return f"arrived {timezone.localtime(message.delivered):%a %-d %b at %-H:%M}"
        taker = "provider" if message.channel == Channel.TEXT else "mail server"
        return f"accepted by the {taker}"
    if message.status == MessageStatus.FAILED:
        return f"not delivered: {_why(message)}"
    return _not_sent(message) or _waits(message)


def _on_paper(message: Message, colleagues: Mapping[str, str]) -> str:
    """Who printed a letter and when, and whether it has gone."""
    printed = f"{timezone.localtime(message.printed_at):%a %-d %b at %-H:%M}"
    who = (message.printed_by or "", message.sent_by or "")
    by, sent_by = (colleagues.get(each, each) for each in who)
    said = f"printed by {by}, {printed}"
    if message.status == MessageStatus.DROPPED:
        return f"{said}, and not used"
    if message.status == MessageStatus.TO_POST:
        return f"{said}, not posted yet"
    return f"{said}, {'posted' if message.sent_to else 'handed over'} by {sent_by}"


def _not_sent(message: Message) -> str:
    if message.status != MessageStatus.DROPPED:
        return ""
    return f"not sent, because {OVERTAKEN.get(MessageKind(message.kind), NOT_NEEDED)}"


def _waits(message: Message) -> str:
    if message.tries:
        tried = counted(message.tries, "try", "tries")
        return f"waiting after {tried}: our mail server cannot send it yet"
    return "waiting to be sent"


def _why(message: Message) -> str:
    """The reason, with the code for whoever looks after the server."""
    if message.channel == Channel.TEXT:
        return NO_SUCH_NUMBER
    found = ENHANCED.search(message.failure)
    if not found:
        return UNKNOWN
    parts = found[0].split(".")
    starts = [found[0], ".".join(parts[:2])]
    said = next((BOUNCED[each] for each in starts if each in BOUNCED), UNKNOWN)
    return f"{said} ({found[0]})"


def _at(message: Message) -> str:
    if message.sent_at is None:
        return ""
    return f"{timezone.localtime(message.sent_at):%a %-d %b at %-H:%M}"
