"""A signature may only be revoked, a figure never change: the database refuses anything else."""

from django.db import migrations

from procedures.ground.constraints import allow_changes, make_append_only

TABLES = {
    "procedures_signoff": ("revoked_at", "revoked_by_id", "revocation_reason"),
    "procedures_figure": (),
}


def protect(apps, schema_editor):
    for table, set_once in TABLES.items():
        make_append_only(schema_editor, table, set_once)


def release(apps, schema_editor):
    for table in TABLES:
        allow_changes(schema_editor, table)


class Migration(migrations.Migration):
    dependencies = [("procedures", "0003_trust")]
    operations = [migrations.RunPython(protect, release)]
