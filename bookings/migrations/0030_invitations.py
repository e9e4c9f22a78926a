import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('bookings', '0028_numbers'),
        ('procedures', '0015_staff'),
    ]

    operations = [
        migrations.AddField(
            model_name='message',
            name='invitation',
            field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='messages', to='procedures.invitation'),
        ),
        migrations.AlterField(
            model_name='message',
            name='kind',
            field=models.CharField(choices=[('received', 'Request received'), ('question', 'Question asked'), ('offer', 'Times offered'), ('offer_ends', 'Offer ends soon'), ('booked', 'Appointment booked'), ('moved', 'Appointment moved'), ('kept', 'Appointment kept'), ('declined', 'Request declined'), ('withdrawn', 'Request withdrawn'), ('cancelled', 'Appointment cancelled'), ('reminder', 'Appointment reminder'), ('afterwards', 'After the visit'), ('contact', 'Contact details changed'), ('contact_left', 'Contact details changed (to the old address)'), ('recall', 'Question about a follow-up'), ('link', 'Private link sent again'), ('clinic_notice', 'Notice to the clinic'), ('invitation', 'Link for a colleague to choose a password')], max_length=20),
        ),
        migrations.AlterField(
            model_name='message',
            name='request',
            field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='messages', to='bookings.appointmentrequest'),
        ),
        migrations.AddConstraint(
            model_name='message',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('invitation__isnull', False), ('kind', 'invitation'), ('request', None)), models.Q(('invitation', None), ('request__isnull', False), models.Q(('kind', 'invitation'), _negated=True)), _connector='OR'), name='a_message_is_about_a_request_or_an_invitation'),
        ),
    ]
