"""Answers to safety questions: stored as they were given, and asked again if they may change."""

from collections.abc import Sequence
from datetime import date, datetime

from django.contrib.auth.models import User
from django.utils import timezone
from django.utils.translation import gettext

from bookings import diary, journal, messages
from bookings.models import AppointmentRequest, Person, RecordedOutcome, RedFlag, ScreeningAnswer
from bookings.screening import (
    GivenAnswer,
    answers_that_follow,
    newly_flagged,
    questions_to_ask_again,
)
from bookings.status import (
    PATIENT,
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
    request: AppointmentRequest, *, version: int, answers: Sequence[GivenAnswer], now: datetime
) -> AppointmentRequest:
    """Record the patient's answers, before the visit, to questions whose answers may have changed.

    An answer that raises a new flag makes a clinician look at the appointment again; it is kept
    meanwhile.
    """
    with one_change(request):
        version = after_the_clock(request, version, now=now)
        if request.version != version or request.status not in WITH_APPOINTMENT:
            raise Overtaken(what_happened(request))
        appointment = booked_appointment(request)
        if appointment is None or appointment.starts <= now:
            raise TriageRefused(gettext("Your appointment has started. Please tell us in person."))
        refuse_unanswered(request, answers, now)
        flagged = newly_flagged(request, answers)
        if flagged and request.status != RequestStatus.BOOKED_IN_REVIEW:
            transition(
                request,
                RequestStatus.BOOKED_IN_REVIEW,
                version=version,
                by=PATIENT,
                now=now,
                kind=Event.ANSWER_TO_LOOK_AT,
                answer_due=answer_before_visit(request, now),
            )
            diary.release(request, OfferStatus.REFUSED, by=PATIENT, now=now)
        else:
            keep(request, version=version)
            journal.record(request, Event.ANSWERED_AGAIN, by=PATIENT, at=now)
        keep_answers(request, answers, flagged, by=PATIENT, now=now)
        if flagged:
            messages.notify_clinic(request, now=now)
    return request


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
        Person.objects.filter(pk=request.person_id).update(date_of_birth=date_of_birth)
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
    answered = {given.question.pk for given in answers}
    if {asked.pk for asked in questions_to_ask_again(request, now)} - answered:
        raise TriageRefused(
            gettext("We need you to answer some more questions first. Please start again.")
        )


def take_over_answers(request: AppointmentRequest, earlier: Sequence[ScreeningAnswer]) -> None:
    """Copy answers to an earlier request of the same person, as old as they are.

    An answer that raised a flag there raises one here: a clinician decides about each visit.
    """
    for answer in earlier:
        given = GivenAnswer(answer.question, answer.answer, answer.detail)
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
            request=request,
            question=given.question,
            answer=given.answer,
            detail=given.detail,
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
