"""Markdown as our pages use it: anchors, citations, explained terms, tables and blocks."""

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from django.utils.text import slugify
from markdown_it import MarkdownIt
from markdown_it.renderer import RendererHTML
from markdown_it.rules_core import StateCore
from markdown_it.rules_inline import StateInline
from markdown_it.token import Token
from mdit_py_plugins.container import container_plugin
from mdit_py_plugins.footnote import footnote_plugin

from procedures.models import Figure
from procedures.texts.rendering.blocks import (
    BLOCKS,
    pair_questions,
    render_block,
)
from procedures.texts.rendering.citations import (
    gather_citations,
    render_citations,
    render_mark,
    render_source,
    render_sources_end,
    render_sources_heading,
    render_way_back,
)
from procedures.texts.rendering.documents import TERM
from procedures.texts.rendering.figures import caption_figures
from procedures.texts.rendering.languages import ANY_MARK, with_languages
from procedures.texts.rendering.risks import draw_risks

# Ids that the page around a fragment uses.
TAKEN = {"main", "closing", "sources", "clear", "related", "version"}
# Prefixes of the ids that the fragment itself gives to citations, terms and blocks.
TAKEN_BY_PARTS = re.compile(rf"((source|cited|term)-|({'|'.join(BLOCKS)})-\d+$)")


def markdown(figures: Mapping[str, Figure]) -> MarkdownIt:
    """A parser that knows these figures by key."""
    parser = MarkdownIt("commonmark", {"html": False}).enable("table")
    parser.use(footnote_plugin, inline=False, move_to_end=True)
    for name in BLOCKS:
        parser.use(container_plugin, name, render=render_block)
    parser.inline.ruler.before("link", "term", _term)
    parser.use(with_languages)
    parser.core.ruler.push("anchors", _anchor_headings)
    parser.add_render_rule("heading_open", _render_heading)
    parser.core.ruler.push("scopes", _scope_headers)
    parser.core.ruler.push("citations", gather_citations)
    parser.core.ruler.push("captions", caption_figures)
    parser.core.ruler.push("questions", pair_questions)
    parser.core.ruler.push("risks", draw_risks)
    for name, rule in (
        ("footnote_ref", render_mark),
        ("citations", render_citations),
        ("footnote_block_open", render_sources_heading),
        ("footnote_block_close", render_sources_end),
        ("footnote_open", render_source),
        ("footnote_anchor", render_way_back),
    ):
        parser.add_render_rule(name, rule)

    def render_image(
        renderer: RendererHTML, tokens: Sequence[Token], index: int, options: Any, env: Any
    ) -> str:
        token = tokens[index]
        figure = figures[str(token.attrs["src"])]
        token.attrs |= {
            "src": figure.address(),
            "alt": renderer.renderInlineAsText(token.children, options, env),
            "width": figure.width,
            "height": figure.height,
        }
        return renderer.renderToken(tokens, index, options, env)

    parser.add_render_rule("image", render_image)
    return parser


def term_anchor(term: str) -> str:
    """The id of a term, on its page and in the glossary."""
    return f"term-{slugify(term, allow_unicode=True)}"


def _term(state: StateInline, silent: bool) -> bool:
    """The term and, in brackets, its meaning, from [[bursa: a small cushion of fluid]]."""
    found = TERM.match(state.src, state.pos)
    if not found or found.end() > state.posMax:
        return False
    if not silent:
        term, meaning = found.groups()
        opening = state.push("term_open", "dfn", 1)
        opening.attrs = {"id": term_anchor(term)}
        state.push("text", "", 0).content = term
        state.push("term_close", "dfn", -1)
        state.push("text", "", 0).content = " "
        meaning_opening = state.push("meaning_open", "span", 1)
        meaning_opening.attrs = {"class": "meaning"}
        state.push("text", "", 0).content = f"({meaning})"
        state.push("meaning_close", "span", -1)
    state.pos = found.end()
    return True


def _anchor_headings(state: StateCore) -> None:
    """Give each heading of level 2 an id from its words, so that the contents can link to it."""
    seen = Counter(TAKEN)
    for token, inline in zip(state.tokens, state.tokens[1:], strict=False):
        if token.type == "heading_open" and token.tag == "h2":
            words = slugify(ANY_MARK.sub("", inline.content)) or "section"
            if TAKEN_BY_PARTS.match(words) or words in TAKEN:
                words = f"about-{words}"
            seen[words] += 1
            token.attrSet("id", words if seen[words] == 1 else f"{words}--{seen[words]}")


def _scope_headers(state: StateCore) -> None:
    for token in state.tokens:
        if token.type == "th_open":
            token.attrSet("scope", "col")
        # Alignment comes as a style attribute, which our Content-Security-Policy would refuse.
        token.attrs.pop("style", None)


def _render_heading(
    renderer: RendererHTML, tokens: Sequence[Token], index: int, options: Any, env: Any
) -> str:
    """Render a heading, and remember that later blocks are below a heading of the text."""
    env["below a heading"] = True
    return str(renderer.renderToken(tokens, index, options, env))
