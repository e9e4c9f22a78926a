"""How long people wait at the moment: counted from the journal, in words, of twenty or more."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from bookings import journal, triage
from bookings.models import Appointment, AppointmentRequest, ClosedDay
from bookings.status import CLOCK, PATIENT, AppointmentStatus, RequestStatus
from bookings.status.events import ANSWERS, Event
from bookings.triage import waits
from tests import factories
from tests.people import BASE, fill_in, send

pytestmark = pytest.mark.django_db


def answered(now: datetime, days: Sequence[float], kind: Event = Event.OFFERED) -> None:
    """Requests that were answered an hour ago, each so many days after it came."""
    by = factories.staff("Reception")
    at = now - timedelta(hours=1)
    for each in days:
        request = factories.received(now=at - timedelta(days=each))
        journal.record(request, Event.READ, by=by, at=at - timedelta(minutes=2))
        journal.record(request, kind, by=by, at=at)


def seen(now: datetime, days: Sequence[int]) -> None:
    """Visits of yesterday, each so many days after its request."""
    starts = now - timedelta(days=1)
    visit = factories.request_at(RequestStatus.BOOKED, now=now).appointments.get()
    ended = {"status": AppointmentStatus.FULFILLED, "ended_at": starts, "ended_by": "reception"}
    for each in days:
        request = factories.received(now=starts - timedelta(days=each))
        Appointment.objects.create(
            request=request,
            appointment_type=visit.appointment_type,
            clinician=visit.clinician,
            starts=starts,
            ends=starts + timedelta(minutes=30),
            booked_at=starts - timedelta(hours=1),
            booked_by="reception",
            **ended,
        )


# --- What is counted --------------------------------------------------------------------------


def test_whoever_phoned_does_not_shorten_the_wait_of_those_who_write(monday: datetime) -> None:
    answered(monday, [3] * waits.LEAST)
    before = triage.usual_wait(monday)
    waits.forget()
    AppointmentRequest.objects.update(received_by="reception")
    assert (before, triage.usual_wait(monday)) == (
        ["9 in 10 people heard from us within 1 working day."],
        [],
    )


def test_half_and_nine_in_ten_in_words(monday: datetime) -> None:
    answered(monday, [3] * 10 + [7] * 8 + [30] * 2)  # 1, 5 and 22 working days
    seen(monday, [6] * 10 + [15] * 8 + [80] * 2)
    assert triage.usual_wait(monday) == [
        "Half of the people heard from us within 1 working day, and 9 in 10 within 5 working days.",
        "Half of the people were seen within 6 days, and 9 in 10 within 3 weeks.",
    ]


def test_when_half_and_nine_in_ten_are_the_same_it_is_said_once(monday: datetime) -> None:
    answered(monday, [0] * 20)
    seen(monday, [0] * 20)
    assert triage.usual_wait(monday) == [
        "9 in 10 people heard from us within 1 working day.",
        "9 in 10 people were seen within 1 day.",
    ]


def test_of_fewer_than_twenty_nothing_is_said(monday: datetime) -> None:
    answered(monday, [3] * 19)
    seen(monday, [6] * 19)
    assert triage.usual_wait(monday) == []


def test_only_the_first_answer_and_only_ours_counts(monday: datetime) -> None:
    answered(monday, [3] * 20)
    reception = factories.staff("Reception")
    for request in AppointmentRequest.objects.all():
        early, late = (monday - timedelta(hours=hours) for hours in (60, 0.5))
        for by in (PATIENT, CLOCK):
            journal.record(request, Event.BOOKED, by=by, at=early)
        journal.record(request, Event.TAKEN_UP, by=reception, at=early)
        journal.record(request, Event.BOOKED, by=reception, at=late)
    assert triage.usual_wait(monday) == ["9 in 10 people heard from us within 1 working day."]


@pytest.mark.parametrize("kind", ANSWERS)
def test_each_kind_of_answer_counts(kind: Event, monday: datetime) -> None:
    answered(monday, [3] * 20, kind)
    assert len(triage.usual_wait(monday)) == 1


def test_what_was_long_ago_says_nothing_about_now(monday: datetime) -> None:
    answered(monday, [3] * 20)
    seen(monday, [6] * 20)
    assert len(triage.usual_wait(monday + timedelta(weeks=waits.WEEKS, days=-2))) == 2
    assert triage.usual_wait(monday + timedelta(weeks=waits.WEEKS, days=1)) == []


def test_closed_days_are_no_working_days(monday: datetime) -> None:
    answered(monday, [7] * 20)
    assert "5 working days" in triage.usual_wait(monday)[0]
    waits.forget()
    ClosedDay.objects.create(day=timezone.localdate(monday) - timedelta(days=4), reason="Holiday")
    assert "4 working days" in triage.usual_wait(monday)[0]


# --- How it is kept and shown -----------------------------------------------------------------


def test_it_is_counted_once_an_hour(monday: datetime, django_assert_num_queries: Any) -> None:
    answered(monday, [3] * 20)
    before = triage.usual_wait(monday)
    with django_assert_num_queries(0):
        assert triage.usual_wait(monday + timedelta(minutes=59)) == before
    with django_assert_num_queries(3):
        triage.usual_wait(monday + timedelta(minutes=60))


def test_it_is_read_before_asking_and_on_the_receipt(client: Client, monday: datetime) -> None:
    answered(monday, [3] * 20)
    sentence = "9 in 10 people heard from us within 1 working day."
    assert sentence in client.get(BASE).content.decode()
    fill_in(client)
    send(client)
    receipt = client.get(f"{BASE}sent/").content.decode()
    assert sentence in receipt
    assert "It is not a promise." in receipt


def test_a_new_clinic_says_nothing_of_it(client: Client, monday: datetime) -> None:
    assert "How long people wait" not in client.get(BASE).content.decode()
