"""Pages, sources and figures to and from a folder: all of it or nothing, without loss."""

import tomllib
from datetime import datetime
from io import StringIO
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command
from django.db import connection

from procedures import publishing
from procedures.models import Figure, InformationPage, Revision, Source
from procedures.publishing.folders import FolderError, read_sources
from procedures.status import RevisionStatus
from tests import factories
from tests.conftest import changes_allowed

pytestmark = pytest.mark.django_db

SOURCES = """
[leaflet]
kind = "leaflet"
title = "A leaflet"
publisher = "Example Hospital"
dated = "2024"
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
    assert load(folder) == "1 draft made from 1 file.\n"
    draft = Revision.objects.get()
    assert (draft.page.slug, draft.page.category) == ("a-thing", "procedures")
    assert (draft.status, draft.written_by.username) == ("draft", "editor")
    assert draft.document == factories.document()


def test_the_same_text_makes_no_second_draft_and_a_new_text_does(folder: Path) -> None:
    load(folder)
    assert load(folder) == "0 drafts made from 1 file.\n"
    (folder / "a-thing.md").write_text(factories.document(title="A changed thing"))
    load(folder)
    assert [revision.number for revision in Revision.objects.order_by("number")] == [1, 2]


def test_sources_are_read_alone_for_a_folder_that_has_none(
    folder: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    elsewhere = tmp_path_factory.mktemp("elsewhere")
    sources = (folder / "sources.toml").rename(elsewhere / "sources.toml")
    read_sources(sources)
    assert Source.objects.get().title == "A leaflet"
    assert load(folder) == "1 draft made from 1 file.\n"
    sources.write_text(SOURCES + 'titel = "x"')
    with pytest.raises(FolderError, match="there is no “titel”"):
        read_sources(sources)


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
    with pytest.raises(CommandError, match=r"no \.md or \.html file"):
        load(folder)


@pytest.mark.parametrize("name", ["My Page", "x" * 60])
def test_a_name_that_is_no_address_is_refused(name: str, folder: Path) -> None:
    (folder / f"{name}.md").write_text(factories.document())
    with pytest.raises(CommandError, match="the name cannot be an address"):
        load(folder)


# --- Files as people's machines write them ----------------------------------------------------


@pytest.mark.parametrize("mark", ["\ufeff", ""])
@pytest.mark.parametrize("line_end", ["\r\n", "\n"])
@pytest.mark.parametrize("edge", ["---", "--- "])
def test_marks_of_other_machines_change_nothing(
    mark: str, line_end: str, edge: str, folder: Path
) -> None:
    typed = factories.document().replace("---\n", f"{edge}\n").replace("\n", line_end)
    (folder / "a-thing.md").write_bytes((mark + typed).encode())
    (folder / "sources.toml").write_bytes((mark + SOURCES.replace("\n", line_end)).encode())
    (folder / "pages.toml").write_bytes((mark + "[a-thing]\nposition = 7\n").encode())
    assert load(folder) == "1 draft made from 1 file.\n"
    draft = Revision.objects.get()
    assert draft.document == factories.document().replace("---\n", f"{edge}\n")
    assert (draft.title, draft.page.position) == ("A thing", 7)


def test_what_is_no_page_is_skipped_and_said(folder: Path) -> None:
    for name in (".DS_Store", "._a-thing.md", "README.md", "notes.txt", "figures/.DS_Store"):
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_bytes(b"\x00\x05\x16\x07\xff")
    assert load(folder) == (
        "1 draft made from 1 file.\n"
        "Skipped, because these are not pages: .DS_Store, ._a-thing.md, README.md, notes.txt.\n"
    )


def test_a_name_in_capitals_is_seen(folder: Path) -> None:
    (folder / "a-thing.md").rename(folder / "A-Thing.MD")
    assert load(folder) == "1 draft made from 1 file.\n"
    assert Revision.objects.get().page.slug == "a-thing"


def test_two_files_for_one_page_are_refused(folder: Path) -> None:
    (folder / "A-Thing.MD").write_text(factories.document(title="Another"))
    with pytest.raises(CommandError, match="another file is for the same page"):
        load(folder)


def test_all_that_is_wrong_is_said_at_once(folder: Path) -> None:
    twice = factories.document().replace("title: A thing", "title: A thing\ntitle: B thing")
    (folder / "b-thing.md").write_text(twice)
    (folder / "c-thing.md").write_text("---\nNo front matter.")
    (folder / "pages.toml").write_text('[a-thing]\nposion = 1\nnote = "a\\u202eb"\n[d]\nx = 1\n')
    (folder / "sources.toml").write_text(SOURCES + '\n[x]\ntitel = "x"\n')
    with pytest.raises(CommandError) as refused:
        load(folder)
    said = str(refused.value)
    assert "[a-thing]: remove the hidden character in “note”." in said
    assert "[x]: there is no “titel”" in said
    assert "b-thing.md:3: The title is already in line 2. Keep one of them." in said
    assert "c-thing.md:1: Begin with “---”" in said
    assert not InformationPage.objects.exists()


# --- What belongs to pages --------------------------------------------------------------------

PAGES = """
[a-thing]
position = 7
review_months = 12
grace_days = 30
owner = "editor"
synonyms = ["jab", "cortisone"]
related = ["b-thing"]
note = "Shorter."
change_class = "wording"
"""
NEXT_SOURCE = """
[newer]
title = "A newer leaflet"
kind = "leaflet"
publisher = "Example Hospital"
dated = "2024"
read_in_part = true
seen_on = 2026-11-21
seen_by = "an editor"
"""
DRAWING = '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 40 30"><path d="M0 0h9"/></svg>'
FIGURE = "\n::: figure A probe\n![A probe on skin.](probe)\n\nMore.\n:::\n"


@pytest.fixture
def full(folder: Path) -> Path:
    (folder / "pages.toml").write_text(PAGES)
    successor = SOURCES.rstrip() + '\nsuperseded_by = "newer"\nrecheck_due = 2027-01-01\n'
    (folder / "sources.toml").write_text(successor + NEXT_SOURCE)
    (folder / "figures").mkdir()
    (folder / "figures" / "probe.svg").write_text(DRAWING)
    body = factories.BODY + FIGURE
    (folder / "b-thing.md").write_text(factories.document(title="B", body=body))
    return folder


def contents(folder: Path) -> dict[str, bytes]:
    files = (path for path in folder.rglob("*") if path.is_file())
    return {str(path.relative_to(folder)): path.read_bytes() for path in files}


def test_all_that_belongs_to_a_page_comes_along(full: Path) -> None:
    load(full)
    page = InformationPage.objects.get(slug="a-thing")
    assert (page.position, page.review_months, page.grace_days) == (7, 12, 30)
    assert page.owner == factories.staff("Editor")
    assert page.other_names() == ["jab", "cortisone"]
    assert [other.slug for other in page.related.all()] == ["b-thing"]
    draft = page.revisions.get()
    assert (draft.note, draft.change_class) == ("Shorter.", "wording")
    source = Source.objects.get(key="leaflet")
    newer = Source.objects.get(key="newer")
    assert source.superseded_by == newer
    assert [(each.kind, each.read_in_part) for each in (source, newer)] == [
        ("leaflet", False),
        ("leaflet", True),
    ]
    assert Figure.objects.get().key == "probe"


@pytest.mark.django_db(transaction=True)
def test_what_is_written_and_read_elsewhere_is_written_again_without_loss(
    full: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    load(full)
    first, second = (tmp_path_factory.mktemp("out") for _ in range(2))
    call_command("export_pages", first, stdout=StringIO())
    with changes_allowed():
        call_command("flush", interactive=False, verbosity=0)
    factories.staff("Editor")
    load(first)
    call_command("export_pages", second, stdout=StringIO())
    assert contents(first) == contents(second)
    assert set(contents(first)) == {
        "a-thing.md",
        "b-thing.md",
        "pages.toml",
        "sources.toml",
        "figures/probe.svg",
    }
    assert contents(first)["a-thing.md"] == (full / "a-thing.md").read_bytes()
    written = tomllib.loads(contents(first)["sources.toml"].decode())
    assert "read_in_part" not in written["leaflet"]
    assert (written["newer"]["kind"], written["newer"]["read_in_part"]) == ("leaflet", True)


def test_nothing_is_written_over(full: Path) -> None:
    load(full)
    before = contents(full)
    with pytest.raises(CommandError, match="is not empty"):
        call_command("export_pages", full)
    assert contents(full) == before


@pytest.mark.parametrize(
    ("name", "content", "sentence"),
    [
        ("pages.toml", "[a-thing]\nposition = ", "pages.toml: "),
        ("pages.toml", "[a-thing]\nposion = 1", "there is no “posion”"),
        ("pages.toml", "[a-thing]\nreview_months = 99", "36 or less"),
        ("pages.toml", '[a-thing]\nrelated = ["nowhere"]', "there is no page “nowhere”"),
        ("pages.toml", "x = 1", "the values below it"),
        ("pages.toml", '[a-thing]\nsynonyms = "jab"', "“synonyms” has the wrong type of value"),
        ("pages.toml", '[a-thing]\nsynonyms = ["Kenalog"]', "remove brand names and promises"),
        ("pages.toml", '[a-thing]\nchange_class = "nonsense"', "advice, wording or format"),
        ("pages.toml", f'[a-thing]\nnote = "{"x" * 301}"', "shorten the note"),
        ("pages.toml", "[nowhere]\nposition = 1", "there is no page “nowhere”"),
        ("pages.toml", "[a-thing]\nmade_by_machine = true", "there is no “made_by_machine”"),
        ("pages.toml", '["cy/a-thing"]\nposition = 1', "there is no “position”"),
        ("pages.toml", '["cy/a-thing"]\nmade_by_machine = "no"', "has the wrong type of value"),
        ("pages.toml", '["cy/nowhere"]\nmade_by_machine = true', "there is no page “cy/nowhere”"),
        ("sources.toml", SOURCES + 'superseded_by = "nowhere"', "there is no source “nowhere”"),
        ("sources.toml", SOURCES + 'titel = "x"', "there is no “titel”"),
        ("sources.toml", SOURCES.replace('"leaflet"', '"gossip"'), r"\[leaflet\]: {'kind'"),
        ("sources.toml", SOURCES.replace('kind = "leaflet"', ""), r"\[leaflet\]: {'kind'"),
        ("figures/probe.svg", "<svg><script/></svg>", "probe.svg: This drawing contains a script"),
    ],
)
def test_a_faulty_file_is_named_and_nothing_is_kept(
    name: str, content: str, sentence: str, full: Path
) -> None:
    (full / name).write_text(content)
    with pytest.raises(CommandError, match=sentence):
        load(full)
    assert not InformationPage.objects.exists()
    assert not Source.objects.exists()
    assert not Figure.objects.exists()


# --- Translations -----------------------------------------------------------------------------


def test_translations_come_along_and_what_a_machine_made_stays_marked(
    tmp_path: Path, monday: datetime
) -> None:
    english = factories.revision(RevisionStatus.PUBLISHED, now=monday)
    welsh = factories.translation(of=english.page, now=monday)
    words = factories.in_other_words(english.document)
    publishing.start_translation(
        english.page,
        language="pl",
        by=factories.staff("Editor"),
        now=monday,
        by_machine=True,
        document=words,
        note="Read aloud once.",
    )
    out = StringIO()
    call_command("export_pages", tmp_path / "out", stdout=out)
    assert out.getvalue().startswith("3 texts written")
    written = contents(tmp_path / "out")
    assert written["cy/a-thing.md"].decode() == welsh.document
    assert written["pl/a-thing.md"].decode() == words
    entries = tomllib.loads(written["pages.toml"].decode())
    assert entries["cy/a-thing"] == {"note": "This translation is new."}
    assert entries["pl/a-thing"] == {"made_by_machine": True, "note": "Read aloud once."}
    assert entries.keys() == {"a-thing", "cy/a-thing", "pl/a-thing"}
    assert load(tmp_path / "out") == "0 drafts made from 3 files.\n"
    for language in ("cy", "pl"):
        path = tmp_path / "out" / language / "a-thing.md"
        path.write_text(path.read_text().replace("A thing", "Another thing"))
    assert load(tmp_path / "out") == "2 drafts made from 3 files.\n"
    newest = Revision.objects.exclude(page__language="").filter(number=2).order_by("page__language")
    assert [
        (each.page.language, each.made_by_machine, each.translates, each.note) for each in newest
    ] == [
        ("cy", False, english, "This translation is new."),
        ("pl", True, english, "Read aloud once."),
    ]


def test_a_page_without_a_text_is_not_written(tmp_path: Path, monday: datetime) -> None:
    factories.page("nothing-yet")
    welsh = factories.translation(of=factories.revision(RevisionStatus.PUBLISHED, now=monday).page)
    again = publishing.start_translation(
        factories.page(), language="cy", by=factories.translator(), now=monday
    )
    assert (again.number, again.note) == (welsh.number + 1, "")
    call_command("export_pages", tmp_path / "out", stdout=StringIO())
    written = contents(tmp_path / "out")
    assert set(written) == {"a-thing.md", "cy/a-thing.md", "pages.toml", "sources.toml"}
    # A translation of which there is nothing to say has no entry.
    assert set(tomllib.loads(written["pages.toml"].decode())) == {"a-thing"}


def test_a_translation_waits_until_its_page_is_published_in_english(
    folder: Path, monday: datetime
) -> None:
    words = factories.in_other_words(factories.document())
    (folder / "cy").mkdir()
    (folder / "cy" / "a-thing.md").write_text(words)
    (folder / "cy" / "notes.txt").write_text("Ask Sam.")
    (folder / "pages.toml").write_text('["cy/a-thing"]\nmade_by_machine = true')
    assert load(folder) == (
        "1 draft made from 2 files.\n"
        "These translations wait until their page is published in English. Import the folder again "
        "then: cy/a-thing.\n"
        "Skipped, because these are not pages: cy/notes.txt.\n"
    )
    factories.brought_to(RevisionStatus.PUBLISHED, Revision.objects.get(), now=monday)
    assert load(folder).startswith("1 draft made from 2 files.\nSkipped")
    made = Revision.objects.get(page__language="cy")
    assert (made.document, made.made_by_machine, made.status) == (words, True, "draft")


def test_a_folder_of_pages_may_itself_be_named_like_a_language(folder: Path) -> None:
    assert load(folder.rename(folder.with_name("cy"))) == "1 draft made from 1 file.\n"
    assert InformationPage.objects.get().slug == "a-thing"


def test_a_text_of_ours_that_is_not_utf_8_is_refused(folder: Path) -> None:
    path = folder / "a-thing.md"
    path.write_bytes(path.read_bytes() + "½\n".encode("windows-1252"))
    with pytest.raises(CommandError, match="not text in UTF-8"):
        load(folder)


# --- Verify -----------------------------------------------------------------------------------


def verify() -> str:
    out = StringIO()
    call_command("verify_pages", stdout=out)
    return out.getvalue()


@pytest.mark.parametrize("status", RevisionStatus)
def test_whole_texts_are_said_to_be_whole(status: RevisionStatus, monday: datetime) -> None:
    factories.revision(status, now=monday)
    assert "procedures/a-thing: whole" in verify()


@pytest.mark.parametrize(
    ("change", "fault"),
    [
        ("fragment = fragment || ' '", "version 1: the stored text does not match its hash"),
        ("document = document || ' '", "version 1: the stored text does not match its hash"),
        ("note = 'x'", "version 1: a signature is for another text"),
        ("fragment_hash = '0'", "version 1: a signature is for another text"),
    ],
)
def test_a_fault_is_named_and_fails_the_command(change: str, fault: str, monday: datetime) -> None:
    factories.revision(RevisionStatus.PUBLISHED, now=monday)
    with connection.cursor() as cursor:
        cursor.execute(f"UPDATE procedures_revision SET {change}")
    with pytest.raises(CommandError, match=fault):
        verify()


def test_a_published_text_without_a_signature_is_a_fault(monday: datetime) -> None:
    revision = factories.revision(RevisionStatus.IN_REVIEW, now=monday)
    Revision.objects.filter(pk=revision.pk).update(status=RevisionStatus.SIGNED)
    with pytest.raises(CommandError, match="version 1: nobody signed it"):
        verify()


@pytest.mark.django_db(transaction=True)
def test_a_figure_of_other_bytes_is_a_fault(full: Path) -> None:
    load(full)
    with changes_allowed():
        Figure.objects.update(content=b"<svg/>")
    with pytest.raises(CommandError, match="figure probe: its bytes do not match its address"):
        verify()
