"""The day of the visit: who has arrived, who is with the clinician, who came, who did not.

| the patient            | what can be recorded                  |
|------------------------|---------------------------------------|
| is expected            | arrived; once it has begun: attended, did not attend |
| has arrived            | with the clinician; once it has begun: attended; undo |
| is with the clinician  | once it has begun: attended; undo     |
| attended, or did not   | undo, until the end of that day       |

An undo is a step of its own: the journal shows both, and who took them.
"""

from datetime import datetime
from typing import Any

from django.contrib.auth.models import User
from django.utils import timezone

from bookings import diary, journal, messages
from bookings.models import Appointment, AppointmentRequest, Message
from bookings.screening import refuse_unheard
from bookings.status import (
    WITH_APPOINTMENT,
    AppointmentStatus,
    MessageKind,
    MessageStatus,
    OfferStatus,
    Overtaken,
    RequestStatus,
    TriageRefused,
    VisitStep,
)
from bookings.status.events import ATTENDANCE, Event
from bookings.triage.transitions import keep, one_change, transition, what_happened
from bookings.triage.visits import OFF_THE_LIST, book_again, booked_appointment

REFUSALS: dict[VisitStep, str] = {
    VisitStep.ARRIVED: "You can record an arrival only on the day of the visit, and only once.",
    VisitStep.CALLED_IN: "You can record this only for a patient who has arrived.",
    VisitStep.ATTENDED: "The appointment has not started yet. You can only cancel it.",
    VisitStep.MISSED: "You can record this only for an appointment that has started and a patient who "
    "has not arrived. If that was a mistake, undo it first.",
    VisitStep.UNDO: "There is nothing to undo. You can undo a note until the end of the day on which "
    "it was made.",
}


def latest_appointment(request: AppointmentRequest) -> Appointment | None:
    """The appointment that the request has, or had last."""
    return max(request.appointments.all(), key=lambda each: each.pk, default=None)


def possible_steps(appointment: Appointment, now: datetime) -> list[VisitStep]:
    """What may be recorded about the appointment at that instant. The table above is the rule."""
    today = timezone.localdate(now)
    if appointment.ended_at:
        attended_or_not = {AppointmentStatus.FULFILLED, AppointmentStatus.NOSHOW}
        is_fresh = timezone.localdate(appointment.ended_at) == today
        return [VisitStep.UNDO] if appointment.status in attended_or_not and is_fresh else []
    has_begun = appointment.starts <= now
    possible = {
        VisitStep.ARRIVED: not appointment.arrived_at
        and timezone.localdate(appointment.starts) == today,
        VisitStep.CALLED_IN: bool(appointment.arrived_at) and not appointment.called_in_at,
        VisitStep.ATTENDED: has_begun,
        VisitStep.MISSED: has_begun and not appointment.arrived_at,
        VisitStep.UNDO: bool(appointment.arrived_at),
    }
    return [step for step, is_possible in possible.items() if is_possible]


def record_arrival(
    request: AppointmentRequest, *, version: int, by: User, now: datetime
) -> Appointment:
    """Record that the patient has arrived. Raises TriageRefused on another day."""
    changes = {"arrived_at": now, "arrived_by": by.get_username()}
    return _note(request, VisitStep.ARRIVED, Event.ARRIVED, version, by, now, **changes)


def call_in(request: AppointmentRequest, *, version: int, by: User, now: datetime) -> Appointment:
    """Record that the patient is with the clinician. Raises TriageRefused before they arrive."""
    changes = {"called_in_at": now, "called_in_by": by.get_username()}
    return _note(request, VisitStep.CALLED_IN, Event.CALLED_IN, version, by, now, **changes)


def record_attendance(
    request: AppointmentRequest, *, version: int, came: bool, by: User, now: datetime
) -> Appointment:
    """Record whether the patient came, once the appointment has begun.

    Raises TriageRefused for one who did not come while nobody has talked to them about something that
    cannot wait.
    """
    status = AppointmentStatus.FULFILLED if came else AppointmentStatus.NOSHOW
    username = by.get_username()
    with one_change(request):
        if not came:
            refuse_unheard(request)
        transition(
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
        appointment = request.appointments.get(status=AppointmentStatus.BOOKED)
        _refuse_unless(VisitStep.ATTENDED if came else VisitStep.MISSED, appointment, now)
        diary.end(appointment, status, by=username, now=now)
        if came and not _was_told(request):
            messages.queue(request, MessageKind.AFTERWARDS, by=username, now=now)
    return appointment


def undo_attendance(
    request: AppointmentRequest, *, version: int, by: User, now: datetime
) -> Appointment:
    """Undo the last of these steps. Raises TimeTaken if the time is somebody else's by now."""
    appointment = latest_appointment(request)
    if appointment is None:
        raise TriageRefused(REFUSALS[VisitStep.UNDO])
    if not appointment.ended_at:
        last = "called_in" if appointment.called_in_at else "arrived"
        changes = {f"{last}_at": None, f"{last}_by": None}
        return _note(request, VisitStep.UNDO, Event.ATTENDANCE_UNDONE, version, by, now, **changes)
    with one_change(request):
        book_again(
            request, appointment, version=version, by=by, now=now, kind=Event.ATTENDANCE_UNDONE
        )
        _refuse_unless(VisitStep.UNDO, appointment, now)
        return diary.reopen(appointment, now=now)


def _note(
    request: AppointmentRequest,
    step: VisitStep,
    kind: Event,
    version: int,
    by: User,
    now: datetime,
    **changes: Any,
) -> Appointment:
    """Change the appointment that the request has, and nothing else."""
    with one_change(request):
        appointment = booked_appointment(request)
        is_current = request.version == version and request.state(now) in WITH_APPOINTMENT
        if appointment is None or not is_current:
            raise Overtaken(what_happened(request))
        keep(request, version=version)
        _refuse_unless(step, appointment, now)
        diary.note_presence(appointment, **changes)
        journal.record(request, kind, by=by, at=now)
    return appointment


def _refuse_unless(step: VisitStep, appointment: Appointment, now: datetime) -> None:
    if step not in possible_steps(appointment, now):
        raise TriageRefused(REFUSALS[step])


def _was_told(request: AppointmentRequest) -> bool:
    """Whether the email after the visit has gone out already, before an undo."""
    return Message.objects.filter(
        request=request, kind=MessageKind.AFTERWARDS, status=MessageStatus.SENT
    ).exists()
