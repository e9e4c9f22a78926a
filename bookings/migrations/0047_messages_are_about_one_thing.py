from django.db import migrations, models

from procedures.ground.while_running import AddConstraintWhileRunning, AddIndexWhileRunning


class Migration(migrations.Migration):

    atomic = False

    dependencies = [
        ('bookings', '0046_subscriptions'),
    ]

    operations = [
        AddIndexWhileRunning(
            model_name='message',
            index=models.Index(condition=models.Q(('subscription__isnull', False)), fields=['subscription'], name='messages_to_subscribers'),
        ),
        AddConstraintWhileRunning(
            model_name='message',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('invitation__isnull', False), ('kind', 'invitation'), ('request', None), ('subscription', None)), models.Q(('invitation', None), ('kind__in', ('subscribe', 'page_changed')), ('request', None), ('subscription__isnull', False)), models.Q(('invitation', None), ('request__isnull', False), ('subscription', None), models.Q(('kind__in', ['invitation', 'subscribe', 'page_changed']), _negated=True)), _connector='OR'), name='a_message_is_about_one_thing'),
        ),
    ]
