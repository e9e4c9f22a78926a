"""Creates requests, sent by patients or noted by a colleague.

Pressing *Send* twice on one form returns the same request.
"""

import hashlib
import json
import secrets
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime

from django.db import IntegrityError, transaction
from django.utils.translation import gettext

from bookings import journal, messages
from bookings.diary.desk_hours import answer_due
from bookings.links import CODE_LIFE
from bookings.messages.outbox import takes_texts
from bookings.models import AppointmentRequest
from bookings.screening import GivenAnswer
from bookings.status import PATIENT, AnsweredFrom, MessageKind, TriageRefused
from bookings.status.events import Event
from bookings.triage import search_keys, surge
from bookings.triage.recognising import recognise
from bookings.triage.safety import keep_answers
from procedures.ground.rate_limits import Try, spend_all
from procedures.models import Clinician, InformationPage

# Letters and digits that cannot be confused when they are read out on the phone.
REFERENCE_ALPHABET = "BCDFGHJKMNPQRTVWXY346789"


@dataclass(frozen=True)
class Submission:
    """What a patient sends, or says on the phone, already validated."""

    page: InformationPage | None
    concern: str
    name: str
    date_of_birth: date
    # At least one of the two.
    email: str
    phone: str
    preferred_days: list[str]
    preferred_times: list[str]
    availability: str
    wished_clinician: Clinician | None = None
    access_needs: list[str] = field(default_factory=list)
    access_detail: str = ""
    carer_name: str = ""
    carer_right: str = ""
    detail_in_messages: bool = False
    text_messages: bool = False
    voicemail: bool = False
    # The language in which we write to them; None if nobody said, so that it stays as it was.
    language: str | None = None
    answers: Sequence[GivenAnswer] = field(default_factory=list)
    # They answer the safety questions by their private link, because nobody could in the call.
    answers_by_link: bool = False
    # A request that is certainly of the same person, if whoever sends this says so.
    earlier: AppointmentRequest | None = None

    def digest(self) -> str:
        """The hash of the content, which tells a repeated send from a changed one."""
        content = {
            **{name: value for name, value in vars(self).items() if name != "earlier"},
            "page": self.page.pk if self.page else None,
            "wished_clinician": self.wished_clinician.pk if self.wished_clinician else None,
            "answers": [(given.question.pk, *given[1:]) for given in self.answers],
        }
        canonical = json.dumps(content, sort_keys=True, default=str)
        return hashlib.sha256(canonical.encode()).hexdigest()


def submit(
    submission: Submission,
    *,
    key: str,
    now: datetime,
    by: journal.Actor = PATIENT,
    limits: Sequence[Try] = (),
) -> AppointmentRequest:
    """Create a request. The same key and content return the same request; nothing is sent twice.

    `by` is the patient, or the colleague who noted it for somebody on the phone or at the desk.
    A new request spends a try of each limit. A repeated press costs nothing, however many come at
    the same time, because the limits are counted last in the transaction that the key decides.
    Raises TooManyTries if a limit is passed, and TriageRefused if the key was already used for
    other content.
    """
    try:
        with transaction.atomic():
            received = receive(submission, key=key, by=by, now=now)
            announce(received, submission.answers, by=by, now=now)
            if limits:
                spend_all(limits, now)
            return received
    except IntegrityError:
        earlier = AppointmentRequest.objects.get(submission_key=key)
    if earlier.submission_digest != submission.digest():
        raise TriageRefused(
            gettext(
                "You have already sent this form with other answers. Start again to send a new "
                "request."
            )
        )
    return earlier


def receive(
    submission: Submission, *, key: str, by: journal.Actor, now: datetime
) -> AppointmentRequest:
    """Write a new request with its answers, flags and first event. Nobody is told yet."""
    _refuse_unmarked_translation(submission)
    request = unwritten(submission, key=key, by=by, now=now, due=answer_due(now))
    request.person, is_new = recognise(submission, by=by, now=now)
    request.language = request.person.language
    _refuse_unreachable(request)
    request.save(force_insert=True)
    if is_new:
        search_keys.begin(request)
    else:
        search_keys.keep([request.person_id])
    flagged = [given for given in submission.answers if given.is_flagged]
    keep_answers(request, submission.answers, flagged, by=journal.actor_name(by), now=now)
    journal.begin(request, Event.RECEIVED if by == PATIENT else Event.NOTED, by=by, at=now)
    return request


def unwritten(
    submission: Submission, *, key: str, by: journal.Actor, now: datetime, due: datetime
) -> AppointmentRequest:
    """The row of a new request, without its person, that has one event and is not stored yet.

    `due` is by when we promise an answer.
    """
    # A code is shown to a patient straight away; a colleague makes one when somebody asks for it.
    has_code = by == PATIENT and not submission.email
    return AppointmentRequest(
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
        wished_clinician=submission.wished_clinician,
        access_needs=submission.access_needs,
        access_detail=submission.access_detail,
        carer_name=submission.carer_name,
        carer_right=submission.carer_right,
        detail_in_messages=submission.detail_in_messages,
        text_messages=submission.text_messages,
        voicemail=submission.voicemail,
        awaits_answers=submission.answers_by_link,
        received_at=now,
        received_by=journal.actor_name(by),
        answer_due=due,
        link_key=secrets.token_urlsafe(16),
        code_until=now + CODE_LIFE if has_code else None,
        event_count=1,
    )


def _refuse_unmarked_translation(submission: Submission) -> None:
    """Raise TriageRefused for answers in a translation that no flag would hold back."""
    about_it = [
        given.is_flagged
        for given in submission.answers
        if given.question.answered_from == AnsweredFrom.LANGUAGE
    ]
    is_translated = any(given.read_in for given in submission.answers)
    if is_translated and not any(about_it):
        raise TriageRefused(
            gettext(
                "You cannot fill in our form in this language at the moment. Please phone us: we will "
                "ask you everything with an interpreter."
            )
        )


def _refuse_unreachable(request: AppointmentRequest) -> None:
    """Raise TriageRefused if we wait for answers of somebody to whom we cannot write."""
    if request.awaits_answers and not (request.email or takes_texts(request)):
        raise TriageRefused(
            "We can write to them neither by email nor by text message, so ask the safety questions "
            "in the call."
        )


def announce(
    request: AppointmentRequest, answers: Sequence[GivenAnswer], *, by: journal.Actor, now: datetime
) -> None:
    """Write to the patient, and to colleagues if somebody has to hear of it.

    `answers` are all that the new request has. A colleague knows what they have just noted, but a
    clinician has to hear of a flag. What cannot wait does not wait its turn in a surge.
    """
    is_news = by == PATIENT or any(given.is_flagged for given in answers)
    kinds, actor, turn = [MessageKind.RECEIVED], journal.actor_name(by), surge.next_turn(now)
    if is_news and messages.is_anybody_told(request):
        if turn > now and any(given.is_urgent for given in answers):
            messages.queue(request, MessageKind.CLINIC_NOTICE, by=actor, now=now)
        else:
            kinds.append(MessageKind.CLINIC_NOTICE)
    on_the_phone = by != PATIENT
    messages.queue(request, *kinds, by=actor, now=now, not_before=turn, on_the_phone=on_the_phone)


def _new_reference() -> str:
    letters = [secrets.choice(REFERENCE_ALPHABET) for _ in range(8)]
    return f"{''.join(letters[:4])}-{''.join(letters[4:])}"
