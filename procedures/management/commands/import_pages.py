"""Reads information pages, their sources and figures from a folder into drafts."""

from pathlib import Path
from typing import Any

from django.contrib.auth.models import User
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from procedures.ground.counting import counted
from procedures.publishing.folders import FolderError, TakenOver, read_folder
from procedures.status import Category


class Command(BaseCommand):
    """`manage.py import_pages FOLDER --by USERNAME`. Imports the whole folder or nothing.

    Pages of other sites are the exception: one that cannot be read keeps nothing else out.
    """

    help = (
        "Imports every FOLDER/*.md as a draft of the page with the same name, and every "
        "FOLDER/LANGUAGE/*.md as a draft of its translation, with FOLDER/pages.toml, sources.toml and "
        "figures/. If the newest version of a page has the same text, nothing is imported for it. "
        "FOLDER/*.html and Markdown of another site become drafts of new pages, and what was left out "
        "of each is listed."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("folder", type=Path)
        parser.add_argument("--by", required=True, help="The username of the author.")
        parser.add_argument(
            "--category",
            choices=Category.values,
            default=Category.GUIDE.value,
            help="Where pages of other sites go, because they do not say it.",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        author = User.objects.filter(username=options["by"]).first()
        if author is None:
            raise CommandError(f"There is no user “{options['by']}”.")
        try:
            done = read_folder(
                options["folder"],
                by=author,
                now=timezone.now(),
                category=Category(options["category"]),
            )
        except FolderError as error:
            raise CommandError(str(error)) from None
        drafts, files = counted(done.drafts, "draft"), counted(done.files, "file")
        self.stdout.write(f"{drafts} made from {files}.")
        self._say_of_other_sites(done.of_other_sites)
        if done.waiting:
            self.stdout.write(
                "These translations wait until their page is published in English. Import the folder "
                f"again then: {', '.join(done.waiting)}."
            )
        if done.skipped:
            self.stdout.write(f"Skipped, because these are not pages: {', '.join(done.skipped)}.")

    def _say_of_other_sites(self, done: TakenOver) -> None:
        for sentence in done.notes:
            self.stdout.write(sentence)
        if done.already_here:
            self.stdout.write(
                f"Left alone, because these pages are already here: {', '.join(done.already_here)}."
            )
        if done.refused:
            self.stdout.write("Not imported:")
        for sentence in done.refused:
            self.stdout.write(sentence)
