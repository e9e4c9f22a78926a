"""What the private page says first: its heading, and how far the request has come."""

from typing import NamedTuple

from bookings.models import Offer
from bookings.status import AppointmentStatus, RequestStatus

# The heading and the title of the page in each state. {offered} is “this time” or “these times”.
HEADINGS: dict[str, str] = {
    RequestStatus.RECEIVED: "We are looking at your request",
    RequestStatus.IN_REVIEW: "We are looking at your request",
    RequestStatus.QUESTION_ASKED: "We have a question for you",
    RequestStatus.OFFERED: "We can offer you {offered}",
    RequestStatus.DEFERRED: "We will come back to your request later",
    RequestStatus.BOOKED: "Your appointment",
    RequestStatus.BOOKED_IN_REVIEW: "We are looking at your appointment again",
    RequestStatus.BOOKED_OFFERED: "We can offer you {offered} instead",
    RequestStatus.DECLINED: "We cannot offer you an appointment for this",
    RequestStatus.WITHDRAWN: "This request is withdrawn",
    RequestStatus.LAPSED: "The time to reply has passed",
    AppointmentStatus.FULFILLED: "You have had your appointment",
    AppointmentStatus.NOSHOW: "You missed your appointment",
    AppointmentStatus.CANCELLED: "Your appointment was cancelled",
}
AN_EARLIER_TIME = "An earlier time is free"

STEPS = ("You asked", "We read your request", "You choose a time", "Your visit")
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
    return "this time" if offer and len(offer.times.all()) == 1 else "these times"


def heading(shown: str, offer: Offer | None) -> str:
    """The heading for a state and the offer that stands, if there is one."""
    if offer and offer.freed_id:
        return AN_EARLIER_TIME
    return HEADINGS[shown].format(offered=spoken_times(offer))


def steps(shown: str) -> list[Step]:
    """The steps to the visit, seen from a state; none if the request ended without a visit."""
    if shown not in OVER:
        return []
    over = OVER[shown]
    return [Step(name, number < over, number == over) for number, name in enumerate(STEPS)]
