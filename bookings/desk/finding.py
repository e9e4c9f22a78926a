"""Finds requests and people by what colleagues type, and other requests of the same person.

Writes nothing.
"""

from datetime import date
from functools import reduce
from operator import and_
from typing import NamedTuple

from django.core.exceptions import ValidationError
from django.db.models import Q
from django.db.models.functions import Coalesce

from bookings.forms.birth_date import BirthDateField
from bookings.models import AppointmentRequest, AppointmentRequestQuerySet, Person
from bookings.models.people import PersonQuerySet
from procedures.ground import folding, phones
from procedures.ground.email_addresses import CannotBeSent, canonical

# How many people are shown to a colleague who has somebody on the phone, and looked through for it.
MOST_KNOWN = 8
MOST_COMPARED = 200


class Wanted(NamedTuple):
    """What a colleague typed, as a condition on requests or on people."""

    where: Q
    # Whether it is a name or a number, or perhaps a reference.
    in_words: bool = False


def find(term: str) -> AppointmentRequestQuerySet:
    """The requests that match what a colleague typed.

    A whole reference, email address, phone number or date of birth matches, or the beginnings of the
    patient's or the carer's names, in any order.
    """
    requests = AppointmentRequest.objects.all()
    wanted = _wanted(term)
    if wanted is None:
        return requests.none()
    if not wanted.in_words:
        return requests.filter(wanted.where)
    named_so = requests.filter(reference=folding.as_reference(term))
    if named_so.exists():
        return named_so
    # The inner query needs only the index, which is a fraction of the table.
    return requests.filter(pk__in=requests.filter(wanted.where).values("pk"))


def find_people(term: str) -> PersonQuerySet:
    """The people whom it may mean, each once: by what they said on a request, or what we know now."""
    people = Person.objects.all()
    wanted = _wanted(term)
    if wanted is None:
        return people.none()
    known = Q(pk__in=people.filter(wanted.where).values("pk"))
    rows = people.filter(known | Q(pk__in=find(term).values("person")))
    return people.filter(pk__in=rows.annotate(shown=Coalesce("joined_to", "pk")).values("shown"))


def likely_duplicates(record: AppointmentRequest) -> list[AppointmentRequest]:
    """Other requests from the same email address, or with the same date of birth and name.

    Without an email address, from the same phone.
    """
    same = Q(email=record.email) if record.email else Q(phone=record.phone)
    others = AppointmentRequest.objects.exclude(pk=record.pk)
    alike = others.filter(same | Q(date_of_birth=record.date_of_birth))

    def is_sent_alike(other: AppointmentRequest) -> bool:
        return other.email == record.email if record.email else other.phone == record.phone

    return [
        other
        for other in alike.order_by("-received_at")
        if is_sent_alike(other) or folding.is_same_name(other.name, record.name)
    ]


def perhaps_known(*, name: str, born: date, phone: str) -> list[AppointmentRequest]:
    """The newest request of each person who may be this one, by date of birth, name or phone.

    Whoever matches in most of them comes first. Nobody is taken for somebody else: a colleague asks.
    """
    requests = AppointmentRequest.objects.all()
    runs = folding.chunks(name)
    alike = Q(date_of_birth=born)
    if runs:
        alike |= Q(pk__in=requests.filter(reduce(and_, map(_starts, runs))).values("pk"))
    if phone:
        alike |= Q(phone=phone)
    found = requests.filter(alike).select_related("person").order_by("-received_at", "-pk")
    people: dict[int, AppointmentRequest] = {}
    for each in found[:MOST_COMPARED]:
        people.setdefault(each.person.shown_as, each)

    def matches(each: AppointmentRequest) -> int:
        same_name = folding.is_same_name(each.name, name)
        return (each.date_of_birth == born) + same_name + bool(phone and each.phone == phone)

    return sorted(people.values(), key=matches, reverse=True)[:MOST_KNOWN]


def _wanted(term: str) -> Wanted | None:
    """What was typed, or None if nobody can be found by it."""
    if born := _birth_date(term):
        return Wanted(Q(date_of_birth=born))
    if "@" in term:
        try:
            return Wanted(Q(email=canonical(term.strip())))
        except CannotBeSent:
            return None
    runs = folding.chunks(term)
    if not runs:
        return None
    found = reduce(and_, map(_starts, runs))
    for digits in _numbers(term):
        found |= _starts(digits)
    return Wanted(found, in_words=True)


def _birth_date(term: str) -> date | None:
    """The date of birth that was typed, in any way that the form for patients accepts."""
    try:
        return BirthDateField().clean([term, "", ""])
    except ValidationError:
        return None


def _starts(run: str) -> Q:
    return Q(found_by__contains=f" {run}")


def _numbers(term: str) -> list[str]:
    """The digits that the term may mean as a phone number: with the country code, and as typed."""
    typed = "".join(folding.chunks(term))
    return [*phones.spellings(term)[:1], *([typed] if typed.isdecimal() else [])]
