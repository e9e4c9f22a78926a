"""What was done with everything that we hold about a person."""

import django.db.models.deletion
from django.db import migrations, models

from procedures.ground.constraints import allow_changes, make_append_only

TABLE = "bookings_personevent"


class Migration(migrations.Migration):
    dependencies = [
        ("bookings", "0031_second_person"),
    ]

    operations = [
        migrations.AlterModelOptions(
            name="person",
            options={
                "permissions": [
                    ("note_person", "Can write notes about a person or a request"),
                    ("join_person", "Can say whether two people are one"),
                    ("export_person", "Can copy everything that we hold about a person"),
                ],
                "verbose_name_plural": "people",
            },
        ),
        migrations.CreateModel(
            name="PersonEvent",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "act",
                    models.CharField(
                        choices=[
                            ("exported", "Copy of everything made"),
                            ("held", "Legal hold placed"),
                            ("released", "Legal hold ended"),
                            ("emptied", "Emptied when its time was over"),
                            ("erased", "Erased"),
                        ],
                        max_length=10,
                        verbose_name="what",
                    ),
                ),
                ("reason", models.TextField(blank=True, verbose_name="why")),
                ("done_at", models.DateTimeField(verbose_name="when")),
                ("done_by", models.CharField(max_length=150, verbose_name="by")),
                (
                    "person",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="acts",
                        to="bookings.person",
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("done_at__isnull", True), ("done_by__isnull", True)),
                            models.Q(("done_at__isnull", False), ("done_by__isnull", False)),
                            _connector="OR",
                        ),
                        name="bookings_personevent_done_at_by",
                        violation_error_message="Record both the time and the person, or neither.",
                    )
                ],
            },
        ),
        migrations.RunPython(
            lambda apps, schema_editor: make_append_only(
                schema_editor, TABLE, erasable=("reason",)
            ),
            lambda apps, schema_editor: allow_changes(schema_editor, TABLE),
        ),
    ]
