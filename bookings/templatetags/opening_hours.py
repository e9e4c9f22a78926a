"""Opening hours and places for pages that show them beside a text."""

from datetime import datetime

from django import template
from django.utils import timezone

from bookings.diary import opening_hours
from bookings.diary.desk_hours import answer_due
from bookings.diary.opening_hours import Hours, Place
from bookings.models import ClosedDay

register = template.Library()


@register.simple_tag
def places() -> list[Place]:
    """All sites with their opening hours."""
    return opening_hours.places()


@register.simple_tag
def desk_hours() -> list[Hours]:
    """When somebody answers the phone and reads requests."""
    return opening_hours.of_the_desk()


@register.simple_tag
def promised_now() -> datetime:
    """By when somebody who asked now would be promised an answer."""
    return answer_due(timezone.now())


@register.simple_tag
def closed_days() -> list[ClosedDay]:
    """The next days on which the clinic is closed."""
    return opening_hours.closed_days(timezone.localdate())
