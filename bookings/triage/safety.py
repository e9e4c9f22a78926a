"""Answers to safety questions: stored as they were given, and asked again if they may change."""

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any

from django.contrib.auth.models import User
from django.utils import timezone
from django.utils.translation import gettext

from bookings import diary, journal, messages
from bookings.diary.desk_hours import answer_due
from bookings.models import AppointmentRequest, Person, RecordedOutcome, RedFlag, ScreeningAnswer
from bookings.screening import (
    GivenAnswer,
    answers_that_follow,
    newly_flagged,
    questions_to_ask_again,
)
from bookings.status import (
    ENDED,
    PATIENT,
    WAITING_FOR_CLINIC,
    WITH_APPOINTMENT,
    OfferStatus,
    Overtaken,
    RequestStatus,
    TriageRefused,
)
from bookings.status.events import Event
from bookings.triage.transitions import (
    after_the_clock,
    keep,
    one_change,
    taken_up,
    transition,
    what_happened,
)
from bookings.triage.visits import answer_before_visit, booked_appointment


def answer_again(
    request: AppointmentRequest,
    *,
    version: int,
    answers: Sequence[GivenAnswer],
    now: datetime,
    by: journal.Actor = PATIENT,
) -> AppointmentRequest:
    """Record the patient's answers to safety questions about a request that we have.

    They give them by the link before the visit, or before anything else if nobody could answer in the
    call; or on the phone or at the front desk, to the colleague `by`, while the request is open. If we
    waited for them, our promise begins now. A new flag takes the request back into review: offered times
    are released, an appointment is kept meanwhile.
    """
    is_told = by != PATIENT
    with one_change(request):
        version = after_the_clock(request, version, now=now)
        is_early = is_told or request.awaits_answers
        is_open = request.status not in ENDED if is_early else request.status in WITH_APPOINTMENT
        if request.version != version or not is_open:
            raise Overtaken(what_happened(request))
        _refuse_begun(request, is_told, now)
        if not is_told:
            refuse_unanswered(request, answers, now)
        flagged = newly_flagged(request, answers)
        first = _first_answers(request, answers, now)
        is_news = bool(first) and not is_told
        kind = Event.ANSWERED_FIRST if is_news else ANSWERED[is_told, bool(flagged)]
        if flagged and request.status not in WAITING_FOR_CLINIC:
            _look_again(request, version=version, by=by, now=now, kind=kind, **first)
        else:
            keep(request, version=version, **first)
            journal.record(request, kind, by=by, at=now)
        keep_answers(request, answers, flagged, by=journal.actor_name(by), now=now)
        if flagged or is_news:
            messages.notify_clinic(request, now=now)
    return request


# What the journal says, by whether a colleague was told and whether there is something to look at.
ANSWERED = {
    (False, False): Event.ANSWERED_AGAIN,
    (False, True): Event.ANSWER_TO_LOOK_AT,
    (True, False): Event.ANSWERS_NOTED,
    (True, True): Event.ANSWER_NOTED_TO_LOOK_AT,
}


def _first_answers(
    request: AppointmentRequest, answers: Sequence[GivenAnswer], now: datetime
) -> dict[str, Any]:
    """What changes if we waited for these answers, and none is missing now."""
    if not request.awaits_answers or _unanswered(request, answers, now):
        return {}
    return {"awaits_answers": False, "answer_due": answer_due(now)}


def _look_again(
    request: AppointmentRequest,
    *,
    version: int,
    by: journal.Actor,
    now: datetime,
    kind: Event,
    **changes: Any,
) -> None:
    """Take the request back into review because of an answer. An appointment is kept meanwhile."""
    has_visit = request.status in WITH_APPOINTMENT
    transition(
        request,
        RequestStatus.BOOKED_IN_REVIEW if has_visit else RequestStatus.IN_REVIEW,
        version=version,
        by=by,
        now=now,
        kind=kind,
        **{"answer_due": answer_before_visit(request, now)} | changes,
    )
    diary.release(request, OfferStatus.REFUSED, by=journal.actor_name(by), now=now)


def _refuse_begun(request: AppointmentRequest, is_told: bool, now: datetime) -> None:
    """Raise TriageRefused if the appointment has begun: then it is for whoever sees the patient."""
    appointment = booked_appointment(request)
    if appointment and appointment.starts <= now:
        raise TriageRefused(
            "The appointment has started. Tell the clinician what the patient says."
            if is_told
            else gettext("Your appointment has started. Please tell us in person.")
        )


