"""A database of the release before this one, with a whole demonstration in it, and today's code.

It takes the old code out of the history of this repository, and lets it make and fill a database as that
release did. Each database is tried in its own run of the suite.
"""

import contextlib
import os
import sqlite3
import subprocess
import sys
import tarfile
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path
from typing import Any

import psycopg
import pytest
from django.conf import settings as ours
from django.db import connection

from tests import processes, served

pytestmark = pytest.mark.full

# The last commit of 0.1.0, and its newest migrations.
PREVIOUS = "bb8a56c"
HEADS = {("bookings", "0019_found_by"), ("procedures", "0007_sealed_events")}
# What a later migration takes away on purpose: it is made anew from the other columns.
TAKEN_AWAY = {("bookings_appointmentrequest", "found_by")}
TABLES = {
    "sqlite": "SELECT name FROM sqlite_master WHERE type = 'table'",
    "postgresql": "SELECT tablename FROM pg_tables WHERE schemaname = 'public'",
}


@pytest.fixture(scope="module")
def old_code(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The code of the release before."""
    folder = tmp_path_factory.mktemp("previous")
    archive = subprocess.run(
        ["git", "archive", PREVIOUS], cwd=processes.ROOT, capture_output=True, check=False
    )
    if archive.returncode:
        pytest.skip("the history of this repository is not here")
    with tarfile.open(fileobj=BytesIO(archive.stdout)) as files:
        files.extractall(folder, filter="data")
    (folder / "var").mkdir(exist_ok=True)
    return folder


@pytest.fixture
def url(tmp_path: Path) -> Iterator[str]:
    """An empty database of the kind that this run is about."""
    if connection.vendor == "sqlite":
        yield f"sqlite:///{tmp_path}/clinic.sqlite3"
        return
    with served.postgresql(tmp_path) as server:
        yield server.get_uri()


def query(url: str, sql: str) -> tuple[list[str], list[Any]]:
    """The names of the columns, and the rows in an order that depends on nothing."""
    if url.startswith("sqlite"):
        with contextlib.closing(sqlite3.connect(url.removeprefix("sqlite:///"))) as file:
            cursor: Any = file.execute(sql)
            found = cursor.fetchall()
    else:
        with psycopg.connect(url) as server:
            cursor = server.execute(sql)
            found = cursor.fetchall()
    return [each[0] for each in cursor.description], sorted(found, key=repr)


def our_tables(url: str) -> dict[str, str]:
    """For each table of ours the columns that an upgrade has to keep."""
    ours = {}
    for (table,) in query(url, TABLES[connection.vendor])[1]:
        if table.startswith(("bookings_", "procedures_")):
            columns, _ = query(url, f"SELECT * FROM {table} LIMIT 0")
            kept = [f'"{each}"' for each in columns if (table, each) not in TAKEN_AWAY]
            ours[table] = ", ".join(kept)
    return ours


def contents(url: str, tables: dict[str, str]) -> dict[str, list[Any]]:
    return {
        table: query(url, f"SELECT {columns} FROM {table}")[1] for table, columns in tables.items()
    }


def in_the_old_code(folder: Path, url: str, *command: str) -> None:
    environment = served.production(url, ours) | {"DEVELOPMENT": "true", "PROXIES": "0"}
    environment |= {"DEMONSTRATION": "true", "DJANGO_SETTINGS_MODULE": "clinic_site.settings"}
    environment |= {"PATH": os.environ["PATH"]}
    manage = [sys.executable, "manage.py", *command]
    subprocess.run(manage, cwd=folder, env=environment, check=True, stdout=subprocess.DEVNULL)


def test_an_upgrade_from_the_previous_release_keeps_everything(old_code: Path, url: str) -> None:
    in_the_old_code(old_code, url, "migrate", "--verbosity", "0")
    assert set(query(url, "SELECT app, name FROM django_migrations")[1]) >= HEADS
    in_the_old_code(old_code, url, "load_demo")
    tables = our_tables(url)
    before = contents(url, tables)
    assert len(before["bookings_requestevent"]) > 20
    environment = served.production(url, ours)
    with served.gunicorn(environment) as port:  # which migrates
        for table, rows in contents(url, tables).items():
            assert rows == before[table], table
        assert "are whole" in served.manage("verify_pages", **environment)
        served.manage("verify_journal", **environment)
        site = served.Site(port)
        for path in ("/", "/guides/", "/search/?q=knee", "/appointments/request/", "/admin/login/"):
            assert site.ask("read", path).status == 200
