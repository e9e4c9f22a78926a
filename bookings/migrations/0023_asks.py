"""Several reminders of one visit, a wish for a clinician."""

from typing import Any

import django.db.models.deletion
from django.db import migrations, models


def remember_which(apps: Any, schema_editor: Any) -> None:
    """Count a reminder from before there were several as the first."""
    messages = apps.get_model("bookings", "Message").objects.filter(kind="reminder")
    messages.update(days_ahead=3)


class Migration(migrations.Migration):
    dependencies = [
        ("bookings", "0020_words"),
        ("procedures", "0008_words"),
    ]

    operations = [
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
        migrations.RunPython(remember_which, migrations.RunPython.noop),
    ]
