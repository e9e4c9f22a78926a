"""How many patients were told what has become of a page, beside the page at the desk."""

from django import template
from django.utils import timezone

from bookings.desk import told_of_pages
from bookings.desk.told_of_pages import Told
from procedures.models import InformationPage

register = template.Library()


@register.simple_tag
def told_of(page: InformationPage) -> list[Told]:
    """The news of the page in the last weeks, with who was told."""
    return told_of_pages.told_of(page, timezone.now())
