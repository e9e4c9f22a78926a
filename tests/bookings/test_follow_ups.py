"""After a visit: another one booked in one go, or a day on which we ask the patient."""

from collections.abc import Callable
from datetime import date, datetime, timedelta
from typing import Any

import pytest
from django.core import mail
from django.test import Client
from django.utils import timezone

from bookings import journal, links, messages, triage
from bookings.desk.to_phone import patients_to_phone, reason_to_phone
from bookings.forms.safety_questions import OTHERS, rest_value
from bookings.messages.still_true import is_still_true
from bookings.models import Appointment, AppointmentRequest, Claim, Recall
from bookings.screening import GivenAnswer
from bookings.status import (
    MOST_VISITS,
    Answer,
    AnsweredFrom,
    MessageKind,
    Overtaken,
    RecallStatus,
    RequestStatus,
    TriageRefused,
)
from bookings.status.events import Event
from bookings.status.recalls import OWNERS, TRANSITIONS
from bookings.triage import following_up
from bookings.triage.safety import keep_answers
from procedures.ground.batches import one_by_one
from tests import factories
from tests.people import booked, decide_at, identified, page_of, page_of_person

pytestmark = pytest.mark.django_db
SignIn = Callable[[Any], Client]
WEEK = timedelta(weeks=1)


@pytest.fixture
def seen(at: Any, monday: datetime) -> AppointmentRequest:
    """A request from a week ago, whose visit took place on this Monday."""
    asked = factories.question()
    request = booked(monday - WEEK)
    keep_answers(
        request,
        [GivenAnswer(asked, Answer.NO, "")],
        [],
        by="the patient",
        now=monday - 2 * WEEK,
    )
    triage.record_attendance(
        request, version=request.version, came=True, by=factories.staff("Reception"), now=monday
    )
    return request


def posted(request: AppointmentRequest, **values: Any) -> dict[str, Any]:
    asked = factories.question()
    start = factories.tomorrow(3, now=timezone.now() + 6 * WEEK)
    return {
        "version": request.version,
        "weeks": "6",
        "appointment_type": factories.appointment_type().pk,
        "clinician": factories.clinician().pk,
        "times": [str(int(start.timestamp()))],
        "concern": "Follow-up.",
        "no_to_all": rest_value(OTHERS, [asked]),
        **values,
    }


def made_after(request: AppointmentRequest) -> list[AppointmentRequest]:
    return list(AppointmentRequest.objects.filter(pk__gt=request.pk).order_by("pk"))


# --- When -----------------------------------------------------------------------------------


def test_a_follow_up_needs_a_visit_that_has_begun(monday: datetime) -> None:
    request = booked(monday)
    starts = request.appointments.get().starts
    assert not triage.may_follow_up(request, starts - timedelta(minutes=1))
    assert triage.may_follow_up(request, starts)
    by = factories.staff("Reception")
    with pytest.raises(TriageRefused, match="once the visit has started"):
        triage.plan_recall(
            request, version=request.version, ask_due=date(2027, 1, 1), by=by, now=monday
        )


@pytest.mark.parametrize("status", [RequestStatus.DECLINED, RequestStatus.WITHDRAWN])
def test_no_visit_no_follow_up(status: RequestStatus, monday: datetime) -> None:
    assert not triage.may_follow_up(factories.request_at(status, now=monday), monday)


def test_a_cancelled_visit_may_be_followed_up(monday: datetime) -> None:
    request = factories.request_at(RequestStatus.CLOSED, now=monday)
    assert triage.may_follow_up(request, monday)


# --- Book now -------------------------------------------------------------------------------


def test_the_page_opens_on_their_own_clinician_in_six_weeks(
    seen: AppointmentRequest, sign_in: SignIn, monday: datetime
) -> None:
    page = sign_in("Reception").get(decide_at(seen, "follow-up")).content.decode()
    assert '<option value="6" selected>in 6 weeks</option>' in page
    day = timezone.localdate(monday + 6 * WEEK)
    assert f"{day:%A} {day.day} {day:%B %Y}" in page
    assert "Follow-up after the visit on 23 November 2026." in page
    assert page.count('name="times"') > 1
    assert page.count("checked") == 1


