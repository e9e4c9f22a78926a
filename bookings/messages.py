"""Messages to patients and to the clinic's inbox. The only writer of `Message`.

Discreet by construction: a row names a request and a kind, and the text is made from a template that
is given nothing but the reference, the clinic and the private link; and day, time and place for those
who agreed to that. A row is written in the
transaction of what it tells, and sent after the commit by `manage.py send_messages`.
"""

import logging
import secrets
import smtplib
import socket
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.core.mail import EmailMessage
from django.db import IntegrityError, transaction
from django.db.models import F
from django.template.loader import render_to_string
from django.utils import timezone

from bookings import texts
from bookings.calendar_files import invitation
from bookings.links import link_ends, private_link
from bookings.models import AppointmentRequest, Message
from bookings.status import CLOCK, Channel, MessageKind, MessageStatus
from bookings.still_true import is_still_true

log = logging.getLogger(__name__)

# How long one try may take before another worker may take the message over.
LEASE = timedelta(minutes=5)
# Waits between tries: more than four hours in all, so that a mail server can be mended meanwhile.
WAITS = [timedelta(minutes=minutes) for minutes in (1, 5, 15, 30, 60, 60, 120, 240)]
PERMANENT = range(500, 600)
# What is urgent or easily forgotten.
TEXTED = {
    MessageKind.OFFER,
    MessageKind.OFFER_ENDS,
    MessageKind.BOOKED,
    MessageKind.MOVED,
    MessageKind.CANCELLED,
    MessageKind.REMINDER,
}
# The clinic's own, and what goes to an address that the patient has left.
WITHOUT_LINK = {MessageKind.CLINIC_NOTICE, MessageKind.CONTACT_LEFT}
# What tells day, time and place to patients who agreed to that.
WITH_DETAIL = {
    MessageKind.BOOKED,
    MessageKind.MOVED,
    MessageKind.CANCELLED,
    MessageKind.REMINDER,
}
# As a file, for everybody: day, time and address, without a reason.
WITH_CALENDAR = WITH_DETAIL


class StillBeingSent(Exception):
    """A worker has the message in its hands."""


def queue(
    request: AppointmentRequest,
    *kinds: MessageKind,
    by: str,
    now: datetime,
    not_before: datetime | None = None,
) -> None:
    """Write the messages of a change, in its transaction. One of a kind for each version, and a text
    beside it if the patient agreed to texts. They leave as soon as they can, but not before that."""
    Message.objects.bulk_create(
        Message(
            request=request,
            kind=kind,
            channel=channel,
            request_version=request.version,
            message_id=secrets.token_urlsafe(32),
            queued_at=now,
            queued_by=by,
            next_try=not_before or now,
        )
        for kind in kinds
        for channel in _channels(request, kind)
    )


def tell_old_address(request: AppointmentRequest, old: str, *, by: str, now: datetime) -> None:
    """Write a word without a link to the address that was left, in case it was not the patient."""
    queue(request, MessageKind.CONTACT_LEFT, by=by, now=now)
    Message.objects.filter(
        request=request, kind=MessageKind.CONTACT_LEFT, request_version=request.version
    ).update(address=old)


def _channels(request: AppointmentRequest, kind: MessageKind) -> list[Channel]:
    texted = kind in TEXTED and settings.TEXT_MESSAGES and request.text_messages and request.phone
    return [Channel.EMAIL, Channel.TEXT] if texted else [Channel.EMAIL]


def queue_once(request: AppointmentRequest, kind: MessageKind, *, now: datetime) -> bool:
    """Write what the clock asks for; False if another worker was faster."""
    try:
        with transaction.atomic():
            queue(request, kind, by=CLOCK, now=now)
    except IntegrityError:
        return False
    return True


def send_due() -> int:
    """Send what is due, oldest first; the number sent. Safe to run in several workers at once."""
    sent = 0
    due = Message.objects.due(timezone.now()).order_by("next_try", "pk")
    for pk in due.values_list("pk", flat=True)[:200]:
        sent += _send(pk)
    return sent


def note_returned(message_id: str, code: str) -> bool:
    """A mail server took the message and gave it up later; False if it is none that we sent.

    Raises StillBeingSent if a worker has not yet written down that it sent it.
    """
    ours = Message.objects.filter(message_id=message_id)
    if ours.filter(status=MessageStatus.QUEUED, tries__gt=0).exists():
        raise StillBeingSent
    sent = ours.filter(status=MessageStatus.SENT)
    return bool(sent.update(status=MessageStatus.FAILED, failure=f"returned {code}".strip()))


