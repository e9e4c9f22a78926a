"""The patient's form as a browser sees it, and everything that can go wrong in it."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.conf import settings as django_settings
from django.contrib.sessions.models import Session
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from bookings.forms.request_form import YouForm
from bookings.models import AppointmentRequest
from bookings.patients import limits
from bookings.status import FlagLevel
from procedures.ground.rate_limits import Limit
from procedures.models import RateLimit
from procedures.status import RevisionStatus
from tests import factories
from tests.people import ABOUT, BASE, TIMES, YOU, fill_in, key, send

pytestmark = pytest.mark.django_db


# --- The way through ------------------------------------------------------------------------


def test_a_request_goes_through(client: Client, monday: datetime) -> None:
    page = factories.revision(RevisionStatus.PUBLISHED, now=monday).page
    factories.question()
    client.post(BASE, {"about": page.slug})
    assert 'value="a-thing" id="id_page_0" checked' in client.get(f"{BASE}about/").content.decode()
    fill_in(client, about={"page": "a-thing"})
    checked = client.get(f"{BASE}check/").content.decode()
    for said in ("A thing", "at night", "Pat Sample", "31 January 1970", "Monday, Friday"):
        assert said in checked
    answer = send(client)
    assert answer.headers["Location"] == f"{BASE}sent/"
    request = AppointmentRequest.objects.get()
    assert (request.page, str(request.phone)) == (page, "+44 20 7946 0958")
    receipt = client.get(f"{BASE}sent/").content.decode()
    assert request.reference in receipt
    assert "Wednesday 25 November 2026 at 10:00" in receipt
    assert client.get(f"/appointments/mine/{request.reference}/").status_code == 200


def test_what_sending_means_and_how_we_use_it_is_read_before_the_press(
    client: Client, monday: datetime
) -> None:
    fill_in(client)
    page = client.get(f"{BASE}check/").content.decode()
    before = " ".join(page.partition("<main")[2].partition("Send my request</button>")[0].split())
    assert "you are asking the clinic to look at your answers and reply to you." in before
    assert '<a href="/about/privacy/" >How we use your information</a>' in before


def test_only_pages_that_invite_a_request_can_be_asked_about(
    client: Client, monday: datetime
) -> None:
    factories.revision(RevisionStatus.PUBLISHED, now=monday)
    text = factories.document(title="Not here")
    closing = "closing question: Could it help?\nclosing sentence: Ask us.\n"
    factories.revision(
        RevisionStatus.PUBLISHED,
        of=factories.page("not-here"),
        text=text.replace(closing, ""),
        now=monday,
    )
    client.post(BASE, {"about": "not-here"})
    form = client.get(f"{BASE}about/").content.decode()
    assert 'value="a-thing"' in form
    assert "not-here" not in form


def test_nothing_of_the_answers_stays_behind(client: Client) -> None:
    fill_in(client)
    send(client)
    stored = "".join(str(session.get_decoded()) for session in Session.objects.all())
    for word in ("shoulder", "Pat", "1970", "pat@example.org"):
        assert word not in stored


def test_the_off_ramp_comes_first(client: Client) -> None:
    content = client.get(BASE).content.decode()
    assert "Call 999 or go to A&amp;E now if:" in content
    assert "None of these apply: continue" in content
    answer = client.get(f"{BASE}about/")
    assert answer.headers["Location"] == BASE


def test_reading_the_off_ramp_keeps_no_session(client: Client) -> None:
    client.get(f"{BASE}?about=whatever")
    assert "sessionid" not in client.cookies


def test_a_step_ahead_leads_back_to_the_one_that_is_due(client: Client) -> None:
    client.post(BASE, {"about": ""})
    for step in ("you", "safety", "times", "check"):
        assert client.get(f"{BASE}{step}/").headers["Location"] == f"{BASE}about/"
    client.post(f"{BASE}times/", TIMES)
    assert client.get(f"{BASE}check/").headers["Location"] == f"{BASE}about/"


def test_changing_one_answer_leads_straight_back_to_the_check(client: Client) -> None:
    fill_in(client)
    answer = client.post(f"{BASE}you/", YOU | {"name": "Sam Sample"})
    assert answer.headers["Location"] == f"{BASE}check/"
    assert "Sam Sample" in client.get(f"{BASE}check/").content.decode()


def test_what_was_typed_is_there_on_coming_back(client: Client) -> None:
    fill_in(client)
    assert "at night" in client.get(f"{BASE}about/").content.decode()
    assert (
        'value="friday" id="id_preferred_days_4" checked'
        in client.get(f"{BASE}times/").content.decode()
    )


def test_a_question_that_came_meanwhile_is_asked(client: Client) -> None:
    fill_in(client)
    factories.question("new", wording="A new question?", level=FlagLevel.AMBER)
    assert client.get(f"{BASE}check/").headers["Location"] == f"{BASE}safety/"
    content = client.get(f"{BASE}safety/").content.decode()
    assert "A new question?" in content
    assert "Your health: our questions have changed. Read them again" in content


def test_a_submission_of_somebody_new_takes_few_statements(client: Client) -> None:
    factories.question()
    fill_in(client)
    pressed = key(client)
    with CaptureQueriesContext(connection) as queries:
        client.post(f"{BASE}check/", {"key": pressed})
    assert AppointmentRequest.objects.count() == 1
    first_words = [query["sql"].split()[0] for query in queries]
    asked = [each for each in first_words if each not in {"SAVEPOINT", "RELEASE"}]
    assert len(asked) <= 15, "\n".join(query["sql"][:200] for query in queries)


@pytest.mark.django_db(transaction=True)
def test_a_submission_waits_for_the_disk_once(client: Client) -> None:
    fill_in(client)
    pressed = key(client)
    with CaptureQueriesContext(connection) as queries:
        client.post(f"{BASE}check/", {"key": pressed})
    assert [query["sql"] for query in queries].count("COMMIT") == 1
    assert "COMMIT" in queries.captured_queries[-1]["sql"]
    assert client.get(f"{BASE}sent/").status_code == 200


# --- Twice, late, forged --------------------------------------------------------------------


def test_a_double_press_is_one_request_and_one_receipt(client: Client) -> None:
    fill_in(client)
    pressed = key(client)
    for _ in range(3):
        answer = client.post(f"{BASE}check/", {"key": pressed})
        assert answer.headers["Location"] == f"{BASE}sent/"
    assert AppointmentRequest.objects.count() == 1


@pytest.mark.parametrize("forged", ["", "x", "k" * 43, "\x00", "<script>"])
def test_a_forged_key_sends_nothing(forged: str, client: Client) -> None:
    fill_in(client)
    answer = client.post(f"{BASE}check/", {"key": forged})
    assert answer.status_code == 200
    assert AppointmentRequest.objects.count() == 0


def test_without_a_form_there_is_nothing_to_send(client: Client) -> None:
    answer = client.post(f"{BASE}check/", {"key": "k" * 43}, follow=True)
    assert "You have no unsent request here" in answer.content.decode()
    assert client.get(f"{BASE}sent/").headers["Location"] == BASE


def test_an_unsent_form_is_forgotten_after_an_hour(
    client: Client, at: Any, monday: datetime
) -> None:
    fill_in(client)
    at(monday + timedelta(seconds=django_settings.PATIENT_SESSION_SECONDS + 1))
    assert client.get(f"{BASE}check/").headers["Location"] == BASE


def test_a_form_from_elsewhere_is_refused_with_a_page_that_helps() -> None:
    strict = Client(enforce_csrf_checks=True)
    answer = strict.post(BASE, {"about": ""})
    assert answer.status_code == 403
    assert "This form has expired" in answer.content.decode()


def test_an_unknown_step_is_not_found(client: Client) -> None:
    assert client.get(f"{BASE}payment/").status_code == 404


def test_an_unknown_page_is_simply_not_chosen(client: Client) -> None:
    assert client.get(f"{BASE}?about=../../etc/passwd").status_code == 200
    client.post(BASE, {"about": "no-such-page"})
    assert client.session["unsent"]["page"] == ""


def test_the_signs_that_cannot_wait_have_one_wording(client: Client) -> None:
    fill_in(client)
    sent = client.post(f"{BASE}check/", {"key": key(client)}, follow=True).content.decode()
    urgent = client.get("/urgent/").content.decode()
    for said in (
        "<li>a joint is suddenly very painful, hot or swollen, or its skin has changed colour</li>",
        "<li>you have a high temperature, shiver or feel generally unwell</li>",
        'With text relay, call <a href="tel:18001111" dir="ltr">18001 111</a>.',
    ):
        assert said in sent
        assert said in urgent
    home = " ".join(client.get("/").content.decode().split())
    assert (
        "Is a joint suddenly very painful, hot or swollen, or do you have a high temperature?"
        in home
    )


def test_many_requests_from_one_place_are_stopped_and_nothing_is_lost(client: Client) -> None:
    for number in range(limits.SEND_FROM_ONE_PLACE.times):
        fill_in(client, you={"email": f"pat{number}@example.org"})
        assert send(client).status_code == 302
    fill_in(client, you={"email": "another@example.org"})
    answer = send(client)
    assert answer.status_code == 429
    assert "020 7946 0958" in answer.content.decode()
    assert AppointmentRequest.objects.count() == limits.SEND_FROM_ONE_PLACE.times
    assert "another@example.org" in client.get(f"{BASE}check/").content.decode()


def test_one_address_gets_few_letters_a_day(client: Client) -> None:
    for _ in range(limits.SEND_TO_ONE_MAILBOX.times):
        fill_in(client)
        assert send(client).status_code == 302
    fill_in(client, you={"email": "PAT@example.org"})
    assert send(client).status_code == 429
    assert "pat@example.org" not in str(list(RateLimit.objects.values()))


# --- Bad input ------------------------------------------------------------------------------

BAD = [
    ("about", {"concern": ""}, "Write a few words about what you would like help with."),
    ("about", {"concern": "x" * 1001}, "Shorten this to 1,000 characters or fewer."),
    ("about", {"concern": "\u202e\u3164\x00"}, "Write a few words about what you would like"),
    ("about", {"concern": "a\ufffdb"}, "A letter was lost when this was copied."),
    ("about", {"concern": f"a{chr(0x301) * 5}"}, "at most 3 accents on one letter"),
    ("about", {"page": "no-such-page"}, "Choose a page from the list."),
    ("you", {"name": "  "}, "Enter your full name."),
    ("you", {"name": "x" * 101}, "Shorten this to 100 characters or fewer."),
    ("you", {"email": "pat"}, "Enter an email address like name@example.org."),
    (
        "you",
        {"email": "", "phone": ""},
        "Enter an email address or a phone number, so that we can reach you.",
    ),
    (
        "you",
        {"email": f"{'a' * 60}@{'b' * 60}.{'c' * 60}.{'d' * 60}.{'e' * 60}.org"},
        "254 characters or fewer",
    ),
    ("you", {"email": "pat@example.org\nBcc: x@example.org"}, "Enter an email address like"),
    ("you", {"phone": "12"}, "Enter the whole phone number with its area code"),
    ("you", {"date_of_birth_month": "2"}, "Enter a real date of birth, for example"),
    ("you", {"date_of_birth_day": "x"}, "Enter a real date of birth, for example"),
    ("you", {"date_of_birth_day": ""}, "Enter the date of birth, for example 27 3 1972."),
    ("you", {"date_of_birth_day": "٣١"}, None),
    ("you", {"date_of_birth_year": "2999"}, "The date of birth must be in the past."),
    ("you", {"date_of_birth_year": "70"}, "four digits, from 1900 on"),
    ("you", {"date_of_birth_year": "1e3"}, "four digits, from 1900 on"),
    ("you", {"date_of_birth_year": "99999"}, "four digits, from 1900 on"),
    ("times", {"preferred_days": []}, "Choose at least one day."),
    ("times", {"preferred_days": ["someday"]}, "Choose from the list."),
    ("times", {"preferred_times": ["midnight"]}, "Choose morning, afternoon or both."),
    ("times", {"availability": "x" * 301}, "Shorten this to 300 characters or fewer."),
]


@pytest.mark.parametrize(("step", "changes", "sentence"), BAD)
def test_bad_input_is_told_what_to_do_and_keeps_what_was_typed(
    step: str, changes: dict[str, Any], sentence: str | None, client: Client
) -> None:
    fill_in(client)
    steps: dict[str, dict[str, Any]] = {"about": ABOUT, "you": YOU, "times": TIMES}
    values = steps[step] | changes
    answer = client.post(f"{BASE}{step}/", values)
    if sentence is None:  # digits of another script are digits
        assert answer.status_code == 302
        return
    content = answer.content.decode()
    assert answer.status_code == 200
    assert content.count(sentence) == 2  # in the summary, and at the field
    assert "<title>Error: " in content
    kept = [value for name, value in values.items() if name not in changes and value]
    assert all(value in content for value in kept if isinstance(value, str))
    assert AppointmentRequest.objects.count() == 0


@pytest.mark.parametrize(
    "name", ["Pat\nBcc: x@example.org", "\ufeffPat\x0bBcc:\u2028x@exam\xadple.org\u3164"]
)
def test_a_name_is_one_line_of_what_can_be_seen(name: str, client: Client) -> None:
    fill_in(client, you={"name": name})
    send(client)
    assert AppointmentRequest.objects.get().name == "Pat Bcc: x@example.org"


def test_what_is_no_answer_at_all_is_refused(client: Client) -> None:
    question = factories.question()
    fill_in(client)
    content = client.post(f"{BASE}safety/", {f"answer_{question.pk}": "perhaps"}).content.decode()
    assert content.count("Tick this, or choose from the list below it.") == 2
    assert f'href="#id_answer_{question.pk}_0"' in content


def test_a_megabyte_is_too_much(client: Client) -> None:
    fill_in(client)
    answer = client.post(f"{BASE}about/", ABOUT | {"concern": "x" * 1_000_000})
    assert answer.status_code == 413
    assert "That was too long to send" in answer.content.decode()


def test_ten_thousand_fields_are_too_many(client: Client) -> None:
    answer = client.post(BASE, {f"field{number}": "x" for number in range(10_000)})
    assert answer.status_code == 400


@pytest.mark.parametrize(
    "url",
    [
        "/appointments/request/?about=%00",
        "/procedures/%00/",
        "/appointments/mine/link/%00/",
        "/admin/login/?next=%00",
        "/?q=a%00b",
    ],
)
def test_a_nul_in_an_address_is_a_400(url: str, client: Client) -> None:
    answer = client.get(url)
    assert answer.status_code == 400
    assert "We could not read this" in answer.content.decode()


def test_a_nul_in_a_cookie_is_a_400(client: Client) -> None:
    assert client.get("/", headers={"cookie": "sessionid=a\x00b"}).status_code == 400


def test_a_nul_in_a_hidden_field_is_no_500(client: Client) -> None:
    client.post(BASE, {"about": "\x00"})
    assert client.session["unsent"]["page"] == ""


@pytest.mark.parametrize("method", ["put", "delete", "patch"])
@pytest.mark.parametrize("url", [BASE, f"{BASE}about/", f"{BASE}check/", f"{BASE}sent/"])
def test_other_methods_are_refused(method: str, url: str, client: Client) -> None:
    send_it: Callable[[str], Any] = getattr(client, method)
    assert send_it(url).status_code == 405


def test_personal_pages_are_kept_by_no_cache(client: Client) -> None:
    fill_in(client)
    for url in (BASE, f"{BASE}you/", f"{BASE}check/"):
        assert client.get(url).headers["Cache-Control"] == "no-store"


def test_a_second_press_is_never_told_that_nothing_was_sent(
    client: Client, monkeypatch: Any
) -> None:
    """The twin of a press that has just succeeded, in a browser that still shows the form."""
    fill_in(client)
    before = dict(client.session.items())
    send(client)
    none_left = Limit("send", 0, timedelta(hours=1))
    monkeypatch.setattr(limits, "SEND_FROM_ONE_PLACE", none_left)
    session = client.session
    session.update({"unsent": before["unsent"], "sent_key": ""})
    session.save()
    assert send(client).headers["Location"] == f"{BASE}sent/"
    assert AppointmentRequest.objects.count() == 1


def test_the_page_of_an_older_tab_is_told_so_and_can_then_be_sent(client: Client) -> None:
    fill_in(client)
    older = key(client)
    fill_in(client)
    content = client.post(f"{BASE}check/", {"key": older}).content.decode()
    assert "This page has expired." in content
    assert key(client) in content
    assert send(client).headers["Location"] == f"{BASE}sent/"


def test_the_extension_of_a_phone_is_kept(client: Client) -> None:
    fill_in(client, you={"phone": "020 7946 0958 ext 12"})
    send(client)
    assert AppointmentRequest.objects.get().phone.extension == "12"


# --- Access, and asking for someone else ----------------------------------------------------


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"carer_name": "Kim"}, "Choose why you are asking for them."),
        (
            {"carer_right": "parent"},
            "Enter your own name, because the appointment is for someone else.",
        ),
        ({"carer_name": "Kim", "carer_right": "king"}, "Choose an answer from the list."),
        ({"access_needs": ["sofa"]}, "Choose from the list."),
        ({"access_detail": "x" * 201}, "Shorten this to 200 characters"),
    ],
)
def test_a_half_said_right_or_need_is_asked_for(changes: dict[str, Any], sentence: str) -> None:
    values = {
        "name": "Pat Sample",
        "date_of_birth_day": "31",
        "date_of_birth_month": "1",
        "date_of_birth_year": "1970",
        "email": "pat@example.org",
    }
    form = YouForm(values | changes)
    assert not form.is_valid()
    assert sentence in str(form.errors)
    assert YouForm(values).is_valid()


def test_needs_and_carer_are_seen_before_sending_and_at_every_step(
    client: Client, sign_in: Any, monday: datetime
) -> None:
    request = factories.received(
        now=monday,
        access_needs=["interpreter", "longer"],
        access_detail="Polish",
        carer_name="Kim Sample",
        carer_right="agreed",
    )
    assert request.needs() == ["An interpreter", "More time than usual", "Polish"]
    desk = sign_in("Reception")
    page = f"/admin/bookings/appointmentrequest/{request.pk}"
    content = desk.get(f"{page}/change/").content.decode()
    assert "Kim Sample: They have asked me to" in content
    for need in request.needs():
        assert need in content
        assert need in desk.get(f"{page}/decide/review/").content.decode()
