"""One way to reach a patient is enough: a phone number alone, with a code instead of a link."""

from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("bookings", "0023_question_groups"),
        ("procedures", "0008_words"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.RemoveIndex(
            model_name="message",
            name="messages_failed",
        ),
        migrations.AddField(
            model_name="appointmentrequest",
            name="code_until",
            field=models.DateTimeField(null=True),
        ),
        migrations.AddField(
            model_name="appointmentrequest",
            name="voicemail",
            field=models.BooleanField(default=False),
        ),
        migrations.AddField(
            model_name="phonecall",
            name="left_message",
            field=models.BooleanField(default=False),
        ),
        migrations.AlterField(
            model_name="appointmentrequest",
            name="email",
            field=models.EmailField(blank=True, max_length=254),
        ),
        migrations.AlterField(
            model_name="message",
            name="channel",
            field=models.CharField(
                choices=[("email", "Email"), ("text", "Text message"), ("phone", "Phone call")],
                default="email",
                max_length=5,
            ),
        ),
        migrations.AlterField(
            model_name="message",
            name="status",
            field=models.CharField(
                choices=[
                    ("queued", "Queued"),
                    ("sent", "Sent"),
                    ("dropped", "Not sent: out of date"),
                    ("failed", "Failed"),
                    ("to_tell", "Not told yet"),
                ],
                default="queued",
                max_length=10,
            ),
        ),
        migrations.AlterField(
            model_name="outage",
            name="channel",
            field=models.CharField(
                choices=[("email", "Email"), ("text", "Text message"), ("phone", "Phone call")],
                max_length=5,
                primary_key=True,
                serialize=False,
            ),
        ),
        migrations.AddIndex(
            model_name="appointmentrequest",
            index=models.Index(fields=["phone"], name="requests_by_phone"),
        ),
        migrations.AddIndex(
            model_name="message",
            index=models.Index(
                condition=models.Q(("status__in", ["failed", "to_tell"])),
                fields=["queued_at"],
                name="messages_not_told",
            ),
        ),
        migrations.AddConstraint(
            model_name="appointmentrequest",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("email", ""), _negated=True),
                    models.Q(("phone", ""), _negated=True),
                    _connector="OR",
                ),
                name="a_request_has_an_email_or_a_phone",
            ),
        ),
        migrations.AddConstraint(
            model_name="phonecall",
            constraint=models.CheckConstraint(
                condition=models.Q(("reached", False), ("left_message", False), _connector="OR"),
                name="a_message_is_left_for_whoever_was_not_reached",
            ),
        ),
    ]
