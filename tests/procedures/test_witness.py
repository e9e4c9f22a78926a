"""Two clinics watch each other's log: growth is signed, and no rewriting of history is."""

import hashlib
from datetime import datetime, timedelta
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.test import Client

from procedures.log import checkpoints, notes, verify, witness
from procedures.models import Cosignature, LogEntry, WatchedLog
from procedures.status import RevisionStatus
from tests import factories
from tests.forgeries import FORGERIES, changed, false_statement, fetching, served
from tests.http_servers import StandIn
from tests.split_views import SPLITS, verdicts

pytestmark = pytest.mark.django_db
URL = "/procedures/a-thing/"


@pytest.fixture
def log(monday: datetime, db: None) -> list[str]:
    """The statements of a log: three pages, one of them suspended."""
    for slug, status in (
        ("a-thing", RevisionStatus.PUBLISHED),
        ("b-thing", RevisionStatus.SUSPENDED),
        ("c-thing", RevisionStatus.SIGNED),
    ):
        factories.revision(status, of=factories.page(slug), now=monday)
    return list(LogEntry.objects.order_by("index").values_list("statement", flat=True))


@pytest.fixture
def watched(log: list[str], monday: datetime) -> WatchedLog:
    """The same log, as somebody else watches it who has seen all of it."""
    begun = witness.watch("clinic.example/log", notes.log_key(), "https://clinic.example/log/")
    return witness.look(begun, fetching(served(log)), monday)


def test_growth_is_cosigned_and_twenty_ways_to_rewrite_history_are_not(
    watched: WatchedLog, log: list[str], monday: datetime
) -> None:
    assert len(FORGERIES) == 20
    seen = watched.note
    for way, forge in FORGERIES.items():
        with pytest.raises(verify.Refused):
            witness.look(watched, fetching(forge(log)), monday)
        watched.refresh_from_db()
        assert (watched.size, watched.note) == (len(log), seen), way
        assert watched.trouble, way
    grown = served([*log, false_statement(log)])
    later = monday + timedelta(hours=1)
    watched = witness.look(watched, fetching(grown), later)
    assert (watched.size, watched.trouble) == (len(log) + 1, "")
    assert watched.note.startswith(grown["checkpoint"].decode())
    assert verify.witnessed(watched.note, notes.witness_key()) == later


def test_a_reader_who_asks_for_the_witness_cannot_be_shown_another_history(
    watched: WatchedLog, log: list[str], client: Client, monday: datetime
) -> None:
    """A fork that the witness never saw is refused, even with the witness's line moved below it."""
    checkpoints.sign(monday)
    text, statement, proof = (
        client.get(f"{URL}verify/version-1{end}").content
        for end in (".txt", ".statement", ".tlog-proof")
    )
    told, key, line = proof.decode(), notes.log_key(), watched.note.splitlines()[-1]
    assert verify.check(text, statement, f"{told}{line}\n", key, notes.witness_key())
    other = served([*log[:-1], false_statement(log)])["checkpoint"].decode()
    fork = told.partition("\n\n")[0] + "\n\n" + other
    for shown in (told, fork, f"{fork}{line}\n"):
        with pytest.raises(verify.Refused):
            verify.check(text, statement, shown, key, notes.witness_key())


def test_two_logs_for_two_readers_are_found_by_the_witness_and_by_comparing_notes(
    watched: WatchedLog, log: list[str]
) -> None:
    """No reader alone can tell; that is what the witness is for."""
    for way, split in SPLITS.items():
        alone, *others = verdicts(watched, log, split(log))
        assert (alone, all(others)) == ("", True), way
    earlier, later = (served(each)["checkpoint"].decode() for each in (log[:-1], [*log, log[0]]))
    witness.compare(watched, earlier, fetching(served(log)))
    with pytest.raises(verify.Refused, match="Others are shown 7 entries, and we 6"):
        witness.compare(watched, later, fetching(served(log)))


