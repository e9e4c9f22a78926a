"""Compares every journal and page with a signed copy of their heads."""

from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from clinic_site import heads


class Command(BaseCommand):
    """`manage.py verify_heads FILE`. FILE was written by `copy_heads`, on whatever day."""

    help = "Reveals even a chain that was built again as a whole. Exits with 1 if anything is different."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("file", type=Path)

    def handle(self, *args: Any, **options: Any) -> None:
        self.stdout.write(f"As in the {heads.compare(options['file'])}.")
