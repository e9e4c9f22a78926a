"""Verbs of the review: look at a request, ask, put it aside, decline or withdraw it."""

from datetime import date, datetime, time, timedelta

from django.contrib.auth.models import User
from django.utils import timezone

from bookings import diary, journal, messages
from bookings.diary.desk_hours import answer_due
from bookings.models import AppointmentRequest, ClinicQuestion
from bookings.screening import refuse_unheard
from bookings.status import PATIENT, MessageKind, OfferStatus, RequestStatus, TriageRefused
from bookings.status.events import Event
from bookings.triage.transitions import one_change, taken_up, transition

DAYS_TO_ANSWER_A_QUESTION = 14


def start_review(
    request: AppointmentRequest, *, version: int, by: User, now: datetime
) -> AppointmentRequest:
    """Take a received, lapsed or deferred request into review; a deferred one before its day.

    If the promised time has passed, or was that of a later day, promise a new one.
    """
    is_past, is_deferred = request.answer_due < now, request.deferred_until is not None
    promise = answer_due(now) if is_past or is_deferred else request.answer_due
    with one_change(request):
        transition(
            request,
            RequestStatus.IN_REVIEW,
            version=version,
            by=by,
            now=now,
            only_from=[RequestStatus.RECEIVED, RequestStatus.LAPSED, RequestStatus.DEFERRED],
            answer_due=promise,
            ended_at=None,
            ended_by=None,
        )
    return request


def ask(
    request: AppointmentRequest, *, version: int, text: str, by: User, now: datetime
) -> ClinicQuestion:
    """Ask the patient something; they read it at their private link."""
    with one_change(request):
        version = taken_up(request, version, by=by, now=now)
        transition(
            request,
            RequestStatus.QUESTION_ASKED,
            version=version,
            by=by,
            now=now,
            reply_due=now + timedelta(days=DAYS_TO_ANSWER_A_QUESTION),
        )
        question = ClinicQuestion.objects.create(
            request=request, text=text, asked_at=now, asked_by=by
        )
        messages.queue(request, MessageKind.QUESTION, by=by.get_username(), now=now)
    return question


def answer_question(
    request: AppointmentRequest,
    *,
    version: int,
    text: str,
    now: datetime,
    by: journal.Actor = PATIENT,
) -> AppointmentRequest:
    """Record the patient's answer to the clinic's question. The request is ours again.

    A colleague notes an answer that was given on the phone.
    """
    with one_change(request):
        transition(
            request,
            RequestStatus.IN_REVIEW,
            version=version,
            by=by,
            now=now,
            only_from=[RequestStatus.QUESTION_ASKED],
            kind=Event.ANSWERED,
            answer_due=answer_due(now),
        )
        # An earlier one may have been left open: the request came back to us without an answer.
        question = request.questions.latest("pk")
        question.answer = text
        question.answered_at, question.answered_by = now, journal.actor_name(by)
        question.save(update_fields=["answer", "answered_at", "answered_by"])
        if by == PATIENT:
            messages.notify_clinic(request, now=now)
    return request


def defer(
    request: AppointmentRequest, *, version: int, until: date, by: User, now: datetime
) -> AppointmentRequest:
    """Put a request aside until a day in the clinic's time zone, on which it comes back."""
    if until <= timezone.localdate(now):
        raise TriageRefused("Choose a day after today.")
    with one_change(request):
        version = taken_up(request, version, by=by, now=now)
        comes_back = datetime.combine(until, time(), tzinfo=timezone.get_default_timezone())
        transition(
            request,
            RequestStatus.DEFERRED,
            version=version,
            by=by,
            now=now,
            deferred_until=until,
            answer_due=answer_due(comes_back),
        )
    return request


def decline(
    request: AppointmentRequest, *, version: int, reason: str, by: User, now: datetime
) -> AppointmentRequest:
    """Decline the request, with a reason that the patient reads at their private link."""
    with one_change(request):
        refuse_unheard(request)
        version = taken_up(request, version, by=by, now=now)
        transition(
            request,
            RequestStatus.DECLINED,
            version=version,
            by=by,
            now=now,
            ended_at=now,
            ended_by=by.get_username(),
            ended_reason=reason,
        )
        messages.queue(request, MessageKind.DECLINED, by=by.get_username(), now=now)
    return request


def withdraw(
    request: AppointmentRequest, *, version: int, now: datetime, by: journal.Actor = PATIENT
) -> AppointmentRequest:
    """Withdraw the request. The patient presses, or a colleague for a patient on the phone.

    Times that were held for them are kept for a while, in which they can undo it (`giving_back`).
    """
    actor = journal.actor_name(by)
    with one_change(request):
        if by != PATIENT:
            refuse_unheard(request)
        transition(
            request,
            RequestStatus.WITHDRAWN,
            version=version,
            by=by,
            now=now,
            ended_at=now,
            ended_by=actor,
        )
        diary.release(request, OfferStatus.RELEASED, by=actor, now=now, is_given_back=True)
        messages.queue(request, MessageKind.WITHDRAWN, by=actor, now=now)
    return request
