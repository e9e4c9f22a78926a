"""Checks a backup without restoring it."""

from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandParser
from django.utils import timezone

from clinic_site.backups.archives import identities_in, opened


class Command(BaseCommand):
    """`manage.py verify_backup FILE --identity KEYFILE`. Run it where the private key is."""

    help = "Decrypts a backup, and compares every table in it with the counts and hashes in it."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("file", type=Path)
        parser.add_argument("--identity", type=Path, required=True, help="A key of age-keygen.")

    def handle(self, *args: Any, **options: Any) -> None:
        with opened(options["file"], identities_in(options["identity"])) as (_, manifest):
            self.stdout.write(
                f"{options['file'].name}: taken on "
                f"{timezone.localtime(manifest.taken):%-d %B %Y at %-H:%M}, "
                f"{len(manifest.tables)} tables, {manifest.rows} rows. It is whole."
            )
