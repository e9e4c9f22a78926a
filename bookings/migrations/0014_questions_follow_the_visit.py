"""What may happen at a visit decides which questions are asked.

Questions that belonged to single pages are from now on asked with every request, until somebody says
before which treatments they are asked: too many are safe, too few are not.
"""

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("bookings", "0013_delay_in_one_word"),
        ("procedures", "0005_names"),
    ]

    operations = [
        migrations.RemoveField(
            model_name="screeningquestion",
            name="pages",
        ),
        migrations.AlterField(
            model_name="redflag",
            name="level",
            field=models.CharField(
                choices=[("urgent", "Urgent"), ("red", "Red flag"), ("amber", "Amber flag")],
                max_length=10,
            ),
        ),
        migrations.AlterField(
            model_name="screeningquestion",
            name="level",
            field=models.CharField(
                choices=[("urgent", "Urgent"), ("red", "Red flag"), ("amber", "Amber flag")],
                max_length=10,
            ),
        ),
        migrations.CreateModel(
            name="Treatment",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("name", models.CharField(max_length=100, unique=True)),
                (
                    "is_usual",
                    models.BooleanField(
                        default=True,
                        help_text="Its questions are then asked with every request, unless the topic of the request says that it cannot happen.",
                        verbose_name="may happen at any visit",
                    ),
                ),
                (
                    "page",
                    models.ForeignKey(
                        blank=True,
                        help_text="The page that says how to prepare for it and what to do afterwards.",
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="procedures.informationpage",
                    ),
                ),
            ],
            options={
                "ordering": ["name"],
            },
        ),
        migrations.CreateModel(
            name="Topic",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "page",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="topic",
                        to="procedures.informationpage",
                    ),
                ),
                (
                    "treatments",
                    models.ManyToManyField(
                        blank=True,
                        help_text="Leave all of them out only if the visit is for talking alone.",
                        related_name="topics",
                        to="bookings.treatment",
                        verbose_name="what may happen at the visit",
                    ),
                ),
            ],
        ),
        migrations.AddField(
            model_name="screeningquestion",
            name="treatments",
            field=models.ManyToManyField(
                blank=True,
                help_text="Leave it empty to ask with every request.",
                related_name="questions",
                to="bookings.treatment",
                verbose_name="before which treatments",
            ),
        ),
    ]
