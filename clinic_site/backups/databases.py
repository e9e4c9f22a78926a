"""Copies the database as it is in one moment, reads such a copy, and puts it in place.

SQLite is copied by its backup API, PostgreSQL by `pg_dump`, both while the site writes. The programs
of PostgreSQL have to be those of the server's version, and are taken from PATH.
"""

import contextlib
import os
import re
import shutil
import sqlite3
import subprocess
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import NamedTuple, Protocol

import psycopg
from django.core.management.base import CommandError
from django.db import connection
from psycopg import conninfo, sql

from clinic_site.backups.fingerprints import Fingerprint, fingerprint

Tables = dict[str, Fingerprint]

COPIED = re.compile(rb'COPY (?:\w+|"[^"]+")\.(\w+|"[^"]+") \(.*\) FROM stdin;\n')
# A dump may take longer than any request, and both sides have to write a moment in the same way.
PATIENT = (
    "-c timezone=UTC -c statement_timeout=0 -c lock_timeout=0"
    " -c idle_in_transaction_session_timeout=0"
)
# Only what belongs to the account of the site, and nothing of the schema itself.
EMPTY = """
DO $$ DECLARE name text; BEGIN
  FOR name IN SELECT tablename FROM pg_tables WHERE schemaname = 'public' LOOP
    EXECUTE format('DROP TABLE public.%I CASCADE', name);
  END LOOP;
  DROP FUNCTION IF EXISTS public.refuse_change(), public.draw_token();
END $$;
"""


class Database(Protocol):
    """What a backup needs to know about either database."""

    file: str

    def copy(self, folder: Path) -> Tables:
        """Write a copy into the folder, and return the fingerprints of the same moment."""

    def read(self, folder: Path) -> Tables:
        """The fingerprints of a copy, without any server. Raises CommandError if it is damaged."""

    def is_empty(self) -> bool:
        """Whether the database has no tables."""

    def replace(self, folder: Path, afterwards: str) -> None:
        """Put the copy in place of the database and run this SQL on it: both or nothing."""

    def tables(self) -> Tables:
        """The fingerprints of the database as it is now."""


def database() -> Database:
    """The database of this site."""
    return SQLite() if connection.vendor == "sqlite" else PostgreSQL()


class SQLite:
    """The site's SQLite file."""

    file = "clinic.sqlite3"

    @property
    def _path(self) -> Path:
        return Path(connection.settings_dict["NAME"])

    def copy(self, folder: Path) -> Tables:
        """Copy within a read transaction, so that the copy and the fingerprints are of one moment."""
        with _opened(self._path) as ours, _opened(folder / self.file) as copied:
            ours.execute("BEGIN")
            ours.execute("SELECT count(*) FROM sqlite_master").fetchone()
            ours.backup(copied)
            return _tables_of(ours)

    def read(self, folder: Path) -> Tables:
        """Check the pages of the file, too."""
        with _opened(folder / self.file) as copied:
            try:
                found = copied.execute("PRAGMA integrity_check").fetchone()
                if found != ("ok",):
                    raise CommandError(f"The database in the backup is damaged: {found[0]}.")
                return _tables_of(copied)
            except sqlite3.DatabaseError as fault:
                raise CommandError(f"The database in the backup is damaged: {fault}.") from None

    def is_empty(self) -> bool:
        """A file that is not there is empty too."""
        return not self._path.exists() or not self.tables()

    def replace(self, folder: Path, afterwards: str) -> None:
        """Rename the finished copy over the file. What was there is kept beside it."""
        self._refuse_if_in_use()
        new = self._path.with_name(f"{self._path.name}.restoring")
        shutil.copyfile(folder / self.file, new)
        new.chmod(0o600)
        with _opened(new) as copied:
            copied.executescript(afterwards)
        for rest in ("-wal", "-shm"):
            Path(f"{self._path}{rest}").unlink(missing_ok=True)
        if self._path.exists():
            self._path.replace(self._path.with_name(f"{self._path.name}.before-restore"))
        new.replace(self._path)

    def tables(self) -> Tables:
        """Read the file within one transaction."""
        with _opened(self._path) as ours:
            ours.execute("BEGIN")
            return _tables_of(ours)

    def _refuse_if_in_use(self) -> None:
        if not self._path.exists():
            return
        with _opened(self._path) as ours:
            try:
                ours.executescript("PRAGMA locking_mode = EXCLUSIVE; BEGIN EXCLUSIVE; ROLLBACK")
            except sqlite3.OperationalError:
                raise CommandError(
                    f"{self._path} is in use. Stop the web server and the worker first."
                ) from None


