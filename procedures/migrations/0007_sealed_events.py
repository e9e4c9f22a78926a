"""Events of pages become one chain of sealed statements; append-only tables refuse TRUNCATE and REPLACE.

For the events that are there the statements are made from today's rows, and say so (`afterwards`). They prove
that nothing changed from now on. They do not prove that these rows were true until now.
"""

from django.db import migrations, models

from procedures.ground.constraints import allow_changes, make_append_only
from procedures.models import sha256
from procedures.reading.statements import compose, seal, text_of

EVENTS = "procedures_pageevent"
OTHERS = {
    "procedures_signoff": ("revoked_at", "revoked_by_id", "revocation_reason"),
    "procedures_figure": (),
}
SIGNINGS = {"signed", "re-affirmed"}
FREEZES = "sent to review"


def release(apps, schema_editor):
    for table in (EVENTS, *OTHERS):
        allow_changes(schema_editor, table)


def protect(apps, schema_editor):
    make_append_only(schema_editor, EVENTS, replaceable=("seal",))
    for table, set_once in OTHERS.items():
        make_append_only(schema_editor, table, set_once)


def protect_as_before(apps, schema_editor):
    for table, set_once in {EVENTS: (), **OTHERS}.items():
        make_append_only(schema_editor, table, set_once)


def seal_what_is_there(apps, schema_editor):
    events = apps.get_model("procedures", "PageEvent").objects.order_by("pk")
    frozen = {}
    newest = {}
    for pk, revision_id, kind in events.values_list("pk", "revision_id", "kind"):
        newest[revision_id] = pk
        if kind == FREEZES:
            frozen[revision_id] = pk
    previous = ""
    told = set()
    related = events.select_related("page", "revision", "by")
    for number, pk in enumerate(list(events.values_list("pk", flat=True)), start=1):
        event = related.get(pk=pk)
        # Which statements name today. Every page was in English.
        event.page.language, event.revision.translates = "", None
        since = frozen.get(event.revision_id, newest[event.revision_id])
        # Which text an earlier draft had, nobody knows any more.
        known = pk >= since
        signed = None
        if event.kind in SIGNINGS:
            same_hand = event.revision.sign_offs.filter(signed_at=event.at, signed_by=event.by_id)
            signed = same_hand.exclude(pk__in=told).order_by("pk").first()
            told.add(signed.pk if signed else 0)
        if signed:
            signed.translator_id = None
        event.number = number
        event.statement = compose(
            event,
            previous=previous,
            text=text_of(event.revision) if known else None,
            sign_off=signed,
            afterwards=True,
        )
        event.seal = seal(event.statement)
        event.save(update_fields=["number", "statement", "seal"])
        previous = sha256(event.statement)


class Migration(migrations.Migration):
    dependencies = [("procedures", "0006_limits")]

    operations = [
        migrations.RunPython(release, protect_as_before),
        migrations.AddField("pageevent", "number", models.PositiveIntegerField(null=True)),
        migrations.AddField(
            "pageevent", "statement", models.TextField(default=""), preserve_default=False
        ),
        migrations.AddField(
            "pageevent",
            "seal",
            models.CharField(default="", max_length=64),
            preserve_default=False,
        ),
        migrations.RunPython(seal_what_is_there, migrations.RunPython.noop),
        migrations.AlterField("pageevent", "number", models.PositiveIntegerField(unique=True)),
        migrations.RunPython(protect, release),
    ]
