"""What stops a flood of requests, and what an honest patient notices of it: nothing, or a time."""

import random
import string
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.contrib.sessions.models import Session
from django.core import mail
from django.test import Client

from bookings import messages
from bookings.models import AppointmentRequest, Message
from bookings.patients import limits
from bookings.status import MessageKind, RequestStatus
from bookings.triage import surge
from procedures.ground import places
from procedures.status import RevisionStatus
from tests import factories, profiles
from tests.people import ABOUT, BASE, BIRTH, LOST, TIMES, YOU, fill_in, key, open_link, safety, send

pytestmark = pytest.mark.django_db
POSTS = 1000 if profiles.FULL else 60
IN_VAIN = BIRTH | {"date_of_birth_year": "1971"}


def patient_at(address: str) -> Client:
    return Client(headers={"x-forwarded-for": address})


def send_again_and_again(client: Client, addresses: list[str]) -> list[int]:
    """Send as a program would that fills in one form and repeats it under new keys and names."""
    fill_in(client)
    unsent, codes = dict(client.session["unsent"]), []
    for number, address in enumerate(addresses):
        session = client.session
        session["unsent"] = unsent | {"key": f"key-{number}"}
        session["unsent"]["answers"]["you"]["email"] = [f"victim{number}@example.org"]
        session.save()
        answer = client.post(
            f"{BASE}check/", {"key": f"key-{number}"}, headers={"x-forwarded-for": address}
        )
        codes.append(answer.status_code)
    return codes


# --- A flood --------------------------------------------------------------------------------


def test_many_posts_of_one_host_are_ten_requests_and_stop_nobody_else(
    settings: Any, monday: datetime
) -> None:
    settings.PROXIES = 1
    host = [f"2001:db8:1:2::{n:x}" for n in range(1, POSTS + 1)]
    codes = send_again_and_again(patient_at(host[0]), host)
    allowed = limits.SEND_FROM_ONE_PLACE.times
    assert codes == [302] * allowed + [429] * (POSTS - allowed)
    assert AppointmentRequest.objects.count() == allowed
    patient = patient_at("2001:db8:2:1::1")
    fill_in(patient)
    assert send(patient).headers["Location"] == f"{BASE}sent/"


