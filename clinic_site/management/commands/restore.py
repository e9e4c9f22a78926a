"""Restores a backup into an empty database."""

from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandParser
from django.utils import timezone

from clinic_site.backups import restored


class Command(BaseCommand):
    """`manage.py restore FILE --identity KEYFILE [--replace] [--verify]`."""

    help = (
        "Restores a backup into the database, all of it or nothing. The copy is quiet: no message "
        "leaves it until release_restored_copy."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("file", type=Path)
        parser.add_argument("--identity", type=Path, required=True, help="A key of age-keygen.")
        parser.add_argument(
            "--replace", action="store_true", help="Replace a database that is not empty."
        )
        parser.add_argument(
            "--verify", action="store_true", help="Then verify every journal, text and signature."
        )

    def handle(self, *args: Any, **options: Any) -> None:
        manifest = restored.restore(
            options["file"], options["identity"], timezone.now(), replace=options["replace"]
        )
        self.stdout.write(f"Restored {len(manifest.tables)} tables with {manifest.rows} rows.")
        restored.bring_up_to_date(self.stdout, verify=options["verify"])
