from django.db import migrations, models

from procedures.ground.while_running import AddIndexWhileRunning


class Migration(migrations.Migration):

    atomic = False

    dependencies = [
        ('bookings', '0053_text_costs'),
    ]

    operations = [
        AddIndexWhileRunning(
            model_name='message',
            index=models.Index(condition=models.Q(('channel', 'text')), fields=['queued_at'], name='texts_by_time'),
        ),
    ]
