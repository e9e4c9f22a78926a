"""A booked time that the clinic has lost: no page of the patient still calls it kept."""

from datetime import datetime, timedelta

import pytest
from django.test import Client

from bookings import triage
from bookings.models import AppointmentRequest, Closure
from bookings.status import RequestStatus
from tests import factories
from tests.people import behind_link, booked, identified

pytestmark = pytest.mark.django_db

BOOKED, IN_REVIEW, OFFERED = (
    RequestStatus.BOOKED,
    RequestStatus.BOOKED_IN_REVIEW,
    RequestStatus.BOOKED_OFFERED,
)
SORRY = "We are sorry: we cannot see you on Monday 30 November at 10:00 as planned."
# What each page says only while the time is kept, and only when it is lost.
SAID = [
    (BOOKED, "", "Add it to my calendar", "<h2>Your old appointment</h2>"),
    (BOOKED, "", "If you would like to come sooner", "<h2>What you can do</h2>"),
    (BOOKED, "", "Has anything changed since you answered our questions?", SORRY),
    (
        BOOKED,
        "move/",
        "until you take another time",
        "</strong> as planned. We will look for times",
    ),
    (BOOKED, "cancel/", "You keep this one until you have it.", "we will stop looking"),
    (
        BOOKED,
        "all/",
        "Booked: Monday 30 November",
        "We cannot see you as planned: Monday 30 November",
    ),
    (IN_REVIEW, "", "You keep this appointment unless", "<h2>Your old appointment</h2>"),
    (IN_REVIEW, "", "Your appointment is soon", SORRY),
    (OFFERED, "", "You keep your current appointment", "<h2>Your old appointment</h2>"),
    (OFFERED, "other-times/", "You keep your current appointment.", "look for others. We will let"),
    (
        OFFERED,
        "all/",
        "Booked; we have offered",
        "We cannot see you as planned: Monday 30 November",
    ),
]


def a_visit(status: RequestStatus, now: datetime) -> AppointmentRequest:
    """A visit on the Monday after, which is soon enough to be asked about again."""
    factories.question("feeling-unwell", asked_again=True, asked_first=False)
    factories.clinic(reminder_days=[7, 1])
    request = booked(now)
    AppointmentRequest.objects.update(received_at=now.replace(year=now.year - 1))
    if status == IN_REVIEW:
        triage.ask_for_another_time(request, version=request.version, wishes="", now=now)
    if status == OFFERED:
        factories.offer(request, [factories.tomorrow(2, now=now)], now=now)
    return request


def read(client: Client, url: str) -> str:
    return " ".join(client.get(url).content.decode().split())


@pytest.mark.parametrize(("status", "page", "kept", "lost"), SAID)
def test_what_is_lost_is_not_called_kept(
    status: RequestStatus, page: str, kept: str, lost: str, client: Client, monday: datetime
) -> None:
    url = f"{identified(client, a_visit(status, monday))}{page}"
    said = read(client, url)
    assert (kept in said, lost in said) == (True, False)
    factories.closure(now=monday)
    said = read(client, url)
    assert (kept in said, lost in said) == (False, True)


def test_a_lost_time_that_is_too_late_to_change_here_is_lost_there_too(
    client: Client, monday: datetime
) -> None:
    request = booked(monday, days=1)
    factories.clinic(cancel_hours=48)
    url = identified(client, request)
    assert "Your appointment is on" in read(client, f"{url}cancel/")
    Closure.objects.create(
        resource=factories.clinician().resource,
        starts=monday + timedelta(days=1),
        ends=monday + timedelta(days=2),
    )
    for page in ("move/", "cancel/"):
        said = read(client, f"{url}{page}")
        assert "Please do not come then." in said
        assert "Your appointment is on" not in said


def test_what_is_kept_again_is_said_again(client: Client, monday: datetime) -> None:
    url = behind_link(client, a_visit(BOOKED, monday))
    factories.closure(now=monday)
    assert SORRY in read(client, url)
    Closure.objects.all().delete()
    assert "Add it to my calendar" in read(client, url)
