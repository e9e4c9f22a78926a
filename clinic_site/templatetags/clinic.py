"""Words that many templates share: who a colleague is, and how to phone the clinic."""

from django import template
from django.utils.html import format_html
from django.utils.safestring import SafeString

from procedures.ground.people import shown_name
from procedures.models.clinic import details

register = template.Library()
register.filter("person", shown_name)


@register.simple_tag
def phone_link() -> SafeString:
    """The clinic's phone number, as a link that dials it."""
    number = details().phone
    return format_html('<a href="tel:{}">{}</a>', number.replace(" ", ""), number)


@register.simple_tag
def phone_us() -> SafeString:
    """“phone us on 020 7946 0958” within a sentence; without a number only “phone us”."""
    if not details().phone:
        return SafeString("phone us")
    return format_html("phone us on {}", phone_link())


@register.filter
def split(words: str) -> list[str]:
    """“Name, Phone, Why” as a list: the column headings of a table."""
    return words.split(", ")
