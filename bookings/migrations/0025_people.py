"""People of their own, notes about them, and who sees to a request."""

from itertools import islice

import django.db.models.deletion
import phonenumber_field.modelfields
from django.conf import settings
from django.db import migrations, models

from procedures.ground.constraints import allow_changes, make_append_only
from procedures.ground.folding import words

APPEND_ONLY = {
    "bookings_personlink": (),
    "bookings_note": ("unpinned_at", "unpinned_by_id"),
}
AT_A_TIME = 1000
PAIRED = "Record both the time and the person, or neither."


def fill(apps, schema_editor):
    """Make the people of the stored requests as `triage.submit` would have, one request after the other.

    The date of birth, every word of the name, and a contact in common with one person alone.
    """
    requests = apps.get_model("bookings", "AppointmentRequest")
    person = apps.get_model("bookings", "Person")
    people, contacts, alike, whose = [], [], {}, []
    for row in requests.objects.order_by("pk").iterator():
        name = tuple(sorted(words(row.name)))
        known = alike.setdefault((row.date_of_birth, name), [])
        given = {str(each) for each in (row.email, row.phone) if each}
        certain = [number for number in known if name and contacts[number] & given]
        if len(certain) == 1:
            number = certain[0]
        else:
            number = len(people)
            people.append(person(date_of_birth=row.date_of_birth))
            contacts.append(set())
            known.append(number)
        _learn(people[number], row)
        contacts[number] |= given
        whose.append((number, row.pk))
    person.objects.bulk_create(people, batch_size=AT_A_TIME)
    rows = ((people[number].pk, pk) for number, pk in whose)
    update = 'UPDATE bookings_appointmentrequest SET "person_id" = %s WHERE "id" = %s'
    with schema_editor.connection.cursor() as cursor:
        while batch := list(islice(rows, AT_A_TIME)):
            cursor.executemany(update, batch)
        if schema_editor.connection.vendor == "postgresql":
            # A table with checks to come cannot be altered.
            cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")


def _learn(person, request):
    person.name = request.name
    person.email, person.phone = request.email or person.email, request.phone or person.phone
    if request.access_needs or request.access_detail:
        person.access_needs, person.access_detail = request.access_needs, request.access_detail
    person.known_at, person.known_by = request.received_at, request.received_by


def protect(apps, schema_editor):
    for table, set_once in APPEND_ONLY.items():
        make_append_only(schema_editor, table, set_once=set_once)


def unprotect(apps, schema_editor):
    for table in APPEND_ONLY:
        allow_changes(schema_editor, table)


def _key():
    return models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")


def _to(model, **options):
    return models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, to=model, **{"related_name": "+", **options})


def _paired(model, stem):
    moment, by = f"{stem}_at__isnull", f"{stem}_by__isnull"
    return models.CheckConstraint(
        condition=models.Q(
            models.Q((moment, True), (by, True)), models.Q((moment, False), (by, False)), _connector="OR"
        ),
        name=f"bookings_{model}_{stem}_at_by",
        violation_error_message=PAIRED,
    )


