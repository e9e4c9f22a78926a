"""What staff arrange seldom and patients' pages read often, kept in each process.

Questions, topics, clinicians with their sessions, shared places: whatever changes a table of these
gives the one row of `procedures_arranged` a new token, by a trigger, in the same transaction. Whoever
reads the token first, and then what was kept under it, reads what is arranged now, on every host.
Tokens are drawn and not counted: a number that was rolled back would come again for something else.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from copy import copy
from functools import lru_cache, wraps
from typing import ParamSpec, TypeVar

from django.db import connection
from django.db.backends.base.schema import BaseDatabaseSchemaEditor

Asked = ParamSpec("Asked")
Row = TypeVar("Row")

TABLE = "procedures_arranged"
ANSWERS_KEPT = 128
# The token that was read in this view, once it has been.
_read: ContextVar[list[str] | None] = ContextVar("read", default=None)
NEW_TOKEN = {
    "postgresql": f"UPDATE {TABLE} SET token = gen_random_uuid()",  # noqa: S608 -- our own name
    "sqlite": f"UPDATE {TABLE} SET token = hex(randomblob(16))",  # noqa: S608
}


def kept(read: Callable[Asked, Iterable[Row]]) -> Callable[Asked, list[Row]]:
    """As `read`, but an answer is given again as long as nothing was arranged differently.

    `read` may read only tables that are watched, and depend on nothing else than what it is asked.
    Everybody gets rows of their own: what one changes or reads beside them, nobody else sees.
    """

    @lru_cache(maxsize=ANSWERS_KEPT)
    def known(_token: str, *args: Asked.args, **kwargs: Asked.kwargs) -> tuple[Row, ...]:
        return tuple(read(*args, **kwargs))

    @wraps(read)
    def answer(*args: Asked.args, **kwargs: Asked.kwargs) -> list[Row]:
        if token := current():
            # mypy does not know that everything asked for can be hashed.
            return [copy(row) for row in known(token, *args, **kwargs)]  # type: ignore[arg-type]
        return list(read(*args, **kwargs))

    return answer


@contextmanager
def as_it_begins() -> Iterator[None]:
    """Answer everything inside as it is arranged when it is first asked, with one look at the token.

    Only for a view that writes to none of the watched tables: it would keep what it may yet roll back.
    """
    outside = _read.set([])
    try:
        yield
    finally:
        _read.reset(outside)


def current() -> str:
    """The token of what is arranged now; empty if there is none, and then nothing is kept."""
    read = _read.get()
    if read:
        return read[0]
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT token FROM {TABLE}")  # noqa: S608
        row = cursor.fetchone()
    token = str(row[0]) if row else ""
    if read is not None:
        read.append(token)
    return token


def begin(schema_editor: BaseDatabaseSchemaEditor) -> None:
    """Make the table with its one row."""
    schema_editor.execute(f"CREATE TABLE {TABLE} (token text NOT NULL)")
    schema_editor.execute(f"INSERT INTO {TABLE} (token) VALUES ('')")  # noqa: S608
    vendor = schema_editor.connection.vendor
    schema_editor.execute(NEW_TOKEN[vendor])
    if vendor == "postgresql":
        schema_editor.execute(
            "CREATE OR REPLACE FUNCTION draw_token() RETURNS trigger LANGUAGE plpgsql AS "
            f"$$ BEGIN {NEW_TOKEN[vendor]}; RETURN NULL; END $$"
        )


def end(schema_editor: BaseDatabaseSchemaEditor) -> None:
    """Remove the table. Nothing may be watched any more."""
    schema_editor.execute(f"DROP TABLE {TABLE}")
    if schema_editor.connection.vendor == "postgresql":
        schema_editor.execute("DROP FUNCTION draw_token()")


def watch(schema_editor: BaseDatabaseSchemaEditor, table: str, columns: Sequence[str] = ()) -> None:
    """Create triggers that draw a new token with every change of the table.

    With `columns`, an UPDATE that sets none of them does not count. On SQLite a table that is rebuilt,
    as by AddField, loses its triggers, and has to be watched again in the same migration. Nothing is
    remembered of what it was before.
    """
    look_away(schema_editor, table)
    schema_editor.execute(NEW_TOKEN[schema_editor.connection.vendor])
    update = f"UPDATE OF {', '.join(columns)}" if columns else "UPDATE"
    if schema_editor.connection.vendor == "postgresql":
        schema_editor.execute(
            f"CREATE TRIGGER {table}_arranged AFTER INSERT OR {update} OR DELETE OR TRUNCATE "
            f"ON {table} FOR EACH STATEMENT EXECUTE FUNCTION draw_token()"
        )
        return
    for name, change in (("insert", "INSERT"), ("update", update), ("delete", "DELETE")):
        schema_editor.execute(
            f"CREATE TRIGGER {table}_arranged_{name} AFTER {change} ON {table} "
            f"BEGIN {NEW_TOKEN['sqlite']}; END"
        )


def watched() -> set[str]:
    """The tables with a trigger for each kind of change."""
    if connection.vendor == "postgresql":
        kinds = {"_arranged"}
        names = "SELECT tgname FROM pg_trigger WHERE tgname LIKE '%_arranged'"
    else:
        kinds = {"_arranged_insert", "_arranged_update", "_arranged_delete"}
        names = "SELECT name FROM sqlite_master WHERE type = 'trigger' AND name LIKE '%_arranged_%'"
    with connection.cursor() as cursor:
        cursor.execute(names)
        found = {name for (name,) in cursor.fetchall()}
    tables = {name.rpartition("_arranged")[0] for name in found}
    return {table for table in tables if {f"{table}{kind}" for kind in kinds} <= found}


def draw() -> None:
    """Draw a new token, so that no process gives an answer from before."""
    with connection.cursor() as cursor:
        cursor.execute(NEW_TOKEN[connection.vendor])


def look_away(schema_editor: BaseDatabaseSchemaEditor, table: str) -> None:
    """Remove the triggers."""
    if schema_editor.connection.vendor == "postgresql":
        schema_editor.execute(f"DROP TRIGGER IF EXISTS {table}_arranged ON {table}")
        return
    for name in ("insert", "update", "delete"):
        schema_editor.execute(f"DROP TRIGGER IF EXISTS {table}_arranged_{name}")
