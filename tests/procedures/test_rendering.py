"""Documents in, fragments out: blocks, citations, and nothing that could do harm."""

import contextlib
import html as html_module
import re
from datetime import date
from html.parser import HTMLParser

import pytest

from procedures.models import Figure, Source
from procedures.texts import content_checks
from procedures.texts.differences import passages
from procedures.texts.rendering import (
    CLOSING_SEAM,
    SEAM,
    DocumentError,
    Library,
    cut,
    fragments,
    json_ld,
    parse,
    render,
    terms,
)
from procedures.texts.rendering.blocks import BLOCKS
from procedures.texts.rendering.faults import QUESTIONS
from tests import factories
from tests.valid_html import faults_of_fragment

SOURCES = {
    "leaflet": Source(
        key="leaflet",
        title="A leaflet",
        kind="leaflet",
        publisher="A hospital",
        url="https://example.org/leaflet",
        seen_on=date(2026, 11, 20),
    )
}
FIGURES = {
    "probe": Figure(
        key="probe", media_type="image/svg+xml", content_hash="a" * 64, width=400, height=300
    ),
    "hand": Figure(
        key="hand",
        media_type="image/svg+xml",
        content_hash="b" * 64,
        content=b"<svg><text x='1'>1</text><text><tspan>2</tspan></text><text>2</text></svg>",
        width=400,
        height=300,
    ),
}
LIBRARY = Library(SOURCES, FIGURES)


def html(body: str) -> str:
    """The HTML of a body. All of it is valid, whatever the test is about."""
    whole = render(factories.document(body=body), LIBRARY)
    assert faults_of_fragment(whole) == []
    return whole.split(SEAM)[1].split(CLOSING_SEAM)[0]


def faults(document: str) -> list[tuple[int, str]]:
    with pytest.raises(DocumentError) as error:
        render(document, LIBRARY)
    return error.value.faults


def test_the_head_carries_title_and_standfirst() -> None:
    head = render(factories.document(title="Tea & toast <b>"), LIBRARY).split(SEAM)[0]
    assert head == (
        '<h1>Tea &amp; toast &lt;b&gt;</h1>\n<p class="standfirst">One line about it.</p>\n'
    )


def test_the_same_document_gives_the_same_bytes() -> None:
    assert render(factories.document(), LIBRARY) == render(factories.document(), LIBRARY)


def test_headings_are_anchors_and_make_the_contents() -> None:
    fragment = cut(render(factories.document(body="## One *two*\n\n## One two\n"), LIBRARY))
    assert fragment.contents == [("one-two", "One two"), ("one-two--2", "One two")]


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


@pytest.mark.parametrize("name", sorted(BLOCKS.keys() - {"figure", "at-a-glance"}))
def test_every_block_opens_closes_and_keeps_its_class(name: str) -> None:
    block = BLOCKS[name]
    out = html(f"::: {name}{' Heading if:' if block.titled else ''}\n- Do not\n:::\n\nAfter.\n")
    tag = "section" if block.titled else "div"
    assert f'<{tag} class="{block.css_class}"' in out
    assert out.count(f"<{tag}") == out.count(f"</{tag}>")
    assert out.rstrip().endswith("<p>After.</p>")


def test_a_citation_is_numbered_and_listed_with_its_publisher_and_day() -> None:
    out = html("It helps.[^leaflet] It does.[^leaflet]\n")
    mark = (
        '<sup class="footnote-ref" aria-hidden="true"><a href="#source-1" tabindex="-1">1</a></sup>'
    )
    assert out.count(f".{mark}") == 2
    assert '<li id="source-1" class="footnote-item">' in out
    assert '<a href="https://example.org/leaflet">A leaflet</a>. A hospital.' in out
    assert "A hospital. Leaflet. Read by us on 20 November 2026." in out
    assert out.count('class="footnote-backref"') == 1


