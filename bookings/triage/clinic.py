"""What the clinic does with a request."""

from collections.abc import Sequence
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from django.conf import settings
from django.contrib.auth.models import User
from django.utils import timezone

from bookings import diary, journal, messages
from bookings.models import (
    Appointment,
    AppointmentRequest,
    AppointmentType,
    ClinicQuestion,
    Offer,
    RedFlag,
)
from bookings.status import MessageKind, RequestStatus, TriageRefused
from bookings.triage.moves import (
    after_the_clock,
    answer_due,
    keep,
    move,
    one_change,
    refuse_blocking_flags,
    what_happened,
)
from procedures.models import Clinician

DAYS_TO_ANSWER_A_QUESTION = 14


def start_review(
    request: AppointmentRequest, *, version: int, by: User, now: datetime
) -> AppointmentRequest:
    """Take a received or lapsed request into review. A promise that has passed is made anew."""
    promise = answer_due(now) if request.answer_due < now else request.answer_due
    with one_change(request):
        move(
            request,
            RequestStatus.IN_REVIEW,
            version=version,
            by=by,
            now=now,
            only_from=[RequestStatus.RECEIVED, RequestStatus.LAPSED],
            answer_due=promise,
        )
    return request


def resolve_flag(
    flag: RedFlag, *, version: int, outcome: str, reason: str, by: User, now: datetime
) -> RedFlag:
    """Record what a named person decided about a flag. A later outcome and reason replace these; the
    journal keeps who recorded which outcome, and when."""
    request = flag.request
    with one_change(request):
        version = after_the_clock(request, version, now=now)
        if request.status != RequestStatus.IN_REVIEW:
            raise TriageRefused(what_happened(request))
        keep(request, version=version)
        flag.outcome, flag.reason = outcome, reason
        flag.resolved_at, flag.resolved_by = now, by
        flag.save(update_fields=["outcome", "reason", "resolved_at", "resolved_by"])
        journal.record(
            request, "recorded an outcome", by=by, at=now, flag=flag.pk, outcome=str(outcome)
        )
    return flag


def ask(
    request: AppointmentRequest, *, version: int, text: str, by: User, now: datetime
) -> ClinicQuestion:
    """Ask the patient something; they read it behind their link."""
    with one_change(request):
        move(
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


def offer(
    request: AppointmentRequest,
    *,
    version: int,
    appointment_type: AppointmentType,
    clinician: Clinician,
    starts: Sequence[datetime],
    held_until: datetime,
    by: User,
    now: datetime,
) -> Offer:
    """Offer one to three times, held for the patient. Raises TimeTaken if one is not free."""
    with one_change(request):
        move(
            request,
            RequestStatus.OFFERED,
            version=version,
            by=by,
            now=now,
            reply_due=held_until,
        )
        refuse_blocking_flags(request)
        made = diary.offer(
            request,
            appointment_type=appointment_type,
            clinician=clinician,
            starts=starts,
            held_until=held_until,
            by=by,
            now=now,
        )
        messages.queue(request, MessageKind.OFFER, by=by.get_username(), now=now)
    return made


def book(
    request: AppointmentRequest,
    *,
    version: int,
    appointment_type: AppointmentType,
    clinician: Clinician,
    starts: datetime,
    by: User,
    now: datetime,
) -> Appointment:
    """Book a time that was agreed on the phone. Raises TimeTaken if it is not free."""
    with one_change(request):
        move(
            request,
            RequestStatus.BOOKED,
            only_from=[RequestStatus.IN_REVIEW],
            version=version,
            by=by,
            now=now,
        )
        refuse_blocking_flags(request)
        appointment = diary.book(
            request,
            appointment_type=appointment_type,
            clinician=clinician,
            starts=starts,
            by=by,
            now=now,
        )
        messages.queue(request, MessageKind.BOOKED, by=by.get_username(), now=now)
    return appointment


def defer(
    request: AppointmentRequest, *, version: int, until: date, by: User, now: datetime
) -> AppointmentRequest:
    """Put a request aside until a day in the clinic's zone, on which it comes back by itself."""
    if until <= timezone.localdate(now):
        raise TriageRefused("Choose a day after today.")
    with one_change(request):
        comes_back = datetime.combine(until, time(), tzinfo=ZoneInfo(settings.TIME_ZONE))
        move(
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
    """Say no, with a reason that the patient reads behind their link."""
    with one_change(request):
        move(
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
