"""Finds what is in a document and would not reach its readers as it was written."""

import re
from collections.abc import Iterator, Sequence

from markdown_it.rules_block.table import escapedSplit
from markdown_it.token import Token

from procedures.texts.rendering.documents import Document, Fault, heading

SCHEMES = {"https", "tel"}
# Within our own site, or outside it with a scheme that we allow; never `//elsewhere.example`.
ADDRESS = re.compile(r"(?i)/(?!/)|#|https://[^/]|tel:\+?[\d-]+$")
NOTE = re.compile(r"[\s\d.)*+-]*\[\^[^\]]*\]:")
LOST_LINE = (
    "Readers would not see this line. Write links as [words](address), and nest lists no more "
    "than four deep."
)
LOST_CELL = (
    "The table has fewer columns than this row, so its last cells would be lost. To write “|” "
    "in a cell, use “\\|”."
)
WORKING = "Begin it with “https://” or “tel:”, or with “/” for one of our pages."


def losses(tokens: Sequence[Token], parsed: Document) -> list[Fault]:
    """(line, sentence) pairs for words, cells, numbers and links that would be lost or changed."""
    inside = [token for token in tokens if not token.map or token.map[0] < len(_lines(parsed))]
    found = [
        *_lost_words(inside, parsed),
        *_lost_cells(inside, parsed),
        *_lost_numbers(inside),
        *_lost_links(inside),
    ]
    return [(parsed.body_line + line, sentence) for line, sentence in found]


def _lines(parsed: Document) -> list[str]:
    return parsed.body.split("\n")


def _lost_words(tokens: Sequence[Token], parsed: Document) -> Iterator[Fault]:
    """Lines that the parser took for something without words, or that are nested too deep."""
    shown = {line for token in tokens if token.content and token.map for line in range(*token.map)}
    for line, text in enumerate(_lines(parsed)):
        if NOTE.match(text):
            yield line, "Add this source under Sources, and only cite it here: [^key]."
        elif line not in shown and re.search(r"\w", text) and heading(text) is None:
            yield line, LOST_LINE


def _lost_cells(tokens: Sequence[Token], parsed: Document) -> Iterator[Fault]:
    """Cells beyond those of the table's heading row, which would be dropped."""
    columns, lines = 0, _lines(parsed)
    for token in tokens:
        if token.type == "table_open":
            columns = 0
        elif token.type == "th_open":
            columns += 1
        elif token.type == "tr_open" and token.map and columns:
            beyond = _cells(lines[token.map[0]])[columns:]
            if "".join(beyond).strip():
                yield token.map[0], LOST_CELL


def _cells(row: str) -> list[str]:
    cells = list(escapedSplit(row.strip()))
    return cells[1:] if cells[:1] == [""] else cells


def _lost_numbers(tokens: Sequence[Token]) -> Iterator[Fault]:
    """Numbers at the beginning of a line that would be shown as others, or that are not a list."""
    next_of: dict[int, int] = {}
    lists: list[tuple[int, int]] = []
    for token in tokens:
        if token.type == "ordered_list_open":
            start = int(token.attrs.get("start", 1))
            if start not in {1, next_of.get(token.level, 1)}:
                yield _first(token), f"Write “{start}\\.”, or begin with a word: this makes a list."
            lists.append((start, start))
        elif token.type == "ordered_list_close":
            next_of[token.level] = lists.pop()[1]
        elif token.type == "bullet_list_open":
            lists.append((0, 0))
        elif token.type == "bullet_list_close":
            lists.pop()
        elif token.type == "list_item_open" and token.info:
            first, shown = lists[-1]
            lists[-1] = (first, shown + 1)
            if int(token.info) not in {first, shown}:
                yield (
                    _first(token),
                    f"Readers would see “{shown}” here. Number the list without gaps.",
                )


def _lost_links(tokens: Sequence[Token]) -> Iterator[Fault]:
    for token in tokens:
        for child in token.children or []:
            if child.type in {"link_open", "image"} and child.attrs.get("title"):
                yield _first(token), "We do not show the title of a link or picture. Remove it."
            if child.type == "link_open" and not ADDRESS.match(str(child.attrs["href"])):
                yield _first(token), f"The link “{child.attrs['href']}” would not work. {WORKING}"


def _first(token: Token) -> int:
    return token.map[0] if token.map else 0
