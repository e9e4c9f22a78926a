"""Ledgers of claims about this software, each with one answer. They are the files in `docs/evidence`.

A claim is a sentence in our own words and exactly one of three answers: tests that show it, a check by
hand on a day, or why it is not met and who would have to do it.
"""

import ast
import tomllib
from collections import Counter
from collections.abc import Collection, Iterator
from datetime import date
from pathlib import Path
from typing import Any, NamedTuple

# What each answer has to say.
ANSWERS: dict[str, set[str]] = {
    "tests": set(),
    "checked": {"by", "on", "what"},
    "not_met": {"why", "who"},
}
# The class of a risk, by likelihood from very low and then by severity from minor. 1 and 2 are accepted,
# 3 is accepted if nothing reasonable is left to do, 4 and 5 are not.
RISKS = (
    (1, 1, 2, 2, 3),
    (1, 2, 2, 3, 4),
    (2, 2, 3, 3, 4),
    (2, 3, 3, 4, 5),
    (3, 4, 4, 5, 5),
)
LIKELIHOODS = ("very low", "low", "medium", "high", "very high")
SEVERITIES = ("minor", "significant", "considerable", "major", "catastrophic")


class Unsound(Exception):
    """The ledgers have faults; its arguments name every one of them."""


class Checked(NamedTuple):
    """What was looked at by hand, by which role, on which day."""

    by: str
    on: date
    what: str


class NotMet(NamedTuple):
    """Why a claim is not met, and who would have to do it."""

    why: str
    who: str


class Claim(NamedTuple):
    """A sentence with its one answer."""

    id: str
    says: str
    tests: tuple[str, ...] = ()
    checked: Checked | None = None
    not_met: NotMet | None = None


class Risk(NamedTuple):
    """How bad a harm is and how often it is expected, both from 1 to 5."""

    severity: int
    likelihood: int

    @property
    def level(self) -> int:
        """The class of the risk, from 1 to 5."""
        return RISKS[self.likelihood - 1][self.severity - 1]

    def __str__(self) -> str:
        how_bad, how_often = SEVERITIES[self.severity - 1], LIKELIHOODS[self.likelihood - 1]
        return f"{how_bad}, likelihood {how_often}: class {self.level} of 5"


class Section(NamedTuple):
    """Claims about one thing: a chapter of a standard, a hazard, a threat."""

    title: str
    facts: dict[str, str]
    claims: tuple[Claim, ...]
    before: Risk | None = None
    after: Risk | None = None


class Ledger(NamedTuple):
    """One document of the folder."""

    name: str
    title: str
    # Who has signed it, or that nobody has.
    status: str
    # Paragraphs.
    about: list[str]
    position: int
    sections: tuple[Section, ...]

    @property
    def claims(self) -> list[Claim]:
        """Every claim, in order."""
        return [claim for section in self.sections for claim in section.claims]


def read(folder: Path, tests: Collection[str]) -> list[Ledger]:
    """The ledgers of a folder in their order.

    Raises Unsound if an answer is missing or is of two kinds, a test is not among `tests`, an id is used
    twice, or the ids are not those of the list of the same name in `required`.
    """
    found = {
        path: tomllib.loads(path.read_text(encoding="utf-8"))
        for path in sorted(folder.glob("*.toml"))
    }
    faults = [
        f"{path.name}: {fault}"
        for path, table in found.items()
        for fault in _faults(path, table, tests)
    ]
    ids = Counter(row["id"] for table in found.values() for row in _rows(table))
    faults += [f"{each}: more than one claim has this id." for each in ids if ids[each] > 1]
    if faults:
        raise Unsound(*faults)
    ledgers = [_ledger(path.stem, table) for path, table in found.items()]
    return sorted(ledgers, key=lambda ledger: ledger.position)


def tests_in(folder: Path) -> set[str]:
    """The name of every test in a folder, such as `tests/test_clock.py::test_a_process_has_its_clock`.

    Read from the text: to collect them takes twenty seconds. A test that is there but is not run has no
    outcome.
    """
    return {
        f"{path.relative_to(folder.parent).as_posix()}::{node.name}"
        for path in folder.rglob("test_*.py")
        for node in ast.parse(path.read_text(encoding="utf-8")).body
        if isinstance(node, ast.FunctionDef) and node.name.startswith("test_")
    }


def _rows(table: dict[str, Any]) -> Iterator[dict[str, Any]]:
    for section in table["section"]:
        yield from section["claim"]


def _faults(path: Path, table: dict[str, Any], tests: Collection[str]) -> Iterator[str]:
    for row in _rows(table):
        kinds = [kind for kind in ANSWERS if kind in row]
        if len(kinds) != 1 or not row[kinds[0]]:
            yield f"{row['id']}: it needs exactly one of {', '.join(ANSWERS)}."
        for test in row.get("tests", ()):
            if test not in tests:
                yield f"{row['id']}: there is no {test}."
        for kind, parts in ANSWERS.items():
            if kind in row and parts and set(row[kind]) != parts:
                yield f"{row['id']}: {kind} needs {', '.join(sorted(parts))}."
    required = path.parent / "required" / f"{path.stem}.txt"
    if required.exists():
        asked, answered = (
            set(required.read_text(encoding="utf-8").split()),
            {row["id"] for row in _rows(table)},
        )
        yield from (f"{each}: nothing answers it." for each in sorted(asked - answered))
        yield from (f"{each}: the standard has no such id." for each in sorted(answered - asked))


def _ledger(name: str, table: dict[str, Any]) -> Ledger:
    sections = tuple(
        Section(
            title=section["title"],
            facts=section.get("facts", {}),
            claims=tuple(_claim(row) for row in section["claim"]),
            before=Risk(**section["before"]) if "before" in section else None,
            after=Risk(**section["after"]) if "after" in section else None,
        )
        for section in table["section"]
    )
    about = table["about"].strip().split("\n\n")
    return Ledger(name, table["title"], table["status"], about, table["position"], sections)


def _claim(row: dict[str, Any]) -> Claim:
    return Claim(
        id=row["id"],
        says=row["says"],
        tests=tuple(row.get("tests", ())),
        checked=Checked(**row["checked"]) if "checked" in row else None,
        not_met=NotMet(**row["not_met"]) if "not_met" in row else None,
    )
