"""Whatever clinicians, their accounts or shared places become is noticed by every process."""

from django.db import migrations

from procedures.ground import arranged

TABLES = {"procedures_clinician": (), "procedures_sharedplace": (), "auth_user": ("is_active",)}


def watch(apps, schema_editor):
    arranged.begin(schema_editor)
    for table, columns in TABLES.items():
        arranged.watch(schema_editor, table, columns)


def look_away(apps, schema_editor):
    for table in TABLES:
        arranged.look_away(schema_editor, table)
    arranged.end(schema_editor)


class Migration(migrations.Migration):
    dependencies = [
        ("procedures", "0033_notices_of_waits"),
    ]

    operations = [
        migrations.RunPython(watch, look_away),
    ]
