"""Everything on the page of a request that is needed to decide."""

from collections.abc import Container, Iterable, Sequence
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from django.contrib.auth.models import User
from django.db.models import Count, Prefetch, Window, prefetch_related_objects
from django.utils import timezone

from bookings import diary, triage
from bookings.desk.due import late_since
from bookings.desk.finding import likely_duplicates
from bookings.desk.time_line import LOOKS, OFFERED, PARTS, STEPS, Entry, time_line
from bookings.desk.to_phone import reasons_to_phone
from bookings.diary.clinicians import wish_is_gone
from bookings.diary.free_times import stranded_of, with_what_is_away
from bookings.models import (
    Appointment,
    AppointmentRequest,
    Message,
    Offer,
    Recall,
    RecordedOutcome,
    RedFlag,
    RequestEvent,
    ScreeningAnswer,
)
from bookings.screening import Answered, questions_to_ask
from bookings.status import (
    OWNERS,
    WAITING_FOR_CLINIC,
    WITH_APPOINTMENT,
    Answer,
    AppointmentStatus,
    CancelledBy,
    MessageStatus,
    RequestStatus,
)
from bookings.status.events import RECALL_EVENTS
from procedures.ground.decisions import Decision
from procedures.ground.people import shown_name

# What is mostly done next in each state, the likeliest first: the first that is possible is the filled
# button, and the next two are beside it.
NEXT: dict[RequestStatus, tuple[str, ...]] = {
    RequestStatus.RECEIVED: ("resolve-flag", "offer", "book", "ask"),
    RequestStatus.IN_REVIEW: ("resolve-flag", "offer", "book", "ask"),
    RequestStatus.QUESTION_ASKED: ("answer", "send-again"),
    RequestStatus.OFFERED: ("book-offered", "send-again", "take-back"),
    RequestStatus.DEFERRED: ("reopen",),
    RequestStatus.BOOKED: ("called-in", "arrived", "attended", "missed", "move", "cancel"),
    RequestStatus.BOOKED_IN_REVIEW: (
        "resolve-flag",
        "called-in",
        "attended",
        "missed",
        "offer",
        "move",
        "leave",
    ),
    RequestStatus.BOOKED_OFFERED: ("called-in", "attended", "book-offered", "move", "take-back"),
    RequestStatus.DECLINED: ("undo",),
    RequestStatus.WITHDRAWN: ("undo-for-them", "free-now"),
    RequestStatus.LAPSED: ("reopen",),
    RequestStatus.CLOSED: ("undo", "undo-for-them", "free-now", "follow-up"),
}
BESIDE = 2
# Where a visit may be over or under way.
FOLLOWED_UP = {RequestStatus.CLOSED, *WITH_APPOINTMENT}
# For how long somebody who opened the page may still be typing there.
JUST_NOW = timedelta(minutes=10)
# What the journal says if there is a day on which we ask about a follow-up.
RECALLED = {*RECALL_EVENTS.values()}


class Steps(NamedTuple):
    """The decisions as the page shows them: the next one, those beside it, and all others."""

    next: Decision | None
    beside: list[Decision]
    also: list[Decision]


def prepare(record: AppointmentRequest, events: Sequence[RequestEvent]) -> None:
    """Load what the page and the conditions of its decisions look at more than once.

    The journal says whether there is anything to load, except for what keeps patients safe.
    """
    kinds = {event.kind for event in events}
    outcomes = RecordedOutcome.objects.select_related("recorded_by")
    flags = RedFlag.objects.select_related("answer__question__owner").prefetch_related(
        Prefetch("outcomes", outcomes)
    )
    appointments = (
        with_what_is_away(Appointment.objects.all())
        .select_related("clinician", "appointment_type", "room__location")
        .order_by("-pk")
    )
    offers = Offer.objects.select_related("clinician", "appointment_type").prefetch_related("times")
    recalls = Recall.objects.all()
    prefetch_related_objects(
        [record],
        Prefetch("offers", offers.order_by("-pk") if kinds & {*OFFERED} else offers.none()),
        Prefetch("flags", flags),
        Prefetch("appointments", appointments),
        Prefetch("messages", Message.objects.order_by("-pk")),
        Prefetch("recalls", recalls if kinds & RECALLED else recalls.none()),
    )


