"""What a migration may do while the site runs, and while the code of the release before it still does.

squawk reads the statements that PostgreSQL would get. It knows which locks they take, and what breaks
code that does not know of the change. Django's usual way of adding a column that may not be empty is
such a change: it takes the default away again, so the old code can no longer insert a row.
"""

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.db import connection, migrations, models
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.state import ProjectState

# Up to here, the site stops for an upgrade. They are left as they are.
BASE_LINE = {"bookings": 41, "procedures": 26}
# What a later one may do all the same, with the reason: {"bookings.0042_name": {"rule": "why"}}.
QUICK = "A log has some thousand rows, and the new column is empty: milliseconds."
DOZENS = "A clinic has some dozen rooms and types of appointment: milliseconds."
FEW_ASK = "A clinic is asked about data some dozen times a year: milliseconds."
SOME_FOLLOW = "Some hundred people follow a clinic's pages: milliseconds."
ACCEPTED: dict[str, dict[str, str]] = {
    "bookings.0063_followed_in_a_language": {
        "constraint-missing-not-valid": SOME_FOLLOW,
        "disallowed-unique-constraint": SOME_FOLLOW,
    },
    "procedures.0031_translated_pages": {
        "adding-foreign-key-constraint": QUICK,
        "constraint-missing-not-valid": QUICK,
        "require-concurrent-index-creation": QUICK,
        "disallowed-unique-constraint": QUICK,
    },
    "procedures.0028_signed_by_passkey": {
        "adding-foreign-key-constraint": QUICK,
        "constraint-missing-not-valid": QUICK,
        "require-concurrent-index-creation": QUICK,
        "ban-drop-not-null": "The code before writes no entry without an event.",
    },
    "procedures.0032_text_costs": {
        "changing-column-type": "A wider varchar of a table with some dozen rows is not written anew.",
    },
    "bookings.0050_rooms_of_a_kind": {
        "adding-foreign-key-constraint": DOZENS,
        "constraint-missing-not-valid": DOZENS,
        "require-concurrent-index-creation": DOZENS,
    },
    "bookings.0064_complaints_about_data": {
        "changing-column-type": "A wider varchar is not written anew.",
        "constraint-missing-not-valid": FEW_ASK,
    },
}
# Matters of taste, what Django writes, what our settings say for every connection (`lock_timeout`), and
# constraints that are dropped to be made wider.
NOT_OURS = (
    "prefer-text-field",
    "prefer-bigint-over-int",
    "prefer-bigint-over-smallint",
    "prefer-robust-stmts",
    "require-lock-timeout",
    "require-statement-timeout",
    "ban-drop-constraint",
)
SQUAWK = Path(sys.executable).parent / "squawk"

pytestmark = [
    pytest.mark.postgres,
    pytest.mark.django_db(transaction=True),
]


def statements(migration: migrations.Migration, state: ProjectState) -> str:
    """What the migration would send."""
    with connection.schema_editor(collect_sql=True, atomic=migration.atomic) as editor:
        migration.apply(state, editor, collect_sql=True)
    return "\n".join(editor.collected_sql)


def objections(name: str, sql: str, *, is_atomic: bool = True) -> list[str]:
    """What is wrong with these statements, each in a sentence."""
    command = [
        str(SQUAWK),
        "--reporter",
        "json",
        "--pg-version",
        "15.0",
        "--exclude",
        ",".join(NOT_OURS),
    ]
    command += ["--assume-in-transaction"] if is_atomic else []
    told = subprocess.run(command, input=sql, capture_output=True, text=True, check=False)
    found: list[dict[str, Any]] = json.loads(told.stdout or "[]")
    return sorted(
        {
            f"{name}: {each['message']} {each.get('help') or ''} (squawk: {each['rule_name']})"
            for each in found
            if each["rule_name"] not in ACCEPTED.get(name, {})
        }
    )


def later_than_the_base_line() -> Iterator[tuple[str, str]]:
    loader = MigrationLoader(connection)
    for app, name in sorted(loader.graph.nodes):
        if app in BASE_LINE and int(name[:4]) > BASE_LINE[app]:
            yield app, name


def test_no_new_migration_stops_the_site_or_the_code_before_it() -> None:
    loader, found = MigrationLoader(connection), []
    for key in later_than_the_base_line():
        migration = loader.graph.nodes[key]
        sql = statements(migration, loader.project_state(key, at_end=False))
        found += objections(".".join(key), sql, is_atomic=migration.atomic)
    assert found == []


def of_a_room(*operations: Any) -> list[str]:
    """What is said against a migration of a table that exists."""
    kind = type("Migration", (migrations.Migration,), {"operations": list(operations)})
    made = kind("0050_probe", "bookings")
    state = MigrationLoader(connection).project_state()
    return [each.split("squawk: ")[1][:-1] for each in objections("probe", statements(made, state))]


def test_what_would_stop_either_is_refused() -> None:
    column = models.CharField(max_length=9, default="", db_default="")
    add, name = migrations.AddField, "resource"
    assert of_a_room(add(name, "probe", models.CharField(max_length=9, default=""))) == [
        "ban-drop-default"
    ]
    assert of_a_room(migrations.RemoveField(name, "name")) == ["ban-drop-column"]
    assert of_a_room(migrations.RenameField(name, "name", "label")) == ["renaming-column"]
    index = models.Index(fields=["name"], name="probe")
    assert of_a_room(migrations.AddIndex(name, index)) == ["require-concurrent-index-creation"]
    # What should be done instead of the first.
    assert of_a_room(add(name, "probe", column)) == []
    assert of_a_room(add(name, "probe", models.CharField(max_length=9, null=True))) == []
