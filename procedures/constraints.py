"""What the database itself refuses, beyond what Django's models can say. For both apps."""

from collections.abc import Sequence

from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.models import CheckConstraint, Q

REFUSAL = "append-only: rows of this table are never changed or deleted"


def paired(stem: str, when: str = "at") -> CheckConstraint:
    """The database refuses a moment without its person, and a person without the moment."""
    moment, person = f"{stem}_{when}", f"{stem}_by"
    return CheckConstraint(
        condition=Q(**{f"{moment}__isnull": True, f"{person}__isnull": True})
        | Q(**{f"{moment}__isnull": False, f"{person}__isnull": False}),
        name=f"%(app_label)s_%(class)s_{stem}_{when}_by",
        violation_error_message=f"Say both when and by whom it was {stem}, or neither.",
    )


def make_append_only(
    schema_editor: BaseDatabaseSchemaEditor, table: str, set_once: Sequence[str] = ()
) -> None:
    """Triggers that refuse UPDATE and DELETE on a table, on PostgreSQL and on SQLite.

    The columns `set_once`, all empty at first, may be filled together in one later UPDATE that leaves
    the others as they are; the first of them says whether that has happened.
    """
    allowed = _fills_once(schema_editor, table, set_once) if set_once else "FALSE"
    if schema_editor.connection.vendor == "postgresql":
        schema_editor.execute(
            "CREATE OR REPLACE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS "
            f"$$ BEGIN RAISE EXCEPTION '{REFUSAL}'; END $$"
        )
        for change, condition in (("UPDATE", f"WHEN (NOT ({allowed}))"), ("DELETE", "")):
            schema_editor.execute(
                f"CREATE TRIGGER {table}_no_{change.lower()} BEFORE {change} ON {table} "
                f"FOR EACH ROW {condition} EXECUTE FUNCTION refuse_change()"
            )
        return
    for change, condition in (("UPDATE", f"WHEN NOT ({allowed})"), ("DELETE", "")):
        schema_editor.execute(
            f"CREATE TRIGGER {table}_no_{change.lower()} BEFORE {change} ON {table} {condition} "
            f"BEGIN SELECT RAISE(ABORT, '{REFUSAL}'); END"
        )


def _fills_once(
    schema_editor: BaseDatabaseSchemaEditor, table: str, set_once: Sequence[str]
) -> str:
    """The SQL condition under which an UPDATE only fills the columns that are set once."""
    connection = schema_editor.connection
    with connection.cursor() as cursor:
        description = connection.introspection.get_table_description(cursor, table)
    others = [column.name for column in description if column.name not in set_once]
    # Equal, and NULL is equal to NULL.
    same = "IS NOT DISTINCT FROM" if connection.vendor == "postgresql" else "IS"
    unchanged = [f'NEW."{name}" {same} OLD."{name}"' for name in others]
    filled = [f'OLD."{set_once[0]}" IS NULL', f'NEW."{set_once[0]}" IS NOT NULL']
    return " AND ".join(filled + unchanged)


def allow_changes(schema_editor: BaseDatabaseSchemaEditor, table: str) -> None:
    """Take the triggers away again."""
    where = f" ON {table}" if schema_editor.connection.vendor == "postgresql" else ""
    for name in ("append_only", "no_update", "no_delete"):
        schema_editor.execute(f"DROP TRIGGER IF EXISTS {table}_{name}{where}")
