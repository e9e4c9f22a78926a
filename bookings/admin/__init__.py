"""Reception's and the clinicians' side of the desk."""

from bookings.admin.catalogue import (
    AppointmentTypeAdmin,
    ClosedDayAdmin,
    ScreeningQuestionAdmin,
    TopicAdmin,
    TreatmentAdmin,
)
from bookings.admin.looks import LookAdmin
from bookings.admin.requests import AppointmentRequestAdmin
from bookings.admin.sessions import (
    ClinicSessionAdmin,
    ClosureAdmin,
    LocationAdmin,
    MachineKindAdmin,
    ResourceAdmin,
)

__all__ = [
    "AppointmentRequestAdmin",
    "AppointmentTypeAdmin",
    "ClinicSessionAdmin",
    "ClosedDayAdmin",
    "ClosureAdmin",
    "LocationAdmin",
    "LookAdmin",
    "MachineKindAdmin",
    "ResourceAdmin",
    "ScreeningQuestionAdmin",
    "TopicAdmin",
    "TreatmentAdmin",
]
