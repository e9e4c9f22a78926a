"""Undoing a refusal or a cancellation by a colleague, within minutes and before anybody is told.

| what was done            | undone it is              | for as long as                           |
|--------------------------|---------------------------|------------------------------------------|
| declined                 | in review                 | 3 minutes, and no message has left       |
| cancelled by a colleague | booked, or in review again | the same, and the time is still free     |
| offered                  | `take_offer_back`         | the offer is open                        |

What a patient did on their own page is theirs to change. An undo is a step of its own: the journal
shows both.
"""

from datetime import datetime

from django.contrib.auth.models import User

from bookings import diary, messages
from bookings.models import AppointmentRequest
from bookings.status import (
    CLOCK,
    PATIENT,
    AppointmentStatus,
    MessageKind,
    RequestStatus,
    TriageRefused,
)
from bookings.status.events import Event
from bookings.triage.attendance import latest_appointment
from bookings.triage.transitions import one_change, transition
from bookings.triage.visits import book_again

TOO_LATE = (
    "This cannot be undone any more: it is more than 3 minutes ago, or the patient has been told. "
    "Phone them."
)


def can_be_undone(request: AppointmentRequest, now: datetime) -> bool:
    """Whether a colleague declined the request or cancelled its appointment a moment ago."""
    if request.ended_at is None or now >= request.ended_at + messages.GRACE:
        return False
    if request.ended_by in {PATIENT, CLOCK}:
        return False
    last = latest_appointment(request)
    is_cancelled = last is not None and last.status == AppointmentStatus.CANCELLED
    return request.status == RequestStatus.DECLINED or (
        request.status == RequestStatus.CLOSED and is_cancelled
    )


def undo(
    request: AppointmentRequest, *, version: int, by: User, now: datetime
) -> AppointmentRequest:
    """Undo the refusal or the cancellation.

    Raises TriageRefused if it is too late, and TimeTaken if somebody else has the time by now.
    """
    ended_at, appointment = request.ended_at, latest_appointment(request)
    is_possible = can_be_undone(request, now)
    with one_change(request):
        if appointment is None:
            told = MessageKind.DECLINED
            _back_into_review(request, version=version, by=by, now=now)
        else:
            told, kind = MessageKind.CANCELLED, Event.CANCEL_UNDONE
            book_again(request, appointment, version=version, by=by, now=now, kind=kind)
            diary.reopen(appointment, now=now)
        if not is_possible or not messages.take_back(request, told, since=ended_at or now):
            raise TriageRefused(TOO_LATE)
        messages.write_again(request, by=by.get_username(), now=now)
    return request


def _back_into_review(
    request: AppointmentRequest, *, version: int, by: User, now: datetime
) -> None:
    transition(
        request,
        RequestStatus.IN_REVIEW,
        only_from=[RequestStatus.DECLINED],
        version=version,
        by=by,
        now=now,
        kind=Event.DECLINE_UNDONE,
        ended_at=None,
        ended_by=None,
        ended_reason="",
    )
