"""What can be recorded about a visit, and where a free time leads, for the pages of the desk."""

from datetime import datetime

from django import template
from django.utils import timezone

from bookings import triage
from bookings.desk.diary_pages import Asked
from bookings.models import Appointment
from bookings.status import VisitStep
from procedures.models import Clinician

register = template.Library()


@register.simple_tag
def steps_of(appointment: Appointment) -> list[VisitStep]:
    """The steps that can be recorded about the appointment now."""
    return triage.possible_steps(appointment, timezone.now())


@register.simple_tag
def free_time(asked: Asked, clinician: Clinician, starts: datetime) -> str:
    """The address to which a free time in the diary leads."""
    return asked.address_of(clinician, starts)
