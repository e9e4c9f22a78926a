"""What was once written stays: every statement that could change or remove it is refused."""

from collections.abc import Sequence
from datetime import datetime, timedelta

import pytest
from django.db import DatabaseError, connection, transaction

from bookings import access, journal, records, triage
from bookings.status import FlagOutcome, GotIt
from bookings.triage.questions import RETIRE
from clinic_site.staff import accounts
from procedures.ground import two_people
from procedures.log import checkpoints
from procedures.models import (
    Checkpoint,
    Cosignature,
    LogEntry,
    PasskeySignature,
    SourceEvent,
    TimeStamp,
)
from procedures.status import RevisionStatus
from tests import factories
from tests.conftest import APPEND_ONLY
from tests.people import booked
from tests.procedures.test_leaflets import DRAWING

pytestmark = pytest.mark.django_db

ON_POSTGRESQL = (
    "UPDATE {table} SET id = id + 1000",
    "DELETE FROM {table}",
    "TRUNCATE {table} CASCADE",
    "INSERT INTO {table} SELECT * FROM {table} ON CONFLICT (id) DO UPDATE SET id = 99",
)
ON_SQLITE = (
    "UPDATE {table} SET id = id + 1000",
    "DELETE FROM {table}",
    "REPLACE INTO {table} SELECT * FROM {table}",
    "INSERT INTO {table} SELECT * FROM {table} WHERE TRUE ON CONFLICT (id) DO UPDATE SET id = 99",
)


def refused(statement: str) -> None:
    with connection.cursor() as cursor:
        if (
            connection.vendor == "postgresql"
        ):  # rows of this transaction may not be truncated before
            cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        with pytest.raises(DatabaseError, match="append-only"), transaction.atomic():
            cursor.execute(statement)


def replacing(table: str, *columns: str) -> str:
    named = ", ".join(columns)
    return f"REPLACE INTO {table} ({named}) SELECT {named} FROM {table}"


def dialect(postgresql: Sequence[str], sqlite: Sequence[str]) -> Sequence[str]:
    return postgresql if connection.vendor == "postgresql" else sqlite


@pytest.fixture
def a_row_in_each(monday: datetime) -> None:
    factories.clinic(phone="")
    factories.figure(DRAWING)
    factories.revision(RevisionStatus.PUBLISHED, now=monday)
    checkpoints.sign(monday)
    TimeStamp.objects.create(checkpoint=Checkpoint.objects.get(), moment=monday)
    PasskeySignature.objects.create(entry=LogEntry.objects.all()[0], credential="a")
    SourceEvent.objects.create(
        source=factories.source(), kind="note", day=monday.date(), noted=monday, what="Moved."
    )
    Cosignature.objects.create(
        checkpoint=Checkpoint.objects.get(), witness="other.example/witness", line="", moment=monday
    )
    request = factories.received(flagged=True, now=monday)
    two_people.propose(
        RETIRE, factories.question(), reason="No.", by=factories.staff("Manager"), now=monday
    )
    accounts.note_password_change(factories.staff("Reception"), now=monday)
    token = access.make_token(
        given_to="A system", scopes=[], last_day=monday.date(), by="manager", now=monday
    )
    journal.record_outside("Appointment", [request.pk], by=token, at=monday)
    journal.record_list("the desk", [request], by=factories.staff("Reception"), at=monday)
    triage.resolve_flag(
        request.flags.get(),
        version=request.version,
        outcome=FlagOutcome.PROCEED,
        reason="Fine.",
        by=factories.staff("Clinician"),
        now=monday,
    )
    triage.record_call(request, reached=False, note="", by=factories.staff("Reception"), now=monday)
    triage.write_note(
        request, text="Only a test.", pinned=True, by=factories.staff("Reception"), now=monday
    )
    other = factories.received(name="Somebody Else", email="else@example.org", now=monday).person
    triage.join(request.person, other=other, by=factories.staff("Reception"), now=monday)
    records.copy_for(other, reason="They asked.", by=factories.staff("Manager"), now=monday)
    seen = booked(monday)
    now = monday + timedelta(days=7)
    triage.record_attendance(
        seen, version=seen.version, came=True, by=factories.staff("Reception"), now=now
    )
    triage.answer_about_visit(seen, got_it=GotIt.NO, comment="", now=now)


@pytest.mark.parametrize("table", APPEND_ONLY)
def test_no_statement_changes_or_removes_a_row(table: str, a_row_in_each: None) -> None:
    for statement in dialect(ON_POSTGRESQL, ON_SQLITE):
        refused(statement.format(table=table))


def test_a_row_is_not_removed_through_its_neighbours(a_row_in_each: None) -> None:
    """Nor by emptying a table that it points to, or by a new row with the same number."""
    columns = ("page_id", "revision_id", "kind", "at", "by_id", "reason", "statement", "seal")
    journal = ("kind", "at", "by", "detail", "previous_hash", "hash")
    for statement in dialect(
        ["TRUNCATE procedures_revision CASCADE", "TRUNCATE bookings_appointmentrequest CASCADE"],
        [
            replacing("procedures_pageevent", "number", *columns),
            replacing("bookings_requestevent", "request_id", "number", *journal),
        ],
    ):
        refused(statement)


def test_the_seal_of_an_event_alone_may_be_replaced(a_row_in_each: None) -> None:
    with connection.cursor() as cursor:
        cursor.execute("UPDATE procedures_pageevent SET seal = 'another'")
    refused("UPDATE procedures_pageevent SET seal = 'x', kind = 'x'")


def test_what_a_patient_answered_can_be_erased_and_not_rewritten(a_row_in_each: None) -> None:
    for statement in (
        "UPDATE bookings_screeninganswer SET answer = 'no'",
        "UPDATE bookings_screeninganswer SET detail = 'Nothing'",
        "UPDATE bookings_screeninganswer SET detail = '', given_by = 'reception'",
        "UPDATE bookings_phonecall SET note = 'They agreed.'",
        "UPDATE bookings_phonecall SET reached = NOT reached",
        "UPDATE bookings_redflag SET level = 'amber'",
        "UPDATE bookings_redflag SET outcome = 'proceed', answer_id = answer_id + 1",
    ):
        refused(statement)
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE bookings_screeninganswer SET answer = '[erased]', detail = '', read_in = ''"
        )
        cursor.execute("UPDATE bookings_phonecall SET note = '[erased]'")
        cursor.execute("UPDATE bookings_redflag SET outcome = 'call_patient', reason = 'Again.'")
