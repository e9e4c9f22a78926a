import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

from procedures.ground.constraints import allow_changes, make_append_only

EVENTS, USERS = "procedures_accountevent", "auth_user"
# Everything but the number and the username, which name a person in journals for good.
REPLACEABLE = (
    "password",
    "last_login",
    "is_superuser",
    "first_name",
    "last_name",
    "email",
    "is_staff",
    "is_active",
    "date_joined",
)


def protect(apps, schema_editor):
    make_append_only(schema_editor, EVENTS)
    make_append_only(schema_editor, USERS, replaceable=REPLACEABLE)


def release(apps, schema_editor):
    allow_changes(schema_editor, EVENTS)
    allow_changes(schema_editor, USERS)

class Migration(migrations.Migration):
    """Accounts of staff. No account is deleted, and no username changes."""

    dependencies = [
        ('auth', '0012_alter_user_first_name_max_length'),
        ('procedures', "0014_editor"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name='StaffAccount',
            fields=[
            ],
            options={
                'verbose_name': 'staff account',
                'permissions': [('manage_staffaccount', 'Can look after the accounts of staff')],
                'proxy': True,
                'indexes': [],
                'constraints': [],
            },
            bases=('auth.user',),
        ),
        migrations.CreateModel(
            name='Departure',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('leaves_on', models.DateField()),
                ('account', models.OneToOneField(on_delete=django.db.models.deletion.PROTECT, related_name='departure', to=settings.AUTH_USER_MODEL)),
                ('leaves_by', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
            ],
        ),
        migrations.CreateModel(
            name='SignIn',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('tried_at', models.DateTimeField(verbose_name='when')),
                ('tried_by', models.CharField(blank=True, max_length=150, verbose_name='username')),
                ('place', models.CharField(max_length=50, verbose_name='from')),
                ('use', models.CharField(choices=[('sign_in', 'To sign in'), ('again', 'To confirm a step'), ('change', 'To change the password')], max_length=10, verbose_name='what for')),
                ('result', models.CharField(choices=[('right', 'Right'), ('wrong', 'Wrong'), ('refused', 'Not checked: too many tries')], max_length=10)),
            ],
            options={
                'verbose_name': 'sign-in',
                'indexes': [models.Index(fields=['tried_at'], name='sign_ins_by_time')],
            },
        ),
        migrations.CreateModel(
            name='AccountEvent',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('act', models.CharField(choices=[('invited', 'Invited'), ('link_sent', 'Sent a link to choose a password'), ('link_withdrawn', 'Withdrew the link'), ('password_chosen', 'Chose a password'), ('password_changed', 'Changed the password'), ('role_changed', 'Changed the role'), ('details_changed', 'Changed the name or email address'), ('leaving_set', 'Set the day of leaving'), ('leaving_cancelled', 'Cancelled the leaving'), ('handed_on', 'Handed work on'), ('sessions_ended', 'Ended the other sessions')], max_length=20, verbose_name='what')),
                ('detail', models.CharField(blank=True, max_length=300, verbose_name='in particular')),
                ('done_at', models.DateTimeField(verbose_name='when')),
                ('account', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='events', to=settings.AUTH_USER_MODEL)),
                ('done_by', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='by')),
            ],
            options={
                'verbose_name': 'change of an account',
                'verbose_name_plural': 'changes of accounts',
                'constraints': [models.CheckConstraint(condition=models.Q(models.Q(('done_at__isnull', True), ('done_by__isnull', True)), models.Q(('done_at__isnull', False), ('done_by__isnull', False)), _connector='OR'), name='procedures_accountevent_done_at_by', violation_error_message='Record both the time and the person, or neither.')],
            },
        ),
        migrations.CreateModel(
            name='Invitation',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('made_at', models.DateTimeField()),
                ('valid_until', models.DateTimeField()),
                ('withdrawn_at', models.DateTimeField(null=True)),
                ('used_at', models.DateTimeField(null=True)),
                ('account', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='invitations', to=settings.AUTH_USER_MODEL)),
                ('made_by', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('used_by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('withdrawn_by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'constraints': [models.CheckConstraint(condition=models.Q(models.Q(('made_at__isnull', True), ('made_by__isnull', True)), models.Q(('made_at__isnull', False), ('made_by__isnull', False)), _connector='OR'), name='procedures_invitation_made_at_by', violation_error_message='Record both the time and the person, or neither.'), models.CheckConstraint(condition=models.Q(models.Q(('withdrawn_at__isnull', True), ('withdrawn_by__isnull', True)), models.Q(('withdrawn_at__isnull', False), ('withdrawn_by__isnull', False)), _connector='OR'), name='procedures_invitation_withdrawn_at_by', violation_error_message='Record both the time and the person, or neither.'), models.CheckConstraint(condition=models.Q(models.Q(('used_at__isnull', True), ('used_by__isnull', True)), models.Q(('used_at__isnull', False), ('used_by__isnull', False)), _connector='OR'), name='procedures_invitation_used_at_by', violation_error_message='Record both the time and the person, or neither.'), models.UniqueConstraint(condition=models.Q(('used_at', None), ('withdrawn_at', None)), fields=('account',), name='one_open_invitation_an_account')],
            },
        ),
        migrations.CreateModel(
            name='StaffSession',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('started_at', models.DateTimeField()),
                ('last_seen', models.DateTimeField()),
                ('place', models.CharField(max_length=50)),
                ('started_by', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='staff_sessions', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'constraints': [models.CheckConstraint(condition=models.Q(models.Q(('started_at__isnull', True), ('started_by__isnull', True)), models.Q(('started_at__isnull', False), ('started_by__isnull', False)), _connector='OR'), name='procedures_staffsession_started_at_by', violation_error_message='Record both the time and the person, or neither.')],
            },
        ),
        migrations.RunPython(protect, release),
    ]