def test_a_rented_network_is_bounded_too(
    settings: Any, monday: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.PROXIES = 1
    monkeypatch.setattr(places, "MANY", 3)
    network = [f"2001:db8:1:{n:x}::1" for n in range(1, 36)]
    codes = send_again_and_again(patient_at(network[0]), network)
    assert codes == [302] * 30 + [429] * 5


def test_no_number_of_requests_refuses_one_but_confirmations_slow_down(
    client: Client, sign_in: Any, monday: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(surge, "USUAL", 3)
    for number in range(8):
        assert not surge.is_surge(monday) or number > 3
        factories.received(now=monday, email=f"p{number}@example.org")
    assert surge.is_surge(monday)
    fill_in(client)
    assert send(client).headers["Location"] == f"{BASE}sent/"
    receipt = client.get(f"{BASE}sent/").content.decode()
    assert "it may take a few hours" in receipt
    assert AppointmentRequest.objects.get(email="pat@example.org").reference in receipt
    turns = Message.objects.filter(kind=MessageKind.RECEIVED).order_by("pk")
    hours = [(turn - monday) // surge.HOUR for turn in turns.values_list("next_try", flat=True)]
    assert hours == [0, 0, 0, 1, 1, 1, 2, 2, 2]
    messages.send_due()
    letters = [letter.to[0] for letter in mail.outbox]
    assert sorted(letters) == ["desk@example.org"] * 3 + [f"p{n}@example.org" for n in range(3)]
    assert "An unusual number of requests" in sign_in("Reception").get("/admin/").content.decode()
    assert not surge.is_surge(monday + surge.HOUR)


def test_on_a_usual_day_the_confirmation_leaves_straight_away(
    client: Client, sign_in: Any, monday: datetime
) -> None:
    fill_in(client)
    send(client)
    assert "We are sending an email to" in client.get(f"{BASE}sent/").content.decode()
    assert messages.send_due() == 2
    desk = sign_in("Reception").get("/admin/").content.decode()
    assert "An unusual number of requests" not in desk


# --- Programs -------------------------------------------------------------------------------


def test_what_is_sent_quicker_than_a_person_can_is_looked_at_once_more(
    client: Client, at: Any, monday: datetime
) -> None:
    fill_in(client)
    session = client.session
    session["unsent"]["begun"] = monday.timestamp()
    session.save()
    at(monday + timedelta(seconds=9))
    answer = send(client)
    assert "Your request has not been sent yet." in answer.content.decode()
    assert "My shoulder hurts at night." in answer.content.decode()
    assert AppointmentRequest.objects.count() == 0
    at(monday + timedelta(seconds=10))
    assert send(client).headers["Location"] == f"{BASE}sent/"


def test_a_field_that_nobody_sees_asks_whoever_fills_it_in_to_press_once_more(
    client: Client,
) -> None:
    fill_in(client)
    page = client.get(f"{BASE}check/").content.decode()
    hidden = page.partition("<div hidden>")[2].partition("</div>")[0]
    assert 'name="website"' in hidden
    assert 'autocomplete="off" tabindex="-1"' in hidden
    trapped = client.post(f"{BASE}check/", {"key": key(client), "website": "https://spam"})
    assert "Your request has not been sent yet." in trapped.content.decode()
    assert AppointmentRequest.objects.count() == 0
    # An honest person's form filler fills it in again.
    again = {"key": key(client), "website": "https://spam"}
    assert client.post(f"{BASE}check/", again).status_code == 302
    assert AppointmentRequest.objects.count() == 1


# --- Told until when ------------------------------------------------------------------------


def test_whoever_has_to_wait_is_told_until_when_and_keeps_what_they_wrote(
    client: Client, at: Any, monday: datetime
) -> None:
    """Three a day to one mailbox, however its address is written; from 10:00 until 10:00."""
    for email in ("pat@example.org", "PAT@example.org", "pat+gp@example.org"):
        fill_in(client, you={"email": email})
        assert send(client).status_code == 302
    at(monday + timedelta(hours=8))
    fill_in(client, you={"email": "pat+again@example.org"})
    refused = send(client)
    assert refused.status_code == 429
    assert refused.headers["Retry-After"] == f"{16 * 3600}"
    content = refused.content.decode()
    assert "You can send yours from <b>Tuesday 24 November at 10:00</b>." in content
    assert "Tuesday 24 November at 11:00: go back" in content
    assert "020 7946 0958" in content
    assert 'href="/appointments/request/check/"' in content
    at(monday + timedelta(hours=23, minutes=59))
    assert "pat+again@example.org" in client.get(f"{BASE}check/").content.decode()
    assert client.post(f"{BASE}about/", ABOUT | {"concern": "It is worse."}).status_code == 302
    assert send(client).status_code == 429
    at(monday + timedelta(hours=24, minutes=50))
    assert send(client).headers["Location"] == f"{BASE}sent/"
    assert AppointmentRequest.objects.get(email="pat+again@example.org").concern == "It is worse."


DOORS = {
    "lost link": ("/appointments/link/", LOST, 10),
    "code": ("/appointments/code/", BIRTH | {"code": "K7M-4RT-9XD"}, 10),
    "feedback": ("/procedures/a-thing/feedback/", {"clear": "yes", "comment": ""}, 10),
    "begin": (BASE, {"about": ""}, 60),
    "sign in": ("/admin/login/", {"username": "somebody", "password": "x"}, 5),
}


def test_what_was_typed_waits_in_the_page_but_no_password(client: Client, monday: datetime) -> None:
    factories.revision(RevisionStatus.PUBLISHED, now=monday)
    url, posted, times = DOORS["feedback"]
    typed = posted | {"comment": "I did not <understand> it."}
    pages = [client.post(url, typed).content.decode() for _ in range(times + 1)]
    assert '<input type="hidden" name="clear" value="yes">' in pages[-1]
    assert 'name="comment" value="I did not &lt;understand&gt; it."' in pages[-1]
    url, posted, times = DOORS["sign in"]
    secret = posted | {"password": "never-shown"}
    pages = [client.post(url, secret).content.decode() for _ in range(times + 1)]
    assert "Try again" not in pages[-1]
    assert "never-shown" not in pages[-1]


@pytest.mark.parametrize("door", DOORS)
def test_every_limit_by_place_counts_a_host_once_and_says_until_when(
    door: str, settings: Any, monday: datetime
) -> None:
    settings.PROXIES = 1
    factories.revision(RevisionStatus.PUBLISHED, now=monday)
    url, posted, times = DOORS[door]
    answers = [patient_at(f"2001:db8:1:2::{n:x}").post(url, posted) for n in range(1, times + 3)]
    assert [answer.status_code == 429 for answer in answers] == [False] * times + [True] * 2
    assert int(answers[-1].headers["Retry-After"]) in {900, 3600}
    assert "You can try again from <b>Monday 23 November at 1" in answers[-1].content.decode()
    assert patient_at("2001:db8:1:3::1").post(url, posted).status_code != 429


def test_guessing_links_counts_a_host_once(settings: Any, monday: datetime) -> None:
    settings.PROXIES = 1
    codes = [
        patient_at(f"2001:db8:1:2::{n:x}").get(f"/appointments/mine/link/guess{n}/").status_code
        for n in range(1, 34)
    ]
    assert codes == [404] * 30 + [429] * 3


def test_asking_for_a_lost_link_tells_nobody_whom_we_know(client: Client, monday: datetime) -> None:
    """The limit neither gives tries back to patients whom we know nor refuses their fourth."""
    request = factories.received(now=monday)
    codes = [client.post("/appointments/link/", LOST).status_code for _ in range(11)]
    assert codes == [200] * 10 + [429]
    assert request.messages.filter(kind=MessageKind.LINK).count() == 3


# --- What a begun form may keep -------------------------------------------------------------


def stored_bytes() -> int:
    return max(len(row) for row in Session.objects.values_list("session_data", flat=True))


def test_whatever_is_posted_little_is_kept(client: Client, monday: datetime) -> None:
    chance = random.Random(1)
    noise = "".join(chance.choices(string.ascii_letters + string.digits, k=900_000))
    client.post(BASE, {"about": noise[:1000]})
    assert client.post(f"{BASE}about/", ABOUT | {"more": noise}).status_code == 302
    padded = {"name": f"{' ' * 90_000}Pat", "carer_more": noise[:9000]}
    assert client.post(f"{BASE}you/", YOU | padded).status_code == 302
    client.post(f"{BASE}safety/", {"extra": noise})
    often = {"preferred_days": ["monday"] * 400, "availability": ["x", "y"] * 20}
    assert client.post(f"{BASE}times/", TIMES | often).status_code == 302
    assert stored_bytes() < 1500
    kept = client.session["unsent"]["answers"]
    assert kept["you"]["name"] == ["Pat"]
    assert kept["times"] == {
        "preferred_days": ["monday"],
        "preferred_times": ["morning"],
        "availability": ["y"],
    }


def test_all_answers_at_their_longest_are_kept(client: Client, monday: datetime) -> None:
    chance = random.Random(2)

    def words(length: int) -> str:
        return (
            "".join(chance.choices(string.ascii_letters + string.digits + "- ", k=length - 1)) + "."
        )

    questions = [factories.question(f"question-{n}") for n in range(8)]
    details = {f"detail_{each.pk}": words(300) for each in questions}
    yes = {f"answer_{each.pk}": "yes" for each in questions}
    long = {"name": words(100), "carer_name": words(100), "access_detail": words(200)}
    fill_in(
        client,
        about={"concern": words(1000)},
        you=long | {"carer_right": "agreed"},
        safety=yes | details,
        times={"availability": words(300)},
    )
    assert 3000 < stored_bytes() < 8000
    assert send(client).status_code == 302


def test_more_than_that_is_refused_in_words_and_stays_on_the_page(
    client: Client, monday: datetime
) -> None:
    chance = random.Random(3)
    questions = [factories.question(f"question-{n}") for n in range(8)]
    strange = {
        f"detail_{each.pk}": "".join(chr(chance.randrange(0x20000, 0x2A000)) for _ in range(300))
        for each in questions
    }
    unsure = {f"answer_{each.pk}": "unsure" for each in questions}
    fill_in(client, safety=unsure)
    before = client.session["unsent"]
    answer = client.post(f"{BASE}safety/", safety(**unsure) | strange)
    assert answer.status_code == 200
    assert "This is too long." in answer.content.decode()
    assert all(detail in answer.content.decode() for detail in strange.values())
    assert client.session["unsent"] == before
    assert send(client).status_code == 302


# --- The date of birth ----------------------------------------------------------------------


def test_a_right_date_of_birth_costs_nothing(client: Client, monday: datetime) -> None:
    url = open_link(client, factories.request_at(RequestStatus.DECLINED, now=monday))
    codes = {client.post(f"{url}identify/", BIRTH).status_code for _ in range(10)}
    assert codes == {302}


def test_wrong_dates_are_counted_over_any_day_and_not_by_the_calendar(
    client: Client, at: Any, monday: datetime
) -> None:
    late = monday.replace(hour=23, minute=58)
    at(late)
    request = factories.request_at(RequestStatus.DECLINED, now=monday)
    url = open_link(client, request)
    for _ in range(4):
        client.post(f"{url}identify/", IN_VAIN)
    at(late + timedelta(minutes=4))
    url = open_link(client, request)
    answer = client.post(f"{url}identify/", IN_VAIN)
    assert "None of these dates was right" in answer.content.decode()


def guess_until_it_ends(request: AppointmentRequest) -> str:
    """Guess dates with the newest link until it ends; return the last page that is shown."""
    request.refresh_from_db()
    guesser = Client()
    url = open_link(guesser, request)
    for _ in range(5):
        page = guesser.post(f"{url}identify/", IN_VAIN).content.decode()
    return page


def test_the_fifth_wrong_date_ends_the_link_and_asks_us_to_phone(
    client: Client, sign_in: Any, monday: datetime
) -> None:
    request = factories.request_at(RequestStatus.QUESTION_ASKED, now=monday)
    url = open_link(client, request)
    assert "sending a new private link" in guess_until_it_ends(request)
    assert client.get(url).status_code == 404
    events = list(request.events.order_by("-number").values_list("kind", "by")[:2])
    assert events == [
        ("renewed the private link", "the clock"),
        ("gave only wrong dates of birth", "somebody with the link"),
    ]
    assert request.messages.filter(kind=MessageKind.LINK).count() == 1
    assert request.messages.filter(kind=MessageKind.LINK).get().address == ""
    desk = sign_in("Reception").get("/admin/").content.decode()
    assert "Someone used their private link with only wrong dates of birth." in desk
    request.refresh_from_db()
    patient = Client()
    new = open_link(patient, request)
    assert patient.post(f"{new}identify/", BIRTH).status_code == 302


@pytest.mark.parametrize("has_email", [True, False])
def test_whoever_has_a_code_hears_that_it_ended_with_the_link(
    has_email: bool, monday: datetime
) -> None:
    request = factories.request_at(RequestStatus.QUESTION_ASKED, now=monday)
    AppointmentRequest.objects.update(email="pat@example.org" if has_email else "")
    said = " ".join(guess_until_it_ends(request).split())
    assert ("The old link no longer works." in said) == has_email
    assert ("Your old code no longer works. We will phone you" in said) != has_email
    assert ("If you gave us a phone number, we will phone you." in said) == has_email
    said = " ".join(guess_until_it_ends(request).split())
    assert "no longer works" not in said
    assert ("We will phone you on the number we have for you." in said) != has_email


def test_a_link_renews_itself_once_a_day_and_then_waits_for_a_colleague(
    sign_in: Any, at: Any, monday: datetime
) -> None:
    """Somebody who reads the mailbox has ten guesses a day, somebody with only the link five."""
    request = factories.request_at(RequestStatus.DECLINED, now=monday)
    at(monday - timedelta(hours=1))
    guess_until_it_ends(request)
    at(monday)
    last = guess_until_it_ends(request)
    assert "You can try again from <b>Tuesday 24 November at 10:00</b>" in last
    assert "020 7946 0958" in last
    patient = Client()
    refused = patient.post(f"{open_link(patient, request)}identify/", BIRTH)
    assert refused.status_code == 429
    assert refused.headers["Retry-After"] == f"{24 * 3600}"
    assert request.events.filter(kind="gave only wrong dates of birth").count() == 2
    assert request.messages.filter(kind=MessageKind.LINK).count() == 1
    sign_in("Reception").post(
        f"/admin/bookings/appointmentrequest/{request.pk}/decide/renew-link/",
        {"version": request.version},
    )
    request.refresh_from_db()
    assert patient.post(f"{open_link(patient, request)}identify/", BIRTH).status_code == 302


def test_a_call_ends_the_task(monday: datetime, sign_in: Any) -> None:
    request = factories.request_at(RequestStatus.DECLINED, now=monday)
    guess_until_it_ends(request)
    desk = sign_in("Reception")
    request.refresh_from_db()
    desk.post(
        f"/admin/bookings/appointmentrequest/{request.pk}/decide/call/",
        {"version": request.version, "reached": "yes", "note": "It was them."},
    )
    assert "wrong dates of birth" not in desk.get("/admin/").content.decode()


# --- Letters to an address ------------------------------------------------------------------


def test_changing_the_address_sends_no_more_letters_to_one_mailbox_than_sending(
    client: Client, monday: datetime
) -> None:
    codes = []
    for number in range(4):
        request = factories.received(now=monday, email=f"p{number}@example.org")
        url = open_link(client, request)
        client.post(f"{url}identify/", BIRTH)
        posted = {"version": request.version, "email": f"victim+{number}@example.org"}
        codes.append(client.post(f"{url}contact/", posted).status_code)
    assert codes == [302] * 3 + [429]


def test_a_change_that_came_too_late_costs_nothing(client: Client, monday: datetime) -> None:
    request = factories.received(now=monday)
    url = open_link(client, request)
    client.post(f"{url}identify/", BIRTH)
    stale = {"version": request.version + 1, "email": "new@example.org"}
    assert {client.post(f"{url}contact/", stale).status_code for _ in range(8)} == {302}
