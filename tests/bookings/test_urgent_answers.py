"""An answer that cannot wait for us is dealt with straight away, and never shown to others."""

from datetime import datetime, timedelta
from typing import Any

import pytest
from django.core import mail
from django.test import Client
from django.utils import timezone

from bookings import messages, triage
from bookings.desk.to_phone import BY_PHONE, URGENT, patients_to_phone
from bookings.models import AppointmentRequest, PhoneCall, ScreeningQuestion
from bookings.screening import TALK_FIRST, GivenAnswer
from bookings.status import Answer, FlagOutcome, RequestStatus, TriageRefused
from bookings.triage.reviewing import DAYS_TO_ANSWER_A_QUESTION
from tests import factories
from tests.bookings.test_asked_again import LATER
from tests.people import (
    ABOUT,
    BASE,
    TIMES,
    YOU,
    begun_a_minute_ago,
    behind_link,
    decide_at,
    identified,
    page_of,
    rest,
    send,
)

pytestmark = pytest.mark.django_db

HELP = "Call 111 today. Do not wait for us."
WORDING = "Do you have a high temperature?"


@pytest.fixture
def fever(monday: datetime) -> ScreeningQuestion:
    return factories.urgent_question()


def posted(question: ScreeningQuestion, said: str) -> dict[str, str]:
    """What the browser sends about the only question of its group."""
    if said == Answer.NO:
        return rest(question)
    return {f"answer_{question.pk}": said}


def answer(client: Client, question: ScreeningQuestion, said: str) -> Any:
    return client.post(f"{BASE}safety/", posted(question, said))


def come_to_the_questions(client: Client) -> None:
    client.post(BASE, {"about": ""})
    client.post(f"{BASE}about/", ABOUT)
    client.post(f"{BASE}you/", YOU)
    begun_a_minute_ago(client)


# --- In the form --------------------------------------------------------------------------------


@pytest.mark.parametrize("said", [Answer.YES, Answer.UNSURE, Answer.PHONE])
def test_it_is_met_before_anything_else(
    said: str, client: Client, fever: ScreeningQuestion
) -> None:
    come_to_the_questions(client)
    assert answer(client, fever, said).headers["Location"] == f"{BASE}urgent/"
    page = client.get(f"{BASE}urgent/").content.decode()
    for told in (HELP, WORDING, "tel:111", "18001 111", "https://111.nhs.uk/", "Call 999 or go to"):
        assert told in page
    for ahead in ("times", "check"):
        assert client.get(f"{BASE}{ahead}/").headers["Location"] == f"{BASE}urgent/"
    assert client.post(f"{BASE}times/", TIMES).headers["Location"] == f"{BASE}urgent/"
    assert client.get(f"{BASE}safety/").status_code == 200
    assert client.post(f"{BASE}urgent/").headers["Location"] == f"{BASE}times/"
    assert client.get(f"{BASE}times/").status_code == 200


def test_a_no_goes_straight_on(client: Client, fever: ScreeningQuestion) -> None:
    come_to_the_questions(client)
    assert answer(client, fever, Answer.NO).headers["Location"] == f"{BASE}times/"
    assert client.get(f"{BASE}urgent/").headers["Location"] == f"{BASE}times/"


def test_opening_the_page_is_not_reading_it(client: Client, fever: ScreeningQuestion) -> None:
    come_to_the_questions(client)
    answer(client, fever, Answer.YES)
    client.get(f"{BASE}urgent/")
    assert client.get(f"{BASE}times/").headers["Location"] == f"{BASE}urgent/"


def test_another_urgent_answer_is_met_again(client: Client, fever: ScreeningQuestion) -> None:
    come_to_the_questions(client)
    answer(client, fever, Answer.UNSURE)
    client.post(f"{BASE}urgent/")
    assert answer(client, fever, Answer.UNSURE).headers["Location"] == f"{BASE}times/"
    assert answer(client, fever, Answer.YES).headers["Location"] == f"{BASE}urgent/"
    assert answer(client, fever, Answer.NO).headers["Location"] == f"{BASE}times/"


def test_without_a_form_there_is_nothing_to_read(client: Client) -> None:
    assert client.get(f"{BASE}urgent/").headers["Location"] == BASE


def test_the_receipt_says_it_again_and_no_message_does(
    client: Client, fever: ScreeningQuestion
) -> None:
    come_to_the_questions(client)
    answer(client, fever, Answer.YES)
    client.post(f"{BASE}urgent/")
    client.post(f"{BASE}times/", TIMES)
    sent = send(client)
    assert sent.headers["Location"] == f"{BASE}sent/"
    receipt = client.get(f"{BASE}sent/").content.decode()
    assert HELP in receipt
    assert WORDING in receipt
    messages.send_due()
    assert len(mail.outbox) == 2
    for letter in mail.outbox:
        for told in (HELP, WORDING, "temperature", fever.why):
            assert told not in str(letter.message())


