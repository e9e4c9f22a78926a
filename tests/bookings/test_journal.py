"""The journal is chained, and nobody can change it later."""

from datetime import datetime

import pytest
from django.db import DatabaseError, connection, transaction

from bookings import journal
from bookings.models import RequestEvent
from bookings.status import RequestStatus
from bookings.status.events import Event
from tests import factories

pytestmark = pytest.mark.django_db


def test_the_chain_of_a_lived_request_is_whole(monday: datetime) -> None:
    request = factories.request_at(RequestStatus.BOOKED, now=monday)
    events = list(request.events.order_by("number"))
    assert [event.kind for event in events] == [
        "sent the request",
        "took it into review",
        "booked the appointment",
    ]
    assert [event.by for event in events] == ["the patient", "reception", "reception"]
    assert [event.previous_hash for event in events] == ["", events[0].hash, events[1].hash]
    assert journal.chain_is_whole(request)


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE bookings_requestevent SET kind = 'nothing'",
        "DELETE FROM bookings_requestevent",
        "UPDATE procedures_pageevent SET kind = 'nothing'",
        "DELETE FROM procedures_pageevent",
    ],
)
def test_the_database_refuses_to_change_or_delete(statement: str, monday: datetime) -> None:
    factories.received(now=monday)
    factories.revision()
    with (
        pytest.raises(DatabaseError, match="append-only"),
        transaction.atomic(),
        connection.cursor() as cursor,
    ):
        cursor.execute(statement)


@pytest.mark.parametrize(
    "changes",
    [{"kind": "nothing"}, {"by": "somebody"}, {"detail": {"a": 1}}, {"number": 9}],
)
def test_a_change_past_the_database_shows_in_the_chain(
    changes: dict[str, object], monday: datetime
) -> None:
    request = factories.request_at(RequestStatus.IN_REVIEW, now=monday)
    with connection.cursor() as cursor:  # as somebody with full access to the database could
        if connection.vendor == "postgresql":
            cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
            cursor.execute("ALTER TABLE bookings_requestevent DISABLE TRIGGER USER")
        else:
            cursor.execute("DROP TRIGGER bookings_requestevent_no_update")
    RequestEvent.objects.filter(request=request, number=1).update(**changes)
    assert not journal.chain_is_whole(request)


def test_a_missing_newest_event_shows(monday: datetime) -> None:
    request = factories.request_at(RequestStatus.IN_REVIEW, now=monday)
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
            cursor.execute("ALTER TABLE bookings_requestevent DISABLE TRIGGER USER")
        else:
            cursor.execute("DROP TRIGGER bookings_requestevent_no_delete")
    request.events.order_by("-number")[0].delete()
    assert not journal.chain_is_whole(request)


def test_one_event_in_each_of_many_journals_keeps_every_chain_whole(monday: datetime) -> None:
    requests = [factories.received(now=monday) for _ in range(3)]
    journal.record(requests[0], Event.READ, by="robin", at=monday)
    journal.record_each(requests, Event.SEARCHED, by="robin", at=monday)
    journal.record_each([], Event.SEARCHED, by="robin", at=monday)
    assert [each.events.order_by("-number")[0].kind for each in requests] == [Event.SEARCHED] * 3
    assert [each.events.count() for each in requests] == [3, 2, 2]
    assert all(journal.chain_is_whole(each) for each in requests)
