"""The day of the visit: arrived, with the clinician, attended or not, and undone."""

import re
from collections.abc import Callable
from datetime import datetime, timedelta
from functools import partial
from typing import Any

import pytest
from django.db import transaction
from django.test import Client
from hypothesis import given
from hypothesis import strategies as st

from bookings import journal, messages, triage
from bookings.models import Appointment, AppointmentRequest, Claim, Message
from bookings.status import (
    AppointmentStatus,
    MessageKind,
    MessageStatus,
    Overtaken,
    RequestStatus,
    TimeTaken,
    TriageRefused,
    VisitStep,
)
from tests import factories
from tests.conftest import MONDAY
from tests.people import LIST, book_instead, booked, decide_at, page_of
from tests.races import losses, race, winners

pytestmark = pytest.mark.django_db
SignIn = Callable[[Any], Client]
MINUTE = timedelta(minutes=1)
VERBS: dict[VisitStep, Callable[..., Appointment]] = {
    VisitStep.ARRIVED: triage.record_arrival,
    VisitStep.CALLED_IN: triage.call_in,
    VisitStep.ATTENDED: partial(triage.record_attendance, came=True),
    VisitStep.MISSED: partial(triage.record_attendance, came=False),
    VisitStep.UNDO: triage.undo_attendance,
}


def visit(monday: datetime) -> tuple[AppointmentRequest, Appointment]:
    request = booked(monday)
    return request, request.appointments.get()


def press(request: AppointmentRequest, step: VisitStep, now: datetime) -> Appointment:
    request.refresh_from_db()
    return VERBS[step](request, version=request.version, by=factories.staff("Reception"), now=now)


# --- The table ------------------------------------------------------------------------------

EXPECTED, ARRIVED, CALLED_IN, ATTENDED, MISSED = range(5)
WAY = {
    EXPECTED: [],
    ARRIVED: [VisitStep.ARRIVED],
    CALLED_IN: [VisitStep.ARRIVED, VisitStep.CALLED_IN],
    ATTENDED: [VisitStep.ATTENDED],
    MISSED: [VisitStep.MISSED],
}
DAY_BEFORE, BEFORE, BEGUN, DAY_AFTER = (
    timedelta(days=-1),
    -MINUTE,
    timedelta(minutes=10),
    timedelta(days=1),
)
POSSIBLE = {
    (EXPECTED, DAY_BEFORE): [],
    (EXPECTED, BEFORE): ["arrived"],
    (EXPECTED, BEGUN): ["arrived", "attended", "missed"],
    (EXPECTED, DAY_AFTER): ["attended", "missed"],
    (ARRIVED, BEGUN): ["called-in", "attended", "undo-attendance"],
    (CALLED_IN, BEGUN): ["attended", "undo-attendance"],
    (ATTENDED, BEGUN): ["undo-attendance"],
    (ATTENDED, DAY_AFTER): [],
    (MISSED, BEGUN): ["undo-attendance"],
    (MISSED, DAY_AFTER): [],
}


@pytest.mark.parametrize(("where", "after"), POSSIBLE)
def test_what_can_be_recorded(where: int, after: timedelta, monday: datetime) -> None:
    request, appointment = visit(monday)
    now = appointment.starts + after
    for step in WAY[where]:
        appointment = press(request, step, appointment.starts + min(after, BEGUN))
    possible = POSSIBLE[where, after]
    assert [step.value for step in triage.possible_steps(appointment, now)] == possible
    for step in VisitStep:
        if step not in possible:
            events = request.events.count()
            with pytest.raises(TriageRefused):
                press(request, step, now)
            assert request.events.count() == events


def test_a_cancelled_appointment_has_no_day(monday: datetime) -> None:
    request, appointment = visit(monday)
    triage.cancel(request, version=request.version, by="the patient", now=monday)
    with pytest.raises(TriageRefused):
        press(request, VisitStep.UNDO, monday)
    appointment.refresh_from_db()
    assert triage.possible_steps(appointment, monday) == []


