"""A date of birth that was noted wrongly is corrected, and what follows from the age with it."""

from collections.abc import Callable
from datetime import date, datetime, timedelta
from typing import Any

import pytest
from django.test import Client

from bookings import triage
from bookings.models import AppointmentRequest, ScreeningAnswer
from bookings.screening import answer_from_age
from bookings.status import Answer, AnsweredFrom, Overtaken, RequestStatus, TriageRefused
from bookings.status.events import Event
from tests import factories
from tests.people import booked, decide_at, page_of

pytestmark = pytest.mark.django_db
SignIn = Callable[[Any], Client]
CHILD, ADULT = date(2012, 5, 4), date(1970, 1, 31)


@pytest.fixture(autouse=True)
def age_is_asked(db: None) -> None:
    factories.question("under-18", answered_from=AnsweredFrom.AGE, asked_again=False)


def corrected(request: AppointmentRequest, born: date, now: datetime) -> None:
    triage.correct_birth_date(
        request,
        version=request.version,
        date_of_birth=born,
        by=factories.staff("Reception"),
        now=now,
    )


def of_an_adult(now: datetime) -> AppointmentRequest:
    """A request with the answer that follows from an adult's date of birth."""
    question = factories.question("under-18")
    given = answer_from_age(question, under_18=False)
    return triage.submit(
        factories.submission(answers=[given], date_of_birth=ADULT), key="k" * 43, now=now
    )


def answers(request: AppointmentRequest) -> list[str]:
    return list(request.answers.order_by("pk").values_list("answer", flat=True))


def test_a_year_that_changes_nothing_else_is_only_corrected(monday: datetime) -> None:
    request = of_an_adult(monday)
    corrected(request, date(1971, 1, 31), monday)
    assert request.date_of_birth == date(1971, 1, 31)
    assert answers(request) == [Answer.NO]
    request.person.refresh_from_db()
    assert request.person.date_of_birth == date(1971, 1, 31)
    assert request.events.get(kind=Event.BIRTH_DATE_CORRECTED).by == "reception"


def test_a_child_gets_an_answer_and_a_flag_of_their_own(monday: datetime) -> None:
    request = of_an_adult(monday)
    corrected(request, CHILD, monday + timedelta(hours=1))
    assert answers(request) == [Answer.NO, Answer.YES]
    assert ScreeningAnswer.objects.get(flag__in=request.flags.blocking()).answer == Answer.YES


def test_whoever_is_no_child_after_all_keeps_the_flag_that_was_raised(monday: datetime) -> None:
    request = of_an_adult(monday)
    corrected(request, CHILD, monday + timedelta(hours=1))
    corrected(request, ADULT, monday + timedelta(hours=2))
    assert answers(request) == [Answer.NO, Answer.YES, Answer.NO]
    assert request.flags.blocking().count() == 1


def test_a_childs_appointment_is_kept_and_looked_at(monday: datetime) -> None:
    request = booked(monday)
    corrected(request, CHILD, monday)
    assert request.status == RequestStatus.BOOKED_IN_REVIEW
    assert triage.booked_appointment(request) is not None
    assert AppointmentRequest.objects.waiting_for_clinician(monday).contains(request)


def test_offered_times_are_withdrawn_first(monday: datetime) -> None:
    request = factories.request_at(RequestStatus.OFFERED, now=monday)
    with pytest.raises(TriageRefused, match="Withdraw the offer, then correct the date"):
        corrected(request, CHILD, monday)
    request.refresh_from_db()
    assert (request.date_of_birth, request.flags.count()) == (ADULT, 0)


def test_two_who_correct_it_do_not_overwrite_each_other(monday: datetime) -> None:
    request = of_an_adult(monday)
    stale = AppointmentRequest.objects.get(pk=request.pk)
    corrected(request, date(1971, 1, 31), monday)
    with pytest.raises(Overtaken):
        corrected(stale, CHILD, monday)


def test_the_desk_corrects_it(sign_in: SignIn, at: Any, monday: datetime) -> None:
    request = of_an_adult(monday)
    at(monday + timedelta(hours=1))
    client = sign_in("Reception")
    address = decide_at(request, "birth-date")
    assert address in client.get(page_of(request)).content.decode()
    same = {"version": request.version, "date_of_birth_day": "31"}
    same |= {"date_of_birth_month": "January", "date_of_birth_year": "1970"}
    assert "This is the date that we have already." in client.post(address, same).content.decode()
    answer = client.post(address, same | {"date_of_birth_year": "2012"}, follow=True)
    said = "Date of birth corrected: 31 January 2012. A clinician has to record"
    assert said in answer.content.decode()
