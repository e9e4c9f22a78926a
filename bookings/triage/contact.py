"""How we and a patient reach each other: the private link, contact details, phone calls."""

from datetime import datetime
from typing import Any

from django.contrib.auth.models import User

from bookings import journal, messages
from bookings.links import CODE_LIFE, code, is_alive
from bookings.messages.still_true import can_be_repeated
from bookings.models import AppointmentRequest, Message, PhoneCall
from bookings.status import (
    CLOCK,
    LINK_HOLDER,
    PATIENT,
    MessageKind,
    Overtaken,
    TriageRefused,
)
from bookings.status.events import CALLS, Event
from bookings.triage.recognising import keep_contact
from bookings.triage.replies import see_to_texts_of
from bookings.triage.transitions import keep, one_change, what_happened
from procedures.ground.phones import takes_no_texts

CANNOT_WRITE = (
    "We have no address to which we can send this. Tell the patient on the phone, or change their "
    "contact details first."
)


def change_contact(
    request: AppointmentRequest,
    *,
    version: int,
    email: str,
    phone: str,
    by: journal.Actor,
    now: datetime,
    **choices: Any,
) -> AppointmentRequest:
    """Change how we reach the patient. `choices` are what they allow, as columns of the request.

    A new email address gets a new private link. The old link stops working, and the old address is
    told that there was a change. Without an email address there is a new code instead. A number
    that cannot receive text messages ends them. The person is reached that way from then on.
    """
    with one_change(request):
        reach_otherwise(
            request, version=version, email=email, phone=phone, by=by, now=now, **choices
        )
        keep_contact(request, by=by, now=now)
    return request


def reach_otherwise(
    request: AppointmentRequest,
    *,
    version: int,
    email: str,
    phone: str,
    by: journal.Actor,
    now: datetime,
    **choices: Any,
) -> None:
    """The change on one request, for a verb that also says what it means for the person."""
    old, new_address = request.email, email != request.email
    something_new = new_address or phone != str(request.phone)
    actor = journal.actor_name(by)
    if new_address:
        choices["code_until"] = None if email else now + CODE_LIFE
    if takes_no_texts(phone):
        choices["text_messages"] = False
    with one_change(request):
        _refuse_stale(request, version)
        keep(
            request,
            version=version,
            email=email,
            phone=phone,
            link_version=request.link_version + new_address,
            **choices,
        )
        journal.record(request, Event.CONTACT_CHANGED, by=by, at=now)
        if something_new:
            # A colleague changes them only for a patient on the phone.
            messages.queue(request, MessageKind.CONTACT, by=actor, now=now, on_the_phone=True)
        if new_address and old:
            messages.tell_old_address(request, old, by=actor, now=now)


def record_call(
    request: AppointmentRequest,
    *,
    reached: bool,
    note: str,
    by: User,
    now: datetime,
    left_message: bool = False,
    told_up_to: int = 0,
    texts_up_to: int = 0,
    after: int | None = None,
) -> PhoneCall:
    """Record the result of a call. One that reached the patient ends the task to phone them.

    What had to be told is told up to that message, the last that the colleague saw, and their own
    texts are seen to up to that one. It makes
    nobody's screen stale: the patient may be pressing a button at that moment. `after` is how many
    calls the colleague saw. If there are more by now, it raises Overtaken: most likely the button
    was pressed twice.
    """
    with one_change(request):
        kind = Event.LEFT_MESSAGE if left_message else CALLS[reached]
        # The event locks the row, so that two presses of one button come one after the other.
        journal.record(request, kind, by=by, at=now)
        if after is not None and request.calls.count() != after:
            raise Overtaken(
                "A call was recorded after this page was opened. If you have phoned since, press again."
            )
        if reached:
            messages.note_told(request, by=by.get_username(), now=now, pk__lte=told_up_to)
            see_to_texts_of(request, up_to=texts_up_to, by=by, now=now)
        return PhoneCall.objects.create(
            request=request,
            reached=reached,
            left_message=left_message,
            note=note,
            made_at=now,
            made_by=by,
        )


