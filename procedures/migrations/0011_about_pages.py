"""A fourth category, “About us”, whose pages a manager approves: a signature without a clinician."""

import django.db.models.deletion
from django.db import migrations, models
from django.db.models import Q

from procedures.ground.constraints import allow_changes, make_append_only

SIGNATURES = "procedures_signoff"
SET_ONCE = ("revoked_at", "revoked_by_id", "revocation_reason")


def release(apps, schema_editor):
    allow_changes(schema_editor, SIGNATURES)


def protect(apps, schema_editor):
    # SQLite makes the table again, without its triggers.
    make_append_only(schema_editor, SIGNATURES, SET_ONCE)


class Migration(migrations.Migration):
    dependencies = [("procedures", "0010_portraits")]

    operations = [
        migrations.RunPython(release, protect),
        migrations.AlterField(
            model_name="informationpage",
            name="category",
            field=models.CharField(
                choices=[
                    ("procedures", "Procedures"),
                    ("clinics", "Clinics"),
                    ("guides", "Guides"),
                    ("about", "About us"),
                ],
                max_length=20,
            ),
        ),
        migrations.AlterModelOptions(
            name="revision",
            options={
                "permissions": [
                    ("submit_revision", "Can send a revision to review"),
                    ("sign_revision", "Can sign or return a revision"),
                    ("approve_revision", "Can approve or return a page about the clinic"),
                    ("publish_revision", "Can publish a signed revision"),
                    ("suspend_revision", "Can suspend a published revision"),
                    ("withdraw_revision", "Can withdraw a published revision"),
                ]
            },
        ),
        migrations.AlterField(
            model_name="signoff",
            name="clinician",
            field=models.ForeignKey(
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                to="procedures.clinician",
            ),
        ),
        migrations.AlterField(
            model_name="signoff",
            name="signer_regulator",
            field=models.CharField(blank=True, max_length=100),
        ),
        migrations.AlterField(
            model_name="signoff",
            name="signer_registration",
            field=models.CharField(blank=True, max_length=30),
        ),
        migrations.AddConstraint(
            model_name="signoff",
            constraint=models.CheckConstraint(
                condition=Q(clinician__isnull=False)
                | Q(clinician=None, signer_regulator="", signer_registration=""),
                name="only_a_clinician_has_a_registration",
            ),
        ),
        migrations.RunPython(protect, release),
    ]
