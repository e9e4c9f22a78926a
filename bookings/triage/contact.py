"""How we and a patient reach each other: the private link, their contact details, phone calls."""

from datetime import datetime, timedelta

from django.contrib.auth.models import User
from django.db.models import Exists, OuterRef

from bookings import journal, messages
from bookings.models import AppointmentRequest, Message, Offer, PhoneCall
from bookings.status import (
    CALLS,
    PATIENT,
    MessageKind,
    TriageRefused,
)
from bookings.triage.moves import keep, one_change, what_happened

# An offer that is nearly over and unanswered is told of once more.
LAST_DAY = timedelta(days=1)


def change_contact(
    request: AppointmentRequest,
    *,
    version: int,
    email: str,
    phone: str,
    detail_in_messages: bool,
    text_messages: bool,
    now: datetime,
) -> AppointmentRequest:
    """The patient changes how we reach them, and how much our messages may say.

    A new e-mail address gets a new private link, and whoever reads the old one has none any more.
    """
    moved_house = (email, phone) != (request.email, str(request.phone))
    link_version = request.link_version + (email != request.email)
    with one_change(request):
        _refuse_stale(request, version)
        keep(
            request,
            version=version,
            email=email,
            phone=phone,
            detail_in_messages=detail_in_messages,
            text_messages=text_messages,
            link_version=link_version,
        )
        kind = "changed how to be reached"
        journal.record(request, kind, by=PATIENT, at=now)
        if moved_house:
            messages.queue(request, MessageKind.CONTACT, by=PATIENT, now=now)
    return request


def record_call(
    request: AppointmentRequest,
    *,
    version: int,
    reached: bool,
    note: str,
    by: User,
    now: datetime,
) -> PhoneCall:
    """Write down what came of a call. One that reached the patient ends the task to phone them."""
    with one_change(request):
        _refuse_stale(request, version)
        keep(request, version=version)
        journal.record(request, CALLS[reached], by=by, at=now)
        return PhoneCall.objects.create(
            request=request, reached=reached, note=note, made_at=now, made_by=by
        )


def warn_of_ends(now: datetime) -> int:
    """Queue a word to those whose offer ends within a day, or is half over, and who have not answered;
    the number queued."""
    warned = Message.objects.filter(
        request=OuterRef("request"),
        kind=MessageKind.OFFER_ENDS,
        queued_at__gte=OuterRef("made_at"),
    )
    nearly_over = Offer.objects.standing(now).filter(
        ~Exists(warned), held_until__lte=now + LAST_DAY
    )
    return sum(
        messages.queue_once(offer.request, MessageKind.OFFER_ENDS, now=now)
        for offer in nearly_over.select_related("request").order_by("pk")
        if now >= offer.made_at + (offer.held_until - offer.made_at) / 2
    )


def send_link_again(request: AppointmentRequest, *, now: datetime) -> None:
    """The patient lost the e-mail. The same link is sent to the address that we have."""
    messages.queue(request, MessageKind.LINK, by=PATIENT, now=now)


def renew_link(
    request: AppointmentRequest, *, version: int, by: User, now: datetime
) -> AppointmentRequest:
    """End the private link and every session that it opened, and send a new one."""
    with one_change(request):
        _refuse_stale(request, version)
        keep(request, version=version, link_version=request.link_version + 1)
        journal.record(request, "renewed the private link", by=by, at=now)
        messages.queue(request, MessageKind.LINK, by=by.get_username(), now=now)
    return request


def _refuse_stale(request: AppointmentRequest, version: int) -> None:
    if request.version != version:
        raise TriageRefused(what_happened(request))
