"""What a patient typed is not lost through the menu, the hour, or a colleague's small change."""

from datetime import datetime, timedelta
from typing import Any

import pytest
from django.contrib.sessions.models import Session
from django.test import Client

from bookings import triage
from bookings.models import AppointmentRequest
from bookings.status import Answer, RequestStatus
from tests import factories
from tests.people import ABOUT, BASE, TIMES, YOU, behind_link, fill_in, identified, key, send

pytestmark = pytest.mark.django_db
HOUR = timedelta(hours=1)


# --- The form -----------------------------------------------------------------------------------


def test_the_menu_does_not_wipe_what_was_filled_in(client: Client) -> None:
    client.post(BASE, {"about": ""})
    client.post(f"{BASE}about/", ABOUT)
    begun = key(client)
    asked = client.get(BASE).content.decode()
    assert "You have started a request and not sent it yet." in asked
    assert f'href="{BASE}you/">Continue your request' in asked
    again = client.post(BASE, {"about": ""})
    assert (again.status_code, key(client)) == (200, begun)
    assert "at night" in client.get(f"{BASE}about/").content.decode()


def test_whoever_says_so_starts_again(client: Client) -> None:
    client.post(BASE, {"about": ""})
    client.post(f"{BASE}about/", ABOUT)
    begun = key(client)
    assert client.post(BASE, {"about": "", "again": "yes"}).status_code == 302
    assert key(client) != begun
    assert "at night" not in client.get(f"{BASE}about/").content.decode()


def test_an_empty_form_is_begun_anew_without_a_question(client: Client) -> None:
    client.post(BASE, {"about": ""})
    assert "You have started a request" not in client.get(BASE).content.decode()
    assert client.post(BASE, {"about": ""}).status_code == 302


def test_the_hour_is_said_and_begins_anew_with_each_step(
    client: Client, monday: datetime, at: Any
) -> None:
    assert "we keep your answers for one hour" in client.get(BASE).content.decode()
    client.post(BASE, {"about": ""})
    at(monday + timedelta(minutes=50))
    client.post(f"{BASE}about/", ABOUT)
    at(monday + timedelta(minutes=100))
    assert client.post(f"{BASE}you/", YOU).headers["Location"] == f"{BASE}safety/"


def test_the_step_that_came_too_late_is_kept(client: Client, monday: datetime, at: Any) -> None:
    client.post(BASE, {"about": ""})
    client.post(f"{BASE}about/", ABOUT)
    at(monday + HOUR + timedelta(minutes=1))
    late = client.post(f"{BASE}you/", YOU)
    assert late.headers["Location"] == BASE
    assert "We have kept what you have just typed." in client.get(BASE).content.decode()
    assert client.post(BASE, {"about": ""}).headers["Location"] == f"{BASE}about/"
    assert "at night" not in client.get(f"{BASE}about/").content.decode()
    assert client.post(f"{BASE}about/", ABOUT).headers["Location"] == f"{BASE}safety/"
    assert 'value="Pat Sample"' in client.get(f"{BASE}you/").content.decode()


# --- Behind the private link --------------------------------------------------------------------


def question_asked(now: datetime) -> AppointmentRequest:
    return factories.request_at(RequestStatus.QUESTION_ASKED, now=now)


def open_question(request: AppointmentRequest) -> int:
    return request.questions.get(answered_at=None).pk


def test_an_answer_from_an_older_screen_is_taken_while_its_question_is_open(
    client: Client, monday: datetime
) -> None:
    request = question_asked(monday)
    url = identified(client, request)
    posted = {"version": request.version, "question": open_question(request), "text": "The left."}
    triage.change_contact(
        request,
        version=request.version,
        email=request.email,
        phone="020 7946 0111",
        by=factories.staff("Reception"),
        now=monday,
    )
    client.post(f"{url}answer/", posted)
    assert request.questions.get().answer == "The left."


def test_an_answer_to_another_question_is_given_back(client: Client, monday: datetime) -> None:
    request = question_asked(monday)
    url = identified(client, request)
    posted = {"version": request.version, "question": open_question(request), "text": "The left."}
    by = factories.staff("Reception")
    triage.answer_question(request, version=request.version, text="Both.", now=monday)
    triage.ask(request, version=request.version, text="Since when?", by=by, now=monday)
    content = client.post(f"{url}answer/", posted, follow=True).content.decode()
    assert "Something has changed since you opened the page" in content
    assert ("Since when?" in content, "The left." in content) == (True, True)
    assert request.questions.get(answered_at=None).answer == ""
    assert "The left." in client.get(url).content.decode()
    again = {"version": request.version, "question": open_question(request), "text": "The right."}
    request.refresh_from_db()
    client.post(f"{url}answer/", again | {"version": request.version})
    assert request.questions.order_by("-pk")[0].answer == "The right."
    assert "The left." not in client.get(url).content.decode()


