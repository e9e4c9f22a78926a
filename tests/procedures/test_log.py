"""The public log: what is in it, that it only grows, and that anybody can prove a page by it."""

import hashlib
from collections.abc import Callable
from datetime import datetime, timedelta
from functools import partial
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command
from django.db import transaction
from django.test import Client
from hypothesis import given
from hypothesis import strategies as st
from pymerkle import InmemoryTree

from procedures import publishing
from procedures.log import checkpoints, notes, tiles, verify
from procedures.log.tree import Tree
from procedures.models import Checkpoint, LogEntry, PageEvent, Revision, sha256
from procedures.publishing import transitions as moves
from procedures.status import PublishingRefused, RevisionStatus
from tests import factories, second_opinion
from tests.conftest import changes_allowed
from tests.procedures.test_chain import migrate
from tests.races import having_met, race, winners
from tests.verifying import faults
from tests.verifying import verify as verify_pages

pytestmark = pytest.mark.django_db
URL = "/procedures/a-thing/"
ENDINGS = (".txt", ".statement", ".tlog-proof")


def statements() -> list[str]:
    return list(LogEntry.objects.order_by("index").values_list("statement", flat=True))


def acts() -> list[str]:
    return [verify.read_statement(each)["act"] for each in statements()]


def files(client: Client, number: int = 1) -> tuple[bytes, bytes, str]:
    """What a stranger downloads."""
    text, statement, proof = (
        client.get(f"{URL}verify/version-{number}{end}").content for end in ENDINGS
    )
    return text, statement, proof.decode()


# --- The tree and the notes -------------------------------------------------------------------


@given(st.integers(1, 70), st.data())
def test_the_tree_agrees_with_another_implementation(size: int, data: Any) -> None:
    leaves = [f"entry {number}".encode() for number in range(size)]
    other = InmemoryTree(algorithm="sha256")
    for each in leaves:
        other.append_entry(each)
    tree = Tree(map(verify.leaf, leaves))
    old = data.draw(st.integers(1, size))
    index = data.draw(st.integers(0, old - 1))
    assert tree.root(old) == other.get_root(old)
    path = tree.inclusion(index, old)
    assert path == other.prove_inclusion(index + 1, old).path[1:]
    reached = [start := verify.leaf(leaves[index]), *verify.climb(start, index, old, path)]
    assert reached[-1] == other.get_root(old)


def test_the_note_of_the_specification_opens() -> None:
    """The example of c2sp.org/signed-note."""
    note = (
        "This is an example message.\n\n\u2014 example.com/foo "
        "Uw2QOkn8srV1yJGh2VYRlL1Tnagv1YEq6TfXppzi2ONncAlTgK7Ztg1ERYNZXsYjOBH3mFXmRKuwHjG1Yu72IneyaQM=\n"
    )
    key = "example.com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k"
    assert verify.open_note(note, key) == "This is an example message.\n"
    with pytest.raises(verify.Refused, match="A signature is false"):
        verify.open_note(note.replace("message", "massage"), key)


# --- What is in the log -----------------------------------------------------------------------


def test_a_statement_says_what_was_signed_and_no_word_that_could_do_harm(
    published: Revision,
) -> None:
    signing, publication = statements()
    event = PageEvent.objects.get(kind="signed")
    assert signing == (
        "clinic-statement/v1\n"
        "act signed\n"
        "page procedures/a-thing\n"
        "version 1\n"
        f"text {published.fragment_hash}\n"
        f"document {published.document_hash}\n"
        "figures -\n"
        "change advice\n"
        f"note {sha256('New.')}\n"
        "at 2026-11-23T10:00:00.000000+00:00\n"
        "signer Dr Clinician\n"
        "role Consultant\n"
        "register Invented Register\n"
        "registration DEMO-0001\n"
        "own-work no\n"
        "review-by 2028-11-22\n"
        "closes 2029-01-21\n"
        "keys -\n"
        "predecessor -\n"
        f"event {sha256(event.statement)}\n"
    )
    said = verify.read_statement(publication)
    assert (said["act"], said["signer"]) == ("published", "-")
    assert said["predecessor"] == verify.leaf(signing.encode()).hex()


