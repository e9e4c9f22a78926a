"""The states of a request, whose turn each is, and what may follow. The table is the rule."""

from django.db.models import TextChoices

# Who acted, if it was not a member of staff. The space keeps them apart from any username.
PATIENT = "the patient"
CLOCK = "the clock"
# Somebody who has the private link and could not show that they are the patient.
LINK_HOLDER = "somebody with the link"


class RequestStatus(TextChoices):
    """The status of an appointment request."""

    RECEIVED = "received", "Received"
    IN_REVIEW = "in_review", "In review"
    QUESTION_ASKED = "question_asked", "Question asked"
    OFFERED = "offered", "Times offered"
    DEFERRED = "deferred", "Deferred"
    BOOKED = "booked", "Booked"
    BOOKED_IN_REVIEW = "booked_in_review", "Booked (in review again)"
    BOOKED_OFFERED = "booked_offered", "Booked (other times offered)"
    DECLINED = "declined", "Declined"
    WITHDRAWN = "withdrawn", "Withdrawn"
    LAPSED = "lapsed", "Expired"
    CLOSED = "closed", "Closed"


TRANSITIONS: dict[RequestStatus, set[RequestStatus]] = {
    RequestStatus.RECEIVED: {RequestStatus.IN_REVIEW, RequestStatus.WITHDRAWN},
    RequestStatus.IN_REVIEW: {
        RequestStatus.QUESTION_ASKED,
        RequestStatus.OFFERED,
        RequestStatus.BOOKED,
        RequestStatus.DEFERRED,
        RequestStatus.DECLINED,
        RequestStatus.WITHDRAWN,
    },
    RequestStatus.QUESTION_ASKED: {
        RequestStatus.IN_REVIEW,
        RequestStatus.WITHDRAWN,
        RequestStatus.LAPSED,
    },
    RequestStatus.OFFERED: {
        RequestStatus.BOOKED,
        RequestStatus.IN_REVIEW,
        RequestStatus.WITHDRAWN,
        RequestStatus.LAPSED,
    },
    RequestStatus.DEFERRED: {RequestStatus.IN_REVIEW, RequestStatus.WITHDRAWN},
    RequestStatus.BOOKED: {
        RequestStatus.BOOKED,  # moved by phone
        RequestStatus.BOOKED_IN_REVIEW,
        RequestStatus.BOOKED_OFFERED,
        RequestStatus.CLOSED,
    },
    RequestStatus.BOOKED_IN_REVIEW: {
        RequestStatus.BOOKED,
        RequestStatus.BOOKED_OFFERED,
        RequestStatus.CLOSED,
    },
    RequestStatus.BOOKED_OFFERED: {
        RequestStatus.BOOKED,
        RequestStatus.BOOKED_IN_REVIEW,
        RequestStatus.CLOSED,
    },
    RequestStatus.DECLINED: {RequestStatus.IN_REVIEW},  # undone before anybody was told
    RequestStatus.WITHDRAWN: {RequestStatus.OFFERED},  # undone while its times are kept
    RequestStatus.LAPSED: {RequestStatus.IN_REVIEW},
    # Attendance undone, or a cancellation: before anybody was told, or while its time is kept.
    RequestStatus.CLOSED: {RequestStatus.BOOKED, RequestStatus.BOOKED_IN_REVIEW},
}
OWNERS: dict[RequestStatus, str] = {
    RequestStatus.RECEIVED: "clinic",
    RequestStatus.IN_REVIEW: "clinic",
    RequestStatus.QUESTION_ASKED: "patient",
    RequestStatus.OFFERED: "patient",
    RequestStatus.DEFERRED: "the clock",
    RequestStatus.BOOKED: "nobody",
    RequestStatus.BOOKED_IN_REVIEW: "clinic",
    RequestStatus.BOOKED_OFFERED: "patient",
    RequestStatus.DECLINED: "nobody",
    RequestStatus.WITHDRAWN: "nobody",
    RequestStatus.LAPSED: "nobody",
    RequestStatus.CLOSED: "nobody",
}
WAITING_FOR_CLINIC = {status for status, owner in OWNERS.items() if owner == "clinic"}
WAITING_FOR_PATIENT = {status for status, owner in OWNERS.items() if owner == "patient"}
# The appointment is kept until another time is accepted.
WITH_APPOINTMENT = {
    RequestStatus.BOOKED,
    RequestStatus.BOOKED_IN_REVIEW,
    RequestStatus.BOOKED_OFFERED,
}
# Nothing more happens, unless the clinic takes it up again.
ENDED = {
    RequestStatus.DECLINED,
    RequestStatus.WITHDRAWN,
    RequestStatus.LAPSED,
    RequestStatus.CLOSED,
}
# The status that follows when the patient's time to reply is over.
WITHOUT_REPLY: dict[RequestStatus, RequestStatus] = {
    RequestStatus.QUESTION_ASKED: RequestStatus.LAPSED,
    RequestStatus.OFFERED: RequestStatus.LAPSED,
    RequestStatus.BOOKED_OFFERED: RequestStatus.BOOKED,
}
WITHDRAWABLE = {
    status for status, following in TRANSITIONS.items() if RequestStatus.WITHDRAWN in following
}
# A username, or PATIENT or CLOCK of `status`.
ACTOR_LENGTH = 150
