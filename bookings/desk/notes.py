"""The pinned notes of the people in a list."""

from collections import defaultdict
from collections.abc import Iterable

from django.db.models import Q

from bookings.models import AppointmentRequest, Note


def mark_pinned(requests: Iterable[AppointmentRequest]) -> None:
    """Give each of these requests the texts of the notes that are pinned to its person.

    They are in `pinned_notes`. The requests were read with their person. Whether a list has one row or
    fifty, it takes one question to the database.
    """
    requests = list(requests)
    texts = pinned_texts(each.person.shown_as for each in requests)
    for request in requests:
        request.pinned_notes = texts[request.person.shown_as]


def pinned_texts(people: Iterable[int]) -> dict[int, list[str]]:
    """The texts of the pinned notes of these people, by the row under which each is shown."""
    people = set(people)
    texts: dict[int, list[str]] = defaultdict(list)
    pinned = Note.objects.pinned().filter(Q(person__in=people) | Q(person__joined_to__in=people))
    for note in pinned.select_related("person").order_by("-pk"):
        texts[note.person.shown_as].append(note.text)
    return texts
