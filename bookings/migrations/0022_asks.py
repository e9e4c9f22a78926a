"""Several reminders of one visit, a wish for a clinician, and what patients say after a visit."""

from typing import Any

import django.db.models.deletion
from django.db import migrations, models

from procedures.ground.constraints import allow_changes, make_append_only

TABLE = "bookings_visitanswer"


def remember_which(apps: Any, schema_editor: Any) -> None:
    """Count a reminder from before there were several as the first."""
    messages = apps.get_model("bookings", "Message").objects.filter(kind="reminder")
    messages.update(days_ahead=3)


class Migration(migrations.Migration):
    dependencies = [
        ("bookings", "0021_arrivals"),
        ("procedures", "0008_words"),
    ]

    operations = [
        migrations.CreateModel(
            name="VisitAnswer",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "got_it",
                    models.CharField(
                        choices=[
                            ("yes", "Yes"),
                            ("partly", "Partly"),
                            ("no", "No"),
                            ("call", "No, and please phone me"),
                        ],
                        max_length=10,
                        verbose_name="got what they came for",
                    ),
                ),
                ("comment", models.TextField(blank=True, verbose_name="what to do differently")),
                ("given_at", models.DateTimeField(verbose_name="when")),
                ("given_by", models.CharField(max_length=150)),
            ],
            options={
                "verbose_name": "answer after a visit",
                "verbose_name_plural": "answers after visits",
            },
        ),
        migrations.RemoveConstraint(
            model_name="message",
            name="one_message_a_change",
        ),
        migrations.AddField(
            model_name="appointmentrequest",
            name="wished_clinician",
            field=models.ForeignKey(
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="procedures.clinician",
            ),
        ),
        migrations.AddField(
            model_name="message",
            name="days_ahead",
            field=models.PositiveSmallIntegerField(default=0),
        ),
        migrations.AddField(
            model_name="topic",
            name="clinicians",
            field=models.ManyToManyField(
                blank=True,
                help_text="Patients can ask for one of these. If you choose nobody, they can ask for anyone who has clinics.",
                related_name="+",
                to="procedures.clinician",
                verbose_name="who sees patients about it",
            ),
        ),
        migrations.AddConstraint(
            model_name="message",
            constraint=models.UniqueConstraint(
                condition=models.Q(("kind", "link"), _negated=True),
                fields=("request", "request_version", "kind", "days_ahead", "channel"),
                name="one_message_a_change",
            ),
        ),
        migrations.AddField(
            model_name="visitanswer",
            name="request",
            field=models.OneToOneField(
                on_delete=django.db.models.deletion.PROTECT,
                related_name="visit_answer",
                to="bookings.appointmentrequest",
            ),
        ),
        migrations.AddIndex(
            model_name="visitanswer",
            index=models.Index(fields=["given_at"], name="visit_answers_by_day"),
        ),
        migrations.AddIndex(
            model_name="visitanswer",
            index=models.Index(
                condition=models.Q(("got_it", "call")),
                fields=["given_at"],
                name="visit_answers_to_call",
            ),
        ),
        migrations.AddConstraint(
            model_name="visitanswer",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("given_at__isnull", True), ("given_by__isnull", True)),
                    models.Q(("given_at__isnull", False), ("given_by__isnull", False)),
                    _connector="OR",
                ),
                name="bookings_visitanswer_given_at_by",
                violation_error_message="Record both the time and the person, or neither.",
            ),
        ),
        migrations.RunPython(remember_which, migrations.RunPython.noop),
        migrations.RunPython(
            lambda apps, schema_editor: make_append_only(schema_editor, TABLE),
            lambda apps, schema_editor: allow_changes(schema_editor, TABLE),
        ),
    ]
