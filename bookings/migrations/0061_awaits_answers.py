from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('bookings', '0060_answers_append_only'),
    ]

    operations = [
        migrations.AddField(
            model_name='appointmentrequest',
            name='awaits_answers',
            field=models.BooleanField(db_default=False, default=False),
        ),
    ]
