"""Each verb of triage: what it does, what it refuses, and that nothing happens by halves."""

from collections.abc import Callable
from datetime import date, datetime, time, timedelta
from functools import partial
from typing import Any, NamedTuple

import pytest
from django.test import Client
from django.utils import timezone

from bookings import triage
from bookings.diary import free_times
from bookings.messages.letters import letter
from bookings.models import (
    AppointmentRequest,
    AppointmentType,
    Claim,
    Message,
    OfferedTime,
    RedFlag,
    RequestEvent,
)
from bookings.screening import GivenAnswer
from bookings.status import (
    CLOCK,
    PATIENT,
    TRANSITIONS,
    WITHOUT_REPLY,
    Answer,
    FlagOutcome,
    MessageKind,
    OfferStatus,
    RequestStatus,
    TimeTaken,
    TriageRefused,
)
from bookings.triage import clock, transitions
from tests import factories
from tests.people import decide_at, page_of

pytestmark = pytest.mark.django_db


def kinds(request: AppointmentRequest) -> list[str]:
    return list(request.events.order_by("number").values_list("kind", flat=True))


def mails(request: AppointmentRequest) -> list[str]:
    return list(request.messages.order_by("pk").values_list("kind", flat=True))


# --- Receiving ------------------------------------------------------------------------------


def test_a_request_is_received_with_answers_flag_event_and_messages(monday: datetime) -> None:
    answer = GivenAnswer(factories.question(), Answer.YES, "Warfarin")
    request = triage.submit(factories.submission(answers=[answer]), key="k" * 43, now=monday)
    assert request.status == RequestStatus.RECEIVED
    assert [(a.answer, a.detail) for a in request.answers.all()] == [("yes", "Warfarin")]
    assert [flag.level for flag in request.flags.all()] == ["red"]
    assert kinds(request) == ["sent the request"]
    assert mails(request) == [MessageKind.RECEIVED, MessageKind.CLINIC_NOTICE]


def test_not_sure_raises_the_flag_only_where_the_rule_says_so(monday: datetime) -> None:
    strict = factories.question("strict")
    lenient = factories.question("lenient", flags_unsure=False)
    answers = [GivenAnswer(rule, Answer.UNSURE, "") for rule in (strict, lenient)]
    request = triage.submit(factories.submission(answers=answers), key="k", now=monday)
    assert [flag.answer.question for flag in request.flags.all()] == [strict]


def test_the_same_key_and_content_lead_to_the_same_request(monday: datetime) -> None:
    first = triage.submit(factories.submission(), key="k", now=monday)
    second = triage.submit(factories.submission(), key="k", now=monday + timedelta(seconds=1))
    assert second == first
    assert AppointmentRequest.objects.count() == 1
    assert Message.objects.filter(kind=MessageKind.RECEIVED).count() == 1


def test_the_same_key_with_other_content_is_refused(monday: datetime) -> None:
    triage.submit(factories.submission(), key="k", now=monday)
    with pytest.raises(TriageRefused, match="already sent this form with other answers"):
        triage.submit(factories.submission(concern="Another."), key="k", now=monday)


def test_an_answer_is_promised_within_sixteen_working_hours(monday: datetime) -> None:
    """Monday 10:00: seven hours today, eight tomorrow, one on Wednesday."""
    request = factories.received(now=monday)
    assert timezone.localtime(request.answer_due).isoformat() == "2026-11-25T10:00:00+00:00"


# --- The table ------------------------------------------------------------------------------

Verb = Callable[[AppointmentRequest, datetime], Any]


def _offer(request: AppointmentRequest, now: datetime) -> Any:
    return factories.offer(request, now=now)


def _accept(request: AppointmentRequest, now: datetime) -> Any:
    """Accept one of the request's own times or, if it has none, one that it was never offered."""
    offer = request.offers.first()
    chosen = offer.times.all()[0] if offer else OfferedTime()
    return triage.accept(request, version=request.version, chosen=chosen, now=now)


