"""What patients of the invented clinic have asked about their data, and complained of."""

from datetime import datetime, timedelta

from django.contrib.auth.models import User
from django.utils import timezone

from bookings import records
from bookings.models import Person, RightsRequest
from bookings.status import RightAsked, RightsStatus


def load(now: datetime) -> None:
    """One waits for a copy, one had something corrected, one complains, and one has a legal hold."""
    if RightsRequest.objects.exists():
        return
    manager = User.objects.get(username="manager")
    _asked("Max Specimen", RightAsked.COPY, "Asked on the phone, and wants it by post.", 5, now)
    corrected = _asked(
        "Wei Placeholder", RightAsked.CORRECTION, "The spelling of their street.", 20, now
    )
    records.answer(
        corrected,
        outcome=RightsStatus.DONE,
        said="By phone, that it is corrected.",
        told=timezone.localdate(now - timedelta(days=19)),
        by=manager,
        now=now - timedelta(days=19),
    )
    overheard = _asked(
        "Agnes Placeholder",
        RightAsked.COMPLAINT,
        "Her date of birth was read out at the front desk, and others could hear it.",
        12,
        now,
    )
    records.acknowledge(
        overheard,
        receipt="By letter: that the practice manager looks into it, and writes within two weeks.",
        receipt_told=timezone.localdate(now - timedelta(days=11)),
        by=manager,
        now=now - timedelta(days=11),
    )
    records.hold(
        Person.objects.get(name="Gordon Parable"),
        reason="A complaint about how long they waited. The answer is with the insurers.",
        by=manager,
        now=now - timedelta(days=3),
    )


def _asked(name: str, right: RightAsked, detail: str, days: int, now: datetime) -> RightsRequest:
    then = now - timedelta(days=days)
    return records.note_asked(
        Person.objects.get(name=name),
        right=right,
        day=timezone.localdate(then),
        detail=detail,
        by=User.objects.get(username="reception"),
        now=then,
    )
