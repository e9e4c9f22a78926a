"""Reception's and the clinicians' side of the desk."""

from bookings.admin.catalogue import AppointmentTypeAdmin, ClosedDayAdmin, ScreeningQuestionAdmin
from bookings.admin.requests import AppointmentRequestAdmin

__all__ = [
    "AppointmentRequestAdmin",
    "AppointmentTypeAdmin",
    "ClosedDayAdmin",
    "ScreeningQuestionAdmin",
]
