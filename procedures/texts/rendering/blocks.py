"""The fenced blocks that health pages need, and the pictures of risks in them."""

import re
from collections.abc import Sequence
from typing import Any, NamedTuple, cast

from django.utils.html import escape
from markdown_it import MarkdownIt
from markdown_it.renderer import RendererHTML
from markdown_it.rules_core import StateCore
from markdown_it.token import Token

from procedures.texts.rendering.words import normalised


class Block(NamedTuple):
    """A fenced block: its class, whether it opens with a heading, and what is put before that.

    Words that are `spoken` are only for listeners, who cannot see the colour of a card.
    """

    css_class: str
    titled: bool = True
    spoken: str = ""
    label: str = ""


BLOCKS: dict[str, Block] = {
    "at-a-glance": Block("at-a-glance", titled=False, label="At a glance"),
    "emergency": Block("care-card care-card--emergency", spoken="Emergency: "),
    "urgent": Block("care-card care-card--urgent", spoken="Urgent: "),
    "non-urgent": Block("care-card care-card--non-urgent", spoken="Not urgent: "),
    "do": Block("do-list"),
    "do-not": Block("do-list do-list--not"),
    "tell-us": Block("tell-us"),
    "key-facts": Block("key-facts"),
    "disagree": Block("disagree", label="Sources disagree"),
    "note": Block("inset", titled=False),
    "steps": Block("steps", titled=False),
    "timeline": Block("timeline", titled=False),
    "options": Block("options", titled=False),
    "questions": Block("questions", titled=False),
    "risks": Block("risks", titled=False),
    "figure": Block("figure", titled=False),
}

# A figure that can be drawn, what may not come after it, and the two ends of a range.
FIGURE = r"(?:about |around |roughly )?(\d[\d,]{0,11}) in (?:every )?(\d[\d,]{0,11})(?![\w.,]*\d)"
MORE = (
    r"(?! ?[-\d])(?! (?:to|and|or (?:less|fewer|more|rarer|\d+)|at (?:most|least)|hundred|thousand|"
    r"million|billion)\b)"
)
ANY = re.compile(FIGURE, re.IGNORECASE)
PLAIN = re.compile(f"{FIGURE}{MORE}", re.IGNORECASE)
RANGE = re.compile(f"(?:from |between )?{FIGURE}(?: to | and | ?- ?){FIGURE}{MORE}", re.IGNORECASE)
# The dots in a row, the rows, and the distance between dots, in a picture of 100 and of 1,000.
GRIDS = {100: (10, 10, 6), 1000: (50, 20, 3)}
# How thick the dots are: all of them, and the filled ones.
THICK = {100: (4.4, 4.4), 1000: (2, 4)}


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
    if name == "risks":
        # A table wider than a phone scrolls in its own box, which the keyboard must reach.
        return '<div class="risks" role="region" tabindex="0" aria-label="Table of risks">\n'
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
        return "</details>\n</figcaption>\n</figure>\n"
    return "</section>\n" if BLOCKS[name].titled else "</div>\n"


def inline(text: str) -> Sequence[Token]:
    """The tokens of the heading of a block."""
    parser = MarkdownIt("commonmark", {"html": False})
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


def fold_long_descriptions(state: StateCore) -> None:
    """Make what follows the picture and caption of a figure its long description."""
    caption = ""
    made: list[Token] = []
    for token in state.tokens:
        if token.type == "container_figure_open":
            caption = token.info.strip().partition(" ")[2]
        made.append(token)
        if token.type == "paragraph_close" and _shows_a_picture(made[-2]):
            # Only the last child of a figure may be its caption, so the description goes inside it.
            made.append(_html(f"<figcaption>{escape(caption)}\n"))
            made.append(_html("<details><summary>The picture in words</summary>\n"))
    state.tokens = made


def _shows_a_picture(token: Token) -> bool:
    return any(child.type == "image" for child in token.children or [])


def draw_risks(state: StateCore) -> None:
    """Draw dots beside each frequency in the second column of a risk table."""
    inside, column = False, 0
    for token in state.tokens:
        if token.type.startswith("container_risks"):
            inside = token.nesting == 1
        elif token.type == "tr_open":
            column = 0
        elif token.type == "td_open":
            column += 1
        elif inside and column == 2 and token.type == "inline" and token.children:
            pictures = _pictures("".join(child.content for child in token.children))
            if pictures:
                token.children.append(_html(f'<span class="pictures">{"".join(pictures)}</span>'))


def figures_of(cell: str) -> list[tuple[int, int]]:
    """The figures of a cell of normalised words, if all of them can be drawn; otherwise none.

    Each part of the cell, up to a semicolon, begins with one figure or with both ends of a range.
    Only plain figures are drawn: not “less than 1 in 1,000”, “usual” or “1 in 100 or fewer”.
    """
    parts = [part.strip() for part in cell.split(";")]
    found = [RANGE.match(part) or PLAIN.match(part) for part in parts]
    numbers = [int(each.replace(",", "")) for match in found if match for each in match.groups()]
    figures = list(zip(numbers[::2], numbers[1::2], strict=True))
    return figures if all(found) and len(figures) == len(ANY.findall(cell)) else []


def _pictures(words: str) -> list[str]:
    """Dots for each figure of a cell; none if they cannot show every one of them."""
    drawn = [(some, of, _grid(some, of)) for some, of in figures_of(normalised(words))]
    dots = [_dots(round(some * grid / of), grid) for some, of, grid in drawn if grid]
    return list(dict.fromkeys(dots)) if len(dots) == len(drawn) else []


def _grid(some: int, of: int) -> int | None:
    """The smallest picture that shows the figure in whole dots, or nearly; None if it is too rare.

    Nearly: 1 in 1,070 may be one dot of a thousand, and 1 in 1,500 may not.
    """
    if not 0 < some <= of:
        return None
    large_enough = [size for size in GRIDS if some * size >= 0.9 * of]
    whole = [size for size in large_enough if some * size % of == 0]
    return next(iter(whole + large_enough), None)


def _dots(filled: int, of: int) -> str:
    """An SVG of `of` dots, the first of which are filled. The stylesheet may set other colours."""
    columns, rows, pitch = GRIDS[of]
    width, height = columns * pitch, rows * pitch
    every = "".join(_row(row, columns, pitch) for row in range(rows))
    full, rest = divmod(filled, columns)
    some = "".join(_row(row, columns, pitch) for row in range(full)) + _row(full, rest, pitch)
    return (
        f'<svg class="dots dots--{of}" viewBox="0 0 {width} {height}" width="{width}" '
        f'height="{height}" role="img" aria-label="Picture: {filled} of {of:,} dots are filled.">'
        f"{_path('all', every, '#c9c2b4', THICK[of][0], pitch)}"
        f"{_path('some', some, '#073c38', THICK[of][1], pitch)}</svg>"
    )


def _path(name: str, line: str, colour: str, thick: float, pitch: int) -> str:
    return (
        f'<path class="dots__{name}" d="{line}" fill="none" stroke="{colour}" '
        f'stroke-width="{thick:g}" stroke-linecap="round" stroke-dasharray="0 {pitch}"></path>'
    )


def _row(row: int, dots: int, pitch: int) -> str:
    """A line that a dash pattern of zero length, with round caps, turns into dots."""
    if not dots:
        return ""
    return f"M{pitch / 2:g} {row * pitch + pitch / 2:g}h{(dots - 1) * pitch + 0.01:g}"


def _html(html: str) -> Token:
    return Token("html_inline", "", 0, content=html)