def test_what_others_say_about_ours_is_shown_and_goes_into_proofs(
    log: list[str], client: Client, monday: datetime
) -> None:
    checkpoints.sign(monday)
    ours = client.get("/log/checkpoint").content.decode()
    body = ours.partition("\n\n")[0] + "\n"
    with changed("LOG_KEY", "the other clinic's"), changed("LOG_ORIGIN", "other.example/log"):
        line, key, witness_key = (
            notes.cosignature(body, monday),
            notes.log_key(),
            notes.witness_key(),
        )
    watching = witness.watch(
        "other.example/log", key, "https://other.example/log", witness=witness_key
    )
    assert witness.collect(watching, fetching({})) is False
    place = f"witness/{hashlib.sha256(b'clinic.example/log').hexdigest()}/checkpoint"
    assert witness.collect(watching, fetching({place: f"{ours}{line}".encode()})) is True
    assert client.get("/log/checkpoint").content.decode() == ours + line
    assert "other.example/log/witness</strong> has seen it grow to 6" in " ".join(
        client.get("/log/").content.decode().split()
    )
    # A newer checkpoint that nobody has seen proves less.
    factories.revision(RevisionStatus.SIGNED, of=factories.page("d-thing"), now=monday)
    checkpoints.sign(monday)
    text, statement, proof = (
        client.get(f"{URL}verify/version-1{end}").content
        for end in (".txt", ".statement", ".tlog-proof")
    )
    assert verify.check(text, statement, proof.decode(), notes.log_key(), witness_key)
    assert len(proof) + (14 - 3) * 45 <= 1024
    strange = served(log[:-1])["checkpoint"].decode()
    with changed("LOG_KEY", "the other clinic's"), changed("LOG_ORIGIN", "other.example/log"):
        line = notes.cosignature(strange.partition("\n\n")[0] + "\n", monday)
    with pytest.raises(verify.Refused, match="a checkpoint that we have not"):
        witness.collect(watching, fetching({place: f"{strange}{line}".encode()}))


@pytest.mark.django_db(transaction=True)
def test_the_command_watches_over_http(live_server: Any, monday: datetime, tmp_path: Path) -> None:
    """Here a clinic watches itself, which shows that both sides speak alike."""
    factories.revision(RevisionStatus.PUBLISHED, now=monday)
    checkpoints.sign(monday)
    shown = list(LogEntry.objects.order_by("index").values_list("statement", flat=True))

    def ran(*arguments: str) -> str:
        out = StringIO()
        call_command("witness", *arguments, stdout=out)
        return out.getvalue()

    with pytest.raises(CommandError, match="Give ORIGIN KEY URL"):
        ran("clinic.example/log", notes.witness_key(), live_server.url)
    log = ("clinic.example/log", notes.log_key(), f"{live_server.url}/log")
    assert "clinic.example/log: it only grew, to 2 entries." in ran(
        *log, "--watches-us", notes.witness_key()
    )
    assert "they have seen ours." in ran()
    assert Cosignature.objects.get().witness == "clinic.example/log/witness"
    kept = tmp_path / "checkpoint"
    kept.write_text(checkpoint := served(shown)["checkpoint"].decode())
    assert "clinic.example/log: the same log as the one that we are shown." in ran(
        "--compare", str(kept)
    )
    kept.write_text(served([shown[1], shown[0]])["checkpoint"].decode())
    with pytest.raises(CommandError, match="Others are shown other entries than we"):
        ran("--compare", str(kept))
    kept.write_text(checkpoint.replace("clinic.example", "other.example"))
    with pytest.raises(CommandError, match="We do not watch a log of this name"):
        ran("--compare", str(kept))
    WatchedLog.objects.update(size=3)
    with pytest.raises(CommandError, match="The log has shrunk from 3 entries to 2"):
        ran()


@pytest.mark.parametrize(
    ("status", "what"),
    [(200, "bytes"), (404, "FileNotFoundError"), (500, "HTTPError")],
)
def test_what_a_log_does_not_have_is_told_from_what_it_cannot_say(status: int, what: str) -> None:
    with StandIn(b"A note.", status) as log:
        try:
            answer: object = witness.fetching_from(log.url)("checkpoint")
        except OSError as error:
            answer = error
    assert type(answer).__name__ == what
    assert log.asked == [("/checkpoint", "", b"")]
