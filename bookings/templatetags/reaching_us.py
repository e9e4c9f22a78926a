"""How to reach us, on pages that no cache keeps: whether somebody is at the desk now."""

from typing import Any

from django import template
from django.utils import timezone

from bookings.diary.desk_hours import desk_now

register = template.Library()


@register.inclusion_tag("bookings/reach_us.html", takes_context=True)
def reach_us(context: template.Context) -> dict[str, Any]:
    """The phone number, the hours at which it is answered, and whether we are open now."""
    names = ("clinic_phone", "clinic_hours")
    return {name: context.get(name) for name in names} | {"open_now": desk_now(timezone.now())}
