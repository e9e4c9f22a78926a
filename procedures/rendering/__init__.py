"""One Markdown document in, one HTML fragment out.

The fragment is what a clinician signs and what patients are served, byte for byte. This is the only
module of the project that marks text as safe HTML, and it does so after a sanitiser let it pass.
"""

import html
import json
import re
from collections.abc import Mapping, Sequence
from typing import NamedTuple

import nh3
import segno
from django.utils.html import escape, strip_tags
from django.utils.safestring import SafeString, mark_safe
from markdown_it.token import Token

from procedures.models import Figure, Source
from procedures.rendering.blocks import BLOCKS
from procedures.rendering.documents import (
    CITATION,
    FENCE,
    TERM,
    Document,
    DocumentError,
    Fault,
    heading,
    hidden_characters,
    parse,
)
from procedures.rendering.markdown import markdown, term_anchor

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
    "path": {"d", "fill", "stroke", "stroke-width", "stroke-linecap", "stroke-dasharray"},
}
# Markdown that our pages have no look for, or that a block could hide in.
UNUSED = {
    "blockquote_open": "a quotation (>)",
    "code_block": "a line with four spaces before it",
    "fence": "a block of code (```)",
    "hr": "a line (---)",
}
HEADINGS = "Begin with headings “##”, and put “###” only below them."


class Library(NamedTuple):
    """What a text may cite and show, by key."""

    sources: Mapping[str, Source]
    figures: Mapping[str, Figure]


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
    faults = (
        _block_faults(parsed)
        + _fence_faults(parsed)
        + _citation_faults(parsed, library.sources)
        + _term_faults(parsed)
    )
    parser = markdown(library.figures)
    faults = faults or _shape_faults(parser.parse(parsed.body), parsed, library.figures)
    if faults:
        raise DocumentError(sorted(faults))
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


# --- Faults ---------------------------------------------------------------------------------


def _block_faults(parsed: Document) -> list[Fault]:
    faults = []
    opened: tuple[int, str] | None = None
    for number, line in parsed.lines():
        opens = heading(line)
        if opens is None:
            continue
        name, title = opens
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
        (number, "Write “::: name Heading” at the very beginning of the line, with single spaces.")
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


def _shape_faults(
    tokens: Sequence[Token], parsed: Document, figures: Mapping[str, Figure]
) -> list[Fault]:
    """What the parser found that has no place on our pages, or stands where it should not."""
    faults: list[Fault] = []
    below = False
    figure: list[Token] | None = None
    for token in tokens:
        said = []
        if token.type in UNUSED:
            said = [f"Our pages do not use {UNUSED[token.type]}. Write it otherwise."]
        elif token.type == "heading_open":
            said = [] if token.tag in _headings(below) else [HEADINGS]
            below = True
        elif token.type == "container_figure_open":
            figure = []
        elif token.type == "container_figure_close":
            said = [] if figure else ["Put exactly one picture, ![words](key), in this block."]
            figure = None
        elif any(child.type == "image" for child in token.children or []):
            said = _picture_faults(token, figure, figures)
            figure = None if figure is None else [*figure, token]
        line = parsed.body_line + (token.map[0] if token.map else 0)
        faults += [(line, sentence) for sentence in said]
    return faults


def _headings(below: bool) -> tuple[str, ...]:
    return ("h2", "h3", "h4") if below else ("h2",)


def _picture_faults(
    inline: Token, figure: list[Token] | None, figures: Mapping[str, Figure]
) -> list[str]:
    """A picture stands alone in its paragraph of a figure, has words for it, and is one of ours."""
    children = inline.children or []
    picture = children[0]
    if figure:
        return ["Put exactly one picture, ![words](key), in this block."]
    if figure is None or len(children) != 1:
        return ["Put a picture on its own line in a block “figure”."]
    if picture.attrs.get("src") not in figures:
        return [f"There is no figure “{picture.attrs.get('src')}”. Add it under Figures."]
    if not picture.content.strip():
        return ["Say between the brackets what the picture shows."]
    return []


def _term_faults(parsed: Document) -> list[Fault]:
    faults, seen = [], set()
    for number, line in parsed.lines():
        for term, _ in TERM.findall(line):
            anchor = term_anchor(term)
            if anchor in seen:
                faults.append((number, f"“{term}” is explained already. Explain it only once."))
            if anchor == "term-":
                faults.append((number, f"“{term}” holds no letter. Explain a word."))
            seen.add(anchor)
        if "[[" in TERM.sub("", line):
            faults.append((number, "Explain a term as [[term: what it means]], on one line."))
    return faults


def _reference(source: Source) -> str:
    name = f"[{source.title}]({source.url})" if source.url else source.title
    dated = f", {source.dated}" if source.dated else ""
    seen = f"{source.seen_on:%-d %B %Y}"
    return f"{name}. {source.publisher}{dated}. Read by us on {seen}."
