"""The page behind the private link: who gets in, what they see, and that a GET changes nothing."""

import re
import secrets
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.conf import settings as django_settings
from django.core import mail
from django.template.loader import get_template
from django.test import Client

from bookings import links, messages, triage
from bookings.models import Appointment, AppointmentRequest, RequestEvent
from bookings.patients import limits, progress
from bookings.patients.own_requests import ENDS
from bookings.status import RequestStatus
from bookings.urls import urlpatterns
from procedures.ground.rate_limits import Limit
from tests import factories
from tests.people import BIRTH, identified, open_link, path_of

pytestmark = pytest.mark.django_db

BEHIND = "mine/<reference:reference>/"
PAGES_BEHIND_THE_LINK = [
    str(address.pattern).removeprefix(BEHIND)
    for address in urlpatterns
    if str(address.pattern).startswith(BEHIND)
]


def test_s6_the_link_in_the_letter_opens_the_request_at_a_clean_address(client: Client) -> None:
    request = factories.received()
    messages.send_due()
    link = re.search(r"https://clinic\.example(\S+)", str(mail.outbox[0].body))
    assert link
    answer = client.get(link[1])
    assert answer.headers["Location"] == f"/appointments/mine/{request.reference}/"
    content = client.get(answer.headers["Location"]).content.decode()
    assert "We are looking at your request" in content
    assert link[1].split("/")[-2] not in content


def test_each_link_opens_its_own_request(monday: datetime) -> None:
    requests = [factories.received(now=monday, email=f"{name}@example.org") for name in "ab"]
    tokens = [links.private_link(request).split("/")[-2] for request in requests]
    assert [links.follow(token, monday) for token in tokens] == requests


@pytest.mark.parametrize(
    "sign", [">", "%3E", ")", ".", ",", ").", "%20", ";", "'", '"', "”", "%C2%BB"]
)
def test_a_sign_that_a_mail_program_glued_to_the_link_leads_to_the_link(
    sign: str, client: Client
) -> None:
    request = factories.received()
    link = path_of(request)
    for glued in (link.removesuffix("/") + sign, f"{link}{sign}", f"{link}{sign}/"):
        answer = client.get(glued)
        assert (answer.status_code, answer.headers["Location"]) == (302, link)
        assert "opened" not in client.session
        assert client.post(glued).status_code == 405
    assert client.get(f"{link}>", follow=True).status_code == 200
    assert request.events.count() == 1


def every_edit(token: str) -> list[str]:
    return [
        token[:index] + ("x" if token[index] != "x" else "y") + token[index + 1 :]
        for index in range(len(token))
    ]


def test_s5_every_edit_of_a_link_is_the_same_404(client: Client, monkeypatch: Any) -> None:
    monkeypatch.setattr(limits, "OPEN_UNKNOWN_LINK", Limit("link", 10_000, timedelta(hours=1)))
    request = factories.received()
    token = path_of(request).split("/")[-2]
    answers = {
        (answer.status_code, answer.content)
        for edited in every_edit(token)
        if "/" not in edited
        for answer in [client.get(f"/appointments/mine/link/{edited}/")]
    }
    assert len(answers) == 1
    assert answers.pop()[0] == 404


def test_s5_no_guess_opens_anything(monday: datetime) -> None:
    request = factories.received(now=monday)
    token = path_of(request).split("/")[-2]
    payload, stamp, signature = token.split(":")
    guesses = [
        f"{payload}:{stamp}:{secrets.token_urlsafe(32)[: len(signature)]}" for _ in range(5000)
    ]
    assert links.follow(token, monday) == request
    assert {links.follow(guess, monday) for guess in guesses} == {None}


def test_s5_guessing_links_is_stopped(client: Client) -> None:
    limit = limits.OPEN_UNKNOWN_LINK.times
    codes = [client.get(f"/appointments/mine/link/guess{n}/").status_code for n in range(limit + 1)]
    assert codes == [404] * limit + [429]


def test_a_link_opens_until_its_last_moment(monday: datetime) -> None:
    """The later of two ends counts: of the request, and of a question about a follow-up."""
    request = factories.request_at(RequestStatus.DECLINED, now=monday)
    token = links.private_link(request).rstrip("/").rpartition("/")[2]
    first, moment = links.link_ends(request), timedelta(microseconds=1)
    assert first
    later = first + timedelta(days=30)
    for until, ends in ((None, first), (first - moment, first), (later, later)):
        AppointmentRequest.objects.update(link_until=until)
        opened = [links.follow(token, at) for at in (ends - moment, ends)]
        assert opened == [request, None]
    request.emptied_at = monday
    assert not links.is_alive(request, monday)


