"""What a patient gives back on their own page, and can have again for an hour.

| what they did                      | the time is kept              | undone it is                |
|------------------------------------|-------------------------------|-----------------------------|
| cancelled the appointment          | an hour, until it would begin | booked, or in review again  |
| asked for other times than offered | an hour, until the offer ends | offered                     |
| kept the booked time instead       | the same                      | booked, other times offered |
| withdrew a request with an offer   | the same                      | offered                     |

Whatever happens next to the request ends the hour: a step of a colleague, another step of the
patient, its erasure. So does a colleague who frees the time for others. Then, or when the hour is
over, anybody can have the time (`diary.kept`). A closure in that hour changes nothing: an
appointment that comes back without a clinic is rebooked by the desk like any other.
"""

from datetime import datetime
from typing import Any

from django.utils.translation import gettext

from bookings import diary, journal, messages
from bookings.models import Appointment, AppointmentRequest
from bookings.status import (
    PATIENT,
    MessageKind,
    RequestStatus,
    TimeTaken,
    TriageRefused,
)
from bookings.status.events import Event
from bookings.triage.transitions import keep, one_change, transition
from bookings.triage.visits import book_again

# What was said in a letter about a step, and has to be taken back with it.
TOLD: dict[RequestStatus, MessageKind] = {
    RequestStatus.CLOSED: MessageKind.CANCELLED,
    RequestStatus.WITHDRAWN: MessageKind.WITHDRAWN,
}


def undo_giving_back(
    request: AppointmentRequest, *, version: int, by: journal.Actor, now: datetime
) -> AppointmentRequest:
    """Undo what the patient gave back: they have their time again.

    The patient presses, or a colleague for a patient on the phone. A letter that has left is
    followed by another one; one that the step kept back leaves now. Raises TimeTaken if the time is
    no longer kept for them.
    """
    kept, before, ended_at = diary.kept_for(request, now), request.status, request.ended_at
    if kept is None:
        raise TimeTaken(gettext(diary.TOO_LATE))
    actor = journal.actor_name(by)
    with one_change(request):
        if isinstance(kept, Appointment):
            kind = Event.KEPT_AFTER_ALL
            book_again(request, kept, version=version, by=by, now=now, kind=kind, takes_up=kept)
        else:
            _offer_again(request, kept, version=version, by=by, now=now)
        told = TOLD.get(RequestStatus(before))
        if told and not messages.take_back(request, told, since=ended_at or now):
            messages.queue(request, MessageKind.AFTER_ALL, by=actor, now=now)
        messages.write_again(request, by=actor, now=now)
        if by == PATIENT:
            messages.notify_clinic(request, now=now)
    return request


def free_now(
    request: AppointmentRequest, *, version: int, by: journal.Actor, now: datetime
) -> AppointmentRequest:
    """Free the time that the patient gave back, before its hour is over. They can no longer undo it."""
    with one_change(request):
        keep(request, version=version)
        if not diary.free_kept(request):
            raise TriageRefused("Nothing is kept for this patient any more.")
        journal.record(request, Event.FREED, by=by, at=now)
    return request


def _offer_again(request: AppointmentRequest, kept: Any, **step: Any) -> None:
    has_visit = request.status in {RequestStatus.BOOKED, RequestStatus.BOOKED_IN_REVIEW}
    is_withdrawn = request.status == RequestStatus.WITHDRAWN
    transition(
        request,
        RequestStatus.BOOKED_OFFERED if has_visit else RequestStatus.OFFERED,
        kind=Event.ASKS_AFTER_ALL if is_withdrawn else Event.TIMES_AFTER_ALL,
        takes_up=kept,
        reply_due=kept.held_until,
        ended_at=None,
        ended_by=None,
        **step,
    )
    if request.flags.blocking().exists():
        raise TriageRefused(
            gettext("We need to look at something first. We will tell you when we have.")
        )
