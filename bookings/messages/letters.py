"""The words of messages. They are made from templates on sending, so they are never stale.

They are discreet by design: a template is given the reference, the clinic, the private link and
what the patient may read about the event anyway, plus day, time and place for patients who agreed
to that.

Whoever wrote to us in another language reads it in that language, with the English below.

The first line of an email's template is its subject, the rest its text. The HTML part is made from
that same text, so the two cannot differ.
"""

import re
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from email.utils import formataddr
from typing import Any, NamedTuple

from django.conf import settings
from django.core.mail import EmailMultiAlternatives
from django.template.defaultfilters import linebreaks_filter
from django.template.loader import render_to_string
from django.utils import timezone
from django.utils.html import Urlizer
from django.utils.translation import gettext

from bookings import diary
from bookings.diary.calendar_files import invitation
from bookings.diary.cut_off import cancel_until
from bookings.diary.desk_hours import desk_hours_in_words
from bookings.links import link_ends, link_of_subscription, private_link
from bookings.messages.clinic_addresses import returned_mail_address, sender, told_by
from bookings.messages.sms import takes_replies
from bookings.messages.still_true import NOT_TO_PATIENT
from bookings.messages.subscriptions import TO_CONFIRM, has_untold_advice, how_it_reads
from bookings.models import (
    Appointment,
    AppointmentRequest,
    Message,
    Offer,
    PageNotice,
    Subscription,
    TextReply,
)
from bookings.status import (
    PATIENT,
    TO_COLLEAGUES,
    AppointmentStatus,
    CancelledBy,
    Channel,
    Meant,
    MessageKind,
    RequestStatus,
)
from bookings.status.events import Event, told_patient
from bookings.status.texting import word_for
from procedures.ground import languages
from procedures.models import Invitation, PageEvent
from procedures.models.clinic import details
from procedures.reading.publication import look_up_in
from procedures.status import PageNews

# The event that a message is about. Its sentence is the one on the private page.
TELLS: dict[str, Event] = {
    MessageKind.RECEIVED: Event.RECEIVED,
    MessageKind.BOOKED: Event.BOOKED,
    MessageKind.MOVED: Event.MOVED,
    MessageKind.KEPT: Event.LEFT_AS_IT_IS,
    MessageKind.DECLINED: Event.DECLINED,
    MessageKind.WITHDRAWN: Event.WITHDRAWN,
    MessageKind.CANCELLED: Event.CANCELLED,
    MessageKind.AFTER_ALL: Event.KEPT_AFTER_ALL,
    MessageKind.CONTACT: Event.CONTACT_CHANGED,
}
# A text that is read later than that may be too late.
SOON = timedelta(hours=1)
# Between the patient's language and English.
BETWEEN = "\n* * *\n\n"
# Steps of a patient that they can undo for a while.
CAN_UNDO = {MessageKind.CANCELLED, MessageKind.WITHDRAWN}
# Messages that give day, time and place to patients who agreed to that.
ABOUT_A_VISIT = {
    MessageKind.BOOKED,
    MessageKind.MOVED,
    MessageKind.CANCELLED,
    MessageKind.AFTER_ALL,
    MessageKind.REMINDER,
}


def letter(message: Message) -> EmailMultiAlternatives:
    """The email of a message. Raises BadAddress if a setting has no usable address."""
    subject, parts = _in_their_languages(message)
    name, address = sender()
    headers = {
        "Message-ID": f"<{message.message_id}@{address.rpartition('@')[2]}>",
        # Some relays replace the Message-ID, and leave this header.
        "X-Entity-Ref-ID": message.message_id,
        "Auto-Submitted": "auto-generated",
        "From": formataddr((name, address)),
        **_leaving(message),
    }
    mail = EmailMultiAlternatives(
        subject=subject,
        body=BETWEEN.join(f"{part.body}\n" for part in parts),
        # The envelope sender, to which failed deliveries are reported.
        from_email=returned_mail_address(),
        to=_recipients(message),
        headers=headers,
    )
    mail.attach_alternative(_html(subject, parts), "text/html")
    if appointment := _told(message).get("appointment"):
        mail.attach("appointment.ics", invitation(appointment), "text/calendar")
    return mail


def _leaving(message: Message) -> dict[str, str]:
    """The headers by which a mail program offers one press to leave (RFC 8058)."""
    if message.subscription is None or message.kind != MessageKind.PAGE_CHANGED:
        return {}
    with languages.spoken_in(_language_of(message)):
        address = link_of_subscription(message.subscription, "leave")
    return {
        "List-Unsubscribe": f"<{address}>",
        "List-Unsubscribe-Post": "List-Unsubscribe=One-Click",
    }


