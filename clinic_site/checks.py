"""System checks for settings that would quietly break a promise."""

from collections.abc import Sequence
from typing import Any

from django.apps import AppConfig
from django.core.checks import Error, Tags, register
from django.db import connections


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
