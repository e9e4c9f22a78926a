"""What an editor sees of a text while they write it: its preview, its parts, and what to correct."""

from collections.abc import Iterator
from datetime import datetime
from typing import NamedTuple

from procedures import publishing
from procedures.models import Revision
from procedures.reading import findings
from procedures.texts.content_checks import RULES, Finding
from procedures.texts.rendering import (
    DocumentError,
    Fragment,
    cut,
    heading,
    parse,
    sketch,
    with_plain_line_ends,
)

# What is left to be written, and is no mistake.
FILL_IN = {"fill in", "not translated"}
AT_A_GLANCE = "at-a-glance"


class Remark(NamedTuple):
    """Something to correct, or to think about, and its line. Line 1 means the whole text."""

    line: int
    sentence: str
    why: str = ""


class Section(NamedTuple):
    """A part of the text under its heading, and whether it is done, to fill in, or at fault."""

    line: int
    title: str
    state: str


class Line(NamedTuple):
    """One line as it was typed, with what is wrong with it."""

    number: int
    text: str
    wrong: list[str]


class Seen(NamedTuple):
    """Everything that is shown beside a text.

    `must` are the remarks that keep it from going to review, `fill_in` the hints that are left, and
    `prompts` what the author corrects or explains.
    """

    fragment: Fragment | None
    must: list[Remark]
    fill_in: list[Remark]
    prompts: list[Remark]
    sections: list[Section]
    lines: list[Line]
    # Where it is missing; the note is not part of the text, so no line can be named.
    lacks_note: bool

    @property
    def to_correct(self) -> int:
        """How many faults there are, a missing note included."""
        return len(self.must) + self.lacks_note

    @property
    def left(self) -> int:
        """How many things have to be done before the text can go to review."""
        return self.to_correct + len(self.fill_in)


def see(revision: Revision, now: datetime) -> Seen:
    """Look at a draft, or at what somebody has typed into one and not saved."""
    document = with_plain_line_ends(revision.document)
    drawn = sketch(document, publishing.library(), revision.page.language)
    # A block that is at fault leaves its marks as they were typed: that is told once.
    found = [
        each
        for each in _findings(revision, now)
        if each.rule != "markup" or each.line not in drawn.left_out
    ]
    blocking = [each for each in found if each.blocks]
    must = [Remark(line, sentence) for line, sentence in drawn.faults]
    must += [_remark(each) for each in blocking if each.rule not in FILL_IN]
    fill_in = [
        Remark(each.line, each.about.strip("“‹›”")) for each in blocking if each.rule in FILL_IN
    ]
    prompts = [_remark(each) for each in found if not each.blocks]
    lines = document.split("\n")
    return Seen(
        fragment=cut(drawn.fragment) if drawn.fragment else None,
        must=must,
        fill_in=fill_in,
        prompts=prompts,
        sections=list(_sections(lines, must, fill_in)),
        lines=[
            Line(number, text, [each.sentence for each in must if each.line == number])
            for number, text in enumerate(lines, start=1)
        ],
        lacks_note=not revision.note.strip(),
    )


def is_ready(revision: Revision, now: datetime) -> bool:
    """Whether nothing keeps a draft from being sent to review."""
    return not see(revision, now).left


def _remark(finding: Finding) -> Remark:
    return Remark(finding.line, finding.sentence, RULES[finding.rule].why)


def _findings(revision: Revision, now: datetime) -> list[Finding]:
    """What the content checks find. They can read only a text that begins as it should."""
    try:
        parse(revision.document)
    except DocumentError:
        return []
    return findings.found_in(revision, now)


def _sections(lines: list[str], must: list[Remark], fill_in: list[Remark]) -> Iterator[Section]:
    starts = [(number, title) for number, line in enumerate(lines, 1) if (title := _title(line))]
    ends = [number for number, _ in starts[1:]] + [len(lines) + 1]
    for (start, title), end in zip(starts, ends, strict=False):
        state = "done"
        if any(start <= each.line < end for each in fill_in):
            state = "to fill in"
        if any(start <= each.line < end for each in must):
            state = "to correct"
        yield Section(start, title, state)


def _title(line: str) -> str:
    """The heading that begins a section here, if one does."""
    if line.startswith("## "):
        return line.removeprefix("## ").strip()
    opens = heading(line)
    return "At a glance" if opens and opens[0] == AT_A_GLANCE else ""