class Part(NamedTuple):
    """An email's text in one language."""

    language: languages.Language
    body: str


def _in_their_languages(message: Message) -> tuple[str, list[Part]]:
    """The subject in the patient's language, and the text in it and in English."""
    subject, body = words(message)
    code = _language_of(message)
    if not code:
        return subject, [Part(languages.ENGLISH, body)]
    with languages.spoken_in(code):
        theirs, own = words(message)
        by_machine = gettext(
            "This message was translated by machine. No translator has checked it. Below it is in "
            "English."
        )
        return theirs, [
            Part(languages.current(), f"{by_machine}\n\n{own}"),
            Part(languages.ENGLISH, f"{subject}\n\n{body}"),
        ]


def _language_of(message: Message) -> str:
    """The code of the language in which its reader reads this; empty for English.

    Colleagues read English.
    """
    if message.subscription:
        return languages.offered(message.subscription.language)
    is_theirs = message.request_id and message.kind not in TO_COLLEAGUES
    return languages.offered(message.request.language) if is_theirs else ""


def words(message: Message) -> tuple[str, str]:
    """The subject and the text of an email, or of a letter on paper."""
    rendered = render_to_string(f"bookings/email/{message.kind}.txt", _told(message))
    subject, _, body = rendered.strip().partition("\n")
    # Parts that a template leaves out leave blank lines behind.
    return subject, re.sub(r"\n{3,}", "\n\n", body.strip())


def text(message: Message) -> str:
    """The words of a text message, in one line: in the patient's language, and then in English."""
    return _line(f"bookings/text/{message.kind}.txt", lambda: _told(message), _language_of(message))


def answer_to(reply: TextReply) -> str:
    """What we text back to somebody, in one line as `text` does; empty if we say nothing."""
    if not reply.answered:
        return ""
    request = reply.request
    code = languages.offered(request.language) if request else ""
    template = f"bookings/replies/{reply.answered}.txt"
    return _line(template, lambda: _told_clinic() | _told_visit(request), code)


def _told_visit(request: AppointmentRequest | None) -> dict[str, Any]:
    """The visit to come, for patients who agreed to read of it in messages."""
    visits = request.appointments.filter(status=AppointmentStatus.BOOKED) if request else []
    tells_when = request is not None and request.detail_in_messages
    return {"appointment": next(iter(visits), None) if tells_when else None}


def _line(template: str, told: Callable[[], dict[str, Any]], code: str) -> str:
    """A template in the language of that code, and then in English."""
    english = " ".join(render_to_string(template, told()).split())
    if not code:
        return english
    with languages.spoken_in(code):
        theirs = " ".join(render_to_string(template, told()).split())
        return languages.line(f"{theirs} / {languages.left_to_right_in_text(english)}")


class LeftToRightLinks(Urlizer):
    """As Django's, but an address runs from left to right in a text of any language."""

    url_template = '<a href="{href}"{attrs} dir="ltr">{url}</a>'


linked = LeftToRightLinks()


def _html(subject: str, parts: Sequence[Part]) -> str:
    """The same words with clickable links.

    Only the site of a link is shown, because the rest is secret.
    """
    shown = len(settings.SITE_URL) + len("/…")
    with_links = [
        (language, linebreaks_filter(linked(body, trim_url_limit=shown, autoescape=True), False))
        for language, body in parts
    ]
    context = {"subject": subject, "parts": with_links, "language": parts[0].language}
    return render_to_string("bookings/email/letter.html", context)


def _recipients(message: Message) -> list[str]:
    if message.kind in TO_COLLEAGUES:
        return told_by(message)
    if message.invitation:
        return [message.invitation.account.email]
    if message.subscription:
        return [message.subscription.email]
    return [message.address or message.request.email]


def _told_event(message: Message) -> Event | None:
    """The event that the message is about: who wished for a cancellation decides what it says."""
    by_whom = (message.repeats or message).queued_by
    if message.kind == MessageKind.CANCELLED and by_whom != PATIENT:
        last = message.request.appointments.order_by("-pk").first()
        if last and last.cancelled_by == CancelledBy.PATIENT:
            return Event.CANCELLED_FOR_PATIENT
    if message.kind == MessageKind.AFTER_ALL and message.request.status == RequestStatus.OFFERED:
        return Event.ASKS_AFTER_ALL
    return TELLS.get(message.kind)


