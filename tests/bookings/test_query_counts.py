"""How many questions each page of the desk asks the database, whatever the number of rows."""

import secrets
from collections.abc import Callable, Iterable
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from bookings.models import AppointmentRequest, Note, Person
from bookings.status import RequestStatus
from tests import factories, profiles
from tests.people import LIST, booked

pytestmark = pytest.mark.django_db
MARK, FEW, MANY = 15, 10, 200 if profiles.FULL else 30
HALF_AN_HOUR = timedelta(minutes=30)
# The pages that need more than the mark, and what for. Nothing may be added to them unnoticed.
# Rota: sessions, hours, closed days and closures are four tables. Looks: a read is chained (three).
MORE = {
    "reception, today": 26,  # rota, whom to phone (a query for each reason), alarms, four lists
    "clinician, today": 26,  # flags, answers, the questions that they own, alarms
    "manager, today": 50,  # all of reception, “Ready to open?” and the pages that are due
    "reception, a request": 23,  # looks, who may be the same, the whole time line
    "reception, a visit": 30,  # the same, with its rota and recall
    "reception, offer": 25,  # looks, rota, terms twice (shown and checked), whom to phone
    "reception, diary day": 16,  # rota, claims, visits, offers, the machines of the type
    "reception, diary list": 16,
    "reception, a person": 22,  # looks, visits, flags, notes, messages, who may be the same
    "manager, numbers": 30,  # one for each table that it counts
    "manager, set-up": 20,  # “Ready to open?”
}


@pytest.fixture
def pages(monday: datetime) -> dict[str, str]:
    """The pages, by who reads them; and a request in each status."""
    for status in RequestStatus:
        factories.request_at(status, now=monday)
    factories.received(flagged=True, now=monday)
    waiting = AppointmentRequest.objects.filter(status=RequestStatus.IN_REVIEW)[0]
    visit = AppointmentRequest.objects.filter(status=RequestStatus.BOOKED)[0]
    return {
        "reception, today": "/admin/",
        "reception, requests": LIST,
        "reception, to phone": f"{LIST}to-phone/",
        "reception, a request": f"{LIST}{waiting.pk}/change/",
        "reception, a visit": f"{LIST}{visit.pk}/change/",
        "reception, offer": f"{LIST}{waiting.pk}/decide/offer/",
        "reception, diary day": f"{LIST}diary/day/",
        "reception, diary week": f"{LIST}diary/week/",
        "reception, diary month": f"{LIST}diary/month/",
        "reception, diary list": f"{LIST}diary/list/",
        "reception, people": "/admin/bookings/person/",
        "reception, a person": f"/admin/bookings/person/{waiting.person_id}/change/",
        "reception, set-up": "/admin/set-up/",
        "reception, own account": "/admin/account/",
        "clinician, today": "/admin/",
        "clinician, pages": "/admin/procedures/revision/",
        "manager, today": "/admin/",
        "manager, numbers": f"{LIST}numbers/",
        "manager, set-up": "/admin/set-up/",
    }


def add_rows(number: int, now: datetime) -> None:
    """So many more people with a note, a request that waits, and a visit today."""
    template = booked(now, days=number)
    visit = template.appointments.get()
    waiting = factories.received(now=now)
    for each in range(number):
        person = Person.objects.get(pk=template.person_id)
        person.pk, person.name = None, f"Sample {each}"
        person.save()
        by = factories.staff("Reception")
        Note.objects.create(
            person=person, text="Rings twice.", pinned=True, written_at=now, written_by=by
        )
        again(waiting, person)
        of = again(template, person)
        visit.pk, visit.request = None, of
        visit.starts = now + each * timedelta(minutes=1)
        visit.ends = visit.starts + HALF_AN_HOUR
        visit.save()


def again(template: AppointmentRequest, person: Person) -> AppointmentRequest:
    made = AppointmentRequest.objects.get(pk=template.pk)
    made.pk, made.person, made.name, made.event_count = None, person, person.name, 0
    made.reference = f"{secrets.token_hex(2)}-{secrets.token_hex(2)}".upper()
    made.submission_key, made.link_key = secrets.token_urlsafe(16), secrets.token_hex(11)
    made.save()
    return made


def asked(sign_in: Callable[[Any], Client], pages: dict[str, str]) -> dict[str, int]:
    """How many questions each page asks."""
    found: dict[str, int] = {}
    for name, address in pages.items():
        client = sign_in(name.partition(",")[0].capitalize())
        with CaptureQueriesContext(connection) as queries:
            assert client.get(address).status_code == 200, name
        found[name] = number_of(query["sql"] for query in queries)
    return found


def number_of(statements: Iterable[str]) -> int:
    """How many there are; rows that one statement would insert, in batches for SQLite, count once."""
    found = list(statements)
    inserts = [each.split("(")[0] for each in found if each.startswith("INSERT")]
    return len(found) - len(inserts) + len(set(inserts))


def test_no_page_asks_more_when_there_are_more_rows(
    sign_in: Any, pages: dict[str, str], monday: datetime
) -> None:
    add_rows(FEW, monday)
    few = asked(sign_in, pages)
    add_rows(MANY - FEW, monday)
    many = asked(sign_in, pages)
    assert {name: number for name, number in many.items() if number > few[name]} == {}
    above = {name: number for name, number in many.items() if number > MORE.get(name, MARK)}
    assert above == {}, many