def send_link_again(request: AppointmentRequest, *, now: datetime) -> None:
    """Send the same private link again to the address that we have: the patient lost the email.

    Without an address, the desk is asked to phone and give them a new code.
    """
    messages.queue(request, MessageKind.LINK, by=PATIENT, now=now)


def send_again(
    request: AppointmentRequest, *, chosen: Message | None, by: User, now: datetime
) -> AppointmentRequest:
    """Send a message once more, to where we reach the patient now; without one, the private link.

    The private link stays as it is, and nobody's screen is stale. Raises TriageRefused if the message
    is no longer true, is waiting already, or cannot be sent because we have no address for it.
    """
    with one_change(request):
        journal.record(request, Event.SENT_AGAIN, by=by, at=now)
        request.refresh_from_db()
        if chosen is None:
            if not request.email or not is_alive(request, now):
                raise TriageRefused(CANNOT_WRITE)
            messages.queue(request, MessageKind.LINK, by=by.get_username(), now=now)
            return request
        if chosen not in can_be_repeated(request, now):
            raise TriageRefused(
                "This message is no longer true, or it is waiting to be sent. Choose another."
            )
        chosen.request = request
        if not messages.repeat(chosen, by=by.get_username(), now=now):
            raise TriageRefused(CANNOT_WRITE)
    return request


def renew_link(
    request: AppointmentRequest, *, version: int, by: User, now: datetime
) -> AppointmentRequest:
    """End the private link and every session that it opened, and send a new one."""
    if not is_alive(request, now):
        raise TriageRefused(
            "This request ended too long ago for a new private link. Ask the patient to send a "
            "new request."
        )
    with one_change(request):
        _refuse_stale(request, version)
        keep(request, version=version, link_version=request.link_version + 1)
        journal.record(request, Event.LINK_RENEWED, by=by, at=now)
        messages.queue(request, MessageKind.LINK, by=by.get_username(), now=now)
    return request


def renew_code(request: AppointmentRequest, *, version: int, by: User, now: datetime) -> str:
    """Make a new code for the patient, and return it. The old one stops working.

    Without an email address the code is the only way in, so whoever used the old one is signed out.
    """
    if not is_alive(request, now):
        raise TriageRefused(
            "This request ended too long ago for a new code. Ask the patient to send a new request."
        )
    with one_change(request):
        _refuse_stale(request, version)
        keep(
            request,
            version=version,
            code_until=now + CODE_LIFE,
            link_version=request.link_version + (not request.email),
        )
        journal.record(request, Event.CODE_RENEWED, by=by, at=now)
        messages.note_told(request, by=by.get_username(), now=now, kind=MessageKind.LINK)
    return code(request, now)


def note_wrong_birth_dates(
    request: AppointmentRequest, *, renew: bool, now: datetime
) -> AppointmentRequest:
    """Record that somebody with the private link has used up all tries to give the date of birth.

    The desk is asked to phone. With `renew`, the link and every session that it opened end as well,
    and the patient gets a new one at the address that we have, so that whoever had the old one
    cannot keep them out.
    """
    with one_change(request):
        # The event locks the row, and what a colleague did meanwhile is kept.
        journal.record(request, Event.WRONG_BIRTH_DATES, by=LINK_HOLDER, at=now)
        request.refresh_from_db()
        if renew:
            keep(request, version=request.version, link_version=request.link_version + 1)
            journal.record(request, Event.LINK_RENEWED, by=CLOCK, at=now)
            messages.queue(request, MessageKind.LINK, by=CLOCK, now=now)
            messages.notify_clinic(request, now=now)
    return request


def _refuse_stale(request: AppointmentRequest, version: int) -> None:
    if request.version != version:
        raise Overtaken(what_happened(request))
