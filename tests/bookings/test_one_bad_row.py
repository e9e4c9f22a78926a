"""One bad row fails alone in every run over many rows.

The rest is done, somebody is told, and the row is tried again. No word of an error is logged,
because it may repeat what a patient wrote.
"""

import time
from collections.abc import Callable
from datetime import datetime, timedelta
from io import StringIO
from typing import Any

import pytest
from django.core import mail
from django.core.management import CommandError, call_command
from django.db import IntegrityError, OperationalError
from django.utils import timezone

from bookings import messages, triage
from bookings.desk.alarms import alarms
from bookings.management.commands import verify_journal
from bookings.models import AppointmentRequest, Message, Offer
from bookings.status import MessageKind, RequestStatus
from bookings.triage import clock, earlier, reminders
from procedures import publishing
from procedures.ground import batches
from procedures.ground.batches import Failed, attempt, one_by_one
from procedures.management.commands import verify_pages
from procedures.models import InformationPage, Revision
from procedures.publishing import reviews
from procedures.publishing.folders import writing
from procedures.reading import proofs
from procedures.status import RevisionStatus
from tests import factories
from tests.people import NINE, booked, freed, waiting

pytestmark = pytest.mark.django_db

Poison = Callable[..., Any]


@pytest.fixture
def poison(monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture) -> Any:
    """Make a function fail for one row, and check the log afterwards."""

    def spoil(module: Any, name: str, is_bad: Callable[..., bool]) -> None:
        sound = getattr(module, name)

        def fails(*arguments: Any, **named: Any) -> Any:
            if is_bad(*arguments, **named):
                raise ValueError("Canaryname Canarysurname")
            return sound(*arguments, **named)

        monkeypatch.setattr(module, name, fails)

    monkeypatch.setattr(batches, "_logged_at", {})
    yield spoil
    assert "failed: ValueError at test_one_bad_row.py:" in caplog.text or not caplog.records
    assert "Canary" not in caplog.text


# --- The worker's tasks ---------------------------------------------------------------------------


def test_what_the_clock_did_is_written_down_for_the_others(
    monday: datetime, poison: Poison
) -> None:
    bad, good = (factories.request_at(RequestStatus.DEFERRED, now=monday) for _ in range(2))
    poison(clock, "settle", lambda request, **_: request.pk == bad.pk)
    later = monday + timedelta(days=4)
    written = triage.catch_up(later)
    assert (written, written.failed) == (1, 1)
    good.refresh_from_db()
    assert good.status == RequestStatus.IN_REVIEW


def test_the_others_are_reminded(monday: datetime, poison: Poison) -> None:
    bad, good = (booked(monday, days=days) for days in (7, 8))
    poison(reminders, "is_in_session", lambda who, room, span: span.starts == begins(bad))
    reminded = triage.remind(monday + timedelta(days=6, hours=1))
    assert (reminded, reminded.failed) == (1, 1)
    assert Message.objects.get(kind=MessageKind.REMINDER).request == good


def begins(request: AppointmentRequest) -> datetime:
    return request.appointments.get().starts


def test_the_others_are_warned_of_an_offer_that_ends(monday: datetime, poison: Poison) -> None:
    bad, good = (factories.received(now=monday) for _ in range(2))
    factories.offer(bad, [factories.tomorrow(2, now=monday)], now=monday)
    factories.offer(good, [factories.tomorrow(6, now=monday)], now=monday)
    poison(messages, "queue_once", lambda request, *_, **__: request.pk == bad.pk)
    warned = triage.warn_of_ends(monday + timedelta(hours=6))
    assert (warned, warned.failed) == (1, 1)
    assert Message.objects.get(kind=MessageKind.OFFER_ENDS).request == good


def test_colleagues_are_told_of_the_others_who_wait_too_long(
    monday: datetime, poison: Poison
) -> None:
    bad, good = (factories.received(now=monday) for _ in range(2))
    poison(messages, "queue_once", lambda request, *_, **__: request.pk == bad.pk)
    told = triage.tell_of_waits(good.answer_due)
    assert (told, told.failed) == (1, 1)
    assert Message.objects.get(kind=MessageKind.LATE).request == good


