"""Facts about the clinic for every template."""

from django.conf import settings
from django.http import HttpRequest

from bookings.diary.desk_hours import desk_hours_in_words
from clinic_site import clinic_pages
from procedures.ground import languages
from procedures.models.clinic import details

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


def clinic(request: HttpRequest) -> dict[str, object]:
    """The clinic's facts, the pages about it that every page links to, and whether it is invented."""
    known = details()
    return {
        **{name: getattr(settings, name.upper()) for name in SHOWN},
        **{f"clinic_{name}": getattr(known, name) for name in SHOWN_OF_THE_CLINIC},
        "clinic_hours": desk_hours_in_words(),
        "clinic": known,
        "for_patients": clinic_pages.FOR_PATIENTS,
        "about_this_site": clinic_pages.ABOUT_THIS_SITE,
        "language": languages.current(),
        "languages": _languages_of(request),
    }


def _languages_of(request: HttpRequest) -> list[tuple[languages.Language, str]]:
    """The addresses of this page in all languages; none if it is in English only."""
    shown = request.resolver_match
    if shown is None or hasattr(shown.func, "is_english_only"):
        return []
    has_others = "bookings" in shown.app_names or shown.view_name == "urgent"
    return list(languages.addresses(request.get_full_path())) if has_others else []
