"""Takes a backup while the site runs."""

from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from clinic_site.backups import archives


class Command(BaseCommand):
    """`manage.py backup`. Run it daily."""

    help = (
        "Writes one encrypted archive of the database into BACKUP_FOLDER, reads it back and "
        "compares every table, then removes the archives that are no longer kept."
    )

    def handle(self, *args: Any, **options: Any) -> None:
        if not settings.BACKUP_FOLDER:
            raise CommandError("Set BACKUP_FOLDER and BACKUP_RECIPIENTS first.")
        folder = Path(settings.BACKUP_FOLDER)
        try:
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            archive, manifest = archives.write(folder, timezone.now())
        except OSError as fault:
            raise CommandError(
                f"No backup was written: {fault}. The earlier ones are as they were."
            ) from None
        self.stdout.write(
            f"{archive}: {len(manifest.tables)} tables, {manifest.rows} rows, "
            f"{archive.stat().st_size} bytes, read back and whole."
        )
