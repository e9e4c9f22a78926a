"""Answers that age are asked for again, and a new flag reopens the request."""

from datetime import date, datetime, timedelta
from typing import Any

import pytest
from django.test import Client

from bookings import triage
from bookings.models import AppointmentRequest, RedFlag, ScreeningQuestion
from bookings.screening import GivenAnswer, questions_to_ask_again
from bookings.status import (
    Answer,
    FlagOutcome,
    OfferStatus,
    RequestStatus,
    TriageRefused,
)
from tests import factories
from tests.people import behind_link, identified, rest

pytestmark = pytest.mark.django_db

NO, YES, UNSURE = Answer.NO, Answer.YES, Answer.UNSURE
LATER = timedelta(days=8)


@pytest.fixture
def infection(monday: datetime) -> ScreeningQuestion:
    return factories.question("infection", wording="Any infection?", asked_again=True)


def answered(
    question: ScreeningQuestion, answer: str, now: datetime, detail: str = ""
) -> AppointmentRequest:
    """A request in review, with every flag cleared."""
    request = triage.submit(
        factories.submission(answers=[GivenAnswer(question, answer, detail)]),
        key=f"{answer}{detail}",
        now=now,
    )
    by = factories.staff("Reception")
    triage.start_review(request, version=request.version, by=by, now=now)
    for flag in request.flags.all():
        triage.resolve_flag(
            flag,
            version=request.version,
            outcome=FlagOutcome.PROCEED,
            reason="A cold, over.",
            by=factories.staff("Clinician"),
            now=now,
        )
        request.refresh_from_db()
    return request


def offered(request: AppointmentRequest, now: datetime) -> AppointmentRequest:
    factories.offer(request, now=now)
    return request


def accept(request: AppointmentRequest, now: datetime, *answers: GivenAnswer) -> Any:
    chosen = request.offers.order_by("-pk")[0].times.all()[0]
    return triage.accept(request, version=request.version, chosen=chosen, answers=answers, now=now)


# --- What is asked again ----------------------------------------------------------------------


def test_only_old_answers_that_may_change_are_asked_for_again(
    infection: ScreeningQuestion, monday: datetime
) -> None:
    request = answered(infection, NO, monday)
    factories.question("pacemaker", wording="A pacemaker?")
    assert questions_to_ask_again(request, monday + timedelta(days=6)) == []
    assert questions_to_ask_again(request, monday + timedelta(days=7)) == [infection]


def test_another_wording_is_asked_at_once(infection: ScreeningQuestion, monday: datetime) -> None:
    request = answered(infection, NO, monday)
    ScreeningQuestion.objects.update(retired_on=date(2026, 11, 23), retired_by="manager")
    newer = ScreeningQuestion.objects.create(
        key="infection",
        version=2,
        group=infection.group,
        wording="Any infection or wound?",
        why="x",
        detail_prompt="x",
        level="red",
        owner=factories.clinician(),
        source="x",
        review_due=date(2030, 1, 1),
        asked_again=True,
    )
    assert questions_to_ask_again(request, monday) == [newer]


# --- When a time is taken -----------------------------------------------------------------------


def test_a_time_is_not_taken_without_the_answers(
    infection: ScreeningQuestion, monday: datetime
) -> None:
    now = monday + LATER
    request = offered(answered(infection, NO, monday), now)
    with pytest.raises(TriageRefused, match="answer some more questions first"):
        accept(request, now)
    assert accept(request, now, GivenAnswer(infection, NO, ""))
    assert request.status == RequestStatus.BOOKED
    assert request.answers.count() == 2


