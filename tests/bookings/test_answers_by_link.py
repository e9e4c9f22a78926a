"""A caller cannot answer the safety questions, so the patient answers them by the private link."""

import re
from collections.abc import Callable
from datetime import datetime, timedelta
from functools import partial
from typing import Any

import pytest
from django.core import mail
from django.test import Client

from bookings import journal, messages, triage
from bookings.diary.desk_hours import answer_due
from bookings.messages import letters
from bookings.models import AppointmentRequest, Message, ScreeningQuestion
from bookings.screening import GivenAnswer, questions_to_ask_again
from bookings.status import (
    PATIENT,
    Answer,
    AnsweredFrom,
    FlagOutcome,
    MessageKind,
    Overtaken,
    RequestStatus,
    TriageRefused,
)
from bookings.status.events import Event
from procedures.ground import languages
from tests import factories
from tests.bookings.test_callers import errors, no_to_all, note, said
from tests.people import LIST, behind_link, decide_at, identified, page_of, rest

pytestmark = pytest.mark.django_db
SignIn = Callable[[Any], Client]
Verb = Callable[[AppointmentRequest, datetime], Any]
NOT_YET = "They have not answered the safety questions yet. Ask them on the phone, or wait."
BY_LINK = {"by_link": "on", "keep": "yes"}
BY_EMAIL = BY_LINK | {"email": "pat@example.org"}
LATER = timedelta(hours=3)


@pytest.fixture
def question(monday: datetime) -> ScreeningQuestion:
    return factories.question("metal", wording="Any metal in your body?")


@pytest.fixture
def awaited(question: ScreeningQuestion, monday: datetime) -> AppointmentRequest:
    """A request for which we wait for the answers."""
    return noted(monday)


def noted(now: datetime, **columns: Any) -> AppointmentRequest:
    return triage.submit(
        factories.submission(answers_by_link=True, **columns),
        key="k" * 43,
        by=factories.staff("Reception"),
        now=now,
    )


def answer(request: AppointmentRequest, now: datetime, *given: GivenAnswer) -> None:
    triage.answer_again(request, version=request.version, answers=given, now=now)


def words(page: Any) -> str:
    return " ".join(re.sub("<[^>]+>", " ", page.content.decode()).split())


# --- Noted in the call ------------------------------------------------------------------------


@pytest.mark.parametrize("pressed", [BY_EMAIL, {"by_link": "on", "email": "pat@example.org"}])
def test_whoever_cannot_answer_in_the_call_is_kept_without_answers(
    pressed: dict[str, str], question: ScreeningQuestion, sign_in: SignIn, monday: datetime
) -> None:
    client = sign_in("Reception")
    noted_page = note(client, **pressed)
    record = AppointmentRequest.objects.get()
    assert noted_page.headers["Location"] == page_of(record)
    assert (record.status, record.awaits_answers) == (RequestStatus.RECEIVED, True)
    assert not record.answers.exists()
    assert not record.appointments.exists()
    assert "we email the patient a private link" in said(client.get(page_of(record)))
    assert journal.chain_is_whole(record)


def test_without_the_tick_every_question_has_to_be_answered(
    question: ScreeningQuestion, sign_in: SignIn
) -> None:
    page = note(sign_in("Reception"), keep="yes", email="pat@example.org")
    assert errors(page) == ["Your health: tick what applies, or tick “No”."]
    assert not AppointmentRequest.objects.exists()


@pytest.mark.parametrize("which", ["answer", "rest", "no_to_all"])
def test_an_answer_that_was_noted_is_not_dropped(
    which: str, question: ScreeningQuestion, sign_in: SignIn
) -> None:
    answers: dict[str, dict[str, Any]] = {
        "answer": {f"answer_{question.pk}": Answer.YES},
        "rest": rest(question),
        "no_to_all": no_to_all(question),
    }
    page = note(sign_in("Reception"), **BY_EMAIL, **answers[which])
    (error,) = errors(page)
    assert error == (
        "You noted an answer, and ticked that they answer by their private link. Ask every question "
        "now, or remove the answers."
    )
    assert not AppointmentRequest.objects.exists()