def test_a_revoked_link_is_dead_and_so_is_its_session(client: Client) -> None:
    request = factories.received()
    url = open_link(client, request)
    AppointmentRequest.objects.update(link_version=2)
    assert client.get(path_of(request)).status_code == 404
    assert client.get(url).status_code == 404
    assert Client().get(path_of(AppointmentRequest.objects.get())).status_code == 302


@pytest.mark.parametrize("method", ["get", "post"])
@pytest.mark.parametrize("page", PAGES_BEHIND_THE_LINK)
def test_a_reference_alone_opens_nothing(page: str, method: str, client: Client) -> None:
    request = factories.request_at(RequestStatus.OFFERED)
    url = f"/appointments/mine/{request.reference}/{page}"
    unknown = f"/appointments/mine/BBBB-BBBB/{page}"
    mine, nobodys = (getattr(client, method)(each) for each in (url, unknown))
    assert mine.status_code == nobodys.status_code
    assert mine.status_code in {404, 405}
    assert mine.content == nobodys.content
    request.refresh_from_db()
    assert request.status == RequestStatus.OFFERED


def test_one_patients_link_does_not_open_anothers_request(client: Client) -> None:
    mine, theirs = factories.received(), factories.received(email="sam@example.org")
    open_link(client, mine)
    assert client.get(f"/appointments/mine/{theirs.reference}/").status_code == 404


def test_the_session_ends_after_an_hour(client: Client, at: Any, monday: datetime) -> None:
    url = open_link(client, factories.received(now=monday))
    assert client.get(url).status_code == 200
    at(monday + timedelta(seconds=django_settings.PATIENT_SESSION_SECONDS + 1))
    assert client.get(url).status_code == 404


def test_s8_knows_every_page_behind_the_link() -> None:
    assert {"", "identify/", "choose/", "contact/", "safety/"} <= set(PAGES_BEHIND_THE_LINK)


@pytest.mark.parametrize("status", RequestStatus)
def test_s8_a_scanner_that_fetches_everything_changes_nothing(
    status: RequestStatus, client: Client, monday: datetime
) -> None:
    request = factories.request_at(status, now=monday)
    before = AppointmentRequest.objects.values().get(pk=request.pk)
    events = RequestEvent.objects.count()
    url = open_link(client, request)
    content = client.get(url).content.decode()
    for found in {*re.findall(r'(?:href|action)="(/[^"]*)"', content), url}:
        if not found.startswith(("/admin", "/static")):
            client.get(found)
            client.head(found)
    for page in PAGES_BEHIND_THE_LINK:
        client.get(url + page)
        client.head(url + page)
    assert AppointmentRequest.objects.values().get(pk=request.pk) == before
    assert RequestEvent.objects.count() == events


HEADINGS = {
    RequestStatus.RECEIVED: "We are looking at your request",
    RequestStatus.IN_REVIEW: "We are looking at your request",
    RequestStatus.QUESTION_ASKED: "We have a question for you",
    RequestStatus.OFFERED: "We can offer you these times",
    RequestStatus.DEFERRED: "We will come back to your request later",
    RequestStatus.BOOKED: "Your appointment",
    RequestStatus.BOOKED_IN_REVIEW: "We are looking at your appointment again",
    RequestStatus.BOOKED_OFFERED: "We can offer you these times instead",
    RequestStatus.DECLINED: "We cannot offer you an appointment for this",
    RequestStatus.WITHDRAWN: "This request is withdrawn",
    RequestStatus.LAPSED: "The time to reply has passed",
    RequestStatus.CLOSED: "Your appointment was cancelled",
}


@pytest.mark.parametrize("status", RequestStatus)
def test_every_state_is_told_in_plain_words(
    status: RequestStatus, client: Client, monday: datetime
) -> None:
    url = open_link(client, factories.request_at(status, now=monday))
    content = client.get(url).content.decode()
    assert f"<h1>{HEADINGS[status]}</h1>" in content
    assert f"<title>{HEADINGS[status]} (" in content
    assert "You sent your request." in content
    for word in ("triage", "flag", "My shoulder hurts", "pat@example.org", "7946 0123"):
        assert word not in content


def test_whatever_a_page_can_show_has_a_heading_and_words() -> None:
    """A request that was brought over without a visit is closed and has no end of a visit to show."""
    assert set(progress.HEADINGS) == {*RequestStatus, *ENDS}
    for shown in progress.HEADINGS:
        get_template(f"bookings/mine/states/{shown}.html")


def test_withdrawing_takes_a_press_and_not_a_look(client: Client) -> None:
    request = factories.received()
    url = identified(client, request)
    page = client.get(f"{url}withdraw/").content.decode()
    assert "Withdraw your request?" in page
    answer = client.post(f"{url}withdraw/", {"version": request.version}, follow=True)
    content = answer.content.decode()
    assert "This request is withdrawn" in content
    assert 'role="status"><p>You withdrew your request.</p>' in content


