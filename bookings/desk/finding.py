"""Finds people by what colleagues type, and other requests of the same person.

Writes nothing. A search reads ranges of one index, so it takes as long with a million requests as with a
thousand.
"""

import re
from collections.abc import Iterable, Iterator
from contextlib import suppress
from datetime import date
from itertools import islice
from typing import NamedTuple

from django.core.exceptions import ValidationError
from django.db.models import Exists, OuterRef, Q
from django.utils import timezone

from bookings.forms.birth_date import BirthDateField
from bookings.models import AppointmentRequest, Person, SearchKey
from procedures.ground import folding, phones
from procedures.ground.email_addresses import CannotBeSent, canonical

# How many people are shown to a colleague who has somebody on the phone, and looked through for it.
MOST_KNOWN = 8
MOST_COMPARED = 200
# Whoever types more words is found by the first ones.
MOST_RUNS = 5
# Beyond this many keys it does not matter which word is the rarer.
ENOUGH = 10_000
# One person may have several keys that begin alike.
KEYS_FOR_ONE = 4
# Greater than whatever continues a key.
LAST_LETTER = "\U0010ffff"
CENTURY = 100


def find_people(term: str, most: int) -> list[int]:
    """Under which rows the people are shown whom it may mean, the likeliest first, `most` of them.

    Every word that was typed is the beginning of something that they are found by. Those in whose names,
    numbers, addresses and references a word begins so come before those who have it inside.
    """
    rows = list(islice(_distinct(_meant(term, most)), most))
    shown = dict(Person.objects.filter(pk__in=rows).values_list("pk", "joined_to"))
    return list(_distinct(shown[row] or row for row in rows))


def likely_duplicates(record: AppointmentRequest) -> list[AppointmentRequest]:
    """Other requests from the same email address, or with the same date of birth and name.

    Without an email address, from the same phone. An emptied request is like none: it has neither.
    """
    if record.emptied_at:
        return []
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
    alike = Q(date_of_birth=born)
    if runs := folding.chunks(name):
        alike |= Q(person__in=list(_begun(_rarest_first(runs), [], MOST_COMPARED)))
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


# --- What was typed -------------------------------------------------------------------------------


class Wanted(NamedTuple):
    """What a term may mean: runs of letters and digits, and dates of birth."""

    runs: list[str]
    born: list[date]


def _wanted(term: str) -> list[Wanted]:
    """What was typed, in each of the ways in which it can be read."""
    if born := _birth_dates(term):
        return [Wanted([], born)]
    readings = [Wanted([digits], []) for digits in _numbers(term)]
    if "".join(folding.chunks(term)).isdecimal():
        return readings
    with suppress(CannotBeSent):  # it is only the beginning of an address
        term = canonical(term.strip()) if "@" in term else term
    runs, dates = [], []
    for part in re.split(r"[\s,;]+", term):
        dates += _birth_dates(part)
        runs += [] if _birth_dates(part) else folding.chunks(part)
    return [*readings, Wanted(runs[:MOST_RUNS], dates)] if runs else readings


def _birth_dates(term: str) -> list[date]:
    """The dates of birth that were typed, in any way that the form for patients accepts, and shorter.

    Two digits for the year are either century, and eight digits need no signs between them.
    """
    if found := re.fullmatch(r"\s*(\d\d)(\d\d)(\d{4})\s*", term):
        term = "/".join(found.groups())
    found = re.fullmatch(r"(.*\D)(\d\d)\s*", term)
    this_year = timezone.localdate().year
    centuries = [this_year // CENTURY, this_year // CENTURY - 1]
    spelled = [f"{found[1]}{century}{found[2]}" for century in centuries] if found else []
    return [born for each in [term, *spelled] if (born := _birth_date(each))]


def _birth_date(term: str) -> date | None:
    try:
        return BirthDateField().clean([term, "", ""])
    except ValidationError:
        return None


def _numbers(term: str) -> list[str]:
    """The digits that the term may mean as a phone number: with the country code, and as typed."""
    typed = "".join(folding.chunks(term))
    return [*phones.spellings(term)[:1], *([typed] if typed.isdecimal() else [])]


# --- Who has it -----------------------------------------------------------------------------------


def _meant(term: str, most: int) -> Iterator[int]:
    """People, the likeliest first; some more than once. What is not needed is not looked up."""
    readings = [Wanted(_rarest_first(runs), born) for runs, born in _wanted(term)]
    for runs, born in readings:
        yield from _begun(runs, born, most) if runs else _born(born, most)
    for runs, born in readings:
        yield from _inside(runs, born, most) if runs else ()


def _born(born: list[date], most: int) -> Iterable[int]:
    people = Person.objects.filter(date_of_birth__in=born).values_list("pk")
    said = AppointmentRequest.objects.filter(date_of_birth__in=born).values_list("person")
    return (pk for (pk,) in people.union(said).order_by("-id")[:most])


def _begun(runs: list[str], born: list[date], most: int) -> Iterable[int]:
    """Those in whose keys a word begins with each of the runs."""
    rare, *others = runs
    return _people(_begins(rare), [_begins(each) for each in others], born, most)


def _inside(runs: list[str], born: list[date], most: int) -> Iterator[int]:
    """Those who have each of the runs somewhere."""
    rare, *others = runs
    more = [_has(each) for each in others]
    if others:
        yield from _people(_begins(rare), more, born, most)
    if len(rare) >= folding.LEAST_INSIDE:
        yield from _people(_continues(rare), more, born, most)


def _people(first: Q, others: list[Q], born: list[date], most: int) -> Iterable[int]:
    """People with a key as `first` says, and one as each of the others says, in order of that key."""
    keys = SearchKey.objects.filter(first)
    for other in others:
        keys = keys.filter(Exists(SearchKey.objects.filter(other, person=OuterRef("person"))))
    if born:
        keys = keys.filter(person__date_of_birth__in=born)
    return keys.order_by("key", "person").values_list("person", flat=True)[: most * KEYS_FOR_ONE]


def _rarest_first(runs: list[str]) -> list[str]:
    """The runs in the order of how many words begin so: the fewer there are, the fewer are read."""
    if len(runs) <= 1:
        return runs
    return sorted(runs, key=lambda run: (_how_many(_begins(run)), -len(run)))


def _how_many(which: Q) -> int:
    return SearchKey.objects.filter(which).values("key")[:ENOUGH].count()


def _begins(run: str) -> Q:
    return _continues(f" {run}")


def _continues(run: str) -> Q:
    """Keys that begin so. A range, because the pattern of a LIKE uses the index on one database only."""
    run = run[: folding.LONGEST_KEY]
    return Q(key__gte=run, key__lt=f"{run}{LAST_LETTER}")


def _has(run: str) -> Q:
    return _begins(run) | _continues(run)


def _distinct(numbers: Iterable[int]) -> Iterator[int]:
    """Each number once, as early as it comes."""
    seen = set[int]()
    for number in numbers:
        if number not in seen:
            seen.add(number)
            yield number