def test_what_concerns_the_public_is_written_and_nothing_else(monday: datetime) -> None:
    signed = factories.revision(RevisionStatus.SIGNED, now=monday)
    by, login = factories.staff("Manager"), factories.clinician().login
    assert login is not None
    publishing.revoke(signed, version=signed.version, by=by, reason="A doubt.", now=monday)
    publishing.re_affirm(
        signed,
        version=signed.version,
        fragment_hash=signed.fragment_hash,
        by=login,
        now=monday,
    )
    publishing.publish(signed, version=signed.version, by=factories.staff("Publisher"), now=monday)
    publishing.suspend(signed, version=signed.version, by=login, reason="Harm.", now=monday)
    publishing.withdraw(signed, version=signed.version, by=by, reason="Gone.", now=monday)
    assert acts() == ["signed", "revoked", "re-affirmed", "published", "suspended", "withdrawn"]
    assert "Harm." not in "".join(statements())
    with pytest.raises(PublishingRefused):
        publishing.withdraw(signed, version=signed.version, by=by, reason="Gone.", now=monday)
    assert len(acts()) == 6


@pytest.mark.lengthy
@pytest.mark.sqlite
@pytest.mark.django_db(transaction=True)
def test_older_signatures_are_brought_in_with_their_true_dates(
    client: Client, monday: datetime
) -> None:
    """A database of the release before the log gives the same entries as one that always had it."""
    factories.revision(RevisionStatus.SUSPENDED, of=factories.page("b-thing"), now=monday)
    factories.revision(RevisionStatus.PUBLISHED, now=monday + timedelta(days=1))
    before = statements()
    try:
        migrate([("procedures", "0022_passkeys")])
    finally:
        migrate()
    assert statements() == before
    assert client.get(URL).status_code == 200
    assert "all are whole" in verify_pages()


def ready(monday: datetime) -> list[Callable[[], Any]]:
    """Six texts, each about to be signed."""
    login = factories.clinician().login
    assert login is not None
    return [
        partial(
            publishing.sign_off,
            each,
            version=each.version,
            fragment_hash=each.fragment_hash,
            by=login,
            now=monday,
        )
        for number in range(6)
        for each in [
            factories.revision(
                RevisionStatus.IN_REVIEW, of=factories.page(f"page-{number}"), now=monday
            )
        ]
    ]


@pytest.mark.django_db(transaction=True)
def test_signatures_at_the_same_moment_have_places_of_their_own(monday: datetime) -> None:
    assert len(winners(race(ready(monday)))) == 6
    assert list(LogEntry.objects.values_list("index", flat=True)) == [*range(6)]
    checkpoints.sign(monday)
    assert "log 6 " in verify_pages()


