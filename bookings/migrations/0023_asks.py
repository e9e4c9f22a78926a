"""Several reminders of one visit."""

from typing import Any

from django.db import migrations, models


def remember_which(apps: Any, schema_editor: Any) -> None:
    """Count a reminder from before there were several as the first."""
    messages = apps.get_model("bookings", "Message").objects.filter(kind="reminder")
    messages.update(days_ahead=3)


class Migration(migrations.Migration):
    dependencies = [
        ("bookings", "0020_words"),
    ]

    operations = [
        migrations.RemoveConstraint(
            model_name="message",
            name="one_message_a_change",
        ),
        migrations.AddField(
            model_name="message",
            name="days_ahead",
            field=models.PositiveSmallIntegerField(default=0),
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