def test_the_receipt_of_anybody_else_says_when_to_call(
    client: Client, fever: ScreeningQuestion
) -> None:
    come_to_the_questions(client)
    answer(client, fever, Answer.NO)
    client.post(f"{BASE}times/", TIMES)
    send(client)
    receipt = client.get(f"{BASE}sent/").content.decode()
    assert HELP not in receipt
    assert "Ask for an urgent GP appointment or call 111 if:" in receipt


# --- Behind the private link --------------------------------------------------------------------


def test_it_is_said_behind_the_date_of_birth_until_a_clinician_has_looked(
    client: Client, fever: ScreeningQuestion, monday: datetime
) -> None:
    request = factories.received(urgent=True, now=monday)
    url = behind_link(client, request)
    assert HELP not in client.get(url).content.decode()
    assert client.get(f"{url}urgent/").headers["Location"] == f"{url}identify/"
    identified(client, request)
    assert HELP in client.get(url).content.decode()
    factories.clear(request, FlagOutcome.PROCEED, now=monday)
    assert HELP not in client.get(url).content.decode()


@pytest.fixture
def coming(fever: ScreeningQuestion, monday: datetime, at: Any) -> AppointmentRequest:
    """A patient whose appointment is soon, and whose hot flushes a clinician has cleared."""
    request = factories.received(urgent=True, now=monday)
    factories.clear(request, FlagOutcome.PROCEED, now=monday)
    triage.book(
        request,
        version=request.version,
        appointment_type=factories.appointment_type(),
        clinician=factories.clinician(),
        starts=monday + LATER + timedelta(days=2),
        by=factories.staff("Reception"),
        now=monday,
    )
    at(monday + LATER + timedelta(hours=1))
    return request


@pytest.mark.parametrize("said", [Answer.YES, Answer.UNSURE, Answer.PHONE])
def test_asked_again_before_the_visit_it_is_met_again(
    said: str, client: Client, coming: AppointmentRequest, fever: ScreeningQuestion
) -> None:
    url = identified(client, coming)
    after = client.post(f"{url}safety/", {"version": coming.version} | posted(fever, said))
    assert after.headers["Location"] == f"{url}urgent/"
    page = client.get(f"{url}urgent/").content.decode()
    assert (HELP in page, f'href="{url}"' in page) == (True, True)
    coming.refresh_from_db()
    assert coming.status == RequestStatus.BOOKED_IN_REVIEW
    whys = f"{URGENT} {BY_PHONE}" if said == Answer.PHONE else URGENT
    assert [each.why for each in patients_to_phone(timezone.now())] == [whys]


def test_an_urgent_answer_that_came_too_late_is_met_all_the_same(
    client: Client, coming: AppointmentRequest, fever: ScreeningQuestion, monday: datetime
) -> None:
    url = identified(client, coming)
    by = factories.staff("Reception")
    now = timezone.now()
    triage.cancel(coming, version=coming.version, reason="Ill.", by=by, now=now)
    press = {"version": coming.version} | posted(fever, Answer.YES)
    page = client.post(f"{url}safety/", press).content.decode()
    assert HELP in page
    assert "Your answers were not saved" in page


def test_asked_again_a_no_leads_back(
    client: Client, coming: AppointmentRequest, fever: ScreeningQuestion
) -> None:
    url = identified(client, coming)
    press = {"version": coming.version} | posted(fever, Answer.NO)
    assert client.post(f"{url}safety/", press).headers["Location"] == url
    assert client.get(f"{url}urgent/").headers["Location"] == url


def test_with_a_time_that_is_gone_it_is_met_all_the_same(
    client: Client, fever: ScreeningQuestion, monday: datetime
) -> None:
    request = factories.request_at(RequestStatus.OFFERED, now=monday)
    url = identified(client, request)
    chosen = request.offers.get().times.all()[0]
    by = factories.staff("Reception")
    triage.take_offer_back(request, version=request.version, by=by, now=monday)
    press = {"version": request.version, "time": chosen.pk, "answered": "yes"}
    page = client.post(f"{url}choose/", press | posted(fever, Answer.YES)).content.decode()
    assert HELP in page


def test_asked_with_a_time_it_is_met_again(
    client: Client, fever: ScreeningQuestion, monday: datetime, at: Any
) -> None:
    request = factories.received(now=monday)
    by = factories.staff("Reception")
    triage.start_review(request, version=request.version, by=by, now=monday)
    offer = factories.offer(request, [monday + timedelta(days=5)], now=monday)
    url = identified(client, request)
    press = {"version": request.version, "time": offer.times.get().pk, "answered": "yes"}
    after = client.post(f"{url}choose/", press | posted(fever, Answer.YES))
    assert after.headers["Location"] == f"{url}urgent/"
    request.refresh_from_db()
    assert request.status == RequestStatus.IN_REVIEW
    assert HELP in client.get(url).content.decode()


# --- At the desk --------------------------------------------------------------------------------


