from django.db import migrations, models

from procedures.ground.while_running import AddConstraintWhileRunning, AddIndexWhileRunning


class Migration(migrations.Migration):

    atomic = False

    dependencies = [
        ('bookings', '0042_letters_on_paper'),
    ]

    operations = [
        AddIndexWhileRunning(
            model_name='message',
            index=models.Index(condition=models.Q(('status', 'to_post')), fields=['printed_at'], name='letters_to_post'),
        ),
        AddIndexWhileRunning(
            model_name='message',
            index=models.Index(condition=models.Q(('channel', 'paper'), ('status', 'sent')), fields=['sent_at'], name='letters_gone'),
        ),
        AddConstraintWhileRunning(
            model_name='message',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('printed_at__isnull', True), ('printed_by__isnull', True)), models.Q(('printed_at__isnull', False), ('printed_by__isnull', False)), _connector='OR'), name='bookings_message_printed_at_by', violation_error_message='Record both the time and the person, or neither.'),
        ),
        AddConstraintWhileRunning(
            model_name='message',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('channel', 'paper'), ('printed_at__isnull', False)), models.Q(models.Q(('channel', 'paper'), _negated=True), ('printed_at', None), models.Q(('status', 'to_post'), _negated=True)), _connector='OR'), name='a_letter_says_when_it_was_printed'),
        ),
    ]
