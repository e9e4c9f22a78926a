"""In which language answers were read that were given before we kept it with each of them.

Whoever answered in a translation has a “yes” to the question “from the language”, which names the language
and came in with the other answers.
"""

from django.db import migrations

CODES = {"Welsh": "cy", "Polish": "pl", "Urdu": "ur"}
PATIENT = "the patient"


def say_what_was_read_in(apps, schema_editor):
    given = apps.get_model("bookings", "ScreeningAnswer").objects.filter(given_by=PATIENT)
    in_a_translation = given.filter(
        question__answered_from="language", answer="yes", detail__in=CODES
    ).values_list("request__person", "given_at", "detail")
    asked = given.filter(question__answered_from="patient")
    for person, at, language in list(in_a_translation):
        # Answers that were taken over into a follow-up are as old as they were.
        asked.filter(request__person=person, given_at=at).update(read_in=CODES[language])


class Migration(migrations.Migration):

    dependencies = [
        ('bookings', '0055_answers_read_in'),
    ]

    operations = [
        migrations.RunPython(say_what_was_read_in, migrations.RunPython.noop, elidable=True),
    ]
