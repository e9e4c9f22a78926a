"""Makes a restored copy the site again."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from bookings.models import Message
from bookings.status import MessageStatus
from clinic_site.backups import restored
from procedures.ground.counting import counted


class Command(BaseCommand):
    """`manage.py release_restored_copy`."""

    help = "Ends the quiet of a restored copy: messages leave it, and patients can use it."

    def handle(self, *args: Any, **options: Any) -> None:
        going_back = restored.log_would_go_back()
        if not restored.release(timezone.now()):
            raise CommandError("This is not a restored copy, or it has been released already.")
        waiting = Message.objects.filter(status=MessageStatus.QUEUED).count()
        self.stdout.write(
            f"The copy is the site now. {counted(waiting, 'message is', 'messages are')} waiting "
            "to be sent."
        )
        if going_back:
            self.stdout.write(f"{going_back} Then set LOG_ORIGIN to a new name now, and restart.")
