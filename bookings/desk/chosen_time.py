"""A time that was chosen in the diary: how a link names it, and how it is read again.

A link contains the clinician, the type of appointment and the instant, and nothing about anybody.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, NamedTuple, Self

from django.utils import timezone
from django.utils.http import urlencode

from bookings.desk.forms.times import bookable, instant_of
from bookings.diary.free_times import time_at
from bookings.models import AppointmentType
from procedures.models import Clinician


class ChosenTime(NamedTuple):
    """Somebody's time for something, free or not."""

    appointment_type: AppointmentType
    clinician: Clinician
    starts: datetime
    is_free: bool

    def __str__(self) -> str:
        kind = self.appointment_type
        when = f"{timezone.localtime(self.starts):%A %-d %B at %-H:%M}"
        return f"{when}, {self.clinician.name}, {kind.name}, {kind.minutes} minutes"

    @classmethod
    def read(cls, asked: Mapping[str, Any], now: datetime) -> Self | None:
        """The time that a link chooses; None if it chooses none that could ever be booked."""
        choices = bookable(timezone.localdate(now))
        pk = {name: str(asked.get(name, "")) for name in ("type", "clinician")}
        starts = instant_of(asked.get("at"))
        if starts is None or not all(each.isdecimal() for each in pk.values()):
            return None
        kind = choices["appointment_type"].filter(pk=pk["type"]).first()
        clinician = choices["clinician"].filter(pk=pk["clinician"]).first()
        if kind is None or clinician is None:
            return None
        is_free = starts > now and time_at(kind, clinician, starts, now) is not None
        return cls(kind, clinician, starts, is_free)

    def for_decision(self) -> str:
        """What the address of a decision page needs so that it opens on this time."""
        chosen = {
            "appointment_type": self.appointment_type.pk,
            "clinician": self.clinician.pk,
            "at": int(self.starts.timestamp()),
        }
        return urlencode(chosen)
