"""Words of another language say so, in signed texts and around them (WCAG 3.1.2)."""

import re
from collections.abc import Callable
from datetime import datetime
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from procedures import publishing
from procedures.ground.languages import KNOWN
from procedures.models import Revision
from procedures.status import RevisionStatus
from procedures.texts.content_checks import findings, translation_findings
from procedures.texts.differences import Kind, compare
from procedures.texts.examples import MARKS
from procedures.texts.rendering import (
    CLOSING_SEAM,
    SEAM,
    DocumentError,
    Library,
    cut,
    parse,
    read,
    render,
)
from procedures.texts.rendering.languages import AROUND, LINK_SHOWN, MARKS_NOTHING, UNKNOWN
from tests import factories
from tests.procedures.test_desk import page_of
from tests.valid_html import faults_of_fragment

SignIn = Callable[[Any], Client]
NOTHING = Library({}, {})
ENGLISH, URDU = "/procedures/a-thing/", "/ur/procedures/a-thing/"
WELSH_WORDS = '<span lang="cy" dir="ltr">bore da</span>'
URDU_WORDS = '<span lang="ur" dir="rtl">صبح بخیر</span>'
GREETINGS = "\n## We say [bore da]{lang=cy}\n\nAnd also [صبح بخیر]{lang=ur}.\n"
# The line of a document that its body begins with.
FIRST = 8


def html(body: str) -> str:
    """The HTML of a body. All of it is valid."""
    whole = render(factories.document(body=body), NOTHING)
    assert faults_of_fragment(whole) == []
    return whole.split(SEAM)[1].split(CLOSING_SEAM)[0].strip()


def faults(body: str) -> list[tuple[int, str]]:
    with pytest.raises(DocumentError) as error:
        render(factories.document(body=body), NOTHING)
    return error.value.faults


# --- How they are written -------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("typed", "shown"),
    [
        ("[bore da]{lang=cy}", WELSH_WORDS),
        ("[صبح بخیر]{lang=ur}", URDU_WORDS),
        ("[per os]{lang=la}", '<span lang="la" dir="ltr">per os</span>'),
        ("**[bore da]{lang=cy}**", f"<strong>{WELSH_WORDS}</strong>"),
        ("[bore *da*]{lang=cy}", '<span lang="cy" dir="ltr">bore <em>da</em></span>'),
        ("[bore\nda]{lang=cy}", '<span lang="cy" dir="ltr">bore\nda</span>'),
        (
            "[[bore da](/a/)]{lang=cy}",
            '<span lang="cy" dir="ltr"><a href="/a/">bore da</a></span>',
        ),
        (
            "[dit [bore da]{lang=cy}]{lang=fr}",
            f'<span lang="fr" dir="ltr">dit {WELSH_WORDS}</span>',
        ),
    ],
)
def test_marked_words_have_their_language_and_direction(typed: str, shown: str) -> None:
    assert html(f"So {typed}!\n") == f"<p>So {shown}!</p>"


def test_words_are_marked_in_lists_tables_and_headings() -> None:
    out = html(
        "## A [bore da]{lang=cy}\n\n- [bore da]{lang=cy}\n\n| [bore da]{lang=cy} |\n|---|\n"
        "| [bore da]{lang=cy} |\n\n::: do Do [bore da]{lang=cy}\n- x\n:::\n"
    )
    assert out.count(WELSH_WORDS) == 5
    assert '<h2 id="a-bore-da">' in out


def test_the_contents_keep_the_language_of_a_heading_and_nothing_else() -> None:
    body = "## A *b* & [bore da]{lang=cy}\n\n## [X](/y/)\n"
    assert cut(render(factories.document(body=body), NOTHING)).contents == [
        ("a-b-bore-da", f"A b &amp; {WELSH_WORDS}"),
        ("xy", "X"),
    ]