def _book_offered(request: AppointmentRequest, now: datetime) -> Any:
    offer = request.offers.first()
    return triage.book_offered(
        request,
        version=request.version,
        chosen=offer.times.all()[0] if offer else OfferedTime(),
        by=factories.staff("Reception"),
        now=now,
    )


def _book(request: AppointmentRequest, now: datetime) -> Any:
    return triage.book(
        request,
        version=request.version,
        appointment_type=factories.appointment_type(),
        clinician=factories.clinician("other"),
        starts=factories.tomorrow(now=now),
        by=factories.staff("Reception"),
        now=now,
    )


def _pressed(verb: Callable[..., Any], **named: Any) -> Verb:
    """A verb that needs nothing from the test but the request and the time."""
    return lambda request, now: verb(request, version=request.version, now=now, **named)


def _by_staff(verb: Callable[..., Any], **named: Any) -> Verb:
    return lambda request, now: verb(
        request, version=request.version, by=factories.staff("Reception"), now=now, **named
    )


RECEIVED, IN_REVIEW, OFFERED = (
    RequestStatus.RECEIVED,
    RequestStatus.IN_REVIEW,
    RequestStatus.OFFERED,
)
BOOKED, AGAIN, OTHERS = (
    RequestStatus.BOOKED,
    RequestStatus.BOOKED_IN_REVIEW,
    RequestStatus.BOOKED_OFFERED,
)


class Row(NamedTuple):
    """Where a verb starts, where it leads from there, and how much later it is called."""

    act: Verb
    leads: dict[RequestStatus, RequestStatus]
    later: timedelta = timedelta()


def from_ours(to: RequestStatus) -> dict[RequestStatus, RequestStatus]:
    """From review, and from a request just received, which is taken into review on the way."""
    return {IN_REVIEW: to, RECEIVED: to}


def is_taken_up(status: RequestStatus, to: RequestStatus) -> bool:
    return status == RECEIVED and to not in TRANSITIONS[RECEIVED]


VERBS = {
    "start_review": Row(
        _by_staff(triage.start_review),
        dict.fromkeys((RECEIVED, RequestStatus.LAPSED, RequestStatus.DEFERRED), IN_REVIEW),
    ),
    "ask": Row(_by_staff(triage.ask, text="?"), from_ours(RequestStatus.QUESTION_ASKED)),
    "offer": Row(_offer, from_ours(OFFERED) | {BOOKED: OTHERS, AGAIN: OTHERS}),
    "book": Row(_book, from_ours(BOOKED) | {BOOKED: BOOKED, AGAIN: BOOKED, OTHERS: BOOKED}),
    "defer": Row(
        _by_staff(triage.defer, until=date(2026, 11, 24)), from_ours(RequestStatus.DEFERRED)
    ),
    "decline": Row(_by_staff(triage.decline, reason="No."), from_ours(RequestStatus.DECLINED)),
    "take_offer_back": Row(_by_staff(triage.take_offer_back), {OFFERED: IN_REVIEW, OTHERS: AGAIN}),
    "leave_as_it_is": Row(_by_staff(triage.leave_as_it_is), {AGAIN: BOOKED}),
    "accept": Row(_accept, {OFFERED: BOOKED, OTHERS: BOOKED}),
    "book_offered": Row(_book_offered, {OFFERED: BOOKED, OTHERS: BOOKED}),
    "ask_for_other_times": Row(
        _pressed(triage.ask_for_other_times, wishes=""), {OFFERED: IN_REVIEW, OTHERS: AGAIN}
    ),
    "ask_for_another_time": Row(
        _pressed(triage.ask_for_another_time, wishes="On a Friday."), {BOOKED: AGAIN}
    ),
    "keep_appointment": Row(_pressed(triage.keep_appointment), {AGAIN: BOOKED, OTHERS: BOOKED}),
    "answer_question": Row(
        _pressed(triage.answer_question, text="Left."),
        {RequestStatus.QUESTION_ASKED: IN_REVIEW},
    ),
    "cancel": Row(
        _by_staff(triage.cancel), dict.fromkeys((BOOKED, AGAIN, OTHERS), RequestStatus.CLOSED)
    ),
    "record_attendance": Row(
        _by_staff(triage.record_attendance, came=True),
        dict.fromkeys((BOOKED, AGAIN, OTHERS), RequestStatus.CLOSED),
        timedelta(days=2),
    ),
    "withdraw": Row(
        _pressed(triage.withdraw),
        dict.fromkeys(
            (
                RECEIVED,
                IN_REVIEW,
                RequestStatus.QUESTION_ASKED,
                OFFERED,
                RequestStatus.DEFERRED,
            ),
            RequestStatus.WITHDRAWN,
        ),
    ),
}