def sources(*keys: str) -> dict[str, Source]:
    day = date(2026, 11, 20)
    return {key: Source(key=key, title="A", publisher="B", seen_on=day) for key in keys}


def links_to_sources(out: str) -> list[list[tuple[str, str]]]:
    """The links at the end of each passage: where to, and under which id."""
    return [
        re.findall(r'<a href="#(source-\d+)" id="([^"]+)">Source \d+</a>', links)
        for links in re.findall(r'<span class="citations">(.*?)</span>', out)
    ]


def test_listeners_meet_the_sources_of_a_passage_at_its_end() -> None:
    """The marks in its sentences are for eyes and pointers alone."""
    body = (
        "It may[^a] help.[^b] Or[^a] not.\n\n- One[^b]\n- Two\n\n| A | B |\n|--|--|\n| x[^a] | y |\n"
        "\n::: at-a-glance\n- **Why?** So.[^b]\n:::\n"
    )
    out = render(factories.document(body=body), Library(sources("a", "b"), {}))
    assert faults_of_fragment(out) == []
    assert links_to_sources(out) == [
        [("source-1", "cited-1"), ("source-2", "cited-2")],
        [("source-2", "cited-2-2")],
        [("source-1", "cited-1-2")],
        [("source-2", "cited-2-3")],
    ]
    heard = re.sub(r"<sup.*?</sup>", "", out)
    assert "<p>It may help. Or not. <span" in heard
    assert heard.count("Source 1</a>") == 2
    assert "Source 2</a></span></dd>" in heard
    assert passages(out)[2:4] == ["It may help. Or not.", "One"]


@pytest.mark.parametrize(
    ("body", "summary"),
    [
        ("x[^leaflet]", "1 source: what it is, and when we read it"),
        ("x[^leaflet] y[^more]", "2 sources: what each is, and when we read it"),
    ],
)
def test_the_list_of_sources_is_folded(body: str, summary: str) -> None:
    out = render(factories.document(body=body), Library(sources("leaflet", "more"), {}))
    assert f'<h2 id="sources">Sources</h2>\n<details><summary>{summary}</summary>\n<ol' in out
    assert "</ol>\n</details>\n</section>" in out


def test_a_source_says_what_it_is_when_it_is_from_and_how_much_of_it_was_read() -> None:
    read = {"seen_on": date(2026, 11, 20), "dated": "2023", "read_in_part": True}
    for kind, words in (("guideline", "Guideline"), ("clinic", "Page of a clinic")):
        source = Source(key="leaflet", kind=kind, title="Pain", publisher="A society", **read)
        out = render(factories.document(body="x[^leaflet]"), Library({"leaflet": source}, {}))
        assert f"Pain. A society, 2023. {words}. Read in part by us on 20 November 2026." in out


def test_the_questions_at_a_glance_are_a_list_of_questions_and_answers() -> None:
    out = html(
        "::: at-a-glance\n"
        "- **Does it *hurt*?** A [little](/guides/pain/).[^leaflet]\n\n"
        "- **How long does it take?**\n  About 15 minutes.\n"
        ":::\n"
    )
    assert out.startswith('\n<div class="at-a-glance">\n<p class="eyebrow">At a glance</p>\n<dl>')
    questions = re.findall(r"<div><dt>(.*?)</dt><dd>(.*?)</dd></div>", out, re.DOTALL)
    assert [question for question, _ in questions] == [
        "Does it <em>hurt</em>?",
        "How long does it take?",
    ]
    assert '<a href="/guides/pain/">little</a>.<sup' in questions[0][1]
    assert questions[1][1].strip() == "About 15 minutes."
    (first, *_) = passages(out)[1:]
    assert first == "Does it hurt?"


