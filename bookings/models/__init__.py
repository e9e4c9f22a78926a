"""Requests and everything that belongs to them.

Each table has one writer: see `docs/decisions.md`.
"""

from bookings.models.access import AccessToken, AccessUse, OutsideLook
from bookings.models.catalogue import AppointmentType, Topic, Treatment
from bookings.models.conversation import ClinicQuestion, PhoneCall, RecordedOutcome, VisitAnswer
from bookings.models.diary import Appointment, Claim, Offer, OfferedTime, asks_for_something
from bookings.models.feeds import CalendarFeed
from bookings.models.imports import BroughtIn, Import
from bookings.models.journal import Look, RequestEvent
from bookings.models.messages import Message, Outage, PageNotice, WorkerRun
from bookings.models.people import Note, Person, PersonEvent, PersonLink, SearchKey
from bookings.models.questions import QuestionGroup, ScreeningQuestion
from bookings.models.recalls import Recall
from bookings.models.replies import TextReply
from bookings.models.requests import (
    AppointmentRequest,
    AppointmentRequestQuerySet,
    RedFlag,
    ScreeningAnswer,
    has_state,
)
from bookings.models.rights import RightsRequest, RightsRequestQuerySet
from bookings.models.sessions import (
    ClinicSession,
    ClosedDay,
    Closure,
    Location,
    MachineKind,
    OpeningHours,
    Resource,
    RoomKind,
    SessionChange,
)
from bookings.models.subscriptions import Subscription
from bookings.models.webhooks import Delivery, Webhook

__all__ = [
    "AccessToken",
    "AccessUse",
    "Appointment",
    "AppointmentRequest",
    "AppointmentRequestQuerySet",
    "AppointmentType",
    "BroughtIn",
    "CalendarFeed",
    "Claim",
    "ClinicQuestion",
    "ClinicSession",
    "ClosedDay",
    "Closure",
    "Delivery",
    "Import",
    "Location",
    "Look",
    "MachineKind",
    "Message",
    "Note",
    "Offer",
    "OfferedTime",
    "OpeningHours",
    "Outage",
    "OutsideLook",
    "PageNotice",
    "Person",
    "PersonEvent",
    "PersonLink",
    "PhoneCall",
    "QuestionGroup",
    "Recall",
    "RecordedOutcome",
    "RedFlag",
    "RequestEvent",
    "Resource",
    "RightsRequest",
    "RightsRequestQuerySet",
    "RoomKind",
    "ScreeningAnswer",
    "ScreeningQuestion",
    "SearchKey",
    "SessionChange",
    "Subscription",
    "TextReply",
    "Topic",
    "Treatment",
    "VisitAnswer",
    "Webhook",
    "WorkerRun",
    "asks_for_something",
    "has_state",
]
