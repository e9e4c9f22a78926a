"""Sends the messages that are due."""

import signal
import threading
from types import FrameType
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from bookings.management import worker
from procedures.ground.counting import counted


class Command(BaseCommand):
    """`manage.py send_messages` once, or with `--loop` until it is stopped.

    Safe to run in several processes. It also tells other systems what happened, and records the
    steps that the clock has taken, which nothing waits for. Without `--loop` it exits with 1 if
    something failed; the next run tries that again.
    """

    help = "Sends the messages and webhooks that are due, oldest first."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--loop", action="store_true", help="Keep running until stopped.")

    def handle(self, *args: Any, **options: Any) -> None:
        if options["loop"]:
            self._loop()
            return
        sent = worker.once()
        self.stdout.write(f"{sent} sent.")
        if sent.failed:
            steps = counted(sent.failed, "step")
            raise CommandError(f"{steps} failed. The next run will try again.")

    def _loop(self) -> None:
        stop = threading.Event()

        def finish(number: int, frame: FrameType | None) -> None:
            stop.set()

        signal.signal(signal.SIGTERM, finish)
        signal.signal(signal.SIGINT, finish)
        self.stdout.write("Waiting for messages to send.")
        self.stdout.flush()
        worker.run(stop)
