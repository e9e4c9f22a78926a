"""Erasing a person: one colleague proposes it, another agrees, and it stays so after a restore."""

from datetime import datetime
from typing import Any, NamedTuple

from django.contrib.auth.models import User
from django.db import transaction

from bookings import journal, triage
from bookings.models import AppointmentRequest, Person, PersonEvent, Recall
from bookings.records import tombstones
from bookings.records.emptying import empty_people, is_anything_left, is_erased
from bookings.records.holds import is_held, lock
from bookings.records.rights import awaits_copy
from bookings.records.walking import rows_of
from bookings.status import (
    CLOCK,
    ENDED,
    WITH_APPOINTMENT,
    PersonAct,
    RecallStatus,
    TriageRefused,
)
from procedures.ground.two_people import Proposal, TwoPersonAct, propose, register


def why_not(person: Person) -> str:
    """Why the person cannot be erased now, in a sentence; empty if nothing forbids it."""
    requests = AppointmentRequest.objects.of_person(person)
    if not is_anything_left(person):
        return "What we held about this person was erased already."
    if is_held(person):
        return "There is a legal hold on this person. As long as it lasts, nothing can be erased."
    if awaits_copy(person):
        return (
            "They have asked for a copy of what we hold. Give it to them and note the answer first."
        )
    still_open = requests.exclude(status__in=ENDED).values_list("reference", flat=True)
    if still_open:
        return f"A request is still open ({', '.join(still_open)}). End it first."
    if Recall.objects.filter(request__in=requests, status=RecallStatus.PLANNED).exists():
        return "We have planned to ask about a follow-up. Take that back first."
    return ""


def erase(person: Person, *, proposed_by: User, by: User, now: datetime) -> None:
    """Empty everything about the person, and note it where a restore does not reach.

    The note is written before the transaction ends: an erasure without one would come undone.
    """
    with transaction.atomic():
        lock(person)
        if reason := why_not(person):
            raise TriageRefused(reason)
        rows = rows_of(person)
        empty_people(rows, PersonAct.ERASED, by=by, now=now)
        try:
            tombstones.add(rows, now)
        except OSError as error:
            raise TriageRefused(
                "The list of erasures cannot be written, so nothing was erased. Tell whoever runs the "
                "server."
            ) from error


def _seen(person: Person) -> object:
    """The version, which whatever they ask or tell us raises, and the rows that are one person."""
    return [person.version, rows_of(person)]


def _described(person: Person, arguments: dict[str, Any]) -> str:
    return f"Erase everything that we hold about person {person.pk}"


def _name_of(person: Person, *, by: User, now: datetime) -> str:
    """What the person is called; empty once they are erased. Whoever reads it saw their requests."""
    if person.emptied_at:
        return ""
    shown = AppointmentRequest.objects.of_person(person)
    journal.record_list("proposal", shown, by=by, at=now)
    return f"{person.name}, born {person.date_of_birth:%-d %B %Y}"


ERASE = register(
    TwoPersonAct(
        name="erase a person",
        label="Erase everything about a person",
        permission="bookings.erase_person",
        model="bookings.person",
        describe=_described,
        name_of=_name_of,
        do=erase,
        seen=_seen,
        refusals=(TriageRefused,),
    )
)


def propose_erasure(person: Person, *, reason: str, by: User, now: datetime) -> Proposal:
    """Ask a second person to agree to erase everything about the person."""
    if refusal := why_not(person):
        raise TriageRefused(refusal)
    return propose(ERASE, person, reason=reason, by=by, now=now)


class Applied(NamedTuple):
    """What became of the list of erasures in this database."""

    erased: int
    already: int
    # Numbers of rows that are not here, or are somebody else: the copy is older than they are.
    unknown: list[int]
    # References of requests that could not be ended, and have to be at the desk.
    still_open: list[str]


def apply_erasures(now: datetime) -> Applied:
    """Erase again whoever was erased since this copy of the database was made.

    Raises ValueError if the list cannot be read, and then nothing has been erased.
    """
    erased = already = 0
    unknown, still_open = [], []
    for stone in list(tombstones.read(tombstones.file_of_erasures())):
        person = Person.objects.filter(pk=stone.person).first()
        if person is None or not stone.is_of(person.pk):
            unknown.append(stone.person)
        elif is_erased(person):
            already += 1
        else:
            still_open += _erase_again(person, now)
            erased += 1
    return Applied(erased, already, unknown, still_open)


def not_on_the_list() -> list[int]:
    """Rows of people whom somebody erased, and whom a restore of a backup would bring back.

    Raises OSError or ValueError if the list of erasures is there and cannot be read.
    """
    erased = PersonEvent.objects.filter(act=PersonAct.ERASED).values_list("person_id", flat=True)
    file = tombstones.file_of_erasures()
    listed = {stone.person for stone in tombstones.read(file)} if file.exists() else set()
    return sorted(set(erased) - listed)


def _erase_again(person: Person, now: datetime) -> list[str]:
    """Empty this row alone: in an older copy it may be joined to others. What is open is ended."""
    with transaction.atomic():
        lock(person)
        requests = AppointmentRequest.objects.filter(person=person).exclude(status__in=ENDED)
        left = [request.reference for request in requests if not _ended(request, now)]
        empty_people([person.pk], PersonAct.ERASED, by=CLOCK, now=now)
    return left


def _ended(request: AppointmentRequest, now: datetime) -> bool:
    try:
        if request.status in WITH_APPOINTMENT:
            triage.cancel(request, version=request.version, by=CLOCK, now=now)
        else:
            triage.withdraw(request, version=request.version, now=now)
    except TriageRefused:
        return False
    return True
