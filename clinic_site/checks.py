"""System checks for settings that would break a promise without anybody noticing."""

from collections.abc import Sequence
from importlib import import_module
from pathlib import Path
from typing import Any

from django.apps import AppConfig, apps
from django.core.checks import Error, Tags, register
from django.core.checks import Warning as Doubt
from django.db import DEFAULT_DB_ALIAS, DatabaseError, connection, connections

from clinic_site.clinic_pages import ABOUT_THIS_SITE, FOR_PATIENTS
from procedures.ground.migrations_due import migrations_due
from procedures.status import Category, RevisionStatus

# What the pages about the clinic cannot say while a detail of it is empty.
UNSAID = {
    "address": "where the clinic is",
    "phone": "how to phone the clinic",
    "email": "where to write about privacy, complaints and accessibility",
    "legal_name": "who runs the clinic and is responsible for patients’ information",
    "ico_number": "its number in the Information Commissioner’s register",
}


@register(Tags.database)
def sqlite_takes_the_write_lock_first(
    app_configs: Sequence[AppConfig] | None, **kwargs: Any
) -> list[Error]:
    """SQLite without IMMEDIATE turns two simultaneous requests into "database is locked"."""
    return [
        Error(
            f"The SQLite database “{connection.alias}” does not use transaction_mode IMMEDIATE.",
            hint='Set OPTIONS["transaction_mode"] = "IMMEDIATE", as in clinic_site/settings.py.',
            id="clinic_site.E001",
        )
        for connection in connections.all()
        if connection.vendor == "sqlite"
        and connection.settings_dict.get("OPTIONS", {}).get("transaction_mode") != "IMMEDIATE"
    ]


@register(deploy=True)
def the_database_can_be_reached(
    app_configs: Sequence[AppConfig] | None, **kwargs: Any
) -> list[Error]:
    """Check that the database answers."""
    try:
        connection.ensure_connection()
    except DatabaseError as fault:
        return [
            Error(
                f"We cannot reach the database: {str(fault).strip()}",
                hint="Check DATABASE_URL, and check that the database is running.",
                id="clinic_site.E002",
            )
        ]
    finally:
        connection.close()
    return []


@register(deploy=True)
def the_database_file_is_private(
    app_configs: Sequence[AppConfig] | None, **kwargs: Any
) -> list[Doubt]:
    """Check that other accounts on this machine cannot read a SQLite file: it has every patient."""
    file = Path(connection.settings_dict["NAME"])
    if connection.vendor != "sqlite" or not file.exists() or not file.stat().st_mode & 0o077:
        return []
    return [
        Doubt(
            f"Other accounts on this machine can read {file}.",
            hint=f"Run: chmod go= {file}*",
            id="clinic_site.W001",
        )
    ]


@register(deploy=True)
def the_clinic_says_who_it_is(
    app_configs: Sequence[AppConfig] | None, **kwargs: Any
) -> list[Doubt]:
    """Name each empty detail without which the pages about the clinic are incomplete."""
    # `start` reads this module before there are settings, and so before there are models.
    clinic = import_module("procedures.models.clinic")
    return [
        Doubt(
            f"“{clinic.ClinicDetails.label_of(name)}” is not set, so no page says {unsaid}.",
            hint="The law asks a clinic to publish this. Enter it at the desk under “Set-up”.",
            id="clinic_site.W002",
        )
        for name, unsaid in UNSAID.items()
        if not getattr(clinic.details(), name)
    ]


@register(Tags.database)
def every_page_about_the_clinic_is_published(
    app_configs: Sequence[AppConfig] | None, databases: Sequence[str] | None = None, **kwargs: Any
) -> list[Doubt]:
    """Name the pages that every page links to, and that nobody has published."""
    if DEFAULT_DB_ALIAS not in (databases or []) or migrations_due():
        return []
    missing = unpublished()
    if not missing:
        return []
    return [
        Doubt(
            f"Every page links to pages that are not published: {', '.join(missing)}.",
            hint="Write them in the admin, in the category “About us”. clinic_site/demo/pages has "
            "examples.",
            id="clinic_site.W003",
        )
    ]


def unpublished() -> list[str]:
    """The pages about the clinic that every page links to, and that nobody has published."""
    # As above.
    Revision = apps.get_model("procedures", "Revision")
    live = Revision.objects.filter(page__category=Category.ABOUT, status=RevisionStatus.PUBLISHED)
    published = set(live.values_list("page__slug", flat=True))
    return [slug for slug in (*FOR_PATIENTS, *ABOUT_THIS_SITE) if slug not in published]
