"""A colleague asks the safety questions about a request that we have, and notes the answers."""

import re
from collections.abc import Callable
from datetime import date, datetime, timedelta
from typing import Any

import pytest
from django.test import Client

from bookings import triage
from bookings.forms.safety_questions import OTHERS, rest_value
from bookings.models import AppointmentRequest, RedFlag, ScreeningQuestion
from bookings.screening import GivenAnswer
from bookings.status import (
    ENDED,
    PATIENT,
    Answer,
    FlagOutcome,
    OfferStatus,
    Overtaken,
    RequestStatus,
    TriageRefused,
)
from bookings.status.events import Event
from bookings.triage.safety import keep_answers
from tests import factories
from tests.people import LIST, booked, decide_at, identified, page_of

pytestmark = pytest.mark.django_db
SignIn = Callable[[Any], Client]
NO, YES = Answer.NO, Answer.YES
HELP = "Tell the caller to call 111 today, and not to wait for us."


def posted(request: AppointmentRequest, *asked: ScreeningQuestion, **said: str) -> dict[str, Any]:
    """What the browser sends, with the one tick about every question without a tick of its own."""
    no_to_all = rest_value(OTHERS, asked)
    return {"version": request.version, "no_to_all": no_to_all} | said


def answered(request: AppointmentRequest, now: datetime, *given: GivenAnswer) -> AppointmentRequest:
    """The request with the patient's answers of that time, none of which is new to a clinician."""
    flagged = [each for each in given if each.is_flagged]
    keep_answers(request, given, flagged, by=PATIENT, now=now)
    for flag in request.flags.all():
        flag.outcome, flag.reason = FlagOutcome.PROCEED, "A cold, over."
        flag.resolved_at, flag.resolved_by = now, factories.staff("Clinician")
        flag.save()
    return request


@pytest.fixture
def questions(monday: datetime) -> list[ScreeningQuestion]:
    """One whose answer ages, one that was revised since, and one whose answer is still good."""
    infection = factories.question("infection", wording="Any infection?", asked_again=True)
    revised = factories.question("metal", wording="Any metal in your body?")
    return [infection, revised, factories.question("allergy", wording="Any allergy?")]


def test_what_is_missing_or_old_is_asked_in_the_call(
    sign_in: SignIn, client: Client, questions: list[ScreeningQuestion], monday: datetime
) -> None:
    infection, revised, allergy = questions
    before = [GivenAnswer(infection, NO, ""), GivenAnswer(allergy, YES, "Nuts, a secret")]
    request = answered(booked(monday), monday - timedelta(days=8), *before)
    factories.clinic(reception_reads_answers=False)
    reception = sign_in("Reception")
    shown = reception.get(page_of(request)).content.decode()
    assert "2 questions without an answer, or with an old one" in " ".join(shown.split())

    url = decide_at(request, "safety")
    page = reception.get(url).content.decode()
    assert [each.wording in page for each in questions] == [True, True, False]
    assert "a secret" not in page
    assert all(
        each.wording in reception.get(f"{url}?ask=every").content.decode() for each in questions
    )
    missing = reception.post(url, {"version": request.version}).content.decode()
    assert "Your health: tick what applies" in missing

    said = reception.post(url, posted(request, infection, revised), follow=True).content.decode()
    assert "Answers noted." in said
    assert "without an answer" not in said
    rows = request.answers.order_by("pk").values_list("question", "answer", "given_by")
    assert list(rows) == [
        (infection.pk, NO, PATIENT),
        (allergy.pk, YES, PATIENT),
        (infection.pk, NO, "reception"),
        (revised.pk, NO, "reception"),
    ]
    kinds = list(request.events.values_list("kind", "by"))
    assert (Event.ANSWERS_NOTED, "reception") in kinds
    url = identified(client, request)
    assert "We noted your new answers." in client.get(url).content.decode()
    assert client.get(f"{url}safety/").status_code == 302


