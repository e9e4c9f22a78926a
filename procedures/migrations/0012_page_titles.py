from django.db import migrations, models
from django.db.models import F


def fill(apps, schema_editor):
    """The title of the text that patients read, or else of the newest one."""
    pages = apps.get_model("procedures", "InformationPage").objects
    newest_published_last = (F("published_at").asc(nulls_first=True), "number")
    revisions = apps.get_model("procedures", "Revision").objects
    titles = dict(revisions.order_by(*newest_published_last).values_list("page", "title"))
    for pk, title in titles.items():
        pages.filter(pk=pk).update(title=title)


class Migration(migrations.Migration):
    dependencies = [("procedures", "0011_about_pages")]

    operations = [
        migrations.AddField(
            model_name="informationpage",
            name="title",
            field=models.CharField(blank=True, editable=False, max_length=200, default=""),
            preserve_default=False,
        ),
        migrations.RunPython(fill, migrations.RunPython.noop),
    ]
