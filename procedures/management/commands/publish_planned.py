"""Publishes the texts whose day has come."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from procedures import publishing
from procedures.ground.counting import counted


class Command(BaseCommand):
    """`manage.py publish_planned`. The worker runs it again and again; a missed run loses nothing."""

    help = "Publishes the signed texts that were planned for today or before, and says why not."

    def handle(self, *args: Any, **options: Any) -> None:
        done = publishing.publish_planned(timezone.now())
        if done:
            self.stdout.write(f"Published {counted(done, 'text')}.")
        if done.failed:
            texts = counted(done.failed, "text was", "texts were")
            raise CommandError(
                f"{texts} not published. The log says why; the next run tries again."
            )
