"""What the database itself refuses, beyond what Django's models can say. For both apps."""

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


def make_append_only(schema_editor: BaseDatabaseSchemaEditor, table: str) -> None:
    """Triggers that refuse UPDATE and DELETE on a table, on PostgreSQL and on SQLite."""
    if schema_editor.connection.vendor == "postgresql":
        schema_editor.execute(
            "CREATE OR REPLACE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS "
            f"$$ BEGIN RAISE EXCEPTION '{REFUSAL}'; END $$"
        )
        schema_editor.execute(
            f"CREATE TRIGGER {table}_append_only BEFORE UPDATE OR DELETE ON {table} "
            "FOR EACH ROW EXECUTE FUNCTION refuse_change()"
        )
        return
    for change in ("UPDATE", "DELETE"):
        schema_editor.execute(
            f"CREATE TRIGGER {table}_no_{change.lower()} BEFORE {change} ON {table} "
            f"BEGIN SELECT RAISE(ABORT, '{REFUSAL}'); END"
        )


def allow_changes(schema_editor: BaseDatabaseSchemaEditor, table: str) -> None:
    """Take the triggers away again."""
    if schema_editor.connection.vendor == "postgresql":
        schema_editor.execute(f"DROP TRIGGER IF EXISTS {table}_append_only ON {table}")
        return
    for change in ("update", "delete"):
        schema_editor.execute(f"DROP TRIGGER IF EXISTS {table}_no_{change}")
