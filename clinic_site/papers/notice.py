"""The draft of a privacy notice: Markdown to copy into the page about privacy, which a manager approves.

What the software does is said here in the words of patients. What only the clinic knows is a hint in
‹these marks›, which the checks of a page find one by one, so no notice is approved with one left.
"""

from typing import Any, NamedTuple

from django.conf import settings
from django.db.models import Model
from django.template.loader import render_to_string

from bookings.models import (
    Appointment,
    AppointmentRequest,
    ClinicQuestion,
    Import,
    Message,
    Note,
    Person,
    PersonEvent,
    PhoneCall,
    Recall,
    RecordedOutcome,
    RedFlag,
    RequestEvent,
    RightsRequest,
    ScreeningAnswer,
    SearchKey,
    Subscription,
    TextReply,
    VisitAnswer,
)
from bookings.records import retention
from clinic_site.papers import settled
from procedures.models import PageFeedback
from procedures.models.clinic import details


class Kept(NamedTuple):
    """An occasion, what is kept from then on, and in which tables."""

    when: str
    what: str
    tables: tuple[type[Model], ...]


KEPT = (
    Kept(
        "When you request an appointment",
        "your name, date of birth, how to reach you, and what you wrote about your problem. Your "
        "answers to our safety questions. When you could come, whom you would like to see and what help "
        "you need. Which languages you read and want letters in. Who asks for you, and by what right.",
        (AppointmentRequest, Person, ScreeningAnswer, SearchKey),
    ),
    Kept(
        "While we look after your request",
        "what a clinician decided about your answers, what we asked you and what you answered. Your "
        "appointments, the calls that we made to you, and notes that our staff write for each other. "
        "Also a journal: what was done, when, by whom, and who looked.",
        (RedFlag, RecordedOutcome, ClinicQuestion, Appointment, PhoneCall, Note, RequestEvent),
    ),
    Kept(
        "When we write to you",
        "which messages went where and when. If we post you a letter, your postal address.",
        (Message,),
    ),
    Kept(
        "When you text us",
        "what you wrote, your number, and when. Our receptionists read it.",
        (TextReply,),
    ),
    Kept(
        "After a visit",
        "your answers about how it went, if you give them. When to ask you about another visit.",
        (VisitAnswer, Recall),
    ),
    Kept(
        "When you ask or complain about your records",
        "what you asked and what we answered. That we made a copy, deleted something or have to keep "
        "it, and why.",
        (RightsRequest, PersonEvent),
    ),
    Kept(
        "When you say whether a page was clear",
        "your answer, what you wrote, and which text you read. We do not know who you are, so please "
        "do not write your name.",
        (PageFeedback,),
    ),
    Kept(
        "When you follow a page by email",
        "your address, the page and the language. Our emails do not name the page.",
        (Subscription,),
    ),
    Kept(
        "When we bring records over from another system",
        "what that system had about you, and the file itself until we have brought it in.",
        (Import,),
    ),
)


def text() -> str:
    """The whole notice as Markdown, true of this installation."""
    facts: dict[str, Any] = {
        "kept": [each for each in KEPT if takes_texts() or each.tables != (TextReply,)],
        "recipients": [each.notice for each in settled.recipients() if each.notice],
        "periods": [each.notice for each in settled.periods() if each.notice],
        "empties": retention.is_done_by_worker(),
        "takes_texts": takes_texts(),
        "sends_texts": bool(settings.TEXT_MESSAGES),
        "reception_reads_answers": details().reception_reads_answers,
    }
    return render_to_string("papers/privacy_notice.md", facts).strip() + "\n"


def takes_texts() -> bool:
    """Whether patients can text us."""
    return bool(settings.TEXT_MESSAGES == "twilio")
