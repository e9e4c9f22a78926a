"""Pages of another site in a folder that is imported: drafts of ours, with what was left out."""

from io import StringIO
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command
from hypothesis import example, given
from hypothesis import strategies as st

from procedures import publishing
from procedures.models import InformationPage, Revision
from procedures.status import Category
from procedures.texts.other_sites import NotTakenOver, from_html, from_markdown
from procedures.texts.rendering import SEAM, Library, parse, render, sketch, words_of
from tests import factories

NOTHING = Library({}, {})
MATTER = """---
title: {title}
standfirst: {standfirst}
category: guides
closing question: ‹A question about the problem, which names no treatment›
closing sentence: An assessment can help to find the cause, and we talk through the choices with you.
---

"""
NO_ADDRESS = (
    "Rename this file. Its name becomes the address of the page: up to 50 letters from a to z, "
    "digits and hyphens."
)
HINT = "‹What it feels like, what may help, and for how long, in one sentence›"


def body_of(html: str) -> str:
    """What follows the front matter of a page with this body."""
    document = from_html(f"<h1>T</h1>{html}".encode(), Category.GUIDE, "t").document
    return document.removeprefix(MATTER.format(title="T", standfirst=HINT)).rstrip("\n")


def notes_of(html: str) -> list[str]:
    return from_html(html.encode(), Category.GUIDE, "t").notes


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    factories.staff("Editor")
    return tmp_path


def load(folder: Path, **options: str) -> str:
    out = StringIO()
    call_command("import_pages", folder, by="editor", stdout=out, **options)
    return out.getvalue()


# --- A page as a clinic's website exports it ------------------------------------------------------

MESSY = """<!DOCTYPE html>
<html lang="de"><head>
<META HTTP-EQUIV="Content-Type" CONTENT="text/html; charset=iso-8859-1">
<title>Heel pain | The M&uuml;ller Clinic</title>
<meta name="description" content="What helps a sore heel,
   and what does not.">
<style>p { color: red }</style>
<script src="https://tracker.example/t.js"></script>
</head><body onload="start()">
<div id="wrap"><div class="top">
<header><a href="/"><img src="logo.png" alt="The Müller Clinic"></a>
  <nav><ul><li><a href="/">Home</a><li><a href="/heel.html">Heel</a></ul></nav></header>
<div class="content"><div class="inner">
<h1>Heel&nbsp;pain <small>(Fersenschmerz für Łukasz)</small></h1>
<img src="img/heel.jpg" alt="A sore
 heel">
<p>Most people &ndash; about 8&nbsp;in&nbsp;10&nbsp;&mdash; get <b>better </b>within <i>a year</i>.
   Say it in one word: <b>Wait:</b>it takes time.
<p>Ask Dr&nbsp;Gr&ouml;&szlig;e or Za&#380;&oacute;&#322;&#263; <a href="https://example.org/a_b?x=1&amp;y=2">here</a>,
   or <a href="javascript:window.open('x')">book</a>.<br>
   1. This is no list.<br><br>Nor is *this*, [or that].
<h3>What can I do?</h3>
<ul>
  <li>Stretch
    <ul><li>in the morning<li>in the evening</ul>
  <li><p>Rest.</p><p>Ice for 10 minutes.</p>
  <ol><li>Wrap it.<li>Lay it on.</ol>
</ul>
<h2>Prices</h2>
<table border=1 cellpadding=3><tr><td>Visit<td>Price
<tr><td rowspan=2>First | long<td>&pound;90
<tr><td>&euro;100</table>
<form action="/send"><p>Your name</p><input name=n><button>Send</button></form>
<h1>Booking</h1>
<h2>By phone</h2>
<p>Call <a href="tel:+44 20 7946 0000">020 7946 0000</a>. Area: 10 cm<sup>2</sup>.</p>
<!-- <p>old</p> -->
</div></div>
<footer>&copy; 2019</footer></div></div>
</body></html>
"""
TAKEN_OVER = MATTER.format(
    title="Heel pain (Fersenschmerz für Łukasz)",
    standfirst="What helps a sore heel, and what does not.",
) + (
    "Most people – about 8 in 10 — get **better** within *a year*. Say it in one word: **Wait**:it "
    "takes time.\n"
    r"""
Ask Dr Größe or Zażółć [here](https://example.org/a\_b?x=1\&y=2), or book.\
1\. This is no list.

Nor is \*this\*, \[or that\].

## What can I do?

- Stretch
  - in the morning
  - in the evening
- Rest.

  Ice for 10 minutes.
  1. Wrap it.
  2. Lay it on.

## Prices

| Visit | Price |
|---|---|
| First \| long | £90 |
| First \| long | €100 |

## Booking

### By phone

Call [020 7946 0000](tel:+442079460000). Area: 10 cm².
"""
)
SAID = """1 draft made from 1 file.
heel-pain.html: Left out: 1 footer, 1 form, 1 header, 1 script, 1 style sheet.
heel-pain.html: Picture left out: img/heel.jpg (A sore heel).
heel-pain.html: Link left out, and its words kept: “book”.
heel-pain.html: A table had no headings. Its first row became them.
heel-pain.html: A table had joined cells. Compare it with the page.
"""


