"""Follow-ups and recalls, whose wish a cancellation was, and messages that are sent again."""

import django.db.models.deletion
from django.db import migrations, models


def say_who_cancelled(apps, schema_editor):
    """Until now whoever pressed the button was the one who cancelled."""
    cancelled = apps.get_model("bookings", "Appointment").objects.filter(status="cancelled")
    cancelled.filter(ended_by="the patient").update(cancelled_by="patient")
    cancelled.exclude(ended_by="the patient").update(cancelled_by="clinic")


class Migration(migrations.Migration):
    dependencies = [
        ("bookings", "0025_people"),
        ("procedures", "0012_page_titles"),
    ]

    operations = [
        migrations.CreateModel(
            name="Recall",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "status",
                    models.CharField(
                        choices=[
                            ("planned", "Planned"),
                            ("asked", "Asked"),
                            ("taken_back", "Taken back"),
                        ],
                        default="planned",
                        max_length=10,
                    ),
                ),
                ("ask_due", models.DateField()),
                ("planned_at", models.DateTimeField()),
                ("planned_by", models.CharField(max_length=150)),
                ("ended_at", models.DateTimeField(null=True)),
                ("ended_by", models.CharField(max_length=150, null=True)),
            ],
        ),
        migrations.RemoveConstraint(
            model_name="message",
            name="one_message_a_change",
        ),
        migrations.AddField(
            model_name="appointment",
            name="cancelled_by",
            field=models.CharField(
                blank=True,
                choices=[("patient", "They cancelled"), ("clinic", "We cancel")],
                max_length=10,
            ),
        ),
        migrations.AddField(
            model_name="appointmentrequest",
            name="link_until",
            field=models.DateTimeField(null=True),
        ),
        migrations.AddField(
            model_name="message",
            name="repeats",
            field=models.ForeignKey(
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="repeated",
                to="bookings.message",
            ),
        ),
        migrations.AddField(
            model_name="message",
            name="sent_to",
            field=models.CharField(blank=True, max_length=254),
        ),
        migrations.AlterField(
            model_name="message",
            name="kind",
            field=models.CharField(
                choices=[
                    ("received", "Request received"),
                    ("question", "Question asked"),
                    ("offer", "Times offered"),
                    ("offer_ends", "Offer ends soon"),
                    ("booked", "Appointment booked"),
                    ("moved", "Appointment moved"),
                    ("kept", "Appointment kept"),
                    ("declined", "Request declined"),
                    ("withdrawn", "Request withdrawn"),
                    ("cancelled", "Appointment cancelled"),
                    ("reminder", "Appointment reminder"),
                    ("afterwards", "After the visit"),
                    ("contact", "Contact details changed"),
                    ("contact_left", "Contact details changed (to the old address)"),
                    ("recall", "Question about a follow-up"),
                    ("link", "Private link sent again"),
                    ("clinic_notice", "Notice to the clinic"),
                ],
                max_length=20,
            ),
        ),
        migrations.RunPython(say_who_cancelled, migrations.RunPython.noop),
        migrations.AddConstraint(
            model_name="appointment",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(
                        ("status", "cancelled"), models.Q(("cancelled_by", ""), _negated=True)
                    ),
                    models.Q(
                        models.Q(("status", "cancelled"), _negated=True), ("cancelled_by", "")
                    ),
                    _connector="OR",
                ),
                name="a_cancelled_appointment_says_for_whom",
            ),
        ),
        migrations.AddConstraint(
            model_name="message",
            constraint=models.UniqueConstraint(
                condition=models.Q(models.Q(("kind", "link"), _negated=True), ("repeats", None)),
                fields=("request", "request_version", "kind", "days_ahead", "channel"),
                name="one_message_a_change",
            ),
        ),
        migrations.AddField(
            model_name="recall",
            name="request",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT,
                related_name="recalls",
                to="bookings.appointmentrequest",
            ),
        ),
        migrations.AddIndex(
            model_name="recall",
            index=models.Index(
                condition=models.Q(("status", "planned")),
                fields=["ask_due"],
                name="recalls_planned",
            ),
        ),
        migrations.AddConstraint(
            model_name="recall",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("planned_at__isnull", True), ("planned_by__isnull", True)),
                    models.Q(("planned_at__isnull", False), ("planned_by__isnull", False)),
                    _connector="OR",
                ),
                name="bookings_recall_planned_at_by",
                violation_error_message="Record both the time and the person, or neither.",
            ),
        ),
        migrations.AddConstraint(
            model_name="recall",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("ended_at__isnull", True), ("ended_by__isnull", True)),
                    models.Q(("ended_at__isnull", False), ("ended_by__isnull", False)),
                    _connector="OR",
                ),
                name="bookings_recall_ended_at_by",
                violation_error_message="Record both the time and the person, or neither.",
            ),
        ),
        migrations.AddConstraint(
            model_name="recall",
            constraint=models.UniqueConstraint(
                condition=models.Q(("status", "planned")),
                fields=("request",),
                name="one_planned_recall_a_request",
            ),
        ),
        migrations.AddConstraint(
            model_name="recall",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("ended_at__isnull", True), ("status", "planned")),
                    models.Q(
                        models.Q(("status", "planned"), _negated=True), ("ended_at__isnull", False)
                    ),
                    _connector="OR",
                ),
                name="an_ended_recall_says_when",
            ),
        ),
    ]
