import django.core.validators
from django.db import migrations, models

import procedures.ground.places


class Migration(migrations.Migration):
    """Limits slide. What was counted before is under other keys, and is forgotten within a day."""

    dependencies = [("procedures", "0005_names")]

    operations = [
        migrations.RenameField(model_name="ratelimit", old_name="count", new_name="times"),
        migrations.AddField(
            model_name="ratelimit",
            name="tries",
            field=models.TextField(blank=True, default=""),
            preserve_default=False,
        ),
        migrations.CreateModel(
            name="SharedPlace",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "network",
                    models.CharField(
                        help_text="The public address that the place has on the internet, for example 198.51.100.7, or a range such as 2001:db8:5::/64. Ask the people who run its network.",
                        max_length=43,
                        unique=True,
                        validators=[procedures.ground.places.refuse_wide_networks],
                        verbose_name="address or range",
                    ),
                ),
                (
                    "times",
                    models.PositiveSmallIntegerField(
                        default=10,
                        help_text="For all who ask from there together. Usually one place may send 10 requests an hour.",
                        validators=[
                            django.core.validators.MinValueValidator(2),
                            django.core.validators.MaxValueValidator(100),
                        ],
                        verbose_name="how many times the usual limit",
                    ),
                ),
                (
                    "note",
                    models.CharField(help_text="What it is, and whom you asked.", max_length=200),
                ),
                (
                    "until",
                    models.DateField(
                        blank=True,
                        help_text="Leave it empty if there is none.",
                        null=True,
                        verbose_name="last day",
                    ),
                ),
            ],
            options={"verbose_name": "shared place"},
        ),
    ]
