"""The differences between two texts, word by word, as a reader would describe them."""

import html
import re
from collections.abc import Iterator, Sequence
from difflib import SequenceMatcher
from enum import StrEnum
from typing import NamedTuple

from django.utils.html import strip_tags

from procedures.texts.rendering import CLOSING_SEAM, SEAM

BLOCK_END = re.compile(
    r"</(?:p|h\d|li|dt|dd|tr|td|th|summary|figcaption)>|<(?:ul|ol|table|details|img)[^>]*>"
)
WORDS = re.compile(r"\s*\S+")
# Marks of sources and pictures say nothing that the words do not say.
NOT_WORDS = re.compile(
    r'<sup.*?</sup>|<span class="citations">.*?</span>|<svg.*?</svg>|<div class="pictures".*?</div>',
    re.DOTALL,
)
MOST_PAIRS = 1_000_000


class Kind(StrEnum):
    """What happened to some words."""

    SAME = "same"
    ADDED = "added"
    REMOVED = "removed"


class Piece(NamedTuple):
    """Some words, and what happened to them."""

    kind: Kind
    words: str


def passages(fragment: str, *, addresses: bool = False) -> list[str]:
    """A fragment as plain text: one passage for each paragraph, heading, list item or table cell.

    With `addresses`, the targets of links, the numbers of citations, the figures and the languages of
    words are words too.
    """
    if addresses:
        fragment = _spell_out(fragment)
    ends = BLOCK_END.sub("\n", fragment.replace(SEAM, "").replace(CLOSING_SEAM, ""))
    plain = (" ".join(html.unescape(strip_tags(line)).split()) for line in _lines(ends))
    return [passage for passage in plain if passage]


def _spell_out(fragment: str) -> str:
    citations = re.sub(
        r'<sup[^>]*><a href="#source-(\d+)".*?</sup>', r" [source \1]", fragment, flags=re.DOTALL
    )
    links = re.sub(r'<a href="([^"#][^"]*)"[^>]*>(.*?)</a>', r"\2 [\1]", citations, flags=re.DOTALL)
    links = re.sub(r'<span lang="([^"]*)"[^>]*>', r"[\1] ", links)
    return re.sub(r'<img src="([^"]*)" alt="([^"]*)"[^>]*>', r"[\2: \1]<img>", links)


def _lines(text: str) -> list[str]:

    text = NOT_WORDS.sub("", text)
    return re.sub(r"[ \t]*\n[ \t]*", "\n", text).split("\n")


def compare(older: str, newer: str, *, addresses: bool = False) -> list[list[Piece]]:
    """The passages that differ between two fragments, each as its pieces in reading order."""
    before, after = (passages(each, addresses=addresses) for each in (older, newer))
    return _changed(before, after)


def compare_lines(older: str, newer: str) -> list[list[Piece]]:
    """The lines that differ between two texts as they were typed, each as its pieces."""
    before, after = ([line for line in text.split("\n") if line] for text in (older, newer))
    return _changed(before, after)


def _changed(before: Sequence[str], after: Sequence[str]) -> list[list[Piece]]:
    matcher = SequenceMatcher(None, before, after, autojunk=False)
    changed: list[list[Piece]] = []
    for how, start, end, new_start, new_end in matcher.get_opcodes():
        if how == "replace":
            changed += _replaced(before[start:end], after[new_start:new_end])
        elif how != "equal":
            changed += [[Piece(Kind.REMOVED, passage)] for passage in before[start:end]]
            changed += [[Piece(Kind.ADDED, passage)] for passage in after[new_start:new_end]]
    return changed


def _replaced(before: Sequence[str], after: Sequence[str]) -> Iterator[list[Piece]]:
    """Passages in pairs, as far as they go; the rest was added or removed as a whole."""
    for old, new in zip(before, after, strict=False):
        yield list(_words(old, new))
    yield from ([Piece(Kind.REMOVED, old)] for old in before[len(after) :])
    yield from ([Piece(Kind.ADDED, new)] for new in after[len(before) :])


def _words(old: str, new: str) -> Iterator[Piece]:
    before, after = WORDS.findall(old), WORDS.findall(new)
    matcher = SequenceMatcher(None, before, after, autojunk=False)
    if len(before) * len(after) > MOST_PAIRS or matcher.ratio() < 0.4:
        # Too long, or too little in common: two whole sentences are easier to read than shreds.
        yield Piece(Kind.REMOVED, old)
        yield Piece(Kind.ADDED, new)
        return
    for how, start, end, new_start, new_end in matcher.get_opcodes():
        if how == "equal":
            yield Piece(Kind.SAME, "".join(before[start:end]))
            continue
        if start < end:
            yield Piece(Kind.REMOVED, "".join(before[start:end]))
        if new_start < new_end:
            yield Piece(Kind.ADDED, "".join(after[new_start:new_end]))
