"""Writes everything that the FHIR interface has, for a warehouse or another system."""

import json
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from bookings.outside.fhir.kinds import KINDS, Kind, resource_of
from bookings.outside.fhir.outcomes import Resource

# How many rows are in memory together.
ROWS = 500


class Command(BaseCommand):
    """`manage.py export_fhir FOLDER [--only Appointment --only Slot]`."""

    help = (
        "Writes each kind of FHIR resource into a file of its own, one resource a line (NDJSON). "
        "Whoever has the files has names, dates of birth and answers about health, unless you choose "
        "kinds."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("folder", type=Path, help="A folder that does not exist yet.")
        parser.add_argument("--only", action="append", choices=list(KINDS), help="This kind.")

    def handle(self, *args: Any, **options: Any) -> None:
        folder, now = options["folder"], timezone.now()
        try:
            folder.mkdir(mode=0o700, parents=True)
        except FileExistsError:
            raise CommandError(f"{folder} exists already. Choose another name.") from None
        for name in options["only"] or KINDS:
            written = 0
            with (folder / f"{name}.ndjson").open("x", encoding="utf-8") as file:
                for resource in _everything(KINDS[name], now):
                    file.write(json.dumps(resource, ensure_ascii=False) + "\n")
                    written += 1
            self.stdout.write(f"{name}: {written}")


def _everything(kind: Kind, now: datetime) -> Iterator[Resource]:
    """All resources of a kind, read page by page as another system would."""
    after = ""
    while True:
        page = kind.search([], after, ROWS, now)
        yield from (resource_of(kind, row, now) for row in page.rows)
        after = page.after
        if not after:
            return
