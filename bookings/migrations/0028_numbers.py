# Written for Django 5.2

from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("bookings", "0026_follow_ups"),
        ("procedures", "0012_page_titles"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.AlterModelOptions(
            name="look",
            options={
                "permissions": [("view_numbers", "Can see the numbers of the clinic")],
                "verbose_name": "list viewed",
                "verbose_name_plural": "who opened what",
            },
        ),
        migrations.AddIndex(
            model_name="appointmentrequest",
            index=models.Index(
                fields=["received_at", "received_by", "page"], name="requests_by_day"
            ),
        ),
        migrations.AddIndex(
            model_name="look",
            index=models.Index(fields=["looked_at", "id"], name="looks_by_day"),
        ),
        migrations.AddIndex(
            model_name="offer",
            index=models.Index(fields=["made_at"], name="offers_by_day"),
        ),
        migrations.AddIndex(
            model_name="requestevent",
            index=models.Index(fields=["at", "kind", "by"], name="events_by_time"),
        ),
        migrations.AddIndex(
            model_name="requestevent",
            index=models.Index(fields=["by", "at"], name="events_by_person"),
        ),
    ]
