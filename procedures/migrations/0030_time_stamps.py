import django.db.models.deletion
from django.db import migrations, models

from procedures.ground.constraints import allow_changes, make_append_only

TABLE = "procedures_timestamp"


def protect(apps, schema_editor):
    make_append_only(schema_editor, TABLE)


def release(apps, schema_editor):
    allow_changes(schema_editor, TABLE)


class Migration(migrations.Migration):
    dependencies = [("procedures", "0029_staff_notices")]

    operations = [
        migrations.CreateModel(
            name='TimeStamp',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('authority', models.CharField(max_length=200)),
                ('answer', models.TextField()),
                ('moment', models.DateTimeField()),
                ('checkpoint', models.OneToOneField(on_delete=django.db.models.deletion.PROTECT, related_name='stamp', to='procedures.checkpoint')),
            ],
        ),
        migrations.RunPython(protect, release),
    ]
