"""The life of a request: received, weighed, answered, ended. The only writer of requests.

Every verb takes the version of the request that its caller saw, and moves the row only if it still
has that version and a status from which the table allows the step. It writes the journal and queues
the message in the same transaction. Otherwise it raises TriageRefused with a sentence.

Longer than our other rooms: every verb leans on the one compare-and-set at its end.
"""

import hashlib
import json
import secrets
from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django.conf import settings
from django.contrib.auth.models import User
from django.db import IntegrityError, transaction
from django.utils import timezone

from bookings import diary, journal, messages
from bookings.models import (
    Appointment,
    AppointmentRequest,
    AppointmentType,
    ClinicQuestion,
    ClosedDay,
    Offer,
    OfferedTime,
    RedFlag,
    ScreeningAnswer,
)
from bookings.screening import GivenAnswer
from bookings.status import (
    CLOCK,
    EVENTS,
    PATIENT,
    READ,
    TRANSITIONS,
    MessageKind,
    OfferStatus,
    RequestStatus,
    TriageRefused,
)
from bookings.working_hours import WorkingWeek, add_working_time
from procedures.models import Clinician, InformationPage

# Letters and digits that nobody takes for another when they are read out on the phone.
REFERENCE_ALPHABET = "BCDFGHJKMNPQRTVWXY346789"
DAYS_TO_ANSWER_A_QUESTION = 14


@dataclass(frozen=True)
class Submission:
    """What a patient sends, already validated."""

    page: InformationPage | None
    concern: str
    name: str
    date_of_birth: date
    email: str
    phone: str
    preferred_days: list[str]
    preferred_times: list[str]
    availability: str
    answers: Sequence[GivenAnswer] = field(default_factory=list)

    def digest(self) -> str:
        """The same for the same content, so that a repeated send is told from a changed one."""
        content = {
            **vars(self),
            "page": self.page.pk if self.page else None,
            "answers": [(given.question.pk, given.answer, given.detail) for given in self.answers],
        }
        canonical = json.dumps(content, sort_keys=True, default=str)
        return hashlib.sha256(canonical.encode()).hexdigest()


# --- The patient's verbs --------------------------------------------------------------------


def submit(submission: Submission, *, key: str, now: datetime) -> AppointmentRequest:
    """Receive a request. The same key and content lead to the same request; nothing is sent twice.

    Raises TriageRefused if the key was already used for other content.
    """
    earlier = AppointmentRequest.objects.filter(submission_key=key).first()
    if earlier is None:
        try:
            with transaction.atomic():
                return _receive(submission, key=key, now=now)
        except IntegrityError:
            earlier = AppointmentRequest.objects.get(submission_key=key)
    if earlier.submission_digest != submission.digest():
        raise TriageRefused(
            "This form was already sent with other answers. Start again to send a new request."
        )
    return earlier


def withdraw(request: AppointmentRequest, *, version: int, now: datetime) -> AppointmentRequest:
    """The patient steps back. What was held for them is free again."""
    with _one_change(request):
        _move(
            request,
            RequestStatus.WITHDRAWN,
            version=version,
            by=PATIENT,
            now=now,
            ended_at=now,
            ended_by=PATIENT,
        )
        diary.release(request, OfferStatus.RELEASED, by=PATIENT, now=now)
        messages.queue(request, MessageKind.WITHDRAWN, by=PATIENT, now=now)
    return request


def accept(
    request: AppointmentRequest, *, version: int, chosen: OfferedTime, now: datetime
) -> Appointment:
    """The patient takes one of the offered times. Raises TimeTaken if it is no longer held."""
    with _one_change(request):
        _move(
            request,
            RequestStatus.BOOKED,
            only_from=[RequestStatus.OFFERED],
            version=version,
            by=PATIENT,
            now=now,
        )
        appointment = diary.accept(chosen, by=PATIENT, now=now)
        messages.queue(request, MessageKind.BOOKED, by=PATIENT, now=now)
    return appointment


