"""Requests, and what they hold. Each table has one writer: see `docs/decisions.md`."""

from bookings.models.catalogue import AppointmentType, ClosedDay, ScreeningQuestion
from bookings.models.diary import Appointment, Claim, Offer, OfferedTime, Resource
from bookings.models.records import Message, RequestEvent
from bookings.models.requests import (
    AppointmentRequest,
    AppointmentRequestQuerySet,
    ClinicQuestion,
    RedFlag,
    ScreeningAnswer,
)

__all__ = [
    "Appointment",
    "AppointmentRequest",
    "AppointmentRequestQuerySet",
    "AppointmentType",
    "Claim",
    "ClinicQuestion",
    "ClosedDay",
    "Message",
    "Offer",
    "OfferedTime",
    "RedFlag",
    "RequestEvent",
    "Resource",
    "ScreeningAnswer",
    "ScreeningQuestion",
]
