"""What the private page says first: its heading, and how far the request has come."""

from datetime import datetime
from typing import Any, NamedTuple

from django.db.models import Q
from django.utils.translation import gettext
from django.utils.translation import gettext_noop as _

from bookings import diary
from bookings.diary.free_times import stranded
from bookings.models import Appointment, AppointmentRequest, Offer
from bookings.status import (
    WAITING_FOR_CLINIC,
    WITH_APPOINTMENT,
    AppointmentStatus,
    RequestStatus,
)
from procedures.ground.moments import moment

# The heading and the title of the page in each state. {offered} is “this time” or “these times”.
HEADINGS: dict[str, str] = {
    RequestStatus.RECEIVED: _("We are looking at your request"),
    RequestStatus.IN_REVIEW: _("We are looking at your request"),
    RequestStatus.QUESTION_ASKED: _("We have a question for you"),
    RequestStatus.OFFERED: _("We can offer you {offered}"),
    RequestStatus.DEFERRED: _("We will come back to your request later"),
    RequestStatus.BOOKED: _("Your appointment"),
    RequestStatus.BOOKED_IN_REVIEW: _("We are looking at your appointment again"),
    RequestStatus.BOOKED_OFFERED: _("We can offer you {offered} instead"),
    RequestStatus.DECLINED: _("We cannot offer you an appointment for this"),
    RequestStatus.WITHDRAWN: _("This request is withdrawn"),
    RequestStatus.LAPSED: _("The time to reply has passed"),
    # Brought over from another system, without a visit.
    RequestStatus.CLOSED: _("We have your details"),
    AppointmentStatus.FULFILLED: _("You have had your appointment"),
    AppointmentStatus.NOSHOW: _("You missed your appointment"),
    AppointmentStatus.CANCELLED: _("Your appointment was cancelled"),
}
ANSWERS_FIRST = _("Please answer our safety questions")
AN_EARLIER_TIME = _("An earlier time is free")

STEPS = (
    _("You asked"),
    _("We read your request"),
    _("You choose a time"),
    _("Your visit"),
)
# The number of steps that are over in each state. A request that ended without a visit shows none.
OVER: dict[str, int] = {
    RequestStatus.RECEIVED: 1,
    RequestStatus.IN_REVIEW: 1,
    RequestStatus.QUESTION_ASKED: 1,
    RequestStatus.DEFERRED: 1,
    RequestStatus.OFFERED: 2,
    RequestStatus.BOOKED: 3,
    RequestStatus.BOOKED_IN_REVIEW: 3,
    RequestStatus.BOOKED_OFFERED: 3,
    AppointmentStatus.FULFILLED: 4,
}


class Step(NamedTuple):
    """One step from the request to the visit."""

    name: str
    is_over: bool
    is_now: bool


def spoken_times(offer: Offer | None) -> str:
    """How the page speaks of the times of an offer."""
    number = len(offer.times.all()) if offer else 0
    return gettext("this time") if number == 1 else gettext("these times")


def heading(shown: str, offer: Offer | None, *, must_answer: bool) -> str:
    """The heading for a state and the offer that stands, if there is one."""
    if must_answer and shown in WAITING_FOR_CLINIC:
        return gettext(ANSWERS_FIRST)
    if offer and offer.freed_id:
        return gettext(AN_EARLIER_TIME)
    return gettext(HEADINGS[shown]).format(offered=spoken_times(offer))


def kept_times(found: AppointmentRequest, now: datetime) -> dict[str, Any]:
    """What the patient gave back and can still have again, with its times in words."""
    kept = diary.kept_for(found, now)
    if kept is None:
        return {"kept": None, "kept_times": []}
    times = [kept] if isinstance(kept, Appointment) else kept.times.all()
    return {"kept": kept, "kept_times": [moment(each.starts) for each in times]}


def has_lost_time(found: AppointmentRequest, now: datetime) -> bool:
    """Whether we cannot see the patient at the time that is booked: no page may say that it is kept."""
    return found.state(now) in WITH_APPOINTMENT and bool(stranded(now, Q(request=found)))


def steps(shown: str) -> list[Step]:
    """The steps to the visit, seen from a state; none if the request ended without a visit."""
    if shown not in OVER:
        return []
    over = OVER[shown]
    return [Step(gettext(name), number < over, number == over) for number, name in enumerate(STEPS)]
