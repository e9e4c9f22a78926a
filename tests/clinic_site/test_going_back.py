"""Continuous backups: the database as it was in a moment, by PostgreSQL's log or by Litestream."""

import contextlib
import os
import shutil
import sqlite3
import subprocess
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import psycopg
import pyrage
import pytest
import yaml

from tests import served
from tests.processes import PATIENCE, ROOT

LITESTREAM = shutil.which("litestream")


def wait_until(true: Callable[[], Any]) -> None:
    deadline = time.monotonic() + PATIENCE
    while not true():
        assert time.monotonic() < deadline
        threading.Event().wait(0.05)


# --- PostgreSQL -------------------------------------------------------------------------------


class Archive:
    """What an operator does with `deploy/wal`, as PostgreSQL's own account."""

    def __init__(self, folder: Path, server: Any) -> None:
        self.folder, self.server = folder, server
        self.account = server.system_user
        identity = pyrage.x25519.Identity.generate()
        self.recipient = str(identity.to_public())
        folder.mkdir()
        # A copy, because that account may not read the code of a test.
        self.program, self.key, self.kept = folder / "wal", folder / "key.txt", folder / "kept"
        shutil.copy(ROOT / "deploy" / "wal", self.program)
        self.key.write_text(f"{identity}\n")
        self.kept.mkdir()
        if self.account:
            for path in (folder, self.key, self.kept):
                shutil.chown(path, self.account)

    def run(self, *command: str | Path) -> "subprocess.CompletedProcess[str]":
        """Run a program with PostgreSQL's own first on PATH."""
        path = f"{self.server.bin_path}{os.pathsep}{os.environ['PATH']}"
        as_account = ["runuser", "-u", self.account, "--"] if self.account else []
        return subprocess.run(
            [
                *as_account,
                "env",
                f"PATH={path}",
                f"PGHOST={self.server.pgdata}",
                "PGUSER=postgres",
                *command,
            ],
            cwd=self.folder,
            capture_output=True,
            text=True,
            check=False,
        )

    def turn_on(self) -> None:
        """Archive from the next start on, as the guide says."""
        command = f"{self.program} archive {self.kept} {self.recipient} %p %f"
        with psycopg.connect(self.server.get_uri(), autocommit=True) as database:
            database.execute("ALTER SYSTEM SET archive_mode = on")
            database.execute(f"ALTER SYSTEM SET archive_command = '{command}'")
        self.server.stop()
        self.server.start()

    @contextlib.contextmanager
    def recovered(self, moment: str) -> Iterator[str]:
        """The address of a server that went back to this moment."""
        data = self.folder / f"back to {moment}".replace(" ", "-")
        done = self.run(self.program, "recover", self.kept, self.key, data, moment)
        assert done.returncode == 0, done.stderr
        options = f"-k {self.folder} -c listen_addresses="
        log = data / "log"
        started = self.run("pg_ctl", "--wait", "-D", data, "-o", options, "-l", log, "start")
        assert started.returncode == 0, log.read_text()
        try:
            address = f"postgresql://postgres@/postgres?host={self.folder}"
            with psycopg.connect(address, autocommit=True) as copy:
                wait_until(lambda: copy.execute("SELECT NOT pg_is_in_recovery()").fetchone()[0])  # type: ignore[index]
            yield address
        finally:
            self.run("pg_ctl", "-D", data, "-m", "immediate", "stop")


@pytest.fixture
def readable() -> Iterator[Path]:
    """A folder that PostgreSQL's own account may enter."""
    with tempfile.TemporaryDirectory(prefix="clinic-back-") as folder:
        Path(folder).chmod(0o755)
        yield Path(folder)


@pytest.mark.sqlite
@pytest.mark.lengthy
@pytest.mark.skipif("not shutil.which('age')", reason="age is not installed")
def test_postgresql_goes_back_to_a_moment_and_to_the_last_one(readable: Path) -> None:
    with served.postgresql(readable) as server:
        archive = Archive(readable / "operator", server)
        archive.turn_on()
        with psycopg.connect(server.get_uri(), autocommit=True) as database:
            database.execute("CREATE TABLE told (what text)")
            done = archive.run(archive.program, "base", archive.kept, archive.recipient)
            assert done.returncode == 0, done.stderr
            database.execute("INSERT INTO told VALUES ('Canary before')")
            # As PostgreSQL's own clock says, which is not that of the tests, in whole seconds.
            until = "SELECT to_char(now() - interval '1 second', 'YYYYMMDDHH24MISS') > %s"
            (written,) = database.execute(
                "SELECT to_char(now(), 'YYYYMMDDHH24MISS')"
            ).fetchone() or ("",)
            wait_until(lambda: (database.execute(until, [written]).fetchone() or [False])[0])
            (moment,) = database.execute("SELECT now()::text").fetchone() or ("",)
            database.execute("INSERT INTO told VALUES ('Canary by mistake')")
            (name,) = database.execute("SELECT pg_walfile_name(pg_switch_wal())").fetchone() or (
                "",
            )
        wait_until((archive.kept / f"{name}.age").exists)
    # The server is gone, and its disk.
    for when, told in (
        (moment, ["Canary before"]),
        ("latest", ["Canary before", "Canary by mistake"]),
    ):
        with archive.recovered(when) as address, psycopg.connect(address) as copy:
            assert [what for (what,) in copy.execute("SELECT what FROM told")] == told
            # The copy leaves the archive alone.
            assert copy.execute("SHOW archive_mode").fetchone() == ("off",)
    assert not [file for file in archive.kept.iterdir() if b"Canary" in file.read_bytes()]
    too_early = archive.run(
        archive.program, "recover", archive.kept, archive.key, "x", "2026-01-01 UTC"
    )
    assert (too_early.returncode, "is older than 2026-01-01" in too_early.stderr) == (1, True)


