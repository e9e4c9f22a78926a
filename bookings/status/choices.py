"""The values of columns, with the words that people read.

What patients read is marked for the catalogues. It is translated where a patient reads it, because
colleagues read the same words in English.
"""

from collections.abc import Iterable

from django.db.models import TextChoices
from django.utils.translation import gettext
from django.utils.translation import gettext_noop as _


class FlagLevel(TextChoices):
    """How serious a flagged answer is.

    An urgent one cannot wait for us: the patient is told to get help straight away.
    """

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
    REDIRECT = "redirect", "Refer elsewhere"


# After any other outcome the flag still blocks offers and bookings.
CLEARING = {FlagOutcome.PROCEED, FlagOutcome.PROCEED_WITH_NOTE}


class FeedWords(TextChoices):
    """What an entry of a calendar feed says about the patient."""

    BOOKED = "booked", "“Booked” and nothing else"
    INITIALS = "initials", "The patient’s initials"


class Scope(TextChoices):
    """What a token may open: kinds of resource, in FHIR's words."""

    APPOINTMENT = "Appointment", "Requests and appointments, without names"
    SLOT = "Slot", "Free and taken times, without who took them"
    SCHEDULE = "Schedule", "Clinic sessions"
    PRACTITIONER = "Practitioner", "Clinicians"
    PRACTITIONER_ROLE = "PractitionerRole", "What each clinician does here"
    LOCATION = "Location", "Places"
    HEALTHCARE_SERVICE = "HealthcareService", "What can be booked"
    PATIENT = "Patient", "Patients: name and date of birth"
    QUESTIONNAIRE = "Questionnaire", "The safety questions"
    QUESTIONNAIRE_RESPONSE = "QuestionnaireResponse", "What patients answered about their health"


class Notice(TextChoices):
    """What another system can be told, and what a manager reads about it."""

    RECEIVED = "appointment.proposed", "A request arrived"
    OFFERED = "appointment.offered", "Times were offered"
    BOOKED = "appointment.booked", "A visit was booked"
    MOVED = "appointment.moved", "A visit was moved"
    CANCELLED = "appointment.cancelled", "A visit was cancelled, or a request ended without one"
    ARRIVED = "appointment.arrived", "A patient arrived"
    ENDED = "appointment.ended", "A visit took place, or the patient did not attend"
    CHANGED = "appointment.changed", "Anything else happened to a request"
    ERASED = "appointment.erased", "What a request said about the patient was erased"


class DeliveryStatus(TextChoices):
    """How far a delivery to another system has got."""

    QUEUED = "queued", "Queued"
    SENT = "sent", "Sent"
    FAILED = "failed", "Given up"


class WhyOpened(TextChoices):
    """Why a colleague who books needs to read what a patient answered about their health."""

    ASKED = "asked", "The patient asks me about it"
    URGENT = "urgent", "It may be urgent, and no clinician is here"
    FOR_CLINICIAN = "for_clinician", "A clinician asked me to look"
    BOOKING = "booking", "I cannot book the right visit without it"


class WhyRenamed(TextChoices):
    """Why a patient's name is corrected."""

    NOTED_WRONGLY = "noted_wrongly", "It was misheard or mistyped"
    CHANGED = "changed", "The patient has changed their name"


class AccessNeed(TextChoices):
    """What makes a visit possible for somebody. Asked once, shown to staff at every step."""

    INTERPRETER = "interpreter", _("An interpreter")
    HEARING_LOOP = "hearing_loop", _("A hearing loop or other help with hearing")
    STEP_FREE = "step_free", _("Step-free access")
    CHAPERONE = "chaperone", _("A chaperone in the room")
    LONGER = "longer", _("More time than usual")


def needs_in_words(needs: Iterable[str], detail: str, language: str = "") -> list[str]:
    """What makes a visit possible for somebody, as a sentence for patients and staff.

    `language` is the English name of the one in which we write to them, if that is not English.
    """
    known = [gettext(AccessNeed(need).label) for need in needs]
    spoken = [f"Reads {language}: offer an interpreter"] if language else []
    return [*spoken, *known, *([detail] if detail else [])]


# When a visit could be, as requests store it and as people read it.
DAYS = {
    "monday": _("Monday"),
    "tuesday": _("Tuesday"),
    "wednesday": _("Wednesday"),
    "thursday": _("Thursday"),
    "friday": _("Friday"),
}
PARTS_OF_DAY = {
    "morning": _("Morning (9:00 to 12:00)"),
    "afternoon": _("Afternoon (12:00 to 17:00)"),
}


class CarerRight(TextChoices):
    """By what right somebody asks for someone else."""

    AGREED = "agreed", _("They have asked me to")
    PARENT = "parent", _("I am their parent or guardian")
    ATTORNEY = "attorney", _("I have power of attorney for their health, or I am their deputy")


# The same, about the patient, for staff.
CARER_RIGHT_IN_WORDS = {
    CarerRight.AGREED: "someone the patient has asked to",
    CarerRight.PARENT: "a parent or guardian",
    CarerRight.ATTORNEY: "someone with power of attorney for health, or a deputy",
}


