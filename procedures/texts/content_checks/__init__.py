"""Rules of safe and plain patient information that a program can check.

Anything that could do harm blocks the way to review. The other rules are prompts: the author
corrects the text or writes why not, and the reviewer reads the reason. Scores only prompt, because
they measure words and not understanding. The rules follow the research behind the NHS content
patterns and the UK advertising code: see `docs/decisions.md`, decision 17.
"""

import re
from collections.abc import Collection, Iterator, Mapping, Sequence

from procedures.models import Source
from procedures.status import Category
from procedures.texts.content_checks.questions import unanswered
from procedures.texts.content_checks.reading import long_sentences, reading_age, reading_findings
from procedures.texts.content_checks.rules import RULES, Finding, Rule
from procedures.texts.content_checks.sources import source_findings
from procedures.texts.content_checks.translations import translation_findings
from procedures.texts.content_checks.wording import place, promises, promotes_a_medicine, wording
from procedures.texts.rendering import Document, Passage, Piece, heading, normalised, parse, read

# Blocks that give medical advice, which only a clinician signs.
ADVICE = {"emergency", "urgent", "non-urgent", "tell-us", "disagree", "options", "risks"}

__all__ = [
    "RULES",
    "Finding",
    "Rule",
    "findings",
    "promises",
    "reading_age",
    "translation_findings",
]


def findings(
    document: str,
    known_terms: Collection[str] = (),
    note: str = "",
    sources: Mapping[str, Source] | None = None,
) -> list[Finding]:
    """Everything to correct, in the order of lines; findings that block come first.

    The document must parse. `known_terms` are terms that other pages explain; `note` is the note to
    patients; `sources` are those that the text cites, by key.
    """
    parsed = parse(document)
    passages = read(parsed)
    found = [
        *_blocks(parsed),
        *_closing(parsed),
        *_disagreements(passages),
        *reading_findings(passages),
    ]
    found += [*unanswered(parsed.category, passages), *source_findings(parsed, sources or {})]
    found += _terms([each for each in passages if each.kind != "front matter"], known_terms)
    for passage in passages:
        found += [*wording(passage), *place(passage), *long_sentences(passage)]
    found += [finding._replace(about="note to patients") for finding in _of_note(note)]
    return sorted(dict.fromkeys(found), key=lambda finding: (not finding.blocks, finding.line))


def _of_note(note: str) -> list[Finding]:
    passage = Passage(1, "note", pieces=[Piece(note)])
    return [*wording(passage), *long_sentences(passage)]


def _blocks(parsed: Document) -> Iterator[Finding]:
    opened = [(at, opens[0]) for at, line in parsed.lines() if (opens := heading(line))]
    if not parsed.category.needs_clinician:
        yield from (Finding(at, "medical advice", name) for at, name in opened if name in ADVICE)
    if parsed.category != Category.PROCEDURE:
        return
    present = {name for _, name in opened}
    if not present & {"urgent", "emergency"}:
        yield Finding(1, "urgent card")
    missing = [name for name in ("options", "tell-us", "risks") if name not in present]
    if missing:
        yield Finding(1, "missing block", ", ".join(missing))


def _closing(parsed: Document) -> Iterator[Finding]:
    """The question above the request button, if it promotes a medicine."""
    for line, name, value in parsed.matter:
        if name == "closing question" and promotes_a_medicine(value):
            yield Finding(line, "promotion")


def _disagreements(passages: Sequence[Passage]) -> Iterator[Finding]:
    """Lists of disagreements in which fewer than two items cite a source."""
    sides: dict[int, int] = {}
    opened = 0
    for passage in passages:
        if passage.block == "disagree" and passage.kind == "title":
            opened = passage.line
            sides[opened] = 0
        elif passage.block == "disagree" and passage.kind == "item" and passage.cited and sides:
            sides[opened] += 1
    return (Finding(line, "disagreement") for line, number in sides.items() if number < 2)


def _terms(passages: Sequence[Passage], known_terms: Collection[str]) -> Iterator[Finding]:
    """Terms used before this text explains them. Terms that other pages explain count as well."""
    waiting = {term.lower() for passage in passages for term in passage.terms()}
    waiting |= {normalised(known).lower() for known in known_terms}
    if not waiting:
        return
    words = re.compile(rf"\b({'|'.join(map(re.escape, sorted(waiting)))})\b")
    for passage in passages:
        waiting -= {term.lower() for term in passage.terms()}
        for found in words.finditer(passage.unexplained.lower().replace("\n", " ")):
            if found[1] in waiting:
                waiting.discard(found[1])
                line = passage.line_of(found.start(), passage.unexplained)
                yield Finding(line, "unexplained term", found[1])
