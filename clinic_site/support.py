"""Until when the makers of Python, Django and PostgreSQL publish fixes for the versions that run here.

The days are from https://devguide.python.org/versions/, https://www.djangoproject.com/download/ and
https://www.postgresql.org/support/versioning/. A release of the site brings newer ones.
"""

import sys
from collections.abc import Iterator
from datetime import date

import django
from django.db import connection

ENDS: dict[str, dict[str, date]] = {
    "Python": {
        "3.11": date(2027, 10, 31),
        "3.12": date(2028, 10, 31),
        "3.13": date(2029, 10, 31),
        "3.14": date(2030, 10, 31),
        "3.15": date(2031, 10, 31),
    },
    "Django": {"5.2": date(2028, 4, 30)},
    "PostgreSQL": {
        "14": date(2026, 11, 12),
        "15": date(2027, 11, 11),
        "16": date(2028, 11, 9),
        "17": date(2029, 11, 8),
        "18": date(2030, 11, 14),
    },
}


def running() -> Iterator[tuple[str, str]]:
    """The name and the version of each of them that runs here."""
    yield "Python", f"{sys.version_info.major}.{sys.version_info.minor}"
    yield "Django", f"{django.VERSION[0]}.{django.VERSION[1]}"
    if connection.vendor == "postgresql":
        connection.ensure_connection()
        yield "PostgreSQL", str(connection.connection.info.server_version // 10_000)