def test_a_press_on_an_old_screen_is_told_what_happened(client: Client) -> None:
    request = factories.request_at(RequestStatus.IN_REVIEW)
    url = identified(client, request)
    answer = client.post(f"{url}withdraw/", {"version": request.version - 1}, follow=True)
    assert "Something has changed since you opened the page" in answer.content.decode()
    request.refresh_from_db()
    assert request.status == RequestStatus.IN_REVIEW


@pytest.mark.parametrize("version", ["", "0", "x", "9" * 19, "9" * 30, "\x00"])
@pytest.mark.parametrize("page", ["withdraw/", "choose/", "other-times/"])
def test_a_forged_version_does_nothing(
    page: str, version: str, client: Client, monday: datetime
) -> None:
    request = factories.request_at(RequestStatus.OFFERED, now=monday)
    url = identified(client, request)
    time = request.offers.get().times.all()[0].pk
    answer = client.post(url + page, {"version": version, "time": time}, follow=True)
    assert answer.status_code == 200
    assert "Open it again" in answer.content.decode()
    request.refresh_from_db()
    assert request.status == RequestStatus.OFFERED


# --- Offers ---------------------------------------------------------------------------------


def test_taking_an_offered_time(client: Client, monday: datetime) -> None:
    request = factories.request_at(RequestStatus.OFFERED, now=monday)
    url = open_link(client, request)
    time = request.offers.get().times.all()[0]
    content = client.get(url).content.decode()
    assert "Tuesday 24 November 2026 at 12:00" in content
    assert "Monday 23 November 2026 at 22:00" in content  # held until
    posted = {"version": request.version, "time": time.pk}
    answer = client.post(f"{url}choose/", posted, follow=True)
    assert "Your appointment" in answer.content.decode()
    assert Appointment.objects.get().starts == time.starts


@pytest.mark.parametrize("chosen", ["", "0", "999999", "2026-11-24 12:00", "x"])
def test_a_time_that_was_not_offered_cannot_be_taken(
    chosen: str, client: Client, monday: datetime
) -> None:
    request = factories.request_at(RequestStatus.OFFERED, now=monday)
    url = open_link(client, request)
    answer = client.post(f"{url}choose/", {"version": request.version, "time": chosen})
    assert answer.status_code == 200
    assert "Choose one of these times." in answer.content.decode()
    assert Appointment.objects.count() == 0


def test_anothers_offered_time_cannot_be_taken(client: Client, monday: datetime) -> None:
    mine = factories.request_at(RequestStatus.OFFERED, now=monday)
    other = factories.request_at(RequestStatus.IN_REVIEW, now=monday)
    theirs = factories.offer(other, [factories.tomorrow(8, now=monday)], now=monday).times.get()
    url = open_link(client, mine)
    client.post(f"{url}choose/", {"version": mine.version, "time": theirs.pk})
    assert Appointment.objects.count() == 0


def test_an_offer_that_ended_is_said_to_have_ended(
    client: Client, at: Any, monday: datetime
) -> None:
    request = factories.request_at(RequestStatus.OFFERED, now=monday)
    time = request.offers.get().times.all()[0]
    at(monday + timedelta(hours=13))
    url = open_link(client, request)
    posted = {"version": request.version, "time": time.pk}
    answer = client.post(f"{url}choose/", posted, follow=True)
    assert "This offer has ended" in answer.content.decode()
    assert "The time to reply has passed" in answer.content.decode()


@pytest.mark.parametrize("wishes", ["", "Thursday mornings."])
def test_asking_for_other_times(wishes: str, client: Client, monday: datetime) -> None:
    request = factories.request_at(RequestStatus.OFFERED, now=monday)
    url = identified(client, request)
    looked = client.get(f"{url}other-times/").content.decode()
    assert "we will stop holding these times" in looked
    request.refresh_from_db()
    assert request.status == RequestStatus.OFFERED
    posted = {"version": request.version, "wishes": wishes}
    content = client.post(f"{url}other-times/", posted, follow=True).content.decode()
    assert "We are looking at your request" in content
    assert 'role="status"><p>You asked for other times.</p>' in content
    request.refresh_from_db()
    assert (request.status, request.wishes) == (RequestStatus.IN_REVIEW, wishes)


def test_what_suits_is_kept_when_a_later_offer_does_not_suit_either(monday: datetime) -> None:
    request = factories.request_at(RequestStatus.OFFERED, now=monday)
    AppointmentRequest.objects.update(wishes="Not before 10:00.")
    request.refresh_from_db()
    triage.ask_for_other_times(request, version=request.version, wishes="", now=monday)
    request.refresh_from_db()
    assert request.wishes == "Not before 10:00."


