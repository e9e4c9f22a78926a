"""What the manager of the invented clinic changed of its details, so that there is a history to see."""

from datetime import datetime, timedelta
from decimal import Decimal

from django.contrib.auth.models import User

from clinic_site.demo.diary import WEEKS_BEFORE
from procedures.models.clinic import look_again
from procedures.publishing.clinic_details import change_details

# A number that is set aside for drama, and the price of a part of a text in pence.
SENDER, PRICE = "+447700900000", Decimal("3.9")


def load(now: datetime) -> None:
    """One change, made before the oldest request."""
    known = look_again()
    if known.number:
        return
    change_details(
        known.values() | {"text_sender": SENDER, "text_price": PRICE},
        seen_number=known.number,
        by=User.objects.get(username="manager"),
        now=now - timedelta(weeks=WEEKS_BEFORE),
    )
