from django.db import migrations, models
from django.db.models import Q

WAITING = ('open', 'extended', 'acknowledged')


class Migration(migrations.Migration):

    dependencies = [
        ('bookings', '0063_followed_in_a_language'),
    ]

    operations = [
        migrations.AlterField(
            model_name='rightsrequest',
            name='right',
            field=models.CharField(choices=[('copy', 'A copy of what we hold'), ('correction', 'To correct something'), ('erasure', 'To erase something, or everything'), ('use', 'To object, or to stop or limit how we use it'), ('complaint', 'To complain about how we used it')], max_length=10, verbose_name='what'),
        ),
        migrations.RemoveConstraint(
            model_name='rightsrequest',
            name='an_answered_rights_request_says_when',
        ),
        migrations.AlterField(
            model_name='rightsrequest',
            name='status',
            field=models.CharField(choices=[('open', 'Open'), ('extended', 'Extended'), ('acknowledged', 'Acknowledged'), ('done', 'Done'), ('refused', 'Refused, or done in part'), ('taken_back', 'Noted by mistake, or no longer wanted')], default='open', max_length=12),
        ),
        migrations.AddField(
            model_name='rightsrequest',
            name='receipt_told',
            field=models.DateField(null=True),
        ),
        migrations.AddField(
            model_name='rightsrequest',
            name='receipt',
            field=models.TextField(blank=True, db_default='', default=''),
        ),
        migrations.AddField(
            model_name='rightsrequest',
            name='acknowledged_at',
            field=models.DateTimeField(null=True),
        ),
        migrations.AddField(
            model_name='rightsrequest',
            name='acknowledged_by',
            field=models.CharField(max_length=150, null=True),
        ),
        migrations.AddConstraint(
            model_name='rightsrequest',
            constraint=models.CheckConstraint(condition=Q(Q(acknowledged_at__isnull=True, acknowledged_by__isnull=True), Q(acknowledged_at__isnull=False, acknowledged_by__isnull=False), _connector='OR'), name='bookings_rightsrequest_acknowledged_at_by', violation_error_message='Record both the time and the person, or neither.'),
        ),
        migrations.AddConstraint(
            model_name='rightsrequest',
            constraint=models.CheckConstraint(condition=Q(Q(answered_at__isnull=True, status__in=WAITING, told__isnull=True), Q(Q(status__in=WAITING, _negated=True), answered_at__isnull=False, told__isnull=False), _connector='OR'), name='an_answered_rights_request_says_when'),
        ),
        migrations.AddConstraint(
            model_name='rightsrequest',
            constraint=models.CheckConstraint(condition=Q(Q(longer_told__isnull=True, right='complaint'), Q(Q(right='complaint', _negated=True), receipt_told__isnull=True), _connector='OR'), name='only_complaints_are_acknowledged'),
        ),
    ]
