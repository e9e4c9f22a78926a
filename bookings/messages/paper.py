"""Letters on paper, for people whom we cannot reach otherwise, or who would rather have one.

| what a colleague does  | the message is                     | undone it is                   |
|------------------------|------------------------------------|--------------------------------|
| prints it              | a letter, not posted yet           | to be told by phone, or dropped |
| posts or hands it over | sent, with the address on it       | not posted yet                 |

A letter has the words of the email (`letters`), with day, time and place, because it is sealed or
goes from hand to hand; it has no private link and no code. What is enclosed is named on it.
"""

import secrets
from datetime import datetime
from typing import NamedTuple

from django.conf import settings
from django.utils import timezone

from bookings.messages.letters import words
from bookings.messages.still_true import (
    could_be_printed,
    is_still_true,
    letters_for,
    not_overtaken,
    on_their_way,
)
from bookings.models import AppointmentRequest, Message, Treatment
from bookings.status import CarerRight, Channel, MessageKind, MessageStatus, TriageRefused
from procedures.ground.languages import offered
from procedures.models import InformationPage
from procedures.reading.publication import Publication, in_language, look_up

# Letters that come with the pages about the visit.
WITH_PAGES = {
    MessageKind.BOOKED,
    MessageKind.MOVED,
    MessageKind.REMINDER,
    MessageKind.AFTERWARDS,
    MessageKind.PAGE_NEWS,
}
ON_ITS_WAY = (
    "There is no letter about this now: it is no longer true, or an email is on its way. Wait 3 "
    "minutes, or choose another letter."
)


class Enclosure(NamedTuple):
    """A leaflet that goes into the envelope."""

    page: InformationPage
    title: str
    version: int
    # Where the code on the leaflet leads: whether this version is current.
    address: str


class Letter(NamedTuple):
    """A letter as it is printed."""

    message: Message
    subject: str
    body: str
    # What shows in the window of the envelope.
    address: list[str]
    enclosed: list[Enclosure]


def on_paper(message: Message, now: datetime) -> Letter:
    """The letter of a message that was printed."""
    subject, body = words(message)
    request = message.request
    enclosed = enclosures(request, now) if message.kind in WITH_PAGES else []
    return Letter(message, subject, body, [addressee(request), *lines_of(request)], enclosed)


def addressee(request: AppointmentRequest) -> str:
    """To whom the letter goes. What a child is to be told is for whoever asked for them."""
    if request.carer_right == CarerRight.PARENT:
        return f"The parent or guardian of {request.name}"
    return request.name


def lines_of(request: AppointmentRequest) -> list[str]:
    """The lines of the postal address; none if we have no address."""
    return request.person.postal_address.splitlines()


def enclosures(request: AppointmentRequest, now: datetime) -> list[Enclosure]:
    """The pages about the visit that may be read at that instant: the patient's own, then the others.

    Each in the patient's language, if it can be read in it.
    """
    last = request.appointments.select_related("given__page").order_by("-pk").first()
    treatments = Treatment.objects.possible_for(request.page).select_related("page")
    pages = [last.given.page] if last and last.given else []
    pages += [each.page for each in treatments.order_by("name") if each.page]
    today = timezone.localdate(now)
    found = (look_up(page, today) for page in dict.fromkeys(pages))
    read = [each for each in found if isinstance(each, Publication)]
    return [_enclosure(each) for each in in_language(read, offered(request.language), today)]


def _enclosure(found: Publication) -> Enclosure:
    page, number = found.page, found.revision.number
    address = f"{settings.SITE_URL}{page.at('paper', number)}"
    return Enclosure(page, found.document.title, number, address)


def waiting_for_paper(now: datetime) -> list[Message]:
    """What has to be told by phone and could be printed instead, oldest first."""
    due = Message.objects.to_tell().filter(next_try__lte=now).select_related("request__person")
    rows = not_overtaken(due, now).prefetch_related(
        "request__appointments", "request__offers__times"
    )
    return [each for each in rows.order_by("queued_at", "pk") if could_be_printed(each, now)]


def put_on_paper(
    request: AppointmentRequest, kind: MessageKind, *, by: str, now: datetime
) -> Message:
    """Make a letter of what has to be told by phone, or else a letter of its own.

    A letter that is printed and not posted yet is not made twice. Raises TriageRefused if it would not
    be true, or is on its way as an email.
    """
    rows = request.messages.filter(kind=kind).order_by("-pk")
    printed = rows.filter(status=MessageStatus.TO_POST).first()
    if printed and is_still_true(printed, now):
        return printed
    if kind not in letters_for(request, now) or kind in on_their_way(request, now):
        raise TriageRefused(ON_ITS_WAY)
    letter = {
        "channel": Channel.PAPER,
        "status": MessageStatus.TO_POST,
        "printed_at": now,
        "printed_by": by,
    }
    task = rows.filter(status=MessageStatus.TO_TELL).first()
    if task and Message.objects.to_tell().filter(pk=task.pk).update(**letter):
        task.refresh_from_db()
        return task
    return Message.objects.create(
        request=request,
        kind=kind,
        request_version=request.version,
        message_id=secrets.token_urlsafe(32),
        queued_at=now,
        queued_by=by,
        next_try=now,
        repeats=_first_of(rows.first()),
        **letter,
    )


def _first_of(last: Message | None) -> Message | None:
    """The message that the letter sends once more, if there was one."""
    return last and (last.repeats or last)


def note_gone(message: Message, *, is_posted: bool, by: str, now: datetime) -> bool:
    """Record that a letter was posted or handed over; False if somebody has just done so."""
    to = ", ".join(lines_of(message.request)) if is_posted else ""
    gone = Message.objects.to_post().filter(pk=message.pk)
    return bool(gone.update(status=MessageStatus.SENT, sent_at=now, sent_by=by, sent_to=to))


def take_letter_back(message: Message) -> bool:
    """Undo the last note on a letter: first that it has gone, then that it was printed.

    False if it is neither. One that was printed in place of a call has to be told by phone again.
    """
    rows = Message.objects.filter(pk=message.pk, channel=Channel.PAPER, status=message.status)
    if message.status == MessageStatus.SENT:
        return bool(
            rows.update(status=MessageStatus.TO_POST, sent_at=None, sent_by=None, sent_to="")
        )
    if message.status != MessageStatus.TO_POST:
        return False
    if message.queued_at == message.printed_at:
        return bool(rows.update(status=MessageStatus.DROPPED))
    task = {"channel": Channel.PHONE, "status": MessageStatus.TO_TELL}
    return bool(rows.update(printed_at=None, printed_by=None, **task))
