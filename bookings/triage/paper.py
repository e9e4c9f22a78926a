"""Letters that a colleague prints, posts or hands over, and the address that one is posted to.

None of it changes what anybody else may be looking at: no screen is stale afterwards.
"""

from datetime import datetime

from django.contrib.auth.models import User

from bookings import journal, messages
from bookings.models import AppointmentRequest, Message, Person
from bookings.status import MessageKind, Overtaken
from bookings.status.events import Event
from bookings.triage.transitions import one_change

DONE_ALREADY = "Somebody has just done something with this letter. Look at it again."


def print_letter(
    request: AppointmentRequest,
    *,
    kind: str,
    by: User,
    now: datetime,
    postal_address: str | None = None,
) -> Message:
    """Print a letter to the patient. What it tells is no longer waiting to be told by phone.

    With a `postal_address` the person has that one from now on; with an empty one, none. Raises
    TriageRefused if there is nothing true to tell.
    """
    with one_change(request):
        # The event locks the row, so that two presses of one button lead to one letter.
        journal.record(request, Event.LETTER_PRINTED, by=by, at=now)
        request.refresh_from_db()
        if postal_address is not None:
            _keep_address(request, postal_address, by=by, now=now)
        return messages.put_on_paper(request, MessageKind(kind), by=by.get_username(), now=now)


def letter_has_gone(message: Message, *, is_posted: bool, by: User, now: datetime) -> Message:
    """Record that a letter was posted, or else handed over. Raises Overtaken if somebody just has."""
    request = message.request
    event = Event.LETTER_POSTED if is_posted else Event.LETTER_HANDED_OVER
    with one_change(request):
        journal.record(request, event, by=by, at=now)
        if not messages.note_gone(message, is_posted=is_posted, by=by.get_username(), now=now):
            raise Overtaken(DONE_ALREADY)
    message.refresh_from_db()
    return message


def undo_letter(message: Message, *, by: User, now: datetime) -> Message:
    """Undo the last note on a letter: that it has gone, or else that it was printed.

    Raises Overtaken if somebody has just undone it.
    """
    with one_change(message.request):
        journal.record(message.request, Event.LETTER_UNDONE, by=by, at=now)
        if not messages.take_letter_back(message):
            raise Overtaken(DONE_ALREADY)
    message.refresh_from_db()
    return message


def _keep_address(
    request: AppointmentRequest, postal_address: str, *, by: User, now: datetime
) -> None:
    person = Person.objects.filter(pk=request.person_id)
    if person.exclude(postal_address=postal_address).update(postal_address=postal_address):
        journal.record(request, Event.ADDRESS_NOTED, by=by, at=now)
        request.refresh_from_db()
