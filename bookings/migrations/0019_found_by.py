"""One form for e-mail addresses, and types that are booked no longer.

The column `found_by` gave way to search keys in a later migration, which fills those.
"""

from django.db import migrations, models

from procedures.ground.email_addresses import CannotBeSent, canonical


def fill(apps, schema_editor):
    """An address that cannot be read keeps what it has: nobody is reached there, and the desk phones them."""
    requests = apps.get_model("bookings", "AppointmentRequest")
    for pk, address in list(requests.objects.exclude(email="").values_list("pk", "email")):
        if (one_form := _canonical(address)) != address:
            requests.objects.filter(pk=pk).update(email=one_form)
    messages = apps.get_model("bookings", "Message").objects.exclude(address="")
    for pk, address in list(messages.values_list("pk", "address")):
        messages.filter(pk=pk).update(address=_canonical(address))


def _canonical(address):
    try:
        return canonical(address)
    except CannotBeSent:
        return address


class Migration(migrations.Migration):
    dependencies = [("bookings", "0018_worker_and_outages")]
    operations = [
        migrations.AddField(
            model_name="appointmenttype",
            name="retired_on",
            field=models.DateField(blank=True, null=True),
        ),
        migrations.AddField(
            model_name="appointmenttype",
            name="retired_by",
            field=models.CharField(blank=True, max_length=150, null=True),
        ),
        migrations.AddConstraint(
            model_name="appointmenttype",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("retired_by__isnull", True), ("retired_on__isnull", True)),
                    models.Q(("retired_by__isnull", False), ("retired_on__isnull", False)),
                    _connector="OR",
                ),
                name="bookings_appointmenttype_retired_on_by",
                violation_error_message="Say both when and by whom it was retired, or neither.",
            ),
        ),
        migrations.AddField(
            model_name="appointmentrequest",
            name="found_by",
            field=models.CharField(default="", max_length=600),
        ),
        migrations.RunPython(fill, migrations.RunPython.noop, elidable=True),
        migrations.AddIndex(
            model_name="appointmentrequest",
            index=models.Index(fields=["found_by"], name="requests_found_by"),
        ),
        migrations.AddIndex(
            model_name="appointmentrequest",
            index=models.Index(fields=["email"], name="requests_by_email"),
        ),
        migrations.AddIndex(
            model_name="appointmentrequest",
            index=models.Index(fields=["date_of_birth"], name="requests_by_birth"),
        ),
    ]