def test_a_deferred_request_comes_back_early_or_is_withdrawn_for_a_caller(
    sign_in: Callable[[Any], Client], monday: datetime
) -> None:
    early, withdrawn = (factories.request_at(RequestStatus.DEFERRED, now=monday) for _ in range(2))
    desk, later = sign_in("Reception"), early.answer_due
    page = desk.get(page_of(early)).content.decode()
    assert all(decide_at(early, slug) in page for slug in ("reopen", "withdraw"))
    desk.post(decide_at(early, "reopen"), {"version": early.version})
    early.refresh_from_db()
    assert (early.status, early.deferred_until) == (IN_REVIEW, None)
    # They hear from us as soon as if they had asked today.
    assert early.answer_due == triage.answer_due(monday) < later
    posted = {"version": withdrawn.version}
    page = desk.post(decide_at(withdrawn, "withdraw"), posted, follow=True).content.decode()
    assert "Withdrawn. We tell the patient." in page
    assert "withdrew it for the patient" in page
    withdrawn.refresh_from_db()
    assert (withdrawn.status, withdrawn.ended_by) == (RequestStatus.WITHDRAWN, "reception")
    [told] = withdrawn.messages.filter(kind=MessageKind.WITHDRAWN)
    assert told.queued_by == "reception"
    assert "We withdrew your request, as you asked." in letter(told).body


def test_a_request_that_the_clock_brings_back_first_says_so(
    sign_in: Callable[[Any], Client], at: Any, monday: datetime
) -> None:
    request = factories.request_at(RequestStatus.DEFERRED, now=monday)
    assert request.deferred_until
    seen = request.version
    at(datetime.combine(request.deferred_until, time(9), tzinfo=timezone.get_default_timezone()))
    page = sign_in("Reception").post(decide_at(request, "reopen"), {"version": seen})
    said = "This is no longer possible: the clock brought it back on 26 November at "
    assert said in page.content.decode()


def test_a_patient_to_whom_we_cannot_write_hears_of_it_on_the_phone(
    sign_in: Callable[[Any], Client], monday: datetime
) -> None:
    request, desk = factories.request_at(RequestStatus.DEFERRED, now=monday), sign_in("Reception")
    AppointmentRequest.objects.filter(pk=request.pk).update(email="")
    asked = desk.get(decide_at(request, "withdraw")).content.decode()
    assert "Otherwise you cannot undo it." in asked
    posted = {"version": request.version}
    page = desk.post(decide_at(request, "withdraw"), posted, follow=True).content.decode()
    assert "tell them now that it is done." in page
    assert "We tell the patient." not in page
    assert not request.messages.filter(kind=MessageKind.WITHDRAWN).exists()


def test_times_of_a_request_withdrawn_for_a_caller_are_kept_for_them(
    sign_in: Callable[[Any], Client], monday: datetime
) -> None:
    request, desk = factories.request_at(OFFERED, now=monday), sign_in("Reception")
    desk.post(decide_at(request, "withdraw"), {"version": request.version})
    request.refresh_from_db()
    assert request.status == RequestStatus.WITHDRAWN
    desk.post(decide_at(request, "undo-for-them"), {"version": request.version})
    request.refresh_from_db()
    assert request.status == OFFERED


