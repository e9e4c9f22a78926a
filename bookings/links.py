"""Private links. Signed, without personal data, dead as soon as staff raise the link version, and some
time after the request has ended."""

from datetime import datetime, timedelta

from django.conf import settings
from django.core import signing
from django.urls import reverse

from bookings.models import AppointmentRequest

SALT = "bookings.links"


def private_link(request: AppointmentRequest) -> str:
    """The full address that goes into an email. Built from a setting, never from a Host header."""
    token = signing.dumps([request.link_key, request.link_version], salt=SALT)
    return f"{settings.SITE_URL}{reverse('bookings:open_link', args=[token])}"


def link_ends(request: AppointmentRequest) -> datetime | None:
    """When the link stops to open anything; None while the request goes on."""
    if request.ended_at is None:
        return None
    return request.ended_at + timedelta(days=settings.CLINIC_LINK_DAYS)


def is_alive(request: AppointmentRequest, now: datetime) -> bool:
    """Whether the link still opens the request."""
    ends = link_ends(request)
    return ends is None or now < ends


def follow(token: str, now: datetime) -> AppointmentRequest | None:
    """The request that a link names, or None for a link that is unknown, forged, revoked or dead."""
    try:
        link_key, link_version = signing.loads(token, salt=SALT)
    except (signing.BadSignature, ValueError, TypeError):
        return None
    named = AppointmentRequest.objects.filter(link_key=link_key, link_version=link_version)
    found = named.first()
    return found if found and is_alive(found, now) else None
