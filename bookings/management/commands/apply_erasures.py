"""Erases again whoever was erased after a backup was taken."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from bookings.records import erasing, tombstones
from procedures.ground.counting import counted


class Command(BaseCommand):
    """`manage.py apply_erasures`. `restore` runs it; it changes nothing that is erased already."""

    help = (
        "Reads the list of erasures and erases again everybody on it whom this database still has."
    )

    def handle(self, *args: Any, **options: Any) -> None:
        file = tombstones.file_of_erasures()
        if not file.exists():
            raise CommandError(
                f"There is no list of erasures at {file}. Put it there: it was carried away with the "
                "backups."
            )
        try:
            done = erasing.apply_erasures(timezone.now())
        except ValueError as fault:
            raise CommandError(f"{fault} Nobody was erased.") from None
        self.stdout.write(
            f"{counted(done.erased, 'row')} erased again, {done.already} erased already."
        )
        if done.still_open:
            self.stdout.write(f"End these requests at the desk: {', '.join(done.still_open)}.")
        if done.unknown:
            rows = ", ".join(map(str, done.unknown))
            self.stdout.write(f"Not in this copy, or somebody else: {rows}.")
