"""Turns a report of a failed delivery into a task to phone the patient."""

import sys
from typing import Any

from django.core.management.base import BaseCommand

from bookings import messages
from bookings.returned_mail import returned_letter

# Our letters are small; a report holds at most one of them.
LONGEST = 1_000_000


class Command(BaseCommand):
    """`manage.py record_returned_mail < LETTER`, as a mail server pipes it.

    It never fails over what a letter holds: a mail server would answer a report with another one.
    """

    help = "Reads one report of a failed delivery from standard input, and asks the desk to phone."

    def handle(self, *args: Any, **options: Any) -> None:
        returned = returned_letter(sys.stdin.buffer.read(LONGEST))
        if returned and messages.note_returned(returned.message_id, returned.code):
            self.stdout.write("The message did not arrive: the desk will phone the patient.")
            return
        self.stdout.write("No report about a message of ours that was lost: nothing has changed.")