@pytest.fixture
def messy(folder: Path) -> Path:
    content = MESSY.replace("Ł", "&#321;").encode("windows-1252")
    (folder / "heel-pain.html").write_bytes(content)
    return folder


@pytest.mark.django_db
def test_a_page_of_another_site_becomes_a_draft_of_ours(messy: Path) -> None:
    assert load(messy) == SAID
    draft = Revision.objects.get()
    assert (draft.page.slug, draft.page.category, draft.page.title) == (
        "heel-pain",
        "guides",
        "Heel pain (Fersenschmerz für Łukasz)",
    )
    assert (draft.status, draft.number, draft.written_by.username, draft.note) == (
        "draft",
        1,
        "editor",
        "This page is new.",
    )
    assert draft.document == TAKEN_OVER
    assert sketch(draft.document, NOTHING).faults == []


@pytest.mark.django_db
def test_a_second_import_makes_nothing_new_even_after_an_editor_went_on(messy: Path) -> None:
    load(messy)
    again = (
        "0 drafts made from 1 file.\n"
        "Left alone, because these pages are already here: heel-pain.html.\n"
    )
    assert load(messy) == again
    draft = Revision.objects.get()
    written = draft.document.replace("Rest.", "Rest it.")
    publishing.save_draft(
        draft,
        version=draft.version,
        document=written,
        change_class=draft.change_class,
        note=draft.note,
        by=draft.written_by,
        now=draft.written_at,
    )
    assert load(messy, category="procedures") == again
    assert Revision.objects.get().document == written


@pytest.mark.django_db
def test_the_category_is_the_operators_choice(messy: Path) -> None:
    load(messy, category="about")
    draft = Revision.objects.get()
    assert (draft.page.category, parse(draft.document).category) == ("about", "about")
    with pytest.raises(CommandError, match="invalid choice"):
        call_command("import_pages", str(messy), "--by", "editor", "--category", "news")


# --- One bad file, and our own ones ---------------------------------------------------------------


@pytest.mark.django_db
def test_a_bad_file_is_named_and_the_others_go_on(messy: Path) -> None:
    (messy / "a.html").write_bytes(b"\x89PNG\r\n\x1a\n\0<b>\0")
    (messy / "b.htm").write_text("Only words.")
    (messy / "c.html").write_text("<nav>Home</nav><form><p>Name</p></form><script>x()</script>")
    (messy / "Our Page.html").write_text("<p>Words.</p>")
    (messy / "d.html").write_text("<div>" * 5000 + "deep")
    (messy / "e.html").write_text(f"<p>{'long ' * 2000}</p>")
    (messy / "heel-pain.htm").write_text("<p>The same page.</p>")
    (messy / "f.html").write_text("<p>Words.</p>")
    said = load(messy)
    assert said.startswith("2 drafts made from 9 files.\n")
    _, _, refused = said.partition("Not imported:\n")
    assert [line for line in refused.splitlines() if not line.startswith("d.html")] == [
        "a.html: This file is not HTML.",
        "b.htm: This file is not HTML.",
        "c.html: There is no text outside its menus, headers, footers and forms.",
        "e.html: Break this line: it is longer than 5,000 characters.",
        "heel-pain.html: another file is for the same page. Rename one of them.",
        f"Our Page.html: {NO_ADDRESS}",
    ]
    assert "d.html: it could not be read (RecursionError at " in refused
    assert {page.slug for page in InformationPage.objects.all()} == {"f", "heel-pain"}


