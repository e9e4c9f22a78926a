"""Colleagues are told once, by email and without names, of a patient who has waited too long."""

from collections.abc import Callable
from datetime import datetime, timedelta
from functools import partial
from itertools import count
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.core import mail
from django.core.management import call_command
from django.test import Client

from bookings import messages, triage
from bookings.messages import outbox
from bookings.models import AppointmentRequest, Message, PhoneCall, RedFlag
from bookings.screening import GivenAnswer
from bookings.status import (
    PATIENT,
    Answer,
    FlagOutcome,
    MessageKind,
    MessageStatus,
    RequestStatus,
)
from bookings.triage import surge, waits_too_long
from bookings.triage.safety import keep_answers
from clinic_site.staff import notices
from procedures.status import NoticeHow, NoticeKind
from tests import factories
from tests.people import page_of, too_late_to_undo
from tests.races import having_met, race

pytestmark = pytest.mark.django_db
SECOND, MINUTE = timedelta(seconds=1), timedelta(minutes=1)
HALF_AN_HOUR = timedelta(minutes=30)
WAITS = (MessageKind.UNSEEN, MessageKind.LATE)


def reachable(group: str, name: str) -> User:
    user = factories.staff(group, name)
    user.email = f"{name}@example.org"
    user.save()
    return user


@pytest.fixture(autouse=True)
def manager(db: None) -> User:
    return reachable("Manager", "mia")


def told_at(*moments: datetime) -> list[int]:
    """How much is queued in a round at each of these moments."""
    return [int(triage.tell_of_waits(moment)) for moment in moments]


def queued() -> list[tuple[str, datetime]]:
    rows = Message.objects.filter(kind__in=WAITS).order_by("pk")
    return list(rows.values_list("kind", "queued_at"))


def recipients(now: datetime) -> list[str]:
    """To whom the email goes that is queued then."""
    assert triage.tell_of_waits(now) == 1
    message = Message.objects.filter(kind__in=WAITS).latest("pk")
    return messages.letter(message).to


# --- An answer that cannot wait -----------------------------------------------------------------


def test_after_half_an_hour_an_urgent_answer_is_told_once(monday: datetime) -> None:
    factories.received(urgent=True, now=monday)
    due = monday + HALF_AN_HOUR
    assert told_at(monday, due - SECOND, due, due + MINUTE) == [0, 0, 1, 0]
    assert queued() == [(MessageKind.UNSEEN, due)]


def test_the_worker_sends_it_to_the_manager_and_it_names_nobody(monday: datetime, at: Any) -> None:
    request = factories.received(urgent=True, name="Una Sample", now=monday)
    at(monday + HALF_AN_HOUR)
    call_command("send_messages")
    (letter,) = [each for each in mail.outbox if each.to == ["mia@example.org"]]
    assert letter.subject == f"Phone now: {request.reference}"
    said = str(letter.body)
    assert ("cannot wait" in said, "/admin/" in said) == (True, True)
    assert ("Una" in said, "Sample" in said, "temperature" in said) == (False, False, False)


def test_only_the_time_in_which_the_desk_is_open_counts(monday: datetime) -> None:
    """The desk closes on Friday at 17:00, and opens on Monday at 9:00."""
    friday = monday + timedelta(days=4, hours=6, minutes=50)
    factories.received(urgent=True, now=friday)
    next_monday = monday + timedelta(days=7)
    opens = next_monday.replace(hour=9)
    half = opens + timedelta(minutes=20)
    assert told_at(friday + HALF_AN_HOUR, next_monday.replace(hour=3)) == [0, 0]
    assert told_at(half - SECOND, half) == [0, 1]


@pytest.mark.parametrize(
    ("reached", "expected"), [(True, []), (False, [MessageKind.UNSEEN]), (None, [])]
)
def test_whoever_was_reached_or_seen_to_has_not_waited(
    reached: bool | None, expected: list[MessageKind], monday: datetime
) -> None:
    """A call counts if it reached the patient. Without one, a clinician records an outcome."""
    request = factories.received(urgent=True, now=monday)
    if reached is None:
        factories.clear(request, FlagOutcome.PROCEED, now=monday + MINUTE)
    else:
        PhoneCall.objects.create(
            request=request,
            reached=reached,
            made_at=monday + MINUTE,
            made_by=factories.staff("Reception"),
        )
    triage.tell_of_waits(monday + HALF_AN_HOUR)
    assert [kind for kind, _ in queued()] == expected


