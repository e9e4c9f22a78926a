"""Who may read what a patient wrote about their health, and that a colleague opened it."""

from datetime import datetime, timedelta

from django.contrib.auth.models import User

from bookings import journal
from bookings.models import AppointmentRequest
from bookings.status import WhyOpened
from bookings.status.events import Event
from procedures.models.clinic import details

# A working day: whoever opened them need not say why again after lunch.
STAYS_OPEN = timedelta(hours=8)


def reads_every_answer(user: User) -> bool:
    """Whether they may read them without saying why: clinicians, or everybody if the clinic says so."""
    return details().reception_reads_answers or user.has_perm(
        "bookings.read_answers_appointmentrequest"
    )


def may_read_answers(user: User, request: AppointmentRequest, now: datetime) -> bool:
    """Whether they may read the answers of this request, perhaps because they said why today."""
    return reads_every_answer(user) or _has_opened(user, request, now)


def open_answers(
    request: AppointmentRequest, *, why: str, by: User, now: datetime
) -> AppointmentRequest:
    """Let this colleague read the answers for eight hours. The journal keeps why."""
    journal.record(request, Event.ANSWERS_OPENED, by=by, at=now, why=WhyOpened(why).value)
    return request


def _has_opened(user: User, request: AppointmentRequest, now: datetime) -> bool:
    opened = request.events.filter(kind=Event.ANSWERS_OPENED, by=user.get_username())
    return opened.filter(at__gt=now - STAYS_OPEN).exists()
