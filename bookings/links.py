"""Private links. Signed, without personal data, and dead as soon as staff raise the link version."""

from django.conf import settings
from django.core import signing
from django.urls import reverse

from bookings.models import AppointmentRequest

SALT = "bookings.links"


def private_link(request: AppointmentRequest) -> str:
    """The full address that goes into an e-mail. Built from a setting, never from a Host header."""
    token = signing.dumps([request.link_key, request.link_version], salt=SALT)
    return f"{settings.SITE_URL}{reverse('bookings:open_link', args=[token])}"


def follow(token: str) -> AppointmentRequest | None:
    """The request that a link names, or None for a link that is unknown, forged or revoked."""
    try:
        link_key, link_version = signing.loads(token, salt=SALT)
    except (signing.BadSignature, ValueError, TypeError):
        return None
    return AppointmentRequest.objects.filter(link_key=link_key, link_version=link_version).first()