def test_every_pair_of_the_table_has_a_verb_or_the_clock() -> None:
    by_verbs = {
        (IN_REVIEW if is_taken_up(status, to) else status, to)
        for row in VERBS.values()
        for status, to in row.leads.items()
    }
    # See test_attendance, test_cancelling and test_kept_for_an_hour.
    by_undoing = {
        (RequestStatus.CLOSED, BOOKED),
        (RequestStatus.CLOSED, AGAIN),
        (RequestStatus.DECLINED, IN_REVIEW),
        (RequestStatus.WITHDRAWN, OFFERED),
    }
    by_clock = {(RequestStatus.DEFERRED, IN_REVIEW), *WITHOUT_REPLY.items()}
    table = {(status, to) for status, following in TRANSITIONS.items() for to in following}
    assert by_verbs | by_undoing | by_clock == table


@pytest.mark.parametrize(
    ("verb", "status"), [(verb, status) for verb, row in VERBS.items() for status in row.leads]
)
def test_every_verb_leads_where_the_table_says(
    verb: str, status: RequestStatus, monday: datetime
) -> None:
    row = VERBS[verb]
    request = factories.request_at(status, now=monday)
    events, version = len(kinds(request)), request.version
    now = monday + row.later
    # The clock's own step is written first and is a step of its own; so is the review.
    steps = 1 + (request.state(now) != status) + is_taken_up(status, row.leads[status])
    row.act(request, now)
    request.refresh_from_db()
    assert request.status == row.leads[status]
    assert request.version == version + steps
    assert len(kinds(request)) == events + steps


@pytest.mark.parametrize("status", RequestStatus)
def test_every_other_verb_is_refused_and_changes_nothing(
    status: RequestStatus, monday: datetime
) -> None:
    request = factories.request_at(status, now=monday)
    events, version = len(kinds(request)), request.version
    held = Claim.objects.count()
    refused = {verb: row for verb, row in VERBS.items() if status not in row.leads}
    assert refused
    for verb, row in refused.items():
        with pytest.raises(TriageRefused, match=r"[a-z] [a-z]"):
            row.act(request, monday + row.later)
        request.refresh_from_db()
        assert (request.status, request.version) == (status, version), verb
        assert len(kinds(request)) == events, verb
        assert Claim.objects.count() == held, verb


@pytest.mark.parametrize("verb", VERBS)
def test_a_stale_version_is_refused_with_who_and_when(verb: str, monday: datetime) -> None:
    row = VERBS[verb]
    seen_by_me = factories.request_at(next(iter(row.leads)), now=monday)
    AppointmentRequest.objects.filter(pk=seen_by_me.pk).update(version=seen_by_me.version + 1)
    with pytest.raises(TriageRefused, match=r"no longer possible: .+ on 23 November at 10:00"):
        row.act(seen_by_me, monday + row.later)


def test_a_colleague_who_was_faster_is_named(monday: datetime) -> None:
    mine, another = (factories.request_at(RequestStatus.IN_REVIEW, now=monday) for _ in range(2))
    theirs = AppointmentRequest.objects.get(pk=mine.pk)
    sam, asked_at = factories.staff("Reception", "sam"), monday + timedelta(minutes=5)
    triage.ask(theirs, version=theirs.version, text="Which side?", by=sam, now=asked_at)
    said = r"Sam asked a question on 23 November at 10:05\. Check its current status\."
    with pytest.raises(TriageRefused, match=said):
        triage.decline(
            mine, version=mine.version, reason="No.", by=factories.staff("Reception"), now=monday
        )
    assert mine.status == RequestStatus.QUESTION_ASKED
    assert another.version == theirs.version - 1
    another.refresh_from_db()
    assert another.status == RequestStatus.IN_REVIEW


# --- Flags gate -----------------------------------------------------------------------------