def test_a_question_counts_by_its_newest_answer_and_shows_another_one_before(
    sign_in: SignIn, questions: list[ScreeningQuestion], monday: datetime
) -> None:
    infection, metal, allergy = questions
    at, day = monday - timedelta(days=3), timedelta(days=1)
    request = answered(booked(monday), at, *(GivenAnswer(each, NO, "") for each in questions))
    keep_answers(request, [GivenAnswer(infection, NO, "")], [], by=PATIENT, now=at + day)
    keep_answers(request, [GivenAnswer(allergy, YES, "Nuts.")], [], by=PATIENT, now=at + day)
    keep_answers(request, [GivenAnswer(metal, YES, "A screw.")], [], by=PATIENT, now=at + day)
    keep_answers(request, [GivenAnswer(metal, NO, "")], [], by=PATIENT, now=at + 2 * day)
    page = sign_in("Clinician").get(page_of(request)).content.decode()
    safety = " ".join(re.sub("<[^>]+>", " ", page[page.index('id="safety"') :]).split())
    assert "“No” to 1 question" in safety
    assert "No 22 Nov Before, on 21 Nov: Yes: A screw. Ask again" in safety
    assert "Yes: Nuts. 21 Nov Before, on 20 Nov: No Ask again" in safety


def test_every_list_of_the_day_says_that_a_flag_is_open(
    sign_in: SignIn, questions: list[ScreeningQuestion], monday: datetime, at: Any
) -> None:
    request = booked(monday)
    visit = request.appointments.select_related("clinician__login").get()
    at(visit.starts - timedelta(hours=1))
    day = f"{LIST}diary/day/?day={visit.starts:%Y-%m-%d}"
    pages = [
        ("Reception", "/admin/", "▲ Flag not decided yet: tell the clinician"),
        (visit.clinician.login, "/admin/", "▲ Flag not decided yet</strong>"),
        ("Reception", day, "▲ flag not decided"),
        ("Reception", f"{day}&appointment={visit.pk}", "▲ Not decided yet"),
        ("Reception", day.replace("/day/", "/list/"), "▲ Flag not decided yet"),
    ]
    for who, page, said in pages:
        assert said not in sign_in(who).get(page).content.decode(), page
    fever = GivenAnswer(questions[0], YES, "A fever.")
    keep_answers(request, [fever], [fever], by=PATIENT, now=monday + timedelta(days=1))
    for who, page, said in pages:
        assert said in sign_in(who).get(page).content.decode(), page


def test_a_flag_shows_what_they_said_before(
    sign_in: SignIn, questions: list[ScreeningQuestion], monday: datetime
) -> None:
    infection = questions[0]
    at, day = monday - timedelta(days=3), timedelta(days=1)
    request = answered(booked(monday), at, GivenAnswer(infection, NO, ""))
    fever = GivenAnswer(infection, YES, "A fever.")
    keep_answers(request, [fever], [fever], by=PATIENT, now=at + day)
    page = sign_in("Clinician").get(page_of(request)).content.decode()
    flag = " ".join(re.sub("<[^>]+>", " ", page[page.index('id="safety"') :]).split())
    assert "Yes. A fever. Before, on 20 Nov: No" in flag
    assert "“No” to" not in flag


def test_a_changed_answer_goes_to_a_clinician_and_the_old_one_stays(
    sign_in: SignIn, questions: list[ScreeningQuestion], monday: datetime
) -> None:
    """What a clinician cleared before was another answer, whoever notes the new one."""
    infection = questions[0]
    request = answered(
        booked(monday), monday - timedelta(hours=1), GivenAnswer(infection, YES, "a cold")
    )
    url = f"{decide_at(request, 'safety')}?ask={infection.pk}"
    reception = sign_in("Reception")
    assert url in reception.get(page_of(request)).content.decode()
    assert "Any allergy?" not in reception.get(url).content.decode()

    again = {f"answer_{infection.pk}": YES, f"detail_{infection.pk}": "A cold"}
    reception.post(url, posted(request, infection, **again))
    request.refresh_from_db()
    assert (request.status, request.flags.count()) == (RequestStatus.BOOKED, 1)

    at_the_desk = monday + timedelta(seconds=1)
    triage.answer_again(
        request,
        version=request.version,
        answers=[GivenAnswer(infection, YES, "a boil")],
        by=factories.staff("Reception"),
        now=at_the_desk,
    )
    assert request.status == RequestStatus.BOOKED_IN_REVIEW
    details = request.answers.order_by("pk").values_list("detail", flat=True)
    assert list(details) == ["a cold", "A cold", "a boil"]
    assert RedFlag.objects.blocking().get(request=request).answer.detail == "a boil"
    told = reception.get(page_of(request)).content.decode()
    assert "noted the patient’s answer to look at" in told


