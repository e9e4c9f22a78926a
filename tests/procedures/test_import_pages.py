"""Pages and sources from a folder: all of it, or nothing."""

from io import StringIO
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from procedures.models import InformationPage, Revision, Source
from tests import factories

pytestmark = pytest.mark.django_db

SOURCES = """
[leaflet]
title = "A leaflet"
publisher = "A hospital"
seen_on = 2026-11-20
seen_by = "an editor"
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    factories.staff("Editor")
    (tmp_path / "sources.toml").write_text(SOURCES)
    (tmp_path / "a-thing.md").write_text(factories.document())
    return tmp_path


def load(folder: Path) -> str:
    out = StringIO()
    call_command("import_pages", folder, by="editor", stdout=out)
    return out.getvalue()


def test_a_file_becomes_a_draft_of_the_page_of_its_name(folder: Path) -> None:
    assert load(folder) == "1 drafts made from 1 files.\n"
    draft = Revision.objects.get()
    assert (draft.page.slug, draft.page.category) == ("a-thing", "procedures")
    assert (draft.status, draft.written_by.username) == ("draft", "editor")
    assert draft.document == factories.document()


def test_the_same_text_makes_no_second_draft_and_a_new_text_does(folder: Path) -> None:
    load(folder)
    assert load(folder) == "0 drafts made from 1 files.\n"
    (folder / "a-thing.md").write_text(factories.document(title="A changed thing"))
    load(folder)
    assert [revision.number for revision in Revision.objects.order_by("number")] == [1, 2]


def test_one_fault_stops_everything_and_names_file_and_line(folder: Path) -> None:
    (folder / "b-thing.md").write_text(factories.document(body="::: stairs\n:::\n"))
    with pytest.raises(CommandError, match=r"b-thing\.md:8: There is no block “stairs”"):
        load(folder)
    assert (InformationPage.objects.count(), Source.objects.count()) == (0, 0)


def test_a_source_that_is_too_long_is_refused_on_every_database(folder: Path) -> None:
    (folder / "sources.toml").write_text(SOURCES.replace("A leaflet", "x" * 301))
    with pytest.raises(CommandError, match=r"sources\.toml, \[leaflet\]"):
        load(folder)


def test_a_file_of_another_category_is_refused(folder: Path) -> None:
    load(folder)
    (folder / "a-thing.md").write_text(factories.document(category="guides"))
    with pytest.raises(CommandError, match="category: procedures"):
        load(folder)


def test_an_unknown_author_or_an_empty_folder_is_said(folder: Path, tmp_path: Path) -> None:
    with pytest.raises(CommandError, match="There is no user “nobody”"):
        call_command("import_pages", folder, by="nobody")
    (folder / "a-thing.md").unlink()
    with pytest.raises(CommandError, match=r"no \.md file"):
        load(folder)


@pytest.mark.parametrize("name", ["My Page", "x" * 60])
def test_a_name_that_is_no_address_is_refused(name: str, folder: Path) -> None:
    (folder / f"{name}.md").write_text(factories.document())
    with pytest.raises(CommandError, match="the name cannot be an address"):
        load(folder)
