"""A text cut into the parts that a translator writes one by one, each beside the English."""

import re
import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

from procedures.texts.rendering import CITATION, heading, with_plain_line_ends
from procedures.texts.rendering.documents import read_loosely

# What a line begins with: an item, a cell, a heading, the mark of a block.
MARK = re.compile(r"\s*([-*+] |\d{1,3}[.)] |\||#{2,4} |::: ?[a-z-]*)")
TARGET = re.compile(r"\]\(<?([^)\s>]*)>?\)")
NUMBER = re.compile(r"\d+(?:[.,\u00a0\u202f]\d+)*")
THOUSANDS = re.compile(r"[1-9]\d{0,2}(?:[,\u00a0\u202f]\d{3})+")
CATEGORY = "category"


class Part(NamedTuple):
    """Some lines that belong together: an entry of the front matter, a passage, or a whole block.

    `name` is that of the entry or of the block, and empty for a passage.
    """

    name: str
    text: str
    line: int = 0
    in_front: bool = False

    @property
    def shape(self) -> list[str]:
        """The marks that its lines begin with, and nothing for a line without one."""
        found = (MARK.match(line) for line in self.text.split("\n"))
        marks = [re.sub(r"\d+", "1", each[1]).strip() if each else "" for each in found]
        return [mark for mark in marks if mark]

    @property
    def is_listed(self) -> bool:
        """Whether each of its lines says something of its own: a block, a list or a table."""
        return bool(self.shape)


def parts(document: str) -> list[Part]:
    """The parts of a document, as far as it can be read."""
    parsed, _ = read_loosely(with_plain_line_ends(document))
    if parsed is None:
        return []
    front = [Part(name, value, line, in_front=True) for line, name, value in parsed.matter]
    return [*front, *_of_body(parsed.lines())]


def joined(found: Sequence[Part]) -> str:
    """The document of these parts. What is one part stays one: a passage has no empty line in it."""
    front = "".join(f"{each.name}: {_on_one_line(each.text)}\n" for each in found if each.in_front)
    body = "\n\n".join(_without_gaps(each) for each in found if not each.in_front)
    return f"---\n{front}---\n\n{body}\n"


def numbers(text: str) -> list[str]:
    """The numbers in some words in their one spelling, sorted; not those in addresses and sources."""
    plain = CITATION.sub(" ", TARGET.sub("] ", text))
    digits = "".join(str(unicodedata.digit(sign)) if sign.isdigit() else sign for sign in plain)
    return sorted(_spelled(found) for found in NUMBER.findall(digits))


def sources(text: str) -> list[str]:
    """The sources that some words cite, sorted."""
    return sorted(CITATION.findall(text))


def targets(text: str) -> list[str]:
    """The addresses and pictures that some words lead to, sorted."""
    return sorted(TARGET.findall(text))


def lines(part: Part) -> list[str]:
    """What is compared with one line of the English: each line of a list, or a passage as a whole."""
    return part.text.split("\n") if part.is_listed else [part.text]


def taken_over(english: str, before: str, translated: str) -> str:
    """The English document with what was translated already of an earlier one, part by part."""
    pairs = zip(parts(before), parts(translated), strict=False)
    known = {(old.name, old.text): new.text for old, new in pairs if old.name == new.name}
    return joined(
        [
            each._replace(text=known.get((each.name, each.text), each.text))
            for each in parts(english)
        ]
    )


def _of_body(numbered: Iterable[tuple[int, str]]) -> Iterator[Part]:
    kept: list[str] = []
    name, start = "", 0
    for number, line in numbered:
        opens = heading(line)
        if kept and not name and (not line.strip() or (opens and opens[0])):
            yield Part("", "\n".join(kept), start)
            kept = []
        if not kept and not line.strip():
            continue
        if not kept:
            name, start = (opens[0] if opens else ""), number
        kept.append(line.rstrip())
        if name and opens and not opens[0]:
            yield Part(name, "\n".join(kept), start)
            kept, name = [], ""
    if kept:
        yield Part(name, "\n".join(kept), start)


def _on_one_line(text: str) -> str:
    return " ".join(text.split())


def _without_gaps(part: Part) -> str:
    text = with_plain_line_ends(part.text).strip("\n")
    return text if part.name else re.sub(r"\n\s*\n", "\n", text)


def _spelled(number: str) -> str:
    if THOUSANDS.fullmatch(number):
        return re.sub(r"\D", "", number)
    return re.sub(r"[,\u00a0\u202f]", ".", number)
