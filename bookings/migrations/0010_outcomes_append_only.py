"""What was once decided about a flag is never changed or deleted: the database refuses it."""

from django.db import migrations

from procedures.ground.constraints import allow_changes, make_append_only

TABLE = "bookings_recordedoutcome"


class Migration(migrations.Migration):
    dependencies = [("bookings", "0009_answers_and_messages")]
    operations = [
        migrations.RunPython(
            lambda apps, schema_editor: make_append_only(schema_editor, TABLE),
            lambda apps, schema_editor: allow_changes(schema_editor, TABLE),
        )
    ]