class PostgreSQL:
    """The site's database on a server."""

    file = "clinic.pgdump"

    def copy(self, folder: Path) -> Tables:
        """Dump the snapshot in which the fingerprints are taken."""
        server = _server()
        with psycopg.connect(server.address, password=server.password) as ours:
            ours.isolation_level = psycopg.IsolationLevel.REPEATABLE_READ
            snapshot = _first(ours, "SELECT pg_export_snapshot()")
            server.run(
                "pg_dump",
                "--format=custom",
                "--no-owner",
                "--no-privileges",
                f"--snapshot={snapshot}",
                f"--file={folder / self.file}",
                f"--dbname={server.address}",
            )
            return _tables_on_server(ours)

    def read(self, folder: Path) -> Tables:
        """Have `pg_restore` print the rows, as the server would have copied them out."""
        command = (_program("pg_restore"), "--data-only", "--file=-", str(folder / self.file))
        found: Tables = {}
        with subprocess.Popen(  # noqa: S603
            command, stdout=subprocess.PIPE, stderr=subprocess.PIPE
        ) as process:
            assert process.stdout and process.stderr  # noqa: S101, PT018 -- pipes, as asked for
            for line in process.stdout:
                if begun := COPIED.fullmatch(line):
                    rows = iter(process.stdout.readline, b"\\.\n")
                    found[begun[1].decode().strip('"')] = fingerprint(rows)
            said = process.stderr.read().decode(errors="replace").strip()
        if process.returncode:
            raise CommandError(f"The database in the backup is damaged: {said}")
        return found

    def is_empty(self) -> bool:
        """Whether the schema has no tables."""
        server = _server()
        with psycopg.connect(server.address, password=server.password) as ours:
            return not _names_on_server(ours)

    def replace(self, folder: Path, afterwards: str) -> None:
        """Remove our tables, create those of the copy and run the SQL, in one transaction."""
        server = _server()
        connection.close()
        steps = [folder / name for name in ("before.sql", "restore.sql", "afterwards.sql")]
        steps[0].write_text(EMPTY, encoding="utf-8")
        server.run(
            "pg_restore",
            "--no-owner",
            "--no-privileges",
            f"--file={steps[1]}",
            str(folder / self.file),
        )
        # Without ANALYZE the server would plan for empty tables, until it has counted the rows itself.
        last = f"SET search_path TO public; {afterwards} ANALYZE;"
        steps[2].write_text(last, encoding="utf-8")
        server.run(
            "psql",
            "--no-psqlrc",
            "--quiet",
            "--single-transaction",
            "--set=ON_ERROR_STOP=1",
            "--output=/dev/null",
            *(f"--file={step}" for step in steps),
            f"--dbname={server.address}",
        )

    def tables(self) -> Tables:
        """Read all tables in one snapshot."""
        server = _server()
        with psycopg.connect(server.address, password=server.password) as ours:
            ours.isolation_level = psycopg.IsolationLevel.REPEATABLE_READ
            return _tables_on_server(ours)


# --- SQLite -----------------------------------------------------------------------------------


@contextlib.contextmanager
def _opened(path: Path) -> Iterator[sqlite3.Connection]:
    with contextlib.closing(sqlite3.connect(path, timeout=4, isolation_level=None)) as opened:
        yield opened


def _tables_of(opened: sqlite3.Connection) -> Tables:
    names = opened.execute(
        "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%'"
    ).fetchall()
    return {
        name: fingerprint(repr(row).encode() for row in opened.execute(f'SELECT * FROM "{name}"'))  # noqa: S608
        for (name,) in names
    }


# --- PostgreSQL -------------------------------------------------------------------------------


# How to reach a server, in words that its own programs know. psycopg brings a newer library, and adds
# some that older programs refuse.
UNDERSTOOD = {
    *("host", "hostaddr", "port", "dbname", "user", "passfile", "service", "connect_timeout"),
    *("sslmode", "sslcert", "sslkey", "sslrootcert", "sslcrl"),
}


class _Server(NamedTuple):
    """How to reach the server, and its version."""

    address: str
    password: str
    version: int

    def run(self, program: str, *arguments: str) -> None:
        """Run one of PostgreSQL's own programs. Raises CommandError with what it said."""
        path = _program(program)
        printed = subprocess.run([path, "--version"], capture_output=True, text=True, check=True)  # noqa: S603
        version = re.search(r"\) (\d+)", printed.stdout)
        if not version or int(version[1]) != self.version:
            raise CommandError(
                f"The server is PostgreSQL {self.version}, and {path} says: "
                f"{printed.stdout.strip()}. Install the programs of PostgreSQL {self.version} and "
                "put their folder first on PATH."
            )
        # The password is not on the command line, which other accounts can read.
        environment: Mapping[str, str] = {
            **os.environ,
            "PGPASSWORD": self.password,
            "PGTZ": "UTC",
        }
        done = subprocess.run(  # noqa: S603
            [path, *arguments], env=environment, capture_output=True, text=True, check=False
        )
        if done.returncode:
            raise CommandError(f"{program} failed: {done.stderr.strip()}")


def _server() -> _Server:
    connection.ensure_connection()
    info = connection.connection.info
    known = {name: value for name, value in info.get_parameters().items() if name in UNDERSTOOD}
    address = conninfo.make_conninfo(**known, options=PATIENT)
    return _Server(address, info.password, info.server_version // 10000)


def _program(name: str) -> str:
    path = shutil.which(name)
    if path is None:
        raise CommandError(
            f"{name} is not on PATH. Install the programs of PostgreSQL, of the server’s version."
        )
    return path


def _names_on_server(ours: "psycopg.Connection[tuple[str, ...]]") -> list[str]:
    names = ours.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")
    return [name for (name,) in names.fetchall()]


def _tables_on_server(ours: "psycopg.Connection[tuple[str, ...]]") -> Tables:
    return {name: fingerprint(_rows(ours, name)) for name in _names_on_server(ours)}


def _rows(ours: "psycopg.Connection[tuple[str, ...]]", table: str) -> Iterator[bytes]:
    """The rows as the server copies them out, one a line."""
    query = sql.SQL("COPY {} TO STDOUT").format(sql.Identifier("public", table))
    with ours.cursor() as cursor, cursor.copy(query) as copied:
        while row := copied.read():
            yield bytes(row)


def _first(ours: "psycopg.Connection[tuple[str, ...]]", query: str) -> str:
    row = ours.execute(query).fetchone()
    return str(row[0]) if row else ""