def flagged_in_review(now: datetime) -> AppointmentRequest:
    request = factories.received(flagged=True, now=now)
    return triage.start_review(
        request, version=request.version, by=factories.staff("Reception"), now=now
    )


def test_an_outcome_takes_a_received_request_into_review(monday: datetime) -> None:
    request = factories.received(flagged=True, now=monday)
    flag, doctor = request.flags.get(), factories.staff("Clinician")
    proceed = partial(
        triage.resolve_flag,
        flag,
        outcome=FlagOutcome.PROCEED,
        reason="Spoke to them.",
        by=doctor,
        now=monday,
    )
    with pytest.raises(TriageRefused, match="no longer possible"):
        proceed(version=request.version + 1)
    flag.refresh_from_db()
    assert flag.outcome == ""
    proceed(version=request.version)
    request.refresh_from_db()
    assert request.status == IN_REVIEW
    assert kinds(request) == ["sent the request", "took it into review", "recorded an outcome"]


def resolve(request: AppointmentRequest, outcome: str, now: datetime) -> None:
    triage.resolve_flag(
        request.flags.get(),
        version=request.version,
        outcome=outcome,
        reason="Spoke to the patient.",
        by=factories.staff("Clinician"),
        now=now,
    )
    request.refresh_from_db()


@pytest.mark.parametrize("act", [_offer, _book])
def test_an_open_flag_blocks_offers_and_bookings(act: Verb, monday: datetime) -> None:
    request = flagged_in_review(monday)
    with pytest.raises(TriageRefused, match="A flag is still open"):
        act(request, monday)
    request.refresh_from_db()
    assert request.status == RequestStatus.IN_REVIEW
    assert Claim.objects.count() == 0


@pytest.mark.parametrize("outcome", FlagOutcome)
def test_only_the_clearing_outcomes_let_an_offer_through(
    outcome: FlagOutcome, monday: datetime
) -> None:
    request = flagged_in_review(monday)
    resolve(request, outcome, monday)
    if outcome in {FlagOutcome.PROCEED, FlagOutcome.PROCEED_WITH_NOTE}:
        assert factories.offer(request, now=monday).status == OfferStatus.OPEN
    else:
        with pytest.raises(TriageRefused, match="A flag is still open"):
            factories.offer(request, now=monday)


def test_an_outcome_names_its_person_and_is_journaled_without_its_reason(monday: datetime) -> None:
    request = flagged_in_review(monday)
    resolve(request, FlagOutcome.CALL_PATIENT, monday)
    flag = request.flags.get()
    assert (flag.resolved_by, flag.resolved_at) == (factories.staff("Clinician"), monday)
    last = request.events.order_by("-number")[0]
    assert last.kind == "recorded an outcome"
    assert last.detail == {"flag": flag.pk, "outcome": "call_patient"}


def test_an_outcome_from_a_stale_screen_is_refused(monday: datetime) -> None:
    request = flagged_in_review(monday)
    resolve(request, FlagOutcome.PROCEED, monday)
    with pytest.raises(TriageRefused):
        triage.resolve_flag(
            RedFlag.objects.get(request=request),
            version=request.version - 1,
            outcome=FlagOutcome.NOT_SUITABLE,
            reason="No.",
            by=factories.staff("Clinician"),
            now=monday,
        )
    assert request.flags.get().outcome == FlagOutcome.PROCEED


# --- The patient answers --------------------------------------------------------------------


def test_taking_a_time_books_it_and_releases_the_others(monday: datetime) -> None:
    request = factories.request_at(RequestStatus.OFFERED, now=monday)
    chosen, other = request.offers.get().times.all()
    appointment = triage.accept(request, version=request.version, chosen=chosen, now=monday)
    request.refresh_from_db()
    assert request.status == RequestStatus.BOOKED
    assert appointment is not None
    assert (appointment.starts, appointment.ends) == (chosen.starts, chosen.ends)
    held: set[tuple[int, int | None, int | None]]
    held = set(Claim.objects.values_list("cell", "appointment", "offered_time"))
    assert held == {
        (cell, appointment.pk, None)
        for cell in free_times.cells(chosen.starts, chosen.ends + timedelta(minutes=10))
    }
    assert not other.claims.exists()
    assert mails(request)[-1] == MessageKind.BOOKED


