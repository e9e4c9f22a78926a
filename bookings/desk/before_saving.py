"""What a change of the clinic's hours has as a consequence, said before it is saved."""

import hashlib
from collections.abc import Callable, Sequence
from datetime import datetime

from django.http import HttpRequest

from bookings import journal
from bookings.diary.free_times import Stranded
from bookings.diary.week_changes import whom_it_strands
from procedures.ground.counting import counted
from procedures.ground.signed_in import signed_in

SEE_PATIENTS = "bookings.view_appointmentrequest"


class BeforeSaving:
    """What a change would have as a consequence, and whether it was read before saving."""

    def __init__(
        self, warnings: Sequence[str] = (), lost: Sequence[Stranded] = (), *, read: str = ""
    ):
        self.warnings, self.lost = warnings, lost
        # Whose times they are, for somebody who may see patients.
        self.shown: Sequence[Stranded] = ()
        times = [(each.appointment.request_id, each.appointment.starts) for each in lost]
        said = repr((list(warnings), times))
        self.digest = hashlib.sha256(said.encode()).hexdigest()[:32]
        self.was_read = read == self.digest or not self.has_news
        self.is_saved = False

    @property
    def has_news(self) -> bool:
        """Whether there is anything to read."""
        return bool(self.warnings or self.lost)

    @property
    def lost_in_words(self) -> str:
        """How many times are lost, as the beginning of a sentence."""
        return in_words(self.lost)


def in_words(lost: Sequence[Stranded]) -> str:
    """“1 appointment has”, “2 appointments and 1 offered time have”."""
    booked = sum(each.appointment.pk is not None for each in lost)
    kinds = ((booked, "appointment"), (len(lost) - booked, "offered time"))
    parts = [counted(number, kind) for number, kind in kinds if number]
    return f"{' and '.join(parts)} {'has' if len(lost) == 1 else 'have'}"


def before_saving(
    request: HttpRequest, change: Callable[[], None], warnings: Sequence[str], now: datetime
) -> BeforeSaving:
    """What has to be read before the change is saved. That names were shown is recorded."""
    lost = whom_it_strands(change, now)
    before = BeforeSaving(warnings, lost, read=request.POST.get("read", ""))
    if not before.was_read and request.user.has_perm(SEE_PATIENTS):
        before.shown = lost
        journal.record_list(
            "who is affected",
            [each.appointment.request for each in lost],
            by=signed_in(request),
            at=now,
        )
    return before
