"""R19: any sequence of the real verbs, by several people and the clock, keeps the promises.

Quick by default. In CI `HYPOTHESIS_PROFILE=full` draws 200 sequences of 50 steps. `TESTS_SEED` decides
which: there it is the commit, so that each has new ones, and that a failure comes again.
"""

import os
from collections import Counter
from datetime import datetime, timedelta
from typing import Any
from unittest import mock

import pytest
import time_machine
from django.core.mail import EmailMessage
from django.db import transaction
from django.db.models import Q
from hypothesis import HealthCheck, Phase, seed, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    rule,
    run_state_machine_as_test,
)

from bookings import diary, journal, messages, triage
from bookings.diary import free_times
from bookings.messages.still_true import RULES
from bookings.models import (
    Appointment,
    AppointmentRequest,
    Claim,
    Message,
    Offer,
    OfferedTime,
    Recall,
    RedFlag,
    RequestEvent,
    ScreeningAnswer,
)
from bookings.screening import GivenAnswer
from bookings.status import (
    PATIENT,
    WITH_APPOINTMENT,
    Answer,
    AppointmentStatus,
    CancelledBy,
    MessageKind,
    MessageStatus,
    OfferStatus,
    RecallStatus,
    RequestStatus,
    TriageRefused,
)
from bookings.status.events import AFTER_ALL, RECALL_EVENTS, Event
from procedures.models.clinic import details
from tests import factories, profiles

pytestmark = pytest.mark.own_moment

START = datetime.fromisoformat("2026-11-23T10:00:00+00:00")
# Some are over soon, and some are far enough ahead for a reminder and for answers that age.
STARTS = [START + timedelta(days=days) for days in (2, 5, 9, 16)]
# Which kinds of events send which messages, besides the clinic's own notices.
TELLS: dict[MessageKind, list[str]] = {
    MessageKind.QUESTION: ["asked a question"],
    MessageKind.OFFER: ["offered times", "offered other times", "offered an earlier time"],
    MessageKind.BOOKED: ["booked the appointment"],
    MessageKind.DECLINED: ["declined it"],
    MessageKind.WITHDRAWN: ["withdrew it"],
    MessageKind.CANCELLED: ["cancelled the appointment", "noted that the patient cancelled"],
    MessageKind.MOVED: [Event.MOVED],
    MessageKind.KEPT: ["left the appointment as it is"],
    MessageKind.RECALL: [Event.RECALL_ASKED],
}
# Which event each undo takes back, and what must not have left then.
UNDOES = {
    Event.DECLINE_UNDONE: MessageKind.DECLINED,
    Event.CANCEL_UNDONE: MessageKind.CANCELLED,
}
# One of them says when the visit is.
TELLS_OF_THE_VISIT = {MessageKind.BOOKED, MessageKind.MOVED}
OURS = {RequestStatus.RECEIVED, RequestStatus.IN_REVIEW}
OFFERED = {RequestStatus.OFFERED, RequestStatus.BOOKED_OFFERED}
# Where something that a patient gave back may be kept for them.
GIVEN_BACK = {
    RequestStatus.CLOSED,
    RequestStatus.WITHDRAWN,
    RequestStatus.IN_REVIEW,
    RequestStatus.BOOKED,
    RequestStatus.BOOKED_IN_REVIEW,
}
# The buttons, and where each is mostly pressed.
OPEN = {
    "review": {RequestStatus.RECEIVED, RequestStatus.LAPSED, RequestStatus.DEFERRED},
    "ask": OURS,
    "offer": {*OURS, RequestStatus.BOOKED, RequestStatus.BOOKED_IN_REVIEW},
    "book": {*OURS, *WITH_APPOINTMENT},
    "defer": OURS,
    "decline": OURS,
    "answer": {RequestStatus.QUESTION_ASKED},
    "accept": OFFERED,
    "ask_for_others": OFFERED,
    "book_offered": OFFERED,
    "take_back": OFFERED,
    "ask_to_move": {RequestStatus.BOOKED},
    "keep": {RequestStatus.BOOKED_IN_REVIEW, RequestStatus.BOOKED_OFFERED},
    "leave": {RequestStatus.BOOKED_IN_REVIEW},
    "come_earlier": WITH_APPOINTMENT,
    "answer_again": WITH_APPOINTMENT,
    "write_from_elsewhere": {RequestStatus.OFFERED},
    "renew_link": {RequestStatus.BOOKED_IN_REVIEW},
    "withdraw": {RequestStatus.OFFERED, RequestStatus.DEFERRED},
    "cancel": WITH_APPOINTMENT,
    "undo": {RequestStatus.DECLINED, RequestStatus.CLOSED},
    "undo_giving_back": GIVEN_BACK,
    "free_now": GIVEN_BACK,
    "send_again": {RequestStatus.OFFERED, RequestStatus.BOOKED, RequestStatus.DECLINED},
    "follow_up": {RequestStatus.CLOSED},
    "plan_recall": {RequestStatus.CLOSED},
    "take_recall_back": {RequestStatus.CLOSED},
    "attend": WITH_APPOINTMENT,
    "on_the_day": {RequestStatus.CLOSED, *WITH_APPOINTMENT},
}
people = st.integers(0, 2)
sides = st.sampled_from(CancelledBy)
# What every verb calls on its way. A process may die right after any of them.
STATIONS = [(journal, "record"), (messages, "queue"), (diary, "release"), (diary, "end")]