def test_a_freed_time_goes_to_the_next_on_the_list(monday: datetime, poison: Poison) -> None:
    bad = waiting(monday, days=14)
    good = waiting(monday + timedelta(minutes=1), days=13)
    freed(monday, monday + NINE)
    poison(earlier, "refuse_blocked", lambda request: request.pk == bad.pk)
    assert triage.pass_on_freed_times(monday) == 1
    assert Offer.objects.get(freed__isnull=False).request == good


def test_other_freed_times_are_passed_on(monday: datetime, poison: Poison) -> None:
    waiting(monday, days=14)
    bad, good = (freed(monday, monday + NINE + timedelta(hours=hours)) for hours in (0, 2))
    poison(earlier, "time_at", lambda kind, who, starts, now: starts == bad.starts)
    passed_on = triage.pass_on_freed_times(monday)
    assert (passed_on, passed_on.failed) == (1, 1)
    assert Offer.objects.get(freed__isnull=False).freed == good


def test_a_task_that_fails_keeps_none_of_the_others_from_its_turn(
    monday: datetime, at: Any, poison: Poison
) -> None:
    bad = factories.request_at(RequestStatus.DEFERRED, now=monday)
    at(monday + timedelta(days=4))
    poison(earlier, "desk_is_open", lambda now: True)
    poison(clock, "settle", lambda request, **_: request.pk == bad.pk)
    with pytest.raises(CommandError, match="2 steps failed"):
        call_command("send_messages")
    assert "could not complete 2 steps" in alarms(timezone.now())[0]
    assert {letter.to[0] for letter in mail.outbox} == {"pat@example.org", "desk@example.org"}


# --- The commands ---------------------------------------------------------------------------------


def test_verify_journal_checks_the_others(monday: datetime, poison: Poison) -> None:
    bad, good, worse = (factories.received(now=monday) for _ in range(3))
    AppointmentRequest.objects.filter(pk=worse.pk).update(event_count=7)
    poison(verify_journal, "is_whole", lambda request, events: request.pk == bad.pk)
    said, faults = StringIO(), StringIO()
    with pytest.raises(CommandError, match=r"^2 faults\.$"):
        call_command("verify_journal", stdout=said, stderr=faults)
    assert good.reference in said.getvalue()
    first, second = faults.getvalue().splitlines()
    assert first.startswith(f"{bad.reference}: it could not be checked (ValueError at ")
    assert second == f"{worse.reference}: the chain is broken"
    assert "Canary" not in first


def published(slug: str, now: datetime) -> Revision:
    return factories.revision(RevisionStatus.PUBLISHED, of=factories.page(slug), now=now)


def test_verify_pages_checks_the_others(monday: datetime, poison: Poison) -> None:
    published("bad-page", monday)
    published("good-page", monday)
    poison(verify_pages, "faults_of_page", lambda page: page.slug == "bad-page")
    said = StringIO()
    with pytest.raises(CommandError) as fault:
        call_command("verify_pages", stdout=said)
    assert "it cannot be read (ValueError at " in str(fault.value)
    assert str(fault.value).startswith("1 fault:")
    assert "procedures/good-page: whole" in said.getvalue()
    assert proofs.pages_with_texts().count() == 2


def test_a_page_that_cannot_be_judged_is_due_and_so_are_the_others(
    monday: datetime, poison: Poison
) -> None:
    bad, good = (published(slug, monday) for slug in ("bad-page", "good-page"))
    Revision.objects.filter(pk=good.pk).update(status=RevisionStatus.SUSPENDED)
    poison(reviews, "examine", lambda revision: revision.pk == bad.pk)
    due = {each.page.slug: each.causes[0].sentence for each in reviews.due(monday.date())}
    assert due == {
        "bad-page": "We could not check it. The log says why.",
        "good-page": "It is suspended. Patients see a notice.",
    }


