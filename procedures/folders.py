"""Pages as a folder of files, so that they can be kept in git, moved and given away.

    SLUG.md         the text of a page
    pages.toml      what belongs to a page and not to its text
    sources.toml    what the texts cite, by key
    figures/KEY.svg what the texts show

What is written by `write_folder` and read by `read_folder` into an empty site is written again without
loss. Signatures do not travel: they are for the bytes of one site.
"""

import tomllib
from datetime import datetime
from pathlib import Path
from typing import Any

import tomli_w
from django.contrib.auth.models import User
from django.core.exceptions import ValidationError
from django.db import transaction

from procedures import publishing
from procedures.content_checks import promises
from procedures.models import Figure, InformationPage, Revision, Source
from procedures.pictures import PictureError, read_picture
from procedures.rendering import DocumentError, parse, render
from procedures.status import Category, ChangeClass, PublishingRefused

SOURCE_COLUMNS = ("title", "publisher", "url", "dated", "seen_on", "seen_by", "recheck_due")
PAGE_COLUMNS = ("position", "review_months", "grace_days")
KINDS: dict[str, type] = {
    **dict.fromkeys(PAGE_COLUMNS, int),
    **dict.fromkeys(("owner", "note", "change_class"), str),
    **dict.fromkeys(("synonyms", "related"), list),
}
LONGEST_NOTE = 300


class FolderError(Exception):
    """What is wrong with a folder, naming the file and the line."""


# --- Writing ----------------------------------------------------------------------------------


def write_folder(folder: Path) -> int:
    """Write the newest text of every page, and all that belongs to them; the number of pages."""
    (folder / "figures").mkdir(parents=True, exist_ok=True)
    pages: dict[str, dict[str, Any]] = {}
    for page in InformationPage.objects.order_by("slug").prefetch_related("related"):
        newest = page.revisions.order_by("-number").first()
        if newest is None:
            continue
        (folder / f"{page.slug}.md").write_text(newest.document, encoding="utf-8")
        pages[page.slug] = _page_columns(page, newest)
    sources = {
        source.key: _source_columns(source)
        for source in Source.objects.order_by("key").select_related("superseded_by")
    }
    (folder / "pages.toml").write_text(tomli_w.dumps(pages), encoding="utf-8")
    (folder / "sources.toml").write_text(tomli_w.dumps(sources), encoding="utf-8")
    for figure in publishing.library().figures.values():
        (folder / "figures" / f"{figure.key}.{figure.kind()}").write_bytes(bytes(figure.content))
    return len(pages)


def _page_columns(page: InformationPage, newest: Revision) -> dict[str, Any]:
    columns: dict[str, Any] = {name: getattr(page, name) for name in PAGE_COLUMNS}
    if page.owner:
        columns["owner"] = page.owner.get_username()
    return columns | {
        "synonyms": page.other_names(),
        "related": sorted(page.related.values_list("slug", flat=True)),
        "note": newest.note,
        "change_class": newest.change_class,
    }


def _source_columns(source: Source) -> dict[str, Any]:
    columns = {name: getattr(source, name) for name in SOURCE_COLUMNS}
    if source.superseded_by:
        columns["superseded_by"] = source.superseded_by.key
    return {name: value for name, value in columns.items() if value not in ("", None)}


# --- Reading ----------------------------------------------------------------------------------


@transaction.atomic
def read_folder(folder: Path, *, by: User, now: datetime) -> tuple[int, int]:
    """Make drafts of every text that is new: how many drafts, of how many files. All, or nothing.

    A page whose newest text is the same is left alone. Raises FolderError.
    """
    paths = sorted(folder.glob("*.md"))
    if not paths:
        raise FolderError(f"There is no .md file in {folder}.")
    pages = _page_entries(folder / "pages.toml")
    _read_figures(folder / "figures", by, now)
    _read_sources(folder / "sources.toml")
    drafts = sum(_read_page(path, pages.get(path.stem, {}), by, now) for path in paths)
    for slug, columns in pages.items():
        _relate(folder / "pages.toml", slug, columns.get("related", []))
    return drafts, len(paths)


def _toml(path: Path) -> dict[str, Any]:
    if not path.exists():
        return {}
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise FolderError(f"{path}: {error}") from None


def _page_entries(path: Path) -> dict[str, dict[str, Any]]:
    """What pages.toml says, each value of the kind that it should be."""
    pages = _toml(path)
    for slug, columns in pages.items():
        if not isinstance(columns, dict):
            raise FolderError(f"{path}: write “[{slug}]” and the values below it.")
        for name, value in columns.items():
            _check_kind(f"{path}, [{slug}]", name, value)
        if promises("\n".join(columns.get("synonyms", []))):
            raise FolderError(f"{path}, [{slug}]: take brands and promises out of the synonyms.")
        if columns.get("change_class", ChangeClass.ADVICE) not in ChangeClass.values:
            raise FolderError(f"{path}, [{slug}]: “change_class” is advice, wording or format.")
        if len(columns.get("note", "")) > LONGEST_NOTE:
            raise FolderError(f"{path}, [{slug}]: shorten the note to {LONGEST_NOTE} characters.")
    return pages


def _check_kind(where: str, name: str, value: Any) -> None:
    if name not in KINDS:
        raise FolderError(f"{where}: there is no “{name}”.")
    words = isinstance(value, list) and all(isinstance(word, str) for word in value)
    if not (words if KINDS[name] is list else isinstance(value, KINDS[name])):
        raise FolderError(f"{where}: “{name}” is not of the right kind.")


def _read_figures(folder: Path, by: User, now: datetime) -> None:
    for path in sorted(folder.glob("*.*")):
        try:
            picture = read_picture(path.read_bytes())
        except PictureError as error:
            raise FolderError(f"{path}: {error}") from None
        if not Figure.objects.filter(content_hash=picture.content_hash).exists():
            figure = Figure(key=path.stem, added_at=now, added_by=by, **picture._asdict())
            _save(figure, str(path))


def _read_sources(path: Path) -> None:
    entries = _toml(path)
    for key, columns in entries.items():
        source = Source.objects.filter(key=key).first() or Source(key=key)
        _set(source, columns, {*SOURCE_COLUMNS, "superseded_by"}, f"{path}, [{key}]")
        source.superseded_by = None
        _save(source, f"{path}, [{key}]")
    for key, columns in entries.items():
        if successor := columns.get("superseded_by"):
            found = Source.objects.filter(key=successor).first()
            if found is None:
                raise FolderError(f"{path}, [{key}]: there is no source “{successor}”.")
            Source.objects.filter(key=key).update(superseded_by=found)


def _read_page(path: Path, columns: dict[str, Any], by: User, now: datetime) -> bool:
    try:
        document = path.read_text(encoding="utf-8")
        parsed = parse(document)
        render(document, publishing.library())
    except UnicodeDecodeError:
        raise FolderError(f"{path}: this file is not text in UTF-8.") from None
    except DocumentError as error:
        faults = "\n".join(f"{path}:{line}: {sentence}" for line, sentence in error.faults)
        raise FolderError(faults) from None
    page = InformationPage.objects.filter(slug=path.stem).first()
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
    page = InformationPage(slug=path.stem, category=category)
    own = {name: columns[name] for name in PAGE_COLUMNS if name in columns}
    _set(page, own, PAGE_COLUMNS, f"pages.toml, [{path.stem}]")
    page.synonyms = "\n".join(columns.get("synonyms", []))
    page.owner = User.objects.filter(username=columns.get("owner", "")).first()
    _save(page, str(path), "the name cannot be an address, or pages.toml is at fault. ")
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
