"""Renders one Markdown document into one HTML fragment.

The fragment is what a clinician signs and what patients are served, byte for byte. This is the only
module of the project that marks text as safe HTML, and it does so after a sanitiser has passed it.
"""

import html
import json
import re
from collections import Counter
from collections.abc import Mapping
from html.parser import HTMLParser
from typing import NamedTuple

import nh3
import segno
from django.conf import settings
from django.utils.html import escape
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext, override
from markdown_it import MarkdownIt

from procedures.ground.moments import plain_day
from procedures.models import Source
from procedures.texts.rendering.blocks import BLOCKS
from procedures.texts.rendering.documents import (
    CITATION,
    Document,
    DocumentError,
    parse,
)
from procedures.texts.rendering.faults import Library, faults
from procedures.texts.rendering.figures import KEY
from procedures.texts.rendering.losses import SCHEMES
from procedures.texts.rendering.markdown import markdown
from procedures.texts.rendering.passages import Passage, passages, source_text

# Raised whenever a text that could be signed before would give other bytes. Signed ones keep theirs.
RENDERER_VERSION = 5

# The review line and the contents go between the head of the page and its text. They are ours and
# not the clinician's, so the fragment says where.
SEAM = "<!-- review line and contents -->"
# The notes about the version, which are ours too, go between the text and its last words.
CLOSING_SEAM = "<!-- about this version -->"

BLOCK_CLASSES = {name for block in BLOCKS.values() for name in block.css_class.split()}
CLASSES = {
    "section": BLOCK_CLASSES | {"footnotes"},
    "div": BLOCK_CLASSES | {"pictures"},
    "figure": BLOCK_CLASSES,
    "span": {"visually-hidden", "meaning", "picture", "citations"},
    "sup": {"footnote-ref"},
    "ol": {"footnotes-list", KEY},
    "li": {"footnote-item"},
    "a": {"footnote-backref"},
    "p": {"eyebrow"},
    "svg": {"dots", "dots--100", "dots--1000"},
    "path": {"dots__all", "dots__some"},
}
# fmt: off
TAGS = {
    "a", "br", "dd", "details", "dfn", "div", "dl", "dt", "em", "figcaption", "figure", "h2", "h3",
    "h4", "img", "li", "ol", "p", "path", "section", "span", "strong", "summary", "sup", "svg",
    "table", "tbody", "td", "th", "thead", "tr", "ul",
}
# fmt: on
ATTRIBUTES = {
    "*": {"id"},
    "a": {"href", "aria-label", "tabindex"},
    "section": {"aria-labelledby"},
    "div": {"aria-hidden"},
    "ol": {"start"},
    "th": {"scope"},
    "img": {"src", "alt", "width", "height"},
    "sup": {"aria-hidden"},
    "svg": {"viewBox", "width", "height"},
    "span": {"lang", "dir"},
    "path": {"d", "fill", "stroke", "stroke-width", "stroke-linecap", "stroke-dasharray"},
}


class Fragment(NamedTuple):
    """A stored fragment, cut at its seams for the page around it. Nothing is added or lost.

    The headings in `contents` are words, and keep the marks of another language.
    """

    head: SafeString
    text: SafeString
    closing: SafeString
    contents: list[tuple[str, SafeString]]


