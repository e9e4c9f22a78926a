"""At which hours we can be reached: in words everywhere, and whether now on pages nobody keeps."""

from datetime import datetime

import pytest
from django.test import Client

from bookings import messages
from bookings.diary.desk_hours import desk_hours_in_words, desk_now
from bookings.status import MessageKind
from tests import factories
from tests.people import BASE, behind_link, fill_in, send

pytestmark = pytest.mark.django_db
HOURS = "Monday to Friday, 9:00 to 17:00"


def london(text: str) -> datetime:
    return datetime.fromisoformat(f"{text}+00:00")


@pytest.mark.parametrize(
    ("now", "sentence"),
    [
        ("2026-11-23 10:00", "We are open now, until 17:00."),
        ("2026-11-23 09:00", "We are open now, until 17:00."),
        ("2026-11-23 08:59", "We are closed now and open today at 9:00."),
        ("2026-11-23 16:59", "We are open now, until 17:00."),
        ("2026-11-23 17:00", "We are closed now and open tomorrow at 9:00."),
        ("2026-11-27 18:00", "We are closed now and open on Monday 30 November at 9:00."),
        # Christmas Day, a weekend, and the day after Boxing Day that is off instead.
        ("2026-12-24 18:00", "We are closed now and open on Tuesday 29 December at 9:00."),
        # The clocks go forward on Sunday; in UTC it opens an hour earlier on Monday.
        ("2026-03-28 12:00", "We are closed now and open on Monday 30 March at 9:00."),
        ("2026-03-30 08:30", "We are open now, until 17:00."),
    ],
)
def test_open_now_or_next(now: str, sentence: str) -> None:
    assert desk_now(london(now)) == sentence


@pytest.mark.parametrize(
    ("days", "opens", "closes", "words"),
    [
        ([0, 1, 2, 3, 4], "09:00", "17:00", HOURS),
        ([0, 1, 3], "08:30", "24:00", "Monday, Tuesday and Thursday, 8:30 to midnight"),
        ([4, 0, 1, 2], "08:00", "12:15", "Monday to Wednesday and Friday, 8:00 to 12:15"),
        ([6], "10:00", "11:00", "Sunday, 10:00 to 11:00"),
    ],
)
def test_the_hours_are_those_of_the_desk(
    days: list[int], opens: str, closes: str, words: str
) -> None:
    factories.clinic(desk_hours=factories.desk_hours(days, opens, closes))
    assert desk_hours_in_words() == words


def test_a_patient_reads_them_wherever_they_wait(client: Client, monday: datetime) -> None:
    said = f"We answer the phone {HOURS}.\n  <strong>We are open now, until 17:00.</strong>"
    assert said in client.get(BASE).content.decode()
    fill_in(client)
    send(client)
    assert said in client.get(f"{BASE}sent/").content.decode()
    request = factories.received(now=monday)
    assert said in client.get(behind_link(client, request)).content.decode()
    letter = str(messages.letter(request.messages.get(kind=MessageKind.RECEIVED)).body)
    assert f"phone us on 020 7946 0958, {HOURS}." in letter


@pytest.mark.parametrize("address", ["/", "/no-such-page/", "/clinicians/"])
def test_a_page_that_is_kept_says_the_hours_and_never_now(address: str, client: Client) -> None:
    page = client.get(address).content.decode()
    assert HOURS in page
    assert "open now" not in page
    assert "closed now" not in page


def test_without_a_number_there_are_no_hours_to_phone(client: Client) -> None:
    factories.clinic(phone="")
    page = client.get(BASE).content.decode()
    assert HOURS not in page
    assert "open now" not in page
