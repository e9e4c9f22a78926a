"""All requests of one person, and another one with what we know: never those of anybody else."""

from datetime import date, datetime, timedelta
from typing import Any

import pytest
from django.test import Client

from bookings import triage
from bookings.models import AppointmentRequest, ClinicSession, Message
from bookings.patients import limits
from bookings.patients.own_requests import ENDS, STATES, in_words, others_of_the_same_person
from bookings.status import AccessNeed, AppointmentStatus, CarerRight, MessageKind, RequestStatus
from procedures.models import RateLimit
from procedures.models.clinic import details
from procedures.status import RevisionStatus
from tests import factories
from tests.people import (
    BASE,
    BIRTH,
    begun_a_minute_ago,
    behind_link,
    booked,
    fill_in,
    identified,
    key,
    safety,
    send,
)

pytestmark = pytest.mark.django_db
CARER: dict[str, Any] = {"carer_name": "Kim Sample", "carer_right": CarerRight.AGREED}


# --- Whose they are ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    "columns",
    [
        {},
        {"phone": ""},
        {"name": "SAMPLE, Pat"},
        {"name": "Pát  Sample"},
        {"email": "pat@example.org", "phone": "+442079460959"},
    ],
)
def test_the_same_person_is_known_however_the_name_was_typed(
    columns: dict[str, Any], monday: datetime
) -> None:
    found = factories.received(now=monday)
    other = factories.received(now=monday, **columns)
    assert others_of_the_same_person(found, monday) == [other]
    assert others_of_the_same_person(other, monday) == [found]


@pytest.mark.parametrize(
    "columns",
    [
        {"date_of_birth": date(1970, 1, 30)},
        # Twins, in one family's mailbox: one name may be the beginning of the other.
        {"name": "Patricia Sample"},
        {"name": "Pat"},
        {"name": "Pat Sample Smith"},
        # The same number, another mailbox: they may have left one that somebody else reads.
        {"email": "new@example.org"},
        # They ask for themselves now, or somebody asks for them.
        CARER,
    ],
)
def test_when_in_doubt_nothing_is_shown(columns: dict[str, Any], monday: datetime) -> None:
    found = factories.received(now=monday)
    other = factories.received(now=monday, **columns)
    assert others_of_the_same_person(found, monday) == []
    assert others_of_the_same_person(other, monday) == []


@pytest.mark.parametrize(
    ("columns", "is_same"),
    [
        ({}, True),
        ({"carer_name": "kim SAMPLE"}, True),
        ({"carer_name": "Lee Sample"}, False),
        ({"carer_right": CarerRight.PARENT}, False),
        ({"name": "Sam Sample"}, False),
    ],
)
def test_a_carer_sees_what_the_same_carer_asked_for_the_same_person(
    columns: dict[str, Any], is_same: bool, monday: datetime
) -> None:
    found = factories.received(now=monday, **CARER)
    factories.received(now=monday, **(CARER | columns))
    assert bool(others_of_the_same_person(found, monday)) == is_same


def test_what_no_link_opens_any_more_is_not_shown(monday: datetime) -> None:
    found = factories.received(now=monday)
    old = factories.request_at(RequestStatus.WITHDRAWN, now=monday)
    ends = monday + timedelta(days=details().link_days)
    assert others_of_the_same_person(found, ends - timedelta(seconds=1)) == [old]
    assert others_of_the_same_person(found, ends) == []


def test_a_changed_address_takes_the_request_off_the_other_list(monday: datetime) -> None:
    found, other = factories.received(now=monday), factories.received(now=monday)
    triage.change_contact(
        other,
        version=other.version,
        email="new@example.org",
        phone=str(other.phone),
        by="the patient",
        now=monday,
    )
    assert others_of_the_same_person(found, monday) == []


# --- The list ---------------------------------------------------------------------------------


def test_the_list_says_what_each_is_about_and_when_the_visit_is(
    client: Client, monday: datetime
) -> None:
    page = factories.revision(RevisionStatus.PUBLISHED, now=monday).page
    found = booked(monday)
    about = factories.received(page=page, now=monday)
    url = identified(client, found)
    content = client.get(f"{url}all/").content.decode()
    assert "Booked: Monday 30 November 2026 at 10:00." in content
    assert "<h2>A thing</h2>" in content
    assert "We are looking at it." in content
    assert about.reference in content
    assert "wrist" not in content
    assert "My shoulder hurts" not in content


def test_every_state_has_words(monday: datetime) -> None:
    assert set(STATES) == set(RequestStatus)
    requests = [factories.request_at(status, now=monday) for status in RequestStatus]
    said = {row.request.status: row.state for row in in_words(requests, {}, monday)}
    assert said == {
        **STATES,
        RequestStatus.CLOSED: ENDS[AppointmentStatus.CANCELLED],
    }