@pytest.mark.skipif("not shutil.which('age')", reason="age is not installed")
def test_what_was_archived_is_never_replaced_and_old_changes_go_with_old_copies(
    tmp_path: Path,
) -> None:
    recipient = str(pyrage.x25519.Identity.generate().to_public())

    def wal(*arguments: str | Path) -> int:
        programs = tmp_path / "programs"
        environment = {"PATH": f"{programs}{os.pathsep}{os.environ['PATH']}"}
        command = [ROOT / "deploy" / "wal", *arguments]
        return subprocess.run(command, env=environment, capture_output=True, check=False).returncode

    kept, change = tmp_path / "kept", tmp_path / "change"
    for folder in (kept, tmp_path / "programs"):
        folder.mkdir()
    change.write_text("one")
    assert [wal("archive", kept, recipient, change, "1") for _ in range(2)] == [0, 0]
    before = (kept / "1.age").read_bytes()
    change.write_text("another")
    assert wal("archive", kept, recipient, change, "1") == 1
    assert (kept / "1.age").read_bytes() == before

    program = tmp_path / "programs" / "pg_basebackup"
    program.write_text("#!/bin/sh\necho copy\n")
    program.chmod(0o755)
    names = [f"{number:024}" for number in range(1, 8)]
    for number, name in enumerate(names):
        for each in (name, f"{name}.00000028.backup"):
            assert wal("archive", kept, recipient, change, each) == 0
        (kept / f"base-2026110{number}T000000Z.tar.gz.age").touch()
    assert wal("base", kept, recipient) == 0
    assert [name for name in names if (kept / f"{name}.age").exists()] == names[-4:]
    assert len([*kept.glob("base-*")]) == 4
    program.write_text("#!/bin/sh\necho half; exit 1\n")
    assert wal("base", kept, recipient) == 1
    assert len([*kept.glob("base-*.age")]) == 4


# --- Litestream -------------------------------------------------------------------------------


@pytest.mark.sqlite
@pytest.mark.skipif("not LITESTREAM", reason="litestream is not installed")
def test_litestream_goes_back_to_a_moment(tmp_path: Path) -> None:
    """With our file, except that the replica is a folder here."""
    described = yaml.safe_load((ROOT / "deploy" / "litestream.yml").read_text())
    (ours,) = described["dbs"]
    file, back = tmp_path / "clinic.sqlite3", tmp_path / "back.sqlite3"
    replica = {"type": "file", "path": str(tmp_path / "replica"), "sync-interval": "100ms"}
    ours |= {"path": str(file), "replica": replica}
    (tmp_path / "litestream.yml").write_text(yaml.safe_dump(described))
    config = ["-config", str(tmp_path / "litestream.yml")]

    def restored(*options: str) -> list[str]:
        back.unlink(missing_ok=True)
        command = [str(LITESTREAM), "restore", *config, *options, "-o", str(back), str(file)]
        subprocess.run(command, capture_output=True, check=False)
        if not back.exists():
            return []
        with contextlib.closing(sqlite3.connect(back)) as copy:
            return [what for (what,) in copy.execute("SELECT what FROM told")]

    with (
        contextlib.closing(sqlite3.connect(file, isolation_level=None)) as database,
        subprocess.Popen(
            [str(LITESTREAM), "replicate", *config], stderr=subprocess.DEVNULL
        ) as running,
    ):
        try:
            for setting in ("PRAGMA journal_mode = wal", "CREATE TABLE told (what text)"):
                database.execute(setting)
            database.execute("INSERT INTO told VALUES ('before')")
            wait_until(lambda: restored() == ["before"])
            # It goes back no further than to its first whole copy.
            wait_until(lambda: [*(tmp_path / "replica").glob("**/9/*.ltx")])
            (moment,) = database.execute(
                "SELECT strftime('%Y-%m-%dT%H:%M:%SZ', 'now', '+1 second')"
            ).fetchone()
            # It counts in whole seconds, and the clock of the tests is another one.
            after = f"SELECT strftime('%Y-%m-%dT%H:%M:%SZ', 'now') > '{moment}'"
            wait_until(lambda: database.execute(after).fetchone()[0])
            database.execute("INSERT INTO told VALUES ('by mistake')")
            wait_until(lambda: restored() == ["before", "by mistake"])
            assert restored("-timestamp", moment) == ["before"]
        finally:
            running.terminate()


def test_the_configuration_of_litestream_is_for_the_file_of_the_guide() -> None:
    described = yaml.safe_load((ROOT / "deploy" / "litestream.yml").read_text())
    (ours,) = described["dbs"]
    assert f"DATABASE_URL=sqlite:///{ours['path']}" in (ROOT / "docs" / "operations.md").read_text()
    assert set(ours["replica"]) == {"type", "host", "user", "key-path", "path", "sync-interval"}
