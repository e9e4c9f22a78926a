"""Reads pages from a folder into drafts: all of it, or nothing."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any, NamedTuple

from django.contrib.auth.models import User
from django.core.exceptions import ValidationError
from django.db import transaction

from procedures import publishing
from procedures.ground.batches import Failed, attempt
from procedures.models import Figure, InformationPage, Source
from procedures.publishing.folders.files import (
    PAGE_COLUMNS,
    SOURCE_COLUMNS,
    FolderError,
    is_for_us,
    page_entries,
    slug_of,
    text_of,
    texts,
    toml_of,
)
from procedures.status import Category, ChangeClass, PublishingRefused
from procedures.texts.pictures import PictureError, read_picture
from procedures.texts.rendering import DocumentError, parse, render


class Imported(NamedTuple):
    """How many drafts were made from how many files, and which files were skipped."""

    drafts: int
    files: int
    skipped: list[str]


@transaction.atomic
def read_folder(folder: Path, *, by: User, now: datetime) -> Imported:
    """Make drafts of every new text. It reads the whole folder or nothing.

    A page whose newest text is the same is left alone. Raises FolderError with everything that is
    wrong, not only the first fault.
    """
    paths, skipped = texts(folder)
    if not paths:
        raise FolderError(f"There is no .md file in {folder}.")
    faults = [
        f"{path}: another file is for the same page. Remove one of them."
        for path, before in zip(paths[1:], paths, strict=False)
        if slug_of(path) == slug_of(before)
    ]
    pages: dict[str, dict[str, Any]] = {}
    drafts = 0
    with _noted(faults):
        pages = page_entries(folder / "pages.toml")
    for picture in sorted(folder.glob("figures/*.*")):
        if is_for_us(picture):
            with _noted(faults):
                _read_figure(picture, by, now)
    _read_sources(folder / "sources.toml", faults)
    for path in paths:
        outcome = attempt(_read_page, path, pages.get(slug_of(path), {}), by, now)
        if not isinstance(outcome, Failed):
            drafts += outcome
        elif isinstance(outcome.error, FolderError):
            faults.append(str(outcome.error))
        else:
            faults.append(f"{path}: it could not be read ({outcome.where}).")
    for slug, columns in {} if faults else pages.items():
        with _noted(faults):
            _relate(folder / "pages.toml", slug, columns.get("related", []))
    if faults:
        raise FolderError("\n".join(faults))
    return Imported(drafts, len(paths), skipped)


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
        _save(figure, str(path))


def _read_sources(path: Path, faults: list[str]) -> None:
    entries: dict[str, dict[str, Any]] = {}
    with _noted(faults):
        entries = toml_of(path)
    for key, columns in entries.items():
        with _noted(faults):
            source = Source.objects.filter(key=key).first() or Source(key=key)
            _set(source, columns, {*SOURCE_COLUMNS, "superseded_by"}, f"{path}, [{key}]")
            source.superseded_by = None
            _save(source, f"{path}, [{key}]")
    for key, columns in entries.items():
        if successor := columns.get("superseded_by"):
            found = Source.objects.filter(key=successor).first()
            if found is None:
                faults.append(f"{path}, [{key}]: there is no source “{successor}”.")
            Source.objects.filter(key=key).update(superseded_by=found)


def _read_page(path: Path, columns: dict[str, Any], by: User, now: datetime) -> bool:
    document = text_of(path)
    try:
        parsed = parse(document)
        render(document, publishing.library())
    except DocumentError as error:
        faults = "\n".join(f"{path}:{line}: {sentence}" for line, sentence in error.faults)
        raise FolderError(faults) from None
    page = InformationPage.objects.filter(slug=slug_of(path)).first()
    page = page or _new_page(path, parsed.category, columns)
    newest = page.revisions.order_by("-number").first()
    if newest and newest.document == document:
        return False
    try:
        publishing.start_draft(
            page,
            document=document,
            by=by,
            now=now,
            note=columns.get("note", "First version." if newest is None else ""),
            change_class=columns.get("change_class", ChangeClass.ADVICE),
        )
    except PublishingRefused as refusal:
        raise FolderError(f"{path}: {refusal}") from None
    return True


def _new_page(path: Path, category: Category, columns: dict[str, Any]) -> InformationPage:
    page = InformationPage(slug=slug_of(path), category=category)
    own = {name: columns[name] for name in PAGE_COLUMNS if name in columns}
    _set(page, own, PAGE_COLUMNS, f"pages.toml, [{slug_of(path)}]")
    page.synonyms = "\n".join(columns.get("synonyms", []))
    page.owner = User.objects.filter(username=columns.get("owner", "")).first()
    _save(page, str(path), "the name cannot be an address, or there is a mistake in pages.toml. ")
    return page


def _relate(path: Path, slug: str, related: list[str]) -> None:
    page = InformationPage.objects.filter(slug=slug).first()
    others = list(InformationPage.objects.filter(slug__in=related))
    missing = set(related) - {other.slug for other in others}
    if page is None or missing:
        raise FolderError(f"{path}: there is no page “{slug if page is None else min(missing)}”.")
    if not page.related.exists():
        page.related.set(others)


def _set(record: Any, columns: dict[str, Any], known: Any, where: str) -> None:
    for name, value in columns.items():
        if name not in known:
            raise FolderError(f"{where}: there is no “{name}”.")
        if name != "superseded_by":
            setattr(record, name, value)


def _save(record: Any, where: str, hint: str = "") -> None:
    try:
        record.full_clean()
    except ValidationError as error:
        raise FolderError(f"{where}: {hint}{error.message_dict}") from None
    record.save()
