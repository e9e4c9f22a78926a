"""Moves the site from SQLite to PostgreSQL."""

from typing import Any

import environ
from django.core.exceptions import ImproperlyConfigured
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from clinic_site.backups.moving import move


class Command(BaseCommand):
    """`manage.py move_to_postgres --to URL`. Stop the site first."""

    help = (
        "Copies every table of the SQLite file into an empty PostgreSQL, compares the number of "
        "rows and a hash of each, and leaves either everything there or nothing."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--to", required=True, help="postgres://user:password@host/name")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            address = environ.Env.db_url_config(options["to"])
        except (KeyError, ValueError, ImproperlyConfigured):
            raise CommandError("--to does not name a database.") from None
        tables = move(options["to"], address, timezone.now())
        for name, table in sorted(tables.items()):
            self.stdout.write(f"{name} {table.rows} {table.hash}")
        self.stdout.write(
            f"{len(tables)} tables are the same on both sides. Set DATABASE_URL to PostgreSQL and "
            "start the site. The SQLite file is quiet: nothing is sent from it any more."
        )