@pytest.mark.django_db
def test_a_fault_in_our_own_files_still_keeps_everything_out(messy: Path) -> None:
    (messy / "ours.md").write_text("---\ntitle: Ours\ncategory: guides\n---\nWords.\n")
    with pytest.raises(CommandError, match=r"ours\.md:4: Give the page a standfirst"):
        load(messy)
    assert not InformationPage.objects.exists()


@pytest.mark.django_db
def test_our_own_file_goes_before_another_sites(messy: Path) -> None:
    (messy / "heel-pain.md").write_text(factories.document())
    factories.source()
    (messy / "pages.toml").write_text('[other]\nposition = 3\nnote = "Taken over."')
    (messy / "other.html").write_text("<p>Words.</p>")
    assert load(messy) == (
        "2 drafts made from 3 files.\n"
        "other.html: The page has no title. Its name became it.\n"
        "Left alone, because these pages are already here: heel-pain.html.\n"
    )
    assert Revision.objects.get(page__slug="heel-pain").document == factories.document()
    other = Revision.objects.get(page__slug="other")
    assert (other.title, other.page.position, other.note) == ("Other", 3, "Taken over.")


@pytest.mark.django_db
def test_a_translation_is_never_another_sites(messy: Path) -> None:
    (messy / "pl").mkdir()
    (messy / "pl" / "heel-pain.html").write_text("<p>Słowa.</p>")
    assert load(messy).endswith("Skipped, because these are not pages: pl/heel-pain.html.\n")


# --- A hostile page -------------------------------------------------------------------------------

HOSTILE = """
<title>x</title><h1 onclick="evil()">Safe<script>evil()</script></h1>
<p onmouseover="evil()" style="background:url(javascript:evil())">One
<a href="JaVa&#10;Script:evil()">two</a>
<a href=" data:text/html,<script>evil()</script>">three</a> <a href="vbscript:evil">four</a>
<img src=x onerror="evil()"> <svg onload="evil()"><script>evil()</script>
<a href="javascript:evil()">z</a></svg>
<b><script>evil()</b></script></b>&lt;script&gt;five&lt;/script&gt;</p>
<iframe srcdoc="<script>evil()</script>"></iframe><object data="evil.swf"></object>
<math><mtext><table><mglyph><style><img src=x onerror="evil()"></style></table></mtext></math>
<noscript><p title="</noscript><img src=x onerror=evil()>"></noscript>
<p>::: emergency Evil</p><p>[six](javascript:evil()) ![seven](evil) [^evil] [[evil: eight]]</p>
<p hidden>evil</p><p style="display : none">evil</p><base href="https://evil.example/">
"""


def test_nothing_hostile_reaches_the_page() -> None:
    taken = from_html(HOSTILE.encode(), Category.GUIDE, "x")
    fragment = render(taken.document, NOTHING)
    text = words_of(fragment).partition("contents -->")[2].partition("<!-- about")[0]
    assert text.strip() == (
        "<p>One two three four &lt;script&gt;five&lt;/script&gt;</p>\n"
        '<p>"&gt;</p>\n'
        "<p>::: emergency Evil</p>\n"
        "<p>[six](javascript:evil()) ![seven](evil) [^evil] [[evil: eight]]</p>"
    )
    assert fragment.startswith("<h1>Safe</h1>")