def test_the_date_of_birth_comes_first(client: Client, monday: datetime) -> None:
    found, other = factories.received(now=monday), factories.received(now=monday)
    url = behind_link(client, found)
    for page in ("all/", "again/"):
        assert client.get(f"{url}{page}").headers["Location"] == f"{url}identify/"
    client.post(f"{url}all/", {"wanted": other.reference})
    assert not Message.objects.filter(kind=MessageKind.LINK).exists()


def test_without_the_link_there_is_nothing(client: Client, monday: datetime) -> None:
    found = factories.received(now=monday)
    for page in ("all", "again"):
        assert client.get(f"/appointments/mine/{found.reference}/{page}/").status_code == 404


def test_without_an_address_others_open_with_their_codes(client: Client, monday: datetime) -> None:
    url = identified(client, factories.received(now=monday))
    AppointmentRequest.objects.update(email="")
    content = client.get(f"{url}all/").content.decode()
    assert '<a href="/appointments/code/">enter its code</a>' in content
    assert "private link" not in content


def test_another_request_opens_only_with_its_own_link(client: Client, monday: datetime) -> None:
    """A link that got into other hands opens no more than it did before."""
    found, other = factories.received(now=monday), factories.received(now=monday)
    url = identified(client, found)
    theirs = f"/appointments/mine/{other.reference}/"
    assert f'href="{theirs}"' not in client.get(f"{url}all/").content.decode()
    assert client.get(theirs).status_code == 404
    said = client.post(f"{url}all/", {"wanted": other.reference}, follow=True).content.decode()
    assert f"We are sending the private link of request {other.reference}" in said
    message = Message.objects.get(kind=MessageKind.LINK)
    assert message.request == other
    assert client.get(theirs).status_code == 404
    behind_link(client, other)
    assert f'href="{theirs}"' in client.get(f"{url}all/").content.decode()
    assert "date of birth" in client.get(f"{theirs}contact/", follow=True).content.decode()


def test_no_link_of_a_stranger_is_sent(client: Client, monday: datetime) -> None:
    found = factories.received(now=monday)
    stranger = factories.received(now=monday, name="Sam Sample")
    url = identified(client, found)
    client.post(f"{url}all/", {"wanted": stranger.reference})
    client.post(f"{url}all/", {"wanted": ""})
    assert not Message.objects.filter(kind=MessageKind.LINK).exists()


def test_a_link_is_sent_three_times_a_day(client: Client, monday: datetime) -> None:
    found, other = factories.received(now=monday), factories.received(now=monday)
    url = identified(client, found)
    for _ in range(5):
        assert client.post(f"{url}all/", {"wanted": other.reference}).status_code == 302
    assert Message.objects.filter(kind=MessageKind.LINK).count() == 3


def test_whoever_sends_a_request_in_their_name_learns_nothing(
    client: Client, monday: datetime
) -> None:
    """A receipt opens the request that was sent, and its sender knows the date of birth in it."""
    theirs = factories.received(now=monday)
    fill_in(client)
    send(client)
    mine = AppointmentRequest.objects.latest("pk")
    assert others_of_the_same_person(mine, monday) == [theirs]
    url = f"/appointments/mine/{mine.reference}/"
    client.post(f"{url}identify/", BIRTH)
    content = client.get(f"{url}all/").content.decode()
    assert "open the private link in our email on this device" in content
    assert theirs.reference not in content
    client.post(f"{url}all/", {"wanted": theirs.reference})
    assert not Message.objects.filter(kind=MessageKind.LINK).exists()
    assert theirs.reference in client.get(f"{identified(client, mine)}all/").content.decode()


def test_whoever_changes_their_own_address_to_another_learns_nothing(
    client: Client, monday: datetime
) -> None:
    theirs = factories.received(now=monday)
    mine = factories.received(now=monday, email="eve@example.org")
    url = identified(client, mine)
    contact = {"version": mine.version, "email": theirs.email, "phone": ""}
    assert client.post(f"{url}contact/", contact).status_code == 302
    mine.refresh_from_db()
    assert others_of_the_same_person(mine, monday) == [theirs]
    content = client.get(f"{url}all/").content.decode()
    assert "Your requests and visits" in content
    assert theirs.reference not in content


# --- Asking again -----------------------------------------------------------------------------


def asked_again(client: Client, found: AppointmentRequest, **typed: str) -> Any:
    about = {"page": "", "concern": "Now my knee hurts."} | typed
    answer = client.post(f"{identified(client, found)}again/", about)
    begun_a_minute_ago(client)
    return answer


