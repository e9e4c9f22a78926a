"""The chain of everything that happened to pages: whole and sealed, and what reveals a break."""

import json
from collections.abc import Callable
from datetime import date, datetime
from functools import partial
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import connection, transaction
from django.db.migrations.executor import MigrationExecutor
from django.test import Client

from procedures import publishing
from procedures.models import LogEntry, PageEvent, Revision, SignOff, sha256
from procedures.publishing import transitions as moves
from procedures.reading import statements
from procedures.status import PublishingRefused, RevisionStatus
from tests import factories
from tests.conftest import changes_allowed
from tests.races import having_met, losses, race, winners
from tests.verifying import faults, verify

pytestmark = pytest.mark.django_db
URL = "/procedures/a-thing/"
LARGEST = 2**31 - 1  # what the column holds


def stray(number: int) -> PageEvent:
    """An event that somebody inserted: a copy of the newest under another number."""
    event = PageEvent.objects.order_by("-number")[0]
    event.pk, event.number = None, number
    event.save(force_insert=True)
    return event


# --- The key ----------------------------------------------------------------------------------


def test_without_the_key_every_page_closes_and_verify_asks_about_it(
    published: Revision, client: Client, settings: Any
) -> None:
    settings.SEALING_KEY = "another key"
    assert client.get(URL).status_code == 410
    assert "No event is sealed with the current SEALING_KEY" in faults()


def test_a_change_of_the_key_closes_no_page(
    published: Revision, client: Client, settings: Any, monday: datetime
) -> None:
    old, settings.SEALING_KEY = settings.SEALING_KEY, "another key"
    settings.SEALING_KEY_FALLBACKS = [old]
    assert client.get(URL).status_code == 200
    head = verify().splitlines()[-2]
    out = StringIO()
    call_command("reseal_pages", stdout=out)
    assert (
        out.getvalue() == f"{PageEvent.objects.count()} events are sealed with the current key.\n"
    )
    settings.SEALING_KEY_FALLBACKS = []
    assert client.get(URL).status_code == 200
    assert head in verify()


def test_what_was_slipped_in_is_not_sealed_with_the_rest(published: Revision) -> None:
    stray(99)
    with pytest.raises(CommandError, match=r"not changed: 99\."):
        call_command("reseal_pages", stdout=StringIO())
    assert "event 99: it was not written by this site" in faults()


# --- The chain --------------------------------------------------------------------------------


def test_a_statement_says_all_that_was_signed(published: Revision, monday: datetime) -> None:
    events = list(PageEvent.objects.order_by("number"))
    said = [json.loads(event.statement) for event in events]
    assert [each["kind"] for each in said] == ["drafted", "sent to review", "signed", "published"]
    assert [each["previous"] for each in said] == [
        "",
        *(sha256(event.statement) for event in events[:-1]),
    ]
    signed = SignOff.objects.get()
    assert said[2]["page"] == {"id": published.page.pk, "address": "procedures/a-thing"}
    assert said[2]["revision"] == 1
    assert said[2]["at"] == "2026-11-23T10:00:00.000000+00:00"
    assert said[2]["by"] == {"id": signed.signed_by.pk, "login": "clinician"}
    assert said[2]["text"] == {
        "document": published.document_hash,
        "fragment": published.fragment_hash,
        "figures": [],
        "renderer": published.renderer_version,
        "note": "New.",
        "change_class": "advice",
    }
    assert said[2]["signature"]["name"] == "Dr Clinician"
    assert said[2]["signature"]["registration"] == "DEMO-0001"
    assert said[2]["signature"]["checklist"] == signed.checklist
    assert said[2]["signature"]["review_due"] == "2028-11-22"
    assert said[2]["signature"]["closing_day"] == "2029-01-21"


def test_every_column_of_a_signature_is_in_its_statement_or_tells_what_became_of_it() -> None:
    signed = SignOff(
        **{
            field.attname: f"<{field.attname}>"
            for field in SignOff._meta.concrete_fields
            if field.get_internal_type() in {"CharField", "TextField"}
        },
        checklist=["<checklist>"],
        clinician_id=-1,
        translator_id=-3,
        signed_by_id=-2,
        own_work=True,
        signed_at=datetime.fromisoformat("2026-11-23T10:00:00+00:00"),
        review_due=date(2028, 11, 22),
        closing_day=date(2029, 1, 21),
    )
    told = json.dumps(statements.signature_of(signed))
    aside = {"id", "revision_id", "revoked_at", "revoked_by_id", "revocation_reason"}
    for field in SignOff._meta.concrete_fields:
        value = getattr(signed, field.attname)
        words = json.dumps(value.isoformat() if hasattr(value, "isoformat") else value)
        assert (words.strip('[]"')[:10] in told) == (field.attname not in aside), field.attname


