"""Gives the site's account of PostgreSQL the rights that it needs, and no others."""

import os
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import ProgrammingError, connection, transaction

from clinic_site import serving_role


class Command(BaseCommand):
    """`manage.py serving_role ACCOUNT [--apply] [--make]`, as the account that owns the tables."""

    help = (
        "Prints the SQL that lets an account of PostgreSQL read and write rows of the site and change "
        "no table. With --apply, runs it; with --make as well, makes the account first."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("account", help="The account of PostgreSQL with which the site serves.")
        parser.add_argument(
            "--apply", action="store_true", help="Run the SQL, all of it or nothing."
        )
        parser.add_argument(
            "--make",
            action="store_true",
            help="First make the account if there is none, and give it the password in SITE_PASSWORD.",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        if connection.vendor == "sqlite":
            raise CommandError(
                "SQLite has no accounts: whoever may write the file may change it all."
            )
        account = options["account"]
        if not options["apply"]:
            self.stdout.write("\n".join(f"{each};" for each in serving_role.statements(account)))
            return
        try:
            with transaction.atomic():
                if options["make"]:
                    serving_role.make(account, _password())
                serving_role.divide(account)
        except serving_role.NotDivided as refusal:
            raise CommandError(f"Nothing has changed. {refusal}") from None
        except ProgrammingError as fault:
            raise CommandError(
                f"Nothing has changed. Run it as the account that owns the tables and the database: "
                f"PostgreSQL says “{str(fault).strip().partition(chr(10))[0]}”."
            ) from None
        self.stdout.write(f"{account} may read and write rows now, and change no table.")


def _password() -> str:
    password = os.environ.get("SITE_PASSWORD", "")
    if not password:
        raise CommandError(
            "Nothing has changed. Set the environment variable SITE_PASSWORD: with that password the "
            "site signs in to PostgreSQL."
        )
    return password
