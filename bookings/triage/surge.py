"""An unusual number of requests, as in an attack. None is refused for it; only our emails slow down.

The address of a new request is not proven, so nobody may use us to send emails to strangers. At most
`USUAL` confirmations (and notices to our own inbox) leave in any hour; the others wait their turn.
Two requests at the same moment may share a turn: it is a brake, and not a limit that has to be exact.
"""

from datetime import datetime, timedelta

from bookings.models import AppointmentRequest, Message
from bookings.status import MessageKind

USUAL = 300
HOUR = timedelta(hours=1)


def is_surge(now: datetime) -> bool:
    """Whether more requests than usual have come within the last hour."""
    newest = AppointmentRequest.objects.order_by("-pk").values_list("received_at", flat=True)
    return any(received > now - HOUR for received in newest[USUAL : USUAL + 1])


def next_turn(now: datetime) -> datetime:
    """When the next confirmation may leave: now, unless `USUAL` others leave within the hour before."""
    newest = Message.objects.filter(kind=MessageKind.RECEIVED).order_by("-pk")
    turns = newest.values_list("next_try", flat=True)[USUAL - 1 : USUAL]
    return max([now, *(turn + HOUR for turn in turns)])
