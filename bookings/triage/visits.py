"""What becomes of a booked appointment before its day: cancelled, kept or moved."""

from datetime import datetime
from typing import Any

from django.contrib.auth.models import User
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext

from bookings import diary, journal, messages
from bookings.diary.cut_off import cancel_until
from bookings.diary.desk_hours import answer_due
from bookings.diary.other_rooms import RoomChange
from bookings.models import Appointment, AppointmentRequest, Treatment
from bookings.screening import refuse_blocked, refuse_unheard
from bookings.status import (
    CLOCK,
    PATIENT,
    AppointmentStatus,
    CancelledBy,
    MessageKind,
    OfferStatus,
    RequestStatus,
    TimeTaken,
    TriageRefused,
)
from bookings.status.events import Event
from bookings.triage.transitions import one_change, transition
from procedures.models import InformationPage, Revision
from procedures.reading.publication import Publication, look_up

# A patient with another time is not waiting for an earlier one. Whoever cancels keeps the place on the
# list: nothing is offered without an appointment, and they have the place again if that is undone.
OFF_THE_LIST: dict[str, Any] = {"earlier_asked_at": None, "earlier_asked_by": None}


def cancel(
    request: AppointmentRequest,
    *,
    version: int,
    by: journal.Actor,
    now: datetime,
    reason: str = "",
    cancelled_by: str = CancelledBy.CLINIC,
) -> Appointment:
    """Cancel the booked appointment. Others can have its time straight away.

    If the patient cancels on their own page, it is first kept for them for a while (`giving_back`).
    A patient may cancel until the cut-off (`cancel_until`), a member of staff until it begins. The
    other side reads the reason. `cancelled_by` is whose wish it was, if a member of staff presses.
    """
    actor = journal.actor_name(by)
    side = CancelledBy.PATIENT if by == PATIENT else CancelledBy(cancelled_by)
    asked_us = side == CancelledBy.PATIENT and by != PATIENT
    with one_change(request):
        if by not in {PATIENT, CLOCK}:
            refuse_unheard(request)
        transition(
            request,
            RequestStatus.CLOSED,
            version=version,
            by=by,
            now=now,
            kind=Event.CANCELLED_FOR_PATIENT if asked_us else None,
            ended_at=now,
            ended_by=actor,
            ended_reason=reason,
        )
        diary.release(request, OfferStatus.RELEASED, by=actor, now=now)
        appointment = _booked(request)
        _refuse_late_cancelling(appointment, by, now)
        kept = {"kept_until": diary.keep_until(now, appointment.starts)} if by == PATIENT else {}
        status = AppointmentStatus.CANCELLED
        diary.end(appointment, status, by=actor, now=now, cancelled_by=side, **kept)
        # A patient who asks a colleague to cancel is on the phone or at the front desk.
        messages.queue(request, MessageKind.CANCELLED, by=actor, now=now, on_the_phone=asked_us)
        if by == PATIENT:
            messages.notify_clinic(request, now=now)
    return appointment