def test_reception_is_to_phone_until_they_were_reached(
    fever: ScreeningQuestion, monday: datetime
) -> None:
    request = factories.received(urgent=True, now=monday)
    assert [(each.request, each.why) for each in patients_to_phone(monday)] == [(request, URGENT)]
    call = {"made_by": factories.staff("Reception"), "made_at": monday}
    PhoneCall.objects.create(request=request, reached=False, **call)
    assert [each.calls.in_vain for each in patients_to_phone(monday)] == [1]
    PhoneCall.objects.create(request=request, reached=True, **call)
    assert patients_to_phone(monday) == []


def test_nobody_phones_about_what_a_clinician_has_seen_or_the_patient_withdrew(
    fever: ScreeningQuestion, monday: datetime
) -> None:
    seen = factories.received(urgent=True, now=monday)
    factories.clear(seen, FlagOutcome.PROCEED, now=monday)
    withdrawn = factories.received(urgent=True, now=monday)
    triage.withdraw(withdrawn, version=withdrawn.version, now=monday)
    assert patients_to_phone(monday) == []


@pytest.mark.parametrize("slug", ["decline", "withdraw", "cancel"])
def test_no_colleague_ends_a_request_before_somebody_has_talked_about_what_cannot_wait(
    slug: str, fever: ScreeningQuestion, monday: datetime, sign_in: Any
) -> None:
    desk = sign_in("Reception")
    if slug == "cancel":
        request = factories.request_at(RequestStatus.BOOKED, now=monday)
        urgent = [GivenAnswer(fever, Answer.YES, "")]
        triage.answer_again(request, version=request.version, answers=urgent, now=monday)
    else:
        request = factories.received(urgent=True, now=monday)
    asked = desk.get(decide_at(request, slug), follow=True)
    assert asked.redirect_chain == [(page_of(request), 302)]
    assert TALK_FIRST in asked.content.decode()
    assert decide_at(request, slug) not in asked.content.decode()
    posted = {
        "version": request.version,
        "reason": "They are in hospital.",
        "cancelled_by": "clinic",
    }
    refused = desk.post(decide_at(request, slug), posted).content.decode()
    assert TALK_FIRST in refused
    assert ("They are in hospital." in refused) == (slug != "withdraw")
    assert [each.request for each in patients_to_phone(monday)] == [request]
    by = factories.staff("Reception")
    triage.record_call(request, reached=True, note="", by=by, now=monday)
    request.refresh_from_db()
    assert decide_at(request, slug) in desk.get(page_of(request)).content.decode()
    assert (
        desk.post(decide_at(request, slug), posted | {"version": request.version}).status_code
        == 302
    )
    request.refresh_from_db()
    assert request.ended_by == "reception"


def test_nobody_has_missed_a_visit_until_somebody_has_talked_about_what_cannot_wait(
    fever: ScreeningQuestion, monday: datetime, at: Any, sign_in: Any
) -> None:
    request = factories.request_at(RequestStatus.BOOKED, now=monday)
    urgent = [GivenAnswer(fever, Answer.YES, "")]
    triage.answer_again(request, version=request.version, answers=urgent, now=monday)
    begun = request.appointments.get().starts + timedelta(minutes=10)
    at(begun)
    desk, missed = sign_in("Reception"), decide_at(request, "missed")
    assert missed not in desk.get(page_of(request)).content.decode()
    refused = desk.post(missed, {"version": request.version}, follow=True).content.decode()
    assert TALK_FIRST in refused
    assert [each.request for each in patients_to_phone(begun)] == [request]
    by = factories.staff("Reception")
    with pytest.raises(TriageRefused, match=TALK_FIRST):
        triage.record_attendance(request, version=request.version, came=False, by=by, now=begun)
    triage.record_call(request, reached=True, note="", by=by, now=begun)
    request.refresh_from_db()
    assert missed in desk.get(page_of(request)).content.decode()
    desk.post(missed, {"version": request.version})
    request.refresh_from_db()
    assert request.status == RequestStatus.CLOSED


def test_whoever_did_not_reply_in_time_is_still_to_be_phoned(
    fever: ScreeningQuestion, monday: datetime, sign_in: Any
) -> None:
    request, by = factories.received(urgent=True, now=monday), factories.staff("Reception")
    triage.ask(request, version=request.version, text="Since when?", by=by, now=monday)
    later = monday + timedelta(days=DAYS_TO_ANSWER_A_QUESTION, minutes=1)
    for _ in range(2):  # before the clock has written it, and after
        assert [each.request for each in patients_to_phone(later)] == [request]
        triage.catch_up(later)
    request.refresh_from_db()
    assert request.status == RequestStatus.LAPSED
    triage.record_call(request, reached=True, note="", by=by, now=later)
    assert patients_to_phone(later) == []


def test_the_screen_of_the_request_says_what_they_were_told(
    fever: ScreeningQuestion, monday: datetime, sign_in: Any
) -> None:
    request = factories.received(urgent=True, now=monday)
    url = f"/admin/bookings/appointmentrequest/{request.pk}/change/"
    content = sign_in("Reception").get(url).content.decode()
    assert "■ Urgent" in content
    assert "We told them straight away to call 111." in content
    assert URGENT in content