class Died(BaseException):
    """The process is gone, and cannot tidy up."""


class Clinic(RuleBasedStateMachine):
    """Three patients, two colleagues, one doctor, four times, and a clock that goes on.

    One request is in review and one is booked at the beginning, so that most steps are within
    reach.
    """

    buttons = tuple(OPEN)

    @initialize()
    def begin(self) -> None:
        self.sequence = transaction.atomic()
        self.sequence.__enter__()
        self.now = START
        self.requests = [
            factories.received(now=START, email=f"p{number}@example.org", flagged=number == 2)
            for number in range(3)
        ]
        self.by = factories.staff("Reception")
        for request in self.requests[:2]:
            triage.start_review(request, version=request.version, by=self.by, now=START)
        self.book_at(self.requests[1], STARTS[2])
        self.asked_again = factories.question("infection", asked_again=True)
        self.taken: Counter[str] = Counter()
        self.died_over = 0

    def attempt(self, verb: Any, request: AppointmentRequest, **arguments: Any) -> None:
        """Press a button with the version on the screen.

        A refusal must leave everything as it was.
        """
        request.refresh_from_db()
        before = snapshot()
        self.now += timedelta(seconds=1)
        try:
            verb(request, version=request.version, now=self.now, **arguments)
        except TriageRefused:
            assert snapshot() == before

    @rule(presses=st.lists(people, min_size=2, max_size=5), data=st.data())
    def press_what_is_open(self, presses: list[int], data: Any) -> None:
        """Press one of the buttons that the screen shows, and then another, as people mostly do."""
        for who in presses:
            self.press(who, data)

    def press(self, who: int, data: Any) -> None:
        state = AppointmentRequest.objects.get(pk=self.requests[who].pk).state(self.now)
        shown = [name for name in self.buttons if state in OPEN[name]]
        if shown:
            getattr(self, data.draw(st.sampled_from(shown)))(self.requests[who], data)

    @rule(who=people, data=st.data())
    def press_anything(self, who: int, data: Any) -> None:
        """Press any button, as an old screen may still allow."""
        getattr(self, data.draw(st.sampled_from(sorted(self.buttons))))(self.requests[who], data)

    @rule(who=people, data=st.data(), station=st.sampled_from(STATIONS))
    def a_process_dies(self, who: int, data: Any, station: tuple[Any, str]) -> None:
        """Kill the process during the step: all of the step is gone, or it was not reached."""
        before = snapshot()
        real = getattr(*station)

        def last_words(*arguments: Any, **named: Any) -> None:
            real(*arguments, **named)
            raise Died

        with mock.patch.object(*station, last_words):
            try:
                self.press(who, data)
            except Died:
                assert snapshot() == before

    def review(self, request: AppointmentRequest, data: Any) -> None:
        self.attempt(triage.start_review, request, by=self.by)

    def ask(self, request: AppointmentRequest, data: Any) -> None:
        self.attempt(triage.ask, request, text="Which side?", by=self.by)

    def answer(self, request: AppointmentRequest, data: Any) -> None:
        self.attempt(triage.answer_question, request, text="Left.")

    def offer(self, request: AppointmentRequest, data: Any) -> None:
        starts = data.draw(st.sets(st.sampled_from(self.ahead()), min_size=1, max_size=2))
        self.attempt(
            triage.offer,
            request,
            appointment_type=factories.appointment_type(),
            clinician=factories.clinician(),
            starts=sorted(starts),
            held_until=self.now + timedelta(hours=data.draw(st.integers(1, 30))),
            by=self.by,
        )

    def book(self, request: AppointmentRequest, data: Any) -> None:
        self.book_at(request, data.draw(st.sampled_from(self.ahead())))

    def book_at(self, request: AppointmentRequest, starts: datetime) -> None:
        self.attempt(
            triage.book,
            request,
            appointment_type=factories.appointment_type(),
            clinician=factories.clinician(),
            starts=starts,
            by=self.by,
        )

    def ahead(self) -> list[datetime]:
        """The times that a screen lets them choose: future ones, or at the end the last one."""
        return [start for start in STARTS if start > self.now] or STARTS[-1:]

    def accept(self, request: AppointmentRequest, data: Any) -> None:
        chosen = self.one_offered(request, data)
        if chosen:
            self.attempt(triage.accept, request, chosen=chosen, answers=self.answers(data))

    def book_offered(self, request: AppointmentRequest, data: Any) -> None:
        chosen = self.one_offered(request, data)
        if chosen:
            self.attempt(triage.book_offered, request, chosen=chosen, by=self.by)

    def one_offered(self, request: AppointmentRequest, data: Any) -> OfferedTime | None:
        """One of the times on the screen, or of those that were on it once."""
        times = OfferedTime.objects.filter(offer__request=request).order_by("-pk")
        shown = list(times.filter(offer__status=OfferStatus.OPEN) or times[:2])
        return data.draw(st.sampled_from(shown)) if shown else None

    def answers(self, data: Any) -> list[GivenAnswer]:
        """The answers to the questions that are asked again, if they answer."""
        said = data.draw(st.sampled_from(["", Answer.NO, Answer.NO, Answer.YES]))
        return [GivenAnswer(self.asked_again, said, "")] if said else []

    def answer_again(self, request: AppointmentRequest, data: Any) -> None:
        self.attempt(triage.answer_again, request, answers=self.answers(data))

    def write_from_elsewhere(self, request: AppointmentRequest, data: Any) -> None:
        email = data.draw(st.sampled_from(["one@example.org", "other@example.org"]))
        self.attempt(triage.change_contact, request, email=email, phone="", by=PATIENT)

    def renew_link(self, request: AppointmentRequest, data: Any) -> None:
        self.attempt(triage.renew_link, request, by=self.by)

    def ask_for_others(self, request: AppointmentRequest, data: Any) -> None:
        self.attempt(triage.ask_for_other_times, request, wishes="")

    def take_back(self, request: AppointmentRequest, data: Any) -> None:
        self.attempt(triage.take_offer_back, request, by=self.by)

    def ask_to_move(self, request: AppointmentRequest, data: Any) -> None:
        self.attempt(triage.ask_for_another_time, request, wishes="On a Friday.")

    def keep(self, request: AppointmentRequest, data: Any) -> None:
        self.attempt(triage.keep_appointment, request)

    def leave(self, request: AppointmentRequest, data: Any) -> None:
        self.attempt(triage.leave_as_it_is, request, by=self.by)

    def come_earlier(self, request: AppointmentRequest, data: Any) -> None:
        listed = request.earlier_asked_at
        verb = triage.leave_earlier_list if listed else triage.join_earlier_list
        self.attempt(verb, request, by=PATIENT)

    def defer(self, request: AppointmentRequest, data: Any) -> None:
        until = (self.now + timedelta(days=data.draw(st.integers(0, 3)))).date()
        self.attempt(triage.defer, request, until=until, by=self.by)

    def decline(self, request: AppointmentRequest, data: Any) -> None:
        self.attempt(triage.decline, request, reason="No.", by=self.by)

    def withdraw(self, request: AppointmentRequest, data: Any) -> None:
        self.attempt(triage.withdraw, request)

    def cancel(self, request: AppointmentRequest, data: Any) -> None:
        by, whose = PATIENT if data.draw(st.booleans()) else self.by, data.draw(sides)
        self.attempt(triage.cancel, request, by=by, cancelled_by=whose)

    def undo(self, request: AppointmentRequest, data: Any) -> None:
        self.attempt(triage.undo, request, by=self.by)

    def undo_giving_back(self, request: AppointmentRequest, data: Any) -> None:
        by = PATIENT if data.draw(st.booleans()) else self.by
        self.attempt(triage.undo_giving_back, request, by=by)

    def free_now(self, request: AppointmentRequest, data: Any) -> None:
        self.attempt(triage.free_now, request, by=self.by)

    def send_again(self, request: AppointmentRequest, data: Any) -> None:
        newest = request.messages.order_by("-pk").first()
        chosen = data.draw(st.sampled_from([None, newest]))

        def verb(request: AppointmentRequest, version: int, **values: Any) -> None:
            triage.send_again(request, **values)

        self.attempt(verb, request, chosen=chosen, by=self.by)

    def follow_up(self, request: AppointmentRequest, data: Any) -> None:
        starts = data.draw(st.sets(st.sampled_from(self.ahead()), min_size=1, max_size=2))
        self.attempt(
            triage.follow_up,
            request,
            submission=factories.submission(email="again@example.org"),
            carried=list(request.answers.select_related("question")),
            appointment_type=factories.appointment_type(),
            clinician=factories.clinician(),
            starts=sorted(starts),
            by=self.by,
        )

    def plan_recall(self, request: AppointmentRequest, data: Any) -> None:
        day = (self.now + timedelta(days=data.draw(st.integers(0, 3)))).date()
        self.attempt(triage.plan_recall, request, ask_due=day, by=self.by)

    def take_recall_back(self, request: AppointmentRequest, data: Any) -> None:
        self.attempt(triage.take_recall_back, request, by=self.by)

    def attend(self, request: AppointmentRequest, data: Any) -> None:
        self.attempt(triage.record_attendance, request, came=data.draw(st.booleans()), by=self.by)

    def on_the_day(self, request: AppointmentRequest, data: Any) -> None:
        verb = data.draw(
            st.sampled_from([triage.record_arrival, triage.call_in, triage.undo_attendance])
        )
        self.attempt(verb, request, by=self.by)

    @rule(data=st.data(), outcome=st.sampled_from(["proceed", "call_patient", "not_suitable"]))
    def resolve(self, data: Any, outcome: str) -> None:
        flag = data.draw(st.sampled_from(list(RedFlag.objects.order_by("pk"))))
        request = flag.request
        before = snapshot()
        try:
            triage.resolve_flag(
                flag,
                version=request.version,
                outcome=outcome,
                reason="Spoke to them.",
                by=factories.staff("Clinician"),
                now=self.now,
            )
        except TriageRefused:
            assert snapshot() == before

    @rule(minutes=st.sampled_from([1, 30, 60, 600, 1440]))
    def time_passes(self, minutes: int) -> None:
        self.now += timedelta(minutes=minutes)

    @rule()
    def the_worker_runs(self) -> None:
        triage.catch_up(self.now)
        triage.pass_on_freed_times(self.now)
        triage.remind(self.now)
        triage.warn_of_ends(self.now)
        triage.ask_about_follow_ups(self.now)
        self.send_letters()

    @rule()
    def the_worker_has_time(self) -> None:
        """However a worker died, every message that cannot become untrue has gone out."""
        self.now += timedelta(minutes=10)
        self.send_letters()
        for message in Message.objects.exclude(kind__in=RULES):
            assert message.status == MessageStatus.SENT
        for request in AppointmentRequest.objects.filter(status__in=OFFERED):
            if request.state(self.now) in OFFERED:
                newest = request.messages.filter(kind=MessageKind.OFFER).latest("pk")
                assert newest.status == MessageStatus.SENT
        for request in AppointmentRequest.objects.filter(status__in=WITH_APPOINTMENT):
            newest = request.messages.filter(kind__in=TELLS_OF_THE_VISIT).latest("pk")
            assert newest.status == MessageStatus.SENT

    @rule(when=st.sampled_from(["before", "after"]))
    def the_worker_dies_over_a_letter(self, when: str) -> None:
        """The worker dies before the mail server accepts the email, or after.

        In the second case nobody can know whether it was accepted.
        """
        try:
            self.send_letters(dies=when)
        except Died:
            self.died_over += when == "after"

    def send_letters(self, dies: str = "") -> None:
        def send(letter: EmailMessage) -> None:
            if dies == "before":
                raise Died
            self.taken[letter.extra_headers["Message-ID"].split("@")[0].strip("<")] += 1
            if dies == "after":
                raise Died

        with (
            time_machine.travel(self.now, tick=False),
            mock.patch.object(EmailMessage, "send", send),
        ):
            messages.send_due()

    def teardown(self) -> None:
        """Each sequence begins with an empty clinic."""
        transaction.set_rollback(True)
        self.sequence.__exit__(None, None, None)

    # --- What always holds --------------------------------------------------------------------

    @invariant()
    def claims_are_what_open_offers_and_booked_appointments_imply(self) -> None:
        held = sorted(Claim.objects.values_list("resource", "cell"))
        assert len(held) == len(set(held))
        assert held == sorted(claims_implied())

    @invariant()
    def a_request_and_its_times_tell_the_same_story(self) -> None:
        for request in AppointmentRequest.objects.all():
            booked = request.appointments.filter(status=AppointmentStatus.BOOKED).count()
            assert booked == (request.status in WITH_APPOINTMENT)
            opened = request.offers.filter(status=OfferStatus.OPEN).count()
            assert opened == 0 or request.status in OFFERED

    @invariant()
    def a_freed_time_is_offered_to_one_at_a_time(self) -> None:
        passed_on = Offer.objects.exclude(freed=None)
        pairs = list(passed_on.values_list("request", "freed"))
        assert len(pairs) == len(set(pairs))
        standing = list(passed_on.standing(self.now).values_list("freed", flat=True))
        assert len(standing) == len(set(standing))

    @invariant()
    def no_flag_was_passed(self) -> None:
        for request in AppointmentRequest.objects.exclude(flags=None):
            if request.flags.blocking().exists():
                assert request.status not in {RequestStatus.OFFERED, RequestStatus.BOOKED}

    @invariant()
    def every_step_is_in_the_journal_with_exactly_its_messages(self) -> None:
        for request in AppointmentRequest.objects.all():
            assert journal.chain_is_whole(request)
            kinds = list(request.events.exclude(kind=Event.READ).values_list("kind", flat=True))
            # What a colleague sent once more is no step.
            messages_of_steps = request.messages.filter(repeats=None)
            told = Counter(messages_of_steps.values_list("kind", flat=True))
            for message, of in TELLS.items():
                assert told[message] == sum(kinds.count(kind) for kind in of)
            undone = sum(kinds.count(kind) for kind in AFTER_ALL)
            assert told[MessageKind.AFTER_ALL] <= undone
            assert told[MessageKind.RECEIVED] >= kinds.count("sent the request")
            assert told[MessageKind.LINK] >= kinds.count("renewed the private link")
            booked = request.appointments.count()
            reminders = messages_of_steps.filter(kind=MessageKind.REMINDER)
            assert reminders.count() <= booked * len(details().reminder_days)

    @invariant()
    def whoever_was_told_is_not_undone(self) -> None:
        for event in RequestEvent.objects.filter(kind__in=UNDOES):
            about = event.request.messages.filter(
                kind=UNDOES[Event(event.kind)],
                queued_at__gt=event.at - messages.GRACE,
                queued_at__lte=event.at,
            )
            assert set(about.values_list("status", flat=True)) == {MessageStatus.DROPPED}

    @invariant()
    def what_is_kept_is_the_last_step_of_the_patient(self) -> None:
        steps = ["cancelled the appointment", "asked for other times", Event.KEPT, "withdrew it"]
        for request in AppointmentRequest.objects.all():
            rows = [*request.appointments.all(), *request.offers.all()]
            kept = [each.kept_until for each in rows if each.kept_until]
            if kept:
                last = request.events.filter(kind__in=steps, by=PATIENT).latest("number")
                assert (len(kept), request.status in GIVEN_BACK) == (1, True)
                assert kept[0] <= last.at + timedelta(hours=1)

    @invariant()
    def a_recall_is_asked_once_or_taken_back(self) -> None:
        for request in AppointmentRequest.objects.exclude(recalls=None):
            planned = request.recalls.filter(status=RecallStatus.PLANNED)
            assert planned.count() <= 1
            kinds = Counter(request.events.values_list("kind", flat=True))
            for status, kind in RECALL_EVENTS.items():
                if status != RecallStatus.PLANNED:
                    assert request.recalls.filter(status=status).count() == kinds[kind]
            assert request.recalls.count() == kinds[Event.RECALL_PLANNED]

    @invariant()
    def what_is_marked_as_sent_was_taken_and_hardly_anything_twice(self) -> None:
        sent = Message.objects.filter(status=MessageStatus.SENT)
        assert set(sent.values_list("message_id", flat=True)) <= set(self.taken)
        assert sum(self.taken.values()) - len(self.taken) <= self.died_over
        assert not Message.objects.filter(status=MessageStatus.FAILED).exists()