def _told(message: Message) -> dict[str, Any]:
    """Everything that a template is given."""
    clinic = _told_clinic()
    if message.invitation:
        return clinic | _told_colleague(message.invitation)
    if message.subscription:
        return clinic | _told_subscriber(message, message.subscription)
    return clinic | _told_patient(message)


def _told_clinic() -> dict[str, Any]:
    return {
        "clinic_name": details().name,
        "clinic_phone": languages.left_to_right_in_text(details().phone),
        "clinic_hours": desk_hours_in_words(),
    }


def _told_colleague(invitation: Invitation) -> dict[str, Any]:
    """What the letter to a colleague is given."""
    return {
        "colleague": invitation.account,
        "link": invitation.link(),
        "valid_until": invitation.valid_until,
    }


def _told_subscriber(message: Message, subscription: Subscription) -> dict[str, Any]:
    """What the letter to somebody who follows a page is given. The page itself is behind the link."""
    told = {"link": link_of_subscription(subscription), "days": TO_CONFIRM.days}
    number = message.request_version
    event = PageEvent.objects.select_related("page").filter(number=number).first()
    if event is None:
        return told
    language, is_about_translation = _language_of(message), bool(event.page.language)
    found = look_up_in(subscription.page, language, timezone.localdate())
    return {
        **told,
        "news": PageEvent.objects.news_of(event),
        "is_about_translation": is_about_translation,
        "has_untold_advice": is_about_translation and has_untold_advice(subscription),
        **how_it_reads(found, language),
    }


def _told_patient(message: Message) -> dict[str, Any]:
    """What a message about a request is given."""
    request, root = message.request, message.repeats or message
    to_clinic = message.kind in TO_COLLEAGUES
    # A letter is sealed or goes from hand to hand, so it says what an email may only lead to.
    on_paper = message.channel == Channel.PAPER
    last = request.appointments.order_by("-pk").first()
    tells_when = request.detail_in_messages or on_paper
    appointment = last if tells_when and message.kind in ABOUT_A_VISIT else None
    event = _told_event(message)
    notice = message.news
    return {
        "what_happened": told_patient(event, root.queued_by) if event else "",
        "reference": languages.left_to_right_in_text(request.reference),
        "for_somebody_else": bool(request.carer_name),
        "has_email": bool(request.email),
        "answer_due": request.answer_due,
        "must_answer": request.must_answer(timezone.now()),
        "reply_due": request.reply_due,
        "link_ends": link_ends(request),
        "link": "" if message.kind in NOT_TO_PATIENT else private_link(request),
        "on_paper": on_paper,
        "offered": _offered(request) if on_paper or message.kind == MessageKind.OFFER else None,
        "why": _why_cancelled(last) if on_paper else "",
        "news": PageEvent.objects.news_of(notice.event) if notice else "",
        "changed": _what_changed(notice) if notice and on_paper else "",
        "has_given": request.appointments.filter(given__isnull=False).exists(),
        "desk": f"{settings.SITE_URL}/admin/" if to_clinic else "",
        "appointment": appointment,
        "undo_until": _undo_until(message),
        "words": _words_to_answer(message, last),
    }


def _words_to_answer(message: Message, last: Appointment | None) -> dict[str, str]:
    """The words with which a patient can answer, said once, in their own language.

    Whoever reads it an hour before the end of cancelling would be too late.
    """
    language = languages.code()
    if not takes_replies() or language != _language_of(message):
        return {}
    # Counted from when it was written, so that a second try says the same.
    by = message.queued_at + SOON
    can_cancel = last is not None and by < cancel_until(last)
    named = [Meant.YES, Meant.STOP, Meant.UNDO, *([Meant.CANCEL] if can_cancel else [])]
    return {str(meant): word_for(meant, language) for meant in named}


def _what_changed(notice: PageNotice) -> str:
    """The signed note of a new version, which the page itself says to everybody else."""
    is_change = PageEvent.objects.news_of(notice.event) == PageNews.CHANGED
    return notice.event.revision.note if is_change else ""


def _offered(request: AppointmentRequest) -> Offer | None:
    """The offer whose times are held now."""
    standing = request.offers.standing(timezone.now()).select_related("clinician")
    return standing.prefetch_related("times__room__location").first()


def _why_cancelled(last: Appointment | None) -> str:
    """Why we cancelled, as we wrote it for the patient."""
    is_ours = last is not None and last.cancelled_by == CancelledBy.CLINIC
    return last.request.ended_reason if last and is_ours else ""


def _undo_until(message: Message) -> datetime | None:
    """Until when the patient can undo the step that the message tells of."""
    kept = diary.kept_for(message.request, timezone.now()) if message.kind in CAN_UNDO else None
    return kept.kept_until if kept else None