@pytest.mark.postgres
@pytest.mark.django_db(transaction=True)
def test_without_the_queue_they_would_take_one_place(
    monday: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The twin of the test above, with the guard off."""
    acts_at_once = ready(monday)
    monkeypatch.setattr(moves, "_free_number", having_met(6, moves._free_number))
    monkeypatch.setattr("procedures.publishing.signing.one_step", transaction.atomic)
    assert len(winners(race(acts_at_once))) == 1


# --- Checkpoints ------------------------------------------------------------------------------


def test_a_checkpoint_is_signed_once_a_minute_if_there_is_something_new(
    published: Revision, client: Client, monday: datetime
) -> None:
    assert client.get("/log/checkpoint").status_code == 404
    checkpoints.sign_what_is_new(monday)
    first = client.get("/log/checkpoint").content.decode()
    text = verify.open_note(first, client.get("/log/key").content.decode().strip())
    root = Tree(verify.leaf(each.encode()) for each in statements()).root(2)
    assert verify.read_checkpoint(text) == ("clinic.example/log", 2, root)
    checkpoints.sign_what_is_new(monday + timedelta(days=1))
    factories.revision(RevisionStatus.SIGNED, of=published.page, now=monday)
    checkpoints.sign_what_is_new(monday + timedelta(seconds=59))
    assert client.get("/log/checkpoint").content.decode() == first
    checkpoints.sign_what_is_new(monday + timedelta(seconds=60))
    assert checkpoints.newest() == Checkpoint.objects.get(size=3)


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(
    ("tamper", "fault", "answer"),
    [
        (lambda log: log.filter(index=1).delete(), "event 4 is not in the public log", 410),
        (
            lambda log: log.filter(index=0).update(
                statement=log.get(index=0).statement.replace("Dr Clinician", "Dr Nobody")
            ),
            "event 3 is told differently in the public log",
            410,
        ),
        (
            lambda log: log.filter(index=0).update(statement="We signed it.", leaf_hash="0" * 64),
            "event 3 is told differently in the public log",
            410,
        ),
        (  # the page is what was signed; only the log is not
            lambda log: log.filter(index=1).update(leaf_hash="0" * 64),
            "public log: entry 1 is gone or was changed",
            200,
        ),
    ],
)
def test_without_triggers_a_changed_log_closes_the_page_and_nothing_more_is_signed(
    tamper: Callable[[Any], Any], fault: str, answer: int, client: Client, monday: datetime
) -> None:
    factories.revision(RevisionStatus.PUBLISHED, now=monday)
    checkpoints.sign(monday)
    with changes_allowed():
        tamper(LogEntry.objects)
    assert client.get(URL).status_code == answer
    assert fault in faults()
    with pytest.raises(checkpoints.LogBroken):
        checkpoints.sign(monday)


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"note": "We signed it."}, "checkpoint 2: The note has no signature."),
        ({"size": 1}, "checkpoint 1 is of 2 entries"),
        ({"size": 3}, "the entries do not lead to checkpoint 3"),
    ],
)
def test_without_triggers_a_changed_checkpoint_is_named(
    changes: dict[str, Any], said: str, tmp_path: Path, monday: datetime
) -> None:
    factories.revision(RevisionStatus.PUBLISHED, now=monday)
    checkpoints.sign(monday)
    kept = tmp_path / "heads"
    kept.write_text(verify_pages())
    assert list(checkpoints.faults({})) == []
    assert "public log" not in verify_pages("--against", str(kept))
    with changes_allowed():
        Checkpoint.objects.update(**changes)
    assert list(checkpoints.faults({})) == [said]


@pytest.mark.django_db(transaction=True)
def test_a_log_that_was_written_anew_shows_against_an_earlier_root(
    tmp_path: Path, monday: datetime
) -> None:
    factories.revision(RevisionStatus.PUBLISHED, now=monday)
    checkpoints.sign(monday)
    kept = tmp_path / "heads"
    kept.write_text(verify_pages())
    with changes_allowed():
        Checkpoint.objects.all().delete()
        LogEntry.objects.filter(index=1).delete()
    assert "public log: its first 2 entries are not those of the earlier output" in faults(
        "--against", str(kept)
    )


# --- What a stranger gets ---------------------------------------------------------------------


def test_a_stranger_proves_a_page_and_every_changed_byte_is_refused(
    published: Revision, client: Client, monday: datetime
) -> None:
    """One bit of each 7th byte here; `script/prove --distrust` changes every one."""
    for number in range(5):
        factories.revision(
            RevisionStatus.PUBLISHED, of=factories.page(f"page-{number}"), now=monday
        )
    checkpoints.sign(monday)
    text, statement, proof = files(client)
    key = notes.log_key()
    assert verify.check(text, statement, proof, key).said["signer"] == "Dr Clinician"
    assert second_opinion.accepts(text, statement, proof.encode(), key)
    whole = [text, statement, proof.encode()]
    for which, content in enumerate(whole):
        for at in range(0, len(content), 7):
            changed = bytearray(content)
            changed[at] ^= 1
            given = [*whole]
            given[which] = bytes(changed)
            with pytest.raises((verify.Refused, ValueError)):
                verify.check(given[0], given[1], given[2].decode(), key)
            assert not second_opinion.accepts(given[0], given[1], given[2], key)


def test_the_page_shows_the_steps_with_its_own_numbers(
    published: Revision, client: Client, monday: datetime
) -> None:
    assert (
        "The proof of this page is not ready yet." in client.get(f"{URL}verify/").content.decode()
    )
    checkpoints.sign(monday)
    page = client.get(f"{URL}verify/").content.decode()
    signing, publication = (each.encode() for each in statements())
    root = verify.node(verify.leaf(signing), verify.leaf(publication))
    for shown in (
        notes.log_key(),
        signing.decode(),
        verify.leaf(signing).hex(),
        f'With <code class="hash">{verify.leaf(publication).hex()}</code> on the right',
        root.hex(),
        "It does not show what happened after the signature.",
    ):
        assert shown in page
    log = " ".join(client.get("/log/").content.decode().split())
    assert f'<a href="{URL}history/">{published.title}</a>, version 1: published' in log
    program = client.get("/log/verify.py").content
    assert program == Path(verify.__file__).read_bytes()


def test_the_program_itself_says_true_or_refused(
    published: Revision, client: Client, monday: datetime, tmp_path: Path, capsys: Any
) -> None:
    checkpoints.sign(monday)
    for end in ENDINGS:
        content = client.get(f"{URL}verify/version-1{end}").content
        (tmp_path / f"version-1{end}").write_bytes(content)
    out = StringIO()
    call_command("log_key", stdout=out)
    key = out.getvalue().strip()
    assert verify.main(str(tmp_path / "version-1"), key) == 0
    assert "TRUE. Dr Clinician (Invented Register DEMO-0001)" in capsys.readouterr().out
    (tmp_path / "version-1.txt").write_bytes(b"Other words.")
    assert verify.main(str(tmp_path / "version-1"), key) == 1
    assert "REFUSED. The text is not the one that was signed." in capsys.readouterr().out


def test_a_long_log_comes_in_tiles_and_short_proofs(
    client: Client, published: Revision, monday: datetime
) -> None:
    """Tiles lead to the root. A proof at 10,000 entries, 14 hashes long, has at most 1,000 bytes."""
    first = LogEntry.objects.order_by("index")[0]
    more = (f"entry {index}" for index in range(2, 600))
    LogEntry.objects.bulk_create(
        LogEntry(
            index=index,
            event_id=-index,
            statement=statement,
            leaf_hash=verify.leaf(statement.encode()).hex(),
        )
        for index, statement in enumerate(more, start=2)
    )
    checkpoints.sign(monday)
    text, statement, proof = files(client)
    assert statement.decode() == first.statement
    assert proof.count("\n") == 2 + 10 + 1 + 5
    assert len(proof) + 4 * 45 <= 1000
    assert verify.check(text, statement, proof, notes.log_key()).said["act"] == "signed"

    tree = Tree()
    for place in tiles.places(600):
        tile = client.get(f"/log/tile/0/{place}")
        assert tile.headers["Cache-Control"] == "public, max-age=31536000, immutable"
        bundle, hashes = client.get(f"/log/tile/entries/{place}").content, tile.content
        while bundle:
            length, bundle = int.from_bytes(bundle[:2], "big"), bundle[2:]
            assert hashlib.sha256(b"\0" + bundle[:length]).digest() == hashes[:32]
            tree.append(hashes[:32])
            bundle, hashes = bundle[length:], hashes[32:]
    checkpoint = checkpoints.newest()
    assert checkpoint is not None
    assert tree.root(600) == checkpoints.root_of(checkpoint)
    above = client.get("/log/tile/1/000.p/2").content
    assert above == b"".join(tree.levels[8][:2])
    for wrong in ("0/002", "0/000.p/0", "0/x000/001", "1/000", "1/000.p/3", "9/000", "0/2.p/1"):
        assert client.get(f"/log/tile/{wrong}").status_code == 404
    assert client.get("/log/tile/entries/002").status_code == 404