def test_without_an_offer_there_are_no_other_times_to_ask_for(
    client: Client, monday: datetime
) -> None:
    url = identified(client, factories.request_at(RequestStatus.BOOKED, now=monday))
    assert client.get(f"{url}other-times/").headers["Location"] == url


@pytest.mark.parametrize(
    ("status", "over", "now"),
    [
        (RequestStatus.RECEIVED, ["You asked"], "We read your request"),
        (RequestStatus.OFFERED, ["You asked", "We read your request"], "You choose a time"),
        (
            RequestStatus.BOOKED,
            ["You asked", "We read your request", "You choose a time"],
            "Your visit",
        ),
    ],
)
def test_the_page_shows_how_far_the_request_has_come(
    status: RequestStatus, over: list[str], now: str, client: Client, monday: datetime
) -> None:
    url = open_link(client, factories.request_at(status, now=monday))
    content = client.get(url).content.decode()
    assert re.findall(r'<li class="is-over">([^<]+)<', content) == over
    assert re.findall(r'<li aria-current="step">([^<]+)<', content) == [now]


def test_a_request_that_ended_without_a_visit_shows_no_steps(
    client: Client, monday: datetime
) -> None:
    url = open_link(client, factories.request_at(RequestStatus.DECLINED, now=monday))
    assert "steps-bar" not in client.get(url).content.decode()


# --- Behind the date of birth ---------------------------------------------------------------


def test_a_question_is_read_and_answered_behind_the_date_of_birth(client: Client) -> None:
    request = factories.request_at(RequestStatus.QUESTION_ASKED)
    url = open_link(client, request)
    screen = {"version": request.version, "question": request.questions.get().pk}
    assert "Which side?" not in client.get(url).content.decode()
    refused = client.post(f"{url}answer/", screen | {"text": "Left."})
    assert refused.headers["Location"] == f"{url}identify/"
    client.post(f"{url}identify/", BIRTH)
    assert "Which side?" in client.get(url).content.decode()
    empty = client.post(f"{url}answer/", screen | {"text": ""})
    assert "Write your answer" in empty.content.decode()
    assert "Which side?" in empty.content.decode()
    client.post(f"{url}answer/", screen | {"text": "Left."})
    assert request.questions.get().answer == "Left."


def test_a_reason_is_read_behind_the_date_of_birth(client: Client) -> None:
    url = open_link(client, factories.request_at(RequestStatus.DECLINED))
    assert "Ask a GP." not in client.get(url).content.decode()
    client.post(f"{url}identify/", BIRTH)
    assert "Ask a GP." in client.get(url).content.decode()


def test_five_wrong_dates_of_birth_and_then_the_phone(client: Client) -> None:
    url = open_link(client, factories.request_at(RequestStatus.DECLINED))
    wrong = BIRTH | {"date_of_birth_year": "1971"}
    for _ in range(4):
        answer = client.post(f"{url}identify/", wrong)
        assert "not the date of birth we have" in answer.content.decode()
    answer = client.post(f"{url}identify/", wrong)
    assert "None of these dates was right" in answer.content.decode()
    assert "020 7946 0958" in answer.content.decode()
    assert client.post(f"{url}identify/", BIRTH).status_code == 404
    assert client.get(url).status_code == 404


def test_the_tries_are_counted_for_the_request_and_not_for_the_browser(client: Client) -> None:
    request = factories.request_at(RequestStatus.DECLINED)
    for _ in range(5):
        other = Client()
        other.post(f"{open_link(other, request)}identify/", BIRTH | {"date_of_birth_year": "1971"})
    old = path_of(request)
    request.refresh_from_db()
    assert client.get(old).status_code == 404
    assert client.post(f"{open_link(client, request)}identify/", BIRTH).status_code == 302


@pytest.mark.parametrize("page", ["choose/", "answer/", "keep/", "earlier/", "no-earlier/"])
def test_a_look_at_an_address_for_presses_leads_back(page: str, client: Client) -> None:
    url = open_link(client, factories.request_at(RequestStatus.OFFERED))
    assert client.get(url + page).headers["Location"] == url


def test_an_answer_that_nobody_asked_for_moves_nothing(client: Client, monday: datetime) -> None:
    request = factories.request_at(RequestStatus.OFFERED, now=monday)
    url = open_link(client, request)
    client.post(f"{url}identify/", BIRTH)
    posted = {"version": request.version, "question": 1, "text": "Left."}
    answer = client.post(f"{url}answer/", posted, follow=True)
    assert "Something has changed since you opened the page" in answer.content.decode()
    assert "We can offer you these times" in answer.content.decode()
