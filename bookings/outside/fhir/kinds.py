"""The table of what can be read: for each kind of resource its rows, its words and its parameters."""

import re
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.db.models import Model, Q, QuerySet

from bookings.models import (
    AppointmentRequest,
    AppointmentType,
    ClinicSession,
    Location,
    Person,
    ScreeningAnswer,
    ScreeningQuestion,
    asks_for_something,
)
from bookings.outside.fhir import clinic, questions, slots, visits
from bookings.outside.fhir.outcomes import Refused, Resource, version_of
from bookings.outside.fhir.search import (
    NOTHING,
    Codes,
    Page,
    Parameter,
    code_in,
    conditions,
    counted,
    key_in,
    number,
    page_of,
    period,
)
from bookings.status import Scope
from procedures.models import Clinician

Asked = list[tuple[str, str]]
KEY = re.compile(r"[1-9][0-9]{0,17}")
QUESTION_STATUSES = Codes(
    "http://hl7.org/fhir/publication-status", ("draft", "active", "retired", "unknown")
)
EMPTIED = Q(emptied_at__isnull=False)


def _any(model: type[Model]) -> QuerySet[Any]:
    """Every row of a table."""
    return QuerySet(model)


def _nobody(rows: list[Any]) -> list[int]:
    return []


@dataclass(frozen=True, kw_only=True)
class Kind:
    """One kind of resource."""

    scope: Scope
    model: type[Model]
    rows: Callable[[datetime], QuerySet[Any]]
    written: Callable[[Any, datetime], Resource]
    # The requests of the patients whom rows are about, for the journal.
    about: Callable[[list[Any]], list[int]] = _nobody
    # The attribute that says when a row last changed, for kinds whose tables know.
    changed: str = ""
    # Rows of which nothing is left, for kinds whose tables keep such rows.
    erased: Q | None = None
    parameters: Mapping[str, Parameter] = field(default_factory=dict)

    @property
    def name(self) -> str:
        """Its name in FHIR."""
        return self.scope.value

    def search(self, asked: Asked, after: str, count: int, now: datetime) -> Page:
        """One page of what is asked for."""
        return page_of(self.rows(now), self._wanted(asked, now), after, count)

    def total(self, asked: Asked, now: datetime) -> tuple[int, list[Any]]:
        """How many are asked for, and the rows of which that says something, as `counted`."""
        return counted(self.rows(now), self._wanted(asked, now))

    def one(self, pk: str, now: datetime) -> Any:
        """The row with that id. Raises Refused if there is none, or none any more."""
        if KEY.fullmatch(pk):
            if found := self.rows(now).filter(pk=pk).first():
                return found
            if self.erased and _any(self.model).filter(self.erased, pk=pk).exists():
                raise Refused(410)
        raise Refused(404, f"There is no {self.name} “{pk}”.")

    def _wanted(self, asked: Asked, now: datetime) -> Q:
        return conditions(asked, {**BY_ID, **self.parameters}, now)


class SlotKind(Kind):
    """Slots, which are in no table."""

    def search(self, asked: Asked, after: str, count: int, now: datetime) -> Page:
        """One page of what is asked for."""
        return slots.slots_page(asked, after, count, now)

    def total(self, asked: Asked, now: datetime) -> tuple[int, list[Any]]:
        """How many are asked for. They are about nobody."""
        return len(slots.slots_page(asked, "", sys.maxsize, now).rows), []

    def one(self, pk: str, now: datetime) -> Any:
        """The Slot with that id. Raises Refused if the session is no longer cut there."""
        if found := slots.slot_with(pk, now):
            return found
        raise Refused(404, f"There is no Slot “{pk}” now.")


def _practitioner(column: str, about: str) -> Parameter:
    def condition(text: str, now: datetime) -> Q:
        return Q(**{column: key_in(text, "Practitioner")})

    return Parameter("reference", about, condition)


def _date(column: str, about: str) -> Parameter:
    return Parameter("date", about, lambda text, _now: period(text).on(column))


def _worked_out(kind: str, about: str) -> Parameter:
    """A parameter of what is in no table: `slots` reads it itself."""
    return Parameter(kind, about, lambda _text, _now: Q())


def _question_status(text: str, now: datetime) -> Q:
    code = code_in(text, QUESTION_STATUSES)
    return Q(retired_on__isnull=code == "active") if code in {"active", "retired"} else NOTHING


