"""Checks that hold for a translation in any language: it has what the English has, and no more."""

import re
from collections.abc import Iterator
from textwrap import shorten

from procedures.texts.content_checks.rules import Finding
from procedures.texts.content_checks.wording import in_any_language
from procedures.texts.pairs import CATEGORY, Part, lines, numbers, parts, sources, targets
from procedures.texts.rendering import parse, read

# Fewer letters may well be the same in two languages: a name, “111”, “NHS”.
FEW_LETTERS = 12
# So much of the English names a part that is not translated.
SHOWN = 60


def translation_findings(document: str, english: str) -> list[Finding]:
    """Everything to correct in a translation of an English document. Both have to parse.

    What the words mean is for whoever reads both languages; numbers, sources, addresses and blocks are
    compared here, part by part, and in lists and tables line by line.
    """
    found = [*_compared(parts(english), parts(document))]
    for passage in read(parse(document)):
        found += in_any_language(passage)
    return sorted(dict.fromkeys(found), key=lambda finding: finding.line)


def _compared(theirs: list[Part], ours: list[Part]) -> Iterator[Finding]:
    for their, our in zip(theirs, ours, strict=False):
        if (their.name, their.shape) != (our.name, our.shape):
            yield Finding(our.line, "same blocks", f"line {their.line} of the English")
            return
        yield from _of_part(their, our)
    if len(theirs) != len(ours):
        longer = ours[len(theirs) :] or theirs[len(ours) :]
        at = longer[0].line if len(ours) > len(theirs) else 1
        yield Finding(at, "same blocks", f"{len(theirs)} parts in English, {len(ours)} here")


def _of_part(their: Part, our: Part) -> Iterator[Finding]:
    if their.name == CATEGORY:
        return
    letters = re.sub(r"\[\^[^\]]*\]|\]\([^)]*\)|[\W\d_]", "", their.text)
    if their.text == our.text and len(letters) > FEW_LETTERS:
        yield Finding(our.line, "not translated", shorten(their.text, SHOWN))
        return
    same_lines = zip(lines(their), lines(our), strict=False)
    for number, (english, said) in enumerate(same_lines, start=our.line):
        yield from _of_line(english, said, number)


def _of_line(english: str, said: str, number: int) -> Iterator[Finding]:
    for rule, what in (
        ("same numbers", numbers),
        ("same sources", sources),
        ("same addresses", targets),
    ):
        wanted, found = what(english), what(said)
        if wanted != found:
            yield Finding(number, rule, ", ".join(wanted) or "none")
