"""Requests, and what they hold. Each table has one writer: see `docs/decisions.md`."""

from bookings.models.catalogue import (
    AppointmentType,
    ClosedDay,
    ScreeningQuestion,
    Topic,
    Treatment,
)
from bookings.models.conversation import ClinicQuestion, PhoneCall, RecordedOutcome
from bookings.models.diary import Appointment, Claim, Offer, OfferedTime
from bookings.models.records import Look, Message, Outage, RequestEvent, WorkerRun
from bookings.models.requests import (
    AppointmentRequest,
    AppointmentRequestQuerySet,
    RedFlag,
    ScreeningAnswer,
)
from bookings.models.sessions import (
    ClinicSession,
    Closure,
    Location,
    MachineKind,
    OpeningHours,
    Resource,
    SessionChange,
)

__all__ = [
    "Appointment",
    "AppointmentRequest",
    "AppointmentRequestQuerySet",
    "AppointmentType",
    "Claim",
    "ClinicQuestion",
    "ClinicSession",
    "ClosedDay",
    "Closure",
    "Location",
    "Look",
    "MachineKind",
    "Message",
    "Offer",
    "OfferedTime",
    "OpeningHours",
    "Outage",
    "PhoneCall",
    "RecordedOutcome",
    "RedFlag",
    "RequestEvent",
    "Resource",
    "ScreeningAnswer",
    "ScreeningQuestion",
    "SessionChange",
    "Topic",
    "Treatment",
    "WorkerRun",
]
