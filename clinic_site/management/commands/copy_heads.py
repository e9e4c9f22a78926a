"""Writes a signed copy of the heads of all chains, to be kept on another machine."""

from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand
from django.utils import timezone

from clinic_site import heads
from procedures.models.restored import is_quiet


class Command(BaseCommand):
    """`manage.py copy_heads`. Run it every day."""

    help = "Verifies every journal and page, and copies their heads to HEADS_FOLDER and HEADS_TO."

    def handle(self, *args: Any, **options: Any) -> None:
        file = heads.copy(Path(settings.HEADS_FOLDER), timezone.now())
        if settings.HEADS_TO and not is_quiet():
            heads.send(file, settings.HEADS_TO)
        self.stdout.write(f"Written to {file}.")
