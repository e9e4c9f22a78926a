"""Marks of sources, which do not break a sentence for listeners, and the list that they lead to.

Eyes find a mark right after the words that it is about. Listeners and keyboards find links to the
sources at the end of the paragraph, item or cell, where they interrupt nobody.
"""

from collections.abc import Sequence
from typing import Any

from django.utils.html import escape
from django.utils.translation import gettext, ngettext
from markdown_it.renderer import RendererHTML
from markdown_it.rules_core import StateCore
from markdown_it.token import Token


def gather_citations(state: StateCore) -> None:
    """Add the links to its sources at the end of each passage that cites some."""
    seen: dict[int, int] = {}
    for token in state.tokens:
        words = token.children or []
        cited = dict.fromkeys(word.meta["id"] for word in words if word.type == "footnote_ref")
        links = []
        for source in cited:
            seen[source] = seen.get(source, 0) + 1
            links.append((source + 1, seen[source]))
        if links:
            words.append(Token("citations", "", 0, meta={"links": links}))


def render_mark(
    renderer: RendererHTML, tokens: Sequence[Token], index: int, options: Any, env: Any
) -> str:
    """The number of a source, for eyes and pointers."""
    number = tokens[index].meta["id"] + 1
    return (
        f'<sup class="footnote-ref" aria-hidden="true"><a href="#source-{number}" tabindex="-1">'
        f"{number}</a></sup>"
    )


def render_citations(
    renderer: RendererHTML, tokens: Sequence[Token], index: int, options: Any, env: Any
) -> str:
    """The links to the sources of a passage; the first to each source is where its way back leads."""
    source = escape(gettext("Source {number}"))
    links = [
        f'<a href="#source-{number}" id="cited-{number}{f"-{time}" if time > 1 else ""}">'
        f"{source.format(number=number)}</a>"
        for number, time in tokens[index].meta["links"]
    ]
    return f' <span class="citations">{" ".join(links)}</span>'


def render_sources_heading(
    renderer: RendererHTML, tokens: Sequence[Token], index: int, options: Any, env: Any
) -> str:
    """The list of sources, folded: most readers want to know that it is there."""
    number = sum(token.type == "footnote_open" for token in tokens[index:])
    sources = ngettext(
        "{number} source: what it is, and when we read it",
        "{number} sources: what each is, and when we read it",
        number,
    ).format(number=number)
    return (
        '<section class="footnotes" aria-labelledby="sources">\n'
        f'<h2 id="sources">{escape(gettext("Sources"))}</h2>\n'
        f"<details><summary>{escape(sources)}</summary>\n"
        '<ol class="footnotes-list">\n'
    )


def render_sources_end(
    renderer: RendererHTML, tokens: Sequence[Token], index: int, options: Any, env: Any
) -> str:
    """The end of the list of sources."""
    return "</ol>\n</details>\n</section>\n"


def render_source(
    renderer: RendererHTML, tokens: Sequence[Token], index: int, options: Any, env: Any
) -> str:
    """The beginning of one source."""
    return f'<li id="source-{tokens[index].meta["id"] + 1}" class="footnote-item">'


def render_way_back(
    renderer: RendererHTML, tokens: Sequence[Token], index: int, options: Any, env: Any
) -> str:
    """The way back to the first passage that cites a source."""
    meta = tokens[index].meta
    if meta["subId"]:
        return ""
    number = meta["id"] + 1
    label = gettext("Back to where source {number} is cited").format(number=number)
    return (
        f' <a href="#cited-{number}" class="footnote-backref" '
        f'aria-label="{escape(label)}">{escape(gettext("Back"))}</a>'
    )
