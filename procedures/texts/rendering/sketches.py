"""A preview of a document that still has faults: everything but the passages that they are in."""

import re
from collections.abc import Collection, Iterator
from typing import NamedTuple

from procedures.texts.rendering.documents import (
    Document,
    DocumentError,
    Fault,
    heading,
    hidden_characters,
    read_loosely,
)
from procedures.texts.rendering.faults import Library, faults
from procedures.texts.rendering.fragments import compose
from procedures.texts.rendering.markdown import markdown

NO_TITLE = "No title yet"
# What is shown instead of a passage. A heading stays one, so that those below it keep their place.
HOLE = "Shown when line {} is corrected."
SHOWN_HOLE = re.compile(r"<p>(Shown when line (\d+) is corrected\.)</p>")
HASHES = re.compile(r"#{2,4} ")
ITEM = re.compile(r"\s*(?:[-*+]|\d{1,9}[.)])\s|\s{2,}\S")


class Sketch(NamedTuple):
    """What can be shown of a document, every fault with its line, and the lines left out for them.

    The fragment is empty if nothing can be shown. It is never stored.
    """

    fragment: str
    faults: list[Fault]
    left_out: frozenset[int] = frozenset()


class Part(NamedTuple):
    """Some lines of a body that belong together: a block or a passage. Positions, not numbers."""

    start: int
    end: int
    # A block that nothing closes.
    is_open: bool = False


def sketch(document: str, library: Library, language: str = "") -> Sketch:
    """Everything of a document that can be shown, and what keeps the rest from being shown."""
    parsed, found = read_loosely(document)
    if parsed is None:
        return Sketch("", found)
    parser = markdown(library.figures)
    found += faults(parsed, library, parser)
    # A block that is never closed goes first: its fault is told at the next block, which may be shown.
    hidden = {line for line, _ in hidden_characters(parsed.body.split("\n"), parsed.body_line)}
    shown = _without(parsed._replace(title=parsed.title or NO_TITLE), hidden)
    while left := faults(shown, library, parser):
        found += left
        less = _without(shown, {line for line, _ in left})
        if less == shown:
            return Sketch("", _in_order(found))
        shown = less
    try:
        fragment = compose(shown, library, parser, language)
    except DocumentError as error:
        return Sketch("", _in_order(found + error.faults))
    left_out = _differing(parsed, shown)
    return Sketch(SHOWN_HOLE.sub(_hole, fragment), _in_order(found), left_out)


def _differing(parsed: Document, shown: Document) -> frozenset[int]:
    """The numbers of the lines that have become holes, or are part of one."""
    both = zip(parsed.lines(), shown.lines(), strict=True)
    return frozenset(number for (number, line), (_, kept) in both if line != kept)


def _in_order(found: list[Fault]) -> list[Fault]:
    return sorted(dict.fromkeys(found))


def _hole(found: re.Match[str]) -> str:
    return f'<p class="hole"><a href="#line-{found[2]}">{found[1]}</a></p>'


def _without(parsed: Document, bad: Collection[int]) -> Document:
    """The document with a hole for each part that has one of these lines, or is never closed.

    Every other line keeps its number.
    """
    lines = parsed.body.split("\n")
    for part in _parts(lines):
        numbers = range(parsed.body_line + part.start, parsed.body_line + part.end)
        at_fault = [number for number in numbers if number in bad]
        if not at_fault and not part.is_open:
            continue
        hashes = HASHES.match(lines[part.start])
        hole = HOLE.format(at_fault[0] if at_fault else numbers[0])
        blanks = [""] * (part.end - part.start - 1)
        lines[part.start : part.end] = [f"{hashes[0] if hashes else ''}{hole}", *blanks]
    return parsed._replace(body="\n".join(lines))


def _parts(lines: list[str]) -> Iterator[Part]:
    at = 0
    while at < len(lines):
        if not lines[at].strip():
            at += 1
            continue
        opens = heading(lines[at])
        part = _block(lines, at) if opens and opens[0] else _passage(lines, at)
        yield part
        at = part.end


def _block(lines: list[str], start: int) -> Part:
    """A block up to the line that closes it; or up to the next heading or block, if none does."""
    edges = (at for at in range(start + 1, len(lines)) if heading(lines[at]) is not None)
    end = next(edges, len(lines))
    if end < len(lines) and heading(lines[end]) == ("", ""):
        return Part(start, end + 1)
    headings = (at for at in range(start + 1, end) if lines[at].startswith("## "))
    return Part(start, next(headings, end), is_open=True)


def _passage(lines: list[str], start: int) -> Part:
    """A passage up to the next empty line, heading or block; a list goes on across empty lines."""
    at = start + 1
    if _is_alone(lines[start]):
        return Part(start, at)
    while at < len(lines) and not _is_alone(lines[at]):
        ends = not lines[at].strip()
        if ends and not (ITEM.match(lines[start]) and _is_item_after(lines, at)):
            break
        at += 1
    return Part(start, at)


def _is_alone(line: str) -> bool:
    """Whether a line is a part of its own, or begins one: a heading, or the edge of a block."""
    return bool(HASHES.match(line)) or heading(line) is not None


def _is_item_after(lines: list[str], at: int) -> bool:
    following = next((line for line in lines[at:] if line.strip()), "")
    return bool(ITEM.match(following))
