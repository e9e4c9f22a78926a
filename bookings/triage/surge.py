"""An unusual number of requests, as in an attack. None is refused; only our emails slow down.

Nobody has proved that the address of a new request is theirs, and nobody may use us to send emails
to strangers. At most `USUAL` confirmations (and notices to our own inbox) go out in any hour; the
others wait their turn, except for notices of an answer that cannot wait. Two requests at the same
moment may share a turn: this is a brake, not a limit that has to be exact.
"""

from datetime import datetime, timedelta

from django.db.models import QuerySet

from bookings.models import AppointmentRequest, Message
from bookings.status import MessageKind

USUAL = 300
HOUR = timedelta(hours=1)


def is_surge(now: datetime) -> bool:
    """Whether more requests than usual have come within the last hour."""
    return any(received > now - HOUR for received in usual_ago())


def usual_ago() -> QuerySet[AppointmentRequest, datetime]:
    """When the last request but `USUAL` came: one value, or none. In an hour that is a surge."""
    newest = AppointmentRequest.objects.order_by("-pk").values_list("received_at", flat=True)
    return newest[USUAL : USUAL + 1]


def next_turn(now: datetime) -> datetime:
    """When the next confirmation may go out.

    Now, unless `USUAL` others go out in the hour before.
    """
    newest = Message.objects.filter(kind=MessageKind.RECEIVED).order_by("-pk")
    turns = newest.values_list("next_try", flat=True)[USUAL - 1 : USUAL]
    return max([now, *(turn + HOUR for turn in turns)])
