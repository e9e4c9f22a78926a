"""The public log. What was signed, published and taken away before is brought in, with its true dates.

Only events that are sealed: others prove nothing, and the log never forgets.
"""

import django.db.models.deletion
from django.db import migrations, models

from procedures.ground.constraints import allow_changes, make_append_only
from procedures.log.entries import ACTS, NOTHING, compose
from procedures.log.verify import leaf
from procedures.reading.statements import read

TABLES = ("procedures_logentry", "procedures_checkpoint")


def bring_in(apps, schema_editor):
    events = apps.get_model("procedures", "PageEvent").objects.select_related("revision")
    entries = apps.get_model("procedures", "LogEntry").objects
    newest = {}
    index = 0
    for event in events.filter(kind__in=ACTS).order_by("number"):
        said = read(event)
        if said is None:
            continue
        statement = compose(event, said, newest.get(event.page_id, NOTHING))
        newest[event.page_id] = leaf(statement.encode()).hex()
        entries.create(
            index=index,
            event_id=event.pk,
            statement=statement,
            leaf_hash=newest[event.page_id],
        )
        index += 1


def protect(apps, schema_editor):
    for table in TABLES:
        make_append_only(schema_editor, table)


def release(apps, schema_editor):
    for table in TABLES:
        allow_changes(schema_editor, table)


class Migration(migrations.Migration):
    dependencies = [("procedures", "0022_passkeys")]

    operations = [
        migrations.CreateModel(
            name='Checkpoint',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('origin', models.CharField(max_length=200)),
                ('size', models.PositiveIntegerField()),
                ('note', models.TextField()),
                ('moment', models.DateTimeField()),
            ],
            options={
                'constraints': [models.UniqueConstraint(fields=('origin', 'size'), name='one_checkpoint_of_each_size')],
            },
        ),
        migrations.CreateModel(
            name='LogEntry',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('index', models.PositiveIntegerField(unique=True)),
                ('statement', models.TextField()),
                ('leaf_hash', models.CharField(max_length=64)),
                ('event', models.OneToOneField(db_constraint=False, on_delete=django.db.models.deletion.DO_NOTHING, related_name='entry', to='procedures.pageevent')),
            ],
            options={
                'verbose_name': 'log entry',
                'verbose_name_plural': 'log entries',
                'ordering': ['index'],
            },
        ),
        migrations.RunPython(bring_in, migrations.RunPython.noop),
        migrations.RunPython(protect, release),
    ]