def test_only_what_is_new_is_typed(client: Client, monday: datetime) -> None:
    """Three pages: what it is about, the safety questions, the check."""
    columns: dict[str, Any] = {
        "access_needs": [AccessNeed.STEP_FREE, AccessNeed.INTERPRETER],
        "access_detail": "Polish",
        "availability": "Away in December.",
        "wished_clinician": factories.clinician(),
        **CARER,
    }
    found = factories.received(now=monday, **columns)
    url = identified(client, found)
    first = client.get(f"{url}again/").content.decode()
    assert "Call 999 or go to A&amp;E now if:" in first
    question = safety()
    answer = asked_again(client, found)
    assert answer.headers["Location"] == f"{BASE}safety/"
    assert "step 2 of 3" in client.get(f"{BASE}safety/").content.decode()
    assert " of 3" not in client.get(f"{BASE}you/").content.decode()
    answer = client.post(f"{BASE}safety/", question)
    assert answer.headers["Location"] == f"{BASE}check/"
    checked = client.get(f"{BASE}check/").content.decode()
    assert "Now my knee hurts." in checked
    assert "step 3 of 3" in checked
    client.post(f"{BASE}check/", {"key": key(client)})
    made = AppointmentRequest.objects.exclude(pk=found.pk).get()
    for name in (
        *("name", "date_of_birth", "email", "phone", "access_needs", "access_detail"),
        *("carer_name", "carer_right", "preferred_days", "preferred_times", "wished_clinician"),
    ):
        assert getattr(made, name) == getattr(found, name), name
    assert (made.concern, made.availability) == ("Now my knee hurts.", "")
    assert made.answers.count() == 1
    assert others_of_the_same_person(made, monday) == [found]


def test_every_safety_question_is_asked_again(client: Client, monday: datetime) -> None:
    question = factories.question()
    found = factories.received(now=monday)
    asked_again(client, found)
    content = client.get(f"{BASE}safety/").content.decode()
    assert question.wording in content
    assert "checked" not in content
    assert client.get(f"{BASE}check/").headers["Location"] == f"{BASE}safety/"


def test_what_has_become_wrong_is_asked_in_its_step(client: Client, monday: datetime) -> None:
    found = factories.received(now=monday, wished_clinician=factories.clinician())
    ClinicSession.objects.all().delete()
    factories.clinician("other")
    asked_again(client, found)
    answer = client.post(f"{BASE}safety/", safety())
    assert answer.headers["Location"] == f"{BASE}times/"


def test_nothing_from_an_address_or_a_form_fills_in_who_they_are(
    client: Client, monday: datetime
) -> None:
    found = factories.received(now=monday)
    url = identified(client, found)
    about = {"page": "", "concern": "Knee.", "name": "Eve", "email": "eve@example.org"}
    client.get(f"{url}again/?name=Eve&email=eve@example.org")
    client.post(f"{url}again/?name=Eve", about)
    you = client.get(f"{BASE}you/").content.decode()
    assert "Eve" not in you
    assert 'value="Pat Sample"' in you


def test_an_empty_form_says_what_is_missing_and_begins_nothing(
    client: Client, monday: datetime
) -> None:
    found = factories.received(now=monday)
    url = identified(client, found)
    content = client.post(f"{url}again/", {"page": "", "concern": ""}).content.decode()
    assert "Write a few words about what you would like help with." in content
    assert "unsent" not in client.session


def test_it_ends_what_was_open_on_this_device(client: Client, monday: datetime) -> None:
    found = factories.received(now=monday)
    cookie = asked_again(client, found).cookies
    assert cookie
    assert client.get(f"/appointments/mine/{found.reference}/").status_code == 404


def test_a_form_that_was_begun_before_is_named(client: Client, monday: datetime) -> None:
    found = factories.received(now=monday)
    client.post(BASE, {"about": ""})
    client.post(f"{BASE}about/", {"page": "", "concern": "An elbow."})
    content = client.get(f"{identified(client, found)}again/").content.decode()
    assert "You have started a request and not sent it yet." in content


def test_what_was_typed_too_late_is_given_back(client: Client, monday: datetime, at: Any) -> None:
    found = factories.received(now=monday)
    url = identified(client, found)
    at(monday + timedelta(hours=2))
    client.post(f"{url}again/", {"page": "", "concern": "Now my knee hurts."})
    behind_link(client, found)
    client.post(f"{url}identify/", BIRTH)
    assert "Now my knee hurts." in client.get(f"{url}again/").content.decode()


def test_beginning_is_limited_like_any_other_form(
    client: Client, monday: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = factories.received(now=monday)
    url = identified(client, found)
    once = limits.BEGIN_FROM_ONE_PLACE._replace(times=1)
    monkeypatch.setattr(limits, "BEGIN_FROM_ONE_PLACE", once)
    RateLimit.objects.all().delete()
    about = {"page": "", "concern": "Knee."}
    statuses = []
    for _ in range(2):
        url = identified(client, found)
        statuses.append(client.post(f"{url}again/", about).status_code)
    assert statuses == [302, 429]
