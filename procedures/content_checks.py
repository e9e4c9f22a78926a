"""Rules of safe patient information that a machine can check. A finding blocks the way to review.

The rules follow the research behind the NHS content patterns and the UK advertising code: see
`docs/decisions.md`.
"""

import re

from procedures.rendering import FENCE, Document, parse
from procedures.status import Category

Finding = tuple[int, str]

LINK = re.compile(r"\[(?!\^)|<\w+:")
ITEM = re.compile(r"^[-*] +(.*)$")


def findings(document: str) -> list[Finding]:
    """(line, sentence) for everything that an author must mend first. The document must parse."""
    parsed = parse(document)
    found: list[Finding] = []
    block = ""
    blocks: set[str] = set()
    for number, line in enumerate(parsed.body.split("\n"), start=parsed.body_line):
        if fence := FENCE.match(line):
            block, title = fence.groups()
            blocks.add(block)
            found += _heading(number, block, title)
        else:
            found += _line(number, block, line)
    return found + _missing(parsed, blocks)


def _heading(number: int, block: str, title: str) -> list[Finding]:
    if block in {"emergency", "urgent", "non-urgent"} and not title.endswith("if:"):
        return [(number, "End the heading of a care card with “if:”.")]
    return []


def _line(number: int, block: str, line: str) -> list[Finding]:
    item = ITEM.match(line)
    if block == "do-not" and item and not item[1].lower().startswith("do not"):
        return [(number, "Start this item with “Do not”: listeners can miss the heading.")]
    if block == "emergency" and LINK.search(line):
        return [(number, "Take the link out of the emergency card: nobody should read on.")]
    return []


def _missing(parsed: Document, blocks: set[str]) -> list[Finding]:
    if parsed.category == Category.PROCEDURE and not blocks & {"urgent", "emergency"}:
        return [(1, "Add an urgent or emergency card: every procedure can go wrong.")]
    return []