def facts(
    record: AppointmentRequest,
    events: Sequence[RequestEvent],
    now: datetime,
    *,
    show: str,
    reader: User,
) -> dict[str, Any]:
    """The status at that instant, what was said, offered, booked and written. After `prepare`.

    The record was just read from `to_phone.marked`. The events are the journal, the newest first.
    """
    reads_answers = triage.may_read_answers(reader, record, now)
    state = record.state(now)
    blocking = [flag for flag in record.flags.all() if flag.is_blocking()]
    current = triage.booked_appointment(record)
    lines = time_line(record, events, reads_answers=reads_answers)
    to_phone = " ".join(reasons_to_phone(record, now, is_marked=True))
    return {
        "now": timezone.localtime(now),
        "state": state,
        "whose_turn": OWNERS[state],
        "age": record.age(timezone.localdate(now)),
        "owed": owed(record, now),
        "late": how_late(record, now),
        "wish_is_gone": wish_is_gone(record.wished_clinician, timezone.localdate(now)),
        "wishes": record.wishes if state in WAITING_FOR_CLINIC else "",
        "keeps_visit": state in WITH_APPOINTMENT,
        "current": current,
        "kept": diary.kept_for(record, now),
        "last": triage.latest_appointment(record),
        "offer": next((each for each in record.offers.all() if each.is_standing(now)), None),
        "recall": triage.planned_recall(record) if state in FOLLOWED_UP else None,
        "to_phone": to_phone,
        "news": to_phone and record.messages.filter(status=MessageStatus.TO_TELL).exists(),
        "without_clinic": _without_clinic(current, now),
        "blocked": bool(blocking),
        "must_answer": record.must_answer(now),
        "waits_for_clinician": bool(blocking) and state in WAITING_FOR_CLINIC,
        "lines": lines[show],
        "parts": [(part, words, len(lines[part]), part == show) for part, words in PARTS.items()],
        "reads_answers": reads_answers,
        "also_here": _also_here(lines[LOOKS], shown_name(reader), now),
        "similar": likely_duplicates(record),
    }


def answered(record: AppointmentRequest, now: datetime, *, may_ask: bool) -> dict[str, Any]:
    """What they said “no” to, what else, and what the reader may ask them now.

    A question that was answered more than once counts by its newest answer, and shows another one
    before it. A flagged answer is shown with its flag. After `prepare`.
    """
    answers = list(
        record.answers.select_related("question").order_by(
            "question__group__position", "question__position", "-given_at"
        )
    )
    flagged = {flag.answer_id for flag in record.flags.all()}
    by_question: dict[str, list[ScreeningAnswer]] = {}
    for each in answers:
        by_question.setdefault(each.question.key, []).append(each)
    newest = [_newest(each, flagged) for each in by_question.values()]
    earlier = {each.pk: before for each, before in newest}
    asked = questions_to_ask(record) if may_ask else []
    so_far = Answered.about(record, answers, now)
    return {
        "askable": {each.pk for each in asked},
        "due": sum(so_far.is_due(each) for each in asked),
        "flags": [(flag, earlier.get(flag.answer_id, [])) for flag in record.flags.all()],
        "told": [
            (each, before)
            for each, before in newest
            if each.pk not in flagged and (before or each.answer != Answer.NO)
        ],
        "denied": [each for each, before in newest if each.answer == Answer.NO and not before],
    }


def _newest(
    answers: Iterable[ScreeningAnswer], flagged: Container[int]
) -> tuple[ScreeningAnswer, list[ScreeningAnswer]]:
    """The newest answer to a question, and earlier ones that say something else and have no flag."""
    first, *rest = sorted(answers, key=lambda each: (each.given_at, each.pk), reverse=True)
    said = (first.answer, first.detail)
    return first, [
        each for each in rest if (each.answer, each.detail) != said and each.pk not in flagged
    ]


def part_of(chosen: str) -> str:
    """The part of the time line that an address asks for."""
    return chosen if chosen in PARTS else STEPS


def next_request(
    record: AppointmentRequest, now: datetime, *, for_clinician: bool
) -> tuple[int, AppointmentRequest | None]:
    """How many wait for whoever reads this, and the first of them that is not this one.

    A clinician's has a flag to decide, all others have none.
    """
    requests = AppointmentRequest.objects
    waiting = requests.waiting_for_clinician if for_clinician else requests.waiting_for_reception
    numbered = waiting(now).most_urgent_first().annotate(number=Window(Count("pk")))
    first: list[Any] = list(numbered[:2])
    after = next((each for each in first if each.pk != record.pk), None)
    return (first[0].number if first else 0), after


