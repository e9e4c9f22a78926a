"""Who sees to a request: one colleague, any of the clinicians, or nobody in particular."""

from datetime import datetime

from django.contrib.auth.models import User

from bookings import journal
from bookings.models import AppointmentRequest
from bookings.status.events import Event
from bookings.triage.transitions import one_change


def hand_over(
    request: AppointmentRequest,
    *,
    to: User | None,
    by: User,
    now: datetime,
    for_clinicians: bool = False,
) -> AppointmentRequest:
    """Give the request to a colleague or to any clinician; with neither, back to everybody.

    The last to say so is right. It makes nobody's screen stale: the patient may be pressing a
    button at that moment.
    """
    with one_change(request):
        journal.record(
            request,
            Event.HANDED_OVER,
            by=by,
            at=now,
            to=to.get_username() if to else "the clinicians" if for_clinicians else "everybody",
        )
        AppointmentRequest.objects.filter(pk=request.pk).update(
            owner=to, for_clinicians=for_clinicians
        )
    request.refresh_from_db()
    return request
