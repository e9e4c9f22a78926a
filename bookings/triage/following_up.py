"""After a visit: another one booked straight away, or a day on which we ask the patient.

The day is a `Recall`; `status/recalls.py` is its table of states.
"""

import secrets
from collections.abc import Sequence
from datetime import date, datetime, timedelta
from functools import partial

from django.contrib.auth.models import User
from django.utils import timezone

from bookings import journal, messages
from bookings.diary.desk_hours import desk_is_open
from bookings.models import (
    AppointmentRequest,
    AppointmentType,
    Recall,
    ScreeningAnswer,
)
from bookings.screening import GivenAnswer
from bookings.status import (
    CLOCK,
    MOST_VISITS,
    AppointmentStatus,
    MessageKind,
    Overtaken,
    RecallStatus,
    RequestStatus,
    TimeTaken,
    TriageRefused,
)
from bookings.status.events import RECALL_EVENTS, Event
from bookings.status.recalls import TRANSITIONS
from bookings.triage.attendance import latest_appointment
from bookings.triage.offering import book
from bookings.triage.receiving import Submission, announce, receive
from bookings.triage.safety import take_over_answers
from bookings.triage.transitions import keep, one_change, what_happened
from procedures.ground.batches import Tally, one_by_one
from procedures.models import Clinician
from procedures.models.clinic import details

TOO_SOON = "Arrange a follow-up once the visit has started."


def may_follow_up(request: AppointmentRequest, now: datetime) -> bool:
    """Whether the visit is over or under way, so that another one may follow."""
    last = latest_appointment(request)
    if last is None or request.emptied_at:
        return False
    is_over = request.status == RequestStatus.CLOSED
    return is_over or (last.status == AppointmentStatus.BOOKED and last.starts <= now)


def follow_up(
    request: AppointmentRequest,
    *,
    version: int,
    submission: Submission,
    carried: Sequence[ScreeningAnswer],
    appointment_type: AppointmentType,
    clinician: Clinician | None,
    starts: Sequence[datetime],
    by: User,
    now: datetime,
) -> list[AppointmentRequest]:
    """Note a new request for each of the times, and book it. All of them, or none.

    `submission` has the answers that the patient has just given; `carried` are answers to the earlier
    request that still count, with their own dates. A flag makes one request that waits for a
    clinician, and books nothing. Raises TimeTaken if one of the times is not free.
    """
    if not 1 <= len(starts) <= MOST_VISITS:
        raise TriageRefused(f"Book between 1 and {MOST_VISITS} visits.")
    answers = _all_answers(submission, carried)
    is_flagged = any(given.is_flagged for given in answers)
    with one_change(request):
        _refuse(request, version, now)
        keep(request, version=version)
        journal.record(request, Event.FOLLOWED_UP, by=by, at=now)
        _end_planned(request, RecallStatus.TAKEN_BACK, by=by, now=now)
        made = [
            _noted(submission, carried, by=by, now=now)
            for _ in (starts[:1] if is_flagged else starts)
        ]
        if is_flagged:
            announce(made[0], answers, by=by, now=now)
            return made
        for each, start in zip(made, starts, strict=True):
            _book(each, start, appointment_type, clinician, by=by, now=now)
    return made


def plan_recall(
    request: AppointmentRequest, *, version: int, ask_due: date, by: User, now: datetime
) -> Recall:
    """Plan to ask the patient on that day, in place of another day that was planned."""
    if ask_due <= timezone.localdate(now):
        raise TriageRefused("Choose a day after today.")
    with one_change(request):
        _refuse(request, version, now)
        keep(request, version=version)
        _end_planned(request, RecallStatus.TAKEN_BACK, by=by, now=now)
        journal.record(request, Event.RECALL_PLANNED, by=by, at=now)
        return Recall.objects.create(
            request=request, ask_due=ask_due, planned_at=now, planned_by=by.get_username()
        )


def take_recall_back(
    request: AppointmentRequest, *, version: int, by: User, now: datetime
) -> AppointmentRequest:
    """Do not ask the patient after all."""
    with one_change(request):
        keep(request, version=version)
        if not _end_planned(request, RecallStatus.TAKEN_BACK, by=by, now=now):
            raise Overtaken(what_happened(request))
    return request


def planned_recall(request: AppointmentRequest) -> Recall | None:
    """The recall that is still to come."""
    recalls = request.recalls.all()
    return next((each for each in recalls if each.status == RecallStatus.PLANNED), None)


def ask_about_follow_ups(now: datetime) -> Tally:
    """Ask the patients whose day has come; return how many. Only while the desk is open.

    Whoever has no address becomes a task to phone, like all news for somebody to whom we cannot write.
    """
    if not desk_is_open(now):
        return Tally(0, failed=0)
    due = Recall.objects.filter(status=RecallStatus.PLANNED, ask_due__lte=timezone.localdate(now))
    pks = due.order_by("pk").values_list("pk", flat=True)
    return one_by_one(pks, partial(_ask, now=now), task="asking about a follow-up, recall")


def _ask(pk: int, *, now: datetime) -> bool:
    request = AppointmentRequest.objects.get(recalls=pk)
    opens = now + timedelta(days=details().link_days)
    try:
        with one_change(request):
            keep(request, version=request.version, link_until=opens)
            if not _end_planned(request, RecallStatus.ASKED, by=CLOCK, now=now):
                raise Overtaken(what_happened(request))
            messages.queue(request, MessageKind.RECALL, by=CLOCK, now=now)
    except TriageRefused:  # somebody else has just changed it; the next round looks again
        return False
    return True


def _end_planned(
    request: AppointmentRequest, to: RecallStatus, *, by: journal.Actor, now: datetime
) -> bool:
    """End the planned recall in that way; False if there is none."""
    before = [status for status, following in TRANSITIONS.items() if to in following]
    ended = Recall.objects.filter(request=request, status__in=before).update(
        status=to, ended_at=now, ended_by=journal.actor_name(by)
    )
    if ended:
        journal.record(request, RECALL_EVENTS[to], by=by, at=now)
    return bool(ended)


def _refuse(request: AppointmentRequest, version: int, now: datetime) -> None:
    if request.version != version:
        raise Overtaken(what_happened(request))
    if not may_follow_up(request, now):
        raise TriageRefused(TOO_SOON)


def _all_answers(submission: Submission, carried: Sequence[ScreeningAnswer]) -> list[GivenAnswer]:
    old = [GivenAnswer(each.question, each.answer, each.detail) for each in carried]
    return [*submission.answers, *old]


def _noted(
    submission: Submission, carried: Sequence[ScreeningAnswer], *, by: User, now: datetime
) -> AppointmentRequest:
    made = receive(submission, key=secrets.token_urlsafe(32), by=by, now=now)
    take_over_answers(made, carried)
    return made


def _book(
    request: AppointmentRequest,
    starts: datetime,
    appointment_type: AppointmentType,
    clinician: Clinician | None,
    *,
    by: User,
    now: datetime,
) -> None:
    try:
        book(
            request,
            version=request.version,
            appointment_type=appointment_type,
            clinician=clinician,
            starts=starts,
            by=by,
            now=now,
        )
    except TimeTaken as taken:
        when = f"{timezone.localtime(starts):%A %-d %B at %-H:%M}"
        raise TimeTaken(
            f"{when} is not free. Nothing has been booked. Choose another time."
        ) from taken
