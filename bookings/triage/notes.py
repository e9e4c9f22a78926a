"""Notes that colleagues write for each other. A correction is a new note."""

from datetime import datetime

from django.contrib.auth.models import User
from django.db import transaction

from bookings import journal
from bookings.models import AppointmentRequest, Note, Person
from bookings.status import TriageRefused
from bookings.status.events import Event


def write_note(
    about: Person | AppointmentRequest, *, text: str, pinned: bool, by: User, now: datetime
) -> Note:
    """Write a note about a person, or on a request of theirs. A pinned one is shown everywhere.

    It makes nobody's screen stale: the patient may be pressing a button at that moment.
    """
    request, person = (
        (about, about.person) if isinstance(about, AppointmentRequest) else (None, about)
    )
    if person.emptied_at:
        raise TriageRefused("What we held about this person was erased. Nothing can be added.")
    with transaction.atomic():
        note = Note.objects.create(
            person=person,
            request=request,
            text=text,
            pinned=pinned,
            written_at=now,
            written_by=by,
        )
        if request:
            journal.record(request, Event.NOTE_WRITTEN, by=by, at=now)
    return note


def unpin_note(note: Note, *, by: User, now: datetime) -> Note:
    """Show the note only where it was written from now on. It is not deleted."""
    with transaction.atomic():
        pinned = Note.objects.pinned().filter(pk=note.pk)
        if not pinned.update(unpinned_at=now, unpinned_by=by):
            raise TriageRefused("This note is not pinned any more.")
        if note.request:
            journal.record(note.request, Event.NOTE_UNPINNED, by=by, at=now)
    note.refresh_from_db()
    return note
