"""Facts about the clinic for every template."""

from typing import NamedTuple

from django.conf import settings
from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone
from django.utils.functional import Promise

from bookings.diary.desk_hours import desk_hours_in_words
from clinic_site import clinic_pages
from procedures.ground import languages
from procedures.models.clinic import details
from procedures.reading.publication import titles_about_us

# Settings that templates show, by the name that templates use.
SHOWN = ("session_cookie_name", "csrf_cookie_name", "site_url", "demonstration", "development")
# What templates show of the clinic's details. They put “clinic_” before it.
SHOWN_OF_THE_CLINIC = (
    "name",
    "phone",
    "address",
    "email",
    "legal_name",
    "registered_office",
    "company_number",
    "vat_number",
    "ico_number",
)

# Besides everything about requests and visits. The home page of a language says what there is in it.
IN_EVERY_LANGUAGE = {"urgent", "procedures:home", "procedures:in-language"}


class Link(NamedTuple):
    """A page about the clinic, as the menu and the footer lead to it."""

    slug: str
    words: Promise
    address: str
    is_in_english: bool


def clinic(request: HttpRequest) -> dict[str, object]:
    """The clinic's facts, the pages about it that every page links to, and whether it is invented."""
    known = details()
    for_patients, about_this_site = _links()
    return {
        **{name: getattr(settings, name.upper()) for name in SHOWN},
        **{f"clinic_{name}": getattr(known, name) for name in SHOWN_OF_THE_CLINIC},
        "clinic_hours": desk_hours_in_words(),
        "clinic": known,
        "for_patients": for_patients,
        "about_this_site": about_this_site,
        "language": languages.current(),
        "languages": _languages_of(request),
    }


def _languages_of(request: HttpRequest) -> list[tuple[languages.Language, str]]:
    """The addresses of this page in all languages; none if it is in English only."""
    shown = request.resolver_match
    if shown is None:
        return []
    has_others = "bookings" in shown.app_names or shown.view_name in IN_EVERY_LANGUAGE
    return list(languages.addresses(request.get_full_path())) if has_others else []


def _links() -> tuple[list[Link], list[Link]]:
    """The links for patients and those about this site, in the language that we answer in.

    A page that cannot be read in it is linked in English.
    """
    code = languages.code()
    titles = titles_about_us(timezone.localdate(), code) if code else []
    translated = {each.english.slug: each.page.get_absolute_url() for each in titles}

    def link(slug: str, words: Promise) -> Link:
        in_english = reverse("procedures:page", args=["about", slug])
        return Link(slug, words, translated.get(slug, in_english), slug not in translated)

    for_patients = [link(*each) for each in clinic_pages.FOR_PATIENTS.items()]
    return for_patients, [link(*each) for each in clinic_pages.ABOUT_THIS_SITE.items()]
