"""How many questions each page of the desk asks the database, whatever the number of rows."""

import secrets
from collections.abc import Callable, Iterable
from copy import copy
from datetime import datetime, timedelta
from typing import Any, TypeVar

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.db.models import Model
from django.test import Client
from django.test.utils import CaptureQueriesContext

from bookings import access, webhooks
from bookings.diary import feeds, resource_of
from bookings.models import (
    Appointment,
    AppointmentRequest,
    Closure,
    Look,
    Message,
    Note,
    Person,
    PersonEvent,
    RequestEvent,
    TextReply,
)
from bookings.status import (
    AppointmentStatus,
    FeedWords,
    Meant,
    MessageStatus,
    Notice,
    PersonAct,
    RequestStatus,
    Scope,
)
from bookings.status.events import Event
from procedures.reading import feedback
from procedures.status import Category, RevisionStatus
from tests import factories
from tests.people import LIST, booked

pytestmark = pytest.mark.django_db
Row = TypeVar("Row", bound=Model)
MARK, FEW, MANY = 15, 10, 200
HALF_AN_HOUR = timedelta(minutes=30)
# The pages that need more than the mark, and what for. Nothing may be added to them unnoticed.
# Every page begins with two (session; account with its permissions and its session of staff), and most
# end with the number beside “Requests”. A rota is three; a look is chained in the journal: three.
MORE = {
    "reception, today": 17,  # a rota, whom to phone, what to tell them, texts, visits, what waits
    "clinician, today": 24,  # flags, answers, handovers, visits; the evidence of each text (nine)
    "manager, today": 33,  # reception’s, the evidence of each text, questions, rights, webhooks
    "reception, a visit": 18,  # a table for each thing that can happen to a request, and a rota
    "reception, rebook": 20,  # a rota for weeks with claims and machines, offers, flags, calls
    "reception, offer": 20,  # a look, whether it is open, a rota with claims, rooms, earlier offers
    "reception, a person": 21,  # a table for each thing that we hold, a look at each request
}


@pytest.fixture
def pages(monday: datetime) -> dict[str, str]:
    """The pages, by who reads them; a request in each status, and a doctor who falls ill soon."""
    Closure.objects.create(
        resource=resource_of(factories.clinician()),
        starts=monday + FEW / 2 * timedelta(minutes=1),
        ends=monday + FEW * timedelta(minutes=2),
        reason="Ill",
    )
    for status in RequestStatus:
        factories.request_at(status, now=monday)
    factories.received(flagged=True, now=monday)
    return addresses()


def addresses() -> dict[str, str]:
    """The pages, by who reads them: of some request that waits for us, and of some visit."""
    waiting = AppointmentRequest.objects.filter(status=RequestStatus.IN_REVIEW)[0]
    visit = AppointmentRequest.objects.filter(status=RequestStatus.BOOKED)[0]
    return {
        "reception, today": "/admin/",
        "reception, requests": LIST,
        "reception, to phone": f"{LIST}to-phone/",
        "reception, letters": f"{LIST}to-phone/letters/",
        "reception, a request": f"{LIST}{waiting.pk}/change/",
        "reception, a visit": f"{LIST}{visit.pk}/change/",
        "reception, offer": f"{LIST}{waiting.pk}/decide/offer/",
        "reception, texts": f"{LIST}to-phone/texts/",
        "reception, rebook": f"{LIST}rebook/",
        "reception, weeks": "/admin/bookings/clinicsession/weeks/",
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
        "manager, kept how long": "/admin/bookings/person/kept/",
        "manager, held": "/admin/bookings/person/held/",
        "manager, who opened what": "/admin/bookings/look/",
        "manager, set-up": "/admin/set-up/",
        "manager, who gets which emails": "/admin/set-up/notices/",
    }


