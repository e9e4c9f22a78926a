"""Words that many templates share: who a colleague is, and how to phone the clinic."""

from collections import Counter
from collections.abc import Mapping

from django import template
from django.forms import BaseForm
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext

from procedures.ground import languages, moments
from procedures.ground.people import shown_name
from procedures.models import InformationPage
from procedures.models.clinic import details

register = template.Library()
register.filter("person", shown_name)
register.filter("in_english", languages.in_english)
register.filter("in_language", languages.in_language)
register.filter("isolated", languages.isolated)
register.filter("ltr", languages.left_to_right)
register.filter("listed", languages.listed)
register.simple_tag(languages.full_stop)
register.filter("asked", languages.asked_or_english)
register.filter("asked_beside_english", languages.beside_english)
register.filter("as_read", languages.as_read)
for spoken in (
    moments.moment,
    moments.near_moment,
    moments.day_and_time,
    moments.full_day,
    moments.near_day,
    moments.plain_day,
):
    register.filter(spoken.__name__, spoken)


@register.simple_tag
def phone_link() -> SafeString:
    """The clinic's phone number, as a link that dials it."""
    number = details().phone
    return format_html('<a href="tel:{}" dir="ltr">{}</a>', number.replace(" ", ""), number)


@register.simple_tag
def phone_us() -> SafeString:
    """“phone us on 020 7946 0958” within a sentence; without a number only “phone us”."""
    if not details().phone:
        return SafeString(gettext("phone us"))
    return format_html(gettext("phone us on {}"), phone_link())


@register.simple_tag
def home_address() -> str:
    """The home page; in another language, the page that says what there is in it."""
    code = languages.code()
    return reverse("procedures:in-language", args=[code]) if code else reverse("procedures:home")


@register.simple_tag
def at(page: InformationPage, name: str, *further: object) -> str:
    """The address of something that belongs to a page, in the language of the page."""
    return page.at(name, *further)


@register.filter
def shared_errors(form: BaseForm) -> set[str]:
    """The sentences that are wrong about more than one field: a summary says of which."""
    counted = Counter(str(error) for errors in form.errors.values() for error in errors)
    return {error for error, number in counted.items() if number > 1}


@register.filter
def named(username: str, colleagues: Mapping[str, str]) -> str:
    """What the colleague with that username is called."""
    return colleagues.get(username, username)


@register.filter
def split(words: str) -> list[str]:
    """“Name, Phone, Why” as a list: the column headings of a table."""
    return words.split(", ")
