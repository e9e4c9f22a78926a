"""After the visit: one short question, answered once or not at all, and read by staff."""

from collections.abc import Callable
from datetime import datetime, timedelta
from functools import partial
from typing import Any

import pytest
from django.db import DatabaseError, transaction
from django.test import Client

from bookings import journal, messages, triage
from bookings.desk.to_phone import AFTER_VISIT, reason_to_phone
from bookings.messages.still_true import MATTERS_FOR
from bookings.models import AppointmentRequest, Look, VisitAnswer
from bookings.status import PATIENT, GotIt, MessageKind, TriageRefused
from bookings.status.events import Event
from tests import factories
from tests.people import behind_link, booked, identified, page_of
from tests.races import losses, race, winners

pytestmark = pytest.mark.django_db
SignIn = Callable[[Any], Client]
LIST = "/admin/bookings/visitanswer/"


@pytest.fixture
def seen(monday: datetime, at: Any) -> AppointmentRequest:
    """A patient who came a week later; it is an hour after the visit."""
    return visited(monday, at)


def visited(monday: datetime, at: Any, *, came: bool = True) -> AppointmentRequest:
    request = booked(monday)
    now = monday + timedelta(days=7, hours=1)
    triage.record_attendance(
        request, version=request.version, came=came, by=factories.staff("Reception"), now=now
    )
    at(now)
    return request


def answer(request: AppointmentRequest, got_it: str, comment: str = "") -> VisitAnswer:
    now = request.appointments.get().starts + timedelta(hours=3)
    return triage.answer_about_visit(request, got_it=got_it, comment=comment, now=now)


# --- The patient ------------------------------------------------------------------------------


def test_a_patient_is_asked_once_and_thanked(client: Client, seen: AppointmentRequest) -> None:
    url = identified(client, seen)
    assert "Did you get what you came for?" in client.get(url).content.decode()
    posted = {"got_it": "partly", "comment": "The room was cold."}
    page = client.post(f"{url}afterwards/", posted, follow=True).content.decode()
    assert "Thank you for telling us how it went." in page
    assert "You told us how your visit went." in page
    assert "Did you get what you came for?" not in page
    kept = VisitAnswer.objects.get()
    assert (kept.request, kept.got_it, kept.comment) == (seen, "partly", "The room was cold.")
    assert kept.given_by == PATIENT
    assert client.get(f"{url}afterwards/").headers["Location"] == url
    assert journal.chain_is_whole(seen)


def test_nobody_has_to_answer_and_an_empty_press_says_what_to_do(
    client: Client, seen: AppointmentRequest
) -> None:
    url = identified(client, seen)
    content = client.post(f"{url}afterwards/", {}).content.decode()
    assert "Choose an answer, or go back without answering." in content
    assert "You do not have to answer." in content
    assert not VisitAnswer.objects.exists()


def test_the_date_of_birth_comes_first_and_nothing_typed_is_lost(
    client: Client, seen: AppointmentRequest
) -> None:
    url = behind_link(client, seen)
    posted = {"got_it": "no", "comment": "It took too long."}
    answered = client.post(f"{url}afterwards/", posted)
    assert answered.headers["Location"] == f"{url}identify/"
    born = {"date_of_birth_day": 31, "date_of_birth_month": 1, "date_of_birth_year": 1970}
    page = client.post(f"{url}identify/", born, follow=True).content.decode()
    assert "It took too long." in page
    assert not VisitAnswer.objects.exists()


def test_what_they_said_is_not_shown_before_the_date_of_birth(
    client: Client, seen: AppointmentRequest
) -> None:
    answer(seen, GotIt.CALL, "Ring me.")
    page = client.get(behind_link(client, seen)).content.decode()
    assert "Thank you for telling us how it went." in page
    assert "We will phone you about it." not in page
    assert "Ring me." not in page
    assert "We will phone you about it." in client.get(identified(client, seen)).content.decode()


@pytest.mark.parametrize("came", [False, None])
def test_whoever_did_not_come_is_not_asked(
    came: bool | None, client: Client, monday: datetime, at: Any
) -> None:
    request = booked(monday) if came is None else visited(monday, at, came=came)
    url = identified(client, request)
    assert "Did you get what you came for?" not in client.get(url).content.decode()
    assert client.get(f"{url}afterwards/").headers["Location"] == url
    with pytest.raises(TriageRefused, match="after your visit"):
        answer(request, GotIt.YES)


