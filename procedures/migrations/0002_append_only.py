"""The history of a page is never changed or deleted: the database refuses it."""

from django.db import migrations

from procedures.ground.constraints import allow_changes, make_append_only

TABLE = "procedures_pageevent"


class Migration(migrations.Migration):
    dependencies = [("procedures", "0001_initial")]
    operations = [
        migrations.RunPython(
            lambda apps, schema_editor: make_append_only(schema_editor, TABLE),
            lambda apps, schema_editor: allow_changes(schema_editor, TABLE),
        )
    ]
