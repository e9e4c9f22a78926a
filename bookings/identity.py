"""Who is who: which people are certainly one, who may be, and what colleagues have said about it.

Certain is whoever has the same date of birth, the same name (all of its words, however it was
typed) and an email address or a phone number in common. Whatever is less than that is for a
colleague to say. Writes nothing.
"""

from collections import defaultdict
from collections.abc import Collection
from datetime import date
from typing import Any, NamedTuple

from django.db.models import Exists, OuterRef, Q, QuerySet

from bookings.models import AppointmentRequest, Person, PersonLink
from bookings.status import Verdict
from procedures.ground import phones
from procedures.ground.folding import has_same_words, is_same_name

Pair = tuple[int, int]


def pair(one: int, other: int) -> Pair:
    """Two numbers in the order in which a link has them."""
    return min(one, other), max(one, other)


def is_named_and_born_as(
    record: Person | AppointmentRequest, *, name: str, date_of_birth: date
) -> bool:
    """Whether the name and the date of birth are those of the record."""
    return record.date_of_birth == date_of_birth and has_same_words(record.name, name)


def certainly(*, name: str, date_of_birth: date, email: str, phone: str) -> Person | None:
    """The one person who this certainly is, or None. Two of whom it may be either are nobody."""
    born_then = Person.objects.filter(date_of_birth=date_of_birth)
    names = born_then.values_list("pk", "name")
    same_words = [pk for pk, each in names if has_same_words(each, name)]
    if not same_words:
        return None
    alike = list(born_then.filter(pk__in=same_words))
    shared = Q(email=email) if email else Q(phone=phone)
    if phone:
        shared |= Q(phone=phone)
    ever = AppointmentRequest.objects.filter(shared, person__in=alike)
    reached = set(ever.values_list("person", flat=True))
    found = [each for each in alike if each.pk in reached or _contacts(each) & {email, phone}]
    if len({each.shown_as for each in found}) != 1:
        return None
    return min(found, key=lambda each: each.pk)


def verdicts(people: Collection[int] | QuerySet[Person]) -> dict[Pair, PersonLink]:
    """The newest that was said about each pair with one of these people. What was undone is left out."""
    said = PersonLink.objects.standing().filter(Q(one__in=people) | Q(other__in=people))
    links = said.select_related("one", "other", "said_by").order_by("pk")
    return {(each.one_id, each.other_id): each for each in links}


class Candidate(NamedTuple):
    """Somebody who may be the same person."""

    shown_as: int
    requests: list[AppointmentRequest]

    @property
    def known(self) -> Person:
        """What we know of them now."""
        return max((each.person for each in self.requests), key=lambda row: (row.known_at, row.pk))


def perhaps_same(person: Person) -> list[Candidate]:
    """Others who may be this person: same date of birth, and a name or a contact alike.

    Nobody about whom a colleague has said that they are somebody else.
    """
    ours = Person.objects.one_with(person).values("pk")
    said = PersonLink.objects.standing().filter(
        Q(one__in=ours, other=OuterRef("person")) | Q(other__in=ours, one=OuterRef("person")),
        verdict=Verdict.NOT_SAME,
    )
    born_then: Any = AppointmentRequest.objects.filter(
        person__date_of_birth=person.date_of_birth, person__emptied_at=None
    ).annotate(is_apart=Exists(said))
    by_person: dict[int, list[Any]] = defaultdict(list)
    for request in born_then.select_related("person").order_by("pk"):
        by_person[request.person.shown_as].append(request)
    own = _Known.of(by_person.pop(person.pk, []))
    return [
        Candidate(shown_as, theirs)
        for shown_as, theirs in by_person.items()
        if not any(each.is_apart for each in theirs) and own.is_like(_Known.of(theirs))
    ]


class _Known(NamedTuple):
    """What somebody is called and reached by, in all of their requests and now."""

    names: set[str]
    contacts: set[str]

    @classmethod
    def of(cls, requests: list[AppointmentRequest]) -> "_Known":
        rows: list[Person | AppointmentRequest] = [*requests, *{each.person for each in requests}]
        emails = {each.email for each in rows}
        numbers = {phones.identity(each.phone) for each in rows}
        return cls({each.name for each in rows}, (emails | numbers) - {""})

    def is_like(self, other: "_Known") -> bool:
        """Whether the two may be one person."""
        return bool(self.contacts & other.contacts) or any(
            is_same_name(one, another) for one in self.names for another in other.names
        )


def _contacts(person: Person) -> set[str]:
    """The email address and the phone number that we have."""
    return {str(each) for each in (person.email, person.phone) if each}
