"""Whether a message would still tell the truth. Checked before it is sent, and before we phone.

A message may wait for hours for a mail server. Whatever has changed meanwhile has a message of its
own.
"""

from collections.abc import Callable
from datetime import datetime, timedelta

from bookings.models import Appointment, Message
from bookings.status import (
    WITH_APPOINTMENT,
    AppointmentStatus,
    MessageKind,
    RequestStatus,
)

# After that nobody expects to hear from us about it.
MATTERS_FOR = timedelta(days=60)


def is_still_true(message: Message, now: datetime) -> bool:
    """Whether what the message tells the patient is true at that instant."""
    rule = RULES.get(message.kind)
    return rule is None or rule(message, now)


def _stands(*statuses: RequestStatus) -> Callable[[Message, datetime], bool]:
    return lambda message, now: message.request.state(now) in statuses


def _goes_on(message: Message, now: datetime) -> bool:
    return message.request.ended_at is None


def _is_about_the_appointment(message: Message, now: datetime) -> bool:
    """Whether the appointment was booked or moved in the same step that wrote the message."""
    appointment = _booked(message)
    return appointment is not None and appointment.booked_at == message.queued_at


def _is_about_a_visit_to_come(message: Message, now: datetime) -> bool:
    appointment = _booked(message)
    return (
        appointment is not None
        and appointment.booked_at <= message.queued_at
        and now < appointment.starts
    )


def _was_attended(message: Message, now: datetime) -> bool:
    last = message.request.appointments.order_by("-pk").first()
    return last is not None and last.status == AppointmentStatus.FULFILLED


def _booked(message: Message) -> Appointment | None:
    return message.request.appointments.filter(status=AppointmentStatus.BOOKED).first()


def _still_opens(message: Message, now: datetime) -> bool:
    return message.invitation is not None and message.invitation.is_open(now)


# Any other kind tells of something that has happened and cannot become untrue.
RULES: dict[str, Callable[[Message, datetime], bool]] = {
    MessageKind.RECEIVED: _goes_on,
    MessageKind.QUESTION: _stands(RequestStatus.QUESTION_ASKED),
    MessageKind.OFFER: _stands(RequestStatus.OFFERED, RequestStatus.BOOKED_OFFERED),
    MessageKind.OFFER_ENDS: _stands(RequestStatus.OFFERED, RequestStatus.BOOKED_OFFERED),
    MessageKind.BOOKED: _is_about_the_appointment,
    MessageKind.MOVED: _is_about_the_appointment,
    MessageKind.KEPT: _stands(*WITH_APPOINTMENT),
    MessageKind.REMINDER: _is_about_a_visit_to_come,
    MessageKind.AFTERWARDS: _was_attended,
    MessageKind.INVITATION: _still_opens,
}
