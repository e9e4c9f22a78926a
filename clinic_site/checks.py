"""System checks for settings that would break a promise without anybody noticing."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from django.apps import AppConfig
from django.core.checks import Error, Tags, register
from django.core.checks import Warning as Doubt
from django.db import DatabaseError, connection, connections


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