def letter(message: Message) -> EmailMessage:
    """The e-mail of a message, made from its template now, so that it never carries stale news."""
    request = message.request
    to_clinic = message.kind == MessageKind.CLINIC_NOTICE
    domain = settings.DEFAULT_FROM_EMAIL.rpartition("@")[2].rstrip(">")
    headers: Mapping[str, str] = {
        "Message-ID": f"<{message.message_id}@{domain}>",
        "Auto-Submitted": "auto-generated",
        "From": settings.DEFAULT_FROM_EMAIL,
    }
    mail = EmailMessage(
        subject=f"A message from {settings.CLINIC_NAME}",
        body=render_to_string(f"bookings/email/{message.kind}.txt", _told(message)),
        # The envelope's sender, to which reports of failed deliveries come.
        from_email=settings.RETURNED_MAIL or settings.DEFAULT_FROM_EMAIL,
        to=[settings.CLINIC_INBOX if to_clinic else message.address or request.email],
        headers=dict(headers),
    )
    if message.kind in WITH_CALENDAR and (appointment := request.appointments.last()):
        mail.attach("appointment.ics", invitation(appointment), "text/calendar")
    return mail


def text(message: Message) -> str:
    """The words of a text message, in one line."""
    rendered = render_to_string(f"bookings/text/{message.kind}.txt", _told(message))
    return " ".join(rendered.split())


def _told(message: Message) -> dict[str, Any]:
    """All that a template is given."""
    request = message.request
    to_clinic = message.kind == MessageKind.CLINIC_NOTICE
    appointment = None
    if request.detail_in_messages and message.kind in WITH_DETAIL:
        appointment = request.appointments.order_by("-pk").first()
    return {
        "reference": request.reference,
        "answer_due": request.answer_due,
        "reply_due": request.reply_due,
        "link_ends": link_ends(request),
        "link": "" if message.kind in WITHOUT_LINK else private_link(request),
        "has_given": request.appointments.filter(given__isnull=False).exists(),
        "desk": f"{settings.SITE_URL}/admin/" if to_clinic else "",
        "appointment": appointment,
        "clinic_name": settings.CLINIC_NAME,
        "clinic_phone": settings.CLINIC_PHONE,
    }


def _send(pk: int) -> bool:
    now = timezone.now()
    taken = (
        Message.objects.due(now)
        .filter(pk=pk)
        .update(leased_until=now + LEASE, tries=F("tries") + 1)
    )
    if not taken:
        return False
    message = Message.objects.select_related("request").get(pk=pk)
    if not is_still_true(message, now) or not _may_go(message):
        Message.objects.filter(pk=pk).update(status=MessageStatus.DROPPED, leased_until=None)
        return False
    try:
        if message.channel == Channel.TEXT:
            number = message.request.phone.as_e164
            texts.send(number, text(message), key=message.message_id)
        else:
            letter(message).send()
    except (smtplib.SMTPException, texts.TextRefused, OSError) as error:
        _note_failure(message, error)
        return False
    Message.objects.filter(pk=pk, status=MessageStatus.QUEUED).update(
        status=MessageStatus.SENT,
        sent_at=timezone.now(),
        sent_by=socket.gethostname(),
        leased_until=None,
        failure="",
        address="",
    )
    return True


def _may_go(message: Message) -> bool:
    """A text goes only while texts are switched on, and the patient agrees and has a number."""
    agreed = message.request.text_messages and message.request.phone
    return message.channel == Channel.EMAIL or bool(settings.TEXT_MESSAGES and agreed)


def _note_failure(message: Message, error: Exception) -> None:
    """Try again later, or give up at once where the mail server said that it is of no use."""
    code = _code(error)
    refused = isinstance(error, texts.TextRefused)
    given_up = refused or code in PERMANENT or message.tries > len(WAITS)
    wait = WAITS[min(message.tries, len(WAITS)) - 1]
    # The class and the code only: the server's words may repeat the patient's address.
    failure = f"{type(error).__name__} {code or ''}".strip()
    log.warning("Message %s was not sent, try %s: %s", message.pk, message.tries, failure)
    Message.objects.filter(pk=message.pk, status=MessageStatus.QUEUED).update(
        status=MessageStatus.FAILED if given_up else MessageStatus.QUEUED,
        next_try=timezone.now() + wait,
        leased_until=None,
        failure=failure,
        address="" if given_up else message.address,
    )


def _code(error: Exception) -> int | None:
    if isinstance(error, smtplib.SMTPRecipientsRefused):
        return int(next(iter(error.recipients.values()))[0])
    if isinstance(error, smtplib.SMTPAuthenticationError):
        return None  # our own fault, which a new password mends
    if isinstance(error, texts.TextRefused):
        return error.code
    return error.smtp_code if isinstance(error, smtplib.SMTPResponseException) else None