@pytest.mark.parametrize(
    ("before", "again", "reopens"),
    [
        ((NO, ""), (NO, ""), False),
        ((NO, ""), (YES, "a boil"), True),
        ((NO, ""), (UNSURE, ""), True),
        ((YES, "a cold"), (NO, ""), False),
        ((YES, "a cold"), (YES, "A  cold"), False),
        ((YES, "a cold"), (YES, ""), False),
        ((YES, "a cold"), (YES, "a boil"), True),
        ((UNSURE, ""), (YES, ""), True),
    ],
)
def test_a_new_flag_reopens_the_request(
    before: tuple[str, str],
    again: tuple[str, str],
    reopens: bool,
    infection: ScreeningQuestion,
    monday: datetime,
) -> None:
    now = monday + LATER
    request = offered(answered(infection, before[0], monday, before[1]), now)
    flags = request.flags.count()
    accept(request, now, GivenAnswer(infection, *again))
    assert request.flags.count() == flags + reopens
    if not reopens:
        assert request.status == RequestStatus.BOOKED
        return
    assert request.status == RequestStatus.IN_REVIEW
    assert request.offers.get().status == OfferStatus.REFUSED
    assert RedFlag.objects.blocking().filter(request=request).count() == 1
    with pytest.raises(TriageRefused, match="A flag is still open"):
        factories.offer(request, now=now)


def test_the_same_cleared_answer_stays_cleared_the_third_time(
    infection: ScreeningQuestion, monday: datetime
) -> None:
    request = answered(infection, YES, monday, "a cold")
    factories.offer(request, [monday + timedelta(days=30)], now=monday + LATER)
    accept(request, monday + LATER, GivenAnswer(infection, YES, "a cold"))
    now = monday + 2 * LATER
    again = [GivenAnswer(infection, YES, "a cold")]
    triage.answer_again(request, version=request.version, answers=again, now=now)
    assert (request.status, request.flags.count()) == (RequestStatus.BOOKED, 1)


def test_an_answer_to_a_rule_that_flags_more_by_now_is_new(
    infection: ScreeningQuestion, monday: datetime
) -> None:
    ScreeningQuestion.objects.update(flags_unsure=False)
    infection.refresh_from_db()
    now = monday + LATER
    request = offered(answered(infection, UNSURE, monday), now)
    assert not request.flags.exists()
    ScreeningQuestion.objects.update(key="old", retired_on=now.date(), retired_by="manager")
    ScreeningQuestion.objects.update(key="infection")
    stricter = factories.question("infection-2", wording="Any infection?", asked_again=True)
    ScreeningQuestion.objects.filter(pk=stricter.pk).update(key="infection", version=2)
    stricter.refresh_from_db()
    accept(request, now, GivenAnswer(stricter, UNSURE, ""))
    assert request.status == RequestStatus.IN_REVIEW


def test_a_new_flag_while_moving_keeps_the_appointment(
    infection: ScreeningQuestion, monday: datetime
) -> None:
    now = monday + timedelta(hours=1)
    later = now + timedelta(hours=1)
    ScreeningQuestion.objects.update(asked_again=False)
    request = offered(answered(infection, NO, later - LATER), monday)
    accept(request, monday)
    factories.offer(request, [monday + timedelta(days=20)], now=now)
    ScreeningQuestion.objects.update(asked_again=True)
    accept(request, later, GivenAnswer(infection, YES, ""))
    assert request.status == RequestStatus.BOOKED_IN_REVIEW
    assert triage.booked_appointment(request) is not None


# --- Before the visit ---------------------------------------------------------------------------


@pytest.fixture
def coming(infection: ScreeningQuestion, monday: datetime, at: Any) -> AppointmentRequest:
    """A patient whose appointment is the day after tomorrow, and who answered ten days ago."""
    request = answered(infection, NO, monday)
    triage.book(
        request,
        version=request.version,
        appointment_type=factories.appointment_type(),
        clinician=factories.clinician(),
        starts=monday + timedelta(days=10),
        by=factories.staff("Reception"),
        now=monday,
    )
    at(monday + timedelta(days=8, hours=1))
    return request


