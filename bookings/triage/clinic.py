"""What the clinic does with a request."""

from collections.abc import Sequence
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from django.conf import settings
from django.contrib.auth.models import User
from django.utils import timezone

from bookings import diary, journal, messages
from bookings.events import Event
from bookings.models import (
    Appointment,
    AppointmentRequest,
    AppointmentType,
    ClinicQuestion,
    Offer,
    OfferedTime,
    RecordedOutcome,
    RedFlag,
)
from bookings.status import (
    WITH_APPOINTMENT,
    MessageKind,
    OfferStatus,
    Overtaken,
    RequestStatus,
    TriageRefused,
)
from bookings.triage.moves import (
    OFF_THE_LIST,
    after_the_clock,
    answer_due,
    back_into_review,
    booked_appointment,
    end_moved,
    given_text,
    in_working_hours,
    keep,
    move,
    one_change,
    refuse_blocking_flags,
    take_offered,
    taken_up,
    what_happened,
)
from procedures.models import Clinician

DAYS_TO_ANSWER_A_QUESTION = 14
# So that the patient can still come, and the desk can still give the time to somebody else.
BEFORE_THE_FIRST = timedelta(hours=2)


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
            ended_at=None,
            ended_by=None,
        )
    return request


def resolve_flag(
    flag: RedFlag, *, version: int, outcome: str, reason: str, by: User, now: datetime
) -> RedFlag:
    """Record what a named person decided about a flag. A later outcome counts instead of this one; both
    stay in the flag's history."""
    request = flag.request
    with one_change(request):
        version = taken_up(request, version, by=by, now=now)
        version = after_the_clock(request, version, now=now)
        if request.status not in {RequestStatus.IN_REVIEW, RequestStatus.BOOKED_IN_REVIEW}:
            raise Overtaken(what_happened(request))
        keep(request, version=version)
        flag.outcome, flag.reason = outcome, reason
        flag.resolved_at, flag.resolved_by = now, by
        flag.save(update_fields=["outcome", "reason", "resolved_at", "resolved_by"])
        RecordedOutcome.objects.create(
            flag=flag, outcome=outcome, reason=reason, recorded_at=now, recorded_by=by
        )
        journal.record(
            request, Event.FLAG_RESOLVED, by=by, at=now, flag=flag.pk, outcome=str(outcome)
        )
    return flag


def ask(
    request: AppointmentRequest, *, version: int, text: str, by: User, now: datetime
) -> ClinicQuestion:
    """Ask the patient something; they read it behind their link."""
    with one_change(request):
        version = taken_up(request, version, by=by, now=now)
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
    """Offer one to three times, held for the patient. Raises TimeTaken if one is not free.

    An appointment that the patient has already is kept until they take one of them.
    """
    current = booked_appointment(request)
    with one_change(request):
        version = taken_up(request, version, by=by, now=now)
        move(
            request,
            RequestStatus.BOOKED_OFFERED if current else RequestStatus.OFFERED,
            version=version,
            by=by,
            now=now,
            reply_due=held_until,
        )
        refuse_blocking_flags(request)
        if current and held_until > current.starts:
            raise TriageRefused("Let the offer end before the appointment that they have now.")
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


def usual_hold(starts: Sequence[datetime], now: datetime) -> datetime:
    """Until when times are held if nobody says otherwise: so many hours of the desk, and no longer than
    two hours before the first. Raises TriageRefused if that is too soon for an offer."""
    usual = in_working_hours(now, settings.CLINIC_HELD_HOURS).replace(second=0, microsecond=0)
    held_until = min(usual, min(starts) - BEFORE_THE_FIRST)
    if held_until <= now + BEFORE_THE_FIRST:
        raise TriageRefused(
            "The first of these times is too near for an offer. Say yourself until when it is held, or "
            "ring the patient and book by phone."
        )
    return held_until


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
    """Book a time that was agreed on the phone. Raises TimeTaken if it is not free.

    It takes the place of an appointment that the patient has already.
    """
    username = by.get_username()
    moved = booked_appointment(request) is not None
    with one_change(request):
        version = taken_up(request, version, by=by, now=now)
        move(
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
        refuse_blocking_flags(request)
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
        messages.queue(request, kind, by=username, now=now)
    return appointment


def book_offered(
    request: AppointmentRequest,
    *,
    version: int,
    chosen: OfferedTime,
    by: User,
    now: datetime,
) -> Appointment:
    """Book the offered time that the patient took on the phone. It is theirs at every moment.

    Safety questions whose answers have aged are asked again with the reminder.
    """
    with one_change(request):
        return take_offered(request, chosen, version=version, by=by, now=now)


def take_offer_back(
    request: AppointmentRequest, *, version: int, by: User, now: datetime
) -> AppointmentRequest:
    """Let the offered times go, for example because the patient rang and none of them suits."""
    with one_change(request):
        back_into_review(request, version=version, by=by, now=now, kind=Event.OFFER_TAKEN_BACK)
        diary.release(request, OfferStatus.RELEASED, by=by.get_username(), now=now)
    return request


def leave_as_it_is(
    request: AppointmentRequest, *, version: int, by: User, now: datetime
) -> AppointmentRequest:
    """The appointment stands, because we have no better time or nothing speaks against it."""
    with one_change(request):
        move(
            request,
            RequestStatus.BOOKED,
            only_from=[RequestStatus.BOOKED_IN_REVIEW],
            version=version,
            by=by,
            now=now,
            kind=Event.LEFT_AS_IT_IS,
            wishes="",
        )
        refuse_blocking_flags(request)
        messages.queue(request, MessageKind.KEPT, by=by.get_username(), now=now)
    return request


def defer(
    request: AppointmentRequest, *, version: int, until: date, by: User, now: datetime
) -> AppointmentRequest:
    """Put a request aside until a day in the clinic's zone, on which it comes back by itself."""
    if until <= timezone.localdate(now):
        raise TriageRefused("Choose a day after today.")
    with one_change(request):
        version = taken_up(request, version, by=by, now=now)
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
        version = taken_up(request, version, by=by, now=now)
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
