"""Filters that show email addresses and phone numbers on screens and on paper."""

from datetime import datetime

from django import template

from bookings.models import AppointmentRequest, TextReply
from procedures.ground import email_addresses, phones

register = template.Library()
register.filter("readable", email_addresses.readable)
register.filter("dialled", phones.shown)
register.filter("is_doubtful", phones.is_doubtful)


@register.simple_tag
def stopped_texts(record: AppointmentRequest) -> datetime | None:
    """Since when no text may go to the patient's number, because they said so."""
    if not (record.phone and record.text_messages):
        return None
    last = TextReply.objects.last_about_texts(record.phone.as_e164)
    return last.came if last and last.stops else None
