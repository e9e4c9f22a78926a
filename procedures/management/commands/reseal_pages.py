"""Seals the events of all pages again, after SEALING_KEY was changed."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError

from procedures.ground.counting import counted
from procedures.publishing import reseal


class Command(BaseCommand):
    """`manage.py reseal_pages`. Afterwards the earlier key can leave SEALING_KEY_FALLBACKS."""

    help = (
        "Seals every page event with SEALING_KEY, if it is now sealed with that key or with "
        "one of SEALING_KEY_FALLBACKS. Run verify_pages first. Exits with 1 if an event has "
        "another seal."
    )

    def handle(self, *args: Any, **options: Any) -> None:
        sealed, strangers = reseal()
        events = counted(sealed, "event is", "events are")
        self.stdout.write(f"{events} sealed with the current key.")
        if strangers:
            numbers = ", ".join(map(str, strangers))
            raise CommandError(f"Events not sealed by us, and not changed: {numbers}.")