def test_an_answer_that_nobody_waits_for_is_shown_as_not_sent(
    client: Client, monday: datetime
) -> None:
    request = question_asked(monday)
    url = identified(client, request)
    posted = {"version": request.version, "question": open_question(request), "text": "The left."}
    triage.answer_question(request, version=request.version, text="Both.", now=monday)
    content = client.post(f"{url}answer/", posted, follow=True).content.decode()
    assert "What you wrote was not sent." in content
    assert "The left." in content


def test_an_answer_that_was_posted_after_the_hour_is_given_back(
    client: Client, monday: datetime, at: Any
) -> None:
    request = question_asked(monday)
    url = identified(client, request)
    posted = {"version": request.version, "question": open_question(request), "text": "The left."}
    at(monday + HOUR + timedelta(minutes=1))
    assert client.post(f"{url}answer/", posted).status_code == 404
    assert "The left." not in client.get(behind_link(client, request)).content.decode()
    assert "The left." in client.get(identified(client, request)).content.decode()


@pytest.mark.parametrize(
    ("page", "field", "status"),
    [
        ("move", "wishes", RequestStatus.BOOKED),
        ("cancel", "reason", RequestStatus.BOOKED),
        ("other-times", "wishes", RequestStatus.BOOKED_OFFERED),
    ],
)
@pytest.mark.parametrize("how", ["stale", "late"])
def test_wishes_and_reasons_are_given_back(
    page: str,
    field: str,
    status: RequestStatus,
    how: str,
    client: Client,
    monday: datetime,
    at: Any,
) -> None:
    request = factories.request_at(status, now=monday)
    AppointmentRequest.objects.update(version=request.version)
    appointment = triage.booked_appointment(request)
    assert appointment
    appointment.starts += timedelta(days=10)
    appointment.ends += timedelta(days=10)
    appointment.save()
    url = identified(client, request)
    posted = {"version": request.version, field: "Only on Fridays."}
    if how == "stale":
        posted["version"] = request.version - 1
        content = client.post(f"{url}{page}/", posted, follow=True).content.decode()
        assert "Something has changed since you opened the page" in content
    else:
        at(monday + HOUR + timedelta(minutes=1))
        assert client.post(f"{url}{page}/", posted).status_code == 404
        identified(client, request)
        content = client.get(f"{url}{page}/").content.decode()
    assert "Only on Fridays." in content
    assert f'name="version" value="{request.version}"' in content
    assert "Only on Fridays." in client.get(f"{url}{page}/").content.decode()


def test_answers_to_the_safety_questions_are_given_back(
    client: Client, monday: datetime, at: Any
) -> None:
    question = factories.question("infection", asked_again=True)
    request = factories.request_at(RequestStatus.BOOKED, now=monday)
    url = identified(client, request)
    stale = {"version": request.version - 1, f"answer_{question.pk}": Answer.UNSURE}
    stale[f"detail_{question.pk}"] = "A boil, perhaps"
    content = client.post(f"{url}safety/", stale, follow=True).content.decode()
    assert "A boil, perhaps" in content
    assert f'value="unsure" id="id_answer_{question.pk}_1" checked' in content
    assert not request.answers.exists()


def test_contact_details_are_given_back(client: Client, monday: datetime) -> None:
    request = factories.received(now=monday)
    url = identified(client, request)
    posted = {"version": request.version + 5, "email": "new@example.org", "phone": ""}
    content = client.post(f"{url}contact/", posted, follow=True).content.decode()
    assert 'value="new@example.org"' in content
    request.refresh_from_db()
    assert request.email == "pat@example.org"


def answered_with_a_time(
    client: Client, now: datetime, said: str
) -> tuple[Any, str, dict[str, Any]]:
    """A patient who answers a question and takes a time: the request, its address, the press."""
    question = factories.question("infection", asked_again=True)
    request = factories.request_at(RequestStatus.OFFERED, now=now)
    url = identified(client, request)
    chosen = request.offers.get().times.all()[0]
    posted = {"version": request.version, "time": chosen.pk, "answered": "yes"}
    return request, url, posted | {f"answer_{question.pk}": said, f"detail_{question.pk}": "A boil"}


