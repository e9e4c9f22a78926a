"""The fenced blocks that health pages need."""

from collections.abc import Sequence
from typing import Any, NamedTuple, cast

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from markdown_it import MarkdownIt
from markdown_it.renderer import RendererHTML
from markdown_it.rules_core import StateCore
from markdown_it.token import Token

from procedures.texts.rendering.languages import with_languages


class Block(NamedTuple):
    """A fenced block: its class, whether it opens with a heading, and what is put before that.

    Words that are `spoken` are only for listeners, who cannot see the colour of a card.
    """

    css_class: str
    titled: bool = True
    spoken: str | Promise = ""
    label: str | Promise = ""


BLOCKS: dict[str, Block] = {
    "at-a-glance": Block("at-a-glance", titled=False, label=_("At a glance")),
    "emergency": Block("care-card care-card--emergency", spoken=_("Emergency: ")),
    "urgent": Block("care-card care-card--urgent", spoken=_("Urgent: ")),
    "non-urgent": Block("care-card care-card--non-urgent", spoken=_("Not urgent: ")),
    "do": Block("do-list"),
    "do-not": Block("do-list do-list--not"),
    "tell-us": Block("tell-us"),
    "key-facts": Block("key-facts"),
    "disagree": Block("disagree", label=_("Sources disagree")),
    "note": Block("inset", titled=False),
    "steps": Block("steps", titled=False),
    "timeline": Block("timeline", titled=False),
    "options": Block("options", titled=False),
    "questions": Block("questions", titled=False),
    "risks": Block("risks", titled=False),
    "figure": Block("figure", titled=False),
}


def render_block(
    renderer: RendererHTML, tokens: Sequence[Token], index: int, options: Any, env: Any
) -> str:
    """The opening or closing tags of a block, as a rule for markdown-it."""
    token = tokens[index]
    if token.nesting == -1:
        return _closing(_opening(tokens, index).info.split()[0])
    name, _, title = token.info.strip().partition(" ")
    block = BLOCKS[name]
    if name == "figure":
        return '<figure class="figure">\n'
    label = f'<p class="eyebrow">{block.label}</p>\n' if block.label else ""
    if not block.titled:
        return f'<div class="{block.css_class}">\n{label}'
    anchor = f"{name}-{token.map[0] if token.map else index}"
    spoken = f'<span class="visually-hidden">{block.spoken}</span>' if block.spoken else ""
    heading = renderer.renderInline(inline(title), options, env) if title else ""
    level = "h3" if env.get("below a heading") else "h2"
    return (
        f'<section class="{block.css_class}" aria-labelledby="{anchor}">\n'
        f'{label}<{level} id="{anchor}">{spoken}{heading}</{level}>\n'
    )


def _closing(name: str) -> str:
    if name == "figure":
        return "</figcaption>\n</figure>\n"
    return "</section>\n" if BLOCKS[name].titled else "</div>\n"


def inline(text: str) -> Sequence[Token]:
    """The tokens of the heading of a block."""
    parser = MarkdownIt("commonmark", {"html": False}).use(with_languages)
    return cast("Sequence[Token]", parser.parseInline(text)[0].children)


def _opening(tokens: Sequence[Token], index: int) -> Token:
    """The token that opened the container which `tokens[index]` closes; containers do not nest."""
    wanted = tokens[index].type.replace("_close", "_open")
    return next(tokens[at] for at in range(index - 1, -1, -1) if tokens[at].type == wanted)


def pair_questions(state: StateCore) -> None:
    """Make the list in a block “at-a-glance” a list of questions, each with its answer.

    Only the tags change, so that the passages of the text stay what they are: items of a list.
    """
    inside = False
    for token in state.tokens:
        if token.type.startswith("container_at-a-glance"):
            inside = token.nesting == 1
        elif inside and token.type.startswith("bullet_list"):
            token.tag = "dl"
        elif inside and token.type.startswith("list_item"):
            token.tag = "div"
        elif inside and token.type.startswith("paragraph"):
            token.hidden = True
        elif inside and token.type == "inline":
            token.children = _question_and_answer(token.children or [])


def _question_and_answer(words: list[Token]) -> list[Token]:
    """The bold words that an item begins with as its question, and the others as its answer."""
    words = [word for word in words if word.type != "text" or word.content]
    kinds = [word.type for word in words]
    if kinds[:1] != ["strong_open"]:
        return words
    end = kinds.index("strong_close")
    return [
        Token("question_open", "dt", 1),
        *words[1:end],
        Token("question_close", "dt", -1),
        Token("answer_open", "dd", 1),
        *words[end + 1 :],
        Token("answer_close", "dd", -1),
    ]


def _html(html: str) -> Token:
    return Token("html_inline", "", 0, content=html)
