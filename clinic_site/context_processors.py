"""Facts about the clinic for every template."""

from django.conf import settings
from django.http import HttpRequest

from bookings.diary.desk_hours import desk_hours_in_words
from clinic_site import clinic_pages

# Settings that templates show, by the name that templates use.
SHOWN = (
    "clinic_name",
    "clinic_phone",
    "clinic_address",
    "clinic_email",
    "clinic_legal_name",
    "clinic_registered_office",
    "clinic_company_number",
    "clinic_vat_number",
    "clinic_ico_number",
    "session_cookie_name",
    "csrf_cookie_name",
    "site_url",
    "demonstration",
    "development",
)


def clinic(request: HttpRequest) -> dict[str, object]:
    """The clinic's facts, the pages about it that every page links to, and whether it is invented."""
    return {name: getattr(settings, name.upper()) for name in SHOWN} | {
        "clinic_hours": desk_hours_in_words(),
        "for_patients": clinic_pages.FOR_PATIENTS,
        "about_this_site": clinic_pages.ABOUT_THIS_SITE,
    }
