"""What patients say after a visit: one short question, answered once or not at all."""

from datetime import datetime

from django.db import IntegrityError, transaction
from django.utils.translation import gettext

from bookings import journal, messages
from bookings.models import AppointmentRequest, VisitAnswer
from bookings.status import PATIENT, AppointmentStatus, GotIt, TriageRefused
from bookings.status.events import Event
from bookings.triage.transitions import one_change


def was_seen(request: AppointmentRequest) -> bool:
    """Whether the patient came to the visit, so that we may ask about it."""
    return request.appointments.filter(status=AppointmentStatus.FULFILLED).exists()


def answer_about_visit(
    request: AppointmentRequest, *, got_it: str, comment: str, now: datetime
) -> VisitAnswer:
    """Keep what the patient says about the visit. It never changes.

    Whoever asks to be phoned becomes a task for the desk. Raises TriageRefused before the visit, or
    if the question was answered before.
    """
    if not was_seen(request):
        raise TriageRefused(gettext("You can answer this after your visit."))
    try:
        with one_change(request):
            with transaction.atomic():
                answer = VisitAnswer.objects.create(
                    request=request,
                    got_it=got_it,
                    comment=comment,
                    given_at=now,
                    given_by=PATIENT,
                )
            journal.record(request, Event.ANSWERED_AFTERWARDS, by=PATIENT, at=now)
            if got_it == GotIt.CALL:
                messages.notify_clinic(request, now=now)
    except IntegrityError:
        raise TriageRefused(gettext("We already have your answer. Thank you.")) from None
    return answer