@pytest.mark.parametrize(
    ("body", "line", "sentence"),
    [
        ("x\n\n[bore da]{lang=xx}", 2, UNKNOWN.format("xx")),
        ("[bore da]{lang=CY}", 0, UNKNOWN.format("CY")),
        ("[bore da]{lang=}", 0, UNKNOWN.format("")),
        ("[bore da{lang=cy}", 0, MARKS_NOTHING),
        ("x\nbore da]{lang=cy}", 1, MARKS_NOTHING),
        ("[bore da]{lang=cy", 0, MARKS_NOTHING),
        ("[bore da] {lang=cy}", 0, MARKS_NOTHING),
        ("[]{lang=cy}", 0, MARKS_NOTHING),
        ("[bore da](/a/){lang=cy}", 0, MARKS_NOTHING),
        ("[[bursa: a cushion]]{lang=la}", 0, MARKS_NOTHING),
        ("[bore da]{LANG=cy}", 0, MARKS_NOTHING),
        ("[bore da]{.cy lang=cy}", 0, MARKS_NOTHING),
        ("[bore da] {: lang=cy}", 0, MARKS_NOTHING),
        ("[صبح بخیر]{dir=rtl}", 0, MARKS_NOTHING),
        ("[see [bore da]{lang=cy}](/a/)", 0, AROUND),
        ("[see [bore da]{lang=cy}\nmore](/a/)", 1, LINK_SHOWN),
        ("[see [bore da]{lang=cy} [x] y](/a/)", 0, LINK_SHOWN),
        ("::: figure A probe\n![A [bore da]{lang=cy}](probe)\n:::", 1, AROUND),
        ("::: figure Call it [bore da]{lang=cy}\nx\n:::", 0, MARKS_NOTHING),
    ],
)
def test_a_mark_that_would_not_work_is_a_fault_at_its_line(
    body: str, line: int, sentence: str
) -> None:
    assert (FIRST + line, sentence) in faults(f"{body}\n")


def test_a_title_has_no_marks() -> None:
    document = factories.document(title="A [bore da]{lang=cy}", body="x\n")
    with pytest.raises(DocumentError, match="Line 2: Readers would see this mark") as error:
        render(document, NOTHING)
    assert error.value.faults == [(2, MARKS_NOTHING)]


@pytest.mark.parametrize("example", MARKS, ids=lambda each: each.name)
def test_the_examples_beside_a_text_can_be_shown(example: Any) -> None:
    assert html(f"{example.markdown}\n").startswith("<p><")
    assert example.markdown not in html(f"{example.markdown}\n")


# --- What reads them ------------------------------------------------------------------------------


def test_the_checks_read_marked_words_as_patients_do() -> None:
    document = factories.document(category="about", body="\nWe say\n[Kenalog]{lang=en} here.\n")
    assert [each.words for each in read(parse(document))][-1] == "We say\nKenalog here."
    assert [(each.rule, each.line) for each in findings(document)] == [("brand", 10)]
    english = document.replace("[Kenalog]{lang=en}", "Kenalog")
    found = [each.rule for each in translation_findings(document, english)]
    assert found == ["not translated", "brand"]


def test_a_changed_mark_is_a_difference_for_whoever_signs_and_none_for_patients() -> None:
    older, newer = (
        render(factories.document(body=f"It is {words}.\n"), NOTHING)
        for words in ("bore da", "[bore da]{lang=cy}")
    )
    assert compare(older, newer) == []
    assert compare(older, newer, addresses=True) == [
        [(Kind.SAME, "It is"), (Kind.ADDED, " [cy]"), (Kind.SAME, " bore da.")]
    ]


@pytest.mark.django_db
def test_the_page_its_paper_copy_its_history_and_the_search_have_the_words(
    client: Client, monday: datetime
) -> None:
    body = factories.BODY + GREETINGS
    first = factories.revision(RevisionStatus.PUBLISHED, text=factories.document(), now=monday)
    factories.revision(
        RevisionStatus.PUBLISHED, of=first.page, text=factories.document(body=body), now=monday
    )
    for address in ENGLISH, f"{ENGLISH}leaflet/":
        page = client.get(address).content.decode()
        assert f"We say {WELSH_WORDS}</h2>" in page
        assert f"And also {URDU_WORDS}." in page
    page = client.get(ENGLISH).content.decode()
    assert page.count(f'<a href="#we-say-bore-da">We say {WELSH_WORDS}</a>') == 2
    history = client.get(f"{ENGLISH}history/?from=1&to=2").content.decode()
    assert "We say bore da<" in history
    assert "And also صبح بخیر.<" in history
    found = client.get("/search/", {"q": "bore da"}).content.decode()
    assert f'<a href="{ENGLISH}">' in found