@pytest.mark.parametrize(
    ("block", "lines"),
    [
        ("- Does it hurt? A little.", [9]),
        ("- **Does it hurt?**", [9]),
        ("- **Does it hurt?** A little.\n-", [10]),
        ("- **Does it hurt?** A little.\n\n  Or more.", [11]),
        ("- **Does it hurt?** A little.\n  - **Where?** Here.", [10]),
        ("1. **Does it hurt?** A little.", [9]),
        ("These are the facts.\n\n- **Does it hurt?** A little.", [9]),
        ("- **Does it hurt?** A little.\n\n| What | How |\n|--|--|\n| x | y |", [11, 13]),
        ("", [8]),
    ],
)
def test_only_questions_with_their_answers_are_at_a_glance(block: str, lines: list[int]) -> None:
    found = faults(factories.document(body=f"::: at-a-glance\n{block}\n:::\n\nAfter.\n"))
    assert {sentence for _, sentence in found} == {QUESTIONS}
    assert set(lines) <= {line for line, _ in found}
    assert max(line for line, _ in found) <= max(lines)


def test_a_table_of_risks_has_headers_of_columns_and_rows_and_no_style() -> None:
    out = html("::: risks\n| What | How often |\n|:--|--:|\n| Pain | 1 in 10 |\n:::\n")
    assert out.count('<th scope="col">') == 2
    assert '<th scope="row">Pain</th>' in out
    assert "style" not in out


def test_other_tables_have_no_headers_of_rows() -> None:
    assert 'scope="row"' not in html("| What | How |\n|--|--|\n| Pain | Often |\n")