BY_ID = {"_id": Parameter("token", "its id", lambda text, _now: Q(pk=number(text)))}
ABOUT_START = f"when it starts: both ends, at most {slots.MOST_DAYS} days"
ABOUT_STATUS = "its status at this moment"
TABLE = (
    Kind(
        scope=Scope.APPOINTMENT,
        model=AppointmentRequest,
        rows=visits.requests,
        written=visits.appointment,
        about=lambda rows: [each.pk for each in rows],
        changed="changed",
        erased=asks_for_something() & EMPTIED,
        parameters={
            "_lastUpdated": Parameter("date", "its last change", visits.changed),
            "date": Parameter("date", "when it starts", visits.on_date),
            "status": Parameter("token", ABOUT_STATUS, visits.with_status),
            "practitioner": Parameter("reference", "with whom it is", visits.with_practitioner),
            "patient": Parameter("reference", "whose it is", visits.of_patient),
        },
    ),
    SlotKind(
        scope=Scope.SLOT,
        model=ClinicSession,
        rows=lambda _now: ClinicSession.objects.none(),
        written=slots.slot,
        parameters={
            "start": _worked_out("date", ABOUT_START),
            "status": _worked_out("token", "whether it is free"),
            "schedule": _worked_out("reference", "its clinic session"),
            "practitioner": _worked_out("reference", "whose time it is"),
        },
    ),
    Kind(
        scope=Scope.SCHEDULE,
        model=ClinicSession,
        rows=lambda _now: ClinicSession.objects.select_related("clinician", "room__location"),
        written=clinic.schedule,
        parameters={
            "date": Parameter("date", "days on which it may take place", clinic.in_horizon),
            "practitioner": _practitioner("clinician", "whose time it is"),
        },
    ),
    Kind(
        scope=Scope.PRACTITIONER,
        model=Clinician,
        rows=lambda _now: Clinician.objects.select_related("login"),
        written=clinic.practitioner,
    ),
    Kind(
        scope=Scope.PRACTITIONER_ROLE,
        model=Clinician,
        rows=lambda _now: Clinician.objects.select_related("login").prefetch_related(
            "clinicsession_set__room"
        ),
        written=clinic.practitioner_role,
        parameters={"practitioner": _practitioner("pk", "whose role it is")},
    ),
    Kind(
        scope=Scope.LOCATION,
        model=Location,
        rows=lambda _now: Location.objects.all(),
        written=clinic.location,
    ),
    Kind(
        scope=Scope.HEALTHCARE_SERVICE,
        model=AppointmentType,
        rows=lambda _now: AppointmentType.objects.all(),
        written=clinic.healthcare_service,
    ),
    Kind(
        scope=Scope.PATIENT,
        model=Person,
        rows=visits.people,
        written=visits.patient,
        about=visits.requests_of_people,
        changed="changed",
        erased=EMPTIED,
        parameters={"_lastUpdated": _date("changed", "its last change")},
    ),
    Kind(
        scope=Scope.QUESTIONNAIRE,
        model=ScreeningQuestion,
        rows=lambda _now: ScreeningQuestion.objects.all(),
        written=questions.questionnaire,
        parameters={"status": Parameter("token", "whether it is asked now", _question_status)},
    ),
    Kind(
        scope=Scope.QUESTIONNAIRE_RESPONSE,
        model=ScreeningAnswer,
        rows=questions.answers,
        written=questions.questionnaire_response,
        about=lambda rows: [each.request_id for each in rows],
        changed="changed",
        erased=Q(request__emptied_at__isnull=False),
        parameters={
            "_lastUpdated": _date("changed", "when it came to us"),
            "authored": _date("given_at", "when it was given"),
            "patient": Parameter("reference", "who answered", visits.answers_of_patient),
        },
    ),
)
KINDS = {kind.name: kind for kind in TABLE}


def resource_of(kind: Kind, row: Any, now: datetime) -> Resource:
    """A row as a resource, with its id and its version."""
    said = {**kind.written(row, now), "id": str(row.pk)}
    meta = {"versionId": version_of(said)}
    if kind.changed:
        meta["lastUpdated"] = clinic.instant(getattr(row, kind.changed))
    return {"resourceType": said["resourceType"], "id": said["id"], "meta": meta} | said
