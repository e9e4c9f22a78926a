"""Makes a restored copy the site again."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from bookings.models import Message
from bookings.status import MessageStatus
from clinic_site.backups import restored
from procedures.ground.counting import counted
from procedures.models.restored import look_again


class Command(BaseCommand):
    """`manage.py release_restored_copy [--no-erasures]`."""

    help = (
        "Ends the quiet of a restored copy: whoever is on the list of erasures is erased again, "
        "messages leave it, and patients can use it."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--no-erasures",
            action="store_true",
            help="Nobody was ever erased, so there is no list of erasures.",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        if not look_again():
            raise CommandError("This is not a restored copy, or it has been released already.")
        if not options["no_erasures"]:
            self._erase_again()
        going_back = restored.log_would_go_back()
        restored.release(timezone.now())
        waiting = Message.objects.filter(status=MessageStatus.QUEUED).count()
        self.stdout.write(
            f"The copy is the site now. {counted(waiting, 'message is', 'messages are')} waiting "
            "to be sent."
        )
        if going_back:
            self.stdout.write(f"{going_back} Then set LOG_ORIGIN to a new name now, and restart.")

    def _erase_again(self) -> None:
        try:
            restored.erase_again(self.stdout)
        except CommandError as fault:
            raise CommandError(
                f"{fault} The copy is still quiet. If nobody was ever erased, add --no-erasures."
            ) from None
