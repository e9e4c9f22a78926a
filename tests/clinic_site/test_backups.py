"""Backups: one moment, encrypted, checked, kept by a rule; a restored copy is whole and quiet."""

import contextlib
import errno
import json
import os
import subprocess
import sys
import tarfile
import threading
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from io import BytesIO, StringIO
from pathlib import Path
from typing import Any
from unittest.mock import patch
from urllib.parse import urlsplit

import psycopg
import pyrage
import pytest
from django.conf import settings
from django.contrib.sessions.models import Session
from django.core.management import CommandError, call_command
from django.core.management.base import OutputWrapper
from django.db import connection
from django.db.migrations.recorder import MigrationRecorder
from django.test import Client
from django.utils import timezone
from psycopg import ConnectionInfo
from psycopg.conninfo import conninfo_to_dict

from bookings import messages
from bookings.management.worker import go_round
from bookings.models import AppointmentRequest, Message, WorkerRun
from bookings.status import MessageStatus
from clinic_site.backups import archives, databases, keeping, restored
from procedures.models import RestoredCopy
from tests import clock, factories, processes

pytestmark = pytest.mark.django_db(transaction=True)

# What the copy has of the requests: enough to see a half of one.
COUNTS = """
import json
from bookings.models import AppointmentRequest, Message, RequestEvent
from django.contrib.sessions.models import Session
from procedures.models.restored import is_quiet
print(json.dumps([
    AppointmentRequest.objects.count(), Message.objects.count(), RequestEvent.objects.count(),
    Session.objects.count(), is_quiet(),
]))
"""


@pytest.fixture
def key(tmp_path: Path, settings: Any) -> Path:
    """The private key whose public one the site encrypts for, as age-keygen writes it."""
    identity = pyrage.x25519.Identity.generate()
    settings.BACKUP_FOLDER = str(tmp_path / "backups")
    settings.BACKUP_RECIPIENTS = [str(identity.to_public())]
    return written(tmp_path / "key.txt", identity)


def written(file: Path, identity: Any) -> Path:
    file.write_text(f"# public key: {identity.to_public()}\n{identity}\n")
    return file


@pytest.fixture
def elsewhere(tmp_path: Path) -> Iterator[str]:
    """The address of an empty database of the same kind."""
    if connection.vendor == "sqlite":
        yield f"sqlite:///{tmp_path}/restored.sqlite3"
        return
    name = f"{connection.settings_dict['NAME']}_restored"
    with connection.cursor() as cursor:
        cursor.execute(f'CREATE DATABASE "{name}"')
    yield urlsplit(os.environ["DATABASE_URL"])._replace(path=f"/{name}").geturl()
    with connection.cursor() as cursor:
        cursor.execute(f'DROP DATABASE "{name}" WITH (FORCE)')


def manage(database: str, *arguments: str) -> "subprocess.CompletedProcess[str]":
    """Run a command on another database, at the test's own time."""
    return subprocess.run(
        [sys.executable, "-m", "tests.clock", str(clock.ahead()), "manage.py", *arguments],
        cwd=processes.ROOT,
        env={
            "ERASURES_FILE": os.devnull,  # an empty list, unless the test has one
            **os.environ,
            "DATABASE_URL": database,
            "DJANGO_SETTINGS_MODULE": "tests.settings",
        },
        capture_output=True,
        text=True,
        check=False,
    )


def is_planned_for(database: str) -> bool:
    """Whether the server knows what is in the tables, so that it does not plan for empty ones."""
    if connection.vendor == "sqlite":
        return True
    with psycopg.connect(database) as restored:
        known = "SELECT count(*) FROM pg_stats WHERE tablename = 'bookings_message'"
        return restored.execute(known).fetchone() != (0,)


def backup() -> Path:
    """Take one and return it."""
    call_command("backup", stdout=StringIO())
    return max(Path(settings.BACKUP_FOLDER).glob("clinic-*.tar.age"))


@pytest.mark.lengthy
def test_a_backup_taken_while_patients_write_is_of_one_moment_and_comes_back_quiet(
    key: Path, elsewhere: str, client: Client
) -> None:
    client.get("/appointments/request/")
    begun, enough = threading.Event(), threading.Event()

    def patients() -> None:
        for number in range(200):
            factories.received(email=f"p{number}@example.org")
            if number == 5:
                begun.set()
            if enough.is_set():
                break
        connection.close()

    writer = threading.Thread(target=patients)
    writer.start()
    assert begun.wait(processes.PATIENCE)
    archive = backup()
    enough.set()
    writer.join()
    assert b"p3@example.org" not in archive.read_bytes()

    came_back = manage(elsewhere, "restore", str(archive), f"--identity={key}", "--verify")
    assert (came_back.returncode, came_back.stderr) == (0, "")
    requests, letters, events, sessions, quiet = json.loads(
        manage(elsewhere, "shell", "--verbosity=0", "-c", COUNTS).stdout
    )
    assert 6 <= requests <= AppointmentRequest.objects.count()
    first = AppointmentRequest.objects.order_by("pk")[0]
    assert (letters, events) == (
        requests * first.messages.count(),
        requests * first.events.count(),
    )
    assert (sessions, quiet) == (0, True)
    assert is_planned_for(elsewhere)
    # Each chain was verified, and its head printed.
    assert came_back.stdout.count(first.reference) == 1

    again = manage(elsewhere, "restore", str(archive), f"--identity={key}")
    assert again.stderr.startswith("CommandError: The database is not empty.")
    told = manage(elsewhere, "restore", str(archive), f"--identity={key}", "--replace")
    assert told.returncode == 0, told.stderr


