"""When people were last joined, parted or corrected, for whoever asks what has changed.

Other systems were not told of it until now. So for everybody to whom it happened it counts as of today:
the next question about what has changed has them in its answer.
"""

from django.db import migrations, models
from django.db.models import Q
from django.utils import timezone

from procedures.ground.while_running import AddConstraintWhileRunning, AddIndexWhileRunning

CLOCK = "the clock"
CORRECTED = ["corrected the date of birth", "corrected the name"]


def count_as_changed_today(apps, schema_editor):
    people = apps.get_model("bookings", "Person").objects
    said = apps.get_model("bookings", "PersonLink").objects
    events = apps.get_model("bookings", "RequestEvent").objects.filter(kind__in=CORRECTED)
    people.filter(
        Q(joined_to__isnull=False)
        | Q(pk__in=said.values("one"))
        | Q(pk__in=said.values("other"))
        | Q(pk__in=events.values("request__person"))
    ).update(changed_at=timezone.now(), changed_by=CLOCK)


class Migration(migrations.Migration):

    atomic = False

    dependencies = [
        ('bookings', '0058_people_changed'),
    ]

    operations = [
        migrations.RunPython(
            count_as_changed_today, migrations.RunPython.noop, atomic=True, elidable=True
        ),
        AddConstraintWhileRunning(
            model_name='person',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('changed_at__isnull', True), ('changed_by__isnull', True)), models.Q(('changed_at__isnull', False), ('changed_by__isnull', False)), _connector='OR'), name='bookings_person_changed_at_by', violation_error_message='Record both the time and the person, or neither.'),
        ),
        AddIndexWhileRunning(
            model_name='person',
            index=models.Index(models.functions.Greatest('known_at', models.functions.Coalesce('changed_at', 'known_at')), models.F('id'), name='people_by_change'),
        ),
    ]
