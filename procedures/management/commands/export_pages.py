"""Writes all pages, their sources and figures into a folder that `import_pages` reads."""

from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from procedures.ground.counting import counted
from procedures.publishing.folders import write_folder


class Command(BaseCommand):
    """`manage.py export_pages FOLDER`. The folder has to be empty or new."""

    help = (
        "Writes the newest text of every page to FOLDER/*.md and of every translation to "
        "FOLDER/LANGUAGE/*.md, with sources and figures."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("folder", type=Path)

    def handle(self, *args: Any, **options: Any) -> None:
        folder: Path = options["folder"]
        if folder.exists() and any(folder.iterdir()):
            raise CommandError(
                f"{folder} is not empty, so nothing was written. Choose a new folder."
            )
        written = write_folder(folder)
        self.stdout.write(f"{counted(written, 'text')} written to {folder}.")
        if written.failed:
            raise CommandError(
                f"{counted(written.failed, 'text')} could not be written. See the log."
            )
