"""What patients and reception do, for tests that need it done."""

import re
from datetime import date, datetime, timedelta
from typing import Any

from django.conf import settings as django_settings
from django.db.models import F
from django.test import Client

from bookings import links, messages, triage
from bookings.admin import AppointmentRequestAdmin
from bookings.forms.safety_questions import NONE, OTHERS, rest_value
from bookings.models import (
    Appointment,
    AppointmentRequest,
    Message,
    Person,
    ScreeningQuestion,
)
from bookings.screening import GivenAnswer
from bookings.status import PATIENT, Answer, MessageStatus, RequestStatus, VisitStep
from clinic_site.groups import GROUPS
from procedures.status import RevisionStatus
from tests import factories

BASE = "/appointments/request/"
ABOUT = {"page": "", "concern": "My shoulder hurts at night."}
YOU = {
    "name": "Pat Sample",
    "date_of_birth_day": "31",
    "date_of_birth_month": "1",
    "date_of_birth_year": "1970",
    "email": "pat@example.org",
    "phone": "020 7946 0958",
}
TIMES = {"preferred_days": ["monday", "friday"], "preferred_times": ["morning"], "availability": ""}
BIRTH = {"date_of_birth_day": "31", "date_of_birth_month": "1", "date_of_birth_year": "1970"}
LOST = BIRTH | {"name": "Pat Sample", "contact": "pat@example.org"}
NINE = timedelta(days=7, hours=-1)  # the Monday after, at nine
FIVE = timedelta(minutes=5)
LIST = "/admin/bookings/appointmentrequest/"
DECISIONS = {decision.slug: decision for decision in AppointmentRequestAdmin.decisions}
CANARIES = {
    "concern": "Canaryconcern",
    "name": "Canaryname Canarysurname",
    "email": "pat@example.org",
    "phone": "+442079460123",
    "availability": "Canaryavailability",
    "date_of_birth": date(1961, 7, 19),
}


# --- Patients -------------------------------------------------------------------------------


def rest(*asked: ScreeningQuestion, what: str = NONE) -> dict[str, str]:
    """What the browser posts for the one press about all questions of a group that are not ticked."""
    return {f"rest_{asked[0].group_id}": rest_value(what, asked)}


def safety(**answers: Any) -> dict[str, Any]:
    """What a patient posts who ticks these questions, and says “no” to all others of the group."""
    asked = factories.question().group.questions.filter(retired_on=None)
    ticked = [name for name in answers if name.startswith("answer_")]
    if len(ticked) == len(asked):
        return answers
    return rest(*asked, what=OTHERS if ticked else NONE) | answers


def fill_in(client: Client, **changes: dict[str, Any]) -> None:
    """Fill in all steps but the last."""
    answers = safety(**changes.pop("safety", {}))
    steps: dict[str, dict[str, Any]]
    steps = {"about": ABOUT, "you": YOU, "safety": answers, "times": TIMES}
    client.post(BASE, {"about": "", "again": "yes"})
    for step, values in steps.items():
        answer = client.post(f"{BASE}{step}/", values | changes.get(step, {}))
        assert answer.status_code == 302, answer.content.decode()
    begun_a_minute_ago(client)


def begun_a_minute_ago(client: Client) -> None:
    """Pretend that the form was begun a minute ago: a person takes longer than a test."""
    session = client.session
    session["unsent"]["begun"] -= 60
    session.save()


def key(client: Client) -> str:
    return str(client.session["unsent"]["key"])


def send(client: Client) -> Any:
    return client.post(f"{BASE}check/", {"key": key(client)})


def path_of(request: AppointmentRequest) -> str:
    return links.private_link(request).removeprefix(django_settings.SITE_URL)


def open_link(client: Client, request: AppointmentRequest) -> str:
    answer = client.get(path_of(request))
    assert answer.status_code == 302
    return str(answer.headers["Location"])


def booked(now: datetime, *, days: int = 7) -> AppointmentRequest:
    request = factories.request_at(RequestStatus.IN_REVIEW, now=now)
    triage.book(
        request,
        version=request.version,
        appointment_type=factories.appointment_type(),
        clinician=factories.clinician(),
        starts=now + timedelta(days=days),
        by=factories.staff("Reception"),
        now=now,
    )
    return request


def behind_link(client: Client, request: AppointmentRequest) -> str:
    client.get(links.private_link(request).removeprefix("https://clinic.example"))
    return f"/appointments/mine/{request.reference}/"


def identified(client: Client, request: AppointmentRequest) -> str:
    url = behind_link(client, request)
    born = {"date_of_birth_day": 31, "date_of_birth_month": 1, "date_of_birth_year": 1970}
    assert client.post(f"{url}identify/", born).status_code == 302
    return url


def book_instead(request: AppointmentRequest, starts: datetime, now: datetime) -> Appointment:
    return triage.book(
        request,
        version=request.version,
        appointment_type=factories.appointment_type(),
        clinician=factories.clinician(),
        starts=starts,
        by=factories.staff("Reception"),
        now=now,
    )