# --- The parts of a page --------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("html", "expected"),
    [
        ("<p>a<p>b", "a\n\nb"),
        ("loose<div>in a div</div>loose", "loose\n\nin a div\n\nloose"),
        ("<span><p>a</p></span><b><p>b</p></b>", "a\n\nb"),
        ("<p># a</p><p>- b</p><p>+ c</p><p>&gt; d", "\\# a\n\n\\- b\n\n\\+ c\n\n\\> d"),
        ("<p>a<br>===</p><p>b<br>---", "a\\\n\\===\n\nb\\\n\\---"),
        ("<p>-5 and 3.5", "-5 and 3.5"),
        ("<p>H<sub>2</sub>O, 10<sup>-3</sup>", "H₂O, 10⁻³"),
        ("<p><del>5 mg</del> 10 mg", "10 mg"),
        ("<p><b>a</b><b>b</b> <b><i>c</i></b>", "**ab** ***c***"),
        ("<p>x<b>“y”</b>z", "x“y”z"),
        ("<p>Oh!<a href='/a/'>b</a>", "Oh\\![b](/a/)"),
        ("<p><a href='/a/'><b>b</b> c </a>d", "[**b** c](/a/) d"),
        ("<p><a href='a b(c).html'>d</a>", "[d](a%20b%28c%29.html)"),
        ("<p><a name='x'>a</a> <a href='#x'>b</a>", "a b"),
        ("<p><q>a</q>", "“a”"),
        ("<h2>a</h2><h5>b</h5><h3>c</h3><h2>d", "## a\n\n### b\n\n### c\n\n## d"),
        ("<h2></h2><h1>T</h1><p>a", "a"),
        ("<ul><li></li><li><img src=x></li><li>a</ul>", "- a"),
        ("<ul><li>a</li><ul><li>b</ul></ul>", "- a\n  - b"),
        ("<ol start=3><li>a<li>b</ol>", "3. a\n4. b"),
        ("<ul><li><h3>a</h3>b</ul>", "- **a**\n\n  b"),
        ("<dl><dt>a<dd>b</dl>", "**a**\n\nb"),
        ("<details><summary>a</summary>b</details>", "**a**\n\nb"),
        ("<table><tr><th>a<th>b<tr><td colspan=2>c</table>", "| a | b |\n|---|---|\n| c |  |"),
        (
            "<table><caption>x</caption><tr><th>a<th>b<tr><td>c<br>d<td><p>e</p><p>f</p></table>",
            "**x**\n\n| a | b |\n|---|---|\n| c d | e f |",
        ),
        ("<table><tr><td><p>a</p><td>b</table>", "a\n\nb"),
        ("<main><header><p>a</p></header><aside>b</aside></main><aside>c</aside>", "a\n\nb"),
        ("<p>a\u200bb\u202ec&#8232;d&#xFFFD;", "abc d?"),
    ],
)
def test_each_part_becomes_markdown(html: str, expected: str) -> None:
    assert body_of(html) == expected


def test_the_sentences_name_what_was_left_out_or_changed() -> None:
    rows = "<table><tr><th>a<th>b<tr><td><ul><li>c<li>d</ul><td>e</table>"
    deep = "<ul><li>1" * 5 + "</ul>" * 5
    html = (
        f"<h2><a href='/x/'>A</a></h2>{rows}{deep}<blockquote>Best!</blockquote>"
        "<p>1<sup>st</sup> <img src='data:image/png;base64,AA'>&#xD800;</p>"
        "<table><tr><td>a<td>b</table><p hidden>x</p><video></video><video></video>"
        "<p><a href='#'>up</a> <a>none</a></p>"
    )
    assert notes_of(html) == [
        "Letters that could not be read are now “?”.",
        "Left out: 2 films, 1 hidden passage.",
        "A table had lists in its cells. Their items now follow one another.",
        "A list was too deep: “1”.",
        "Quotation, now a plain paragraph: “Best!”.",
        "Raised or lowered, and now in the line: “st”.",
        "Picture left out: inside the page.",
        "Table, now paragraphs: “a b”.",
        "Link left out, and its words kept: “up”.",
        "Link left out, and its words kept: “none”.",
    ]


@pytest.mark.parametrize(
    ("html", "title"),
    [
        ("<title>A | B</title><p>x", "A | B"),
        ("<title>A</title><h2>B</h2><p>x", "A"),
        ("<h2>B</h2><p>x", "B"),
        ("<p>x", "My page"),
        ("<h1>Logo</h1><main><h1>C</h1></main><p>x", "C"),
        ("<header><h1>Logo</h1></header><h1>D</h1><p>x", "D"),
        (f"<h1>{'word ' * 60}</h1><p>x", f"{'word ' * 39}…"),
    ],
)
def test_the_title_is_the_first_heading_or_what_the_page_calls_itself(
    html: str, title: str
) -> None:
    document = from_html(html.encode(), Category.GUIDE, "my-page").document
    assert parse(document).title == title


@pytest.mark.parametrize(
    "content",
    [
        "<p>Größe łódź".encode("utf-8-sig"),
        "<p>Größe łódź".encode(),
        "<p>Größe łódź".encode("utf-16"),
        "<meta charset='iso-8859-2'><p>Größe łódź".encode("iso-8859-2"),
        "<META CHARSET=windows-1250><p>Größe łódź".encode("windows-1250"),
        "<meta charset=utf-16><p>Größe łódź".encode(),
        "<meta charset=no-such-thing><p>Größe łódź".encode(),
        "<p>Größe &#322;ód&#378;".encode("windows-1252"),
        "<meta charset=utf-8><p>Größe &#322;ód&#378;".encode("windows-1252"),
    ],
)
def test_letters_are_read_as_the_page_says_or_as_a_browser_would(content: bytes) -> None:
    document = from_html(content, Category.GUIDE, "t").document
    assert document.endswith("\n\nGröße łódź\n")


