from django.db import migrations, models

from procedures.ground.while_running import AddIndexWhileRunning


class Migration(migrations.Migration):

    atomic = False

    dependencies = [
        ('bookings', '0064_complaints_about_data'),
    ]

    operations = [
        AddIndexWhileRunning(
            model_name='appointmentrequest',
            index=models.Index(condition=models.Q(('status__in', ['lapsed', 'offered', 'question_asked'])), fields=['received_at', 'id'], name='requests_lapsing'),
        ),
        AddIndexWhileRunning(
            model_name='appointment',
            index=models.Index(condition=models.Q(('status', 'booked')), fields=['clinician'], name='appointments_to_come'),
        ),
    ]
