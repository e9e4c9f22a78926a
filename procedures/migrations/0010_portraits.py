"""A portrait of each clinician, and what patients read beside it."""

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('procedures', '0009_sources'),
    ]

    operations = [
        migrations.AddField(
            model_name='clinician',
            name='days',
            field=models.CharField(blank=True, help_text='For example “Mondays and Wednesdays”.', max_length=200, verbose_name='days here'),
        ),
        migrations.AddField(
            model_name='clinician',
            name='languages',
            field=models.CharField(blank=True, help_text='For example “English, some Polish”.', max_length=200),
        ),
        migrations.AddField(
            model_name='clinician',
            name='portrait',
            field=models.ForeignKey(blank=True, help_text='A drawing or photograph from Figures, a little higher than wide.', null=True, on_delete=django.db.models.deletion.PROTECT, related_name='shows', to='procedures.figure'),
        ),
        migrations.AddField(
            model_name='clinician',
            name='work',
            field=models.TextField(blank=True, help_text='In a sentence or two, for patients.', verbose_name='what they do here'),
        ),
    ]