def test_a_carer_is_told_for_whom_to_answer(client: Client, coming: AppointmentRequest) -> None:
    url = identified(client, coming)
    assert "not for yourself" not in client.get(f"{url}safety/").content.decode()
    AppointmentRequest.objects.filter(pk=coming.pk).update(carer_name="Kim", carer_right="parent")
    page = client.get(f"{url}safety/").content.decode()
    assert "Answer for Pat Sample, not for yourself." in page


def test_with_the_reminder_the_page_asks_again(
    client: Client, coming: AppointmentRequest, infection: ScreeningQuestion
) -> None:
    url = identified(client, coming)
    assert "Has anything changed since" in client.get(url).content.decode()
    page = client.get(f"{url}safety/").content.decode()
    assert "Any infection?" in page
    assert (
        "<p><strong>Do not stop or change a medicine because of these questions.</strong></p>"
        in page
    )
    assert "checked" not in page
    empty = client.post(f"{url}safety/", {"version": coming.version}).content.decode()
    assert "Your health: tick what applies, or tick “No”." in empty
    posted = {"version": coming.version} | rest(infection)
    after = client.post(f"{url}safety/", posted, follow=True).content.decode()
    assert "You answered our questions again." in after
    assert "Has anything changed since" not in after
    assert client.get(f"{url}safety/").status_code == 302


def test_a_new_flag_before_the_visit_comes_to_the_clinic(
    client: Client, coming: AppointmentRequest, infection: ScreeningQuestion, monday: datetime
) -> None:
    url = identified(client, coming)
    posted = {"version": coming.version, f"answer_{infection.pk}": "yes"}
    content = client.post(f"{url}safety/", posted, follow=True).content.decode()
    assert "We are looking at your appointment again" in content
    assert "You answered our questions again." in content
    coming.refresh_from_db()
    now = monday + timedelta(days=8, hours=2)
    assert coming.is_waiting_for_clinic(now)
    reception, clinician = factories.staff("Reception"), factories.staff("Clinician")
    with pytest.raises(TriageRefused, match="A flag is still open"):
        triage.leave_as_it_is(coming, version=coming.version, by=reception, now=now)
    with pytest.raises(TriageRefused, match="We need to look at something first"):
        triage.keep_appointment(coming, version=coming.version, now=now)
    triage.resolve_flag(
        coming.flags.get(),
        version=coming.version,
        outcome=FlagOutcome.PROCEED,
        reason="A cold.",
        by=clinician,
        now=now,
    )
    coming.refresh_from_db()
    triage.leave_as_it_is(coming, version=coming.version, by=reception, now=now)
    assert coming.status == RequestStatus.BOOKED


def test_the_page_of_choosing_asks_and_keeps_the_time(
    client: Client, infection: ScreeningQuestion, monday: datetime, at: Any
) -> None:
    request = answered(infection, NO, monday)
    now = monday + LATER
    at(now)
    offered(request, now)
    chosen = request.offers.get().times.all()[1]
    url = identified(client, request)
    first = client.post(f"{url}choose/", {"version": request.version, "time": chosen.pk})
    assert "before we book" in first.content.decode()
    request.refresh_from_db()
    assert request.status == RequestStatus.OFFERED
    posted = {"version": request.version, "time": chosen.pk, "answered": "yes"}
    again = client.post(f"{url}choose/", posted)
    assert "tick what applies" in again.content.decode()
    assert client.post(f"{url}choose/", posted | rest(infection)).status_code == 302
    request.refresh_from_db()
    assert request.status == RequestStatus.BOOKED
    assert request.appointments.get().starts == chosen.starts


# --- The history of a flag ----------------------------------------------------------------------


