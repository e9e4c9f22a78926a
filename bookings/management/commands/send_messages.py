"""Sends the messages that are due."""

import signal
import threading
from types import FrameType
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from bookings import messages
from bookings.management import worker


class Command(BaseCommand):
    """`manage.py send_messages` once, or `--loop` until it is told to stop.

    Safe to run in several processes. It also writes down what the clock did, which nothing waits for.
    Once, it exits with 1 if something failed; that is tried again with the next run.
    """

    help = "Sends the messages that are due, oldest first."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--loop", action="store_true", help="Keep running until stopped.")

    def handle(self, *args: Any, **options: Any) -> None:
        if options["loop"]:
            self._loop()
            return
        failed = worker.go_round(timezone.now())
        sent = messages.send_due()
        self.stdout.write(f"{sent} sent.")
        if failed or sent.failed:
            raise CommandError(
                f"{failed + sent.failed} steps failed. The next run will try them again."
            )

    def _loop(self) -> None:
        stop = threading.Event()

        def finish(number: int, frame: FrameType | None) -> None:
            stop.set()

        signal.signal(signal.SIGTERM, finish)
        signal.signal(signal.SIGINT, finish)
        self.stdout.write("Waiting for messages to send.")
        self.stdout.flush()
        worker.run(stop)