@pytest.mark.parametrize("what", ["the offer ended", "the hour was over"])
def test_answers_given_with_a_time_are_given_back(
    what: str, client: Client, monday: datetime, at: Any
) -> None:
    request, url, posted = answered_with_a_time(client, monday, Answer.UNSURE)
    if what == "the offer ended":
        by = factories.staff("Reception")
        triage.take_offer_back(request, version=request.version, by=by, now=monday)
        assert client.post(f"{url}choose/", posted).headers["Location"] == f"{url}safety/"
        factories.offer(request, now=monday)
    else:
        at(monday + HOUR + timedelta(minutes=1))
        assert client.post(f"{url}choose/", posted).status_code == 404
        identified(client, request)
    chosen = request.offers.order_by("-pk")[0].times.all()[0]
    again = {"version": request.version, "time": chosen.pk}
    assert "A boil" in client.post(f"{url}choose/", again).content.decode()


def test_a_second_press_with_the_old_cookie_leads_to_the_receipt(client: Client) -> None:
    """On a slow line the second press is sent before the response to the first arrives."""
    fill_in(client)
    before, pressed = client.cookies["sessionid"].value, {"key": key(client)}
    assert send(client).status_code == 302
    other = Client()
    other.cookies["sessionid"] = before
    assert other.post(f"{BASE}check/", pressed).headers["Location"] == f"{BASE}sent/"
    assert AppointmentRequest.objects.get().reference in other.get(f"{BASE}sent/").content.decode()


def test_the_end_of_a_long_text_is_kept(client: Client) -> None:
    client.post(BASE, {"about": ""})
    text = "\r\n".join(["a" * 98] * 10)
    client.post(f"{BASE}about/", ABOUT | {"concern": f"{text}END"})
    assert "END" in client.get(f"{BASE}about/").content.decode()


def test_a_link_is_closed_after_its_hour_though_a_request_is_kept_for_longer(
    client: Client, monday: datetime, at: Any
) -> None:
    url = behind_link(client, factories.received(now=monday))
    session = client.session
    session["unsent"] = {"until": (monday + timedelta(hours=20)).timestamp()}
    session.set_expiry(20 * 3600)
    session.save()
    at(monday + HOUR + timedelta(minutes=1))
    assert client.get(url).status_code == 404
    assert "until" in client.session["unsent"]


def test_nothing_much_can_be_kept_without_a_link(client: Client, monday: datetime) -> None:
    request = factories.received(now=monday)
    url = f"/appointments/mine/{request.reference}/answer/"
    assert client.post(url, {"text": "x" * 20_000}).status_code == 404
    assert not Session.objects.exists()


# --- A computer that others use -------------------------------------------------------------------


def test_beginning_anew_ends_what_was_open(client: Client) -> None:
    fill_in(client)
    send(client)
    request = AppointmentRequest.objects.get()
    client.post(BASE, {"about": ""})
    assert client.get(f"{BASE}sent/").status_code == 302
    assert client.get(f"/appointments/mine/{request.reference}/").status_code == 404


FINISHED = "/appointments/finished/"


def test_whoever_has_finished_leaves_nothing_behind(client: Client) -> None:
    fill_in(client)
    send(client)
    request = AppointmentRequest.objects.get()
    mine = f"/appointments/mine/{request.reference}/"
    for url in (f"{BASE}sent/", mine):
        assert "I have finished on this device" in client.get(url).content.decode()
    assert client.get(FINISHED).status_code == 200
    assert client.get(mine).status_code == 200
    done = client.post(FINISHED)
    assert "You have finished on this device" in done.content.decode()
    assert done.headers["Clear-Site-Data"] == '"cache", "cookies", "storage"'
    assert not Session.objects.exists()
    assert (client.get(f"{BASE}sent/").status_code, client.get(mine).status_code) == (302, 404)


def test_a_colleague_who_tried_the_form_stays_signed_in(client: Client, sign_in: Any) -> None:
    sign_in("Reception")
    fill_in(client)
    send(client)
    done = client.post(FINISHED)
    assert "Clear-Site-Data" not in done.headers
    assert client.get(f"{BASE}sent/").status_code == 302
    assert client.get("/admin/").status_code == 200


def test_the_session_has_a_new_name_at_each_step_up(
    client: Client, monday: datetime, at: Any
) -> None:
    """Somebody who copied the cookie before sees nothing that came after."""
    names = []

    def name() -> str:
        return str(client.session.session_key)

    client.post(BASE, {"about": ""})
    names.append(name())
    for step, values in (("about", ABOUT), ("you", YOU), ("safety", {}), ("times", TIMES)):
        client.post(f"{BASE}{step}/", values)
    at(monday + timedelta(minutes=5))
    send(client)
    names.append(name())
    request = AppointmentRequest.objects.get()
    identified(client, request)
    names.append(name())
    client.post(BASE, {"about": ""})
    names.append(name())
    assert len(set(names)) == len(names)
    old = Client()
    for each in names[:-1]:
        old.cookies["sessionid"] = each
        assert old.get(f"/appointments/mine/{request.reference}/").status_code == 404
