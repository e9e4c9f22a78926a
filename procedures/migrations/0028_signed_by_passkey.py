"""What passkeys sign, and the lists of passkeys in the log. SQLite makes the table of the log anew for it."""

import django.db.models.deletion
from django.db import migrations, models

from procedures.ground.constraints import allow_changes, make_append_only

LOG, SIGNATURES = "procedures_logentry", "procedures_passkeysignature"


def release_log(apps, schema_editor):
    allow_changes(schema_editor, LOG)


def protect_log(apps, schema_editor):
    make_append_only(schema_editor, LOG)


def protect(apps, schema_editor):
    make_append_only(schema_editor, LOG)
    make_append_only(schema_editor, SIGNATURES)


def release(apps, schema_editor):
    allow_changes(schema_editor, LOG)
    allow_changes(schema_editor, SIGNATURES)


class Migration(migrations.Migration):
    dependencies = [("procedures", "0027_app_removed")]

    operations = [
        migrations.RunPython(release_log, protect_log),
        migrations.AddField(
            model_name='logentry',
            name='clinician',
            field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='lists_of_passkeys', to='procedures.clinician'),
        ),
        migrations.AlterField(
            model_name='logentry',
            name='event',
            field=models.OneToOneField(db_constraint=False, null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='entry', to='procedures.pageevent'),
        ),
        migrations.AddConstraint(
            model_name='logentry',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('clinician__isnull', False), ('event', None)), models.Q(('clinician', None), ('event__isnull', False)), _connector='OR'), name='an_entry_is_about_one_thing'),
        ),
        migrations.CreateModel(
            name='PasskeySignature',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('credential', models.CharField(max_length=1400)),
                ('key', models.TextField()),
                ('authenticator_data', models.TextField()),
                ('client_data', models.TextField()),
                ('signature', models.TextField()),
                ('entry', models.OneToOneField(on_delete=django.db.models.deletion.PROTECT, related_name='signature', to='procedures.logentry')),
            ],
        ),
        migrations.RunPython(protect, release),
    ]
