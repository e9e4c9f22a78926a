"""Rows whose words about a patient can be emptied, and the legal hold."""

from django.conf import settings
from django.db import migrations, models

from procedures.ground.constraints import allow_changes, make_append_only

# What stays as it was written, but may be emptied; and what else may be filled in once.
ERASABLE = {
    "bookings_note": (("text",), ("unpinned_at", "unpinned_by_id")),
    "bookings_recordedoutcome": (("reason",), ()),
    "bookings_visitanswer": (("comment",), ()),
}


def let_texts_be_emptied(apps, schema_editor):
    for table, (erasable, set_once) in ERASABLE.items():
        allow_changes(schema_editor, table)
        make_append_only(schema_editor, table, set_once=set_once, erasable=erasable)


def keep_texts(apps, schema_editor):
    for table, (_, set_once) in ERASABLE.items():
        allow_changes(schema_editor, table)
        make_append_only(schema_editor, table, set_once=set_once)


class Migration(migrations.Migration):

    dependencies = [
        ('bookings', '0034_answers_about_health'),
        ('procedures', '0018_who_reads_answers'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.AlterModelOptions(
            name='person',
            options={'permissions': [('note_person', 'Can write notes about a person or a request'), ('join_person', 'Can say whether two people are one'), ('export_person', 'Can copy everything that we hold about a person'), ('hold_person', 'Can place a legal hold, and see how long things are kept')], 'verbose_name_plural': 'people'},
        ),
        migrations.RemoveConstraint(
            model_name='appointmentrequest',
            name='a_request_has_an_email_or_a_phone',
        ),
        migrations.AddField(
            model_name='appointmentrequest',
            name='emptied_at',
            field=models.DateTimeField(null=True),
        ),
        migrations.AddField(
            model_name='appointmentrequest',
            name='emptied_by',
            field=models.CharField(max_length=150, null=True),
        ),
        migrations.AddField(
            model_name='person',
            name='emptied_at',
            field=models.DateTimeField(null=True),
        ),
        migrations.AddField(
            model_name='person',
            name='emptied_by',
            field=models.CharField(max_length=150, null=True),
        ),
        migrations.AddConstraint(
            model_name='appointmentrequest',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('emptied_at__isnull', True), ('emptied_by__isnull', True)), models.Q(('emptied_at__isnull', False), ('emptied_by__isnull', False)), _connector='OR'), name='bookings_appointmentrequest_emptied_at_by', violation_error_message='Record both the time and the person, or neither.'),
        ),
        migrations.AddConstraint(
            model_name='appointmentrequest',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('email', ''), _negated=True), models.Q(('phone', ''), _negated=True), ('emptied_at__isnull', False), _connector='OR'), name='a_request_has_an_email_or_a_phone'),
        ),
        migrations.AddConstraint(
            model_name='person',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('emptied_at__isnull', True), ('emptied_by__isnull', True)), models.Q(('emptied_at__isnull', False), ('emptied_by__isnull', False)), _connector='OR'), name='bookings_person_emptied_at_by', violation_error_message='Record both the time and the person, or neither.'),
        ),
        migrations.RunPython(let_texts_be_emptied, keep_texts),
    ]