def test_whoever_has_neither_email_nor_texts_is_asked_in_the_call(
    question: ScreeningQuestion, sign_in: SignIn
) -> None:
    page = note(sign_in("Reception"), **BY_LINK)
    (error,) = errors(page)
    assert error == (
        "We can write to them neither by email nor by text message, so ask the safety questions in "
        "the call."
    )
    assert not AppointmentRequest.objects.exists()


def test_whoever_takes_texts_gets_one_and_needs_a_code(
    question: ScreeningQuestion, sign_in: SignIn, settings: Any
) -> None:
    settings.TEXT_MESSAGES = "console"
    client = sign_in("Reception")
    note(client, **BY_LINK, phone="07700 900123", text_messages="on")
    record = AppointmentRequest.objects.get()
    (message,) = record.messages.all()
    assert (message.kind, message.channel) == (MessageKind.RECEIVED, "text")
    sentence = "we have your request. Please answer our safety questions first."
    assert sentence in letters.text(message)
    page = client.get(page_of(record))
    assert "press “Make a new code” now, and read it out" in said(page)
    assert "Make a new code" in words(page)


def test_the_age_is_answered_all_the_same(
    question: ScreeningQuestion, sign_in: SignIn, monday: datetime
) -> None:
    factories.question("under-18", wording="Under 18?", answered_from=AnsweredFrom.AGE)
    parent = {"carer_right": "parent", "carer_name": "Sam Sample"}
    client = sign_in("Reception")
    note(client, **BY_EMAIL, date_of_birth_year="2015", **parent)
    record = AppointmentRequest.objects.get()
    told = said(client.get(page_of(record)))
    assert "we email the patient a private link" in told
    assert "A clinician decides first" in told
    assert [flag.answer.question.key for flag in record.flags.all()] == ["under-18"]
    assert record.awaits_answers


def test_without_questions_there_is_no_such_choice(sign_in: SignIn, monday: datetime) -> None:
    page = note(sign_in("Reception"), concern="")
    assert "by_link" not in page.content.decode()


def test_it_takes_the_permission_to_book_by_phone(
    question: ScreeningQuestion, sign_in: SignIn
) -> None:
    answered = sign_in("Editor").post(f"{LIST}book/", BY_EMAIL)
    assert answered.status_code == 403
    assert not AppointmentRequest.objects.exists()


# --- No time before the answers ---------------------------------------------------------------


def _at(request: AppointmentRequest, now: datetime) -> dict[str, Any]:
    return {
        "version": request.version,
        "appointment_type": factories.appointment_type(),
        "clinician": factories.clinician(),
        "starts": factories.tomorrow(2, now=now),
        "by": factories.staff("Reception"),
        "now": now,
    }


def _offer(request: AppointmentRequest, now: datetime) -> Any:
    return factories.offer(request, now=now)


def _book(request: AppointmentRequest, now: datetime) -> Any:
    return triage.book(request, **_at(request, now))


def _book_whoever_is_free(request: AppointmentRequest, now: datetime) -> Any:
    return triage.book(request, **_at(request, now) | {"clinician": None})


def _book_instead(request: AppointmentRequest, now: datetime) -> Any:
    return triage.book_instead(request, **_at(request, now))


def _offer_instead(request: AppointmentRequest, now: datetime) -> Any:
    return triage.offer_instead(request, **_at(request, now))


def _offer_after_undoing(request: AppointmentRequest, now: datetime) -> Any:
    by = factories.staff("Reception")
    triage.decline(request, version=request.version, reason="No.", by=by, now=now)
    triage.undo(request, version=request.version, by=by, now=now)
    return factories.offer(request, now=now)


VERBS: dict[str, Verb] = {
    "offer": _offer,
    "book": _book,
    "book whoever is free": _book_whoever_is_free,
    "book instead": _book_instead,
    "offer instead": _offer_instead,
    "offer after undoing": _offer_after_undoing,
}


