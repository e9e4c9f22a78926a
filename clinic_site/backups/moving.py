"""Moves everything from the SQLite file into an empty PostgreSQL: all of it or nothing.

Both sides are read through the models, so a row has the same hash on either.
"""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from datetime import datetime, timedelta
from itertools import islice
from typing import Any

from django.apps import apps
from django.conf import settings
from django.core.management.base import CommandError
from django.core.management.color import no_style
from django.db import DEFAULT_DB_ALIAS, Error, connection, connections, transaction
from django.db.models import Field, Model, QuerySet

from bookings.models import WorkerRun
from clinic_site.backups.databases import EMPTY, Tables
from clinic_site.backups.fingerprints import differences, fingerprint
from clinic_site.backups.restored import leave_behind
from clinic_site.environment import POSTGRESQL
from procedures.ground.migrations_due import migrations_due

TARGET = "moved_to"
AT_A_TIME = 500
# The worker notes each minute that it runs.
STILL_RUNNING = timedelta(minutes=3)


def move(url: str, address: dict[str, Any], now: datetime) -> Tables:
    """Copy every table to the PostgreSQL at this address, given in both forms, and compare them.

    The SQLite file cannot be written to meanwhile, and is quiet afterwards. Raises CommandError, and
    then PostgreSQL is as empty as before.
    """
    _refuse_unless_it_can_begin(address, now)
    connections.databases[TARGET] = connections.databases[DEFAULT_DB_ALIAS] | {
        **address,
        "OPTIONS": {**address.get("OPTIONS", {}), "options": "-c statement_timeout=0"},
    }
    target = connections[TARGET]
    try:
        if target.introspection.table_names():
            raise CommandError("That database is not empty. Create an empty one.")
        try:
            # IMMEDIATE: nobody else writes to the file until this is over.
            with transaction.atomic():
                _make_tables(url)
                with transaction.atomic(using=TARGET):
                    tables = _copy_and_compare(target)
                leave_behind(now)
        except (Error, CommandError) as fault:
            with target.cursor() as cursor:
                cursor.execute(EMPTY)
            raise CommandError(
                f"Nothing was moved, and PostgreSQL is empty again: {str(fault).strip()}"
            ) from None
    finally:
        target.close()
        del connections[TARGET], connections.databases[TARGET]
    return tables


def _refuse_unless_it_can_begin(address: dict[str, Any], now: datetime) -> None:
    if connection.vendor != "sqlite":
        raise CommandError("DATABASE_URL has to name the SQLite file that is to be moved.")
    if address.get("ENGINE") != POSTGRESQL:
        raise CommandError("--to has to name a PostgreSQL: postgres://user:password@host/name.")
    if migrations_due():
        raise CommandError("The SQLite file is older than the code. Run manage.py migrate first.")
    run = WorkerRun.objects.first()
    if run and run.ran_at > now - STILL_RUNNING:
        raise CommandError(
            "The worker has run in the last 3 minutes. Stop it and the web server, and wait so long."
        )


def _make_tables(url: str) -> None:
    """Migrate the target in a process of its own: migrations of data write to the default database."""
    done = subprocess.run(
        [sys.executable, "manage.py", "migrate", "--verbosity=0", "--no-input"],
        cwd=settings.BASE_DIR,
        env={**os.environ, "DATABASE_URL": url},
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise CommandError(f"Its tables could not be made: {done.stderr.strip()}")


def _copy_and_compare(target: Any) -> Tables:
    """Copy all rows within one transaction, and set the sequences after the highest numbers."""
    models = [
        model
        for model in apps.get_models(include_auto_created=True)
        if model._meta.managed and not model._meta.proxy
    ]
    with target.cursor() as cursor:
        for model in models:  # what the migrations put there; foreign keys wait for the commit
            cursor.execute(f'DELETE FROM "{model._meta.db_table}"')  # noqa: S608
        for model in models:
            _copy(model, target, cursor)
        for statement in target.ops.sequence_reset_sql(no_style(), models):
            cursor.execute(statement)
        cursor.execute("ANALYZE")  # or the server plans for empty tables until it has counted them
    ours, theirs = (_tables(models, alias) for alias in (DEFAULT_DB_ALIAS, TARGET))
    if found := differences(ours, theirs):
        raise CommandError("; ".join(found))
    return theirs


def _copy(model: type[Model], target: Any, cursor: Any) -> None:
    fields: list[Field[Any, Any]] = list(model._meta.concrete_fields)
    names = ", ".join(f'"{field.column}"' for field in fields)
    values = ", ".join(["%s"] * len(fields))
    insert = f'INSERT INTO "{model._meta.db_table}" ({names}) VALUES ({values})'  # noqa: S608
    rows = _rows(model, DEFAULT_DB_ALIAS)
    while some := list(islice(rows, AT_A_TIME)):
        ready = [
            [
                field.get_db_prep_save(value, target)
                for field, value in zip(fields, row, strict=True)
            ]
            for row in some
        ]
        cursor.executemany(insert, ready)


def _rows(model: type[Model], alias: str) -> Iterator[tuple[Any, ...]]:
    """Every row as the models read it."""
    names = [field.attname for field in model._meta.concrete_fields]
    everything: QuerySet[Any, tuple[Any, ...]] = (
        QuerySet(model, using=alias).order_by("pk").values_list(*names)
    )
    return iter(everything.iterator(chunk_size=AT_A_TIME))


def _tables(models: list[type[Model]], alias: str) -> Tables:
    return {
        model._meta.db_table: fingerprint(_canonical(row) for row in _rows(model, alias))
        for model in models
    }


def _canonical(row: tuple[Any, ...]) -> bytes:
    """The same bytes for equal values, whichever database they are from."""
    return json.dumps(row, sort_keys=True, default=_in_words).encode()


def _in_words(value: Any) -> str:
    return bytes(value).hex() if isinstance(value, bytes | memoryview) else str(value)
