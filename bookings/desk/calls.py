"""How often we have tried to phone somebody, and the one press that records another try."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import NamedTuple, Self

from django.contrib.auth.models import User
from django.shortcuts import get_object_or_404
from django.utils import timezone

from bookings import triage
from bookings.models import AppointmentRequest, PhoneCall
from bookings.status import TriageRefused
from procedures.ground.forms import number_in

TIMES = {1: "once", 2: "twice"}


class Calls(NamedTuple):
    """All calls to one patient."""

    request: int
    # How many there are, and how many were in vain since the patient was last reached.
    made: int
    in_vain: int
    last: PhoneCall | None

    @classmethod
    def of(cls, request: int, calls: Sequence[PhoneCall]) -> Self:
        """What these calls, in order, come to."""
        reached = [number for number, call in enumerate(calls, 1) if call.reached]
        return cls(
            request,
            made=len(calls),
            in_vain=len(calls) - (reached[-1] if reached else 0),
            last=calls[-1] if calls else None,
        )

    @property
    def press(self) -> str:
        """What the button “No answer” posts: whom somebody phoned, and how many calls they saw."""
        return f"{self.request}-{self.made}"

    def __str__(self) -> str:
        """“Tried twice, last at 11:20”; empty if nobody has phoned."""
        if self.last is None:
            return ""
        at = _at(self.last.made_at)
        if not self.in_vain:
            return f"Reached {at}"
        times = TIMES.get(self.in_vain, f"{self.in_vain} times")
        left = ", left a message" if self.last.left_message else ""
        last = f" {at}" if self.in_vain == 1 else f", last {at}"
        return f"Tried {times}{last}{left}"


def calls_of(requests: Iterable[int]) -> dict[int, Calls]:
    """The calls to each of these patients, by the number of the request, with one query."""
    found: dict[int, list[PhoneCall]] = {pk: [] for pk in requests}
    for call in PhoneCall.objects.filter(request__in=found).order_by("pk"):
        found[call.request_id].append(call)
    return {pk: Calls.of(pk, calls) for pk, calls in found.items()}


def note_no_answer(value: str, *, by: User, now: datetime) -> str:
    """Record that nobody answered, once for each `Calls.press`; what to tell the colleague."""
    pk, _, seen = value.partition("-")
    found = get_object_or_404(AppointmentRequest, pk=number_in(pk))
    try:
        triage.record_call(found, reached=False, note="", by=by, now=now, after=number_in(seen))
    except TriageRefused as refusal:
        return str(refusal)
    return f"{found.name}: no answer, {timezone.localtime(now):%-H:%M}."


def _at(moment: datetime) -> str:
    local = timezone.localtime(moment)
    return (
        f"at {local:%-H:%M}"
        if local.date() == timezone.localdate()
        else f"on {local:%a %-d %b} at {local:%-H:%M}"
    )
