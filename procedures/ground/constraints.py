"""What the database itself refuses, beyond what Django's models can say. For both apps."""

from collections.abc import Sequence

from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.models import CheckConstraint, Q

REFUSAL = "append-only: rows of this table are never changed or deleted"


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
) -> None:
    """Create triggers that refuse to change or delete a row, on PostgreSQL and on SQLite.

    The columns `set_once`, all empty at first, may be filled together in one later UPDATE that
    leaves the others unchanged; the first of them shows whether that has happened. An UPDATE of
    nothing but the columns `replaceable` is always allowed.

    Statements that bypass row triggers are refused too: TRUNCATE on PostgreSQL, and on SQLite an
    INSERT that would replace a row.
    """
    allowed = _allowed(schema_editor, table, set_once, replaceable)
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
    """The SQL condition under which an UPDATE is allowed."""
    if not set_once and not replaceable:
        return "FALSE"
    connection = schema_editor.connection
    with connection.cursor() as cursor:
        description = connection.introspection.get_table_description(cursor, table)
    others = [column.name for column in description if column.name not in {*set_once, *replaceable}]
    # Equal, and NULL is equal to NULL.
    same = "IS NOT DISTINCT FROM" if connection.vendor == "postgresql" else "IS"
    unchanged = [f'NEW."{name}" {same} OLD."{name}"' for name in others]
    filled = (
        [f'OLD."{set_once[0]}" IS NULL', f'NEW."{set_once[0]}" IS NOT NULL'] if set_once else []
    )
    return " AND ".join(filled + unchanged)


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