def test_a_reason_is_covered_and_not_repeated(monday: datetime) -> None:
    factories.revision(RevisionStatus.SUSPENDED, now=monday)
    event = PageEvent.objects.get(kind="suspended")
    assert "Harm." not in event.statement
    assert statements.read(event) is not None
    event.reason = "None."
    assert statements.read(event) is None


def test_the_head_is_printed_and_what_came_later_is_no_fault(
    published: Revision, tmp_path: Path, monday: datetime
) -> None:
    newest = PageEvent.objects.order_by("-number")[0]
    assert verify().splitlines() == [
        "procedures/a-thing: whole",
        f"head 4 {sha256(newest.statement)}",
        "1 text and 0 figures: all are whole.",
    ]
    kept = tmp_path / "heads"
    kept.write_text(verify())
    factories.revision(RevisionStatus.PUBLISHED, of=published.page, now=monday)
    with kept.open("a") as file:
        file.write(verify())
    assert "head 9 " in verify("--against", str(kept))


@pytest.mark.parametrize("content", ["", "nonsense", "head one two", "head 1"])
def test_a_file_without_heads_is_refused(content: str, tmp_path: Path) -> None:
    kept = tmp_path / "heads"
    kept.write_text(content)
    with pytest.raises(CommandError, match="verify_pages"):
        verify("--against", str(kept))


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(
    ("tamper", "fault", "answer"),
    [
        (
            lambda events: events.filter(number=2).update(kind="edited"),
            "event 2: it was not written by this site",
            410,
        ),
        (  # the words are still the signed ones, and published
            lambda events: events.filter(number=2).delete(),
            "event 3: an event before it was changed or removed",
            200,
        ),
        (
            lambda events: events.filter(number=3).update(
                statement=events.get(number=2).statement, seal=events.get(number=2).seal
            ),
            "event 3: it was not written by this site",
            410,
        ),
        (lambda events: events.filter(number=4).delete(), "its status is “published”", 410),
    ],
)
def test_without_triggers_a_changed_past_still_shows(
    tamper: Callable[[Any], Any], fault: str, answer: int, client: Client, monday: datetime
) -> None:
    factories.revision(RevisionStatus.PUBLISHED, now=monday)
    with changes_allowed():
        tamper(PageEvent.objects)
    assert fault in faults()
    assert client.get(URL).status_code == answer


@pytest.mark.django_db(transaction=True)
def test_a_past_that_was_taken_back_whole_shows_against_what_was_kept(
    client: Client, tmp_path: Path, monday: datetime
) -> None:
    """Nothing in the database can show this: an hour-old backup in the place of today."""
    published = factories.revision(RevisionStatus.PUBLISHED, now=monday)
    by = factories.staff("Publisher")
    publishing.suspend(published, version=published.version, by=by, reason="Harm.", now=monday)
    kept = tmp_path / "heads"
    kept.write_text(verify())
    with changes_allowed():
        PageEvent.objects.filter(kind="suspended").delete()
        LogEntry.objects.filter(statement__contains="act suspended").delete()
    Revision.objects.update(status=RevisionStatus.PUBLISHED)
    assert client.get(URL).status_code == 200
    verify()
    assert "event 5: it is in the earlier output, but missing here" in faults(
        "--against", str(kept)
    )
    factories.revision(of=published.page, now=monday)
    assert "event 5: it is not the one in the earlier output" in faults("--against", str(kept))


@pytest.mark.django_db(transaction=True)
def test_a_stray_event_can_be_taken_out_again(monday: datetime) -> None:
    """It neither became a link of the chain nor stopped it."""
    published = factories.revision(RevisionStatus.PUBLISHED, now=monday)
    stray(LARGEST)
    by = factories.staff("Publisher")
    publishing.suspend(published, version=published.version, by=by, reason="Odd.", now=monday)
    assert f"event {LARGEST}: it was not written by this site" in faults()
    with changes_allowed():
        PageEvent.objects.get(number=LARGEST).delete()
    assert "head 5 " in verify()


