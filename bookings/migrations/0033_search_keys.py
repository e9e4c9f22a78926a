"""Search keys, by which people are found in place of one column on two tables."""

from itertools import islice

import django.db.models.deletion
from django.db import migrations, models

import bookings.models.people
from procedures.ground.folding import search_keys

AT_A_TIME = 1000


def fill(apps, schema_editor):
    """Make the keys as `triage.search_keys` does."""
    person, request, key = (
        apps.get_model("bookings", name) for name in ("Person", "AppointmentRequest", "SearchKey")
    )
    known = person.objects.values_list("pk", "name", "phone", "email")
    said = request.objects.values_list("person", "name", "carer_name", "phone", "email", "reference")
    made = (
        (pk, each)
        for pk, name, phone, email in known.iterator()
        for each in search_keys(names=[name], phone=str(phone), email=email)
    )
    _store(key, made)
    made = (
        (pk, each)
        for pk, name, carer, phone, email, reference in said.iterator()
        for each in search_keys(names=[name, carer], phone=str(phone), email=email, reference=reference)
    )
    _store(key, made)


def _store(key, made):
    while batch := list(islice(made, AT_A_TIME)):
        rows = [key(person_id=pk, key=each) for pk, each in batch]
        key.objects.bulk_create(rows, ignore_conflicts=True)


class Migration(migrations.Migration):
    dependencies = [("bookings", "0032_records_of_people")]

    operations = [
        migrations.CreateModel(
            name="SearchKey",
            fields=[
                (
                    "pk",
                    models.CompositePrimaryKey(
                        "person", "key", blank=True, editable=False, primary_key=True, serialize=False
                    ),
                ),
                (
                    "person",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="search_keys",
                        to="bookings.person",
                    ),
                ),
                ("key", bookings.models.people.KeyField(max_length=40)),
            ],
            options={
                "indexes": [models.Index(fields=["key", "person"], name="search_keys_by_key")],
            },
        ),
        migrations.RemoveIndex(model_name="appointmentrequest", name="requests_found_by"),
        migrations.RemoveIndex(model_name="person", name="people_found_by"),
        migrations.RemoveField(model_name="appointmentrequest", name="found_by"),
        migrations.RemoveField(model_name="person", name="found_by"),
        migrations.RunPython(fill, migrations.RunPython.noop, elidable=True),
    ]
