"""Reads information pages and their sources from a folder into drafts."""

import tomllib
from pathlib import Path
from typing import Any

from django.contrib.auth.models import User
from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import transaction
from django.utils import timezone

from procedures import publishing
from procedures.models import InformationPage, Source
from procedures.rendering import DocumentError, parse, render
from procedures.status import Category, PublishingRefused


class Command(BaseCommand):
    """`manage.py import_pages FOLDER --by USERNAME`: all of the folder, or nothing."""

    help = (
        "Imports every FOLDER/*.md as a draft of the page named like the file, and FOLDER/"
        "sources.toml as sources. A page whose newest version has the same text is left alone."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("folder", type=Path)
        parser.add_argument("--by", required=True, help="The username of the author.")

    @transaction.atomic
    def handle(self, *args: Any, **options: Any) -> None:
        folder: Path = options["folder"]
        author = User.objects.filter(username=options["by"]).first()
        if author is None:
            raise CommandError(f"There is no user “{options['by']}”.")
        paths = sorted(folder.glob("*.md"))
        if not paths:
            raise CommandError(f"There is no .md file in {folder}.")
        self._import_sources(folder / "sources.toml")
        imported = sum(self._import_page(path, author) for path in paths)
        self.stdout.write(f"{imported} drafts made from {len(paths)} files.")

    def _import_sources(self, path: Path) -> None:
        if not path.exists():
            return
        for key, columns in tomllib.loads(path.read_text()).items():
            source = Source.objects.filter(key=key).first() or Source(key=key)
            for name, value in columns.items():
                setattr(source, name, value)
            try:
                source.full_clean()
            except ValidationError as error:
                raise CommandError(f"{path}, [{key}]: {error.message_dict}") from None
            source.save()

    def _import_page(self, path: Path, author: User) -> bool:
        document = path.read_text()
        try:
            parsed = parse(document)
            render(document, publishing.library())
        except DocumentError as error:
            faults = "\n".join(f"{path}:{line}: {sentence}" for line, sentence in error.faults)
            raise CommandError(faults) from None
        page = InformationPage.objects.filter(slug=path.stem).first() or self._new_page(
            path, parsed.category
        )
        newest = page.revisions.order_by("-number").first()
        if newest and newest.document == document:
            return False
        try:
            publishing.start_draft(
                page,
                document=document,
                by=author,
                now=timezone.now(),
                note="First version." if newest is None else "",
            )
        except PublishingRefused as refusal:
            raise CommandError(f"{path}: {refusal}") from None
        return True

    def _new_page(self, path: Path, category: Category) -> InformationPage:
        page = InformationPage(slug=path.stem, category=category)
        try:
            page.full_clean()
        except ValidationError as error:
            raise CommandError(
                f"{path}: the name cannot be an address. {error.message_dict}"
            ) from None
        page.save()
        return page
