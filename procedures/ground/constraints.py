"""What the database itself refuses, beyond what Django's models can say. For both apps."""

from collections.abc import Sequence

from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.models import CheckConstraint, Q

REFUSAL = "append-only: rows of this table are never changed or deleted"
# What is in a text that has been emptied, and may not be blank.
EMPTIED = "[erased]"


def paired(stem: str, when: str = "at") -> CheckConstraint:
    """A constraint that refuses a time without a person, and a person without a time."""
    moment, person = f"{stem}_{when}", f"{stem}_by"
    return CheckConstraint(
        condition=Q(**{f"{moment}__isnull": True, f"{person}__isnull": True})
        | Q(**{f"{moment}__isnull": False, f"{person}__isnull": False}),
        name=f"%(app_label)s_%(class)s_{stem}_{when}_by",
        violation_error_message="Record both the time and the person, or neither.",
    )


def make_append_only(
    schema_editor: BaseDatabaseSchemaEditor,
    table: str,
    set_once: Sequence[str] = (),
    replaceable: Sequence[str] = (),
    erasable: Sequence[str] = (),
) -> None:
    """Create triggers that refuse to change or delete a row, on PostgreSQL and on SQLite.

    The columns `set_once`, all empty at first, may be filled together in one later UPDATE that
    leaves the others unchanged; the first of them shows whether that has happened. An UPDATE of
    nothing but the columns `replaceable` is always allowed, and so is one that only empties texts of
    the columns `erasable`: nobody can put other words in their place.

    TRUNCATE, and on SQLite an INSERT that would replace a row, bypass row triggers: refused too.
    """
    ways = [
        _allowed(schema_editor, table, set_once, replaceable),
        _erases(schema_editor, table, erasable),
    ]
    allowed = " OR ".join(f"({each})" for each in ways if each) or "FALSE"
    if schema_editor.connection.vendor == "postgresql":
        schema_editor.execute(
            "CREATE OR REPLACE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS "
            f"$$ BEGIN RAISE EXCEPTION '{REFUSAL}'; END $$"
        )
        for change, extent in (
            ("UPDATE", f"ROW WHEN (NOT ({allowed}))"),
            ("DELETE", "ROW"),
            ("TRUNCATE", "STATEMENT"),
        ):
            schema_editor.execute(
                f"CREATE TRIGGER {table}_no_{change.lower()} BEFORE {change} ON {table} "
                f"FOR EACH {extent} EXECUTE FUNCTION refuse_change()"
            )
        return
    for name, change, condition in (
        ("update", "UPDATE", f"WHEN NOT ({allowed})"),
        ("delete", "DELETE", ""),
        ("replace", "INSERT", f"WHEN {_takes_a_place(schema_editor, table)}"),
    ):
        schema_editor.execute(
            f"CREATE TRIGGER {table}_no_{name} BEFORE {change} ON {table} {condition} "
            f"BEGIN SELECT RAISE(ABORT, '{REFUSAL}'); END"
        )


def _allowed(
    schema_editor: BaseDatabaseSchemaEditor,
    table: str,
    set_once: Sequence[str],
    replaceable: Sequence[str],
) -> str:
    """The SQL condition under which an UPDATE fills or replaces what it may; empty if nothing may be."""
    if not set_once and not replaceable:
        return ""
    filled = (
        [f'OLD."{set_once[0]}" IS NULL', f'NEW."{set_once[0]}" IS NOT NULL'] if set_once else []
    )
    return " AND ".join(filled + _unchanged(schema_editor, table, {*set_once, *replaceable}))


def _erases(schema_editor: BaseDatabaseSchemaEditor, table: str, erasable: Sequence[str]) -> str:
    """The SQL condition under which an UPDATE only empties texts; empty if none may be."""
    if not erasable:
        return ""
    same = _same(schema_editor)
    emptied = [
        f"""(NEW."{name}" IN ('', '{EMPTIED}') OR NEW."{name}" {same} OLD."{name}")"""
        for name in erasable
    ]
    return " AND ".join(emptied + _unchanged(schema_editor, table, {*erasable}))


def _unchanged(schema_editor: BaseDatabaseSchemaEditor, table: str, besides: set[str]) -> list[str]:
    """The SQL conditions that all other columns stay as they are."""
    connection = schema_editor.connection
    with connection.cursor() as cursor:
        description = connection.introspection.get_table_description(cursor, table)
    others = [column.name for column in description if column.name not in besides]
    return [f'NEW."{name}" {_same(schema_editor)} OLD."{name}"' for name in others]


def _same(schema_editor: BaseDatabaseSchemaEditor) -> str:
    """The operator for equal, where NULL is equal to NULL."""
    return "IS NOT DISTINCT FROM" if schema_editor.connection.vendor == "postgresql" else "IS"


def _takes_a_place(schema_editor: BaseDatabaseSchemaEditor, table: str) -> str:
    """The SQL condition under which an INSERT meets a row that INSERT OR REPLACE would remove."""
    connection = schema_editor.connection
    with connection.cursor() as cursor:
        constraints = connection.introspection.get_constraints(cursor, table).values()
    unique = [each["columns"] for each in constraints if each["unique"] or each["primary_key"]]
    same = [" AND ".join(f'"{name}" = NEW."{name}"' for name in columns) for columns in unique]
    return f"EXISTS (SELECT 1 FROM {table} WHERE {' OR '.join(f'({each})' for each in same)})"  # noqa: S608


def allow_changes(schema_editor: BaseDatabaseSchemaEditor, table: str) -> None:
    """Remove the triggers."""
    where = f" ON {table}" if schema_editor.connection.vendor == "postgresql" else ""
    for name in ("append_only", "no_update", "no_delete", "no_truncate", "no_replace"):
        schema_editor.execute(f"DROP TRIGGER IF EXISTS {table}_{name}{where}")
