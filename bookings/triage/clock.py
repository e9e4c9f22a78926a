"""What the clock does, written down. Nothing depends on that: every reader computes the same."""

from datetime import datetime

from django.db import transaction

from bookings.models import AppointmentRequest
from bookings.status import TriageRefused
from bookings.triage.moves import settle


def catch_up(now: datetime) -> int:
    """Write down what the clock did: offers and questions lapsed, deferred requests back in review.

    Nothing depends on it being run, since every reader computes the same; the number written.
    """
    moved = 0
    for request in AppointmentRequest.objects.moved_by_the_clock(now).order_by("pk"):
        try:
            with transaction.atomic():
                moved += settle(request, now=now)
        except TriageRefused:  # somebody else just moved it, and saw the same clock
            continue
    return moved
