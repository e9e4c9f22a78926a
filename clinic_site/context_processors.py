"""Facts about the clinic for every template."""

from django.conf import settings
from django.http import HttpRequest

from bookings.diary.desk_hours import desk_hours_in_words


def clinic(request: HttpRequest) -> dict[str, object]:
    """The clinic's name, phone, usual hours and address, and whether this is the invented clinic."""
    return {
        "clinic_name": settings.CLINIC_NAME,
        "clinic_phone": settings.CLINIC_PHONE,
        "clinic_hours": desk_hours_in_words(),
        "clinic_address": settings.CLINIC_ADDRESS,
        "site_url": settings.SITE_URL,
        "demonstration": settings.DEMONSTRATION,
        "development": settings.DEVELOPMENT,
    }