def test_one_press_books_with_what_we_know(
    seen: AppointmentRequest, sign_in: SignIn, monday: datetime
) -> None:
    client = sign_in("Reception")
    said = client.post(decide_at(seen, "follow-up"), posted(seen), follow=True)
    assert "Booked with Dr Clinician: Tuesday 5 January 2027 at 13:00" in said.content.decode()
    (made,) = made_after(seen)
    for name in ("name", "date_of_birth", "email", "phone", "preferred_days", "page"):
        assert getattr(made, name) == getattr(seen, name)
    assert (made.status, made.concern) == (RequestStatus.BOOKED, "Follow-up.")
    assert made.received_by == "reception"
    answer = made.answers.get()
    assert (answer.answer, answer.given_at, answer.given_by) == (Answer.NO, monday, "reception")
    kinds = list(made.messages.values_list("kind", flat=True))
    assert kinds == [MessageKind.BOOKED]
    assert "arranged a follow-up" in client.get(page_of(seen)).content.decode()


def test_old_answers_have_to_be_asked_again(seen: AppointmentRequest, sign_in: SignIn) -> None:
    client = sign_in("Reception")
    assert (
        "Do you take a blood thinner?" in client.get(decide_at(seen, "follow-up")).content.decode()
    )
    answer = client.post(decide_at(seen, "follow-up"), posted(seen, no_to_all=""))
    assert "tick what applies" in answer.content.decode()
    assert made_after(seen) == []


def test_fresh_answers_are_taken_over_as_old_as_they_are(
    seen: AppointmentRequest, sign_in: SignIn, monday: datetime
) -> None:
    six_days_ago = monday - timedelta(days=6)
    again = [GivenAnswer(factories.question(), Answer.NO, "")]
    keep_answers(seen, again, [], by="the patient", now=six_days_ago)
    client = sign_in("Reception")
    page = client.get(decide_at(seen, "follow-up")).content.decode()
    assert "Do you take a blood thinner?" not in page
    client.post(decide_at(seen, "follow-up"), posted(seen, no_to_all=""))
    (made,) = made_after(seen)
    answer = made.answers.get()
    assert (answer.given_at, answer.given_by) == (six_days_ago, "the patient")


def test_they_may_answer_by_their_link_instead(
    seen: AppointmentRequest, sign_in: SignIn, monday: datetime
) -> None:
    client = sign_in("Reception")
    client.post(decide_at(seen, "follow-up"), posted(seen, no_to_all="", by_link="on"))
    (made,) = made_after(seen)
    assert (made.status, made.answers.get().given_at) == (RequestStatus.BOOKED, monday - 2 * WEEK)


def test_what_was_never_asked_cannot_wait_for_the_link(
    seen: AppointmentRequest, sign_in: SignIn
) -> None:
    factories.question("pacemaker", wording="Do you have a pacemaker?")
    client = sign_in("Reception")
    answer = client.post(decide_at(seen, "follow-up"), posted(seen, no_to_all="", by_link="on"))
    content = answer.content.decode()
    assert "Do you have a pacemaker?" in content
    assert "Do you take a blood thinner?" not in content
    assert made_after(seen) == []


def test_a_flag_waits_for_a_clinician(seen: AppointmentRequest, sign_in: SignIn) -> None:
    asked = factories.question()
    values = {f"answer_{asked.pk}": "yes", f"detail_{asked.pk}": "Apixaban", "visits": "3"}
    client = sign_in("Reception")
    said = client.post(decide_at(seen, "follow-up"), posted(seen, **values), follow=True)
    assert "Nothing is booked yet. A clinician decides first" in said.content.decode()
    (made,) = made_after(seen)
    assert made.status == RequestStatus.RECEIVED
    assert made.flags.blocking().exists()
    assert made.messages.filter(kind=MessageKind.RECEIVED).exists()


