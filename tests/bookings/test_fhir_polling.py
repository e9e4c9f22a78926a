"""Who asks again and again as docs/integrations.md says misses no change, and gets none of nobody's."""

import json
from collections.abc import Callable
from datetime import datetime, timedelta
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.core.management import call_command
from django.test import Client

from bookings import journal, triage, webhooks
from bookings.imports import keeping
from bookings.imports.fates import Fate, fates
from bookings.models import AppointmentRequest, Delivery, Import, Person, ScreeningAnswer
from bookings.outside.fhir.capability import OVERLAP
from bookings.status import Notice, RequestStatus, Scope
from bookings.status.events import Event
from bookings.triage import clock
from bookings.triage.safety import take_over_answers
from tests import factories
from tests.bookings.test_fhir import Reader, ids
from tests.bookings.test_imports import PLAIN, brought_in, desk
from tests.people import booked, request_with_canaries

pytestmark = pytest.mark.django_db
__all__ = ["desk"]


def changed_since(reader: Reader, kind: str, then: datetime) -> list[dict[str, Any]]:
    return reader.found(f"{kind}?_lastUpdated=ge{then:%Y-%m-%dT%H:%M:%SZ}")


def test_an_import_that_takes_minutes_is_found_by_whoever_asked_meanwhile(
    desk: Client,
    monday: datetime,
    at: Callable[[datetime], None],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    reader = Reader(monday, Scope.APPOINTMENT, Scope.PATIENT)
    asked = monday + timedelta(minutes=5)

    def slowly(this: Import, now: datetime) -> list[Fate]:
        at(asked)
        assert [reader.found(kind) for kind in ("Appointment", "Patient")] == [[], []]
        at(asked + timedelta(minutes=3))
        return fates(this, now)

    monkeypatch.setattr(keeping, "fates", slowly)
    brought_in(desk)
    for kind in ("Appointment", "Patient"):
        assert changed_since(reader, kind, asked) == []
        assert len(changed_since(reader, kind, asked - OVERLAP)) == 2


def test_the_page_and_the_statement_say_from_when_to_ask(client: Client) -> None:
    minutes = OVERLAP // timedelta(minutes=1)
    page = (Path(settings.BASE_DIR) / "docs" / "integrations.md").read_text(encoding="utf-8")
    said = client.get("/fhir/metadata").json()["rest"][0]["documentation"]
    sentence = f"from {minutes} minutes before your last answer"
    assert (sentence in " ".join(page.split()), sentence in said) == (True, True)


def test_of_two_changes_that_overlapped_the_later_moment_counts(monday: datetime) -> None:
    request = booked(monday)
    reader = Reader(monday, Scope.APPOINTMENT)
    first, second = (monday + timedelta(minutes=minutes) for minutes in (1, 2))
    for moment in (second, first):
        journal.record(request, Event.ARRIVED, by="reception", at=moment)
    (found,) = changed_since(reader, "Appointment", second)
    assert found["meta"]["lastUpdated"] == f"{second:%Y-%m-%dT%H:%M:%SZ}"
    assert reader.found(f"Appointment?_lastUpdated=lt{second:%Y-%m-%dT%H:%M:%SZ}") == []


def test_an_answer_that_is_taken_over_comes_with_the_new_request(monday: datetime) -> None:
    old = request_with_canaries(monday)
    reader, later = Reader(monday), monday + timedelta(days=1)
    new = factories.received(now=later)
    take_over_answers(new, list(old.answers.all()))
    answer = ScreeningAnswer.objects.get(request=new)
    (found,) = changed_since(reader, "QuestionnaireResponse", later)
    assert (int(found["id"]), found["meta"]["lastUpdated"], found["authored"]) == (
        answer.pk,
        f"{later:%Y-%m-%dT%H:%M:%SZ}",
        f"{answer.given_at:%Y-%m-%dT%H:%M:%SZ}",
    )
    assert ids(reader.found("QuestionnaireResponse?authored=ge2026-11-24")) == set()


def test_the_clock_records_so_many_steps_in_a_round(
    monday: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(clock, "MOST_STEPS", 2)
    for _ in range(3):
        factories.request_at(RequestStatus.QUESTION_ASKED, now=monday)
    later = monday + timedelta(days=30)
    assert [triage.catch_up(later) for _ in range(3)] == [2, 1, 0]


def test_whoever_was_brought_in_without_a_visit_is_a_patient_and_asked_for_nothing(
    desk: Client, monday: datetime, tmp_path: Path
) -> None:
    webhooks.add(
        given_to="Ward", url="https://ward.example/", notices=Notice, by="manager", now=monday
    )
    brought_in(desk, f"{PLAIN}Ana Sample,1970-01-31,ana@example.org,2026-12-01 09:30,\n")
    brought_in(desk, "name,born,email\nBea Sample,1971-01-31,bea@example.org\n")
    ana, bea = Person.objects.order_by("name")
    visit, nothing = (each.requests.get() for each in (ana, bea))
    reader = Reader(monday)
    for asked in ("", "?_lastUpdated=ge2026-11-23", f"?_id={visit.pk},{nothing.pk}"):
        assert ids(reader.found(f"Appointment{asked}")) == {visit.pk}
    for asked in ("?status=cancelled", f"?patient={bea.pk}", f"?_id={nothing.pk}"):
        assert reader.found(f"Appointment{asked}") == []
    assert reader.get(f"Appointment/{nothing.pk}").status_code == 404
    assert ids(reader.found("Patient")) == {ana.pk, bea.pk}
    for event in (Event.NAME_CORRECTED, Event.EMPTIED):
        journal.record(nothing, event, by="reception", at=monday)
    assert list(Delivery.objects.values_list("request", "notice")) == [(visit.pk, Notice.BOOKED)]
    call_command("export_fhir", str(tmp_path / "out"), "--only=Appointment", stdout=StringIO())
    (line,) = (tmp_path / "out" / "Appointment.ndjson").read_text().splitlines()
    assert json.loads(line)["id"] == str(visit.pk)
    # Emptied later, it was still never there, and the visit was.
    AppointmentRequest.objects.update(emptied_at=monday, emptied_by="reception")
    gone = [reader.get(f"Appointment/{each.pk}").status_code for each in (visit, nothing)]
    assert gone == [410, 404]
