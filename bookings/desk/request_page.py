"""Everything on the screen of a request that is needed to decide."""

from datetime import datetime
from typing import Any, NamedTuple

from django.contrib.auth.models import User
from django.db.models import Q
from django.utils import timezone

from bookings import triage
from bookings.desk.finding import likely_duplicates
from bookings.desk.to_phone import news_to_tell, reason_to_phone
from bookings.diary.clinicians import wish_is_gone
from bookings.diary.free_times import stranded
from bookings.models import AppointmentRequest, VisitAnswer
from bookings.status import (
    OWNERS,
    WAITING_FOR_CLINIC,
    WITH_APPOINTMENT,
    Answer,
    FlagOutcome,
    RequestStatus,
)
from bookings.status.events import LOOKS
from procedures.ground.people import shown_name


class JournalRow(NamedTuple):
    """One line of the journal as colleagues read it.

    Consecutive looks by one person are one line.
    """

    at: datetime
    by: str
    what: str
    times: int


def facts(record: AppointmentRequest, now: datetime) -> dict[str, Any]:
    """The status at that instant, what was said, offered, booked and written, and what is next."""
    state = record.state(now)
    is_blocked = record.flags.blocking().exists()
    answers = record.answers.select_related("question").order_by(
        "question__group__position", "question__position", "-given_at"
    )
    others = AppointmentRequest.objects.waiting_for_clinic(now).exclude(pk=record.pk)
    return {
        "state": state,
        "whose_turn": OWNERS[state],
        "back_on": record.deferred_until if state == RequestStatus.DEFERRED else None,
        "wish_is_gone": wish_is_gone(record.wished_clinician, timezone.localdate(now)),
        "wishes": record.wishes if state in WAITING_FOR_CLINIC else "",
        "keeps_visit": state in WITH_APPOINTMENT,
        "current": triage.booked_appointment(record),
        "to_phone": reason_to_phone(record, now),
        "news": news_to_tell(record, now),
        "without_clinic": " ".join(each.why for each in stranded(now, Q(request=record))),
        "overdue": record.is_waiting_for_clinic(now) and record.answer_due < now,
        "next_waiting": others.most_urgent_first().first(),
        "flags": record.flags.select_related("answer__question__owner").prefetch_related(
            "outcomes__recorded_by"
        ),
        "blocked": is_blocked,
        "waits_for_clinician": is_blocked and state in WAITING_FOR_CLINIC,
        "told": [each for each in answers if each.answer != Answer.NO],
        "denied": [each for each in answers if each.answer == Answer.NO],
        "questions": record.questions.select_related("asked_by").order_by("-pk"),
        "offers": record.offers.select_related("appointment_type", "clinician")
        .prefetch_related("times")
        .order_by("-pk"),
        "appointments": record.appointments.select_related(
            "clinician", "appointment_type", "room__location"
        ).order_by("-pk"),
        "visit_answer": VisitAnswer.objects.filter(request=record).first(),
        "calls": record.calls.select_related("made_by"),
        "messages_sent": record.messages.order_by("pk"),
        "events": _journal_rows(record),
        "similar": likely_duplicates(record),
    }


def _journal_rows(record: AppointmentRequest) -> list[JournalRow]:
    """The lines of the journal, newest first."""
    events = list(record.events.order_by("-number"))
    told = {event.by for event in events} | {event.detail.get("to", "") for event in events}
    people = User.objects.filter(username__in=told)
    names = {person.username: shown_name(person) for person in people}
    rows: list[JournalRow] = []
    for event in events:
        outcome = event.detail.get("outcome")
        said = f": {FlagOutcome(outcome).label}" if outcome else ""
        to = event.detail.get("to")
        said += f" to {names.get(to, to)}" if to else ""
        row = JournalRow(event.at, names.get(event.by, event.by), f"{event.kind}{said}", 1)
        if rows and event.kind in LOOKS and rows[-1][1:3] == row[1:3]:
            rows[-1] = rows[-1]._replace(times=rows[-1].times + 1)
        else:
            rows.append(row)
    return rows
