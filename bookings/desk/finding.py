"""Finds requests by what colleagues type, and other requests of the same person. Writes nothing."""

from functools import reduce
from operator import and_

from django.db.models import Q
from django.utils import timezone

from bookings.models import AppointmentRequest, AppointmentRequestQuerySet
from procedures.ground import folding, phones
from procedures.ground.dates import birth_date
from procedures.ground.email_addresses import CannotBeSent, canonical


def find(term: str) -> AppointmentRequestQuerySet:
    """The requests that match what a colleague typed.

    A whole reference, email address, phone number or date of birth matches, or the beginnings of the
    patient's or the carer's names, in any order.
    """
    requests = AppointmentRequest.objects.all()
    if born := birth_date(term, timezone.localdate()):
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
    sent_alike = set(others.filter(same).values_list("pk", flat=True))
    alike = others.filter(Q(pk__in=sent_alike) | Q(date_of_birth=record.date_of_birth))
    return [
        other
        for other in alike.order_by("-received_at")
        if other.pk in sent_alike or folding.is_same_name(other.name, record.name)
    ]


def _starts(run: str) -> Q:
    return Q(found_by__contains=f" {run}")


def _numbers(term: str) -> list[str]:
    """The digits that the term may mean as a phone number: with the country code, and as typed."""
    typed = "".join(folding.chunks(term))
    return [*phones.spellings(term)[:1], *([typed] if typed.isdecimal() else [])]
