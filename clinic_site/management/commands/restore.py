"""Restores a backup into an empty database."""

from pathlib import Path
from typing import Any

from django.core.management import call_command
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
        for done in restored.bring_up_to_date():
            self.stdout.write(done)
        if options["verify"]:
            call_command("verify_journal", stdout=self.stdout)
            call_command("verify_pages", stdout=self.stdout)
        self.stdout.write(
            "This copy is quiet: no message leaves it, and patients cannot use it. When it is to "
            "be the site again, run: manage.py release_restored_copy"
        )
