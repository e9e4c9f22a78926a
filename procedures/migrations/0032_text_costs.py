import decimal

import django.core.validators
from django.db import migrations, models

from procedures.ground.constraints import allow_changes, make_append_only


def protect(apps, schema_editor):
    # SQLite makes the table anew for a column, without its triggers.
    make_append_only(schema_editor, "procedures_clinicdetails")


def release(apps, schema_editor):
    allow_changes(schema_editor, "procedures_clinicdetails")


class Migration(migrations.Migration):

    dependencies = [
        ('procedures', '0031_translated_pages'),
    ]

    operations = [
        migrations.RunPython(release, protect),
        migrations.AddField(
            model_name='clinicdetails',
            name='text_price',
            field=models.DecimalField(db_default=decimal.Decimal(0), decimal_places=3, default=decimal.Decimal(0), help_text='Pence for each part of a text: 160 letters, or 70 in another alphabet. Leave 0 if you do not count the cost.', max_digits=6, validators=[django.core.validators.MinValueValidator(0)], verbose_name='price of a text'),
        ),
        migrations.AlterField(
            model_name='clinicdetails',
            name='text_sender',
            field=models.CharField(default='Clinic', help_text='The number that your text provider gave you, which patients can answer; a messaging service of Twilio (it begins with MG); or a name of at most 11 letters.', max_length=34, verbose_name='sender of text messages'),
        ),
        migrations.RunPython(protect, release),
    ]