class Verdict(TextChoices):
    """What a colleague says about two people who may be one."""

    SAME = "same", "The same person"
    NOT_SAME = "not_same", "Not the same person"
    UNDONE = "undone", "Undone"


class PersonAct(TextChoices):
    """What colleagues do with what we hold about a person."""

    EXPORTED = "exported", "Copy of everything made"
    HELD = "held", "Legal hold placed"
    RELEASED = "released", "Legal hold ended"
    EMPTIED = "emptied", "Emptied when its time was over"
    ERASED = "erased", "Erased"


class Answer(TextChoices):
    """What a patient can answer to a safety question."""

    NO = "no", _("No")
    YES = "yes", _("Yes")
    UNSURE = "unsure", _("I am not sure")
    PHONE = "phone", _("I would rather tell you by phone")


class AnsweredFrom(TextChoices):
    """Where the answer to a safety question comes from."""

    PATIENT = "patient", "what the patient ticks"
    AGE = "age", "the date of birth: yes for somebody under 18"
    LANGUAGE = "language", "the language: yes for somebody who answered in a translation"


class GotIt(TextChoices):
    """What a patient can answer after a visit: whether they got what they came for."""

    YES = "yes", _("Yes")
    PARTLY = "partly", _("Partly")
    NO = "no", _("No")
    CALL = "call", _("No, and please phone me")


class OfferStatus(TextChoices):
    """What became of an offer."""

    OPEN = "open", "Open"
    ACCEPTED = "accepted", "Accepted"
    REFUSED = "refused", "Other times requested"
    RELEASED = "released", "Ended with its request"
    EXPIRED = "expired", "Expired"


# How many times one offer may have.
MOST_TIMES = 3
# How many visits are booked in one go after another one.
MOST_VISITS = 6


class VisitStep(TextChoices):
    """What may be recorded on the day of a visit, and what its button says."""

    ARRIVED = "arrived", "Arrived"
    CALLED_IN = "called-in", "With the clinician"
    ATTENDED = "attended", "Attended"
    MISSED = "missed", "Did not attend"
    UNDO = "undo-attendance", "Undo"


class AppointmentStatus(TextChoices):
    """The state of an appointment, in FHIR's words."""

    BOOKED = "booked", "Booked"
    FULFILLED = "fulfilled", "Attended"
    NOSHOW = "noshow", "Did not attend"
    CANCELLED = "cancelled", "Cancelled"
    MOVED = "moved", "Moved to another time"


class CancelledBy(TextChoices):
    """Whose wish a cancellation was, whoever pressed the button."""

    PATIENT = "patient", "They cancelled"
    CLINIC = "clinic", "We cancel"


class Channel(TextChoices):
    """How a message is sent."""

    EMAIL = "email", "Email"
    TEXT = "text", "Text message"
    # A colleague tells them: nothing is sent.
    PHONE = "phone", "Phone call"
    # A colleague prints it, and posts it or hands it over.
    PAPER = "paper", "Letter"


class MessageKind(TextChoices):
    """What a message is about. Its texts are in templates/bookings/email/."""

    RECEIVED = "received", "Request received"
    QUESTION = "question", "Question asked"
    OFFER = "offer", "Times offered"
    OFFER_ENDS = "offer_ends", "Offer ends soon"
    BOOKED = "booked", "Appointment booked"
    MOVED = "moved", "Appointment moved"
    KEPT = "kept", "Appointment kept"
    DECLINED = "declined", "Request declined"
    WITHDRAWN = "withdrawn", "Request withdrawn"
    CANCELLED = "cancelled", "Appointment cancelled"
    AFTER_ALL = "after_all", "Undone by the patient"
    REMINDER = "reminder", "Appointment reminder"
    AFTERWARDS = "afterwards", "After the visit"
    CONTACT = "contact", "Contact details changed"
    CONTACT_LEFT = "contact_left", "Contact details changed (to the old address)"
    RECALL = "recall", "Question about a follow-up"
    PAGE_NEWS = "page_news", "News of the page they were given"
    LINK = "link", "Private link sent again"
    CLINIC_NOTICE = "clinic_notice", "Notice to the clinic"
    UNSEEN = "unseen", "An urgent answer is still open"
    LATE = "late", "Our answer is late"
    INVITATION = "invitation", "Link for a colleague to choose a password"
    SUBSCRIBE = "subscribe", "Question whether they want news of a page"
    PAGE_CHANGED = "page_changed", "News of a page that they follow"


# What goes to colleagues about a request. It names nobody.
TO_COLLEAGUES = (MessageKind.CLINIC_NOTICE, MessageKind.UNSEEN, MessageKind.LATE)
# What goes to whoever follows a page, and is about no request.
TO_SUBSCRIBERS = (MessageKind.SUBSCRIBE, MessageKind.PAGE_CHANGED)


class MessageStatus(TextChoices):
    """How far a message has got."""

    QUEUED = "queued", "Queued"
    SENT = "sent", "Sent"
    DROPPED = "dropped", "Not sent: out of date"
    FAILED = "failed", "Failed"
    TO_TELL = "to_tell", "Not told yet"
    TO_POST = "to_post", "Printed, not posted yet"
