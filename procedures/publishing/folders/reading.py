"""Reads pages from a folder into drafts: all of it, or nothing."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any, NamedTuple

from django.contrib.auth.models import User
from django.db import transaction
from django.db.models import QuerySet

from procedures import publishing
from procedures.ground.batches import Failed, attempt
from procedures.models import Figure, InformationPage, Source
from procedures.publishing.folders.files import (
    SOURCE_COLUMNS,
    FolderError,
    Text,
    is_for_us,
    page_entries,
    text_of,
    texts,
    toml_of,
)
from procedures.publishing.folders.other_sites import TakenOver, take_over
from procedures.publishing.folders.records import new_page, save, set_columns
from procedures.status import Category, ChangeClass, PublishingRefused, RevisionStatus
from procedures.texts.pictures import PictureError, read_picture
from procedures.texts.rendering import DocumentError, parse, render


class Imported(NamedTuple):
    """How many drafts were made from how many files, and which files were skipped.

    A translation waits while its page is not published in English, which it is read beside.
    """

    drafts: int
    files: int
    skipped: list[str]
    waiting: list[str]
    of_other_sites: TakenOver


@transaction.atomic
def read_folder(
    folder: Path, *, by: User, now: datetime, category: Category = Category.GUIDE
) -> Imported:
    """Make drafts of every new text. It reads the whole folder or nothing.

    A page whose newest text is the same is left alone. Raises FolderError with everything that is
    wrong, not only the first fault. Pages of other sites come after ours, into that category, and
    one that cannot be taken over keeps nothing else out.
    """
    files, skipped = texts(folder)
    if not files:
        raise FolderError(f"There is no .md or .html file in {folder}.")
    found = [text for text in files if text.is_ours()]
    faults = _for_the_same_page(found)
    pages: dict[str, dict[str, Any]] = {}
    drafts, waiting = 0, []
    with _noted(faults):
        pages = page_entries(folder / "pages.toml")
    for picture in sorted(folder.glob("figures/*.*")):
        if is_for_us(picture):
            with _noted(faults):
                _read_figure(picture, by, now)
    _read_sources(folder / "sources.toml", faults)
    for text in found:
        if text.language and not _in_english(text).exists():
            waiting.append(text.entry)
            continue
        outcome = attempt(_read_text, text, pages.get(text.entry, {}), by, now)
        if not isinstance(outcome, Failed):
            drafts += outcome
        elif isinstance(outcome.error, FolderError):
            faults.append(str(outcome.error))
        else:
            faults.append(f"{text.path}: it could not be read ({outcome.where}).")
    others = [text for text in files if text not in found]
    taken_over = take_over(others, pages, category, by=by, now=now)
    for entry, columns in {} if faults else pages.items():
        with _noted(faults):
            _relate(folder / "pages.toml", entry, columns.get("related", []))
    if faults:
        raise FolderError("\n".join(faults))
    return Imported(drafts + taken_over.drafts, len(files), skipped, waiting, taken_over)


def _for_the_same_page(found: list[Text]) -> list[str]:
    return [
        f"{text.path}: another file is for the same page. Remove one of them."
        for text, before in zip(found[1:], found, strict=False)
        if text.entry == before.entry
    ]


def read_sources(path: Path) -> None:
    """Read what texts cite from one file, for texts whose folder has none of its own.

    Raises FolderError with everything that is wrong.
    """
    faults: list[str] = []
    _read_sources(path, faults)
    if faults:
        raise FolderError("\n".join(faults))


@contextmanager
def _noted(faults: list[str]) -> Iterator[None]:
    """Note what is wrong and go on with the next item."""
    try:
        yield
    except FolderError as error:
        faults.append(str(error))


def _read_figure(path: Path, by: User, now: datetime) -> None:
    try:
        picture = read_picture(path.read_bytes())
    except PictureError as error:
        raise FolderError(f"{path}: {error}") from None
    if not Figure.objects.filter(content_hash=picture.content_hash).exists():
        figure = Figure(key=path.stem, added_at=now, added_by=by, **picture._asdict())
        save(figure, str(path))


def _read_sources(path: Path, faults: list[str]) -> None:
    entries: dict[str, dict[str, Any]] = {}
    with _noted(faults):
        entries = toml_of(path)
    for key, columns in entries.items():
        with _noted(faults):
            source = Source.objects.filter(key=key).first() or Source(key=key)
            set_columns(source, columns, {*SOURCE_COLUMNS, "superseded_by"}, f"{path}, [{key}]")
            source.superseded_by = None
            save(source, f"{path}, [{key}]")
    for key, columns in entries.items():
        if successor := columns.get("superseded_by"):
            found = Source.objects.filter(key=successor).first()
            if found is None:
                faults.append(f"{path}, [{key}]: there is no source “{successor}”.")
            Source.objects.filter(key=key).update(superseded_by=found)


def _read_text(text: Text, columns: dict[str, Any], by: User, now: datetime) -> bool:
    """Make a draft of a text, and say whether it was new."""
    document = text_of(text.path)
    try:
        parsed = parse(document)
        render(document, publishing.library(), text.language)
    except DocumentError as error:
        faults = "\n".join(f"{text.path}:{line}: {sentence}" for line, sentence in error.faults)
        raise FolderError(faults) from None
    found = InformationPage.in_every_language.filter(slug=text.slug, language=text.language)
    page = found.first()
    newest = page.revisions.order_by("-number").first() if page else None
    if newest and newest.document == document:
        return False
    try:
        if text.language:
            publishing.start_translation(
                _in_english(text).get(),
                language=text.language,
                by=by,
                now=now,
                by_machine=columns.get("made_by_machine", False),
                document=document,
                note=columns.get("note", ""),
            )
        else:
            publishing.start_draft(
                page or new_page(text, parsed.category, columns),
                document=document,
                by=by,
                now=now,
                note=columns.get("note", "First version." if newest is None else ""),
                change_class=columns.get("change_class", ChangeClass.ADVICE),
            )
    except PublishingRefused as refusal:
        raise FolderError(f"{text.path}: {refusal}") from None
    return True


def _in_english(text: Text) -> QuerySet[InformationPage]:
    """The page of a translation, if patients read it in English."""
    published = InformationPage.objects.filter(revisions__status=RevisionStatus.PUBLISHED)
    return published.filter(slug=text.slug)


def _relate(path: Path, entry: str, related: list[str]) -> None:
    page = InformationPage.objects.filter(slug=entry.rpartition("/")[2]).first()
    others = list(InformationPage.objects.filter(slug__in=related))
    missing = set(related) - {other.slug for other in others}
    if page is None or missing:
        raise FolderError(f"{path}: there is no page “{entry if page is None else min(missing)}”.")
    if not page.related.exists():
        page.related.set(others)
