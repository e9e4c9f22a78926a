from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('bookings', '0057_told_of_waits'),
    ]

    operations = [
        migrations.AddField(
            model_name='person',
            name='changed_at',
            field=models.DateTimeField(null=True),
        ),
        migrations.AddField(
            model_name='person',
            name='changed_by',
            field=models.CharField(max_length=150, null=True),
        ),
    ]
