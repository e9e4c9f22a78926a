"""One Markdown document in, one HTML fragment out.

The fragment is what a clinician signs and what patients are served, byte for byte. This is the only
module of the project that marks text as safe HTML, and it does so after a sanitiser let it pass.
"""

import html
import json
import re
from collections.abc import Mapping
from typing import NamedTuple

import nh3
import segno
from django.utils.html import escape, strip_tags
from django.utils.safestring import SafeString, mark_safe

from procedures.models import Source
from procedures.rendering.blocks import BLOCKS
from procedures.rendering.documents import (
    CITATION,
    TERM,
    Document,
    DocumentError,
    heading,
    hidden_characters,
    parse,
)
from procedures.rendering.faults import Library, faults
from procedures.rendering.markdown import markdown

__all__ = [
    "CITATION",
    "CLOSING_SEAM",
    "RENDERER_VERSION",
    "SEAM",
    "TERM",
    "Document",
    "DocumentError",
    "Fragment",
    "Library",
    "Term",
    "cut",
    "heading",
    "hidden_characters",
    "json_ld",
    "parse",
    "render",
    "square_code",
    "terms",
    "words_of",
]

# Raised whenever the same document would give other bytes. Signed fragments keep theirs.
RENDERER_VERSION = 3

# Between the head of the page and its text stand the review line and the contents. They are ours
# and not the clinician's, so the fragment says where they go.
SEAM = "<!-- review line and contents -->"
# Between the text and its last words stand the notes about the version, which are ours too.
CLOSING_SEAM = "<!-- about this version -->"

BLOCK_CLASSES = {name for block in BLOCKS.values() for name in block.css_class.split()}
CLASSES = {
    "section": BLOCK_CLASSES | {"footnotes"},
    "div": BLOCK_CLASSES,
    "figure": BLOCK_CLASSES,
    "span": {"visually-hidden", "meaning", "pictures"},
    "sup": {"footnote-ref"},
    "ol": {"footnotes-list"},
    "li": {"footnote-item"},
    "a": {"footnote-backref"},
    "p": {"eyebrow"},
    "svg": {"dots", "dots--100", "dots--1000"},
    "path": {"dots__all", "dots__some"},
}
# fmt: off
TAGS = {
    "a", "details", "dfn", "div", "em", "figcaption", "figure", "h2", "h3", "h4", "img", "li", "ol",
    "p", "path", "section", "span", "strong", "summary", "sup", "svg",
    "table", "tbody", "td", "th", "thead", "tr", "ul",
}
# fmt: on
ATTRIBUTES = {
    "*": {"id"},
    "a": {"href", "aria-label"},
    "section": {"aria-labelledby"},
    "div": {"role", "tabindex", "aria-label"},
    "th": {"scope"},
    "img": {"src", "alt", "width", "height"},
    "svg": {"viewBox", "width", "height", "role", "aria-label"},
    "path": {"d", "fill", "stroke", "stroke-width", "stroke-linecap", "stroke-dasharray"},
}


class Fragment(NamedTuple):
    """A stored fragment, cut at its seam for the page around it. Nothing is added or lost."""

    head: SafeString
    text: SafeString
    closing: SafeString
    contents: list[tuple[str, str]]


class Term(NamedTuple):
    """A medical term that a fragment explains."""

    anchor: str
    word: str
    meaning: str


def render(document: str, library: Library) -> str:
    """The HTML fragment of a document.

    Raises DocumentError for front matter that is incomplete, a block that is unknown, untitled or
    never closed, a source or a figure that we do not have, and a term that is explained twice.
    """
    parsed = parse(document)
    parser = markdown(library.figures)
    found = faults(parsed, library, parser)
    if found:
        raise DocumentError(sorted(found))
    cited = [library.sources[key] for key in dict.fromkeys(CITATION.findall(parsed.body))]
    notes = "\n\n".join(f"[^{source.key}]: {_reference(source)}" for source in cited)
    clean = nh3.clean(
        parser.render(f"{parsed.body}\n\n{notes}\n"),
        tags=TAGS,
        attributes=ATTRIBUTES,
        allowed_classes=CLASSES,
        url_schemes={"https", "tel"},
        link_rel=None,
    )
    head = (
        f'<p class="eyebrow">{escape(parsed.category.label)}</p>\n'
        f"<h1>{escape(parsed.title)}</h1>\n"
        f'<p class="standfirst">{escape(parsed.standfirst)}</p>\n'
    )
    closing = (
        f'<h2 id="closing">{escape(parsed.closing_question)}</h2>\n'
        f"<p>{escape(parsed.closing_sentence)}</p>\n"
        if parsed.closing_question
        else ""
    )
    return f"{head}{SEAM}\n{clean}{CLOSING_SEAM}\n{closing}"


def cut(fragment: str) -> Fragment:
    """A stored fragment as the page needs it. The caller has checked its hash."""
    head, rest = fragment.split(f"{SEAM}\n")
    text, _, closing = rest.partition(f"{CLOSING_SEAM}\n")
    contents = [
        (anchor, html.unescape(strip_tags(heading)))
        for anchor, heading in re.findall(r'<h2 id="([^"]+)">(.*?)</h2>', text)
    ]
    # Marked as safe because a clinician signed these bytes, which a sanitiser let pass.
    return Fragment(mark_safe(head), mark_safe(text), mark_safe(closing), contents)  # noqa: S308


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
    """Data for machines as a script element that no text in it can leave."""
    written = json.dumps(data, ensure_ascii=False)
    for sign in "<>&\u2028\u2029":
        written = written.replace(sign, f"\\u{ord(sign):04x}")
    return mark_safe(f'<script type="application/ld+json">{written}</script>')  # noqa: S308


def square_code(address: str) -> SafeString:
    """A QR code of an address as inline SVG, with words for those who cannot see it."""
    drawn = segno.make(address, error="m").svg_inline(
        scale=4, border=2, light="#fff", svgclass="code", title=f"Code that leads to {address}"
    )
    return mark_safe(drawn.replace("<svg ", '<svg role="img" ', 1))  # noqa: S308


def _reference(source: Source) -> str:
    name = f"[{source.title}]({source.url})" if source.url else source.title
    dated = f", {source.dated}" if source.dated else ""
    seen = f"{source.seen_on:%-d %B %Y}"
    return f"{name}. {source.publisher}{dated}. Read by us on {seen}."