def test_nobody_is_told_of_a_red_flag_or_of_what_was_withdrawn(monday: datetime) -> None:
    factories.received(flagged=True, now=monday)
    withdrawn = factories.received(urgent=True, now=monday)
    triage.withdraw(withdrawn, version=withdrawn.version, now=monday)
    assert told_at(monday + HALF_AN_HOUR) == [0]


def test_another_urgent_answer_is_told_as_well(monday: datetime) -> None:
    request = factories.received(urgent=True, now=monday)
    assert told_at(monday + HALF_AN_HOUR) == [1]
    factories.clear(request, FlagOutcome.PROCEED, now=monday + HALF_AN_HOUR)
    later = monday + timedelta(hours=2)
    again = GivenAnswer(factories.urgent_question(), Answer.UNSURE, "")
    triage.answer_again(
        request,
        version=request.version,
        answers=[again],
        by=factories.staff("Reception"),
        now=later,
    )
    assert RedFlag.objects.filter(outcome="").count() == 1
    assert told_at(later, later + HALF_AN_HOUR, later + 2 * HALF_AN_HOUR) == [0, 1, 0]


def test_two_urgent_answers_of_one_request_are_one_email(monday: datetime) -> None:
    second = factories.question("second", level=factories.urgent_question().level)
    answers = [GivenAnswer(each, Answer.YES, "") for each in (factories.urgent_question(), second)]
    triage.submit(factories.submission(answers=answers), key="k", now=monday)
    assert RedFlag.objects.count() == 2
    assert told_at(monday + HALF_AN_HOUR, monday + 2 * HALF_AN_HOUR) == [1, 0]


def test_an_answer_that_was_taken_over_waits_from_the_new_request_on(monday: datetime) -> None:
    request = factories.received(now=monday)
    given = GivenAnswer(factories.urgent_question(), Answer.YES, "")
    keep_answers(request, [given], [given], by=PATIENT, now=monday - timedelta(days=90))
    due = monday + HALF_AN_HOUR
    assert told_at(due - SECOND, due) == [0, 1]


# --- An answer of ours that is late -------------------------------------------------------------


def test_an_answer_that_is_late_is_told_once(monday: datetime) -> None:
    due = factories.received(now=monday).answer_due
    assert told_at(due - SECOND, due, due + MINUTE) == [0, 1, 0]
    assert queued() == [(MessageKind.LATE, due)]


def test_what_was_answered_in_time_is_not_late(monday: datetime) -> None:
    request = factories.request_at(RequestStatus.OFFERED, now=monday)
    assert told_at(request.answer_due) == [0]


def test_a_step_that_answers_nothing_tells_nobody_again(monday: datetime) -> None:
    request = factories.received(now=monday)
    due = request.answer_due
    assert told_at(due) == [1]
    by = factories.staff("Reception")
    triage.start_review(request, version=request.version, by=by, now=due + MINUTE)
    assert told_at(due + 2 * MINUTE) == [0]


def test_another_promise_that_is_missed_is_told_as_well(monday: datetime) -> None:
    request = factories.received(now=monday)
    first = request.answer_due
    assert told_at(first) == [1]
    by = factories.staff("Reception")
    triage.ask(request, version=request.version, text="Which side?", by=by, now=first)
    triage.answer_question(
        request, version=request.version, text="The left.", by=by, now=first + MINUTE
    )
    second = request.answer_due
    assert second > first
    assert told_at(second - SECOND, second) == [0, 1]


# --- Who is told ------------------------------------------------------------------------------


def choose(account: User, how: NoticeHow, now: datetime) -> None:
    notices.choose(account, {NoticeKind.OVERDUE: how}, now=now)


def test_managers_are_told_and_whoever_chose_it(manager: User, monday: datetime) -> None:
    due = factories.received(now=monday).answer_due
    choose(reachable("Clinician", "cleo"), NoticeHow.EACH, monday)
    reachable("Reception", "ann")
    assert recipients(due) == ["mia@example.org", "cleo@example.org"]