@pytest.mark.parametrize("is_answered", [False, True])
@pytest.mark.parametrize("verb", VERBS)
def test_no_verb_gives_a_time_before_the_answers(
    verb: str,
    is_answered: bool,
    awaited: AppointmentRequest,
    question: ScreeningQuestion,
    monday: datetime,
) -> None:
    triage.start_review(
        awaited, version=awaited.version, by=factories.staff("Reception"), now=monday
    )
    if is_answered:
        answer(awaited, monday, GivenAnswer(question, Answer.NO, ""))
        assert VERBS[verb](awaited, monday)
        return
    with pytest.raises(TriageRefused, match=NOT_YET):
        VERBS[verb](awaited, monday)
    awaited.refresh_from_db()
    assert (awaited.status, awaited.awaits_answers) == (RequestStatus.IN_REVIEW, True)
    assert not awaited.appointments.exists()
    assert not awaited.offers.exists()


@pytest.mark.parametrize("is_answered", [False, True])
def test_a_follow_up_needs_a_visit_that_such_a_request_never_had(
    is_answered: bool, awaited: AppointmentRequest, question: ScreeningQuestion, monday: datetime
) -> None:
    if is_answered:
        answer(awaited, monday, GivenAnswer(question, Answer.NO, ""))
    assert not triage.may_follow_up(awaited, monday)


@pytest.mark.parametrize("slug", ["offer", "book"])
def test_whoever_tries_is_told_and_led_to_the_questions(
    slug: str, awaited: AppointmentRequest, sign_in: SignIn, monday: datetime
) -> None:
    kind, doctor = factories.appointment_type(), factories.clinician()
    client, url = sign_in("Reception"), decide_at(awaited, slug)
    posted = {
        "version": awaited.version,
        "appointment_type": kind.pk,
        "clinician": doctor.pk,
        "listed": f"{kind.pk}-{doctor.pk}",
        "times": [str(int(factories.tomorrow(2, now=monday).timestamp()))],
        "held_until": "",
    }
    assert errors(client.post(url, posted)) == [NOT_YET]
    page = client.get(page_of(awaited)).content.decode()
    (first,) = re.findall(r'<a class="button" href="([^"]+)">', page)
    assert first == decide_at(awaited, "safety")
    assert url not in page


def test_the_page_and_the_list_say_that_we_wait(
    awaited: AppointmentRequest, question: ScreeningQuestion, sign_in: SignIn, monday: datetime
) -> None:
    client = sign_in("Reception")
    page = words(client.get(page_of(awaited)))
    assert "We wait for their answers until Wednesday 25 November at 10:00, then we phone" in page
    assert "Nobody could answer them in the call. Their private page asks them." in page
    listed = client.get(LIST)
    assert "We wait for their answers" in words(listed)
    assert decide_at(awaited, "safety") in listed.content.decode()
    answer(awaited, monday, GivenAnswer(question, Answer.NO, ""))
    assert "We wait for their answers" not in words(client.get(page_of(awaited)))
    assert "We wait for their answers" not in words(client.get(LIST))


def test_when_the_time_has_passed_we_phone(
    awaited: AppointmentRequest, sign_in: SignIn, monday: datetime, at: Any
) -> None:
    at(awaited.answer_due + timedelta(minutes=1))
    page = words(sign_in("Reception").get(page_of(awaited)))
    assert "We waited for their answers until Wednesday 25 November at 10:00: phone and ask" in page


# --- The answers ------------------------------------------------------------------------------


def test_they_answer_by_their_link_and_are_offered_a_time(
    awaited: AppointmentRequest, question: ScreeningQuestion, monday: datetime, at: Any
) -> None:
    factories.clinic(inbox="desk@clinic.example")
    client = Client()
    url = behind_link(client, awaited)
    page = words(client.get(url))
    assert "Please answer our safety questions" in page
    assert "We need your answers before we can offer you a time." in page
    assert "We will answer by" not in page
    assert question.wording not in words(client.get(f"{url}safety/", follow=True))

    identified(client, awaited)
    asked = words(client.get(f"{url}safety/"))
    assert "Questions to keep you safe" in asked
    assert question.wording in asked
    assert "Has anything changed" not in asked
    at(monday + LATER)
    identified(client, awaited)
    posted = {"version": awaited.version} | rest(question)
    after = words(client.post(f"{url}safety/", posted, follow=True))
    assert "You answered our safety questions." in after
    assert "We will answer by" in after
    assert "Please answer our safety questions" not in after

    awaited.refresh_from_db()
    assert (awaited.awaits_answers, awaited.answer_due) == (False, answer_due(monday + LATER))
    given = awaited.answers.get()
    assert (given.question, given.answer, given.given_by) == (question, Answer.NO, PATIENT)
    assert list(awaited.events.values_list("kind", flat=True)) == [
        Event.NOTED,
        Event.ANSWERED_FIRST,
    ]
    assert awaited.messages.filter(kind=MessageKind.CLINIC_NOTICE).count() == 1
    assert factories.offer(awaited, now=monday + LATER).request == awaited


