"""Databases with every migration applied: that takes many seconds, and copying one takes none."""

import ast
import contextlib
import fcntl
import functools
import hashlib
import os
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import psycopg
from django.apps import apps
from django.core.management.color import no_style
from django.db import connection
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.migrations.executor import MigrationExecutor
from psycopg import sql

from tests import clock

ROOT = Path(__file__).parent.parent
KEPT_IN = ROOT / "var" / "tests"
APPS = ("bookings", "clinic_site", "procedures")
# Where a migration begins: its own code, the models, the groups granted after it, and libraries.
MIGRATES = (
    "*/migrations/*.py",
    "*/models/*.py",
    "clinic_site/groups.py",
    "clinic_site/settings.py",
    "requirements*.txt",
)
# What the demonstration is made of.
TELLS = (*(f"{app}/**/*.*" for app in APPS), "static/**/*.*", "templates/**/*.*")


def migrate_here(to: list[tuple[str, str]] | None = None) -> None:
    """Migrate the database of this test to this state, or to the newest."""
    executor = MigrationExecutor(connection)
    executor.migrate(to or executor.loader.graph.leaf_nodes())


def like(patterns: tuple[str, ...]) -> set[Path]:
    """The files with such names, without what Python compiled."""
    found = {file for pattern in patterns for file in ROOT.glob(pattern)}
    return {file for file in found if file.suffix != ".pyc" and file.is_file()}


def used_by(patterns: tuple[str, ...]) -> set[Path]:
    """These files, and every module of ours that they import, however indirectly."""
    used: set[Path] = set()
    left = like(patterns)
    while left:
        file = left.pop()
        used.add(file)
        if file.suffix == ".py":
            left |= set(_imported(file)) - used
    return used


def _imported(file: Path) -> Iterator[Path]:
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        names = [each.name for each in getattr(node, "names", ()) if isinstance(each, ast.alias)]
        if isinstance(node, ast.ImportFrom):
            names = [f"{node.module}.{name}" for name in names] + [str(node.module)]
        for name in names:
            path = ROOT.joinpath(*name.split("."))
            found = [path.with_suffix(".py"), path / "__init__.py"]
            yield from (each for each in found if name.startswith(APPS) and each.exists())


def fingerprint(files: set[Path], moment: str) -> str:
    """It changes with these files, and so with what they make of an empty database then."""
    content = hashlib.sha256(moment.encode())
    for file in sorted(files):
        content.update(str(file.relative_to(ROOT)).encode() + b"\0" + file.read_bytes() + b"\0")
    return content.hexdigest()[:16]


@functools.cache
def migrated() -> Path:
    """An up-to-date SQLite database, to copy from."""
    with kept("migrated.sqlite3", used_by(MIGRATES)) as file:
        if not file.exists():
            with unfinished(file) as made:
                migrate(f"sqlite:///{made}")
    return file


@functools.cache
def demonstration() -> Path:
    """The same with the demonstration, as it is loaded at the moment at which tests begin."""
    moment = clock.start()
    told = like((*MIGRATES, *TELLS))
    with kept("demonstration.sqlite3", told, moment.isoformat()) as file:
        if not file.exists():
            with unfinished(file) as made:
                copy(migrated(), made)
                url = f"sqlite:///{made}"
                ahead = str(clock.ahead(moment))
                manage(url, "-m", "tests.clock", ahead, "manage.py", "load_demo")
    return file


def copy(original: Path, file: Path) -> None:
    """Make that SQLite file a copy, which nobody has open."""
    for beside in ("-wal", "-shm"):
        file.with_name(file.name + beside).unlink(missing_ok=True)
    shutil.copyfile(original, file)
    file.chmod(0o600)


def overwrite(connection: BaseDatabaseWrapper, original: Path) -> None:
    """Put the rows of that SQLite file in place of those that a connection reaches."""
    connection.ensure_connection()
    in_memory(original).backup(connection.connection)


