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

from procedures.models import Figure, Source
from procedures.rendering.blocks import BLOCKS
from procedures.rendering.documents import (
    CITATION,
    FENCE,
    TERM,
    Document,
    DocumentError,
    Fault,
    parse,
)
from procedures.rendering.markdown import markdown

__all__ = [
    "CITATION",
    "FENCE",
    "RENDERER_VERSION",
    "SEAM",
    "TERM",
    "Document",
    "DocumentError",
    "Fragment",
    "Library",
    "Term",
    "cut",
    "json_ld",
    "parse",
    "render",
    "square_code",
    "terms",
    "words_of",
]

# Raised whenever the same document would give other bytes. Signed fragments keep theirs.
RENDERER_VERSION = 2

# Between the head of the page and its text stand the review line and the contents. They are ours
# and not the clinician's, so the fragment says where they go.
SEAM = "<!-- review line and contents -->"

BLOCK_CLASSES = {name for block in BLOCKS.values() for name in block.css_class.split()}
CLASSES = {
    "section": BLOCK_CLASSES | {"footnotes"},
    "div": BLOCK_CLASSES,
    "figure": BLOCK_CLASSES,
    "span": {"visually-hidden", "meaning"},
    "sup": {"footnote-ref"},
    "ol": {"footnotes-list"},
    "li": {"footnote-item"},
    "a": {"footnote-backref"},
    "p": {"eyebrow"},
    "svg": {"dots", "dots--100", "dots--1000"},
    "path": {"dots__all", "dots__some"},
}
TAGS = {
    *(
        "a",
        "details",
        "dfn",
        "div",
        "em",
        "figcaption",
        "figure",
        "h2",
        "h3",
        "h4",
        "img",
        "li",
        "ol",
    ),
    *("p", "path", "section", "span", "strong", "summary", "sup", "svg"),
    *("table", "tbody", "td", "th", "thead", "tr", "ul"),
}
ATTRIBUTES = {
    "*": {"id"},
    "a": {"href", "aria-label"},
    "section": {"aria-labelledby"},
    "div": {"role", "tabindex", "aria-label"},
    "th": {"scope"},
    "img": {"src", "alt", "width", "height"},
    "svg": {"viewBox", "width", "height", "role", "aria-label"},
    "path": {"d"},
}
IMAGE = re.compile(r"!\[([^\]]*)\]\(([^)\s]*)\)|!\[[^\]]*\]\[")


class Library(NamedTuple):
    """What a text may cite and show, by key."""

    sources: Mapping[str, Source]
    figures: Mapping[str, Figure]


class Fragment(NamedTuple):
    """A stored fragment, cut at its seam for the page around it. Nothing is added or lost."""

    head: SafeString
    text: SafeString
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
    faults = (
        _block_faults(parsed)
        + _fence_faults(parsed)
        + _citation_faults(parsed, library.sources)
        + _figure_faults(parsed, library.figures)
        + _term_faults(parsed)
    )
    if faults:
        raise DocumentError(sorted(faults))
    cited = [library.sources[key] for key in dict.fromkeys(CITATION.findall(parsed.body))]
    notes = "\n\n".join(f"[^{source.key}]: {_reference(source)}" for source in cited)
    clean = nh3.clean(
        markdown(library.figures).render(f"{parsed.body}\n\n{notes}\n"),
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
    return f"{head}{SEAM}\n{clean}"


def cut(fragment: str) -> Fragment:
    """A stored fragment as the page needs it. The caller has checked its hash."""
    head, text = fragment.split(f"{SEAM}\n")
    contents = [
        (anchor, html.unescape(strip_tags(heading)))
        for anchor, heading in re.findall(r'<h2 id="([^"]+)">(.*?)</h2>', text)
    ]
    return Fragment(mark_safe(head), mark_safe(text), contents)  # noqa: S308 -- signed bytes


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


# --- Faults ---------------------------------------------------------------------------------


def _block_faults(parsed: Document) -> list[Fault]:
    faults = []
    opened: tuple[int, str] | None = None
    for number, line in parsed.lines():
        fence = FENCE.match(line)
        if not fence:
            continue
        name, title = fence.groups()
        if not name:
            if opened is None:
                faults.append((number, "This “:::” closes a block that was never opened."))
            opened = None
        elif opened is not None:
            faults.append((number, f"Close the block “{opened[1]}” of line {opened[0]} first."))
        else:
            opened = (number, name)
            if name not in BLOCKS:
                faults.append((number, f"There is no block “{name}”. Use: {', '.join(BLOCKS)}."))
            elif (BLOCKS[name].titled or name == "figure") and not title:
                faults.append((number, f"Give the block “{name}” a heading on the same line."))
            elif CITATION.search(title):
                faults.append((number, "Cite a source in the text of a block, not its heading."))
    if opened is not None:
        faults.append((opened[0], f"The block “{opened[1]}” is never closed with “:::”."))
    return faults


def _fence_faults(parsed: Document) -> list[Fault]:
    return [
        (number, "Put “:::” at the very beginning of its line.")
        for number, line in parsed.lines()
        if ":::" in line and not FENCE.match(line)
    ]


def _citation_faults(parsed: Document, sources: Mapping[str, Source]) -> list[Fault]:
    return [
        (number, f"There is no source “{key}”. Add it under Sources, or correct the key.")
        for number, line in parsed.lines()
        for key in CITATION.findall(line)
        if key not in sources
    ]


def _figure_faults(parsed: Document, figures: Mapping[str, Figure]) -> list[Fault]:
    """A picture stands in a block of its own, has words for it, and is one of ours."""
    faults = []
    block, pictures, opened = "", 0, 0
    for number, line in parsed.lines():
        if fence := FENCE.match(line):
            if block == "figure" and pictures != 1:
                faults.append((opened, "Put exactly one picture, ![words](key), in this block."))
            block, pictures, opened = fence.group(1), 0, number
        for found in IMAGE.finditer(line):
            pictures += 1
            words, key = found.groups()
            if block != "figure" or line.strip() != found.group():
                faults.append((number, "Put a picture on its own line in a block “figure”."))
            elif key not in figures:
                faults.append((number, f"There is no figure “{key}”. Add it under Figures."))
            elif not words.strip():
                faults.append((number, "Say between the brackets what the picture shows."))
    return faults


def _term_faults(parsed: Document) -> list[Fault]:
    faults, seen = [], set()
    for number, line in parsed.lines():
        for term, _ in TERM.findall(line):
            if term.lower() in seen:
                faults.append((number, f"“{term}” is explained already. Explain it only once."))
            seen.add(term.lower())
        if "[[" in TERM.sub("", line):
            faults.append((number, "Explain a term as [[term: what it means]], on one line."))
    return faults


def _reference(source: Source) -> str:
    name = f"[{source.title}]({source.url})" if source.url else source.title
    dated = f", {source.dated}" if source.dated else ""
    seen = f"{source.seen_on:%-d %B %Y}"
    return f"{name}. {source.publisher}{dated}. Read by us on {seen}."
