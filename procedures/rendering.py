"""One Markdown document in, one HTML fragment out.

The fragment is what a clinician signs and what patients are served, byte for byte. This is the only
module of the project that marks text as safe HTML, and it does so after a sanitiser let it pass.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple, cast

import nh3
from django.utils.html import escape, strip_tags
from django.utils.safestring import SafeString, mark_safe
from django.utils.text import slugify
from markdown_it import MarkdownIt
from markdown_it.renderer import RendererHTML
from markdown_it.rules_core import StateCore
from markdown_it.token import Token
from mdit_py_plugins.container import container_plugin
from mdit_py_plugins.footnote import footnote_plugin

from procedures.models import Source
from procedures.status import Category

# Raised whenever the same document would give other bytes. Signed fragments keep theirs.
RENDERER_VERSION = 1

MAX_DOCUMENT = 200_000

# Between the head of the page and its text stand the review line and the contents. They are ours
# and not the clinician's, so the fragment says where they go.
SEAM = "<!-- review line and contents -->"


class Block(NamedTuple):
    """A fenced block: its class, whether it opens with a heading, and words only for listeners."""

    css_class: str
    titled: bool = True
    spoken: str = ""


BLOCKS: dict[str, Block] = {
    "emergency": Block("care-card care-card--emergency", spoken="Emergency: "),
    "urgent": Block("care-card care-card--urgent", spoken="Urgent: "),
    "non-urgent": Block("care-card care-card--non-urgent", spoken="Not urgent: "),
    "do": Block("do-list"),
    "do-not": Block("do-list do-list--not"),
    "tell-us": Block("tell-us"),
    "key-facts": Block("key-facts"),
    "note": Block("inset", titled=False),
    "steps": Block("steps", titled=False),
    "timeline": Block("timeline", titled=False),
    "options": Block("options", titled=False),
    "questions": Block("questions", titled=False),
    "risks": Block("risks", titled=False),
}

FRONT_MATTER = ("title", "standfirst", "category", "closing question", "closing sentence")

CLASSES = {
    "section": {name for block in BLOCKS.values() for name in block.css_class.split()}
    | {"footnotes"},
    "div": {name for block in BLOCKS.values() for name in block.css_class.split()},
    "span": {"visually-hidden"},
    "sup": {"footnote-ref"},
    "ol": {"footnotes-list"},
    "li": {"footnote-item"},
    "a": {"footnote-backref"},
}
# Ids that the page around a fragment uses.
TAKEN = {"main", "closing", "sources"}
TAGS = {"a", "div", "em", "h2", "h3", "h4", "li", "ol", "p", "section", "span", "strong", "sup"} | {
    "table",
    "tbody",
    "td",
    "th",
    "thead",
    "tr",
    "ul",
}
ATTRIBUTES = {
    "*": {"id"},
    "a": {"href", "aria-label"},
    "section": {"aria-labelledby"},
    "div": {"role", "tabindex", "aria-label"},
    "th": {"scope"},
}


class DocumentError(Exception):
    """What is wrong with a document: (line, sentence) pairs that an editor can act on."""

    def __init__(self, faults: Sequence[tuple[int, str]]):
        self.faults = list(faults)
        super().__init__(" ".join(f"Line {line}: {sentence}" for line, sentence in faults))


class Document(NamedTuple):
    """A document taken apart."""

    title: str
    standfirst: str
    category: Category
    closing_question: str
    closing_sentence: str
    body: str
    body_line: int


class Fragment(NamedTuple):
    """A stored fragment, cut at its seam for the page around it. Nothing is added or lost."""

    head: SafeString
    text: SafeString
    contents: list[tuple[str, str]]


def parse(document: str) -> Document:
    """Take the front matter off a document. Raises DocumentError, naming each line at fault."""
    if len(document) > MAX_DOCUMENT:
        raise DocumentError([(1, f"The text is longer than {MAX_DOCUMENT:,} characters.")])
    lines = document.replace("\r\n", "\n").split("\n")
    faults = hidden_characters(lines)
    end = lines.index("---", 1) if lines[0] == "---" and "---" in lines[1:] else 0
    if not end:
        faults.append((1, "Begin with “---”, then title, standfirst and category, then “---”."))
        raise DocumentError(faults)
    matter, unreadable = _front_matter(lines[1:end])
    faults += unreadable + [(end + 1, sentence) for sentence in _front_matter_faults(matter)]
    if faults:
        raise DocumentError(faults)
    return Document(
        title=matter["title"],
        standfirst=matter["standfirst"],
        category=Category(matter["category"]),
        closing_question=matter.get("closing question", ""),
        closing_sentence=matter.get("closing sentence", ""),
        body="\n".join(lines[end + 1 :]),
        body_line=end + 2,
    )


def _front_matter(lines: Sequence[str]) -> tuple[dict[str, str], list[tuple[int, str]]]:
    matter: dict[str, str] = {}
    faults = []
    for number, line in enumerate(lines, start=2):
        name, colon, value = line.partition(":")
        if not colon or name.strip() not in FRONT_MATTER:
            faults.append((number, f"Expected one of: {', '.join(FRONT_MATTER)}."))
        else:
            matter[name.strip()] = value.strip()
    return matter, faults


def _front_matter_faults(matter: Mapping[str, str]) -> list[str]:
    missing = [name for name in ("title", "standfirst", "category") if not matter.get(name)]
    too_long = [
        (name, longest)
        for name, longest in (("title", 200), ("standfirst", 400))
        if len(matter.get(name, "")) > longest
    ]
    faults = [f"Give the page a {name}." for name in missing]
    faults += [f"Shorten the {name} to {longest} characters." for name, longest in too_long]
    if matter.get("category") and matter["category"] not in Category.values:
        faults.append(f"The category is one of: {', '.join(Category.values)}.")
    return faults


def hidden_characters(lines: Iterable[str]) -> list[tuple[int, str]]:
    """The lines that hold characters nobody can see, such as those that turn text around."""
    hidden = re.compile(
        "[\x00-\x08\x0b-\x1f\x7f-\x9f\u200b\u200e\u200f\u202a-\u202e\u2060-\u2069\ufeff\ufffd]"
    )
    return [
        (number, "Remove the hidden character in this line.")
        for number, line in enumerate(lines, start=1)
        if hidden.search(line)
    ]


def render(document: str, sources: Mapping[str, Source]) -> str:
    """The HTML fragment of a document.

    `sources` holds the sources by key. Raises DocumentError for front matter that is incomplete, a
    block that is unknown, untitled or never closed, and a citation of a source that we do not have.
    """
    parsed = parse(document)
    faults = _block_faults(parsed) + _fence_faults(parsed) + _citation_faults(parsed, sources)
    if faults:
        raise DocumentError(sorted(faults))
    cited = [sources[key] for key in dict.fromkeys(CITATION.findall(parsed.body))]
    notes = "\n\n".join(f"[^{source.key}]: {_reference(source)}" for source in cited)
    html = _markdown().render(f"{parsed.body}\n\n{notes}\n")
    clean = nh3.clean(
        html,
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
        (anchor, strip_tags(heading))
        for anchor, heading in re.findall(r'<h2 id="([^"]+)">(.*?)</h2>', text)
    ]
    return Fragment(mark_safe(head), mark_safe(text), contents)  # noqa: S308 -- signed bytes


# --- Faults ---------------------------------------------------------------------------------

CITATION = re.compile(r"\[\^([^\]\s]+)\]")
FENCE = re.compile(r"^:::+\s*(\S*)\s*(.*)$")


def _block_faults(parsed: Document) -> list[tuple[int, str]]:
    faults = []
    opened: tuple[int, str] | None = None
    for number, line in enumerate(parsed.body.split("\n"), start=parsed.body_line):
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
            elif BLOCKS[name].titled and not title:
                faults.append((number, f"Give the block “{name}” a heading on the same line."))
            elif CITATION.search(title):
                faults.append((number, "Cite a source in the text of a block, not its heading."))
    if opened is not None:
        faults.append((opened[0], f"The block “{opened[1]}” is never closed with “:::”."))
    return faults


def _fence_faults(parsed: Document) -> list[tuple[int, str]]:
    return [
        (number, "Put “:::” at the very beginning of its line.")
        for number, line in enumerate(parsed.body.split("\n"), start=parsed.body_line)
        if ":::" in line and not FENCE.match(line)
    ]


def _citation_faults(parsed: Document, sources: Mapping[str, Source]) -> list[tuple[int, str]]:
    return [
        (number, f"There is no source “{key}”. Add it under Sources, or correct the key.")
        for number, line in enumerate(parsed.body.split("\n"), start=parsed.body_line)
        for key in CITATION.findall(line)
        if key not in sources
    ]


# --- Markdown -------------------------------------------------------------------------------


def _reference(source: Source) -> str:
    name = f"[{source.title}]({source.url})" if source.url else source.title
    dated = f", {source.dated}" if source.dated else ""
    seen = f"{source.seen_on:%-d %B %Y}"
    return f"{name}. {source.publisher}{dated}. Read by us on {seen}."


def _markdown() -> MarkdownIt:
    markdown = MarkdownIt("commonmark", {"html": False}).enable("table")
    markdown.use(footnote_plugin, inline=False, move_to_end=True)
    for name in BLOCKS:
        markdown.use(container_plugin, name, render=_render_block)
    markdown.core.ruler.push("anchors", _anchor_headings)
    markdown.core.ruler.push("scopes", _scope_headers)
    markdown.add_render_rule("footnote_ref", _render_citation)
    markdown.add_render_rule("footnote_block_open", _render_sources_heading)
    markdown.add_render_rule("footnote_open", _render_source)
    markdown.add_render_rule("footnote_anchor", _render_way_back)
    return markdown


def _anchor_headings(state: StateCore) -> None:
    """Give each heading of level 2 an id from its words, so that the contents can link to it."""
    seen: set[str] = set(TAKEN)
    for token, inline in zip(state.tokens, state.tokens[1:], strict=False):
        if token.type == "heading_open" and token.tag == "h2":
            anchor = slugify(inline.content) or "section"
            while anchor in seen or re.match(r"(source|cited)-\d", anchor):
                anchor = f"{anchor}-more" if anchor in seen else f"about-{anchor}"
            seen.add(anchor)
            token.attrSet("id", anchor)


def _scope_headers(state: StateCore) -> None:
    for token in state.tokens:
        if token.type == "th_open":
            token.attrSet("scope", "col")
        # Alignment comes as a style attribute, which our Content-Security-Policy would refuse.
        token.attrs.pop("style", None)


def _render_block(
    renderer: RendererHTML, tokens: Sequence[Token], index: int, options: Any, env: Any
) -> str:
    token = tokens[index]
    if token.nesting == -1:
        name = _opening(tokens, index).info.split()[0]
        return "</section>\n" if BLOCKS[name].titled else "</div>\n"
    name, _, title = token.info.strip().partition(" ")
    block = BLOCKS[name]
    if name == "risks":
        # A table wider than a phone scrolls in its own box, which the keyboard must reach.
        return '<div class="risks" role="region" tabindex="0" aria-label="Table of risks">\n'
    if not block.titled:
        return f'<div class="{block.css_class}">\n'
    anchor = f"{name}-{token.map[0] if token.map else index}"
    spoken = f'<span class="visually-hidden">{block.spoken}</span>' if block.spoken else ""
    heading = renderer.renderInline(_inline(title), options, env) if title else ""
    level = "h3" if any(earlier.tag == "h2" for earlier in tokens[:index]) else "h2"
    return (
        f'<section class="{block.css_class}" aria-labelledby="{anchor}">\n'
        f'<{level} id="{anchor}">{spoken}{heading}</{level}>\n'
    )


def _inline(text: str) -> Sequence[Token]:
    return cast("Sequence[Token]", MarkdownIt("commonmark").parseInline(text)[0].children)


def _opening(tokens: Sequence[Token], index: int) -> Token:
    """The token that opened the container which `tokens[index]` closes; containers do not nest."""
    return next(
        token
        for token in reversed(tokens[:index])
        if token.type == tokens[index].type.replace("_close", "_open")
    )


def _render_citation(
    renderer: RendererHTML, tokens: Sequence[Token], index: int, options: Any, env: Any
) -> str:
    meta = tokens[index].meta
    number = meta["id"] + 1
    here = f"cited-{number}" + (f"-{meta['subId']}" if meta["subId"] else "")
    return (
        f'<sup class="footnote-ref"><a href="#source-{number}" id="{here}" '
        f'aria-label="Source {number}">{number}</a></sup>'
    )


def _render_sources_heading(
    renderer: RendererHTML, tokens: Sequence[Token], index: int, options: Any, env: Any
) -> str:
    return (
        '<section class="footnotes" aria-labelledby="sources">\n'
        '<h2 id="sources">Sources</h2>\n<ol class="footnotes-list">\n'
    )


def _render_source(
    renderer: RendererHTML, tokens: Sequence[Token], index: int, options: Any, env: Any
) -> str:
    return f'<li id="source-{tokens[index].meta["id"] + 1}" class="footnote-item">'


def _render_way_back(
    renderer: RendererHTML, tokens: Sequence[Token], index: int, options: Any, env: Any
) -> str:
    meta = tokens[index].meta
    if meta["subId"]:
        return ""
    number = meta["id"] + 1
    return (
        f' <a href="#cited-{number}" class="footnote-backref" '
        f'aria-label="Back to where source {number} is cited">Back</a>'
    )
