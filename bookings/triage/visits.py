"""What becomes of a booked appointment."""

from datetime import datetime, timedelta
from functools import partial

from django.conf import settings
from django.contrib.auth.models import User
from django.db.models import Exists, OuterRef

from bookings import diary, journal, messages
from bookings.events import ATTENDANCE, Event
from bookings.free_times import Span, is_in_session
from bookings.models import Appointment, AppointmentRequest, Message
from bookings.status import (
    PATIENT,
    AppointmentStatus,
    MessageKind,
    OfferStatus,
    RequestStatus,
    TriageRefused,
)
from bookings.triage.moves import (
    OFF_THE_LIST,
    answer_before_visit,
    move,
    notify_clinic,
    one_change,
)
from procedures.batches import Tally, one_by_one


def cancel(
    request: AppointmentRequest,
    *,
    version: int,
    by: journal.Actor,
    now: datetime,
    reason: str = "",
) -> Appointment:
    """Cancel the booked appointment. Its time is free for others at once.

    A patient may until the cut-off (`cancel_until`), a member of staff until it begins. What either
    writes as a reason is for the other to read.
    """
    actor = journal.actor_name(by)
    with one_change(request):
        move(
            request,
            RequestStatus.CLOSED,
            version=version,
            by=by,
            now=now,
            ended_at=now,
            ended_by=actor,
            ended_reason=reason,
            **OFF_THE_LIST,
        )
        diary.release(request, OfferStatus.RELEASED, by=actor, now=now)
        appointment = _booked(request)
        _refuse_late_cancelling(appointment, by, now)
        diary.end(appointment, AppointmentStatus.CANCELLED, by=actor, now=now)
        messages.queue(request, MessageKind.CANCELLED, by=actor, now=now)
        if by == PATIENT:
            notify_clinic(request, now=now)
    return appointment


def record_attendance(
    request: AppointmentRequest, *, version: int, came: bool, by: User, now: datetime
) -> Appointment:
    """Write down whether the patient came, once the appointment has begun."""
    status = AppointmentStatus.FULFILLED if came else AppointmentStatus.NOSHOW
    username = by.get_username()
    with one_change(request):
        move(
            request,
            RequestStatus.CLOSED,
            version=version,
            by=by,
            now=now,
            kind=ATTENDANCE[came],
            ended_at=now,
            ended_by=username,
            **OFF_THE_LIST,
        )
        diary.release(request, OfferStatus.RELEASED, by=username, now=now)
        appointment = _booked(request)
        if now < appointment.starts:
            raise TriageRefused("It has not begun yet. It can only be cancelled.")
        diary.end(appointment, status, by=username, now=now)
        if came:
            messages.queue(request, MessageKind.AFTERWARDS, by=username, now=now)
    return appointment


def ask_for_another_time(
    request: AppointmentRequest, *, version: int, wishes: str, now: datetime
) -> AppointmentRequest:
    """The patient cannot come then. The appointment is kept until they have taken another time."""
    with one_change(request):
        move(
            request,
            RequestStatus.BOOKED_IN_REVIEW,
            only_from=[RequestStatus.BOOKED],
            version=version,
            by=PATIENT,
            now=now,
            wishes=wishes,
            answer_due=answer_before_visit(request, now),
        )
        if now >= cancel_until(_booked(request)):
            raise TriageRefused("It is too late to ask for another time here. Please ring us.")
        notify_clinic(request, now=now)
    return request


def keep_appointment(
    request: AppointmentRequest, *, version: int, now: datetime
) -> AppointmentRequest:
    """The patient keeps the time that they have."""
    with one_change(request):
        move(
            request,
            RequestStatus.BOOKED,
            only_from=[RequestStatus.BOOKED_IN_REVIEW, RequestStatus.BOOKED_OFFERED],
            version=version,
            by=PATIENT,
            now=now,
            kind=Event.KEPT,
            wishes="",
        )
        if request.flags.blocking().exists():
            raise TriageRefused("We have to look at something first, and then we write to you.")
        diary.release(request, OfferStatus.REFUSED, by=PATIENT, now=now)
    return request


def cancel_until(appointment: Appointment) -> datetime:
    """Until when a patient may cancel without ringing us."""
    return appointment.starts - timedelta(hours=settings.CLINIC_CANCEL_HOURS)


def is_soon(appointment: Appointment | None, now: datetime) -> bool:
    """Whether the appointment is so near that its reminder is due."""
    ahead = timedelta(days=settings.CLINIC_REMINDER_DAYS)
    return bool(
        appointment
        and appointment.status == AppointmentStatus.BOOKED
        and now < appointment.starts <= now + ahead
    )


def remind(now: datetime) -> Tally:
    """Queue the reminders that are due: one for each appointment; the number queued.

    None for what was booked so late that the confirmation says the same.
    """
    ahead = timedelta(days=settings.CLINIC_REMINDER_DAYS)
    reminded = Message.objects.filter(
        request=OuterRef("request"),
        kind=MessageKind.REMINDER,
        queued_at__gte=OuterRef("booked_at"),
    )
    coming = Appointment.objects.filter(
        ~Exists(reminded), status=AppointmentStatus.BOOKED, starts__gt=now, starts__lte=now + ahead
    )
    pks = coming.order_by("pk").values_list("pk", flat=True)
    return one_by_one(pks, partial(_remind, now=now, ahead=ahead), task="reminder of appointment")


def _remind(pk: int, *, now: datetime, ahead: timedelta) -> bool:
    related = Appointment.objects.select_related("request", "clinician", "room")
    appointment = related.get(pk=pk)
    span = Span(appointment.starts, appointment.ends)
    if appointment.room and not is_in_session(appointment.clinician, appointment.room, span):
        return False  # its clinic was cancelled, and the desk is to phone them
    if appointment.booked_at >= appointment.starts - ahead:
        return False
    return messages.queue_once(appointment.request, MessageKind.REMINDER, now=now)


def _booked(request: AppointmentRequest) -> Appointment:
    return request.appointments.get(status=AppointmentStatus.BOOKED)


def _refuse_late_cancelling(appointment: Appointment, by: journal.Actor, now: datetime) -> None:
    if now >= appointment.starts and by != PATIENT:
        raise TriageRefused("It has begun. Record whether the patient came.")
    if now >= cancel_until(appointment) and by == PATIENT:
        raise TriageRefused("It is too late to cancel here. Please ring us.")
