"""What can be recorded about a visit, for the lists of the desk."""

from django import template
from django.utils import timezone

from bookings import triage
from bookings.models import Appointment, AppointmentRequest
from bookings.status import VisitStep

register = template.Library()


@register.simple_tag
def steps_of(appointment: Appointment) -> list[VisitStep]:
    """The steps that can be recorded about the appointment now."""
    return triage.possible_steps(appointment, timezone.now())


@register.filter
def age(request: AppointmentRequest) -> int:
    """How old the patient is today."""
    return request.age(timezone.localdate())
