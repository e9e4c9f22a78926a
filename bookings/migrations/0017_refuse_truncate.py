"""Append-only tables refuse TRUNCATE on PostgreSQL and INSERT OR REPLACE on SQLite too."""

from django.db import migrations

from procedures.ground.constraints import allow_changes, make_append_only

TABLES = ("bookings_requestevent", "bookings_recordedoutcome")


def protect_anew(apps, schema_editor):
    for table in TABLES:
        allow_changes(schema_editor, table)
        make_append_only(schema_editor, table)


class Migration(migrations.Migration):
    dependencies = [("bookings", "0016_wrong_birth_dates")]
    operations = [migrations.RunPython(protect_anew, migrations.RunPython.noop)]
