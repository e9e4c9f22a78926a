"""Prints the public key of our log, to be put where the site's server cannot change it."""

from typing import Any

from django.core.management.base import BaseCommand

from procedures.log.notes import log_key


class Command(BaseCommand):
    """`manage.py log_key`. It is made from LOG_KEY."""

    help = "Prints the key with which anybody can check our log."

    def handle(self, *args: Any, **options: Any) -> None:
        self.stdout.write(log_key())
