"""Writes a signed copy of the heads of all chains, to be kept on another machine."""

from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from clinic_site import heads, nightly
from clinic_site.nightly import Outcome
from procedures.models.restored import is_quiet


class Command(BaseCommand):
    """`manage.py copy_heads`. Run it every day."""

    help = "Verifies every journal and page, and copies their heads to HEADS_FOLDER and HEADS_TO."

    def handle(self, *args: Any, **options: Any) -> None:
        now = timezone.now()
        try:
            file = heads.copy(Path(settings.HEADS_FOLDER), now)
        except CommandError:
            nightly.note(now, Outcome.BROKEN)
            raise
        self.stdout.write(f"Written to {file}.")
        try:
            if settings.HEADS_TO and not is_quiet():
                heads.send(file, settings.HEADS_TO)
        except OSError as fault:
            nightly.note(now, Outcome.NOT_SENT)
            raise CommandError(
                f"The heads could not be sent to {settings.HEADS_TO}: {type(fault).__name__}."
            ) from None
        nightly.note(now, Outcome.WHOLE)