@pytest.mark.django_db
def test_an_editor_reads_how_to_mark_words_and_where_a_mark_is_wrong(
    sign_in: SignIn, monday: datetime
) -> None:
    draft = factories.revision(now=monday)
    client = sign_in("Editor")
    page = client.get(page_of(draft)).content.decode()
    assert '<h2 id="marks">Inside a sentence</h2>' in page
    for example in MARKS:
        assert f"<code>{example.markdown}</code>" in page
    wrong = draft.document + "\nWe say [bore da]{lang=xx}.\n"
    line = wrong.count("\n")
    typed = {"document": wrong, "change_class": "advice", "note": "New.", "seen_version": 1}
    seen = client.post(page_of(draft), typed | {"_see": "yes"}).content.decode()
    assert f'<a href="#line-{line}">Line {line}</a>' in seen
    assert "There is no language “xx”." in seen


# --- Our own pages --------------------------------------------------------------------------------


@pytest.fixture
def urdu(monday: datetime) -> Revision:
    """A page in Urdu; its English page has a related page that is in English only."""
    page = factories.page()
    english = factories.revision(RevisionStatus.PUBLISHED, of=page, now=monday)
    other = factories.page("another-thing")
    text = factories.document(title="An elbow")
    factories.revision(RevisionStatus.PUBLISHED, of=other, text=text, now=monday)
    page.related.add(other)
    return factories.translation(of=english.page, language="ur", now=monday)


@pytest.mark.django_db
def test_each_language_is_named_in_itself_and_in_its_direction(
    client: Client, urdu: Revision
) -> None:
    switcher = client.get(ENGLISH).content.decode().partition('<nav class="languages"')[2]
    shown = re.findall(
        r'lang="([^"]+)" dir="([a-z]+)"[^>]*>([^<]+)<', switcher.partition("</nav>")[0]
    )
    assert shown == [("en-GB", "ltr", "English"), ("ur", "rtl", KNOWN["ur"].name)]
    form = client.get("/appointments/request/").content.decode().partition('class="languages"')[2]
    assert 'lang="ur" dir="rtl"' in form.partition("</nav>")[0]


@pytest.mark.django_db
def test_a_title_in_english_is_marked_on_a_page_in_another_language(
    client: Client, urdu: Revision, monday: datetime
) -> None:
    marked = '<a href="/procedures/another-thing/"><span lang="en-GB" dir="ltr">An elbow</span></a>'
    assert marked in client.get(URDU).content.decode()
    doctor = factories.clinician().login
    assert doctor is not None
    publishing.suspend(urdu, version=urdu.version, by=doctor, reason="x", now=monday)
    closed = client.get(URDU).content.decode()
    assert '<html lang="ur" dir="rtl">' in closed
    assert marked in closed


@pytest.mark.django_db
def test_how_to_check_a_translation_is_in_english_with_the_title_in_its_language(
    client: Client, urdu: Revision
) -> None:
    page = client.get(f"{URDU}verify/").content.decode()
    assert '<main id="main" class="wrap" tabindex="-1" lang="en-GB" dir="ltr">' in page
    assert page.count(f'<span lang="ur" dir="rtl">{urdu.title}</span>') == 2


@pytest.mark.django_db
def test_the_desk_shows_a_translation_in_its_language(sign_in: SignIn, urdu: Revision) -> None:
    marks = 'lang="ur" dir="rtl"'
    client = sign_in("Editor")
    listed = client.get("/admin/procedures/revision/").content.decode()
    assert f"<span {marks}>{urdu.title}</span>" in listed
    frozen = client.get(page_of(urdu)).content.decode()
    assert f"<span {marks}>{urdu.note}" in frozen
    assert f'<pre class="typed" tabindex="0" {marks}>---' in frozen
    original = urdu.page.original
    assert original is not None
    draft = factories.translation(RevisionStatus.DRAFT, of=original, language="ur")
    typed = {"document": f"{draft.document}\n\nx\n", "note": draft.note, "seen_version": 1}
    see = reverse("admin:procedures_revision_see", args=[draft.pk])
    for answer in client.get(page_of(draft)), client.post(see, typed):
        seen = answer.content.decode()
        assert f'<article class="to-sign text" {marks}' in seen
        assert f"<code {marks}>---</code>" in seen
    apart = client.post(page_of(draft), typed | {"_see": "yes"}).content.decode()
    boxes = re.findall(r'<(?:textarea|input)[^>]*name="(?:document|note)"[^>]*>', apart)
    assert [marks in box for box in boxes] == [True, True]