SIGNS = st.text("ab1 *_[]()`<>&;:!|#-+=~.,\\^\"'/", max_size=30)


# An underscore is escaped where bold words begin, and not where the same words are in a row.
@example(first="", bold="_1", last="")
@given(first=SIGNS, bold=SIGNS, last=SIGNS)
def test_no_sign_of_a_page_means_anything_in_markdown(first: str, bold: str, last: str) -> None:
    words = [text.replace("&", "&amp;").replace("<", "&lt;") for text in (first, bold, last)]
    html = "<p>a{}<b>{}</b><br>{}</p><table><tr><th>{}<th>x<tr><td>{}<td>y</table>"
    taken = from_html(html.format(*words, *words[:2]).encode(), Category.ABOUT, "t")
    shown = sketch(taken.document, NOTHING)
    assert shown.faults == []
    again = from_html(shown.fragment.partition(SEAM)[2].encode(), Category.ABOUT, "t")
    assert sketch(again.document, NOTHING).fragment == shown.fragment


# --- Markdown of another site ---------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "document", "notes"),
    [
        (
            "# Heel *pain*\n\nWords\nhere.\n\n* a\n    * b\n\n![x](y.png)\n",
            MATTER.format(title="Heel pain", standfirst=HINT) + "Words here.\n\n- a\n  - b\n",
            ["Picture left out: y.png (x)."],
        ),
        (
            "---\r\ntitle: 'Heel: pain'\r\nlayout: post\r\n---\r\n\r\n## One\r\n\r\n`two`\r\n",
            MATTER.format(title="Heel: pain", standfirst=HINT) + "## One\n\ntwo\n",
            ["Front matter left out: layout."],
        ),
        (
            '+++\ntitle = "Heel"\n+++\n<script>x</script>\n\n| a | b |\n|:--|--|\n| c | ~~d~~ |\n',
            MATTER.format(title="Heel", standfirst=HINT) + "| a | b |\n|---|---|\n| c |  |\n",
            ["Left out: 1 script, 1 struck-out passage."],
        ),
        (
            "Intro.\n\n## Heel\n\n### More\n\nWords.",
            MATTER.format(title="Heel", standfirst=HINT) + "Intro.\n\n## More\n\nWords.\n",
            [],
        ),
    ],
)
def test_plain_markdown_goes_the_same_way(text: str, document: str, notes: list[str]) -> None:
    assert from_markdown(text, Category.GUIDE, "x") == (document, notes)


@pytest.mark.django_db
def test_markdown_of_another_site_is_read_from_a_folder(folder: Path) -> None:
    (folder / "heel.md").write_text("# Heel\n\nWords.\n")
    (folder / "empty.md").write_text("")
    assert load(folder) == (
        "1 draft made from 2 files.\n"
        "Not imported:\n"
        "empty.md: There is no text outside its menus, headers, footers and forms.\n"
    )
    assert Revision.objects.get().title == "Heel"


@pytest.mark.django_db
def test_markdown_in_an_older_alphabet_keeps_nothing_out(folder: Path) -> None:
    (folder / "heel.md").write_text("# Heel\n\nWords.\n")
    (folder / "hip.md").write_bytes("# Hip\r\n\r\nGröße ½ “x”\r\n".encode("windows-1252"))
    (folder / "knee.md").write_bytes("# Knee\n\nGröße łódź\n".encode("utf-16"))
    (folder / "picture.md").write_bytes(b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR")
    assert load(folder) == (
        "3 drafts made from 4 files.\nNot imported:\npicture.md: This file is not text.\n"
    )
    assert [
        each.document.rpartition("\n\n")[2] for each in Revision.objects.order_by("page__slug")
    ] == ["Words.\n", "Größe ½ “x”\n", "Größe łódź\n"]


def test_a_page_of_pictures_only_has_no_text() -> None:
    with pytest.raises(NotTakenOver, match="no text"):
        from_html(b"<h1>Heel</h1><img src=x>", Category.GUIDE, "x")
