from django.db import migrations, models


class Migration(migrations.Migration):
    """The desk looks for one kind of event among all."""

    dependencies = [("bookings", "0015_looks_at_lists")]

    operations = [
        migrations.AddIndex(
            model_name="requestevent",
            index=models.Index(
                condition=models.Q(("kind", "gave only wrong dates of birth")),
                fields=["at"],
                name="events_of_wrong_births",
            ),
        ),
    ]
