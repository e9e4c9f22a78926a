from django.db import migrations, models

from procedures.ground.while_running import AddConstraintWhileRunning, AddIndexWhileRunning


class Migration(migrations.Migration):

    atomic = False

    dependencies = [
        ('bookings', '0051_text_replies'),
    ]

    operations = [
        AddIndexWhileRunning(
            model_name='person',
            index=models.Index(fields=['phone'], name='people_by_phone'),
        ),
        AddConstraintWhileRunning(
            model_name='appointment',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('confirmed_at__isnull', True), ('confirmed_by__isnull', True)), models.Q(('confirmed_at__isnull', False), ('confirmed_by__isnull', False)), _connector='OR'), name='bookings_appointment_confirmed_at_by', violation_error_message='Record both the time and the person, or neither.'),
        ),
    ]
