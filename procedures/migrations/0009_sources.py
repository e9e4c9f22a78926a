from django.db import migrations, models


class Migration(migrations.Migration):
    """Sources from before have no kind: the content checks ask for it before a text cites them anew."""

    dependencies = [("procedures", "0008_words")]

    operations = [
        migrations.AddField(
            model_name="source",
            name="kind",
            field=models.CharField(
                choices=[
                    ("guideline", "Guideline"),
                    ("review", "Review"),
                    ("trial", "Trial"),
                    ("study", "Study"),
                    ("regulator", "Regulator"),
                    ("leaflet", "Leaflet"),
                    ("clinic", "Page of a clinic"),
                ],
                default="",
                max_length=20,
            ),
            preserve_default=False,
        ),
        migrations.AddField(
            model_name="source",
            name="read_in_part",
            field=models.BooleanField(
                default=False, help_text="We have read only a part of it, such as its summary."
            ),
        ),
        migrations.AlterField(
            model_name="source",
            name="dated",
            field=models.CharField(
                blank=True,
                help_text="The date that the source gives, or “undated” for a web page that gives none.",
                max_length=100,
            ),
        ),
        migrations.AlterField(
            model_name="source",
            name="url",
            field=models.URLField(
                blank=True,
                help_text="Of the document itself, not of its publisher.",
                verbose_name="address",
            ),
        ),
    ]
