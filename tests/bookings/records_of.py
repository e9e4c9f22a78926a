"""Two patients with something in every place where a person types, for tests of what we hold."""

from datetime import date, datetime, timedelta

from django.apps import apps
from django.utils import timezone

from bookings import records, triage
from bookings.models import AppointmentRequest
from bookings.screening import GivenAnswer
from bookings.status import Answer, FlagOutcome, GotIt, RightAsked, RightsStatus
from tests import factories

# What was said by or about somebody: each with their own word in it.
PLACES = (
    "concern",
    "name",
    "availability",
    "needs",
    "carer",
    "detail",
    "note",
    "outcome",
    "call",
    "question",
    "answer",
    "comment",
    "text",
    "asked",
    "receipt",
    "reply",
)


def words(who: str) -> set[str]:
    """The words of one patient, one for each place."""
    return {f"{who}{place}" for place in PLACES}


def patient(
    who: str, *, email: str, phone: str, born: date, now: datetime, hours: int = 0
) -> AppointmentRequest:
    """Somebody who asked, was flagged, phoned, asked back, seen, and answered afterwards."""
    reception, doctor = factories.staff("Reception"), factories.staff("Clinician")
    request = triage.submit(
        factories.submission(
            concern=f"{who}concern",
            name=f"{who}name",
            date_of_birth=born,
            email=email,
            phone=phone,
            availability=f"{who}availability",
            access_needs=["interpreter"],
            access_detail=f"{who}needs",
            carer_name=f"{who}carer",
            carer_right="agreed",
            answers=[GivenAnswer(factories.question(), Answer.YES, f"{who}detail")],
        ),
        key=f"key of {who}",
        now=now,
    )
    triage.start_review(request, version=request.version, by=reception, now=now)
    triage.write_note(request, text=f"{who}note", pinned=True, by=reception, now=now)
    triage.record_call(request, reached=True, note=f"{who}call", by=reception, now=now)
    flag = request.flags.get()
    triage.resolve_flag(
        flag,
        version=request.version,
        outcome=FlagOutcome.PROCEED,
        reason=f"{who}outcome",
        by=doctor,
        now=now,
    )
    request.refresh_from_db()
    triage.ask(request, version=request.version, text=f"{who}question", by=reception, now=now)
    triage.answer_question(
        request,
        version=request.version,
        text=f"{who}answer",
        now=now,
    )
    triage.hear(triage.Heard(f"SM of {who}", phone, f"{who}text"), now=now)
    complains(request, who, now=now)
    starts = factories.tomorrow(hours, now=now)
    book(request, starts, now=now)
    came(request, starts, who, now=now)
    return request


def complains(request: AppointmentRequest, who: str, *, now: datetime) -> None:
    """Note a complaint about data, that we acknowledged it, and the answer."""
    reception, today = factories.staff("Reception"), timezone.localdate(now)
    asked = records.note_asked(
        request.person,
        right=RightAsked.COMPLAINT,
        day=today,
        detail=f"{who}asked",
        by=reception,
        now=now,
    )
    records.acknowledge(asked, receipt=f"{who}receipt", receipt_told=today, by=reception, now=now)
    records.answer(
        asked,
        outcome=RightsStatus.DONE,
        said=f"{who}reply",
        told=today,
        by=reception,
        now=now,
    )


def book(request: AppointmentRequest, starts: datetime, *, now: datetime) -> None:
    """Book that time on the phone."""
    triage.book(
        request,
        version=request.version,
        appointment_type=factories.appointment_type(),
        clinician=factories.clinician(),
        starts=starts,
        by=factories.staff("Reception"),
        now=now,
    )


def came(request: AppointmentRequest, starts: datetime, who: str, *, now: datetime) -> None:
    """Record that they came, and what they said afterwards."""
    later = starts + timedelta(minutes=5)
    triage.record_attendance(
        request, version=request.version, came=True, by=factories.staff("Reception"), now=later
    )
    triage.answer_about_visit(
        request, got_it=GotIt.PARTLY, comment=f"{who}comment", now=later + timedelta(hours=2)
    )
    request.refresh_from_db()


def both(now: datetime) -> tuple[AppointmentRequest, AppointmentRequest]:
    """Ada and Ben, who have nothing in common but the day of their visit."""
    ada = patient(
        "ada", email="ada@example.org", phone="+447700900101", born=date(1961, 7, 19), now=now
    )
    ben = patient(
        "ben",
        email="ben@example.org",
        phone="+447700900102",
        born=date(1952, 3, 4),
        now=now,
        hours=3,
    )
    return ada, ben


def still_there(who: str) -> set[str]:
    """Which words of this patient are in any column of any table."""
    everything = "\n".join(
        str(row) for model in apps.get_models() for row in model._default_manager.values_list()
    )
    return {word for word in (*words(who), f"{who}@example.org") if word in everything}