def claims_implied() -> set[tuple[int | None, int]]:
    """The claims of what is offered, booked or kept for a patient who gave it back."""
    given: list[OfferedTime | Appointment] = []
    is_kept = Q(offer__kept_until__isnull=False)
    given += OfferedTime.objects.filter(Q(offer__status=OfferStatus.OPEN) | is_kept)
    given += Appointment.objects.filter(
        Q(status=AppointmentStatus.BOOKED) | Q(kept_until__isnull=False)
    )
    implied = set()
    for each in given:
        of = each.offer if isinstance(each, OfferedTime) else each
        buffer = timedelta(minutes=of.appointment_type.buffer_minutes)
        for resource in (of.clinician.resource.pk, each.room_id):
            cells = free_times.cells(each.starts, each.ends + buffer)
            implied |= {(resource, cell) for cell in cells}
    return implied


class FewButtons(Clinic):
    """Only the buttons that take and release times, so that a fault there is found soon."""

    buttons = ("review", "offer", "book", "withdraw", "cancel")


def snapshot() -> list[Any]:
    """Everything that a refusal must leave unchanged."""
    return [
        sorted(AppointmentRequest.objects.values_list("pk", "status", "version", "event_count")),
        sorted(AppointmentRequest.objects.values_list("pk", "email", "link_version")),
        sorted(Claim.objects.values_list("cell", "offered_time", "appointment"), key=str),
        sorted(Offer.objects.values_list("pk", "status")),
        sorted(Appointment.objects.values_list("pk", "status")),
        sorted(RedFlag.objects.values_list("pk", "outcome")),
        ScreeningAnswer.objects.count(),
        Message.objects.count(),
        sorted(Recall.objects.values_list("pk", "status")),
    ]