@given(presses=st.lists(st.tuples(st.sampled_from(VisitStep), st.integers(0, 90)), max_size=8))
def test_whatever_is_pressed_the_journal_and_the_time_stay_right(
    presses: list[tuple[VisitStep, int]],
) -> None:
    with transaction.atomic():
        request, appointment = visit(MONDAY)
        starts = appointment.starts
        passed = 0
        for step, minutes in presses:
            passed += minutes
            possible = triage.possible_steps(appointment, starts + passed * MINUTE)
            try:
                appointment = press(request, step, starts + passed * MINUTE)
            except TriageRefused:
                assert step not in possible
            else:
                assert step in possible
        request.refresh_from_db()
        is_over = appointment.status != AppointmentStatus.BOOKED
        assert (request.status == RequestStatus.CLOSED) == is_over
        assert Claim.objects.filter(appointment=appointment).exists() != is_over
        assert journal.chain_is_whole(request)
        transaction.set_rollback(True)


# --- Undoing --------------------------------------------------------------------------------


def test_an_undo_gives_the_visit_its_time_again(monday: datetime) -> None:
    request, appointment = visit(monday)
    before = set(Claim.objects.values_list("resource", "cell", "appointment"))
    press(request, VisitStep.MISSED, appointment.starts + MINUTE)
    assert not Claim.objects.exists()
    appointment = press(request, VisitStep.UNDO, appointment.starts + 2 * MINUTE)
    request.refresh_from_db()
    assert (request.status, appointment.presence) == (RequestStatus.BOOKED, "")
    assert (request.ended_at, request.ended_by) == (None, None)
    assert set(Claim.objects.values_list("resource", "cell", "appointment")) == before


def test_a_time_that_somebody_else_has_cannot_be_taken_from_them(monday: datetime) -> None:
    request, appointment = visit(monday)
    missed_at = appointment.starts + MINUTE
    press(request, VisitStep.MISSED, missed_at)
    other = factories.request_at(RequestStatus.IN_REVIEW, now=monday)
    book_instead(other, appointment.starts + 10 * MINUTE, missed_at)
    held = Claim.objects.count()
    with pytest.raises(TimeTaken, match="cannot be undone any more"):
        press(request, VisitStep.UNDO, missed_at + MINUTE)
    request.refresh_from_db()
    assert request.status == RequestStatus.CLOSED
    assert Claim.objects.count() == held


def test_the_journal_shows_the_error_and_its_correction(monday: datetime) -> None:
    request, appointment = visit(monday)
    for step in (VisitStep.ARRIVED, VisitStep.CALLED_IN, VisitStep.ATTENDED, VisitStep.UNDO):
        press(request, step, appointment.starts + MINUTE)
    kinds = list(request.events.order_by("number").values_list("kind", flat=True))
    assert kinds[-4:] == [
        "noted that the patient arrived",
        "noted the start of the visit",
        "recorded that the patient came",
        "undid the last note on the visit",
    ]
    assert request.appointments.get().presence == "With the clinician"


# --- Two colleagues at once ------------------------------------------------------------------------


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(
    ("before", "step"),
    [
        ([], VisitStep.ARRIVED),
        ([VisitStep.ARRIVED], VisitStep.CALLED_IN),
        ([], VisitStep.MISSED),
        ([VisitStep.ARRIVED], VisitStep.UNDO),
        ([VisitStep.MISSED], VisitStep.UNDO),
    ],
)
def test_of_two_who_press_at_once_one_is_told(
    before: list[VisitStep], step: VisitStep, monday: datetime
) -> None:
    request, appointment = visit(monday)
    now = appointment.starts + MINUTE
    for each in before:
        press(request, each, now)
    events = AppointmentRequest.objects.get().events.count()
    by = factories.staff("Reception")
    copies = [AppointmentRequest.objects.get() for _ in range(4)]
    outcomes = race(
        [
            partial(VERBS[step], copy, version=copy.version, by=by, now=now + MINUTE)
            for copy in copies
        ]
    )
    assert len(winners(outcomes)) == 1
    assert losses(outcomes) == {Overtaken}
    assert AppointmentRequest.objects.get().events.count() == events + 1


@pytest.mark.parametrize("step", [VisitStep.ARRIVED, VisitStep.MISSED])
def test_an_old_screen_is_told_so(step: VisitStep, monday: datetime) -> None:
    request, appointment = visit(monday)
    now, by = appointment.starts + MINUTE, factories.staff("Reception")
    with pytest.raises(Overtaken):
        VERBS[step](request, version=request.version - 1, by=by, now=now)


