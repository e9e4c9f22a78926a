"""Verbs about times: offer, take, refuse and book them."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from functools import partial
from typing import Any

from django.contrib.auth.models import User
from django.db.models import Exists, OuterRef

from bookings import diary, journal, messages
from bookings.diary.desk_hours import desk_is_open, in_working_hours
from bookings.models import (
    Appointment,
    AppointmentRequest,
    AppointmentType,
    Message,
    Offer,
    OfferedTime,
)
from bookings.screening import GivenAnswer, newly_flagged, refuse_blocked
from bookings.status import (
    PATIENT,
    WITH_APPOINTMENT,
    MessageKind,
    OfferStatus,
    RequestStatus,
    TriageRefused,
)
from bookings.status.events import Event
from bookings.triage.safety import keep_answers, refuse_unanswered
from bookings.triage.transitions import one_change, taken_up, transition
from bookings.triage.visits import (
    OFF_THE_LIST,
    answer_before_visit,
    booked_appointment,
    end_moved,
    given_text,
)
from procedures.ground.batches import Tally, one_by_one
from procedures.models import Clinician
from procedures.models.clinic import details

# So that the patient can still come, or the desk can still give the time to somebody else.
BEFORE_THE_FIRST = timedelta(hours=2)
MAY_BE_OFFERED = (RequestStatus.IN_REVIEW, RequestStatus.BOOKED, RequestStatus.BOOKED_IN_REVIEW)
# The patient is reminded of an offer that is nearly over and unanswered.
LAST_DAY = timedelta(days=1)


def offer(
    request: AppointmentRequest,
    *,
    version: int,
    appointment_type: AppointmentType,
    clinician: Clinician | None,
    starts: Sequence[datetime],
    held_until: datetime,
    by: User,
    now: datetime,
) -> Offer:
    """Offer one to three times, held for the patient; without a clinician, with whoever is free.

    Raises TimeTaken if one is not free. The patient keeps an existing appointment until they take one
    of the times.
    """
    current = booked_appointment(request)
    with one_change(request):
        version = taken_up(request, version, by=by, now=now)
        transition(
            request,
            RequestStatus.BOOKED_OFFERED if current else RequestStatus.OFFERED,
            only_from=MAY_BE_OFFERED,
            version=version,
            by=by,
            now=now,
            reply_due=held_until,
        )
        refuse_blocked(request)
        if current and held_until > current.starts:
            raise TriageRefused("The offer must end before their current appointment starts.")
        made = diary.offer(
            request,
            appointment_type=appointment_type,
            clinician=clinician,
            starts=starts,
            held_until=held_until,
            by=by.get_username(),
            now=now,
        )
        messages.queue(request, MessageKind.OFFER, by=by.get_username(), now=now)
    return made


def usual_hold(
    starts: Sequence[datetime], now: datetime, keeping: Appointment | None = None
) -> datetime:
    """Until when times are held by default.

    It is a number of desk hours, at the latest two hours before the first of the times, and not
    beyond the start of the appointment that the patient keeps until then. Raises TriageRefused if
    that is too soon for an offer.
    """
    usual = in_working_hours(now, details().held_hours).replace(second=0, microsecond=0)
    held_until = min(usual, min(starts) - BEFORE_THE_FIRST)
    if keeping and keeping.starts <= now + BEFORE_THE_FIRST:
        raise TriageRefused(
            "Their appointment starts too soon to offer another time instead. Phone the patient."
        )
    if keeping:
        held_until = min(held_until, keeping.starts)
    if held_until <= now + BEFORE_THE_FIRST:
        raise TriageRefused(
            "The first of these times is too soon to offer. Fill in “Hold until”, or phone the "
            "patient and book directly."
        )
    return held_until


def book(
    request: AppointmentRequest,
    *,
    version: int,
    appointment_type: AppointmentType,
    clinician: Clinician | None,
    starts: datetime,
    by: User,
    now: datetime,
) -> Appointment:
    """Book a time that was agreed on the phone; without a clinician, with whoever is free.

    It replaces an existing appointment. Raises TimeTaken if the time is not free.
    """
    username = by.get_username()
    moved = booked_appointment(request) is not None
    with one_change(request):
        version = taken_up(request, version, by=by, now=now)
        transition(
            request,
            RequestStatus.BOOKED,
            only_from=[RequestStatus.IN_REVIEW, *WITH_APPOINTMENT],
            version=version,
            by=by,
            now=now,
            kind=Event.MOVED if moved else None,
            wishes="",
            **OFF_THE_LIST,
        )
        refuse_blocked(request)
        diary.release(request, OfferStatus.RELEASED, by=username, now=now)
        end_moved(request, by=username, now=now)
        appointment = diary.book(
            request,
            appointment_type=appointment_type,
            clinician=clinician,
            starts=starts,
            by=username,
            now=now,
            given=given_text(request, now),
        )
        kind = MessageKind.MOVED if moved else MessageKind.BOOKED
        messages.queue(request, kind, by=username, now=now, on_the_phone=True)
    return appointment


def offer_instead(
    request: AppointmentRequest,
    *,
    version: int,
    appointment_type: AppointmentType,
    clinician: Clinician,
    starts: datetime,
    by: User,
    now: datetime,
) -> Offer:
    """Offer a time in place of one that the clinic can no longer keep, held for the usual time.

    An offer that is open is withdrawn first. Raises TimeTaken if the time is not free.
    """
    with one_change(request):
        version = _without_offer(request, version, by=by, now=now)
        return offer(
            request,
            version=version,
            appointment_type=appointment_type,
            clinician=clinician,
            starts=[starts],
            held_until=usual_hold([starts], now, booked_appointment(request)),
            by=by,
            now=now,
        )


def book_instead(
    request: AppointmentRequest, *, version: int, by: User, now: datetime, **time: Any
) -> Appointment:
    """Book a time that was agreed on the phone, in place of one that the clinic can no longer keep.

    An offer that is open is withdrawn first. Raises TimeTaken if the time is not free.
    """
    with one_change(request):
        version = _without_offer(request, version, by=by, now=now)
        return book(request, version=version, by=by, now=now, **time)


def book_offered(
    request: AppointmentRequest,
    *,
    version: int,
    chosen: OfferedTime,
    by: User,
    now: datetime,
) -> Appointment:
    """Book the offered time that the patient took on the phone. It is never free in between.

    Safety questions whose answers have aged are asked again with the reminder.
    """
    with one_change(request):
        return take_offered(request, chosen, version=version, by=by, now=now)


def take_offer_back(
    request: AppointmentRequest, *, version: int, by: User, now: datetime
) -> AppointmentRequest:
    """Release the offered times, for example because the patient phoned and none of them suits."""
    with one_change(request):
        back_into_review(request, version=version, by=by, now=now, kind=Event.OFFER_TAKEN_BACK)
        diary.release(request, OfferStatus.RELEASED, by=by.get_username(), now=now)
    return request


def accept(
    request: AppointmentRequest,
    *,
    version: int,
    chosen: OfferedTime,
    now: datetime,
    answers: Sequence[GivenAnswer] = (),
) -> Appointment | None:
    """Take one of the offered times for the patient. Raises TimeTaken if it is no longer held.

    It replaces an existing appointment. Safety questions whose answers have aged are answered in
    the same step. An answer that raises a new flag takes the request back into review instead, and
    no appointment is made.
    """
    with one_change(request):
        refuse_unanswered(request, answers, now)
        flagged = newly_flagged(request, answers)
        if flagged:
            back_into_review(
                request, version=version, by=PATIENT, now=now, kind=Event.ANSWER_TO_LOOK_AT
            )
            diary.release(request, OfferStatus.REFUSED, by=PATIENT, now=now)
            keep_answers(request, answers, flagged, by=PATIENT, now=now)
            messages.notify_clinic(request, now=now)
            return None
        keep_answers(request, answers, flagged, by=PATIENT, now=now)
        return take_offered(request, chosen, version=version, by=PATIENT, now=now)


def ask_for_other_times(
    request: AppointmentRequest, *, version: int, wishes: str, now: datetime
) -> AppointmentRequest:
    """Give the offered times back, because none of them suits; the clinic looks again.

    They are kept for a while, in which the patient can undo it (`giving_back`).
    `wishes` is what would suit, in the patient's words, and may be empty.
    """
    with one_change(request):
        back_into_review(
            request,
            version=version,
            by=PATIENT,
            now=now,
            kind=Event.WANTS_OTHER_TIMES,
            wishes=wishes or request.wishes,
        )
        diary.release(request, OfferStatus.REFUSED, by=PATIENT, now=now, is_given_back=True)
        messages.notify_clinic(request, now=now)
    return request


def warn_of_ends(now: datetime) -> Tally:
    """Queue a reminder for patients whose offer is about to end; return how many were queued.

    The offer ends within a day, is half over and has no answer. Only while the desk is open: nobody
    is woken, and a patient who phones back gets an answer.
    """
    if not desk_is_open(now):
        return Tally(0, failed=0)
    warned = Message.objects.filter(
        request=OuterRef("request"),
        kind=MessageKind.OFFER_ENDS,
        queued_at__gte=OuterRef("made_at"),
    )
    nearly_over = Offer.objects.standing(now).filter(
        ~Exists(warned), held_until__lte=now + LAST_DAY
    )
    pks = nearly_over.order_by("pk").values_list("pk", flat=True)
    return one_by_one(pks, partial(_warn, now=now), task="word about the end of offer")


def _warn(pk: int, *, now: datetime) -> bool:
    offer = Offer.objects.select_related("request").get(pk=pk)
    if now < offer.made_at + (offer.held_until - offer.made_at) / 2:
        return False
    return messages.queue_once(offer.request, MessageKind.OFFER_ENDS, now=now)


def _without_offer(request: AppointmentRequest, version: int, *, by: User, now: datetime) -> int:
    """The version to expect once an open offer, if there is one, is withdrawn."""
    if request.state(now) in {RequestStatus.OFFERED, RequestStatus.BOOKED_OFFERED}:
        take_offer_back(request, version=version, by=by, now=now)
        return request.version
    return version


def take_offered(
    request: AppointmentRequest,
    chosen: OfferedTime,
    *,
    version: int,
    by: journal.Actor,
    now: datetime,
) -> Appointment:
    """Turn an offered time into the appointment, replacing an existing one.

    Raises TimeTaken if it is no longer held.
    """
    actor = journal.actor_name(by)
    moved = request.status == RequestStatus.BOOKED_OFFERED
    transition(
        request,
        RequestStatus.BOOKED,
        only_from=[RequestStatus.OFFERED, RequestStatus.BOOKED_OFFERED],
        version=version,
        by=by,
        now=now,
        kind=Event.MOVED if moved else None,
        wishes="",
        **OFF_THE_LIST,
    )
    end_moved(request, by=actor, now=now)
    given = given_text(request, now)
    appointment = diary.accept(chosen, by=actor, now=now, given=given)
    kind = MessageKind.MOVED if moved else MessageKind.BOOKED
    # A colleague takes a time for a patient only on the phone.
    messages.queue(request, kind, by=actor, now=now, on_the_phone=True)
    return appointment


def back_into_review(
    request: AppointmentRequest,
    *,
    version: int,
    by: journal.Actor,
    now: datetime,
    kind: Event,
    **columns: Any,
) -> None:
    """Take the request back into review, because the offered times do not suit.

    An appointment is kept.
    """
    has_one = request.status == RequestStatus.BOOKED_OFFERED
    transition(
        request,
        RequestStatus.BOOKED_IN_REVIEW if has_one else RequestStatus.IN_REVIEW,
        version=version,
        by=by,
        now=now,
        only_from=[RequestStatus.OFFERED, RequestStatus.BOOKED_OFFERED],
        kind=kind,
        answer_due=answer_before_visit(request, now),
        **columns,
    )
