"""Makes a copy quiet that PostgreSQL or Litestream restored, as `restore` does with a backup of ours."""

from typing import Any

from django.core.management.base import BaseCommand, CommandParser
from django.utils import timezone

from clinic_site.backups import restored


class Command(BaseCommand):
    """`manage.py quieten_copy "WAL until 14:00" [--verify]`."""

    help = (
        "Makes a database quiet that was restored without us: no message leaves it, nobody is signed "
        "in, and whoever is on the list of erasures is erased again. Until release_restored_copy."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("backup", help="What it was restored from. Staff read it.")
        parser.add_argument(
            "--verify", action="store_true", help="Then verify every journal, text and signature."
        )

    def handle(self, *args: Any, **options: Any) -> None:
        restored.quieten(timezone.now(), options["backup"][:200])
        restored.bring_up_to_date(self.stdout, verify=options["verify"])