@pytest.mark.parametrize(
    "attack",
    [
        "<script>alert(1)</script>",
        "<img src=x onerror=alert(1)>",
        "[x](javascript:alert(1))",
        "[x](data:text/html;base64,PHNjcmlwdD4=)",
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
        (" ::: urgent Look if:\nx\n:::", 8, "at the very beginning of the line"),
        (":::\turgent\tLook if:\nx\n:::", 8, "at the very beginning of the line"),
        ("::::: urgent Look if:\nx\n:::", 8, "at the very beginning of the line"),
        ("```\n::: urgent Look if:\n- x\n:::\n```", 8, "do not use a block of code"),
        ("    x", 8, "do not use a line with four spaces"),
        ("> x", 8, "do not use a quotation"),
        ("x\n\n---\n", 10, "do not use a line (---)"),
        ("# One", 8, "Begin with headings"),
        ("### One", 8, "Begin with headings"),
        ("x" * 5_001, 8, "longer than 5,000 characters"),
        ("[" * 2_001, 1, "more than 2,000 times"),
        ("\n## a" * 201, 1, "more than 200 times"),
        ('Text ![x](probe "t")', 8, "on a line of its own in a block “figure”"),
        ('::: figure A\n![x](nokey "t")\n:::', 9, "There is no figure “nokey”"),
        ("::: figure A\n![a [b]](nokey)\n:::", 9, "There is no figure “nokey”"),
        ("::: figure A\n![x](nokey)\n\n1. one\n:::", 9, "There is no figure “nokey”"),
        ("[[β: one]] [[β: two]]", 8, "“β” is already explained"),
        ("[[C-reactive: one]] [[C reactive: two]]", 8, "“C reactive” is already explained"),
        ("x\n:::", 9, "closes a block that was never opened"),
        ("::: note\n::: do Do\n:::\n:::", 9, "Close the block “note” of line 8 first"),
        ("x[^nowhere]", 8, "There is no source “nowhere”"),
        ("::: do Do[^leaflet]\n- x\n:::", 8, "not its heading"),
        ("![x](probe)", 8, "on a line of its own in a block “figure”"),
        ("::: figure A picture\n![x](https://evil.example/x.png)\n:::", 9, "There is no figure"),
        ("::: figure A picture\n![](probe)\n:::", 9, "Say between the brackets"),
        ("::: figure A picture\nWords.\n:::", 8, "Put exactly one picture"),
        ("::: figure A picture\n![x](probe)\n\n![y](probe)\n:::", 11, "Put exactly one picture"),
        ("::: figure\n![x](probe)\n:::", 8, "Give the block “figure” a heading"),
        ("::: figure A picture\n![x][probe]\n:::", 8, "Put exactly one picture"),
        (f"::: figure A picture\n![{'x' * 126}](probe)\n:::", 9, "in 125 characters"),
        ("::: figure A hand\n![x](hand)\n:::", 8, "what its numbers from 1 to 2 are"),
        ("::: figure A hand\n![x](hand)\n\n1. a\n:::", 8, "what its numbers from 1 to 2 are"),
        ("::: figure A hand\n![x](hand)\n\n1. a\n   1. b\n:::", 8, "numbers from 1 to 2 are"),
        ("::: figure A hand\n![x](hand)\n\nx\n\n1. a\n2. b\n:::", 8, "numbers from 1 to 2 are"),
        ("::: figure A probe\n![x](probe)\n\n1. a\n:::", 8, "The picture has no numbers"),
        ("[[bursa]] hurts", 8, "Explain a term as"),
        ("[[bursa: a cushion]] [[Bursa: a bag]]", 8, "“Bursa” is already explained"),
        ("x \u202e y", 8, "hidden character"),
        ("x \x00 y", 8, "hidden character"),
        *(
            (f"x\ny {hidden} z", 9, "Remove the hidden character")
            for hidden in (
                "&#x202e;",
                "&#8203;",
                "&shy;",
                "\u061c",
                "\xad",
                "\u2028",
                "\u3164",
                "\U000e0041",
            )
        ),
        ("::: do Do&#x202e;\nx\n:::", 8, "Remove the hidden character from this line (U+202E"),
        ("::: risks\n| A | B |\n|--|--|\n| x&#8203; | y |\n:::", 11, "Remove the hidden character"),
        ("::: figure A\n![x&#8203;](probe)\n:::", 9, "Remove the hidden character"),
        ("e" + "\u0301" * 9, 8, "at most 3 accents"),
        ("x\n\n| A | B |\n|--|--|\n| a | b | lost |", 12, "fewer columns than this row"),
        ("x\n\n2021. That was the year.", 10, "Write “2021\\.”, or begin with a word"),
        ("1. a\n2. b\n4. c", 10, "Readers would see “3” here"),
        ("x\n\n[y]: /lost/", 10, "Readers would not see this line"),
        (
            "\n".join(f"{'  ' * deep}- deep" for deep in range(12)),
            17,
            "Readers would not see this line",
        ),
        ("x[^leaflet]\n\n[^leaflet]: Lost", 10, "Add this source under Sources"),
        ("[x](//evil.example)", 8, "The link “//evil.example” would not work"),
        ("x\n\n- [x](http://a.example)", 10, "The link “http://a.example” would not work"),
        ("[x](mailto:a@b.example)", 8, "would not work"),
        ("[x](www.a.example)", 8, "would not work"),
        ('[x](/guides/ "lost")', 8, "We do not show the title of a link or picture"),
        (
            '::: figure A\n![x](probe "lost")\n:::',
            9,
            "We do not show the title of a link or picture",
        ),
        ("::: note Lost words\nx\n:::", 8, "The block “note” has no heading"),
        ("Some `code`", 8, "do not use code"),
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
        ("---\ntitle: A\nstandfirst: B\ncategory: recipes\n---\nx", "The category must be one of"),
        (f"---\ntitle: {'A' * 201}\nstandfirst: B\ncategory: guides\n---\n", "Shorten the title"),
        ("---\ntitle: A\ntitle: B\n---\nx", "The title is already in line 2"),
        ("x" * 200_001, "longer than 200,000"),
    ],
)
def test_front_matter_must_be_whole(document: str, sentence: str) -> None:
    with pytest.raises(DocumentError, match=sentence):
        parse(document)


def test_a_list_that_goes_on_keeps_its_numbers() -> None:
    out = html("1. Wash.\n\nA sentence.\n\n2. Dry.\n3. Rest.\n")
    assert re.findall(r"<ol[^>]*>", out) == ["<ol>", '<ol start="2">']
    assert html("1. a\n1. b\n").count("<li>") == 2