def test_a_course_keeps_its_time_of_day_over_a_clock_change(
    seen: AppointmentRequest, sign_in: SignIn
) -> None:
    first = datetime.fromisoformat("2027-10-25T09:00:00+00:00")
    values = {"weeks": "", "from_day": "2027-10-25", "visits": "3", "apart": "1"}
    client = sign_in("Reception")
    client.post(
        decide_at(seen, "follow-up"), posted(seen, times=[str(int(first.timestamp()))], **values)
    )
    starts = [each.appointments.get().starts for each in made_after(seen)]
    assert [f"{timezone.localtime(each):%-d %b %-H:%M}" for each in starts] == [
        "25 Oct 10:00",
        "1 Nov 10:00",
        "8 Nov 10:00",
    ]
    assert starts[1] - starts[0] == timedelta(days=7, hours=1)


def test_a_course_is_booked_whole_or_not_at_all(
    seen: AppointmentRequest, sign_in: SignIn, monday: datetime
) -> None:
    client, values = sign_in("Reception"), posted(seen, visits="3", apart="1")
    second = (
        datetime.fromtimestamp(int(values["times"][0]), tz=timezone.get_default_timezone()) + WEEK
    )
    other = factories.request_at(RequestStatus.IN_REVIEW, now=monday)
    triage.book(
        other,
        version=other.version,
        appointment_type=factories.appointment_type(),
        clinician=factories.clinician(),
        starts=second,
        by=factories.staff("Reception"),
        now=monday,
    )
    claims = Claim.objects.count()
    page = client.post(decide_at(seen, "follow-up"), values).content.decode()
    assert "Tuesday 12 January at 13:00 is not free. Nothing has been booked." in page
    assert Claim.objects.count() == claims
    assert made_after(other) == []


def test_of_two_presses_one_books(seen: AppointmentRequest, sign_in: SignIn) -> None:
    client, values = sign_in("Reception"), posted(seen)
    client.post(decide_at(seen, "follow-up"), values)
    page = client.post(decide_at(seen, "follow-up"), values).content.decode()
    assert "This is no longer possible: Reception arranged a follow-up" in page
    assert len(made_after(seen)) == 1


def test_looking_at_other_times_decides_nothing(
    seen: AppointmentRequest, sign_in: SignIn, monday: datetime
) -> None:
    client = sign_in("Reception")
    address = decide_at(seen, "follow-up")
    page = client.post(address, posted(seen, weeks="2", look="from", times=[])).content.decode()
    day = timezone.localdate(monday + 2 * WEEK)
    assert f"{day:%A} {day.day} {day:%B %Y}" in page
    later = client.post(address, posted(seen, weeks="2", look="later", times=[])).content.decode()
    day = timezone.localdate(monday + 4 * WEEK)
    assert f"{day:%A} {day.day} {day:%B %Y}" in later
    assert '<option value="" selected>about a date</option>' in later
    assert made_after(seen) == []


@pytest.mark.parametrize(("read_in", "booked_now"), [("pl", False), ("", True)])
def test_answers_that_were_read_in_a_translation_are_looked_at_for_this_visit_too(
    read_in: str, booked_now: bool, seen: AppointmentRequest, sign_in: SignIn, monday: datetime
) -> None:
    """A clinician decided about them once, and nobody has asked them in English since."""
    language = factories.question(
        "in-a-translation",
        group=factories.question_group("The language"),
        answered_from=AnsweredFrom.LANGUAGE,
    )
    fresh = GivenAnswer(factories.question(), Answer.NO, "", read_in)
    keep_answers(seen, [fresh], [], by="the patient", now=monday - timedelta(days=1))
    sign_in("Reception").post(decide_at(seen, "follow-up"), posted(seen))
    (made,) = made_after(seen)
    assert made.appointments.exists() == booked_now
    flagged = [flag.answer.question for flag in made.flags.select_related("answer__question")]
    assert flagged == ([] if booked_now else [language])


# --- Ask the patient then -------------------------------------------------------------------


def plan(request: AppointmentRequest, day: date, now: datetime) -> Recall:
    by = factories.staff("Reception")
    return triage.plan_recall(request, version=request.version, ask_due=day, by=by, now=now)


def test_the_table_of_recalls() -> None:
    assert set(TRANSITIONS) == set(OWNERS) == set(RecallStatus)