def ask_for_other_times(
    request: AppointmentRequest, *, version: int, now: datetime
) -> AppointmentRequest:
    """None of the offered times suits; the clinic looks again."""
    with _one_change(request):
        _move(
            request,
            RequestStatus.IN_REVIEW,
            version=version,
            by=PATIENT,
            now=now,
            only_from=[RequestStatus.OFFERED],
            kind="asked for other times",
            answer_due=answer_due(now),
        )
        diary.release(request, OfferStatus.REFUSED, by=PATIENT, now=now)
        _notify_clinic(request, now=now)
    return request


def answer_question(
    request: AppointmentRequest, *, version: int, text: str, now: datetime
) -> AppointmentRequest:
    """The patient answers the clinic's question, and the request comes back to us."""
    with _one_change(request):
        _move(
            request,
            RequestStatus.IN_REVIEW,
            version=version,
            by=PATIENT,
            now=now,
            only_from=[RequestStatus.QUESTION_ASKED],
            kind="answered the question",
            answer_due=answer_due(now),
        )
        request.questions.filter(answered_at=None).update(
            answer=text, answered_at=now, answered_by=PATIENT
        )
        _notify_clinic(request, now=now)
    return request


# --- The clinic's verbs ---------------------------------------------------------------------


def start_review(
    request: AppointmentRequest, *, version: int, by: User, now: datetime
) -> AppointmentRequest:
    """Take a received or lapsed request into review. A promise that has passed is made anew."""
    promise = answer_due(now) if request.answer_due < now else request.answer_due
    with _one_change(request):
        _move(
            request,
            RequestStatus.IN_REVIEW,
            version=version,
            by=by,
            now=now,
            only_from=[RequestStatus.RECEIVED, RequestStatus.LAPSED],
            answer_due=promise,
        )
    return request


def resolve_flag(
    flag: RedFlag, *, version: int, outcome: str, reason: str, by: User, now: datetime
) -> RedFlag:
    """Record what a named person decided about a flag. A later outcome and reason replace these; the
    journal keeps who recorded which outcome, and when."""
    request = flag.request
    with _one_change(request):
        version = _after_the_clock(request, version, now=now)
        if request.status != RequestStatus.IN_REVIEW:
            raise TriageRefused(_what_happened(request))
        _keep(request, version=version)
        flag.outcome, flag.reason = outcome, reason
        flag.resolved_at, flag.resolved_by = now, by
        flag.save(update_fields=["outcome", "reason", "resolved_at", "resolved_by"])
        journal.record(
            request, "recorded an outcome", by=by, at=now, flag=flag.pk, outcome=str(outcome)
        )
    return flag


def ask(
    request: AppointmentRequest, *, version: int, text: str, by: User, now: datetime
) -> ClinicQuestion:
    """Ask the patient something; they read it behind their link."""
    with _one_change(request):
        _move(
            request,
            RequestStatus.QUESTION_ASKED,
            version=version,
            by=by,
            now=now,
            reply_due=now + timedelta(days=DAYS_TO_ANSWER_A_QUESTION),
        )
        question = ClinicQuestion.objects.create(
            request=request, text=text, asked_at=now, asked_by=by
        )
        messages.queue(request, MessageKind.QUESTION, by=by.get_username(), now=now)
    return question


def offer(
    request: AppointmentRequest,
    *,
    version: int,
    appointment_type: AppointmentType,
    clinician: Clinician,
    starts: Sequence[datetime],
    held_until: datetime,
    by: User,
    now: datetime,
) -> Offer:
    """Offer one to three times, held for the patient. Raises TimeTaken if one is not free."""
    with _one_change(request):
        _move(
            request,
            RequestStatus.OFFERED,
            version=version,
            by=by,
            now=now,
            reply_due=held_until,
        )
        _refuse_blocking_flags(request)
        made = diary.offer(
            request,
            appointment_type=appointment_type,
            clinician=clinician,
            starts=starts,
            held_until=held_until,
            by=by,
            now=now,
        )
        messages.queue(request, MessageKind.OFFER, by=by.get_username(), now=now)
    return made


