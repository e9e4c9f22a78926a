"""The table of risks: what each row is about, and dots for how often it happens."""

import re
from collections.abc import Iterator, Sequence

from markdown_it.rules_core import StateCore
from markdown_it.token import Token

from procedures.texts.rendering.words import normalised

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
GRIDS = {100: (20, 5, 6), 1000: (50, 20, 3)}
# How thick the dots are: all of them, and the filled ones.
THICK = {100: (4.4, 4.4), 1000: (2, 4)}


def draw_risks(state: StateCore) -> None:
    """Let the first cell of each row head it, and draw dots in the second for what it says."""
    inside, column = False, 0
    for token in state.tokens:
        if token.type.startswith("container_risks"):
            inside = token.nesting == 1
        elif token.type == "tr_open":
            column = 0
        elif token.type == "td_open":
            column += 1
        if inside and column == 1 and token.type in {"td_open", "td_close"}:
            token.tag = "th"
            token.attrs |= {"scope": "row"} if token.nesting == 1 else {}
        elif inside and column == 2 and token.type == "inline":
            token.children = _with_pictures(token.children or [])


def _with_pictures(words: list[Token]) -> list[Token]:
    """The words of a cell, each part with its picture below; without, if one cannot be drawn."""
    parts = list(_parts(words))
    pictures = [_picture("".join(word.content for word in part)) for part in parts]
    if not all(pictures):
        return words
    drawn = zip(parts, pictures, strict=True)
    return [word for part, picture in drawn for word in (*part, _html(picture))]


def _parts(words: Sequence[Token]) -> Iterator[list[Token]]:
    """The words up to each semicolon, with the marks of the sources right after it."""
    part: list[Token] = []
    for piece in _pieces(words):
        said = "".join(word.content for word in part)
        if said.endswith(";") and piece.type != "footnote_ref":
            yield part
            part = []
        part.append(piece)
    yield part


def _pieces(words: Sequence[Token]) -> Iterator[Token]:
    """The words, with each text cut after its semicolons."""
    for word in words:
        if word.type != "text":
            yield word
            continue
        for piece in re.split(r"(?<=;)(?=.)", word.content):
            yield Token("text", "", 0, content=piece)


def figures_of(part: str) -> list[tuple[int, int]]:
    """The figures of a part of a cell, if they can be drawn; otherwise none.

    It begins with one figure or with both ends of a range. Only plain figures are drawn: not “less
    than 1 in 1,000”, “usual” or “1 in 100 or fewer”.
    """
    part = normalised(part).strip(" ;")
    found = RANGE.match(part) or PLAIN.match(part)
    numbers = [int(each.replace(",", "")) for each in found.groups()] if found else []
    figures = list(zip(numbers[::2], numbers[1::2], strict=True))
    return figures if len(figures) == len(ANY.findall(part)) else []


def _picture(part: str) -> str:
    """Dots for the figures of a part; none if they cannot show every one of them.

    Listeners hear the words beside it, which say the same.
    """
    drawn = [(some, of, _grid(some, of)) for some, of in figures_of(part)]
    dots = [_dots(round(some * grid / of), grid) for some, of, grid in drawn if grid]
    if not dots or len(dots) < len(drawn):
        return ""
    if len(set(dots)) > 1:
        dots = [
            f'<span class="picture">{picture}{some:,} in {of:,}</span>'
            for picture, (some, of, _) in zip(dots, drawn, strict=True)
        ]
    return f'<div class="pictures" aria-hidden="true">{"".join(dict.fromkeys(dots))}</div>'


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
        f'height="{height}">'
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