def test_a_flagged_answer_waits_for_a_clinician_as_ever(
    awaited: AppointmentRequest, question: ScreeningQuestion, monday: datetime
) -> None:
    client = Client()
    url = identified(client, awaited)
    posted = {"version": awaited.version, f"answer_{question.pk}": "yes"}
    posted |= {f"detail_{question.pk}": "A screw"}
    assert client.post(f"{url}safety/", posted).headers["Location"] == url
    awaited.refresh_from_db()
    assert (awaited.status, awaited.awaits_answers) == (RequestStatus.RECEIVED, False)
    with pytest.raises(TriageRefused, match="A flag is still open"):
        factories.offer(awaited, now=monday)
    factories.clear(awaited, FlagOutcome.PROCEED, now=monday)
    assert factories.offer(awaited, now=monday).request == awaited


def test_an_urgent_answer_leads_to_the_urgent_page(
    awaited: AppointmentRequest, question: ScreeningQuestion
) -> None:
    fever = factories.urgent_question()
    client = Client()
    url = identified(client, awaited)
    posted = {"version": awaited.version, f"answer_{fever.pk}": "yes"}
    posted |= rest(question, fever, what="others")
    page = client.post(f"{url}safety/", posted, follow=True)
    assert page.redirect_chain == [(f"{url}urgent/", 302)]
    assert "111" in words(page)
    assert awaited.flags.get().answer.question == fever


def test_a_colleague_may_ask_in_a_call_and_one_answer_of_two_is_not_enough(
    awaited: AppointmentRequest, question: ScreeningQuestion, sign_in: SignIn, monday: datetime
) -> None:
    second = factories.question("allergy", wording="Any allergy?")
    client, url = sign_in("Reception"), decide_at(awaited, "safety")
    posted = {"version": awaited.version} | no_to_all(question)
    client.post(f"{url}?ask={question.pk}", posted)
    awaited.refresh_from_db()
    assert (awaited.answers.count(), awaited.awaits_answers) == (1, True)
    assert questions_to_ask_again(awaited, monday) == [second]
    with pytest.raises(TriageRefused, match=NOT_YET):
        factories.offer(awaited, now=monday)
    client.post(url, {"version": awaited.version} | no_to_all(second))
    awaited.refresh_from_db()
    assert (awaited.answers.count(), awaited.awaits_answers) == (2, False)
    assert list(awaited.events.values_list("kind", "by"))[-1] == (Event.ANSWERS_NOTED, "reception")
    assert factories.offer(awaited, now=monday).request == awaited


def test_what_is_asked_only_before_a_visit_is_not_asked_yet(
    awaited: AppointmentRequest, question: ScreeningQuestion, monday: datetime
) -> None:
    factories.question("cold", wording="A cold?", asked_first=False, asked_again=True)
    assert questions_to_ask_again(awaited, monday) == [question]


def test_answers_to_a_request_that_somebody_took_up_meanwhile_are_refused_and_kept(
    awaited: AppointmentRequest, question: ScreeningQuestion, monday: datetime
) -> None:
    before = awaited.version
    triage.start_review(awaited, version=before, by=factories.staff("Reception"), now=monday)
    with pytest.raises(Overtaken):
        triage.answer_again(
            awaited, version=before, answers=[GivenAnswer(question, Answer.NO, "")], now=monday
        )
    client = Client()
    url = identified(client, awaited)
    client.post(f"{url}safety/", {"version": before} | rest(question))
    assert "checked" in client.get(f"{url}safety/").content.decode()
    assert not awaited.answers.exists()