def waiting(now: datetime, *, days: int, **columns: Any) -> AppointmentRequest:
    """A patient with an appointment who would come earlier."""
    request = booked(now, days=days)
    AppointmentRequest.objects.filter(pk=request.pk).update(**columns)
    request.refresh_from_db()
    return triage.join_earlier_list(request, version=request.version, by=PATIENT, now=now)


def freed(now: datetime, starts: datetime) -> Appointment:
    """A time that was given back."""
    then = now - messages.GRACE
    request = factories.request_at(RequestStatus.IN_REVIEW, now=then)
    book_instead(request, starts, then)
    return triage.cancel(
        request, version=request.version, by=factories.staff("Reception"), now=then, reason="Rang."
    )


def too_late_to_undo() -> None:
    """Pretend that what a colleague did was done three minutes earlier, so that its messages leave."""
    Message.objects.filter(status=MessageStatus.QUEUED, tries=0).update(next_try=F("queued_at"))


# --- Reception ------------------------------------------------------------------------------


def page_of(request: AppointmentRequest) -> str:
    return f"{LIST}{request.pk}/change/"


def decide_at(request: AppointmentRequest, slug: str) -> str:
    return f"{LIST}{request.pk}/decide/{slug}/"


PEOPLE = "/admin/bookings/person/"


def people_found(client: Client, term: str) -> set[int]:
    """Search the desk; the numbers of the people found. One is opened straight away."""
    answer = client.post(f"{PEOPLE}search/", {"term": term})
    found = answer.headers.get("Location", "") or answer.content.decode()
    return {int(pk) for pk in re.findall(rf"{PEOPLE}(\d+)/change/", found)}


def page_of_person(person: Person) -> str:
    return f"{PEOPLE}{person.pk}/change/"


def decide_about(person: Person, slug: str) -> str:
    return f"{PEOPLE}{person.pk}/decide/{slug}/"


# Recorded on the day of a visit.
VISIT_STEPS = set(VisitStep.values)


def moment_of(slug: str, now: datetime) -> datetime:
    """When the decision about `ready_for(slug, now)` is open: most are straight away."""
    return (
        factories.tomorrow(factories.HOURS_OF_APPOINTMENTS[RequestStatus.BOOKED], now=now) + FIVE
        if slug in VISIT_STEPS
        else now
    )


def ready_for(slug: str, now: datetime) -> AppointmentRequest:
    """A request for which the decision is open, for some of them only at `moment_of`."""
    if slug in VISIT_STEPS:
        return _on_the_day(slug, now)
    if slug in {"follow-up", "recall-back"}:
        return _closed(slug, now)
    if slug in {"undo-for-them", "free-now"}:
        request = booked(now)
        triage.cancel(request, version=request.version, by=PATIENT, now=now)
        return request
    if slug == "resolve-flag":
        request = factories.received(flagged=True, now=now)
        return triage.start_review(
            request, version=request.version, by=factories.staff("Reception"), now=now
        )
    open_in = {RequestStatus.BOOKED} if slug == "letter" else set(DECISIONS[slug].statuses)
    first = RequestStatus.IN_REVIEW if RequestStatus.IN_REVIEW in open_in else min(open_in)
    request = factories.request_at(RequestStatus(first), now=now)
    if slug == "safety":
        factories.question()
    if slug == "open-answers":
        factories.clinic(reception_reads_answers=False)
    if slug in {"send-again", "letter"}:
        request.messages.update(status=MessageStatus.SENT, sent_at=now, sent_by="a worker")
    if slug == "leave-earlier":
        triage.join_earlier_list(request, version=request.version, by="the patient", now=now)
    return request


def _closed(slug: str, now: datetime) -> AppointmentRequest:
    request = factories.request_at(RequestStatus.CLOSED, now=now)
    if slug == "recall-back":
        by, due = factories.staff("Reception"), (now + timedelta(weeks=6)).date()
        triage.plan_recall(request, version=request.version, ask_due=due, by=by, now=now)
        request.refresh_from_db()
    return request


def _on_the_day(slug: str, now: datetime) -> AppointmentRequest:
    request = factories.request_at(RequestStatus.BOOKED, now=now)
    if slug in {VisitStep.CALLED_IN, VisitStep.UNDO}:
        by, arrived = factories.staff("Reception"), moment_of(slug, now) - FIVE
        triage.record_arrival(request, version=request.version, by=by, now=arrived)
    return request


def who_may(slug: str) -> str:
    """A role that may take the decision: clinicians may take all but one."""
    return "Clinician" if DECISIONS[slug].permission in GROUPS["Clinician"] else "Reception"


def request_with_canaries(now: datetime) -> AppointmentRequest:
    page = factories.revision(RevisionStatus.PUBLISHED).page
    answer = GivenAnswer(factories.question(), Answer.YES, "Canarywarfarin")
    return triage.submit(
        factories.submission(page=page, answers=[answer], **CANARIES), key="k", now=now
    )
