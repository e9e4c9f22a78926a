"""Parses a document into front matter and body, and gives the line of every fault."""

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from procedures.ground.characters import hidden_in, name_of
from procedures.status import Category

MAX_DOCUMENT = 200_000
FRONT_MATTER = ("title", "standfirst", "category", "closing question", "closing sentence")

# Bounded, so that no text can keep a regular expression busy.
LONGEST_LINE = 5_000
MOST = {"[": 2_000, ":::": 400, "\n#": 200, "[[": 100}

CITATION = re.compile(r"\[\^([^\]\s]{1,60})\]")
FENCE = re.compile(r"^:::(?: (\S+)(?: (.*))?)?$")
# [[bursa: a small cushion of fluid]] explains a term where it is first used.
TERM = re.compile(r"\[\[([^\[\]:\n]{1,60}): ([^\[\]\n]{1,200})\]\]")

Fault = tuple[int, str]


class DocumentError(Exception):
    """What is wrong with a document: (line, sentence) pairs that an editor can act on."""

    def __init__(self, faults: Sequence[Fault]):
        self.faults = list(faults)
        super().__init__(" ".join(f"Line {line}: {sentence}" for line, sentence in faults))


class Document(NamedTuple):
    """A parsed document."""

    title: str
    standfirst: str
    category: Category
    closing_question: str
    closing_sentence: str
    body: str
    body_line: int
    # The line, name and value of each line of the front matter.
    matter: Sequence[tuple[int, str, str]] = ()

    def lines(self) -> Iterable[tuple[int, str]]:
        """The lines of the body, each with its number in the whole document."""
        return enumerate(self.body.split("\n"), start=self.body_line)


def parse(document: str) -> Document:
    """Separate the front matter from the body. Raises DocumentError, naming each line at fault."""
    parsed, faults = read_loosely(document)
    if parsed is None or faults:
        raise DocumentError(faults)
    return parsed


def read_loosely(document: str) -> tuple[Document | None, list[Fault]]:
    """As much of a document as can be read, and each line at fault.

    None for a document that would take too long to look at.
    """
    if len(document) > MAX_DOCUMENT:
        return None, [(1, f"The text is longer than {MAX_DOCUMENT:,} characters. Shorten it.")]
    lines = with_plain_line_ends(document).split("\n")
    excesses = _excesses(document, lines)
    faults = hidden_characters(lines) + excesses
    bounds = [at for at, line in enumerate(lines) if line.rstrip() == "---"]
    end = bounds[1] if len(bounds) > 1 and not bounds[0] else 0
    entries, unreadable = _front_matter(lines[1:end])
    matter = {name: value for _, name, value in entries}
    if end:
        faults += unreadable + [(end + 1, sentence) for sentence in _front_matter_faults(matter)]
    else:
        faults.append((1, "Begin with “---”, then title, standfirst and category, then “---”."))
    if excesses:
        return None, faults
    category = matter.get("category", "")
    first = end + 1 if end else 0
    return (
        Document(
            title=matter.get("title", ""),
            standfirst=matter.get("standfirst", ""),
            category=Category(category if category in Category.values else Category.GUIDE),
            closing_question=matter.get("closing question", ""),
            closing_sentence=matter.get("closing sentence", ""),
            body="\n".join(lines[first:]),
            body_line=first + 1,
            matter=entries,
        ),
        faults,
    )


def with_plain_line_ends(document: str) -> str:
    """The document with the line ends that we store, whatever machine it was written on."""
    return re.sub(r"\r\n?", "\n", document)


def _excesses(document: str, lines: Sequence[str]) -> list[Fault]:
    faults = [
        (number, f"Break this line: it is longer than {LONGEST_LINE:,} characters.")
        for number, line in enumerate(lines, start=1)
        if len(line) > LONGEST_LINE
    ]
    for sign, most in MOST.items():
        if document.count(sign) > most:
            faults.append(
                (
                    1,
                    (
                        f"The text contains “{sign.strip()}” more than {most:,} times. Use it less "
                        "often."
                    ),
                )
            )
    return faults


def _front_matter(lines: Sequence[str]) -> tuple[list[tuple[int, str, str]], list[Fault]]:
    """The line, name and value of each line; and what is wrong with the others."""
    entries: list[tuple[int, str, str]] = []
    faults = []
    for number, line in enumerate(lines, start=2):
        name, colon, value = (part.strip() for part in line.partition(":"))
        if not colon or name not in FRONT_MATTER:
            faults.append((number, f"Expected one of: {', '.join(FRONT_MATTER)}."))
        elif first := next((at for at, earlier, _ in entries if earlier == name), 0):
            faults.append((number, f"The {name} is already in line {first}. Keep one of them."))
        else:
            entries.append((number, name, value))
    return entries, faults


def _front_matter_faults(matter: Mapping[str, str]) -> list[str]:
    missing = [name for name in ("title", "standfirst", "category") if not matter.get(name)]
    too_long = [
        (name, longest)
        for name, longest in (("title", 200), ("standfirst", 400))
        if len(matter.get(name, "")) > longest
    ]
    faults = [f"Give the page a {name}." for name in missing]
    faults += [f"Shorten the {name} to {longest} characters." for name, longest in too_long]
    if matter.get("category") and matter["category"] not in Category.values:
        faults.append(f"The category must be one of: {', '.join(Category.values)}.")
    return faults


def heading(line: str) -> tuple[str, str] | None:
    """The name and the heading of a block that opens here; two empty words if one closes."""
    fence = FENCE.match(line)
    return (fence[1] or "", (fence[2] or "").strip()) if fence else None


def hidden_characters(lines: Iterable[str], first: int = 1) -> list[Fault]:
    """The lines with invisible characters, such as those that reverse the text around them."""
    return [
        (number, f"Remove the hidden character from this line ({name_of(hidden[0])}).")
        for number, line in enumerate(lines, start=first)
        if (hidden := hidden_in(line))
    ]
