"""Has the newest checkpoint of the public log stamped by a time authority, or checks the stamps."""

from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from procedures.log import stamps
from procedures.log.checkpoints import newest
from procedures.models import TimeStamp
from procedures.models.restored import is_quiet


class Command(BaseCommand):
    """`manage.py timestamp`, once a day; `manage.py timestamp --verify` without a network."""

    help = (
        "Has the newest checkpoint stamped by TIMESTAMP_URL (RFC 3161), if it has no stamp yet. With "
        "--verify, checks every stamp that is kept. Exits with 1 if one is refused."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--verify", action="store_true")

    def handle(self, *args: Any, **options: Any) -> None:
        if not settings.TIMESTAMP_ROOT:
            raise CommandError("Set TIMESTAMP_URL and TIMESTAMP_ROOT: docs/operations.md.")
        try:
            if options["verify"]:
                self._verify()
            else:
                self._stamp()
        except (stamps.StampRefused, OSError, ValueError) as fault:
            raise CommandError(f"The time stamp is refused: {fault}") from None

    def _stamp(self) -> None:
        checkpoint = newest()
        if is_quiet() or checkpoint is None or hasattr(checkpoint, "stamp"):
            self.stdout.write("There is nothing new to stamp.")
            return
        made = stamps.stamp(checkpoint, stamps.ask, stamps.trusted())
        self.stdout.write(f"Stamped by {made.authority}: {checkpoint.size} entries.")

    def _verify(self) -> None:
        roots = stamps.trusted()
        for each in TimeStamp.objects.select_related("checkpoint").order_by("checkpoint__size"):
            moment = stamps.check(each, roots)
            self.stdout.write(f"{each.checkpoint.size} entries: {moment:%Y-%m-%d %H:%M:%S} UTC")
        self.stdout.write("All stamps are right.")