def test_the_letter_after_the_visit_points_there(seen: AppointmentRequest) -> None:
    letter = messages.letter(seen.messages.get(kind=MessageKind.AFTERWARDS))
    assert "to tell us how it went" in str(letter.body)


@pytest.mark.django_db(transaction=True)
def test_two_presses_are_one_answer(monday: datetime, at: Any) -> None:
    seen = visited(monday, at)
    copies = [AppointmentRequest.objects.get(pk=seen.pk) for _ in range(4)]
    outcomes = race([partial(answer, each, GotIt.YES) for each in copies])
    assert len(winners(outcomes)) == 1
    assert losses(outcomes) == {TriageRefused}
    assert seen.events.filter(kind=Event.ANSWERED_AFTERWARDS).count() == 1


@pytest.mark.parametrize("act", ["update", "delete"])
def test_the_database_refuses_to_change_an_answer(act: str, seen: AppointmentRequest) -> None:
    answer(seen, GotIt.NO)
    answers = VisitAnswer.objects.all()
    with pytest.raises(DatabaseError), transaction.atomic():
        answers.update(got_it=GotIt.YES) if act == "update" else answers.delete()
    assert VisitAnswer.objects.get().got_it == GotIt.NO


# --- The desk ---------------------------------------------------------------------------------


def test_whoever_asks_to_be_phoned_is_a_task_until_they_were(
    sign_in: SignIn, seen: AppointmentRequest
) -> None:
    now = answer(seen, GotIt.CALL, "My hand is numb.").given_at
    assert reason_to_phone(seen, now) == AFTER_VISIT
    assert seen.messages.filter(kind=MessageKind.CLINIC_NOTICE, queued_at=now).count() == 1
    assert AFTER_VISIT in sign_in("Reception").get("/admin/").content.decode()
    call = partial(triage.record_call, seen, note="", by=factories.staff("Reception"))
    call(reached=False, now=now)
    assert reason_to_phone(seen, now) == AFTER_VISIT
    call(reached=True, now=now + timedelta(minutes=1))
    assert reason_to_phone(seen, now) == ""


@pytest.mark.parametrize("got_it", [GotIt.YES, GotIt.PARTLY, GotIt.NO])
def test_nobody_else_is_phoned(got_it: GotIt, seen: AppointmentRequest) -> None:
    now = answer(seen, got_it, "Too long.").given_at
    assert reason_to_phone(seen, now) == ""
    assert not seen.messages.filter(kind=MessageKind.CLINIC_NOTICE, queued_at=now).exists()


def test_after_two_months_nobody_expects_the_call(seen: AppointmentRequest) -> None:
    now = answer(seen, GotIt.CALL).given_at
    assert reason_to_phone(seen, now + MATTERS_FOR) == ""


def test_staff_read_it_on_the_request(sign_in: SignIn, seen: AppointmentRequest) -> None:
    answer(seen, GotIt.PARTLY, "The room was cold.")
    content = sign_in("Reception").get(page_of(seen)).content.decode()
    assert "Partly" in content
    assert "The room was cold." in content


def test_managers_read_and_count_them_all_and_that_is_recorded(
    sign_in: SignIn, seen: AppointmentRequest
) -> None:
    answer(seen, GotIt.PARTLY, "The room was cold.")
    manager = factories.staff("Manager")
    content = sign_in(manager).get(LIST).content.decode()
    assert "The room was cold." in content
    assert "Partly: <strong>1</strong>" in content
    assert "Yes: <strong>0</strong>" in content
    assert seen.reference in content
    look = Look.objects.filter(screen="after visits").get()
    assert (look.looked_by, look.requests) == (manager, [seen.pk])


@pytest.mark.parametrize("group", ["Reception", "Clinician", "Editor"])
def test_the_list_is_for_managers(group: str, sign_in: SignIn) -> None:
    assert sign_in(group).get(LIST).status_code == 403


def test_not_even_a_manager_changes_one(sign_in: SignIn, seen: AppointmentRequest) -> None:
    kept = answer(seen, GotIt.NO)
    client = sign_in("Manager")
    assert client.get(f"{LIST}add/").status_code == 403
    assert client.post(f"{LIST}{kept.pk}/delete/", {"post": "yes"}).status_code == 403
    client.post(f"{LIST}{kept.pk}/change/", {"got_it": "yes"})
    assert VisitAnswer.objects.get().got_it == GotIt.NO
