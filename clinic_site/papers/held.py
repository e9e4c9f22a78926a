"""What the tables keep about whom, in words that a manager understands.

Read from what the models say about their fields (`procedures.ground.classified`), so a new field is
in the papers without anybody thinking of them. Whatever has no words here has the name that its model
gives.
"""

from typing import NamedTuple

from django.apps import apps
from django.db.models import Model

from bookings.models import (
    AppointmentRequest,
    ClinicQuestion,
    Note,
    Person,
    PersonEvent,
    PersonLink,
    Recall,
    RecordedOutcome,
    RedFlag,
    RequestEvent,
    RightsRequest,
    ScreeningAnswer,
    SearchKey,
    Subscription,
)
from procedures.ground.classified import Kind, fields_of, kinds, whose

TITLES: dict[type[Model], str] = {
    AppointmentRequest: "Requests for an appointment",
    ClinicQuestion: "Questions from the clinic, and their answers",
    Note: "Notes that colleagues write for each other",
    Person: "Who the patient is",
    PersonEvent: "Copies, erasures, and what is under a legal hold",
    PersonLink: "Whether two entries are the same person",
    Recall: "Planned follow-ups",
    RecordedOutcome: "What clinicians decided about flagged answers",
    RedFlag: "Answers that a clinician has to look at",
    RequestEvent: "The journal of each request",
    RightsRequest: "What people ask about their data, and our answers",
    ScreeningAnswer: "Answers to the safety questions",
    Subscription: "Who wants news of a page by email",
    SearchKey: "Words by which colleagues find somebody",
}
WORDS = {
    "access_detail": "what else would help",
    "access_needs": "help that they need to visit",
    "address": "where it goes, if not to their usual address",
    "arguments": "what exactly was proposed",
    "ask_due": "when to ask them",
    "by": "who did it",
    "carer_name": "who asks for them",
    "carer_right": "by what right",
    "changed_by": "who corrected it, or joined two entries",
    "done_by": "who did it",
    "ended_reason": "why it ended",
    "key": "word or number",
    "language": "language in which we write to them",
    "left_message": "whether we left a message",
    "level": "how serious",
    "page": "about which page",
    "place": "shortened network address",
    "read_in": "language in which they read the question",
    "reached": "whether we reached them",
    "receipt": "what they were told first about a complaint",
    "reply": "what we answered",
    "sent_to": "where it went",
    "submission_digest": "check that the form arrived once",
    "told_to": "who was told",
    "why_longer": "why it takes longer",
    "wished_clinician": "whom they would like to see",
    "wishes": "when else they could come",
}
OUR_APPS = ("bookings", "procedures", "clinic_site")


class Record(NamedTuple):
    """A table of the software, and its fields about somebody: a list for each kind of the category."""

    title: str
    fields: list[list[str]]


class Category(NamedTuple):
    """A category of people, the kinds of data about them, and what is kept."""

    people: str
    kinds: tuple[Kind, ...]
    records: list[Record]


def categories() -> list[Category]:
    """Everybody about whom something is kept. Raises NotClassified if a model leaves a field out."""
    ours = [model for model in apps.get_models() if model._meta.app_label in OUR_APPS]
    of_patients = [model for model in ours if whose(model)]
    of_readers = [model for model in ours if not whose(model)]
    about_them = (Kind.PERSONAL, Kind.OF_HEALTH)
    return [
        _category("Patients, and people who ask for them", about_them, of_patients),
        _category("Readers of the pages, whom nobody can name", about_them, of_readers),
        _category("Colleagues", (Kind.OF_STAFF,), ours),
    ]


def _category(people: str, about: tuple[Kind, ...], models: list[type[Model]]) -> Category:
    records = [Record(title(model), [_words(model, kind) for kind in about]) for model in models]
    return Category(people, about, [each for each in records if any(each.fields)])


def title(model: type[Model]) -> str:
    """What the papers call a table."""
    plural = str(model._meta.verbose_name_plural)
    return TITLES.get(model, plural[:1].upper() + plural[1:])


def _words(model: type[Model], kind: Kind) -> list[str]:
    fields = fields_of(model)
    named = [name for name, found in kinds(model).items() if found == kind]
    return [WORDS.get(name, str(fields[name].verbose_name)) for name in named]
