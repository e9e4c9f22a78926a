"""Figures in a text: the caption of a picture, and the key to its numbers."""

from collections.abc import Iterator, Mapping, Sequence

from django.utils.html import escape
from django.utils.translation import gettext
from markdown_it.rules_core import StateCore
from markdown_it.token import Token

from procedures.models import Figure
from procedures.texts.pictures import numbers_of
from procedures.texts.rendering.documents import Document, Fault

# The list below a picture that says what its numbers are.
KEY = "figure__key"
# The words for a picture, in characters: what a screen reader says in one breath.
LONGEST_ALT = 125


def caption_figures(state: StateCore) -> None:
    """Put what follows the picture of a figure into its caption, which has to be its last child."""
    caption = ""
    following: list[Token] | None = None
    made: list[Token] = []
    for token in state.tokens:
        if token.type == "container_figure_open":
            caption = token.info.strip().partition(" ")[2]
        elif token.type == "container_figure_close":
            made += _caption(caption, following) if following is not None else []
            caption, following = "", None
        if following is not None:
            following.append(token)
            continue
        made.append(token)
        if caption and token.type == "paragraph_close" and _shows_a_picture(made[-2]):
            following = []
    state.tokens = made


def _caption(caption: str, following: Sequence[Token]) -> Iterator[Token]:
    """The caption, a numbered list as the key to the picture, and its long description, folded."""
    end = 0
    if following and following[0].type == "ordered_list_open":
        following[0].attrSet("class", KEY)
        levels = [(token.type, token.level) for token in following]
        end = levels.index(("ordered_list_close", following[0].level)) + 1
    yield _html(f"<figcaption>{escape(caption)}\n")
    yield from following[:end]
    if description := following[end:]:
        in_words = escape(gettext("The picture in words"))
        yield _html(f"<details><summary>{in_words}</summary>\n")
        yield from description
        yield _html("</details>\n")


def _shows_a_picture(token: Token) -> bool:
    return any(child.type == "image" for child in token.children or [])


def _html(html: str) -> Token:
    return Token("html_inline", "", 0, content=html)


def key_faults(
    tokens: Sequence[Token], parsed: Document, figures: Mapping[str, Figure]
) -> list[Fault]:
    """Pictures whose numbers are not explained one by one in the list below them."""
    faults: list[Fault] = []
    numbers: int | None = 0
    items, inside = 0, -1
    for token in tokens:
        if token.type == "container_figure_open":
            line, numbers, items = token.map[0] if token.map else 0, 0, 0
        elif shown := [child for child in token.children or [] if child.type == "image"]:
            figure = figures.get(str(shown[0].attrs["src"]))
            numbers = len(numbers_of(bytes(figure.content))) if figure else None
        elif token.attrs.get("class") == KEY:
            inside = token.level
        elif token.type == "list_item_open":
            items += token.level == inside + 1
        elif token.type == "ordered_list_close" and token.level == inside:
            inside = -1
        elif token.type == "container_figure_close" and numbers is not None:
            faults += [] if items == numbers else [(parsed.body_line + line, _key_fault(numbers))]
    return faults


def _key_fault(numbers: int) -> str:
    if not numbers:
        return "The picture has no numbers, so take away the numbered list below it."
    return f"Say in a numbered list below the picture what its numbers from 1 to {numbers} are."