def test_an_offer_that_ended_cannot_be_taken(monday: datetime) -> None:
    request = factories.request_at(RequestStatus.OFFERED, now=monday)
    chosen = request.offers.get().times.all()[0]
    late = request.offers.get().held_until
    with pytest.raises(TriageRefused):
        triage.accept(request, version=request.version, chosen=chosen, now=late)
    request.refresh_from_db()
    assert request.state(late) == RequestStatus.LAPSED
    assert not request.appointments.exists()


def test_asking_for_other_times_gives_the_held_ones_back(monday: datetime) -> None:
    request = factories.request_at(RequestStatus.OFFERED, now=monday)
    later = monday + timedelta(hours=1)
    triage.ask_for_other_times(request, version=request.version, wishes="", now=later)
    assert request.status == RequestStatus.IN_REVIEW
    assert request.offers.get().status == OfferStatus.REFUSED
    assert request.offers.get().kept_until == later + timedelta(hours=1)
    assert request.answer_due == triage.answer_due(later)
    assert mails(request)[-1] == MessageKind.CLINIC_NOTICE


def test_an_answer_brings_the_request_back(monday: datetime) -> None:
    request = factories.request_at(RequestStatus.QUESTION_ASKED, now=monday)
    triage.answer_question(request, version=request.version, text="The left.", now=monday)
    question = request.questions.get()
    assert request.status == RequestStatus.IN_REVIEW
    assert (question.answer, question.answered_by) == ("The left.", PATIENT)


def test_an_answer_belongs_to_the_last_question_alone(monday: datetime) -> None:
    request = factories.request_at(RequestStatus.QUESTION_ASKED, now=monday)
    ignored = request.questions.get()
    a_month_on = monday + timedelta(days=28)
    sam = factories.staff("Reception", "sam")
    assert request.state(a_month_on) == RequestStatus.LAPSED
    triage.start_review(request, version=request.version, by=sam, now=a_month_on)
    asked = triage.ask(request, version=request.version, text="Which knee?", by=sam, now=a_month_on)
    triage.answer_question(request, version=request.version, text="The left.", now=a_month_on)
    ignored.refresh_from_db()
    asked.refresh_from_db()
    assert (ignored.answer, ignored.answered_at, ignored.answered_by) == ("", None, None)
    assert (asked.answer, asked.answered_at, asked.answered_by) == (
        "The left.",
        a_month_on,
        PATIENT,
    )


def test_withdrawing_gives_held_times_back(monday: datetime) -> None:
    request = factories.request_at(RequestStatus.OFFERED, now=monday)
    triage.withdraw(request, version=request.version, now=monday)
    assert request.offers.get().kept_until == monday + timedelta(hours=1)
    assert request.offers.get().status == OfferStatus.RELEASED
    assert (request.ended_by, request.ended_at) == (PATIENT, monday)


# --- The clock ------------------------------------------------------------------------------


def test_a_deferred_request_comes_back_on_its_day_without_anything_running(
    monday: datetime,
) -> None:
    request = factories.request_at(RequestStatus.DEFERRED, now=monday)
    the_day = monday + timedelta(days=3)
    assert request.state(the_day - timedelta(days=1)) == RequestStatus.DEFERRED
    assert request.state(the_day) == RequestStatus.IN_REVIEW
    factories.offer(request, now=the_day)
    assert kinds(request)[-2:] == ["came back on its day", "offered times"]


def test_a_deferral_must_be_to_a_day_to_come(monday: datetime) -> None:
    request = factories.request_at(RequestStatus.IN_REVIEW, now=monday)
    with pytest.raises(TriageRefused, match="after today"):
        triage.defer(
            request,
            version=request.version,
            until=timezone.localdate(monday),
            by=factories.staff("Reception"),
            now=monday,
        )


