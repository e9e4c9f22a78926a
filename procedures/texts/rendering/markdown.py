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
    draw_risks,
    fold_long_descriptions,
    pair_questions,
    render_block,
)
from procedures.texts.rendering.documents import TERM

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
    parser.core.ruler.push("anchors", _anchor_headings)
    parser.add_render_rule("heading_open", _render_heading)
    parser.core.ruler.push("scopes", _scope_headers)
    parser.core.ruler.push("questions", pair_questions)
    parser.core.ruler.push("long_descriptions", fold_long_descriptions)
    parser.core.ruler.push("risks", draw_risks)
    parser.add_render_rule("footnote_ref", _render_citation)
    parser.add_render_rule("footnote_block_open", _render_sources_heading)
    parser.add_render_rule("footnote_open", _render_source)
    parser.add_render_rule("footnote_anchor", _render_way_back)

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
            words = slugify(inline.content) or "section"
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
