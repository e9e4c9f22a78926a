"""Safety questions belong to groups, may need a detail, and may be answered from the date of birth.

The questions that are in use keep their wordings and their order: what cannot wait goes into a group
“Today”, everything else into “Your health”. Answers that were given do not change.
"""

import django.db.models.deletion
from django.db import migrations, models


def put_into_groups(apps, schema_editor):
    """Give every question that exists one of two groups."""
    question = apps.get_model("bookings", "ScreeningQuestion")
    group = apps.get_model("bookings", "QuestionGroup")
    urgent = question.objects.filter(level="urgent")
    for position, name, questions in (
        (1, "Today", urgent),
        (2, "Your health", question.objects.exclude(level="urgent")),
    ):
        if questions.exists():
            questions.update(group=group.objects.create(name=name, position=position))


class Migration(migrations.Migration):
    dependencies = [("bookings", "0022_asks")]

    operations = [
        migrations.CreateModel(
            name="QuestionGroup",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "name",
                    models.CharField(
                        help_text="Patients read this above the questions. For example “Medicines”.",
                        max_length=60,
                        unique=True,
                    ),
                ),
                (
                    "position",
                    models.PositiveSmallIntegerField(
                        default=100, help_text="Groups with a smaller number come first."
                    ),
                ),
            ],
            options={"ordering": ["position", "name"]},
        ),
        migrations.AddField(
            model_name="screeningquestion",
            name="group",
            field=models.ForeignKey(
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="questions",
                to="bookings.questiongroup",
            ),
        ),
        migrations.RunPython(put_into_groups, migrations.RunPython.noop, elidable=True),
        migrations.AlterField(
            model_name="screeningquestion",
            name="group",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT,
                related_name="questions",
                to="bookings.questiongroup",
            ),
        ),
        migrations.AlterField(
            model_name="screeningquestion",
            name="position",
            field=models.PositiveSmallIntegerField(
                default=100,
                help_text="In its group, questions with a smaller number come first.",
            ),
        ),
        migrations.AddField(
            model_name="screeningquestion",
            name="needs_detail",
            field=models.BooleanField(
                default=False,
                help_text="For answers that tell us nothing by themselves.",
                verbose_name="do not accept a “yes” without it",
            ),
        ),
        migrations.AddField(
            model_name="screeningquestion",
            name="asked_first",
            field=models.BooleanField(default=True, verbose_name="ask with the request"),
        ),
        migrations.AddField(
            model_name="screeningquestion",
            name="answered_from",
            field=models.CharField(
                choices=[
                    ("patient", "what the patient ticks"),
                    ("age", "the date of birth: yes for somebody under 18"),
                ],
                default="patient",
                max_length=10,
                verbose_name="answer comes from",
            ),
        ),
        migrations.AlterField(
            model_name="screeninganswer",
            name="answer",
            field=models.CharField(
                choices=[
                    ("no", "No"),
                    ("yes", "Yes"),
                    ("unsure", "I am not sure"),
                    ("phone", "I would rather tell you by phone"),
                ],
                max_length=10,
            ),
        ),
        migrations.AddConstraint(
            model_name="screeningquestion",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("asked_first", True),
                    models.Q(("answered_from", "patient"), ("asked_again", True)),
                    _connector="OR",
                ),
                name="a_question_is_asked_at_some_time",
                violation_error_message="Ask it with the request, or again before the visit, or both. An answer from the date of birth belongs to the request.",
            ),
        ),
    ]