@functools.cache
def in_memory(original: Path) -> sqlite3.Connection:
    """What is in that file, read once: a run of newer code may delete it."""
    memory = sqlite3.connect(":memory:")
    with contextlib.closing(sqlite3.connect(f"file:{original}?mode=ro", uri=True)) as file:
        file.backup(memory)
    return memory


def migrated_database(server: str, name: str) -> None:
    """Make an up-to-date PostgreSQL database of that name on the server with that address."""
    url = urlsplit(server)._replace(path=f"/{name}").geturl()
    with psycopg.connect(server, autocommit=True) as connection:
        quoted = sql.Identifier(name)
        connection.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(quoted))
        connection.execute(sql.SQL("CREATE DATABASE {}").format(quoted))
    with kept("migrated.sql", used_by(MIGRATES)) as dump:
        if dump.exists():
            run("psql", "--quiet", "--set=ON_ERROR_STOP=1", f"--file={dump}", f"--dbname={url}")
            return
        migrate(url)
        with unfinished(dump) as made:
            run("pg_dump", "--no-owner", f"--file={made}", f"--dbname={url}")


def put_rows_back(connection: BaseDatabaseWrapper) -> None:
    """Leave in that PostgreSQL database what its migrations put there, and nothing else."""
    rows = first_rows(connection.settings_dict["NAME"])
    connection.ensure_connection()
    database = connection.connection
    with database.transaction(), database.cursor() as cursor:
        # Neither triggers nor foreign keys: append-only tables are emptied too, in any order.
        cursor.execute("SET LOCAL session_replication_role = replica")
        cursor.execute("; ".join(f'DELETE FROM "{table}"' for table in rows))
        for table, content in rows.items():
            if content:
                with cursor.copy(f'COPY "{table}" FROM STDIN') as copy:
                    copy.write(content)
        # A test that brings rows with their numbers may have set back what is counted on from.
        there = [each for each in apps.get_models() if rows.get(each._meta.db_table)]
        cursor.execute("; ".join(connection.ops.sequence_reset_sql(no_style(), there)))


@functools.cache
def first_rows(name: str) -> dict[str, bytes]:
    """What is in each table of a database on the server of DATABASE_URL, before the first test."""
    url = urlsplit(os.environ["DATABASE_URL"])._replace(path=f"/{name}").geturl()
    tables = "SELECT tablename FROM pg_tables WHERE schemaname = 'public'"
    rows = {}
    with psycopg.connect(url) as database, database.cursor() as cursor:
        for (table,) in cursor.execute(tables).fetchall():
            with cursor.copy(f'COPY "{table}" TO STDOUT') as copy:
                rows[table] = b"".join(copy)
    return rows


@contextlib.contextmanager
def kept(name: str, decided_by: set[Path], moment: str = "") -> Iterator[Path]:
    """The file of that name for the code as it is, which the first to come makes.

    The others wait. Those for older code are deleted.
    """
    file = KEPT_IN / f"{fingerprint(decided_by, moment)}-{name}"
    KEPT_IN.mkdir(exist_ok=True)
    with (KEPT_IN / f"{name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        for old in set(KEPT_IN.glob(f"*-{name}")) - {file}:
            old.unlink()
        yield file


@contextlib.contextmanager
def unfinished(file: Path) -> Iterator[Path]:
    """Another name for the file, until it is complete."""
    made = file.with_name(f"unfinished-{file.name}")
    made.unlink(missing_ok=True)
    yield made
    made.rename(file)


def migrate(url: str) -> None:
    """Bring that database up to date."""
    manage(url, "manage.py", "migrate", "--verbosity", "0")


def manage(url: str, *command: str) -> None:
    """Run Python on that database, from the root of the project, in a process of its own."""
    run(sys.executable, *command, DJANGO_SETTINGS_MODULE="tests.settings", DATABASE_URL=url)


def run(*command: str, **environment: str) -> None:
    """Run a command from the root of the project; CalledProcessError if it fails."""
    subprocess.run(
        command,
        cwd=ROOT,
        env={**os.environ, **environment},
        stdout=subprocess.DEVNULL,
        check=True,
    )
