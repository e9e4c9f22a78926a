"""Finds requests by what colleagues type, and other requests of the same person. Writes nothing."""

from datetime import date
from functools import reduce
from operator import and_

from django.core.exceptions import ValidationError
from django.db.models import Q

from bookings.forms.birth_date import BirthDateField
from bookings.models import AppointmentRequest, AppointmentRequestQuerySet
from procedures.ground import folding, phones
from procedures.ground.email_addresses import CannotBeSent, canonical

# How many people are shown to a colleague who has somebody on the phone, and looked through for it.
MOST_KNOWN = 8
MOST_COMPARED = 200


def find(term: str) -> AppointmentRequestQuerySet:
    """The requests that match what a colleague typed.

    A whole reference, email address, phone number or date of birth matches, or the beginnings of the
    patient's or the carer's names, in any order.
    """
    requests = AppointmentRequest.objects.all()
    if born := _birth_date(term):
        return requests.filter(date_of_birth=born)
    if "@" in term:
        try:
            return requests.filter(email=canonical(term.strip()))
        except CannotBeSent:
            return requests.none()
    runs = folding.chunks(term)
    if not runs:
        return requests.none()
    named_so = requests.filter(reference=folding.as_reference(term))
    if named_so.exists():
        return named_so
    found = reduce(and_, map(_starts, runs))
    for digits in _numbers(term):
        found |= _starts(digits)
    # The inner query needs only the index, which is a fraction of the table.
    return requests.filter(pk__in=requests.filter(found).values("pk"))


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
    people: list[AppointmentRequest] = []
    for each in requests.filter(alike).order_by("-received_at", "-pk")[:MOST_COMPARED]:
        if not any(_is_one_person(each, other) for other in people):
            people.append(each)

    def matches(each: AppointmentRequest) -> int:
        same_name = folding.is_same_name(each.name, name)
        return (each.date_of_birth == born) + same_name + bool(phone and each.phone == phone)

    return sorted(people, key=matches, reverse=True)[:MOST_KNOWN]


def _is_one_person(one: AppointmentRequest, other: AppointmentRequest) -> bool:
    return one.date_of_birth == other.date_of_birth and folding.is_same_name(one.name, other.name)


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
