"""The person behind a request: recognised when it arrives, and kept up to date by what is said."""

from datetime import datetime
from typing import TYPE_CHECKING, Any

from django.db.models import F

from bookings import identity, journal
from bookings.models import AppointmentRequest, Person
from bookings.triage import search_keys

if TYPE_CHECKING:
    from bookings.triage.receiving import Submission


def recognise(said: "Submission", *, by: journal.Actor, now: datetime) -> tuple[Person, bool]:
    """The person of a new request, with what they have just said, and whether they are somebody new.

    In doubt they are.

    Whoever sends it may name an earlier request of the same person. That takes the place of a contact in
    common, never of the name or the date of birth: the form for one twin may be sent for the other.
    What they leave out this time is kept.
    """
    person = _named_by(said) or identity.certainly(
        name=said.name, date_of_birth=said.date_of_birth, email=said.email, phone=said.phone
    )
    is_new = person is None
    person = person or Person(date_of_birth=said.date_of_birth)
    person.name = said.name
    person.email, person.phone = said.email or person.email, said.phone or person.phone
    if said.access_needs or said.access_detail:
        person.access_needs, person.access_detail = said.access_needs, said.access_detail
    if said.language is not None:
        person.language = said.language
    _keep(person, is_new=is_new, by=by, now=now)
    return person, is_new


def keep_contact(request: AppointmentRequest, *, by: journal.Actor, now: datetime) -> None:
    """Note that the person of this request is reached as the request now says."""
    person = request.person
    person.email, person.phone = request.email, request.phone
    _keep(person, is_new=False, by=by, now=now)
    search_keys.keep([person.pk])


def _named_by(said: "Submission") -> Person | None:
    """The person of the earlier request, if the name and the date of birth are theirs."""
    if said.earlier is None:
        return None
    person = said.earlier.person
    is_theirs = identity.is_named_and_born_as(
        person, name=said.name, date_of_birth=said.date_of_birth
    )
    return person if is_theirs else None


def _keep(person: Person, *, is_new: bool, by: journal.Actor, now: datetime) -> None:
    """Store what is known. The last to say something is right, so no screen is too old for it."""
    known: dict[str, Any] = {
        "name": person.name,
        "email": person.email,
        "phone": person.phone,
        "access_needs": person.access_needs,
        "access_detail": person.access_detail,
        "language": person.language,
        "known_at": now,
        "known_by": journal.actor_name(by),
    }
    if is_new:
        created = Person.objects.create(date_of_birth=person.date_of_birth, **known)
        person.pk = created.pk
    else:
        Person.objects.filter(pk=person.pk).update(version=F("version") + 1, **known)