class Outline(HTMLParser):
    """The elements of a fragment with their attributes, and its words."""

    def __init__(self, fragment: str) -> None:
        super().__init__()
        self.elements: Counter[str] = Counter()
        self.words = ""
        self.feed(fragment)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Count an element, and each of its attributes."""
        self.elements[f"<{tag}>"] += 1
        self.elements += Counter(f"{name}=“{value}” of <{tag}>" for name, value in attrs)

    def handle_data(self, data: str) -> None:
        """Collect the words."""
        self.words += data


class Term(NamedTuple):
    """A medical term that a fragment explains."""

    anchor: str
    word: str
    meaning: str


def render(document: str, library: Library, language: str = "") -> str:
    """The HTML fragment of a document, with our own words in that language, or in English.

    Raises DocumentError for front matter that is incomplete, a block that is unknown, untitled or
    never closed, a source or a figure that we do not have, and a term that is explained twice.
    """
    parsed = parse(document)
    parser = markdown(library.figures)
    found = faults(parsed, library, parser)
    if found:
        raise DocumentError(sorted(found))
    return compose(parsed, library, parser, language)


def compose(parsed: Document, library: Library, parser: MarkdownIt, language: str = "") -> str:
    """The fragment of a document without faults. Raises DocumentError if something would be lost."""
    with override(language or settings.LANGUAGE_CODE):
        return _composed(parsed, library, parser)


def _composed(parsed: Document, library: Library, parser: MarkdownIt) -> str:
    cited = [library.sources[key] for key in dict.fromkeys(CITATION.findall(parsed.body))]
    notes = "\n\n".join(f"[^{source.key}]: {_reference(source)}" for source in cited)
    clean = _clean(parser.render(f"{parsed.body}\n\n{notes}\n"))
    head = (
        f'<h1>{escape(parsed.title)}</h1>\n<p class="standfirst">{escape(parsed.standfirst)}</p>\n'
    )
    closing = (
        f'<h2 id="closing">{escape(parsed.closing_question)}</h2>\n'
        f"<p>{escape(parsed.closing_sentence)}</p>\n"
        if parsed.closing_question
        else ""
    )
    return f"{head}{SEAM}\n{clean}{CLOSING_SEAM}\n{closing}"


def read(parsed: Document) -> list[Passage]:
    """What readers see of a document, passage by passage, for the content checks."""
    return passages(parsed, markdown({}).parse(source_text(parsed)))


def cut(fragment: str) -> Fragment:
    """Cut a stored fragment for its page. The caller has checked its hash."""
    head, rest = fragment.split(f"{SEAM}\n")
    text, _, closing = rest.partition(f"{CLOSING_SEAM}\n")
    contents = [
        (anchor, mark_safe(_only_languages(heading)))  # noqa: S308
        for anchor, heading in re.findall(r'<h2 id="([^"]+)">(.*?)</h2>', text)
    ]
    # Safe because a clinician signed these bytes, which a sanitiser had passed.
    return Fragment(mark_safe(head), mark_safe(text), mark_safe(closing), contents)  # noqa: S308


def _only_languages(heading: str) -> str:
    """A heading without any element but the spans of another language."""
    return nh3.clean(heading, tags={"span"}, attributes={"span": ATTRIBUTES["span"]})


def words_of(text: str) -> str:
    """The text of a fragment without its list of sources."""
    return text.partition('<section class="footnotes"')[0]


def terms(fragment: str) -> list[Term]:
    """The terms that a fragment explains, in its own words."""
    found = re.findall(
        r'<dfn id="(term-[^"]*)">(.*?)</dfn> <span class="meaning">\((.*?)\)</span>', fragment
    )
    return [Term(anchor, html.unescape(word), html.unescape(text)) for anchor, word, text in found]


def json_ld(data: Mapping[str, object]) -> SafeString:
    """Data for machines as a script element that no text in it can break out of."""
    written = json.dumps(data, ensure_ascii=False)
    for sign in "<>&\u2028\u2029":
        written = written.replace(sign, f"\\u{ord(sign):04x}")
    return mark_safe(f'<script type="application/ld+json">{written}</script>')  # noqa: S308


def square_code(address: str, title: str) -> SafeString:
    """A QR code of an address as inline SVG, with words for people who cannot see it."""
    drawn = segno.make(address, error="m").svg_inline(
        scale=4, border=2, light="#fff", svgclass="code", title=title
    )
    return mark_safe(drawn.replace("<svg ", '<svg role="img" ', 1))  # noqa: S308


def _clean(rendered: str) -> str:
    """The fragment, if it contains only HTML that we expect. Raises DocumentError otherwise.

    This is the last guard; faults that name a line are found before it.
    """
    clean = nh3.clean(
        rendered,
        tags=TAGS,
        attributes=ATTRIBUTES,
        allowed_classes=CLASSES,
        url_schemes=SCHEMES,
        link_rel=None,
    )
    before, after = Outline(rendered), Outline(clean)
    lost = before.elements - after.elements
    if lost or before.words != after.words:
        what = min(lost, default="some words")
        raise DocumentError([(1, f"The page would not show this: {what}. Remove it.")])
    return clean


def _reference(source: Source) -> str:
    title, publisher, dated = map(_escaped, (source.title, source.publisher, source.dated))
    name = f"[{title}](<{source.url}>)" if source.url else title
    dated = f", {dated}" if dated else ""
    kind = f" {source.get_kind_display()}." if source.kind else ""
    read = (
        gettext("Read in part by us on {day}.")
        if source.read_in_part
        else gettext("Read by us on {day}.")
    ).format(day=plain_day(source.seen_on))
    return f"{name}. {publisher}{dated}.{kind} {read}"


def _escaped(words: str) -> str:
    """The words of a source, escaped so that no sign has a meaning in Markdown."""
    return re.sub(r"([!-/:-@\[-`{-~])", r"\\\1", " ".join(words.split()))
