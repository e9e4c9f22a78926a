"""The cancellation list: patients on it are offered times that become free.

One person at a time, in the order in which they asked, each for a few hours in which the desk is
open. They keep their own appointment until they take the other. A patient who declined a time is
not offered it again.
"""

from datetime import datetime, timedelta
from functools import partial
from typing import Any

from django.db.models import Q

from bookings import diary, journal, messages
from bookings.diary.desk_hours import desk_is_open, in_working_hours
from bookings.diary.free_times import time_at
from bookings.models import Appointment, AppointmentRequest, Offer
from bookings.screening import refuse_blocked
from bookings.status import (
    CLOCK,
    PATIENT,
    WITH_APPOINTMENT,
    AppointmentStatus,
    MessageKind,
    Overtaken,
    RequestStatus,
    TimeTaken,
    TriageRefused,
)
from bookings.status.events import Event
from bookings.triage.transitions import keep, one_change, transition, what_happened
from bookings.triage.visits import OFF_THE_LIST
from procedures.ground.batches import Failed, Tally, attempt, log_failure, one_by_one

# For how many open hours an earlier time is held for one person.
HELD_HOURS = 4
# Between the end of such an offer and its time: somebody has to travel.
LEAST_NOTICE = timedelta(hours=12)


def join_earlier_list(
    request: AppointmentRequest, *, version: int, by: journal.Actor, now: datetime
) -> AppointmentRequest:
    """Put the request on the list: from now on it is offered earlier times that become free."""
    actor = journal.actor_name(by)
    changes = {"earlier_asked_at": now, "earlier_asked_by": actor}
    return _note(request, version, by, now, kind=Event.JOINED_EARLIER_LIST, **changes)


def leave_earlier_list(
    request: AppointmentRequest, *, version: int, by: journal.Actor, now: datetime
) -> AppointmentRequest:
    """Take the request off the list, because the patient is content with their time."""
    return _note(request, version, by, now, kind=Event.LEFT_EARLIER_LIST, **OFF_THE_LIST)


def pass_on_freed_times(now: datetime) -> Tally:
    """Offer each time that was given back, the soonest first, to the next patient on the list.

    Returns how many were offered. Only while the desk is open, so that nobody is woken.
    """
    if not desk_is_open(now):
        return Tally(0, failed=0)
    freed = Appointment.objects.filter(
        status__in=[AppointmentStatus.CANCELLED, AppointmentStatus.MOVED],
        starts__gt=now + LEAST_NOTICE,
        room__isnull=False,
    ).exclude(passed_on__in=Offer.objects.standing(now))
    freed = freed.exclude(kept_until__gt=now)
    # What a colleague cancelled can still be undone for a moment.
    undoable = Q(status=AppointmentStatus.CANCELLED, ended_at__gt=now - messages.GRACE)
    freed = freed.exclude(undoable & ~Q(ended_by=PATIENT))
    pks = freed.order_by("starts", "pk").values_list("pk", flat=True)
    return one_by_one(pks, partial(_pass_on, now=now), task="passing on the time of appointment")


def _pass_on(pk: int, *, now: datetime) -> bool:
    freed = Appointment.objects.select_related("appointment_type", "clinician").get(pk=pk)
    held_until = in_working_hours(now, HELD_HOURS)
    if held_until > freed.starts - LEAST_NOTICE:
        return False
    candidates = _candidates(freed)
    kind, clinician = freed.appointment_type, freed.clinician
    if not candidates or time_at(kind, clinician, freed.starts, now) is None:
        return False  # nobody wants it, somebody else has it, or its clinic was cancelled
    offer = partial(_offer_earlier, freed=freed, held_until=held_until, now=now)
    for candidate in candidates:
        outcome = attempt(offer, candidate)
        if not isinstance(outcome, Failed):
            if outcome:
                return True
        elif isinstance(outcome.error, TimeTaken):
            return False
        elif not isinstance(outcome.error, TriageRefused):
            log_failure("offering an earlier time to request", candidate, outcome)
        # The time does not suit them, or theirs has changed meanwhile: try the next one.
    return False


def _candidates(freed: Appointment) -> list[int]:
    """Requests with a later appointment of the same type, in the order in which they asked."""
    later = Appointment.objects.filter(
        status=AppointmentStatus.BOOKED,
        appointment_type=freed.appointment_type,
        clinician=freed.clinician,
        starts__gt=freed.starts,
    )
    waiting = AppointmentRequest.objects.filter(
        status=RequestStatus.BOOKED, earlier_asked_at__isnull=False, appointments__in=later
    ).exclude(Q(offers__freed=freed) | Q(pk=freed.request_id))
    return list(waiting.order_by("earlier_asked_at", "pk").values_list("pk", flat=True))


def _offer_earlier(pk: int, *, freed: Appointment, held_until: datetime, now: datetime) -> bool:
    """Offer the time to this request; False if it does not suit the patient."""
    request = AppointmentRequest.objects.get(pk=pk)
    if not request.suits(freed.starts):
        return False
    with one_change(request):
        transition(
            request,
            RequestStatus.BOOKED_OFFERED,
            only_from=[RequestStatus.BOOKED],
            version=request.version,
            by=CLOCK,
            now=now,
            kind=Event.OFFERED_EARLIER,
            reply_due=held_until,
        )
        refuse_blocked(request)
        diary.offer(
            request,
            appointment_type=freed.appointment_type,
            clinician=freed.clinician,
            starts=[freed.starts],
            held_until=held_until,
            by=CLOCK,
            now=now,
            freed=freed,
        )
        messages.queue(request, MessageKind.OFFER, by=CLOCK, now=now)
    return True


def _note(
    request: AppointmentRequest,
    version: int,
    by: journal.Actor,
    now: datetime,
    *,
    kind: Event,
    **changes: Any,
) -> AppointmentRequest:
    with one_change(request):
        if request.version != version or request.state(now) not in WITH_APPOINTMENT:
            raise Overtaken(what_happened(request))
        keep(request, version=version, **changes)
        journal.record(request, kind, by=by, at=now)
    return request