def test_two_presses_plan_to_ask(
    seen: AppointmentRequest, sign_in: SignIn, monday: datetime
) -> None:
    client = sign_in("Reception")
    values = {"version": seen.version, "weeks": "12", "ask_then": "yes"}
    said = client.post(decide_at(seen, "follow-up"), values, follow=True).content.decode()
    assert "We will ask the patient on Monday 15 February 2027." in said
    recall = seen.recalls.get()
    assert (recall.status, recall.ask_due) == (RecallStatus.PLANNED, date(2027, 2, 15))
    assert "we ask them on Monday 15 February 2027" in client.get(page_of(seen)).content.decode()


def test_the_page_of_the_person_says_what_is_planned(
    seen: AppointmentRequest, sign_in: SignIn, monday: datetime
) -> None:
    client, person = sign_in("Reception"), page_of_person(seen.person)
    planned = "we ask them on Monday 15 February 2027"
    assert planned not in client.get(person).content.decode()
    plan(seen, date(2027, 2, 15), monday)
    assert planned in client.get(person).content.decode()
    seen.refresh_from_db()
    by = factories.staff("Reception")
    triage.take_recall_back(seen, version=seen.version, by=by, now=monday)
    assert planned not in client.get(person).content.decode()


@pytest.mark.parametrize(
    ("values", "sentence"),
    [
        ({"weeks": "", "from_day": "2026-11-23"}, "Choose a day after today."),
        ({"weeks": "", "from_day": ""}, "Choose a day after today."),
        ({"weeks": "", "from_day": "soon"}, "Enter a date, for example"),
        ({"weeks": "7"}, "Choose from the list."),
    ],
)
def test_a_day_to_ask_on_is_in_the_future(
    values: dict[str, str], sentence: str, seen: AppointmentRequest, sign_in: SignIn
) -> None:
    sent = {"version": seen.version, "ask_then": "yes", **values}
    page = sign_in("Reception").post(decide_at(seen, "follow-up"), sent).content.decode()
    assert sentence in page
    assert not seen.recalls.exists()


def test_on_the_day_they_get_a_link_that_works_again(
    seen: AppointmentRequest, client: Client, at: Any, monday: datetime
) -> None:
    plan(seen, timezone.localdate(monday + 26 * WEEK), monday)
    for days in (181, 182):
        at(now := monday + timedelta(days=days))
        assert not links.is_alive(seen, now)
        assert triage.ask_about_follow_ups(now) == int(days == 182)
    messages.send_due()
    letter = mail.outbox[-1]
    assert letter.subject == "About your next visit"
    seen.refresh_from_db()
    assert links.private_link(seen) in letter.body
    assert seen.recalls.get().status == RecallStatus.ASKED
    page = client.get(identified(client, seen)).content.decode()
    assert "Would you like another visit?" in page
    assert f"/appointments/mine/{seen.reference}/again/" in page
    assert triage.ask_about_follow_ups(now) == 0


def test_whoever_has_no_address_is_phoned(seen: AppointmentRequest, monday: datetime) -> None:
    AppointmentRequest.objects.filter(pk=seen.pk).update(email="")
    seen.refresh_from_db()
    plan(seen, timezone.localdate(monday + WEEK), monday)
    triage.ask_about_follow_ups(now := monday + WEEK)
    assert [each.request for each in patients_to_phone(now)] == [seen]
    assert (
        reason_to_phone(seen, now)
        == "Ask whether they would like a follow-up, as we said we would."
    )


def test_what_was_arranged_since_the_question_counts_when_it_is_sent_once_more(
    seen: AppointmentRequest, monday: datetime
) -> None:
    plan(seen, timezone.localdate(monday + WEEK), monday)
    triage.ask_about_follow_ups(asked := monday + WEEK)
    message = seen.messages.get(kind=MessageKind.RECALL)
    journal.record(seen, Event.FOLLOWED_UP, by="reception", at=asked + timedelta(hours=1))
    messages.repeat(message, by="reception", now=(later := asked + timedelta(hours=2)))
    assert not is_still_true(seen.messages.latest("pk"), later)


