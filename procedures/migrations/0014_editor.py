import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('procedures', "0013_clinic_details"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name='PlannedPublication',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('day', models.DateField(verbose_name='publish on')),
                ('status', models.CharField(choices=[('planned', 'Planned'), ('done', 'Published'), ('stopped', 'Stopped'), ('taken_back', 'Taken back')], default='planned', max_length=20)),
                ('reason', models.TextField(blank=True, verbose_name='why it was stopped')),
                ('planned_at', models.DateTimeField()),
                ('planned_by', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('revision', models.OneToOneField(on_delete=django.db.models.deletion.PROTECT, related_name='plan', to='procedures.revision')),
            ],
            options={
                'constraints': [models.CheckConstraint(condition=models.Q(models.Q(('planned_at__isnull', True), ('planned_by__isnull', True)), models.Q(('planned_at__isnull', False), ('planned_by__isnull', False)), _connector='OR'), name='procedures_plannedpublication_planned_at_by', violation_error_message='Record both the time and the person, or neither.')],
            },
        ),
        migrations.CreateModel(
            name='UnsavedText',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('seen_version', models.PositiveIntegerField()),
                ('document', models.TextField(blank=True)),
                ('change_class', models.CharField(choices=[('advice', 'The advice changed'), ('wording', 'Only the wording changed'), ('format', 'Only the format changed')], max_length=10)),
                ('note', models.CharField(blank=True, max_length=300)),
                ('kept_at', models.DateTimeField()),
                ('kept_by', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('revision', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='unsaved', to='procedures.revision')),
            ],
            options={
                'constraints': [models.UniqueConstraint(fields=('revision', 'kept_by'), name='one_unsaved_text_each'), models.CheckConstraint(condition=models.Q(models.Q(('kept_at__isnull', True), ('kept_by__isnull', True)), models.Q(('kept_at__isnull', False), ('kept_by__isnull', False)), _connector='OR'), name='procedures_unsavedtext_kept_at_by', violation_error_message='Record both the time and the person, or neither.')],
            },
        ),
    ]