def ask_for_another_time(
    request: AppointmentRequest, *, version: int, wishes: str, now: datetime
) -> AppointmentRequest:
    """Ask for another time. The patient keeps the appointment until they take the new one."""
    with one_change(request):
        transition(
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
            raise TriageRefused(
                gettext("It is too late to ask for another time here. Please phone us.")
            )
        messages.notify_clinic(request, now=now)
    return request


def keep_appointment(
    request: AppointmentRequest, *, version: int, now: datetime
) -> AppointmentRequest:
    """Keep the time that the patient has."""
    with one_change(request):
        transition(
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
            raise TriageRefused(
                gettext("We need to look at something first. We will tell you when we have.")
            )
        diary.release(request, OfferStatus.REFUSED, by=PATIENT, now=now, is_given_back=True)
    return request


def leave_as_it_is(
    request: AppointmentRequest, *, version: int, by: User, now: datetime
) -> AppointmentRequest:
    """Keep the appointment, because we have no better time or there is no reason against it."""
    with one_change(request):
        transition(
            request,
            RequestStatus.BOOKED,
            only_from=[RequestStatus.BOOKED_IN_REVIEW],
            version=version,
            by=by,
            now=now,
            kind=Event.LEFT_AS_IT_IS,
            wishes="",
        )
        refuse_blocked(request)
        messages.queue(request, MessageKind.KEPT, by=by.get_username(), now=now)
    return request


def change_room(change: RoomChange, *, by: User, now: datetime) -> bool:
    """Give a visit or a held time another room. False if it has ended or somebody has that room.

    The patient is told nothing: they know the place, and whoever meets them knows the room.
    """
    try:
        with transaction.atomic():
            journal.record(change.request, Event.ROOM_CHANGED, by=by, at=now, room=change.to.name)
            diary.change_room(change.held, change.to, now=now)
    except TimeTaken:
        return False
    return True


def booked_appointment(request: AppointmentRequest) -> Appointment | None:
    """The appointment that the request has now."""
    appointments = request.appointments.all()
    return next((each for each in appointments if each.status == AppointmentStatus.BOOKED), None)


def answer_before_visit(request: AppointmentRequest, now: datetime) -> datetime:
    """By when we promise an answer about an appointment: before it begins."""
    current = booked_appointment(request)
    return min(answer_due(now), current.starts) if current else answer_due(now)


def given_text(request: AppointmentRequest, now: datetime) -> Revision | None:
    """The text that the patient is given with an appointment: the one that may be read now.

    A request about no page gets the page about the treatment that any visit may include.
    """
    page = request.page or _page_about_any_visit()
    found = look_up(page, timezone.localdate(now)) if page else None
    return found.revision if isinstance(found, Publication) else None


def end_moved(request: AppointmentRequest, *, by: str, now: datetime) -> bool:
    """End the appointment that another one replaces, in the same transaction.

    Returns False if there is none. Raises TriageRefused if it has begun.
    """
    old = booked_appointment(request)
    if old is None:
        return False
    if old.starts <= now:
        raise TriageRefused("The appointment has started, so you can no longer move it.")
    diary.end(old, AppointmentStatus.MOVED, by=by, now=now)
    return True


def book_again(
    request: AppointmentRequest,
    appointment: Appointment,
    *,
    version: int,
    by: journal.Actor,
    now: datetime,
    kind: Event,
    takes_up: diary.Kept | None = None,
) -> None:
    """Take a closed request back to where it was with its appointment, because a step is undone.

    It is ours again if a flag is open or the patient had asked for another time.
    """
    is_ours = request.wishes or request.flags.blocking().exists()
    promise = {"answer_due": min(answer_due(now), appointment.starts)} if is_ours else {}
    transition(
        request,
        RequestStatus.BOOKED_IN_REVIEW if is_ours else RequestStatus.BOOKED,
        only_from=[RequestStatus.CLOSED],
        version=version,
        by=by,
        now=now,
        kind=kind,
        takes_up=takes_up,
        ended_at=None,
        ended_by=None,
        ended_reason="",
        **promise,
    )


def _page_about_any_visit() -> InformationPage | None:
    usual = Treatment.objects.possible_for(None).filter(page__isnull=False)
    treatment = usual.select_related("page").first()
    return treatment.page if treatment else None


def _booked(request: AppointmentRequest) -> Appointment:
    return request.appointments.get(status=AppointmentStatus.BOOKED)


def _refuse_late_cancelling(appointment: Appointment, by: journal.Actor, now: datetime) -> None:
    if now >= appointment.starts and by != PATIENT:
        raise TriageRefused("The appointment has started. Record whether the patient came.")
    if now >= cancel_until(appointment) and by == PATIENT:
        raise TriageRefused(gettext("It is too late to cancel here. Please phone us."))
