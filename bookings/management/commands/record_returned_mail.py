"""Turns a report of a failed delivery into a message that counts as not delivered."""

import os
import sys
from typing import Any

from django.core.management.base import BaseCommand
from django.db import OperationalError

from bookings import messages
from bookings.messages.returned_mail import returned_letter

# Our emails are small, and a report contains at most one of them.
LONGEST = 1_000_000


class Command(BaseCommand):
    """`manage.py record_returned_mail < LETTER`, to which a mail server pipes a report.

    It never fails because of what the report contains: a mail server would answer with another
    report. If it is too early, or the database is down, it asks the mail server to try again (exit
    code 75).
    """

    help = "Reads one report of a failed delivery from standard input."

    def handle(self, *args: Any, **options: Any) -> None:
        returned = returned_letter(sys.stdin.buffer.read(LONGEST))
        while sys.stdin.buffer.read(LONGEST):
            pass  # a mail server takes an exit before the end of its input for a fault
        try:
            known = returned and messages.note_returned(returned.message_id, returned.code)
        except (OperationalError, messages.StillBeingSent):
            self.stderr.write(
                "The report could not be recorded now. Please pass it in again later."
            )
            sys.exit(os.EX_TEMPFAIL)
        if known:
            self.stdout.write("The message is now marked as not delivered.")
        else:
            self.stdout.write(
                "This is not a report about one of our messages. Nothing has changed."
            )
