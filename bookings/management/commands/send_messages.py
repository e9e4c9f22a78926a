"""Sends the messages that are due."""

import signal
import threading
from types import FrameType
from typing import Any

from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandParser
from django.db import close_old_connections
from django.utils import timezone

from bookings import messages, triage
from procedures import rate_limits

SECONDS_BETWEEN = 5


class Command(BaseCommand):
    """`manage.py send_messages` once, or `--loop` until it is told to stop.

    Safe to run in several processes. It also writes down what the clock did, which nothing waits for.
    """

    help = "Sends the messages that are due, oldest first."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--loop", action="store_true", help="Go on until stopped.")

    def handle(self, *args: Any, **options: Any) -> None:
        stop = threading.Event()

        def finish(number: int, frame: FrameType | None) -> None:
            stop.set()

        if options["loop"]:
            signal.signal(signal.SIGTERM, finish)
            signal.signal(signal.SIGINT, finish)
            self.stdout.write("Waiting for messages to send.")
            self.stdout.flush()
        while True:
            now = timezone.now()
            triage.catch_up(now)
            triage.pass_on_freed_times(now)
            triage.remind(now)
            triage.warn_of_ends(now)
            rate_limits.forget_past_tries(now)
            # What a patient typed and did not send lies in a session, and is forgotten with it.
            call_command("clearsessions")
            sent = messages.send_due()
            if sent or not options["loop"]:
                self.stdout.write(f"{sent} sent.")
            if not options["loop"] or stop.wait(SECONDS_BETWEEN):
                return
            close_old_connections()