def test_a_line_that_was_broken_by_hand_stays_broken() -> None:
    assert "<p>One<br>\nTwo</p>" in html("One  \nTwo\n")


def test_nothing_is_taken_out_without_a_word(monkeypatch: pytest.MonkeyPatch) -> None:
    """The sanitiser is the last guard: whatever it would drop keeps a text from being shown."""
    assert "<strong>" in html("A **word**.")
    monkeypatch.setattr(fragments, "TAGS", fragments.TAGS - {"strong"})
    with pytest.raises(DocumentError, match="The page would not show this: <strong>"):
        html("A **word**.")


def test_no_sign_in_a_source_means_anything() -> None:
    title = "2021. *A* [leaflet] <b>_x_</b> \\ & `c` | #1"
    source = SOURCES["leaflet"]
    for url in ("", "https://example.org/a_(b)"):
        odd = Source(key="leaflet", title=title, publisher="A*B*", url=url, seen_on=source.seen_on)
        out = render(factories.document(body="x[^leaflet]"), Library({"leaflet": odd}, {}))
        assert html_module.escape(title, quote=False) in out
        assert "A*B*." in out
        assert out.count("https://example.org/a_(b)") == bool(url)


def test_a_megabyte_is_refused_quickly() -> None:
    with pytest.raises(DocumentError, match="longer than"):
        parse(factories.document(body="word " * 200_000))


@pytest.mark.parametrize(
    "word", ["Main", "Closing", "Sources", "Source 1", "Cited 1", "Version", "Clear"]
)
def test_a_heading_takes_no_id_that_the_page_uses(word: str) -> None:
    (anchor, heading) = cut(render(factories.document(body=f"## {word}\n"), LIBRARY)).contents[0]
    assert heading == word
    assert anchor.startswith("about-")


def test_cutting_loses_nothing() -> None:
    whole = render(factories.document(), LIBRARY)
    fragment = cut(whole)
    parts = f"{fragment.head}{SEAM}\n{fragment.text}{CLOSING_SEAM}\n{fragment.closing}"
    assert parts == whole
    assert fragment.closing == '<h2 id="closing">Could it help?</h2>\n<p>Ask us.</p>\n'


def test_a_fragment_of_an_earlier_renderer_is_cut_without_its_closing_words() -> None:
    fragment = cut(f"<h1>A</h1>\n{SEAM}\n<p>B</p>\n")
    assert (fragment.text, fragment.closing) == ("<p>B</p>\n", "")


def test_a_term_is_explained_where_it_stands_and_can_be_collected() -> None:
    out = html("A [[bursa: a small “cushion” & bag]] may hurt.\n")
    assert (
        '<p>A <dfn id="term-bursa">bursa</dfn> '
        '<span class="meaning">(a small “cushion” &amp; bag)</span> may hurt.</p>'
    ) in out
    assert terms(out) == [("term-bursa", "bursa", "a small “cushion” & bag")]


def test_the_explanation_of_a_term_is_plain_text() -> None:
    assert "<script" not in html("A [[bursa: <script>alert(1)</script>]].\n")


def test_a_figure_has_words_a_caption_and_a_long_description() -> None:
    out = html(
        "::: figure How it lies\n![A needle & a probe.](probe)\n\nThe **needle** goes in.\n:::\n"
    )
    assert f'<img src="/figures/{"a" * 64}.svg" alt="A needle &amp; a probe."' in out
    assert re.search(
        r"<figcaption>How it lies\s*<details><summary>The picture in words</summary>\s*"
        r"<p>The <strong>needle</strong> goes in.</p>\s*</details>\s*</figcaption>\s*</figure>",
        out,
    )