def test_a_digest_that_cannot_be_written_keeps_no_other(monday: datetime, poison: Poison) -> None:
    for slug in ("bad", "good"):
        revision = published(f"{slug}-page", monday)
        owner = factories.staff("Editor", slug)
        type(owner).objects.filter(pk=owner.pk).update(email=f"{slug}@example.org")
        InformationPage.objects.filter(pk=revision.page.pk).update(owner=owner)
        Revision.objects.filter(pk=revision.pk).update(status=RevisionStatus.SUSPENDED)
    poison(reviews, "render_to_string", lambda name, told: told["person"].username == "bad")
    failed = StringIO()
    with pytest.raises(CommandError, match="1 email was not sent"):
        call_command("reviews_due", "--mail", stdout=StringIO(), stderr=failed)
    assert [letter.to for letter in mail.outbox] == [["good@example.org"]]
    assert "Not sent to bad: ValueError at" in failed.getvalue()


def test_an_export_writes_the_others(monday: datetime, poison: Poison, tmp_path: Any) -> None:
    published("bad-page", monday)
    published("good-page", monday)
    poison(writing, "_page_columns", lambda page, newest: page.slug == "bad-page")
    with pytest.raises(CommandError, match="1 text could not be written"):
        call_command("export_pages", tmp_path / "out", stdout=StringIO())
    assert [path.name for path in (tmp_path / "out").glob("*.md")] == ["good-page.md"]


def test_an_import_names_every_bad_file_and_takes_none(
    monday: datetime, poison: Poison, tmp_path: Any
) -> None:
    factories.source()
    factories.staff("Editor")
    for name in ("bad", "good", "worse"):
        (tmp_path / f"{name}.md").write_text(factories.document(title=name.title()))
    (tmp_path / "worse.md").write_text("---\nno front matter")
    poison(publishing, "start_draft", lambda page, **_: page.slug == "bad")
    with pytest.raises(CommandError) as fault:
        call_command("import_pages", tmp_path, by="editor", stdout=StringIO())
    assert "bad.md: it could not be read (ValueError at " in str(fault.value)
    assert "worse.md:1:" in str(fault.value)
    assert not Revision.objects.exists()


# --- The mechanism --------------------------------------------------------------------------------


def test_a_row_is_logged_once_in_an_hour(
    caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(batches, "_logged_at", {})
    seconds = [0.0]
    monkeypatch.setattr(time, "monotonic", lambda: seconds[0])

    def fail(row: int) -> int:
        raise ValueError("Canary")

    for second in (0, 5, 3599, 3600):
        seconds[0] = second
        assert one_by_one([7], fail, task="a try of row").failed == 1
    assert [record.getMessage()[:29] for record in caplog.records] == [
        "a try of row 7 failed: ValueE"
    ] * 2


@pytest.mark.parametrize("error", [IntegrityError, ValueError, RecursionError, TypeError])
def test_a_fault_of_a_row_is_a_value(error: type[Exception]) -> None:
    def fail() -> None:
        raise error

    outcome = attempt(fail)
    assert isinstance(outcome, Failed)
    assert outcome.where.startswith(f"{error.__name__} at test_one_bad_row.py:")


def test_a_stop_is_no_fault_of_a_row() -> None:
    def stop() -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        attempt(stop)


def test_a_lock_on_the_whole_database_ends_the_run(monkeypatch: pytest.MonkeyPatch) -> None:
    def locked() -> None:
        raise OperationalError("database is locked")

    monkeypatch.setattr(batches, "_database_goes_on", lambda: False)
    with pytest.raises(OperationalError):
        attempt(locked)


@pytest.mark.postgres
def test_a_lock_on_one_row_ends_no_run() -> None:
    def locked() -> None:
        raise OperationalError("canceling statement due to lock timeout")

    assert isinstance(attempt(locked), Failed)
