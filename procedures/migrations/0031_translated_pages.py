"""Translations of pages, and who signs them. SQLite makes the table of signatures anew for it."""

import django.db.models.deletion
import django.db.models.manager
from django.conf import settings
from django.db import migrations, models

from procedures.ground.constraints import allow_changes, make_append_only

SIGNATURES = "procedures_signoff"
REVOCATION = ("revoked_at", "revoked_by_id", "revocation_reason")


def release(apps, schema_editor):
    allow_changes(schema_editor, SIGNATURES)


def protect(apps, schema_editor):
    make_append_only(schema_editor, SIGNATURES, REVOCATION)


class Migration(migrations.Migration):

    dependencies = [
        ('procedures', '0030_time_stamps'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.RunPython(release, protect),
        migrations.CreateModel(
            name='Translator',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('language', models.CharField(choices=[('cy', 'Welsh'), ('pl', 'Polish'), ('ur', 'Urdu')], max_length=5)),
                ('qualification', models.CharField(help_text='As patients read it below the name, for example “Member of a body of translators”.', max_length=200)),
                ('evidence', models.TextField(help_text='What you looked at, on which day, and who vouched for them.', verbose_name='how we know')),
                ('until', models.DateField(blank=True, help_text='After this day they sign nothing more. Leave it empty while they work for us.', null=True, verbose_name='last day')),
                ('login', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='translates', to=settings.AUTH_USER_MODEL)),
            ],
        ),
        migrations.AlterModelOptions(
            name='revision',
            options={'permissions': [('submit_revision', 'Can send a revision to review'), ('sign_revision', 'Can sign or return a revision'), ('approve_revision', 'Can approve or return a page about the clinic'), ('translate_revision', 'Can write a translation, and sign it as its translator'), ('publish_revision', 'Can publish a signed revision'), ('suspend_revision', 'Can suspend a published revision'), ('withdraw_revision', 'Can withdraw a published revision')]},
        ),
        migrations.AlterModelManagers(
            name='informationpage',
            managers=[
                ('in_every_language', django.db.models.manager.Manager()),
            ],
        ),
        migrations.AddField(
            model_name='informationpage',
            name='language',
            field=models.CharField(blank=True, choices=[('cy', 'Welsh'), ('pl', 'Polish'), ('ur', 'Urdu')], db_default='', default='', editable=False, max_length=5),
        ),
        migrations.AddField(
            model_name='informationpage',
            name='original',
            field=models.ForeignKey(editable=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='translations', to='procedures.informationpage'),
        ),
        migrations.AddField(
            model_name='revision',
            name='made_by_machine',
            field=models.BooleanField(db_default=False, default=False, editable=False),
        ),
        migrations.AddField(
            model_name='revision',
            name='translates',
            field=models.ForeignKey(editable=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='translations', to='procedures.revision'),
        ),
        migrations.AlterField(
            model_name='informationpage',
            name='slug',
            field=models.SlugField(help_text='The last part of the address.'),
        ),
        migrations.AddConstraint(
            model_name='informationpage',
            constraint=models.UniqueConstraint(fields=('slug', 'language'), name='one_page_at_each_address'),
        ),
        migrations.AddConstraint(
            model_name='informationpage',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('language', ''), ('original', None)), models.Q(models.Q(('language', ''), _negated=True), ('original__isnull', False)), _connector='OR'), name='a_translation_has_a_language_and_an_original'),
        ),
        migrations.AddConstraint(
            model_name='revision',
            constraint=models.CheckConstraint(condition=models.Q(('made_by_machine', False), models.Q(('status', 'draft'), ('translates__isnull', False)), _connector='OR'), name='what_a_machine_translated_stays_a_draft'),
        ),
        migrations.AddField(
            model_name='signoff',
            name='translator',
            field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, to='procedures.translator'),
        ),
        migrations.AddConstraint(
            model_name='signoff',
            constraint=models.CheckConstraint(condition=models.Q(('clinician', None), ('translator', None), _connector='OR'), name='a_signature_has_one_role'),
        ),
        migrations.AddConstraint(
            model_name='translator',
            constraint=models.UniqueConstraint(fields=('login', 'language'), name='one_translator_of_each_language'),
        ),
        migrations.RunPython(protect, release),
    ]
