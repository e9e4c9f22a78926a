from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('bookings', '0062_rights_requests'),
    ]

    operations = [
        migrations.AddField(
            model_name='subscription',
            name='language',
            field=models.CharField(blank=True, db_default='', default='', max_length=5),
        ),
        migrations.RemoveConstraint(
            model_name='subscription',
            name='one_subscription_of_each_page',
        ),
        migrations.AddConstraint(
            model_name='subscription',
            constraint=models.UniqueConstraint(fields=('page', 'email', 'language'), name='one_subscription_in_each_language'),
        ),
    ]
