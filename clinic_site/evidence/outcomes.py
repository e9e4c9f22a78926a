"""What became of the claims in a run of the tests."""

from collections.abc import Iterable
from enum import StrEnum
from pathlib import Path
from typing import NamedTuple
from xml.etree import ElementTree as ET

from clinic_site.evidence.claims import Claim


class Outcome(StrEnum):
    """What became of a test in a run. A run that leaves a test out says nothing of it."""

    PASSED = "passed"
    FAILED = "failed"
    SKIPPED = "skipped"
    ABSENT = "did not run"


class Standing(StrEnum):
    """How a claim is, with the run in mind."""

    MET = "Met by tests"
    CHECKED = "Checked by hand"
    NOT_MET = "Not met"
    UNTRIED = "Not run here"
    BROKEN = "Not shown"


Outcomes = dict[str, Outcome]


class Shown(NamedTuple):
    """A claim, how it is, and what became of each of its tests."""

    claim: Claim
    standing: Standing
    tests: tuple[tuple[str, Outcome | None], ...]

    @property
    def is_red(self) -> bool:
        """Whether a test that the claim leans on failed, was skipped or did not run."""
        return self.standing == Standing.BROKEN


def outcomes_in(files: Iterable[Path]) -> Outcomes:
    """The worst outcome of each test in JUnit files, over its cases and over the runs.

    A test that was skipped in one run and passed in another has passed.
    """
    found: dict[str, set[Outcome]] = {}
    for file in files:
        # Written by our own run of pytest, on the machine that reads it.
        for case in ET.parse(file).iter("testcase"):  # noqa: S314
            path = case.get("classname", "").replace(".", "/")
            name = case.get("name", "").partition("[")[0]
            found.setdefault(f"{path}.py::{name}", set()).add(_outcome(case))
    order = (Outcome.FAILED, Outcome.PASSED, Outcome.SKIPPED)
    return {test: next(each for each in order if each in seen) for test, seen in found.items()}


def shown(claim: Claim, outcomes: Outcomes) -> Shown:
    """How a claim is after a run. Without any outcome, nothing has been run."""
    if claim.not_met:
        return Shown(claim, Standing.NOT_MET, ())
    if claim.checked:
        return Shown(claim, Standing.CHECKED, ())
    if not outcomes:
        return Shown(claim, Standing.UNTRIED, tuple((test, None) for test in claim.tests))
    tests = tuple((test, outcomes.get(test, Outcome.ABSENT)) for test in claim.tests)
    all_passed = all(outcome == Outcome.PASSED for _, outcome in tests)
    return Shown(claim, Standing.MET if all_passed else Standing.BROKEN, tests)


def _outcome(case: ET.Element) -> Outcome:
    if case.find("failure") is not None or case.find("error") is not None:
        return Outcome.FAILED
    return Outcome.SKIPPED if case.find("skipped") is not None else Outcome.PASSED