SEED = os.environ.get("TESTS_SEED")
# So that several processes can share the long run; each draws sequences of its own.
SHARDS = 4 if profiles.FULL else 1
EXAMPLES = 200 // SHARDS if profiles.FULL else 5 if profiles.SHORT else 12


@pytest.mark.django_db
@pytest.mark.parametrize("shard", range(SHARDS))
def test_r19_any_sequence_of_verbs_keeps_the_promises(shard: int) -> None:
    run_state_machine_as_test(
        Clinic if SEED is None else seed(f"{SEED} {shard}")(Clinic),
        settings=settings(
            max_examples=EXAMPLES,
            stateful_step_count=50 if profiles.FULL else 25,
            deadline=None,
            derandomize=SEED is None,
            suppress_health_check=list(HealthCheck),
        ),
    )


@pytest.mark.lengthy
@pytest.mark.django_db
@pytest.mark.parametrize("guard", ["release", "end"])
def test_r19_without_a_guard_the_machine_finds_the_fault(
    guard: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The twin: claims that nobody releases are found."""
    let_go = getattr(diary, guard)

    def keep_the_claims(*arguments: Any, **named: Any) -> Any:
        kept = list(Claim.objects.all())
        done = let_go(*arguments, **named)
        gone = [claim for claim in kept if not Claim.objects.filter(pk=claim.pk).exists()]
        Claim.objects.bulk_create(gone)
        return done

    monkeypatch.setattr(diary, guard, keep_the_claims)
    with pytest.raises(AssertionError):
        run_state_machine_as_test(
            FewButtons,
            settings=settings(
                max_examples=300,
                stateful_step_count=25,
                deadline=None,
                derandomize=True,
                database=None,
                phases=[Phase.generate],
                suppress_health_check=list(HealthCheck),
            ),
        )