@pytest.mark.django_db(transaction=True)
def test_one_page_that_cannot_be_read_does_not_end_the_run(monday: datetime) -> None:
    published = factories.revision(RevisionStatus.PUBLISHED, now=monday)
    factories.revision(RevisionStatus.PUBLISHED, of=factories.page("b-thing"), now=monday)
    factories.revision(RevisionStatus.PUBLISHED, of=factories.page("c-thing"), now=monday)
    Revision.objects.filter(page__slug="c-thing").update(status=RevisionStatus.SUPERSEDED)
    signed = SignOff.objects.get(revision=published)
    never = "infinity" if connection.vendor == "postgresql" else "never"
    with changes_allowed(), connection.cursor() as cursor:
        cursor.execute(
            "UPDATE procedures_signoff SET review_due = %s, closing_day = %s WHERE id = %s",
            [never, never, signed.pk],
        )
    out = StringIO()
    with pytest.raises(CommandError, match="2 faults") as failed:
        call_command("verify_pages", stdout=out)
    assert "procedures/a-thing: it cannot be read" in str(failed.value)
    assert "procedures/c-thing: version 1: its status" in str(failed.value)
    assert "procedures/b-thing: whole" in out.getvalue()
    assert "head 12 " in out.getvalue()


def drafts_at_once(monday: datetime) -> list[Any]:
    factories.source()
    by = factories.staff("Editor")
    pages = [factories.page(f"page-{number}") for number in range(6)]
    return race(
        [
            partial(publishing.start_draft, page, document=factories.document(), by=by, now=monday)
            for page in pages
        ]
    )


@pytest.mark.django_db(transaction=True)
def test_steps_of_different_pages_at_once_make_one_chain(monday: datetime) -> None:
    factories.revision(of=factories.page("first"), now=monday)
    assert len(winners(drafts_at_once(monday))) == 6
    assert "head 7 " in verify()


@pytest.mark.postgres
@pytest.mark.django_db(transaction=True)
def test_without_the_queue_they_would_collide(
    monday: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The twin of the test above, with the guard off."""
    factories.revision(of=factories.page("first"), now=monday)
    monkeypatch.setattr("procedures.publishing.drafting.one_step", transaction.atomic)
    monkeypatch.setattr(moves, "_free_number", having_met(6, moves._free_number))
    outcomes = drafts_at_once(monday)
    assert losses(outcomes) == {PublishingRefused}
    assert len(winners(outcomes)) == 1


# --- Events from before there was a chain ------------------------------------------------------

BEFORE = [("procedures", "0006_limits")]


def migrate(to: list[tuple[str, str]] | None = None) -> None:
    """Migrate to these states, or to the newest."""
    executor = MigrationExecutor(connection)
    executor.migrate(to or executor.loader.graph.leaf_nodes())


@pytest.mark.sqlite
@pytest.mark.lengthy
@pytest.mark.django_db(transaction=True)
def test_old_events_are_chained_from_the_rows_of_the_day(client: Client, monday: datetime) -> None:
    published = factories.revision(RevisionStatus.DRAFT, now=monday)
    factories.brought_to(RevisionStatus.PUBLISHED, published, now=monday)
    login = factories.clinician().login
    assert login is not None
    publishing.re_affirm(
        published,
        version=published.version,
        fragment_hash=published.fragment_hash,
        by=login,
        now=monday,
    )
    for status in RevisionStatus:
        factories.revision(status, of=factories.page(f"page-{status.label.lower()}"), now=monday)
    forged = factories.revision(RevisionStatus.PUBLISHED, of=factories.page("forged"), now=monday)
    copied = SignOff.objects.get(revision=forged)
    copied.pk, copied.signer_name = None, "Dr Nobody"
    copied.save(force_insert=True)
    try:
        migrate(BEFORE)
    finally:
        migrate()
    said = [json.loads(event.statement) for event in PageEvent.objects.order_by("number")]
    assert all(each["afterwards"] for each in said)
    drafted, sent = said[0], said[1]
    assert drafted["text"] is None
    assert sent["text"]["fragment"] == published.fragment_hash
    assert client.get(URL).status_code == 200
    assert client.get("/procedures/forged/").status_code == 410
    assert faults() == (
        "1 fault:\nprocedures/forged: version 1: the signature of Dr Nobody has no event"
    )
