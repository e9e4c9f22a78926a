"""What every list of people says about each of them: their pinned notes, and whether a flag is open."""

from collections import defaultdict
from collections.abc import Iterable
from typing import Any

from django.db.models import Exists, OuterRef, Q, QuerySet, Subquery
from django.db.models.functions import Coalesce

from bookings.models import Appointment, AppointmentRequest, Note, RedFlag
from procedures.ground.listed import listed


def mark_pinned(requests: Iterable[AppointmentRequest]) -> None:
    """Give each of these requests the texts of the notes that are pinned to its person.

    They are in `pinned_notes`. The requests were read with their person. Whether a list has one row or
    fifty, it takes one question to the database.
    """
    requests = list(requests)
    texts = pinned_texts(each.person.shown_as for each in requests)
    for request in requests:
        request.pinned_notes = texts[request.person.shown_as]


def mark(requests: Iterable[AppointmentRequest]) -> None:
    """Give each of these requests the texts pinned to its person, and whether a flag is still open.

    They are in `pinned_notes` and `has_blocking_flag`. It takes one question, however many they are.
    """
    found = {request.pk: request for request in requests}
    open_flags = RedFlag.objects.blocking().filter(request=OuterRef("pk"))
    rows: QuerySet[Any] = AppointmentRequest.objects.filter(pk__in=found).annotate(
        pinned=pinned_beside("person"), is_flagged=Exists(open_flags)
    )
    for pk, pinned, is_flagged in rows.values_list("pk", "pinned", "is_flagged"):
        found[pk].pinned_notes = pinned or []
        found[pk].has_blocking_flag = is_flagged


def pinned_texts(people: Iterable[int]) -> dict[int, list[str]]:
    """The texts of the pinned notes of these people, by the row under which each is shown."""
    people = set(people)
    texts: dict[int, list[str]] = defaultdict(list)
    pinned = Note.objects.pinned().filter(Q(person__in=people) | Q(person__joined_to__in=people))
    for note in pinned.select_related("person").order_by("-pk"):
        texts[note.person.shown_as].append(note.text)
    return texts


def with_marks(visits: QuerySet[Appointment]) -> QuerySet[Any]:
    """These visits, each with the texts pinned to its person and with whether a flag is still open.

    They are in `pinned_notes`, a list or None, and `has_open_flag`. It takes no question of its own.
    """
    open_flags = RedFlag.objects.blocking().filter(request=OuterRef("request"))
    return visits.annotate(
        pinned_notes=pinned_beside("request__person"), has_open_flag=Exists(open_flags)
    )


def pinned_beside(person: str) -> Subquery:
    """The texts pinned to the person of a row, beside the row. `person` is the way to them from it."""
    shown_as = Coalesce(OuterRef(f"{person}__joined_to"), OuterRef(person))
    pinned = Note.objects.pinned().filter(Q(person=shown_as) | Q(person__joined_to=shown_as))
    return listed(pinned, "text")