class Migration(migrations.Migration):
    dependencies = [
        ("bookings", "0024_reach"),
        ("procedures", "0012_page_titles"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="Person",
            fields=[
                ("id", _key()),
                ("name", models.CharField(max_length=100)),
                ("date_of_birth", models.DateField()),
                ("email", models.EmailField(blank=True, max_length=254)),
                ("phone", phonenumber_field.modelfields.PhoneNumberField(blank=True, max_length=128, region=None)),
                ("access_needs", models.JSONField(default=list)),
                ("access_detail", models.CharField(blank=True, max_length=200)),
                ("found_by", models.CharField(default="", max_length=600)),
                ("version", models.PositiveIntegerField(default=1)),
                ("known_at", models.DateTimeField()),
                ("known_by", models.CharField(max_length=150)),
                ("joined_to", _to("bookings.person", null=True, related_name="joined")),
            ],
            options={
                "verbose_name_plural": "people",
                "permissions": [
                    ("note_person", "Can write notes about a person or a request"),
                    ("join_person", "Can say whether two people are one"),
                ],
                "indexes": [
                    models.Index(fields=["found_by"], name="people_found_by"),
                    models.Index(fields=["date_of_birth"], name="people_by_birth"),
                    models.Index(fields=["email"], name="people_by_email"),
                ],
                "constraints": [
                    _paired("person", "known"),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("joined_to", None),
                            models.Q(("joined_to", models.F("id")), _negated=True),
                            _connector="OR",
                        ),
                        name="nobody_is_joined_to_themselves",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="PersonLink",
            fields=[
                ("id", _key()),
                (
                    "verdict",
                    models.CharField(
                        choices=[
                            ("same", "The same person"),
                            ("not_same", "Not the same person"),
                            ("undone", "Undone"),
                        ],
                        max_length=10,
                    ),
                ),
                ("said_at", models.DateTimeField()),
                ("one", _to("bookings.person")),
                ("other", _to("bookings.person")),
                ("said_by", _to(settings.AUTH_USER_MODEL)),
            ],
            options={
                "constraints": [
                    _paired("personlink", "said"),
                    models.CheckConstraint(
                        condition=models.Q(("one__lt", models.F("other"))), name="a_pair_has_one_order"
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="Note",
            fields=[
                ("id", _key()),
                ("text", models.TextField()),
                ("pinned", models.BooleanField(default=False)),
                ("written_at", models.DateTimeField()),
                ("unpinned_at", models.DateTimeField(null=True)),
                ("person", _to("bookings.person", related_name="notes")),
                ("request", _to("bookings.appointmentrequest", null=True)),
                ("written_by", _to(settings.AUTH_USER_MODEL)),
                ("unpinned_by", _to(settings.AUTH_USER_MODEL, null=True)),
            ],
            options={
                "indexes": [
                    models.Index(
                        condition=models.Q(("pinned", True), ("unpinned_at", None)),
                        fields=["person"],
                        name="notes_pinned",
                    )
                ],
                "constraints": [
                    _paired("note", "written"),
                    _paired("note", "unpinned"),
                    models.CheckConstraint(
                        condition=models.Q(("unpinned_at", None), ("pinned", True), _connector="OR"),
                        name="only_a_pinned_note_is_unpinned",
                    ),
                ],
            },
        ),
        migrations.RunPython(protect, unprotect),
        migrations.AddField(
            model_name="appointmentrequest",
            name="person",
            field=_to("bookings.person", null=True, related_name="requests"),
        ),
        migrations.RunPython(fill, migrations.RunPython.noop, elidable=True),
        migrations.AlterField(
            model_name="appointmentrequest",
            name="person",
            field=_to("bookings.person", related_name="requests"),
        ),
        migrations.AddField(
            model_name="appointmentrequest",
            name="owner",
            field=_to(settings.AUTH_USER_MODEL, null=True),
        ),
        migrations.AddField(
            model_name="appointmentrequest",
            name="for_clinicians",
            field=models.BooleanField(default=False),
        ),
        migrations.AddConstraint(
            model_name="appointmentrequest",
            constraint=models.CheckConstraint(
                condition=models.Q(("owner", None), ("for_clinicians", False), _connector="OR"),
                name="a_request_is_with_a_colleague_or_the_clinicians",
            ),
        ),
        migrations.AlterModelOptions(
            name="appointmentrequest",
            options={
                "permissions": [
                    ("review_appointmentrequest", "Can start the review of a request"),
                    ("ask_appointmentrequest", "Can ask the patient a question"),
                    ("offer_appointmentrequest", "Can offer times"),
                    ("book_appointmentrequest", "Can book by phone"),
                    ("defer_appointmentrequest", "Can defer a request"),
                    ("decline_appointmentrequest", "Can decline a request"),
                    ("phone_appointmentrequest", "Can record a phone call"),
                    ("hand_over_appointmentrequest", "Can hand a request over to a colleague"),
                ]
            },
        ),
    ]
