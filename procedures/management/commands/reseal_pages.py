"""Seals what is written down about pages anew, after SEALING_KEY was changed."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError

from procedures.publishing import reseal


class Command(BaseCommand):
    """`manage.py reseal_pages`: afterwards the earlier key can leave SEALING_KEY_FALLBACKS."""

    help = (
        "Seals every page event with SEALING_KEY, if it is now sealed with that key or with "
        "one of SEALING_KEY_FALLBACKS. Run verify_pages first. Exits with 1 if an event has "
        "another seal."
    )

    def handle(self, *args: Any, **options: Any) -> None:
        sealed, strangers = reseal()
        self.stdout.write(f"{sealed} events are sealed with the current key.")
        if strangers:
            numbers = ", ".join(map(str, strangers))
            raise CommandError(f"Events not sealed by us, and not changed: {numbers}.")
