"""Whom we have to phone, and why. It is computed on request; only the calls are stored."""

from datetime import datetime
from typing import NamedTuple

from django.db.models import Exists, OuterRef, Q

from bookings.desk.calls import Calls, calls_of
from bookings.desk.to_say import what_to_say
from bookings.messages import OF_NO_WEIGHT
from bookings.messages.still_true import MATTERS_FOR, is_still_true
from bookings.models import (
    AppointmentRequest,
    Message,
    Offer,
    PhoneCall,
    RedFlag,
    RequestEvent,
    VisitAnswer,
)
from bookings.screening import flags_to_phone_about
from bookings.status import (
    Channel,
    FlagLevel,
    FlagOutcome,
    GotIt,
    MessageKind,
    MessageStatus,
    RequestStatus,
)
from bookings.status.events import Event

MOST = 200
URGENT = "Told us about something that cannot wait. Find out whether they got help."
BY_PHONE = "Would rather tell us something by phone: see the flags."
WRONG_BIRTHS = (
    "Someone used their private link with only wrong dates of birth. Ask whether it was them, "
    "and check the date we have."
)
AFTER_VISIT = "Did not get what they came for, and asked us to phone."
# Silence in this last part of an offer is a reason to phone.
LAST_PART = 4


class ToPhone(NamedTuple):
    """A patient who has to hear from us by phone."""

    request: AppointmentRequest
    why: str
    calls: Calls


def patients_to_phone(now: datetime) -> list[ToPhone]:
    """The patients to phone, each of them once. Failed messages and news to tell come first."""
    reasons = _reasons(now, Q())
    calls = calls_of(request for request, _ in reasons.values())
    return [
        ToPhone(request, " ".join(whys), calls[request.pk]) for request, whys in reasons.values()
    ]


def reasons_to_phone(request: AppointmentRequest, now: datetime) -> list[str]:
    """Why we have to phone this patient, and what to tell them."""
    found = _reasons(now, Q(request=request))
    return found[request.pk][1] if found else []


def reason_to_phone(request: AppointmentRequest, now: datetime) -> str:
    """The same in one piece; empty if there is no reason."""
    return " ".join(reasons_to_phone(request, now))


def _reasons(now: datetime, whose: Q) -> dict[int, tuple[AppointmentRequest, list[str]]]:
    reasons: dict[int, tuple[AppointmentRequest, list[str]]] = {}
    found = [
        *((each.request, URGENT) for each in _urgent(whose)),
        *((each.request, BY_PHONE) for each in _to_tell_by_phone(whose)),
        *((each.request, _undelivered(each)) for each in _failed(now, whose)),
        *((each.request, what_to_say(each)) for each in _to_tell(now, whose)),
        *((each.request, "Has not answered our offer.") for each in _unanswered(now, whose)),
        *((each.request, "A clinician wants to speak to them first.") for each in _wanted(whose)),
        *((each.request, AFTER_VISIT) for each in _let_down(now, whose)),
        *((each.request, WRONG_BIRTHS) for each in _not_known(now, whose)),
    ]
    for request, why in found:
        whys = reasons.setdefault(request.pk, (request, []))[1]
        if why not in whys:
            whys.append(why)
    return reasons


def _urgent(whose: Q) -> list[RedFlag]:
    flags = RedFlag.objects.filter(whose, level=FlagLevel.URGENT, outcome="")
    flags = flags.filter(~_reached_since("answer__given_at"), request__ended_at=None)
    return list(flags.select_related("request").order_by("pk"))


def _to_tell_by_phone(whose: Q) -> list[RedFlag]:
    return list(flags_to_phone_about().filter(whose).select_related("request").order_by("pk"))


def _reached_since(moment: str) -> Exists:
    return Exists(
        PhoneCall.objects.filter(
            request=OuterRef("request"), reached=True, made_at__gte=OuterRef(moment)
        )
    )


def news_to_tell(request: AppointmentRequest, now: datetime) -> list[Message]:
    """What a colleague has to tell this patient by phone, oldest first."""
    return _to_tell(now, Q(request=request))


def _to_tell(now: datetime, whose: Q) -> list[Message]:
    waiting = Message.objects.to_tell().filter(
        whose, ~_put_right(), queued_at__gt=now - MATTERS_FOR
    )
    rows = waiting.select_related("request").order_by("queued_at", "pk")[:MOST]
    return [message for message in rows if is_still_true(message, now)]


def _put_right() -> Exists:
    """Whether a message has since arrived at a new address: reports may take days."""
    return Exists(
        Message.objects.filter(
            request=OuterRef("request"),
            kind=MessageKind.CONTACT,
            channel=Channel.EMAIL,
            status=MessageStatus.SENT,
            queued_at__gt=OuterRef("queued_at"),
        )
    )


def _failed(now: datetime, whose: Q) -> list[Message]:
    failed = Message.objects.filter(
        whose,
        ~_reached_since("queued_at"),
        ~_put_right(),
        status=MessageStatus.FAILED,
        queued_at__gt=now - MATTERS_FOR,
    ).exclude(kind__in=OF_NO_WEIGHT)
    # After a long outage these are enough work to begin with.
    rows = failed.select_related("request").order_by("queued_at", "pk")[:MOST]
    return [message for message in rows if is_still_true(message, now)]


def _undelivered(message: Message) -> str:
    """What did not arrive; and what to say, if nothing else will bring it to them."""
    failed = f"{message.get_channel_display()} not delivered: {message.get_kind_display().lower()}."
    return failed if message.request.email else f"{failed} {what_to_say(message)}"


def _unanswered(now: datetime, whose: Q) -> list[Offer]:
    """Offers by staff that are in their last quarter and unanswered.

    Whether the link was opened tells us nothing: mail scanners open links too.
    """
    standing = Offer.objects.standing(now).filter(whose, ~_reached_since("made_at"), freed=None)
    open_ones = standing.select_related("request").order_by("held_until", "pk")
    return [
        offer
        for offer in open_ones
        if now >= offer.held_until - (offer.held_until - offer.made_at) / LAST_PART
    ]


def _wanted(whose: Q) -> list[RedFlag]:
    waiting = (RequestStatus.IN_REVIEW, RequestStatus.BOOKED_IN_REVIEW)
    flags = RedFlag.objects.filter(
        whose, outcome=FlagOutcome.CALL_PATIENT, request__status__in=waiting
    )
    return list(
        flags.filter(~_reached_since("resolved_at")).select_related("request").order_by("pk")
    )


def _let_down(now: datetime, whose: Q) -> list[VisitAnswer]:
    answers = VisitAnswer.objects.filter(
        whose, ~_reached_since("given_at"), got_it=GotIt.CALL, given_at__gt=now - MATTERS_FOR
    )
    return list(answers.select_related("request").order_by("given_at", "pk")[:MOST])


def _not_known(now: datetime, whose: Q) -> list[RequestEvent]:
    """Requests on which the date of birth was wrong too often.

    Either the patient cannot get in, or somebody else has their link.
    """
    events = RequestEvent.objects.filter(
        whose, ~_reached_since("at"), kind=Event.WRONG_BIRTH_DATES, at__gt=now - MATTERS_FOR
    )
    return list(events.select_related("request").order_by("at", "pk")[:MOST])