@pytest.mark.parametrize(
    ("after", "folded"),
    [
        ("", ""),
        (
            "\nThe **median nerve**.\n\n1. Not a key.\n",
            (
                "<details><summary>The picture in words</summary>\n"
                "<p>The <strong>median nerve</strong>.</p>\n<ol>\n<li>Not a key.</li>\n</ol>\n"
                "</details>\n"
            ),
        ),
    ],
)
def test_a_figure_explains_its_numbers_in_a_key(after: str, folded: str) -> None:
    out = html(f"::: figure A hand\n![A hand.](hand)\n\n1. Thumb\n2. *Ring* finger\n{after}:::\n")
    key = '<ol class="figure__key">\n<li>Thumb</li>\n<li><em>Ring</em> finger</li>\n</ol>\n'
    caption = out[out.index("<figcaption>") : out.index("</figure>")]
    assert caption == f"<figcaption>A hand\n{key}{folded}</figcaption>\n"


def test_a_figure_without_key_or_description_is_a_picture_and_its_caption() -> None:
    out = html("::: figure A probe\n![A probe.](probe)\n:::\n")
    assert out.endswith("<figcaption>A probe\n</figcaption>\n</figure>\n")


def test_the_words_for_a_picture_are_plain_text() -> None:
    out = html("::: figure A\n![A **fine** needle &amp; a \\[probe\\].](probe)\n:::\n")
    assert 'alt="A fine needle &amp; a [probe]."' in out


@pytest.mark.parametrize(
    ("words", "labels"),
    [
        ("1 in 100", ["1 of 100"]),
        ("1 in 10", ["10 of 100"]),
        ("47 in 100", ["47 of 100"]),
        ("1 in 7", ["14 of 100"]),
        ("About 1 in 100[^leaflet] in one leaflet", ["1 of 100"]),
        ("1&nbsp;in&nbsp;100", ["1 of 100"]),
        ("72 in 100 with an injection; 9 in 100 without", ["72 of 100", "9 of 100"]),
        ("1 in 10, in one leaflet;[^leaflet] 1 in 100, in another", ["10 of 100", "1 of 100"]),
        ("72 in 100 with an injection, 9 in 100 without", []),
        ("1 in 10 in a leaflet; rare in trials", []),
        ("1 in 100; 1 in 10,000 in another", []),
        ("1 in 300", ["3 of 1,000"]),
        ("From 1 in 10 to 1 in 100", ["10 of 100", "1 of 100"]),
        ("Between 1 in 10 and 1 in 100", ["10 of 100", "1 of 100"]),
        ("1 in 100[^leaflet]–1 in 10", ["1 of 100", "10 of 100"]),
        ("From 1 in 1,000 to 1 in 70,000", []),
        ("1 in 10 to many more", []),
        ("Less than 1 in 1,000", []),
        ("Up to 1 in 10", []),
        ("1 in 100 or fewer", []),
        ("1 in 100 at most", []),
        ("1 in 10 000", []),
        ("1 in 10 million", []),
        ("1 in 100-200", []),
        ("8 or 9 in 100", []),
        ("Usual in trials; 1 in 100 notice it", []),
        ("Rare; one provider says 1 in 10", []),
        ("1 in 1,070", ["1 of 1,000"]),
        ("1 in 1,500", []),
        ("1 in 10,000", []),
        ("0 in 100", []),
        ("Not known", []),
    ],
)
def test_a_risk_has_a_picture_of_just_what_it_says(words: str, labels: list[str]) -> None:
    out = html(f"::: risks\n| What | How often |\n|---|---|\n| Pain 1 in 3 | {words} |\n:::\n")
    assert drawn(out) == labels


@pytest.mark.parametrize(("some", "of"), [(1, 100), (47, 100), (100, 100), (3, 1000), (51, 1000)])
def test_a_picture_fills_just_as_many_dots_as_it_says(some: int, of: int) -> None:
    """A dash of zero length at each pitch: a line of n dots is (n - 1) pitches long."""
    row = f"| Pain | {some} in {of} |"
    out = html(f"::: risks\n| What | How often |\n|---|---|\n{row}\n:::\n")
    assert drawn(out) == [f"{some} of {of:,}"]