@pytest.mark.parametrize("ends", [triage.withdraw, triage.decline])
def test_nobody_answers_once_it_is_over(
    ends: Any, awaited: AppointmentRequest, question: ScreeningQuestion, monday: datetime
) -> None:
    act = partial(ends, awaited, version=awaited.version, now=monday)
    if ends is triage.decline:
        act(reason="No.", by=factories.staff("Reception"))
    else:
        act()
    client = Client()
    url = identified(client, awaited)
    assert "We need your answers" not in words(client.get(url))
    assert client.get(f"{url}safety/").status_code == 302
    with pytest.raises(Overtaken):
        answer(awaited, monday, GivenAnswer(question, Answer.NO, ""))


def test_nobody_elses_page_invites_to_answer(question: ScreeningQuestion, monday: datetime) -> None:
    request = factories.received(now=monday)
    client = Client()
    url = identified(client, request)
    page = words(client.get(url))
    assert "We are looking at your request" in page
    assert "We will answer by" in page
    assert "safety questions" not in page
    assert client.get(f"{url}safety/").status_code == 302


# --- What we write ----------------------------------------------------------------------------


def test_the_letter_asks_for_the_answers_and_promises_no_time_yet(
    awaited: AppointmentRequest, question: ScreeningQuestion, monday: datetime
) -> None:
    messages.send_due()
    (letter,) = mail.outbox
    assert "Please answer our safety questions first." in letter.body
    assert "First we ask for the date of birth:\nhttps://clinic.example/" in letter.body
    assert "We will answer by" not in letter.body
    answer(awaited, monday, GivenAnswer(question, Answer.NO, ""))
    later = Message.objects.get(kind=MessageKind.RECEIVED)
    assert "We will answer by Wednesday 25 November at 10:00." in letters.words(later)[1]


def test_the_email_about_what_is_late_says_that_somebody_has_to_phone(
    awaited: AppointmentRequest, question: ScreeningQuestion, monday: datetime, at: Any
) -> None:
    manager = factories.staff("Manager")
    manager.email = "manager@example.org"
    manager.save()
    late = awaited.answer_due + LATER
    at(late)
    assert triage.tell_of_waits(late) == 1
    told = Message.objects.get(kind=MessageKind.LATE)
    _, body = letters.words(told)
    assert "has not answered the safety questions. We waited until Wednesday 25 November" in body
    assert "We promised an answer" not in body
    answer(awaited, late, GivenAnswer(question, Answer.NO, ""))
    told.request.refresh_from_db()
    _, body = letters.words(told)
    assert "We promised an answer" in body


@pytest.mark.parametrize(
    ("code", "sentence"),
    [
        ("cy", "Atebwch ein cwestiynau diogelwch yn gyntaf."),
        ("pl", "Najpierw odpowiedz na nasze pytania dotyczące bezpieczeństwa."),
        ("ur", "براہ کرم پہلے ہمارے حفاظتی سوالات کے جواب دیں۔"),
    ],
)
def test_the_letter_and_the_text_ask_in_their_language(
    code: str, sentence: str, awaited: AppointmentRequest
) -> None:
    message = Message.objects.get(kind=MessageKind.RECEIVED)
    with languages.spoken_in(code):
        assert sentence in letters.words(message)[1]
    message.request.language = code
    assert sentence in letters.text(message)


def test_answers_in_another_language_raise_their_flag(
    awaited: AppointmentRequest, question: ScreeningQuestion
) -> None:
    factories.question(
        "language", wording="In another language?", answered_from=AnsweredFrom.LANGUAGE
    )
    client = Client()
    url = identified(client, awaited).replace("/appointments/", "/pl/appointments/", 1)
    client.post(f"{url}safety/", {"version": awaited.version} | rest(question))
    assert [flag.answer.detail for flag in awaited.flags.all()] == ["Polish"]
    assert {each.read_in for each in awaited.answers.filter(question=question)} == {"pl"}
