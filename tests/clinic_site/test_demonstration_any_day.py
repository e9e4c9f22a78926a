"""The stories of the invented clinic are possible on any day and at any hour: see `script/every-day`."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from io import StringIO
from typing import Any

import pytest
import time_machine
from django.core.management.base import OutputWrapper
from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from bookings import triage
from bookings.desk.agenda import Agenda, Plan
from bookings.diary import free_times
from bookings.models import (
    Appointment,
    AppointmentRequest,
    Message,
    Offer,
    OfferedTime,
    RecordedOutcome,
    RequestEvent,
    Webhook,
)
from bookings.status import AppointmentStatus, MessageStatus, RequestStatus
from clinic_site.demo import diary, people, questions, requests, signed_pages, staff
from clinic_site.demo.stories import STORIES
from tests.clock import read

pytestmark = [
    pytest.mark.django_db,
    pytest.mark.sqlite,
    pytest.mark.own_moment,
    pytest.mark.lengthy,
]

# The pages are signed once for all tests here, before each of the moments.
FIRST = "2026-11-23T10:00"
SUNDAY, LATER = "2026-11-29T11:00", "2026-11-29T16:45"
# `script/every-day` loads it at sixty others.
MOMENTS = [
    SUNDAY,
    "2026-12-25T09:00",
    # The night in which an hour happens twice, the second time.
    "2027-10-31T01:30+00:00",
]
BUSY_DAYS = 4
LEAST_TAKEN = 50  # of a hundred minutes


@pytest.fixture(scope="module")
def pages(django_db_setup: None, django_db_blocker: Any) -> Iterator[None]:
    """Staff, signed pages and safety questions, once for all tests here."""
    with django_db_blocker.unblock(), transaction.atomic():
        now = read(FIRST)
        with time_machine.travel(now, tick=False):
            staff.load(now)
            signed_pages.load(now, OutputWrapper(StringIO()))
            questions.load(now)
        yield
        transaction.set_rollback(True)


def load(moment: str) -> datetime:
    """Tell the stories of that moment."""
    now = read(moment)
    diary.load(now)
    requests.load(now)
    return now


def busy_days(now: datetime) -> list[Plan]:
    """Today, or the next day with a clinic, and those after it."""
    today = timezone.localdate(now)
    coming = Agenda([today + timedelta(days=n) for n in range(14)], now).plans()
    return [plan for plan in coming if plan.minutes][:BUSY_DAYS]


@pytest.mark.parametrize("moment", MOMENTS)
def test_the_stories_make_sense(moment: str, pages: None, at: Any) -> None:
    at(read(moment))
    now = load(moment)
    assert {request.state(now) for request in AppointmentRequest.objects.all()} == set(
        RequestStatus
    )
    # Nothing is told of the future, and nothing is left for the clock to do.
    for told in (
        RequestEvent.objects.filter(at__gt=now),
        Message.objects.filter(queued_at__gt=now),
        AppointmentRequest.objects.moved_by_the_clock(now),
        Appointment.objects.filter(booked_at__gt=now),
    ):
        assert not told.exists()
    assert triage.remind(now) == 0
    assert triage.pass_on_freed_times(now) == 0
    assert Message.objects.filter(status=MessageStatus.QUEUED).count() <= 20
    standing = Offer.objects.standing(now)
    assert {offer.times.count() for offer in standing} == {2, 3}
    for time in OfferedTime.objects.filter(offer__in=standing):
        assert time.offer.held_until < time.starts
        span = free_times.Span(time.starts, time.ends)
        assert free_times.is_in_session(time.offer.clinician, time.room, span)
    stranded = {each.appointment.request.name for each in free_times.stranded(now)}
    assert stranded == {"Lou Specimen", "Ivana Testcase", "Idris Testcase"}
    assert Webhook.objects.off().get().deliveries.exists()
    for plan in busy_days(now):
        assert plan.percent_taken >= LEAST_TAKEN, plan.day

    staff_act_in_their_hours()
    what_is_over_was_seen(now)


def staff_act_in_their_hours() -> None:
    """Only patients and the clock do something in the evening or on a Sunday."""
    for event in RequestEvent.objects.exclude(by__contains=" "):
        local = timezone.localtime(event.at)
        assert (local.weekday() < 5, 9 <= local.hour < 18) == (True, True), event
    for outcome in RecordedOutcome.objects.select_related("recorded_by"):
        assert outcome.recorded_by.groups.filter(name="Clinician").exists()


def what_is_over_was_seen(now: datetime) -> None:
    """In a session, and nobody was seen before they came."""
    seen = Appointment.objects.filter(status=AppointmentStatus.FULFILLED)
    assert not seen.filter(ends__gt=now).exists()
    for visit in seen:
        span = free_times.Span(visit.starts, visit.ends)
        assert free_times.is_in_session(visit.clinician, visit.room, span)
    over = Appointment.objects.filter(
        status=AppointmentStatus.BOOKED, ends__lt=now - timedelta(minutes=30)
    )
    assert [visit.request.name for visit in over] == ["Rashid Specimen"]


def as_told(until: datetime) -> list[Any]:
    """Everything but what has to be secret, and so is drawn, and who gave a time back a moment ago."""
    # The keys of follow-ups are drawn, too.
    each = ("request__received_at", "request__name", "request__pk")
    moment_ago = Q(request__name="Oluwaseun Sample")
    events = RequestEvent.objects.exclude(moment_ago).order_by(*each, "number")
    letters = Message.objects.exclude(moment_ago).order_by(*each, "queued_at", "kind")
    visits = Appointment.objects.exclude(moment_ago).order_by(*each, "pk")
    return [
        *events.values_list("request__name", "number", "kind", "at", "by"),
        *letters.filter(queued_at__lte=until).values_list("request__email", "kind", "status"),
        *visits.values_list("request__date_of_birth", "clinician__slug", "starts", "status"),
    ]


def test_the_same_day_tells_the_same_stories(pages: None, at: Any) -> None:
    told = []
    for moment in (SUNDAY, LATER):
        at(read(moment))
        with transaction.atomic():
            load(moment)
            told.append(as_told(until=read(SUNDAY)))
            transaction.set_rollback(True)
    assert told[0] == told[1]


def test_the_table_uses_every_story_and_everybody() -> None:
    table = people.rows()
    assert {row.story for row in table} == set(STORIES)
    assert {row.person.name for row in table} == {person.name for person in people.everybody()}