def drawn(out: str) -> list[str]:
    """The dots that each picture fills, and all its dots: “10 of 100”."""
    shown = []
    for picture in re.findall(r"<svg.*?</svg>", out):
        every, some = (
            sum(
                round((float(length) - 0.01) / float(pitch)) + 1
                for length in re.findall(r"h([\d.]+)", line)
            )
            for line, pitch in re.findall(r' d="([^"]+)".*?dasharray="0 (\d+)"', picture)
        )
        shown.append(f"{some} of {every:,}")
    return shown


def test_each_picture_is_below_the_words_that_it_draws_and_not_spoken() -> None:
    row = "| Pain | 1 in 10, in one;[^leaflet] 1 in 100, in another[^leaflet] |"
    out = html(f"::: risks\n| What | How often |\n|---|---|\n{row}\n:::\n")
    cell = re.sub(r"<sup.*?</sup>| <span class=.*?</span>", "", out.partition("<td>")[2])
    pieces = re.split(r'<div class="pictures" aria-hidden="true">(.*?)</div>', cell)
    assert [piece.strip() for piece in pieces[0:4:2]] == [
        "1 in 10, in one;",
        "1 in 100, in another",
    ]
    assert [drawn(piece) for piece in pieces[1:4:2]] == [["10 of 100"], ["1 of 100"]]


def test_the_two_ends_of_a_range_stand_side_by_side_with_their_figures() -> None:
    out = html("::: risks\n| A | B |\n|---|---|\n| x | 1 in 10 to 1 in 100, in all |\n:::\n")
    pictures = re.findall(r'<span class="picture">(<svg.*?</svg>)(.*?)</span>', out)
    assert [(drawn(picture), key) for picture, key in pictures] == [
        (["10 of 100"], "1 in 10"),
        (["1 of 100"], "1 in 100"),
    ]


def test_no_picture_outside_a_table_of_risks() -> None:
    assert "<svg" not in html("It is 1 in 10.\n\n| A | B |\n|---|---|\n| x | 1 in 10 |\n")


def test_data_for_machines_cannot_leave_its_element() -> None:
    script = json_ld({"name": "</script><img src=x> & “x”\u2028"})
    assert script.count("<") == 2
    assert "\\u003c/script\\u003e" in script


def test_a_number_that_is_too_long_draws_nothing() -> None:
    assert "<svg" not in html(f"::: risks\n| A | B |\n|---|---|\n| x | 1 in {'1' * 4000} |\n:::\n")


def test_a_picture_of_a_risk_needs_no_stylesheet() -> None:
    """A PDF has no stylesheet inside a drawing."""
    out = html("::: risks\n| A | B |\n|---|---|\n| x | 1 in 10 |\n:::\n")
    (some,) = re.findall(r'<path class="dots__some"[^>]*>', out)
    for attribute in ("fill", "stroke", "stroke-width", "stroke-linecap", "stroke-dasharray"):
        assert f' {attribute}="' in some


@pytest.mark.lengthy
@pytest.mark.parametrize(
    "body",
    [
        "\n".join(["[^" * 900] * 1),
        "\n".join(["![" * 900] * 1),
        "\n".join(["](" * 2_000] * 40),
        "\n".join(["1," * 2_400] * 40),
        "\n\n".join("::: note\nx\n:::" for _ in range(133)),
        "\n".join("## a" for _ in range(199)),
    ],
)
def test_no_text_keeps_the_renderer_busy(body: str) -> None:
    """Each of these took most of a minute, or for ever: without bounds, this test does not end."""
    document = factories.document(body=body)
    with contextlib.suppress(DocumentError):
        render(document, LIBRARY)
    with contextlib.suppress(DocumentError):
        content_checks.findings(document, ["bursa"] * 100)