def test_every_outcome_stays_in_the_history_of_its_flag(
    client: Client, infection: ScreeningQuestion, monday: datetime
) -> None:
    request = answered(infection, YES, monday, "a boil")
    flag = request.flags.get()
    by = factories.staff("Clinician", "other")
    triage.resolve_flag(
        flag,
        version=request.version,
        outcome=FlagOutcome.DELAY_UNTIL,
        reason="Until it has healed.",
        by=by,
        now=monday,
    )
    rows = list(flag.outcomes.values_list("outcome", "reason", "recorded_by__username"))
    assert rows == [
        ("delay_until", "Until it has healed.", "other"),
        ("proceed", "A cold, over.", "clinician"),
    ]
    client.force_login(by)
    page = client.get(f"/admin/bookings/appointmentrequest/{request.pk}/change/").content.decode()
    assert "Until it has healed." in page
    assert "A cold, over." in page
    assert flag.is_blocking()


def test_another_wording_is_never_cleared_by_the_old_one(
    infection: ScreeningQuestion, monday: datetime
) -> None:
    request = answered(infection, YES, monday, "a cold")
    ScreeningQuestion.objects.update(retired_on=date(2026, 11, 23), retired_by="manager")
    newer = factories.question("other", wording="Any infection or fever?", asked_again=True)
    ScreeningQuestion.objects.filter(pk=newer.pk).update(key="infection", version=2)
    newer.refresh_from_db()
    factories.offer(request, now=monday)
    accept(request, monday, GivenAnswer(newer, YES, "a cold"))
    assert request.status == RequestStatus.IN_REVIEW


def test_the_questions_stand_behind_the_date_of_birth(
    client: Client, coming: AppointmentRequest, infection: ScreeningQuestion, monday: datetime
) -> None:
    url = behind_link(client, coming)
    assert client.get(f"{url}safety/").headers["Location"] == f"{url}identify/"
    posted = {"version": coming.version, f"answer_{infection.pk}": "yes"}
    assert client.post(f"{url}safety/", posted).headers["Location"] == f"{url}identify/"
    coming.refresh_from_db()
    assert coming.status == RequestStatus.BOOKED


def test_a_time_that_was_chosen_before_the_date_of_birth_is_still_chosen_after(
    client: Client, infection: ScreeningQuestion, monday: datetime, at: Any
) -> None:
    request = answered(infection, NO, monday)
    at(monday + LATER)
    offered(request, monday + LATER)
    chosen = request.offers.get().times.all()[1]
    url = behind_link(client, request)
    posted = {"version": request.version, "time": chosen.pk}
    assert client.post(f"{url}choose/", posted).headers["Location"] == f"{url}identify/"
    asked = client.get(f"{url}identify/").content.decode()
    assert "The time you chose is not booked yet. Enter the date of birth" in asked
    for _ in range(2):
        page = client.get(identified(client, request)).content.decode()
        assert f'value="{chosen.pk}" id="id_time_1" checked' in page
        assert "<strong>The time you chose is not booked yet.</strong>" in page
    # Times that are offered later are others, and nothing was chosen from them.
    triage.ask_for_other_times(request, version=request.version, wishes="", now=monday + LATER)
    offered(request, monday + LATER)
    assert "The time you chose is not booked yet." not in client.get(url).content.decode()


def test_what_is_asked_shortly_before_is_answered_before(
    client: Client,
    coming: AppointmentRequest,
    infection: ScreeningQuestion,
    monday: datetime,
    at: Any,
) -> None:
    now = monday + timedelta(days=9, hours=6)
    at(now)
    answers = [GivenAnswer(infection, YES, "")]
    triage.answer_again(coming, version=coming.version, answers=answers, now=now)
    starts = coming.appointments.get().starts
    assert coming.answer_due == starts
    page = client.get(behind_link(client, coming)).content.decode()
    assert "Your appointment is soon, so please also phone us" in page
    assert "Keep this time" not in page


def test_after_the_visit_nothing_is_answered(
    coming: AppointmentRequest, infection: ScreeningQuestion
) -> None:
    later = coming.appointments.get().starts
    with pytest.raises(TriageRefused, match="tell us in person"):
        triage.answer_again(
            coming,
            version=coming.version,
            answers=[GivenAnswer(infection, YES, "")],
            now=later,
        )
