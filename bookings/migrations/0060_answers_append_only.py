"""Safety answers and calls stay as they were given; a flag stays, and only its outcome is recorded on it."""

from django.db import migrations

from procedures.ground.constraints import allow_changes, make_append_only

# What is emptied when what we hold about the patient is, and what an outcome writes.
TABLES = {
    "bookings_screeninganswer": {"erasable": ("answer", "detail", "read_in")},
    "bookings_phonecall": {"erasable": ("note",)},
    "bookings_redflag": {"replaceable": ("outcome", "reason", "resolved_at", "resolved_by_id")},
}


def refuse_changes(apps, schema_editor):
    for table, exceptions in TABLES.items():
        make_append_only(schema_editor, table, **exceptions)


def let_them_change(apps, schema_editor):
    for table in TABLES:
        allow_changes(schema_editor, table)


class Migration(migrations.Migration):
    dependencies = [
        ("bookings", "0059_people_by_change"),
    ]

    operations = [
        migrations.RunPython(refuse_changes, let_them_change),
    ]