def correct_birth_date(
    request: AppointmentRequest, *, version: int, date_of_birth: date, by: User, now: datetime
) -> AppointmentRequest:
    """Correct a date of birth that was noted wrongly, and what follows from the patient's age.

    An answer that changes is stored beside the old one. If it raises a flag, an appointment is kept
    and a clinician looks at it again. Raises TriageRefused while times are offered that the flag
    would forbid.
    """
    with one_change(request):
        version = after_the_clock(request, version, now=now)
        answers = answers_that_follow(request, date_of_birth, timezone.localdate(now))
        flagged = newly_flagged(request, answers)
        if flagged and request.status == RequestStatus.OFFERED:
            raise TriageRefused(
                "With this date of birth a clinician has to decide first, but times are offered. "
                "Withdraw the offer, then correct the date."
            )
        appointment = booked_appointment(request)
        is_to_come = appointment is not None and appointment.starts > now
        if flagged and is_to_come and request.status != RequestStatus.BOOKED_IN_REVIEW:
            transition(
                request,
                RequestStatus.BOOKED_IN_REVIEW,
                version=version,
                by=by,
                now=now,
                kind=Event.BIRTH_DATE_CORRECTED,
                date_of_birth=date_of_birth,
                answer_due=answer_before_visit(request, now),
            )
            diary.release(request, OfferStatus.REFUSED, by=by.get_username(), now=now)
        else:
            keep(request, version=version, date_of_birth=date_of_birth)
            journal.record(request, Event.BIRTH_DATE_CORRECTED, by=by, at=now)
        keep_answers(request, answers, flagged, by=by.get_username(), now=now)
        # What we know of the person is known by the same date.
        Person.objects.filter(pk=request.person_id).update(
            date_of_birth=date_of_birth, changed_at=now, changed_by=by.get_username()
        )
    return request


def resolve_flag(
    flag: RedFlag, *, version: int, outcome: str, reason: str, by: User, now: datetime
) -> RedFlag:
    """Record what a named person decided about a flag.

    The newest outcome is the one that counts; all of them stay in the flag's history.
    """
    request = flag.request
    with one_change(request):
        version = taken_up(request, version, by=by, now=now)
        version = after_the_clock(request, version, now=now)
        if request.status not in {RequestStatus.IN_REVIEW, RequestStatus.BOOKED_IN_REVIEW}:
            raise Overtaken(what_happened(request))
        keep(request, version=version)
        flag.outcome, flag.reason = outcome, reason
        flag.resolved_at, flag.resolved_by = now, by
        flag.save(update_fields=["outcome", "reason", "resolved_at", "resolved_by"])
        RecordedOutcome.objects.create(
            flag=flag, outcome=outcome, reason=reason, recorded_at=now, recorded_by=by
        )
        journal.record(
            request, Event.FLAG_RESOLVED, by=by, at=now, flag=flag.pk, outcome=str(outcome)
        )
    return flag


def refuse_unanswered(
    request: AppointmentRequest, answers: Sequence[GivenAnswer], now: datetime
) -> None:
    """Raise TriageRefused unless everything that has to be asked again has been answered."""
    if _unanswered(request, answers, now):
        raise TriageRefused(
            gettext("We need you to answer some more questions first. Please start again.")
        )


def _unanswered(
    request: AppointmentRequest, answers: Sequence[GivenAnswer], now: datetime
) -> set[int]:
    """The questions that have to be asked now and are not among these answers."""
    answered = {given.question.pk for given in answers}
    return {asked.pk for asked in questions_to_ask_again(request, now)} - answered


def take_over_answers(request: AppointmentRequest, earlier: Sequence[ScreeningAnswer]) -> None:
    """Copy answers to an earlier request of the same person, as old as they are.

    An answer that raised a flag there raises one here: a clinician decides about each visit.
    """
    for answer in earlier:
        given = GivenAnswer(answer.question, answer.answer, answer.detail, answer.read_in)
        keep_answers(
            request,
            [given],
            [given] if given.is_flagged else [],
            by=answer.given_by,
            now=answer.given_at,
        )


def keep_answers(
    request: AppointmentRequest,
    answers: Sequence[GivenAnswer],
    flagged: Sequence[GivenAnswer],
    *,
    by: str,
    now: datetime,
) -> None:
    """Store the answers, and a flag for each answer that raises one."""
    keep_answers_of([(request, given, given in flagged) for given in answers], by=by, now=now)


def keep_answers_of(
    rows: Sequence[tuple[AppointmentRequest, GivenAnswer, bool]], *, by: str, now: datetime
) -> None:
    """Store answers of several requests, each with whether it raises a flag."""
    stored = ScreeningAnswer.objects.bulk_create(
        ScreeningAnswer(
            request_id=request.pk,
            question_id=given.question.pk,
            answer=given.answer,
            detail=given.detail,
            read_in=given.read_in,
            given_at=now,
            given_by=by,
        )
        for request, given, _ in rows
    )
    RedFlag.objects.bulk_create(
        RedFlag(request=request, answer=answer, level=given.question.level)
        for answer, (request, given, is_flagged) in zip(stored, rows, strict=True)
        if is_flagged
    )