@pytest.mark.lengthy
def test_one_flipped_byte_and_a_wrong_key_are_refused_in_a_sentence(
    key: Path, elsewhere: str, tmp_path: Path
) -> None:
    archive = backup()
    out = StringIO()
    call_command("verify_backup", str(archive), identity=key, stdout=out)
    assert out.getvalue().endswith("It is whole.\n")
    whole = archive.read_bytes()
    damaged = tmp_path / archive.name
    for place in (40, len(whole) // 3, len(whole) - 1):
        damaged.write_bytes(whole[:place] + bytes([whole[place] ^ 1]) + whole[place + 1 :])
        with pytest.raises(CommandError, match="is damaged"):
            call_command("verify_backup", str(damaged), identity=key)
    refused = manage(elsewhere, "restore", str(damaged), f"--identity={key}")
    assert refused.stderr.startswith(f"CommandError: {archive.name} is damaged")
    other = written(tmp_path / "other.txt", pyrage.x25519.Identity.generate())
    with pytest.raises(CommandError, match=r"The key does not open .* encrypted for another key"):
        call_command("verify_backup", str(archive), identity=other)
    with pytest.raises(CommandError, match="has no private key as age-keygen writes it"):
        call_command("verify_backup", str(archive), identity=archive)
    with pytest.raises(CommandError, match=r"lost\.key cannot be read: No such file or directory"):
        call_command("verify_backup", str(archive), identity=tmp_path / "lost.key")
    # Nothing of that reached the database.
    assert manage(elsewhere, "restore", str(archive), f"--identity={key}").returncode == 0


def test_a_full_disk_leaves_the_earlier_backup_whole(
    key: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    archive = backup()
    folder = Path(settings.BACKUP_FOLDER)
    before = {file.name: file.read_bytes() for file in folder.iterdir()}

    def full(source: Any, target: Any, recipients: Any) -> None:
        target.write(source.read(1000))
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(pyrage, "encrypt_io", full)
    with pytest.raises(
        CommandError, match=r"No space left on device\. The earlier ones are as they"
    ):
        call_command("backup")
    assert {file.name: file.read_bytes() for file in folder.iterdir()} == before
    assert set(before) == {archive.name, keeping.LAST_SUCCESS}


def test_the_rule_keeps_the_newest_of_14_days_8_weeks_and_12_months(tmp_path: Path) -> None:
    newest = datetime(2026, 11, 30, 2, tzinfo=UTC)
    taken = [newest - timedelta(hours=12 * number) for number in range(2 * 500)]
    kept = keeping.kept_of(taken)
    days = {newest - timedelta(days=number) for number in range(14)}
    # 30 November is a Monday; the weeks before end on Sundays, with the later backup of that day.
    sundays = {newest - timedelta(days=7 * number, hours=12) for number in range(7)}
    ends = [(2026, 10, 31), (2026, 9, 30), (2026, 8, 31), (2026, 7, 31), (2026, 6, 30)]
    ends += [(2026, 5, 31), (2026, 4, 30), (2026, 3, 31), (2026, 2, 28), (2026, 1, 31)]
    ends += [(2025, 12, 31)]
    months = {datetime(*day, 14, tzinfo=UTC) for day in ends}
    later_of_each_day = {newest} | {day - timedelta(hours=12) for day in days}
    assert kept == set(sorted(later_of_each_day)[-14:]) | sundays | months

    for moment in taken:
        (tmp_path / keeping.name_of(moment)).touch()
    (tmp_path / "notes.txt").touch()
    keeping.remove_old(tmp_path)
    names = {file.name for file in tmp_path.iterdir()}
    assert names == {"notes.txt", *map(keeping.name_of, kept)}


def test_a_quiet_copy_sends_nothing_and_takes_nothing_until_it_is_released(
    client: Client, sign_in: Callable[[str], Client], monday: datetime, mailoutbox: Any
) -> None:
    factories.received(now=monday)
    client.get("/appointments/request/")
    call_command("quieten_copy", "PostgreSQL’s log until 14:00", "--verify", stdout=StringIO())
    assert RestoredCopy.objects.get().backup == "PostgreSQL’s log until 14:00"
    assert not Session.objects.exists()

    go_round(monday)
    assert messages.send_due() == 0
    assert set(Message.objects.values_list("status", flat=True)) == {MessageStatus.QUEUED}
    assert WorkerRun.objects.get().failed == 0
    with pytest.raises(CommandError, match="a restored copy that is still quiet"):
        call_command("reviews_due", mail=True)
    for ask in (client.get, client.post):
        answer = ask("/appointments/request/")
        assert answer.status_code == 503
        assert "This copy of the site is not open" in answer.content.decode()
    assert client.post("/procedures/knee/feedback/").status_code == 503
    assert client.get("/guides/").status_code == 200
    banner = "This is a restored copy of the site."
    assert banner in sign_in("Reception").get("/admin/").content.decode()

    call_command("release_restored_copy", "--no-erasures", stdout=StringIO())
    assert messages.send_due() > 0
    assert client.get("/appointments/request/").status_code == 200
    assert banner not in client.get("/admin/").content.decode()
    with pytest.raises(CommandError, match="or it has been released already"):
        call_command("release_restored_copy")


def test_a_backup_of_a_newer_release_is_refused_before_anything_is_replaced(key: Path) -> None:
    applied = MigrationRecorder(connection)
    applied.record_applied("bookings", "9999_of_tomorrow")
    try:
        archive = backup()
        with pytest.raises(CommandError) as refused:
            restored.restore(archive, key, timezone.now(), replace=True)
    finally:
        applied.record_unapplied("bookings", "9999_of_tomorrow")
    assert str(refused.value) == (
        "The backup is of a newer release, which has bookings.9999_of_tomorrow. Install that "
        "release first."
    )
    assert not RestoredCopy.objects.exists()


class Forgetful:
    """An empty database that keeps what is put into it, except the messages."""

    def __init__(self) -> None:
        self.kept: databases.Tables = {}

    def is_empty(self) -> bool:
        return not self.kept

    def replace(self, folder: Path, afterwards: str) -> None:
        self.kept = databases.database().read(folder)
        del self.kept["bookings_message"]

    def tables(self) -> databases.Tables:
        return self.kept


def test_tables_that_are_not_those_of_the_backup_are_named(
    key: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    archive = backup()
    monkeypatch.setattr(restored, "database", Forgetful)
    with pytest.raises(CommandError) as refused:
        restored.restore(archive, key, timezone.now(), replace=False)
    said = "The restored tables are not those of the backup: bookings_message is missing."
    assert str(refused.value) == said


def test_an_older_copy_is_brought_to_this_release(monkeypatch: pytest.MonkeyPatch) -> None:
    steps = ["bookings.0002_one", "bookings.0003_another"]
    asked: list[str] = []
    monkeypatch.setattr(restored, "migrations_due", lambda: steps)
    monkeypatch.setattr(restored, "call_command", lambda name, **options: asked.append(name))
    out = StringIO()
    restored.bring_up_to_date(OutputWrapper(out), verify=False)
    assert asked[0] == "migrate"
    assert out.getvalue().splitlines()[0] == "Migrated it to this release: 2 steps."


def test_managers_read_on_today_that_there_is_no_recent_backup(
    key: Path, sign_in: Callable[[str], Client], monday: datetime
) -> None:
    manager = sign_in("Manager")
    assert "There is no good backup yet." in manager.get("/admin/").content.decode()
    backup()
    assert "No recent backup" not in manager.get("/admin/").content.decode()
    later = monday + keeping.TOO_OLD + timedelta(minutes=1)
    since = timezone.localtime(monday)
    assert keeping.alarm(later).startswith(
        f"The last good backup is of {since:%A %-d %B at %-H:%M}."
    )
    assert "No recent backup" not in sign_in("Reception").get("/admin/").content.decode()


@pytest.mark.postgres
@pytest.mark.django_db
def test_older_programs_are_told_nothing_that_they_do_not_know() -> None:
    """The library of psycopg knows words that `pg_dump` 15 refuses, and names them in its address."""
    connection.ensure_connection()
    newer = connection.connection.info.get_parameters() | {"sslcertmode": "disable"}
    with patch.object(ConnectionInfo, "get_parameters", lambda info: newer):
        told = conninfo_to_dict(databases._server().address)
    assert told["dbname"] == newer["dbname"]
    assert told["host"] == newer["host"]
    assert "sslcertmode" not in told


def test_an_archive_writes_nothing_outside_its_folder(tmp_path: Path) -> None:
    """And is read without what the Python of Debian 12 lacks."""
    inside, file = tmp_path / "inside", tmp_path / "archive.tar"
    inside.mkdir()
    for name, is_well in (("manifest.json", True), ("../outside", False)):
        with tarfile.open(file, "w") as archive:
            member = tarfile.TarInfo(name)
            member.size = 2
            archive.addfile(member, BytesIO(b"{}"))
        with (
            tarfile.open(file) as archive,
            contextlib.nullcontext() if is_well else pytest.raises(tarfile.TarError),
            patch.object(tarfile.TarFile, "extractall", side_effect=TypeError),
        ):
            archives._unpack(archive, inside)
    assert (inside / "manifest.json").read_bytes() == b"{}"
    assert not (tmp_path / "outside").exists()
