from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('bookings', '0054_texts_by_time'),
    ]

    operations = [
        migrations.AddField(
            model_name='screeninganswer',
            name='read_in',
            field=models.CharField(blank=True, db_default='', default='', max_length=5),
        ),
    ]