def test_catching_up_writes_what_readers_computed_and_only_once(monday: datetime) -> None:
    offered = factories.request_at(RequestStatus.OFFERED, now=monday)
    asked = factories.request_at(RequestStatus.QUESTION_ASKED, now=monday)
    deferred = factories.request_at(RequestStatus.DEFERRED, now=monday)
    later, due = monday + timedelta(days=30), offered.reply_due
    expected = [request.state(later) for request in (offered, asked, deferred)]
    assert triage.catch_up(later) == 3
    assert triage.catch_up(later) == 0
    for request, state in zip((offered, asked, deferred), expected, strict=True):
        request.refresh_from_db()
        assert request.status == state
    assert (offered.ended_at, offered.ended_by) == (due, CLOCK)
    assert Claim.objects.count() == 0


def test_a_lapsed_request_can_be_opened_again_and_offered_anew(monday: datetime) -> None:
    request = factories.request_at(RequestStatus.OFFERED, now=monday)
    later = monday + timedelta(days=1)
    triage.start_review(
        request, version=request.version, by=factories.staff("Reception"), now=later
    )
    assert kinds(request)[-2:] == ["let it lapse", "took it into review"]
    assert factories.offer(request, now=later).status == OfferStatus.OPEN


def test_nothing_is_half_stored_when_a_time_is_taken(monday: datetime) -> None:
    first = factories.request_at(RequestStatus.OFFERED, now=monday)
    taken = first.offers.get().times.all()[0].starts
    second = factories.request_at(RequestStatus.IN_REVIEW, now=monday)
    events, claims = RequestEvent.objects.count(), Claim.objects.count()
    with pytest.raises(TimeTaken, match="has just been taken"):
        factories.offer(second, [taken], now=monday)
    second.refresh_from_db()
    assert second.status == RequestStatus.IN_REVIEW
    assert (RequestEvent.objects.count(), Claim.objects.count()) == (events, claims)
    assert second.offers.count() == 0
    assert mails(second) == [MessageKind.RECEIVED, MessageKind.CLINIC_NOTICE]


def test_an_offer_stands_when_its_type_gets_another_buffer(monday: datetime) -> None:
    request = factories.request_at(RequestStatus.OFFERED, now=monday)
    chosen = request.offers.get().times.all()[0]
    AppointmentType.objects.update(buffer_minutes=25)
    assert triage.accept(request, version=request.version, chosen=chosen, now=monday)


def test_catching_up_goes_on_past_a_request_that_somebody_just_moved(
    monday: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    moved, left = (factories.request_at(RequestStatus.QUESTION_ASKED, now=monday) for _ in range(2))
    later = monday + timedelta(days=30)
    settle = transitions.settle

    def somebody_was_faster(request: AppointmentRequest, *, now: datetime) -> bool:
        if request.pk == moved.pk:
            raise TriageRefused("Somebody was faster.")
        return settle(request, now=now)

    monkeypatch.setattr(clock, "settle", somebody_was_faster)
    assert triage.catch_up(later) == 1
    left.refresh_from_db()
    assert left.status == RequestStatus.LAPSED


@pytest.mark.parametrize("status", [RequestStatus.LAPSED, RequestStatus.DEFERRED])
def test_a_request_that_comes_back_has_a_promise_that_can_be_kept(
    status: RequestStatus, monday: datetime
) -> None:
    request = factories.request_at(status, now=monday)
    later = monday + timedelta(days=18) if status == RequestStatus.LAPSED else monday
    if status == RequestStatus.LAPSED:
        triage.start_review(
            request, version=request.version, by=factories.staff("Reception"), now=later
        )
        assert request.answer_due == triage.answer_due(later)
    else:
        assert request.deferred_until
        assert request.answer_due.date() > request.deferred_until
