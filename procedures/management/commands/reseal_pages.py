"""Seals the events of all pages again, after SEALING_KEY was changed."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError

from procedures.ground.counting import counted
from procedures.publishing import reseal


class Command(BaseCommand):
    """`manage.py reseal_pages`. Afterwards the earlier key can leave SEALING_KEY_FALLBACKS."""

    help = (
        "Seals every event of a page under SEALING_KEY, if its present seal is by that key or by one of "
        "SEALING_KEY_FALLBACKS. Run verify_pages before it. Exits with 1 if an event has another seal."
    )

    def handle(self, *args: Any, **options: Any) -> None:
        sealed, strangers = reseal()
        events = counted(sealed, "event is", "events are")
        self.stdout.write(f"{events} sealed under the present key.")
        if strangers:
            numbers = ", ".join(map(str, strangers))
            raise CommandError(f"Not sealed by us, and left as they are: events {numbers}.")