def steps(record: AppointmentRequest, open_now: Sequence[Decision], told: dict[str, Any]) -> Steps:
    """Which decision is next, which two are beside it; what takes something away comes last."""
    by_slug = {decision.slug: decision for decision in open_now}
    asked = ("safety",) if told["must_answer"] else ()
    usual = [by_slug[slug] for slug in (*asked, *NEXT[told["state"]]) if slug in by_slug]
    call = [by_slug[slug] for slug in ("call",) if slug in by_slug]
    waits = told["waits_for_clinician"] and "resolve-flag" not in by_slug
    if told["to_phone"]:
        is_first = told["news"] or waits or told["whose_turn"] == "nobody"
        usual = [*call, *usual] if is_first else [*usual[:1], *call, *usual[1:]]
    # Nothing is reception's next step while a clinician has to decide; only what may be done is shown.
    leads = not waits or told["to_phone"]
    first = next((each for each in usual if not each.is_destructive), None) if leads else None
    beside = [each for each in usual if each is not first][:BESIDE]
    shown = {each.slug for each in (first, *beside) if each}
    also = [each for each in open_now if each.slug not in shown]
    return Steps(
        first,
        sorted(beside, key=lambda each: each.is_destructive),
        sorted(also, key=lambda each: each.is_destructive),
    )


def owed(record: AppointmentRequest, now: datetime) -> str:
    """Whose turn it is and until when, in one sentence without a full stop."""
    state = record.state(now)
    last = triage.latest_appointment(record)
    if state in WAITING_FOR_CLINIC:
        return _our_turn(record, now)
    if state == RequestStatus.QUESTION_ASKED:
        return f"They answer our question by {_at(record.reply_due)}"
    if state in {RequestStatus.OFFERED, RequestStatus.BOOKED_OFFERED}:
        return f"They choose a time by {_at(record.reply_due)}"
    if state == RequestStatus.DEFERRED:
        return f"It comes back to us on {record.deferred_until:%A %-d %B %Y}"
    if state == RequestStatus.BOOKED and last:
        return _before_the_visit(last, now)
    if state == RequestStatus.CLOSED and last:
        return _after_the_visit(last)
    ended = record.ended_at or record.reply_due
    return f"{ENDED[state]} {_at(ended)}"


ENDED = {
    RequestStatus.DECLINED: "We declined it on",
    RequestStatus.WITHDRAWN: "They withdrew it on",
    RequestStatus.LAPSED: "Their time to reply ended on",
}


def how_late(record: AppointmentRequest, now: datetime) -> str:
    """Since when we should have answered; empty if we are in time."""
    if not record.is_waiting_for_clinic(now) or record.answer_due >= now:
        return ""
    return late_since(record.answer_due, now)


def _our_turn(record: AppointmentRequest, now: datetime) -> str:
    due = _at(record.answer_due)
    is_late = record.answer_due < now
    if any(flag.is_blocking() for flag in record.flags.all()):
        return (
            f"A clinician should have decided by {due}"
            if is_late
            else (f"A clinician decides first, by {due}")
        )
    if record.awaits_answers:
        return (
            f"We waited for their answers until {due}: phone and ask"
            if is_late
            else f"We wait for their answers until {due}, then we phone"
        )
    return f"We have owed an answer since {due}" if is_late else f"We owe an answer by {due}"


def _before_the_visit(appointment: Appointment, now: datetime) -> str:
    if appointment.called_in_at:
        return f"With the clinician since {timezone.localtime(appointment.called_in_at):%-H:%M}"
    if appointment.arrived_at:
        return f"Here since {timezone.localtime(appointment.arrived_at):%-H:%M}"
    return "They come on" if now < appointment.starts else "Did they come?"


def _after_the_visit(appointment: Appointment) -> str:
    ended = _at(appointment.ended_at)
    if appointment.status == AppointmentStatus.CANCELLED:
        theirs = appointment.cancelled_by == CancelledBy.PATIENT
        return f"They cancelled on {ended}" if theirs else f"We cancelled on {ended}"
    return (
        "They attended"
        if appointment.status == AppointmentStatus.FULFILLED
        else "They did not attend"
    )


def _without_clinic(current: Appointment | None, now: datetime) -> str:
    return " ".join(each.why for each in stranded_of([current] if current else [], now))


def _also_here(looks: Sequence[Entry], reader: str, now: datetime) -> Entry | None:
    """The last other colleague who opened the page a moment ago."""
    others = (each for each in looks if each.who != reader and each.at > now - JUST_NOW)
    return next(others, None)


def _at(moment: datetime | None) -> str:
    return f"{timezone.localtime(moment):%A %-d %B at %-H:%M}"