def add_rows(number: int, now: datetime) -> None:
    """So many more people with a note, a request that waits, a visit today and a message that failed.

    Some of the visits are lost, because the doctor is ill by then. And for each forty of them there is
    a page of each kind with a reader who found it unclear.
    """
    template, waiting = booked(now, days=number), factories.received(now=now)
    visit, by = template.appointments.get(), factories.staff("Reception")
    people = Person.objects.bulk_create(
        copy_of(template.person, name=f"Sample {each}") for each in range(number)
    )
    Note.objects.bulk_create(
        Note(person=each, text="Rings twice.", pinned=True, written_at=now, written_by=by)
        for each in people
    )
    AppointmentRequest.objects.bulk_create(again(waiting, each) for each in people)
    with_visit = AppointmentRequest.objects.bulk_create(again(template, each) for each in people)
    starts = [now + minute * timedelta(minutes=1) for minute in range(number)]
    Appointment.objects.bulk_create(
        copy_of(visit, request=of, starts=at, ends=at + HALF_AN_HOUR)
        for of, at in zip(with_visit, starts, strict=True)
    )
    message = template.messages.all()[0]
    Message.objects.bulk_create(
        copy_of(message, request=of, status=MessageStatus.FAILED, message_id=secrets.token_hex(16))
        for of in with_visit
    )
    add_past_and_texts(with_visit, visit, by, now)
    for each in range(number // FEW // 5 + 1):
        slug, about = f"page-{number}-{each}", f"about-{number}-{each}"
        for page in (factories.page(slug), factories.page(about, Category.ABOUT)):
            revision = factories.revision(RevisionStatus.PUBLISHED, of=page, now=now)
            feedback.give(revision, clear=False, comment="", now=now)
    if connection.vendor == "postgresql":
        # It counts its rows within a minute, and plans by that; here it would plan for empty tables.
        with connection.cursor() as cursor:
            cursor.execute("ANALYZE")


def add_past_and_texts(
    requests: list[AppointmentRequest], visit: Appointment, by: User, now: datetime
) -> None:
    """For each of them a look, a text, a legal hold on every other, and a visit ten years ago.

    And for each forty of them a clinician with a week of their own.
    """
    about = [(number, each, each.person) for number, each in enumerate(requests)]
    long_ago = now - timedelta(days=3660)
    over = AppointmentRequest.objects.bulk_create(
        copy_of(again(each, person), status=RequestStatus.CLOSED, received_at=long_ago,
                ended_at=long_ago, ended_by=by.username)
        for _, each, person in about
    )  # fmt: skip
    Appointment.objects.bulk_create(
        copy_of(visit, request=of, status=AppointmentStatus.FULFILLED, starts=long_ago,
                ends=long_ago + HALF_AN_HOUR, ended_at=long_ago, ended_by=by.username)
        for of in over
    )  # fmt: skip
    PersonEvent.objects.bulk_create(
        PersonEvent(person=person, act=PersonAct.HELD, reason="A", done_at=now, done_by=by.username)
        for number, _, person in about
        if number % 2
    )
    RequestEvent.objects.bulk_create(
        RequestEvent(request=each, number=1, kind=Event.READ, at=now, by=by.username)
        for each in over
    )
    Look.objects.bulk_create(
        Look(screen="texts", requests=[each.pk], looked_at=now, looked_by=by)
        for _, each, _ in about
    )
    TextReply.objects.bulk_create(
        TextReply(gateway_id=secrets.token_hex(8), number=f"+4477009{secrets.randbelow(90000) + 10000}",
                  request=each, said="Hm.", meant=Meant.OTHER, for_desk=True, came=now)
        for _, each, _ in about
    )  # fmt: skip
    for each in range(len(requests) // FEW // 5 + 1):
        factories.clinician(f"doctor-{len(requests)}-{each}")


def again(template: AppointmentRequest, person: Person) -> AppointmentRequest:
    return copy_of(
        template,
        person=person,
        name=person.name,
        event_count=0,
        reference=f"{secrets.token_hex(2)}-{secrets.token_hex(2)}".upper(),
        submission_key=secrets.token_urlsafe(16),
        link_key=secrets.token_hex(11),
    )


def copy_of(row: Row, **changes: Any) -> Row:
    """A row like it that is not stored yet."""
    made = copy(row)
    made.pk = None
    for name, value in changes.items():
        setattr(made, name, value)
    return made


def asked(sign_in: Callable[[Any], Client], pages: dict[str, str]) -> dict[str, int]:
    """How many questions each page asks."""
    found: dict[str, int] = {}
    assert connection.features.supports_json_field  # which SQLite is asked once
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


@pytest.mark.lengthy
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


def test_what_a_colleague_is_called_is_not_asked_for_each_row(
    sign_in: Any, monday: datetime
) -> None:
    by: Any = {"by": factories.staff("Manager").username, "now": monday}
    pages = {
        "manager, webhooks": "/admin/bookings/webhook/",
        "manager, feeds": "/admin/bookings/calendarfeed/",
        "manager, tokens": "/admin/bookings/accesstoken/",
        "editor, figures": "/admin/procedures/figure/",
    }
    counts = []
    for number in (1, 2, 3):
        hook = webhooks.add(given_to="Ward", url="https://a.example/", notices=Notice, **by)
        webhooks.end(hook, **by)
        room = resource_of(factories.clinician(f"doctor-{number}"))
        feeds.end_feed(feeds.make_feed(room, says=FeedWords.BOOKED, **by), **by)
        day = monday.date()
        token = access.make_token(given_to="Ward", scopes=[Scope.PATIENT], last_day=day, **by)
        access.revoke(token, **by)
        drawing = f'<svg viewBox="0 0 9 {number}" xmlns="http://www.w3.org/2000/svg"/>'
        factories.figure(drawing.encode(), key=f"probe-{number}")
        counts.append(asked(sign_in, pages))
    assert counts[1] == counts[2]


def test_no_page_of_the_demonstration_asks_more_than_is_known_of_it(
    sign_in: Any, demonstration: datetime
) -> None:
    """It has every kind of thing at one time; the rows of the other test have not."""
    many = asked(sign_in, addresses())
    above = {name: number for name, number in many.items() if number > MORE.get(name, MARK)}
    assert above == {}, many