def test_nobody_is_asked_at_night(seen: AppointmentRequest, monday: datetime) -> None:
    plan(seen, timezone.localdate(monday + WEEK), monday)
    assert triage.ask_about_follow_ups(monday + WEEK - timedelta(hours=8)) == 0


def test_it_can_be_taken_back(seen: AppointmentRequest, sign_in: SignIn, monday: datetime) -> None:
    plan(seen, timezone.localdate(monday + WEEK), monday)
    client = sign_in("Reception")
    assert decide_at(seen, "recall-back") in client.get(page_of(seen)).content.decode()
    client.post(decide_at(seen, "recall-back"), {"version": seen.version})
    assert seen.recalls.get().status == RecallStatus.TAKEN_BACK
    assert triage.ask_about_follow_ups(monday + WEEK) == 0
    seen.refresh_from_db()
    assert decide_at(seen, "recall-back") not in client.get(page_of(seen)).content.decode()
    with pytest.raises(Overtaken):
        triage.take_recall_back(
            seen, version=seen.version, by=factories.staff("Reception"), now=monday
        )


def test_another_plan_and_a_booking_each_replace_it(
    seen: AppointmentRequest, sign_in: SignIn, monday: datetime
) -> None:
    plan(seen, timezone.localdate(monday + WEEK), monday)
    plan(seen, timezone.localdate(monday + 2 * WEEK), monday)
    planned = seen.recalls.filter(status=RecallStatus.PLANNED)
    assert [each.ask_due for each in planned] == [date(2026, 12, 7)]
    sign_in("Reception").post(decide_at(seen, "follow-up"), posted(seen))
    assert not planned.all().exists()


def test_a_follow_up_that_was_booked_ends_the_call(
    seen: AppointmentRequest, sign_in: SignIn, at: Any, monday: datetime
) -> None:
    AppointmentRequest.objects.filter(pk=seen.pk).update(email="")
    seen.refresh_from_db()
    plan(seen, timezone.localdate(monday + WEEK), monday)
    at(now := monday + WEEK)
    triage.ask_about_follow_ups(now)
    seen.refresh_from_db()
    sign_in("Reception").post(decide_at(seen, "follow-up"), posted(seen))
    assert Appointment.objects.filter(request__in=made_after(seen)).count() == 1
    assert reason_to_phone(seen, now) == ""


@pytest.mark.parametrize("count", [0, 21])
def test_a_course_has_at_least_one_visit_and_not_too_many(
    count: int, seen: AppointmentRequest, monday: datetime
) -> None:
    assert MOST_VISITS < 21
    with pytest.raises(TriageRefused, match=f"^Book between 1 and {MOST_VISITS} visits.$"):
        triage.follow_up(
            seen,
            version=seen.version,
            submission=factories.submission(),
            carried=[],
            appointment_type=factories.appointment_type(),
            clinician=factories.clinician(),
            starts=[factories.tomorrow(hour, now=monday) for hour in range(count)],
            by=factories.staff("Reception"),
            now=monday,
        )
    assert made_after(seen) == []


def test_what_a_colleague_takes_back_while_others_are_asked_is_not_asked(
    seen: AppointmentRequest, monday: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A receptionist presses after the clock has looked whom to ask, and before it asks them."""
    plan(seen, timezone.localdate(now := monday + WEEK), monday)
    recall, by = seen.recalls.get(), factories.staff("Reception")

    def in_between(pks: Any, *act: Any, **named: Any) -> Any:
        found = list(pks)
        triage.take_recall_back(seen, version=seen.version, by=by, now=now)
        return one_by_one(found, *act, **named)

    monkeypatch.setattr(following_up, "one_by_one", in_between)
    asked = triage.ask_about_follow_ups(now)
    assert (asked, asked.failed) == (0, 0)
    recall.refresh_from_db()
    assert (recall.status, recall.ended_by) == (RecallStatus.TAKEN_BACK, by.get_username())
    assert not seen.messages.filter(kind=MessageKind.RECALL).exists()
    seen.refresh_from_db()
    assert seen.link_until is None
