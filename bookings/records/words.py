"""What tables and columns are called in a copy that a patient reads.

Whatever is not named here has the name that the model gives it, so nothing is ever left out.
"""

from django.db.models import Model

from bookings.models import (
    Appointment,
    AppointmentRequest,
    ClinicQuestion,
    Message,
    Note,
    Offer,
    OfferedTime,
    PageNotice,
    Person,
    PersonEvent,
    PersonLink,
    PhoneCall,
    Recall,
    RecordedOutcome,
    RedFlag,
    RightsRequest,
    ScreeningAnswer,
    Subscription,
    TextReply,
    VisitAnswer,
)
from procedures.ground.classified import fields_of

# In the order in which they are read; other tables come after them.
TABLES: dict[type[Model], str] = {
    Person: "Who you are",
    AppointmentRequest: "What you asked for",
    Appointment: "Your appointments",
    ScreeningAnswer: "Your answers to our safety questions",
    RedFlag: "Answers that a clinician had to look at",
    RecordedOutcome: "What clinicians decided about your answers",
    ClinicQuestion: "What we asked you",
    Offer: "Times that we offered you",
    OfferedTime: "Each of the times that we offered you",
    PhoneCall: "Calls to you",
    Message: "Messages to you",
    TextReply: "Text messages from you",
    PageNotice: "News of pages that you were given",
    VisitAnswer: "What you told us after a visit",
    Recall: "When we meant to ask you about a follow-up",
    Note: "What colleagues wrote about you for each other",
    PersonLink: "Whether two entries are the same person",
    Subscription: "Pages of which you wanted news by email",
    RightsRequest: "What you asked about your data, and our answers",
    PersonEvent: "What we did with everything that we hold about you",
}
COLUMNS = {
    "access_needs": "help that you need to visit us",
    "access_detail": "what else would help",
    "answer": "your answer",
    "answer_due": "when we meant to answer",
    "asked_by": "asked by",
    "day": "on which day you asked",
    "by": "by whom",
    "carer_name": "who asked for you",
    "carer_right": "by what right they asked",
    "changed_at": "when we corrected it, or joined two entries",
    "changed_by": "who did that",
    "code_until": "until when your code opened the request",
    "detail_in_messages": "day, time and place in messages",
    "due": "our last day to answer, or to acknowledge a complaint",
    "ended_reason": "why it ended",
    "failure": "why it did not arrive",
    "freed": "time that was passed on",
    "known_at": "since when we have known this",
    "known_by": "from whom we have it",
    "language": "language in which we write to you",
    "leased_until": "while it was being sent",
    "level": "how serious",
    "link_until": "until when your private link opens again",
    "next_try": "when it was to be sent",
    "page": "about which page",
    "read_in": "language in which you read the question",
    "receipt": "what we told you first about your complaint",
    "receipt_told": "when we told you that we have your complaint",
    "received_at": "when it arrived",
    "received_by": "who noted it",
    "reply": "what we answered",
    "reply_due": "until when you could reply",
    "sent_to": "where it went",
    "submission_digest": "check that it arrived once",
    "why_longer": "why it took longer",
    "wished_clinician": "whom you wanted to see",
    "wishes": "when else you could come",
}


def title_of(model: type[Model]) -> str:
    """What a table is called."""
    return TABLES.get(model) or str(model._meta.verbose_name_plural).capitalize()


def label_of(model: type[Model], name: str) -> str:
    """What a column is called."""
    label = COLUMNS.get(name) or str(fields_of(model)[name].verbose_name)
    return label[:1].upper() + label[1:]


def place_of(model: type[Model]) -> int:
    """The place of a table in the copy."""
    return list(TABLES).index(model) if model in TABLES else len(TABLES)