def book(
    request: AppointmentRequest,
    *,
    version: int,
    appointment_type: AppointmentType,
    clinician: Clinician,
    starts: datetime,
    by: User,
    now: datetime,
) -> Appointment:
    """Book a time that was agreed on the phone. Raises TimeTaken if it is not free."""
    with _one_change(request):
        _move(
            request,
            RequestStatus.BOOKED,
            only_from=[RequestStatus.IN_REVIEW],
            version=version,
            by=by,
            now=now,
        )
        _refuse_blocking_flags(request)
        appointment = diary.book(
            request,
            appointment_type=appointment_type,
            clinician=clinician,
            starts=starts,
            by=by,
            now=now,
        )
        messages.queue(request, MessageKind.BOOKED, by=by.get_username(), now=now)
    return appointment


def defer(
    request: AppointmentRequest, *, version: int, until: date, by: User, now: datetime
) -> AppointmentRequest:
    """Put a request aside until a day in the clinic's zone, on which it comes back by itself."""
    if until <= timezone.localdate(now):
        raise TriageRefused("Choose a day after today.")
    with _one_change(request):
        comes_back = datetime.combine(until, time(), tzinfo=ZoneInfo(settings.TIME_ZONE))
        _move(
            request,
            RequestStatus.DEFERRED,
            version=version,
            by=by,
            now=now,
            deferred_until=until,
            answer_due=answer_due(comes_back),
        )
    return request


def decline(
    request: AppointmentRequest, *, version: int, reason: str, by: User, now: datetime
) -> AppointmentRequest:
    """Say no, with a reason that the patient reads behind their link."""
    with _one_change(request):
        _move(
            request,
            RequestStatus.DECLINED,
            version=version,
            by=by,
            now=now,
            ended_at=now,
            ended_by=by.get_username(),
            ended_reason=reason,
        )
        messages.queue(request, MessageKind.DECLINED, by=by.get_username(), now=now)
    return request


# --- The clock ------------------------------------------------------------------------------


def catch_up(now: datetime) -> int:
    """Write down what the clock did: offers and questions lapsed, deferred requests back in review.

    Nothing depends on it being run, since every reader computes the same; the number written.
    """
    moved = 0
    for request in AppointmentRequest.objects.moved_by_the_clock(now).order_by("pk"):
        try:
            with transaction.atomic():
                moved += _settle(request, now=now)
        except TriageRefused:  # somebody else just moved it, and saw the same clock
            continue
    return moved


def answer_due(now: datetime) -> datetime:
    """Until when we promise an answer: the promised hours, counted while the desk is open."""
    week = WorkingWeek(
        days=settings.CLINIC_OPEN_DAYS,
        opens=time.fromisoformat(settings.CLINIC_OPENS),
        closes=time.fromisoformat(settings.CLINIC_CLOSES),
        zone=ZoneInfo(settings.TIME_ZONE),
    )
    closed = set(ClosedDay.objects.filter(day__gte=now.date()).values_list("day", flat=True))
    promised = timedelta(hours=settings.CLINIC_ANSWERS_WITHIN_HOURS)
    return add_working_time(now, promised, week, closed)


# --- Steps that the verbs share -------------------------------------------------------------


@contextmanager
def _one_change(request: AppointmentRequest) -> Iterator[None]:
    """One transaction. If it is refused, the record in memory is again what the database holds."""
    try:
        with transaction.atomic():
            yield
    except TriageRefused:
        request.refresh_from_db()
        raise


