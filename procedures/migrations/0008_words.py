"""New words in labels, hints and messages. No table changes."""

import django.core.validators
import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

import procedures.ground.places


class Migration(migrations.Migration):
    dependencies = [
        ("procedures", "0007_sealed_events"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.AlterModelOptions(
            name="pageevent",
            options={"verbose_name": "page event", "verbose_name_plural": "page history"},
        ),
        migrations.AlterModelOptions(
            name="pagefeedback",
            options={"verbose_name": "reader feedback", "verbose_name_plural": "reader feedback"},
        ),
        migrations.AlterModelOptions(
            name="revision",
            options={
                "permissions": [
                    ("submit_revision", "Can send a revision to review"),
                    ("sign_revision", "Can sign or return a revision"),
                    ("publish_revision", "Can publish a signed revision"),
                    ("suspend_revision", "Can suspend a published revision"),
                    ("withdraw_revision", "Can withdraw a published revision"),
                ]
            },
        ),
        migrations.AlterField(
            model_name="clinician",
            name="interests",
            field=models.TextField(
                blank=True,
                help_text="Leave this empty if there are none.",
                verbose_name="declared interests",
            ),
        ),
        migrations.AlterField(
            model_name="clinician",
            name="name",
            field=models.CharField(
                help_text="The name patients know, with the title.", max_length=100
            ),
        ),
        migrations.AlterField(
            model_name="clinician",
            name="verification_evidence",
            field=models.TextField(
                blank=True,
                help_text="What you looked at, on which day, and what the register said.",
            ),
        ),
        migrations.AlterField(
            model_name="clinician",
            name="verified_until",
            field=models.DateField(
                blank=True,
                help_text="After this day they cannot sign until someone checks again.",
                null=True,
            ),
        ),
        migrations.AlterField(
            model_name="figure",
            name="key",
            field=models.SlugField(help_text="Show it in a text with ![what it shows](key)."),
        ),
        migrations.AlterField(
            model_name="informationpage",
            name="grace_days",
            field=models.PositiveSmallIntegerField(
                default=60,
                help_text="How many days the page stays open, with a notice, after its review was due.",
                validators=[django.core.validators.MaxValueValidator(180)],
            ),
        ),
        migrations.AlterField(
            model_name="informationpage",
            name="position",
            field=models.PositiveSmallIntegerField(
                default=100, help_text="Lower numbers come first."
            ),
        ),
        migrations.AlterField(
            model_name="informationpage",
            name="review_months",
            field=models.PositiveSmallIntegerField(
                default=24,
                help_text="How long a signature lasts, up to 36 months.",
                validators=[
                    django.core.validators.MinValueValidator(1),
                    django.core.validators.MaxValueValidator(36),
                ],
            ),
        ),
        migrations.AlterField(
            model_name="informationpage",
            name="synonyms",
            field=models.TextField(
                blank=True,
                help_text="Other words that people search for, one on each line: jab, cortisone.",
            ),
        ),
        migrations.AlterField(
            model_name="revision",
            name="note",
            field=models.CharField(
                blank=True,
                help_text="One plain sentence about what is new. You need it before the page can be published.",
                max_length=300,
                verbose_name="note to patients",
            ),
        ),
        migrations.AlterField(
            model_name="sharedplace",
            name="network",
            field=models.CharField(
                help_text="The public internet address of the place, for example 198.51.100.7, or a range such as 2001:db8:5::/64. Ask the people who run its network.",
                max_length=43,
                unique=True,
                validators=[procedures.ground.places.refuse_wide_networks],
                verbose_name="address or range",
            ),
        ),
        migrations.AlterField(
            model_name="sharedplace",
            name="note",
            field=models.CharField(
                help_text="What the place is, and whom you asked.", max_length=200
            ),
        ),
        migrations.AlterField(
            model_name="sharedplace",
            name="times",
            field=models.PositiveSmallIntegerField(
                default=10,
                help_text="For everyone there together. Usually we accept 10 requests an hour from one place.",
                validators=[
                    django.core.validators.MinValueValidator(2),
                    django.core.validators.MaxValueValidator(100),
                ],
                verbose_name="how many times the usual limit",
            ),
        ),
        migrations.AlterField(
            model_name="sharedplace",
            name="until",
            field=models.DateField(
                blank=True,
                help_text="Leave this empty if there is none.",
                null=True,
                verbose_name="last day",
            ),
        ),
        migrations.AlterField(
            model_name="source",
            name="dated",
            field=models.CharField(
                blank=True, help_text="The date that the source gives.", max_length=100
            ),
        ),
        migrations.AlterField(
            model_name="source",
            name="key",
            field=models.SlugField(help_text="Cite it in a text as [^key].", unique=True),
        ),
        migrations.AlterField(
            model_name="source",
            name="recheck_due",
            field=models.DateField(
                blank=True,
                help_text="From this day the pages that cite it need attention.",
                null=True,
            ),
        ),
        migrations.AlterField(
            model_name="source",
            name="superseded_by",
            field=models.ForeignKey(
                blank=True,
                help_text="The source that replaced it. The pages that cite this one need attention.",
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                to="procedures.source",
            ),
        ),
        migrations.AlterConstraint(
            model_name="clinician",
            name="procedures_clinician_verified_on_by",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("verified_by__isnull", True), ("verified_on__isnull", True)),
                    models.Q(("verified_by__isnull", False), ("verified_on__isnull", False)),
                    _connector="OR",
                ),
                name="procedures_clinician_verified_on_by",
                violation_error_message="Record both the time and the person, or neither.",
            ),
        ),
        migrations.AlterConstraint(
            model_name="figure",
            name="procedures_figure_added_at_by",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("added_at__isnull", True), ("added_by__isnull", True)),
                    models.Q(("added_at__isnull", False), ("added_by__isnull", False)),
                    _connector="OR",
                ),
                name="procedures_figure_added_at_by",
                violation_error_message="Record both the time and the person, or neither.",
            ),
        ),
        migrations.AlterConstraint(
            model_name="revision",
            name="procedures_revision_written_at_by",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("written_at__isnull", True), ("written_by__isnull", True)),
                    models.Q(("written_at__isnull", False), ("written_by__isnull", False)),
                    _connector="OR",
                ),
                name="procedures_revision_written_at_by",
                violation_error_message="Record both the time and the person, or neither.",
            ),
        ),
        migrations.AlterConstraint(
            model_name="revision",
            name="procedures_revision_published_at_by",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("published_at__isnull", True), ("published_by__isnull", True)),
                    models.Q(("published_at__isnull", False), ("published_by__isnull", False)),
                    _connector="OR",
                ),
                name="procedures_revision_published_at_by",
                violation_error_message="Record both the time and the person, or neither.",
            ),
        ),
        migrations.AlterConstraint(
            model_name="signoff",
            name="procedures_signoff_signed_at_by",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("signed_at__isnull", True), ("signed_by__isnull", True)),
                    models.Q(("signed_at__isnull", False), ("signed_by__isnull", False)),
                    _connector="OR",
                ),
                name="procedures_signoff_signed_at_by",
                violation_error_message="Record both the time and the person, or neither.",
            ),
        ),
        migrations.AlterConstraint(
            model_name="signoff",
            name="procedures_signoff_revoked_at_by",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("revoked_at__isnull", True), ("revoked_by__isnull", True)),
                    models.Q(("revoked_at__isnull", False), ("revoked_by__isnull", False)),
                    _connector="OR",
                ),
                name="procedures_signoff_revoked_at_by",
                violation_error_message="Record both the time and the person, or neither.",
            ),
        ),
    ]