@pytest.mark.parametrize("elsewhere", ["https://example.org/", "//example.org", "nowhere"])
def test_a_press_leads_only_to_lists_of_ours(
    elsewhere: str, sign_in: SignIn, at: Any, monday: datetime
) -> None:
    request, appointment = visit(monday)
    at(appointment.starts)
    posted = {"version": request.version, "pressed_on": elsewhere}
    answer = sign_in("Reception").post(decide_at(request, "arrived"), posted)
    assert answer.headers["Location"] == page_of(request)


# --- The email after the visit -----------------------------------------------------------------


def letters() -> list[str]:
    kind = MessageKind.AFTERWARDS
    return list(Message.objects.filter(kind=kind).order_by("pk").values_list("status", flat=True))


def test_what_is_undone_within_three_minutes_reaches_nobody(at: Any, monday: datetime) -> None:
    request, appointment = visit(monday)
    pressed = appointment.starts + MINUTE
    press(request, VisitStep.ATTENDED, pressed)
    at(pressed + timedelta(seconds=179))
    messages.send_due()
    assert letters() == [MessageStatus.QUEUED]
    press(request, VisitStep.UNDO, pressed + timedelta(seconds=179))
    at(pressed + 4 * MINUTE)
    messages.send_due()
    assert letters() == [MessageStatus.DROPPED]


def test_nobody_is_thanked_twice(at: Any, monday: datetime) -> None:
    request, appointment = visit(monday)
    pressed = appointment.starts + MINUTE
    press(request, VisitStep.ATTENDED, pressed)
    at(pressed + 3 * MINUTE)
    messages.send_due()
    press(request, VisitStep.UNDO, pressed + 4 * MINUTE)
    press(request, VisitStep.ATTENDED, pressed + 5 * MINUTE)
    assert letters() == [MessageStatus.SENT]


# --- One press at the desk ---------------------------------------------------------------------


def buttons(content: str, request: AppointmentRequest) -> list[str]:
    found = re.findall(rf'action="{LIST}{request.pk}/decide/([a-z-]+)/">', content)
    return [slug for slug in found if slug in VisitStep.values]


def test_an_arrival_needs_no_visit_to_be_opened_in_the_diary(
    sign_in: SignIn, at: Any, monday: datetime
) -> None:
    request, appointment = visit(monday)
    day = f"{LIST}diary/day/?day={appointment.starts:%Y-%m-%d}"
    assert buttons(sign_in("Reception").get(day).content.decode(), request) == []
    at(appointment.starts)
    client = sign_in("Reception")
    assert buttons(client.get(day).content.decode(), request) == ["arrived"]
    pressed = {"version": request.version, "pressed_on": "diary", "shown": day.partition("?")[2]}
    answer = client.post(decide_at(request, "arrived"), pressed)
    assert answer.headers["Location"] == f"{day}#panel"
    assert buttons(client.get(day).content.decode(), request) == []
    appointment.refresh_from_db()
    assert appointment.arrived_at == appointment.starts


@pytest.mark.parametrize("pressed_on", ["desk", "diary"])
def test_each_step_is_one_press_in_the_list(
    pressed_on: str, sign_in: SignIn, at: Any, monday: datetime
) -> None:
    request, appointment = visit(monday)
    at(appointment.starts)
    client = sign_in("Reception")
    open_ = f"day={appointment.starts:%Y-%m-%d}&appointment={appointment.pk}"
    page = {"desk": "/admin/", "diary": f"{LIST}diary/day/?{open_}#panel"}[pressed_on]
    assert buttons(client.get(page).content.decode(), request) == ["arrived", "attended", "missed"]
    for slug, shown, then in (
        ("arrived", "Arrived", ["called-in", "attended", "undo-attendance"]),
        ("called-in", "With the clinician", ["attended", "undo-attendance"]),
        ("attended", "Attended", ["undo-attendance"]),
        ("undo-attendance", "With the clinician", ["attended", "undo-attendance"]),
    ):
        request.refresh_from_db()
        posted = {"version": request.version, "pressed_on": pressed_on, "shown": open_}
        answer = client.post(decide_at(request, slug), posted, follow=True)
        assert answer.redirect_chain == [(page, 302)]
        content = answer.content.decode()
        assert shown in content
        assert buttons(content, request) == then


def test_an_editor_sees_nobody_coming(sign_in: SignIn, at: Any, monday: datetime) -> None:
    _, appointment = visit(monday)
    at(appointment.starts)
    assert "Coming today" in sign_in("Reception").get("/admin/").content.decode()
    assert "Coming today" not in sign_in("Editor").get("/admin/").content.decode()
