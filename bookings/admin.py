"""Reception's and the clinicians' side of the desk."""

from bookings.desk.access import AccessTokenAdmin
from bookings.desk.afterwards import VisitAnswerAdmin
from bookings.desk.catalogue import (
    AppointmentTypeAdmin,
    ClosedDayAdmin,
    QuestionGroupAdmin,
    ScreeningQuestionAdmin,
    TopicAdmin,
    TreatmentAdmin,
)
from bookings.desk.feeds import CalendarFeedAdmin
from bookings.desk.imports import ImportAdmin
from bookings.desk.looks import LookAdmin
from bookings.desk.people import PersonAdmin
from bookings.desk.requests import AppointmentRequestAdmin
from bookings.desk.sessions import (
    ClinicSessionAdmin,
    ClosureAdmin,
    LocationAdmin,
    MachineKindAdmin,
    ResourceAdmin,
    RoomKindAdmin,
)
from bookings.desk.webhooks import WebhookAdmin

__all__ = [
    "AccessTokenAdmin",
    "AppointmentRequestAdmin",
    "AppointmentTypeAdmin",
    "CalendarFeedAdmin",
    "ClinicSessionAdmin",
    "ClosedDayAdmin",
    "ClosureAdmin",
    "ImportAdmin",
    "LocationAdmin",
    "LookAdmin",
    "MachineKindAdmin",
    "PersonAdmin",
    "QuestionGroupAdmin",
    "ResourceAdmin",
    "RoomKindAdmin",
    "ScreeningQuestionAdmin",
    "TopicAdmin",
    "TreatmentAdmin",
    "VisitAnswerAdmin",
    "WebhookAdmin",
]