def test_a_manager_turns_it_off_if_somebody_else_is_told(manager: User, monday: datetime) -> None:
    due = factories.received(now=monday).answer_due
    with pytest.raises(notices.LastReader):
        choose(manager, NoticeHow.NONE, monday)
    choose(reachable("Clinician", "cleo"), NoticeHow.EACH, monday)
    choose(manager, NoticeHow.NONE, monday)
    assert recipients(due) == ["cleo@example.org"]


def test_without_anybody_else_it_goes_to_managers_and_then_to_the_inbox(
    manager: User, monday: datetime
) -> None:
    first = factories.received(now=monday)
    cleo = reachable("Clinician", "cleo")
    choose(cleo, NoticeHow.EACH, monday)
    choose(manager, NoticeHow.NONE, monday)
    User.objects.filter(pk=cleo.pk).update(is_active=False)
    assert recipients(first.answer_due) == ["mia@example.org"]
    User.objects.filter(pk=manager.pk).update(email="")
    assert messages.letter(Message.objects.get(kind=MessageKind.LATE)).to == ["desk@example.org"]


def test_nothing_is_queued_for_nobody(manager: User, monday: datetime) -> None:
    due = factories.received(now=monday).answer_due
    factories.clinic(inbox="")
    User.objects.filter(pk=manager.pk).update(email="")
    assert told_at(due) == [0]
    User.objects.filter(pk=manager.pk).update(email="mia@example.org")
    assert told_at(due) == [1]


# --- The mail ---------------------------------------------------------------------------------


@pytest.mark.parametrize("urgent", [True, False])
def test_what_has_been_seen_to_before_it_left_is_not_sent(
    urgent: bool, monday: datetime, at: Any
) -> None:
    request = factories.received(urgent=urgent, now=monday)
    now = monday + HALF_AN_HOUR if urgent else request.answer_due
    assert told_at(now) == [1]
    at(now + MINUTE)
    by = factories.staff("Reception")
    if urgent:
        triage.record_call(request, reached=True, note="", by=by, now=now + MINUTE)
    else:
        triage.decline(request, version=request.version, reason="No.", by=by, now=now + MINUTE)
        too_late_to_undo()
    messages.send_due()
    assert Message.objects.get(kind__in=WAITS).status == MessageStatus.DROPPED


def test_the_request_says_that_colleagues_were_told(
    sign_in: Callable[[str], Client], monday: datetime, at: Any
) -> None:
    request = factories.received(urgent=True, now=monday)
    at(monday + HALF_AN_HOUR)
    call_command("send_messages")
    page = sign_in("Reception").get(page_of(request)).content.decode()
    assert "Email “an urgent answer is still open” to colleagues" in page


@pytest.mark.parametrize(("urgent", "expected"), [(True, [0, 1]), (False, [1, 1])])
def test_a_notice_of_what_cannot_wait_does_not_wait_in_a_surge(
    urgent: bool, expected: list[int], monday: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In how many hours the notice to the inbox leaves, and the confirmation."""
    monkeypatch.setattr(surge, "USUAL", 1)
    factories.received(email="first@example.org", now=monday)
    request = factories.received(urgent=urgent, now=monday)
    kinds = (MessageKind.CLINIC_NOTICE, MessageKind.RECEIVED)
    leaves = [request.messages.get(kind=kind).next_try for kind in kinds]
    assert [(each - monday) // surge.HOUR for each in leaves] == expected


# --- Two workers ------------------------------------------------------------------------------


@pytest.mark.parametrize("guarded", [True, False])
@pytest.mark.django_db(transaction=True)
def test_two_workers_tell_it_once(
    guarded: bool, monday: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Both have looked before one of them writes. The number of the wait makes its message unique."""
    factories.received(urgent=True, now=monday)
    monkeypatch.setattr(waits_too_long, "_unseen", having_met(2, waits_too_long._unseen))
    if not guarded:
        numbers: Callable[[], int] = partial(next, count(1))
        monkeypatch.setattr(outbox, "_number", lambda *about: numbers())
    outcomes = race([partial(triage.tell_of_waits, monday + HALF_AN_HOUR)] * 2)
    assert sorted(int(each) for each in outcomes) == ([0, 1] if guarded else [1, 1])
    assert AppointmentRequest.objects.get().messages.filter(kind=MessageKind.UNSEEN).count() == (
        1 if guarded else 2
    )
