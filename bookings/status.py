"""The states of a request, whose turn each is, and what may follow. The table is the rule."""

from collections.abc import Iterable

from django.db.models import TextChoices

# Who acted, where it was not a member of staff. The space keeps them apart from any username.
PATIENT = "the patient"
CLOCK = "the clock"
# Whoever has the private link, and could not show that they are the patient.
LINK_HOLDER = "somebody with the link"


class RequestStatus(TextChoices):
    """Where an appointment request stands."""

    RECEIVED = "received", "Received"
    IN_REVIEW = "in_review", "In review"
    QUESTION_ASKED = "question_asked", "Question asked"
    OFFERED = "offered", "Times offered"
    DEFERRED = "deferred", "Deferred"
    BOOKED = "booked", "Booked"
    BOOKED_IN_REVIEW = "booked_in_review", "Booked and in review again"
    BOOKED_OFFERED = "booked_offered", "Booked and other times offered"
    DECLINED = "declined", "Declined"
    WITHDRAWN = "withdrawn", "Withdrawn"
    LAPSED = "lapsed", "Lapsed"
    CLOSED = "closed", "Closed with its appointment"


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
    RequestStatus.DECLINED: set(),
    RequestStatus.WITHDRAWN: set(),
    RequestStatus.LAPSED: {RequestStatus.IN_REVIEW},
    RequestStatus.CLOSED: set(),
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
# Where a request stands when the patient's time to reply is over.
WITHOUT_REPLY: dict[RequestStatus, RequestStatus] = {
    RequestStatus.QUESTION_ASKED: RequestStatus.LAPSED,
    RequestStatus.OFFERED: RequestStatus.LAPSED,
    RequestStatus.BOOKED_OFFERED: RequestStatus.BOOKED,
}
WITHDRAWABLE = {
    status for status, following in TRANSITIONS.items() if RequestStatus.WITHDRAWN in following
}


class FlagLevel(TextChoices):
    """How much a flagged answer weighs. An urgent one cannot wait for us: the patient is told to get
    help straight away."""

    URGENT = "urgent", "Urgent"
    RED = "red", "Red flag"
    AMBER = "amber", "Amber flag"


class FlagOutcome(TextChoices):
    """What a clinician decided about a flag."""

    PROCEED = "proceed", "Proceed"
    PROCEED_WITH_NOTE = "proceed_with_note", "Proceed, with a note"
    CALL_PATIENT = "call_patient", "Call the patient first"
    DELAY_UNTIL = "delay_until", "Delay"
    NOT_SUITABLE = "not_suitable", "Not suitable"
    REDIRECT = "redirect", "Send elsewhere"


# With any other outcome the flag goes on blocking offers and bookings.
CLEARING = {FlagOutcome.PROCEED, FlagOutcome.PROCEED_WITH_NOTE}


class AccessNeed(TextChoices):
    """What makes a visit possible for somebody. Asked once, seen by staff at every step."""

    INTERPRETER = "interpreter", "An interpreter"
    HEARING_LOOP = "hearing_loop", "A hearing loop, or help to hear us"
    STEP_FREE = "step_free", "A way without steps"
    CHAPERONE = "chaperone", "A chaperone in the room"
    LONGER = "longer", "More time than usual"


def needs_in_words(needs: Iterable[str], detail: str) -> list[str]:
    """What makes a visit possible for somebody, for patients and staff to read."""
    known = [str(AccessNeed(need).label) for need in needs]
    return [*known, detail] if detail else known


class CarerRight(TextChoices):
    """By what right somebody asks for someone else."""

    AGREED = "agreed", "They have asked me to"
    PARENT = "parent", "I am their parent or guardian"
    ATTORNEY = "attorney", "I have power of attorney for health, or I am their deputy"


class Answer(TextChoices):
    """What a patient can answer to a safety question."""

    NO = "no", "No"
    YES = "yes", "Yes"
    UNSURE = "unsure", "I am not sure"


class OfferStatus(TextChoices):
    """What became of an offer."""

    OPEN = "open", "Open"
    ACCEPTED = "accepted", "Accepted"
    REFUSED = "refused", "Other times asked for"
    RELEASED = "released", "Released with its request"
    EXPIRED = "expired", "Expired"


# In one offer.
MOST_TIMES = 3


class AppointmentStatus(TextChoices):
    """The state of an appointment, in the words of FHIR."""

    BOOKED = "booked", "Booked"
    FULFILLED = "fulfilled", "Attended"
    NOSHOW = "noshow", "Did not come"
    CANCELLED = "cancelled", "Cancelled"
    MOVED = "moved", "Moved to another time"


class Channel(TextChoices):
    """How a message travels."""

    EMAIL = "email", "Email"
    TEXT = "text", "Text message"


class MessageKind(TextChoices):
    """What a message tells. Its texts are in templates/bookings/email/."""

    RECEIVED = "received", "Request received"
    QUESTION = "question", "A question for you"
    OFFER = "offer", "Times offered"
    OFFER_ENDS = "offer_ends", "The offer ends soon"
    BOOKED = "booked", "Appointment booked"
    MOVED = "moved", "Appointment moved"
    KEPT = "kept", "Appointment stays as it is"
    DECLINED = "declined", "Answer to your request"
    WITHDRAWN = "withdrawn", "Request withdrawn"
    CANCELLED = "cancelled", "Appointment cancelled"
    REMINDER = "reminder", "Reminder of the appointment"
    AFTERWARDS = "afterwards", "After the visit"
    CONTACT = "contact", "Contact details changed"
    CONTACT_LEFT = "contact_left", "Contact details changed (to the old address)"
    LINK = "link", "The private link again"
    CLINIC_NOTICE = "clinic_notice", "Something is waiting"


class MessageStatus(TextChoices):
    """Where a message stands on its way out."""

    QUEUED = "queued", "Queued"
    SENT = "sent", "Sent"
    DROPPED = "dropped", "Not sent: no longer so"
    FAILED = "failed", "Failed"


class TriageRefused(Exception):
    """A step that the table, a flag, a taken time or a colleague's faster hand forbids.

    The message is a sentence for the person who tried.
    """


class Overtaken(TriageRefused):
    """Somebody else, or the clock, was faster. The message names them, and is for staff alone."""


class TimeTaken(TriageRefused):
    """Somebody else holds the time, or an offer no longer does."""