def _receive(submission: Submission, *, key: str, now: datetime) -> AppointmentRequest:
    request = AppointmentRequest.objects.create(
        reference=_new_reference(),
        submission_key=key,
        submission_digest=submission.digest(),
        page=submission.page,
        concern=submission.concern,
        name=submission.name,
        date_of_birth=submission.date_of_birth,
        email=submission.email,
        phone=submission.phone,
        preferred_days=submission.preferred_days,
        preferred_times=submission.preferred_times,
        availability=submission.availability,
        received_at=now,
        received_by=PATIENT,
        answer_due=answer_due(now),
        link_key=secrets.token_urlsafe(16),
    )
    answers = ScreeningAnswer.objects.bulk_create(
        ScreeningAnswer(
            request=request, question=given.question, answer=given.answer, detail=given.detail
        )
        for given in submission.answers
    )
    RedFlag.objects.bulk_create(
        RedFlag(request=request, answer=answer, level=given.question.level)
        for answer, given in zip(answers, submission.answers, strict=True)
        if given.is_flagged
    )
    journal.record(request, EVENTS[RequestStatus.RECEIVED], by=PATIENT, at=now)
    messages.queue(request, MessageKind.RECEIVED, by=PATIENT, now=now)
    _notify_clinic(request, now=now)
    return request


def _new_reference() -> str:
    letters = [secrets.choice(REFERENCE_ALPHABET) for _ in range(8)]
    return f"{''.join(letters[:4])}-{''.join(letters[4:])}"


def _notify_clinic(request: AppointmentRequest, *, now: datetime) -> None:
    if settings.CLINIC_INBOX:
        messages.queue(request, MessageKind.CLINIC_NOTICE, by=PATIENT, now=now)


def _refuse_blocking_flags(request: AppointmentRequest) -> None:
    if request.flags.blocking().exists():
        raise TriageRefused(
            "A flag is still open. A clinician has to record an outcome that lets this request "
            "proceed before a time can be offered or booked."
        )


def _move(
    request: AppointmentRequest,
    to: RequestStatus,
    *,
    version: int,
    by: journal.Actor,
    now: datetime,
    only_from: Collection[RequestStatus] = tuple(RequestStatus),
    kind: str = "",
    **changes: Any,
) -> None:
    """Compare and set: the row moves only from the version that the caller saw.

    `only_from` is for verbs that share their target: each starts from statuses of its own.
    """
    version = _after_the_clock(request, version, now=now)
    status = RequestStatus(request.status)
    if to not in TRANSITIONS[status] or status not in only_from:
        raise TriageRefused(_what_happened(request))
    clock_free = {"reply_due": None, "deferred_until": None}
    _keep(request, version=version, status=to, **clock_free | changes)
    journal.record(request, kind or EVENTS[to], by=by, at=now)


def _after_the_clock(request: AppointmentRequest, version: int, *, now: datetime) -> int:
    """The version to expect once the clock's own step, which the caller saw too, is written."""
    if request.version == version and _settle(request, now=now):
        return request.version
    return version


def _settle(request: AppointmentRequest, *, now: datetime) -> bool:
    """Write down the step that the clock took with this request, if it took one."""
    state = request.state(now)
    if state == request.status:
        return False
    _keep(request, version=request.version, status=state, reply_due=None, deferred_until=None)
    diary.release(request, OfferStatus.EXPIRED, by=CLOCK, now=now)
    kind = "came back on its day" if state == RequestStatus.IN_REVIEW else EVENTS[state]
    journal.record(request, kind, by=CLOCK, at=now)
    return True


def _keep(request: AppointmentRequest, *, version: int, **changes: Any) -> None:
    seen = AppointmentRequest.objects.filter(pk=request.pk, status=request.status, version=version)
    if not seen.update(version=version + 1, **changes):
        raise TriageRefused(_what_happened(request))
    request.refresh_from_db()


def _what_happened(request: AppointmentRequest) -> str:
    last = request.events.exclude(kind=READ).order_by("-number").first()
    if last is None:
        return "This request has changed. Open it again."
    person = User.objects.filter(username=last.by).first()
    who = person.get_full_name() or person.get_username() if person else last.by
    at = timezone.localtime(last.at)
    return (
        f"This is no longer possible: {who} {last.kind} on {at:%-d %B at %H:%M}. "
        "Look at where it stands now."
    )
