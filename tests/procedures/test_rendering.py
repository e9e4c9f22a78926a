"""Documents in, fragments out: blocks, citations, and nothing that could do harm."""

import re
from datetime import date
from html.parser import HTMLParser

import pytest

from procedures.models import Source
from procedures.rendering import BLOCKS, SEAM, DocumentError, cut, parse, render
from tests import factories

SOURCES = {
    "leaflet": Source(
        key="leaflet",
        title="A leaflet",
        publisher="A hospital",
        url="https://example.org/leaflet",
        seen_on=date(2026, 11, 20),
    )
}


def html(body: str) -> str:
    return render(factories.document(body=body), SOURCES).split(SEAM)[1]


def faults(document: str) -> list[tuple[int, str]]:
    with pytest.raises(DocumentError) as error:
        render(document, SOURCES)
    return error.value.faults


def test_the_head_carries_category_title_and_standfirst() -> None:
    head = render(factories.document(title="Tea & toast <b>"), SOURCES).split(SEAM)[0]
    assert head == (
        '<p class="eyebrow">Procedures</p>\n<h1>Tea &amp; toast &lt;b&gt;</h1>\n'
        '<p class="standfirst">One line about it.</p>\n'
    )


def test_the_same_document_gives_the_same_bytes() -> None:
    assert render(factories.document(), SOURCES) == render(factories.document(), SOURCES)


def test_headings_are_anchors_and_make_the_contents() -> None:
    fragment = cut(render(factories.document(body="## One *two*\n\n## One two\n"), SOURCES))
    assert fragment.contents == [("one-two", "One two"), ("one-two-more", "One two")]


@pytest.mark.parametrize(
    ("level", "spoken"),
    [("emergency", "Emergency: "), ("urgent", "Urgent: "), ("non-urgent", "Not urgent: ")],
)
def test_a_care_card_is_a_named_section_that_says_its_urgency(level: str, spoken: str) -> None:
    card = html(f"::: {level} Ring us if:\n- it *hurts*\n:::\n")
    assert f'class="care-card care-card--{level}"' in card
    assert f'<span class="visually-hidden">{spoken}</span>Ring us if:</h2>' in card
    assert "<li>it <em>hurts</em></li>" in card
    assert card.count("aria-labelledby") == 1


def test_a_block_takes_its_place_in_the_order_of_headings() -> None:
    out = html("::: do Do\n- x\n:::\n\n## Later\n\n::: do Do\n- x\n:::\n")
    assert re.findall(r"<(h\d)", out) == ["h2", "h2", "h3"]


@pytest.mark.parametrize("name", BLOCKS)
def test_every_block_opens_closes_and_keeps_its_class(name: str) -> None:
    block = BLOCKS[name]
    out = html(f"::: {name}{' Heading if:' if block.titled else ''}\n- Do not\n:::\n\nAfter.\n")
    tag = "section" if block.titled else "div"
    assert f'<{tag} class="{block.css_class}"' in out
    assert out.count(f"<{tag}") == out.count(f"</{tag}>")
    assert out.rstrip().endswith("<p>After.</p>")


def test_a_citation_is_numbered_and_listed_with_its_publisher_and_day() -> None:
    out = html("It helps.[^leaflet] It does.[^leaflet]\n")
    assert '<a href="#source-1" id="cited-1" aria-label="Source 1">1</a>' in out
    assert 'id="cited-1-1"' in out
    assert '<li id="source-1" class="footnote-item">' in out
    assert '<a href="https://example.org/leaflet">A leaflet</a>. A hospital.' in out
    assert "Read by us on 20 November 2026." in out
    assert out.count('class="footnote-backref"') == 1


def test_a_table_has_column_headers_and_no_style() -> None:
    out = html("::: risks\n| What | How often |\n|:--|--:|\n| Pain | 1 in 10 |\n:::\n")
    assert out.count('<th scope="col">') == 2
    assert "style" not in out
    assert 'role="region" tabindex="0"' in out.replace(' aria-label="Table of risks"', "")


@pytest.mark.parametrize(
    "attack",
    [
        "<script>alert(1)</script>",
        "<img src=x onerror=alert(1)>",
        "[x](javascript:alert(1))",
        "[x](data:text/html;base64,PHNjcmlwdD4=)",
        "![x](https://evil.example/x.png)",
        '<a href="https://evil.example" onclick="x()">x</a>',
        "<iframe src=https://evil.example></iframe>",
        "<style>body{display:none}</style>",
        "<svg/onload=alert(1)>",
    ],
)
def test_nothing_that_runs_or_loads_survives(attack: str) -> None:
    seen = Seen()
    seen.feed(html(f"Before {attack} after.\n\n{attack}\n"))
    assert seen.tags <= {"p", "a"}
    assert seen.attributes <= {"href"}
    assert all(value.startswith(("https://", "/", "#")) for value in seen.links)


class Seen(HTMLParser):
    """What a browser would see."""

    def __init__(self) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.attributes: set[str] = set()
        self.links: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.attributes |= {name for name, _ in attrs}
        self.links += [value or "" for name, value in attrs if name == "href"]


@pytest.mark.parametrize(
    ("body", "line", "sentence"),
    [
        ("::: warning Look\nx\n:::", 8, "There is no block “warning”"),
        ("::: urgent\nx\n:::", 8, "Give the block “urgent” a heading"),
        ("::: note\nx", 8, "never closed"),
        (" ::: urgent Look if:\nx\n:::", 8, "at the very beginning of its line"),
        ("x\n:::", 9, "closes a block that was never opened"),
        ("::: note\n::: do Do\n:::\n:::", 9, "Close the block “note” of line 8 first"),
        ("x[^nowhere]", 8, "There is no source “nowhere”"),
        ("::: do Do[^leaflet]\n- x\n:::", 8, "not its heading"),
        ("x \u202e y", 8, "hidden character"),
        ("x \x00 y", 8, "hidden character"),
    ],
)
def test_a_fault_names_its_line(body: str, line: int, sentence: str) -> None:
    document = factories.document(body="").removesuffix("\n") + "\n" + body
    found = faults(document)
    assert found[0][0] == line
    assert sentence in found[0][1]


@pytest.mark.parametrize(
    ("document", "sentence"),
    [
        ("No front matter.", "Begin with “---”"),
        ("---\ntitle: A\n---\nx", "Give the page a standfirst"),
        ("---\ntitel: A\n---\nx", "Expected one of: title"),
        ("---\ntitle: A\nstandfirst: B\ncategory: recipes\n---\nx", "The category is one of"),
        (f"---\ntitle: {'A' * 201}\nstandfirst: B\ncategory: guides\n---\n", "Shorten the title"),
        ("x" * 200_001, "longer than 200,000"),
    ],
)
def test_front_matter_must_be_whole(document: str, sentence: str) -> None:
    with pytest.raises(DocumentError, match=sentence):
        parse(document)


def test_a_megabyte_is_refused_quickly() -> None:
    with pytest.raises(DocumentError, match="longer than"):
        parse(factories.document(body="word " * 200_000))


@pytest.mark.parametrize("word", ["Main", "Closing", "Sources", "Source 1", "Cited 1"])
def test_a_heading_takes_no_id_that_the_page_uses(word: str) -> None:
    (anchor, heading) = cut(render(factories.document(body=f"## {word}\n"), SOURCES)).contents[0]
    assert heading == word
    assert anchor not in {"main", "closing", "sources", "source-1", "cited-1"}


def test_cutting_loses_nothing() -> None:
    whole = render(factories.document(), SOURCES)
    fragment = cut(whole)
    assert f"{fragment.head}{SEAM}\n{fragment.text}" == whole
