"""What the patient does with a request."""

import hashlib
import json
import secrets
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime

from django.conf import settings
from django.db import IntegrityError, transaction

from bookings import diary, journal, messages, surge
from bookings.events import Event
from bookings.folding import found_by
from bookings.models import (
    Appointment,
    AppointmentRequest,
    OfferedTime,
)
from bookings.screening import GivenAnswer, newly_flagged
from bookings.status import (
    PATIENT,
    MessageKind,
    OfferStatus,
    RequestStatus,
    TriageRefused,
)
from bookings.triage.moves import (
    answer_due,
    back_into_review,
    move,
    notify_clinic,
    one_change,
    take_offered,
)
from bookings.triage.safety import keep_answers, refuse_unanswered
from procedures.models import InformationPage
from procedures.rate_limits import Try, spend_all

# Letters and digits that nobody takes for another when they are read out on the phone.
REFERENCE_ALPHABET = "BCDFGHJKMNPQRTVWXY346789"


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
    access_needs: list[str] = field(default_factory=list)
    access_detail: str = ""
    carer_name: str = ""
    carer_right: str = ""
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


def submit(
    submission: Submission,
    *,
    key: str,
    now: datetime,
    limits: Sequence[Try] = (),
) -> AppointmentRequest:
    """Receive a request. The same key and content lead to the same request; nothing is sent twice.

    A new request spends a try of each limit; a repeated press costs nobody anything, however many
    come at once, because the limits are counted last in the transaction that the key decides.
    Raises TooManyTries if a limit is passed, and TriageRefused if the key was already used for other
    content.
    """
    try:
        with transaction.atomic():
            received = _receive(submission, key=key, now=now)
            if limits:
                spend_all(limits, now)
            return received
    except IntegrityError:
        earlier = AppointmentRequest.objects.get(submission_key=key)
    if earlier.submission_digest != submission.digest():
        raise TriageRefused(
            "This form was already sent with other answers. Start again to send a new request."
        )
    return earlier


def withdraw(request: AppointmentRequest, *, version: int, now: datetime) -> AppointmentRequest:
    """The patient steps back. What was held for them is free again."""
    with one_change(request):
        move(
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
    request: AppointmentRequest,
    *,
    version: int,
    chosen: OfferedTime,
    now: datetime,
    answers: Sequence[GivenAnswer] = (),
) -> Appointment | None:
    """The patient takes one of the offered times. Raises TimeTaken if it is no longer held.

    It takes the place of an appointment that they have already. Safety questions whose answers have
    aged are answered with it; an answer that raises a new flag takes the request back into review
    instead, and there is no appointment yet.
    """
    with one_change(request):
        refuse_unanswered(request, answers, now)
        flagged = newly_flagged(request, answers)
        if flagged:
            back_into_review(
                request, version=version, by=PATIENT, now=now, kind=Event.ANSWER_TO_LOOK_AT
            )
            diary.release(request, OfferStatus.REFUSED, by=PATIENT, now=now)
            keep_answers(request, answers, flagged, now=now)
            notify_clinic(request, now=now)
            return None
        keep_answers(request, answers, flagged, now=now)
        return take_offered(request, chosen, version=version, by=PATIENT, now=now)


def ask_for_other_times(
    request: AppointmentRequest, *, version: int, now: datetime
) -> AppointmentRequest:
    """None of the offered times suits; the clinic looks again."""
    with one_change(request):
        back_into_review(
            request, version=version, by=PATIENT, now=now, kind=Event.WANTS_OTHER_TIMES
        )
        diary.release(request, OfferStatus.REFUSED, by=PATIENT, now=now)
        notify_clinic(request, now=now)
    return request


def answer_question(
    request: AppointmentRequest, *, version: int, text: str, now: datetime
) -> AppointmentRequest:
    """The patient answers the clinic's question, and the request comes back to us."""
    with one_change(request):
        move(
            request,
            RequestStatus.IN_REVIEW,
            version=version,
            by=PATIENT,
            now=now,
            only_from=[RequestStatus.QUESTION_ASKED],
            kind=Event.ANSWERED,
            answer_due=answer_due(now),
        )
        request.questions.filter(answered_at=None).update(
            answer=text, answered_at=now, answered_by=PATIENT
        )
        notify_clinic(request, now=now)
    return request


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
        found_by=found_by(
            name=submission.name, carer_name=submission.carer_name, phone=submission.phone
        ),
        preferred_days=submission.preferred_days,
        preferred_times=submission.preferred_times,
        availability=submission.availability,
        access_needs=submission.access_needs,
        access_detail=submission.access_detail,
        carer_name=submission.carer_name,
        carer_right=submission.carer_right,
        received_at=now,
        received_by=PATIENT,
        answer_due=answer_due(now),
        link_key=secrets.token_urlsafe(16),
        event_count=1,
    )
    flagged = [given for given in submission.answers if given.is_flagged]
    keep_answers(request, submission.answers, flagged, now=now)
    journal.begin(request, Event.RECEIVED, by=PATIENT, at=now)
    notice = [MessageKind.CLINIC_NOTICE] if settings.CLINIC_INBOX else []
    turn = surge.next_turn(now)
    messages.queue(request, MessageKind.RECEIVED, *notice, by=PATIENT, now=now, not_before=turn)
    return request


def _new_reference() -> str:
    letters = [secrets.choice(REFERENCE_ALPHABET) for _ in range(8)]
    return f"{''.join(letters[:4])}-{''.join(letters[4:])}"
