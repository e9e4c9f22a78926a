"""Whatever is asked before a visit, and who sees patients about it, is noticed by every process."""

from django.db import migrations

from procedures.ground import arranged

TABLES = (
    "bookings_clinicsession",
    "bookings_questiongroup",
    "bookings_screeningquestion",
    "bookings_screeningquestion_treatments",
    "bookings_topic",
    "bookings_topic_clinicians",
    "bookings_topic_treatments",
    "bookings_treatment",
)


def watch(apps, schema_editor):
    for table in TABLES:
        arranged.watch(schema_editor, table)


def look_away(apps, schema_editor):
    for table in TABLES:
        arranged.look_away(schema_editor, table)


class Migration(migrations.Migration):
    dependencies = [
        ("bookings", "0065_quicker_lists"),
        ("procedures", "0034_arranged"),
    ]

    operations = [
        migrations.RunPython(watch, look_away),
    ]
