"""Who was shown which list of patients, kept for good."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

from procedures.ground.constraints import allow_changes, make_append_only

TABLE = "bookings_look"


class Migration(migrations.Migration):
    dependencies = [
        ("bookings", "0014_questions_follow_the_visit"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="Look",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("screen", models.CharField(max_length=20)),
                (
                    "requests",
                    models.JSONField(help_text="The numbers of the requests in the list."),
                ),
                ("looked_at", models.DateTimeField()),
                (
                    "looked_by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "verbose_name": "look at a list",
                "verbose_name_plural": "looks at lists",
                "indexes": [
                    models.Index(fields=["looked_by", "looked_at"], name="looks_by_person")
                ],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("looked_at__isnull", True), ("looked_by__isnull", True)),
                            models.Q(("looked_at__isnull", False), ("looked_by__isnull", False)),
                            _connector="OR",
                        ),
                        name="bookings_look_looked_at_by",
                        violation_error_message="Say both when and by whom it was looked, or neither.",
                    )
                ],
            },
        ),
        migrations.RunPython(
            lambda apps, schema_editor: make_append_only(schema_editor, TABLE),
            lambda apps, schema_editor: allow_changes(schema_editor, TABLE),
        ),
    ]