def test_a_new_flag_leads_back_into_review_wherever_the_request_is(
    questions: list[ScreeningQuestion], monday: datetime
) -> None:
    given, by = [GivenAnswer(questions[0], YES, "")], factories.staff("Reception")
    leads_to: dict[str, str] = {}
    for status in RequestStatus:
        request = factories.request_at(status, now=monday)
        arguments: dict[str, Any] = {"version": request.version, "answers": given, "now": monday}
        try:
            triage.answer_again(request, **arguments, by=by)
        except Overtaken:
            leads_to[status] = "refused"
            assert not request.answers.exists()
        else:
            leads_to[status] = request.status
            assert not request.offers.filter(status=OfferStatus.OPEN).exists()
            with pytest.raises(TriageRefused):
                factories.offer(request, now=monday)
    assert leads_to == {
        **dict.fromkeys(ENDED, "refused"),
        RequestStatus.RECEIVED: RequestStatus.RECEIVED,
        RequestStatus.IN_REVIEW: RequestStatus.IN_REVIEW,
        RequestStatus.QUESTION_ASKED: RequestStatus.IN_REVIEW,
        RequestStatus.OFFERED: RequestStatus.IN_REVIEW,
        RequestStatus.DEFERRED: RequestStatus.IN_REVIEW,
        RequestStatus.BOOKED: RequestStatus.BOOKED_IN_REVIEW,
        RequestStatus.BOOKED_IN_REVIEW: RequestStatus.BOOKED_IN_REVIEW,
        RequestStatus.BOOKED_OFFERED: RequestStatus.BOOKED_IN_REVIEW,
    }


def test_an_urgent_answer_is_acted_on_even_if_a_colleague_was_faster(
    sign_in: SignIn, monday: datetime
) -> None:
    fever, request = factories.urgent_question(), booked(monday)
    reception, url = sign_in("Reception"), decide_at(request, "safety")
    press = posted(request, fever, **{f"answer_{fever.pk}": YES})
    other = factories.staff("Reception", "other")
    triage.join_earlier_list(request, version=request.version, by=other, now=monday)

    refused = reception.post(url, press).content.decode()
    assert HELP in refused
    assert "What you typed is still here. If it is still right, press again." in refused
    assert not request.answers.exists()

    press["version"] = str(request.version)
    page = reception.post(url, press, follow=True).content.decode()
    due = (
        "Tell the caller that they keep the appointment for now, and that they will hear from us by"
    )
    assert [said in page for said in (HELP, fever.wording, due)] == [True] * 3
    assert "A flag is open: a clinician must record its outcome" in page
    request.refresh_from_db()
    assert request.status == RequestStatus.BOOKED_IN_REVIEW


def test_once_the_visit_has_begun_it_is_for_the_clinician(
    questions: list[ScreeningQuestion], monday: datetime
) -> None:
    request = booked(monday)
    with pytest.raises(TriageRefused, match="Tell the clinician what the patient says"):
        triage.answer_again(
            request,
            version=request.version,
            answers=[GivenAnswer(questions[0], YES, "")],
            by=factories.staff("Reception"),
            now=request.appointments.get().starts,
        )


def test_a_question_that_was_revised_while_it_was_asked_is_asked_again(
    sign_in: SignIn, questions: list[ScreeningQuestion], monday: datetime
) -> None:
    request, asked = booked(monday), list(questions)
    press = posted(request, *asked)
    ScreeningQuestion.objects.filter(pk=asked[1].pk).update(
        retired_on=date(2026, 11, 23), retired_by="manager"
    )
    factories.question("metal-2", wording="Any metal, or a pacemaker?")
    page = sign_in("Reception").post(decide_at(request, "safety"), press).content.decode()
    assert "The safety questions have changed" in page
    assert not request.answers.exists()
