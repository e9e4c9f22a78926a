"""Operations of migrations that do not keep the running site waiting (decision 144).

Use them in a migration of its own with `atomic = False`. PostgreSQL then builds an index beside whoever
writes, and looks at the rows for a constraint after it has taken and given back the lock. SQLite has
one writer anyway, and does the usual thing.
"""

from typing import Any

from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.migrations import AddConstraint, AddIndex, RemoveIndex
from django.db.migrations.state import ProjectState


class AddIndexWhileRunning(AddIndex):
    """Add an index."""

    atomic = False

    def database_forwards(
        self,
        app_label: str,
        schema_editor: BaseDatabaseSchemaEditor,
        from_state: ProjectState,
        to_state: ProjectState,
    ) -> None:
        """Build it; on PostgreSQL concurrently."""
        if schema_editor.connection.vendor != "postgresql":
            super().database_forwards(app_label, schema_editor, from_state, to_state)
            return
        editor: Any = schema_editor
        editor.add_index(
            to_state.apps.get_model(app_label, self.model_name), self.index, concurrently=True
        )


class RemoveIndexWhileRunning(RemoveIndex):
    """Remove an index."""

    atomic = False

    def database_forwards(
        self,
        app_label: str,
        schema_editor: BaseDatabaseSchemaEditor,
        from_state: ProjectState,
        to_state: ProjectState,
    ) -> None:
        """Remove it; on PostgreSQL concurrently."""
        if schema_editor.connection.vendor != "postgresql":
            super().database_forwards(app_label, schema_editor, from_state, to_state)
            return
        editor: Any = schema_editor
        state = from_state.models[app_label, self.model_name_lower]
        model = from_state.apps.get_model(app_label, self.model_name)
        editor.remove_index(model, state.get_index_by_name(self.name), concurrently=True)


class AddConstraintWhileRunning(AddConstraint):
    """Add a check constraint."""

    def database_forwards(
        self,
        app_label: str,
        schema_editor: BaseDatabaseSchemaEditor,
        from_state: ProjectState,
        to_state: ProjectState,
    ) -> None:
        """Add it; on PostgreSQL for new rows first, and then for those that are there."""
        if schema_editor.connection.vendor != "postgresql":
            super().database_forwards(app_label, schema_editor, from_state, to_state)
            return
        model = to_state.apps.get_model(app_label, self.model_name)
        added = self.constraint.create_sql(model, schema_editor)
        table = schema_editor.quote_name(model._meta.db_table)
        name = schema_editor.quote_name(self.constraint.name)
        schema_editor.execute(f"{added} NOT VALID", params=None)
        schema_editor.execute(f"ALTER TABLE {table} VALIDATE CONSTRAINT {name}", params=None)
