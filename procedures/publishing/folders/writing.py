"""Writes pages into a folder."""

from pathlib import Path
from typing import Any

import tomli_w

from procedures import publishing
from procedures.ground.batches import Tally, one_by_one
from procedures.models import InformationPage, Revision, Source
from procedures.publishing.folders.files import PAGE_COLUMNS, SOURCE_COLUMNS, Text


def write_folder(folder: Path) -> Tally:
    """Write the newest text of every page and of every translation, with everything that belongs to it.

    Returns how many texts.
    """
    (folder / "figures").mkdir(parents=True, exist_ok=True)
    pages: dict[str, dict[str, Any]] = {}

    def write_page(pk: int) -> bool:
        page = InformationPage.in_every_language.get(pk=pk)
        newest = page.revisions.order_by("-number").first()
        if newest is None:
            return False
        columns = _page_columns(page, newest)
        text = Text(folder / page.language / f"{page.slug}.md", page.language)
        text.path.parent.mkdir(exist_ok=True)
        text.path.write_text(newest.document, encoding="utf-8")
        if columns:
            pages[text.entry] = columns
        return True

    in_order = InformationPage.in_every_language.order_by("language", "slug")
    pks = in_order.values_list("pk", flat=True)
    written = one_by_one(pks, write_page, task="export of page")
    sources = {
        source.key: _source_columns(source)
        for source in Source.objects.order_by("key").select_related("superseded_by")
    }
    (folder / "pages.toml").write_text(tomli_w.dumps(pages), encoding="utf-8")
    (folder / "sources.toml").write_text(tomli_w.dumps(sources), encoding="utf-8")
    for figure in publishing.library().figures.values():
        (folder / "figures" / f"{figure.key}.{figure.kind()}").write_bytes(bytes(figure.content))
    return written


def _page_columns(page: InformationPage, newest: Revision) -> dict[str, Any]:
    if page.language:
        own = {"made_by_machine": newest.made_by_machine, "note": newest.note}
        return {name: value for name, value in own.items() if value}
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
    return {name: value for name, value in columns.items() if value not in ("", None, False)}
