"""What the software claims about itself, and that each claim leans on what was really run."""

import contextlib
import functools
import json
import re
import subprocess
import sys
from collections.abc import Iterable
from datetime import UTC, date, datetime
from io import StringIO
from pathlib import Path
from string import ascii_lowercase
from xml.sax.saxutils import quoteattr

import pytest
from django.core.management import CommandError, call_command

from clinic_site.evidence import claims, documents, openacr, parts
from clinic_site.evidence.claims import Claim, Ledger, NotMet, Risk, Section
from clinic_site.evidence.outcomes import Outcome, Standing, outcomes_in
from tests.valid_html import faults_of

ROOT = Path(__file__).parent.parent.parent
OURS = ROOT / "docs" / "evidence"

LEDGER = """
title = "A ledger"
status = "Draft."
position = 1
about = "About."
[[section]]
title = "A section"
"""
TEST = "tests/test_a.py::test_"


@functools.cache
def known() -> set[str]:
    """The name of every test that there is."""
    return claims.tests_in(ROOT / "tests")


def ours() -> list[Ledger]:
    return claims.read(OURS, known())


def named(ledgers: Iterable[Ledger]) -> dict[str, set[str]]:
    """Which claims name each test."""
    found: dict[str, set[str]] = {}
    for ledger in ledgers:
        for claim in ledger.claims:
            for test in claim.tests:
                found.setdefault(test, set()).add(claim.id)
    return found


def junit(path: Path, outcomes: dict[str, Outcome]) -> Path:
    """A file as pytest writes it, with two cases of each test, of which the second has the outcome."""
    told = {Outcome.FAILED: "<failure/>", Outcome.SKIPPED: "<skipped/>"}
    cases = "".join(
        f"<testcase classname={quoteattr(file.removesuffix('.py').replace('/', '.'))} "
        f"name={quoteattr(f'{name}[{case}]')}>{told.get(outcome, '') if case else ''}</testcase>"
        for test, outcome in outcomes.items()
        for file, _, name in [test.partition("::")]
        for case in (0, 1)
    )
    path.write_text(f"<testsuites><testsuite>{cases}</testsuite></testsuites>")
    return path


def test_the_ledgers_are_sound() -> None:
    assert [ledger.name for ledger in ours()][:3] == ["intended-purpose", "safety-case", "hazards"]
    assert all(ledger.claims for ledger in ours())


@pytest.mark.parametrize(
    ("claim", "faults"),
    [
        ('id = "A"\nsays = "So."', ["a.toml: A: it needs exactly one of tests, checked, not_met."]),
        (
            f'id = "A"\nsays = "So."\ntests = ["{TEST}a"]\nnot_met = {{ why = "No.", who = "we" }}',
            ["a.toml: A: it needs exactly one of tests, checked, not_met."],
        ),
        (
            'id = "A"\nsays = "So."\ntests = []',
            ["a.toml: A: it needs exactly one of tests, checked, not_met."],
        ),
        (
            f'id = "A"\nsays = "So."\ntests = ["{TEST}gone"]',
            [f"a.toml: A: there is no {TEST}gone."],
        ),
        (
            'id = "A"\nsays = "So."\nchecked = { by = "a developer", what = "It." }',
            ["a.toml: A: checked needs by, on, what."],
        ),
        (
            f'id = "C"\nsays = "So."\ntests = ["{TEST}a"]',
            ["a.toml: A: nothing answers it.", "a.toml: C: the standard has no such id."],
        ),
        (
            "[[section.claim]]\n".join([f'id = "A"\nsays = "So."\ntests = ["{TEST}a"]\n'] * 2),
            ["A: more than one claim has this id."],
        ),
    ],
)
def test_a_fault_of_a_ledger_is_named(claim: str, faults: list[str], tmp_path: Path) -> None:
    (tmp_path / "required").mkdir()
    (tmp_path / "required" / "a.txt").write_text("A\n")
    (tmp_path / "a.toml").write_text(f"{LEDGER}[[section.claim]]\n{claim}\n")
    with pytest.raises(claims.Unsound) as refused:
        claims.read(tmp_path, {f"{TEST}a"})
    assert list(refused.value.args) == faults


@pytest.mark.parametrize("outcome", [Outcome.FAILED, Outcome.SKIPPED, Outcome.ABSENT])
def test_exactly_its_sentences_turn_red(outcome: Outcome, tmp_path: Path) -> None:
    """For each test that our ledgers name, in turn: it fails, is skipped, or is not there."""
    ledgers = ours()
    tests = named(ledgers)
    run = outcomes_in([junit(tmp_path / "run.xml", dict.fromkeys(tests, Outcome.PASSED))])
    assert run == dict.fromkeys(tests, Outcome.PASSED)
    for test, leaning in tests.items():
        changed = run | {test: outcome}
        if outcome == Outcome.ABSENT:
            del changed[test]
        found = documents.pages(ledgers, changed)
        assert {each.claim.id for page in found for each in page.claims if each.is_red} == leaning


def test_the_command_writes_pages_and_fails_if_a_sentence_is_red(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    tests = named(ours())
    test = (
        "tests/bookings/test_races.py::test_r3_many_presses_of_send_are_one_request_and_one_receipt"
    )
    passed = junit(tmp_path / "passed.xml", dict.fromkeys(tests, Outcome.PASSED))
    failed = junit(tmp_path / "failed.xml", {test: Outcome.FAILED})
    folder = tmp_path / "evidence"

    call_command("evidence", folder, results=[passed], tested="release 1")
    assert "not shown" not in capsys.readouterr().out
    for page in folder.glob("*.html"):
        assert faults_of(page.read_text()) == []
        assert "Tested: release 1." in page.read_text()
    assert {page.stem for page in folder.glob("*.html")} == {
        "index",
        *(each.name for each in ours()),
    }
    assert 'class="broken"' not in (folder / "hazards.html").read_text()

    with pytest.raises(CommandError, match=r"The run does not show:\n"):
        call_command("evidence", folder, results=[passed, failed])
    content = (folder / "hazards.html").read_text()
    assert content.count('class="broken"') == len(
        [each for each in ours() if each.name == "hazards" for c in each.claims if test in c.tests]
    )
    assert f"<code>{test}</code>: failed" in content


@pytest.mark.lengthy
def test_the_report_about_accessibility_follows_the_run(tmp_path: Path) -> None:
    tests = named(ours())
    test = "tests/journeys/test_by_keyboard.py::test_ten_tasks_by_keyboard"
    passed = junit(tmp_path / "passed.xml", dict.fromkeys(tests, Outcome.PASSED))
    failed = junit(tmp_path / "failed.xml", {test: Outcome.FAILED})

    def levels(*files: Path) -> dict[str, str]:
        with contextlib.suppress(CommandError):
            call_command("evidence", tmp_path, results=[*files], tested="release 1")
        report = json.loads((tmp_path / "accessibility.openacr.json").read_text())
        return {
            each["num"]: each["components"][0]["adherence"]["level"]
            for chapter in ("success_criteria_level_a", "success_criteria_level_aa")
            for each in report["chapters"][chapter]["criteria"]
        }

    well, wrong = levels(passed), levels(passed, failed)
    assert len(well) == 55
    assert set(well.values()) == {"supports"}
    changed = {num: level for num, level in wrong.items() if level != well[num]}
    assert changed == dict.fromkeys(tests[test], "does-not-support")


def test_what_is_not_met_is_supported_in_part_with_the_reason() -> None:
    claim = Claim("3.1.2", "It is marked.", not_met=NotMet(why="It is not.", who="a developer"))
    sections = [Section("Level A", {}, ()), Section("Level AA", {}, (claim,))]
    ledger = Ledger(openacr.LEDGER, "", "Draft.", [], 1, tuple(sections))
    made = openacr.report(ledger, {}, tested="release 1", on=date(2026, 11, 30))
    assert made["chapters"]["success_criteria_level_aa"]["criteria"] == [
        {
            "num": "3.1.2",
            "components": [
                {
                    "name": "web",
                    "adherence": {
                        "level": "partially-supports",
                        "notes": "It is marked. Not yet: It is not.",
                    },
                }
            ],
        }
    ]


def test_without_a_run_nothing_counts_as_met(tmp_path: Path) -> None:
    call_command("evidence", tmp_path)
    assert "Met by tests" not in (tmp_path / "hazards.html").read_text()
    assert str(Standing.UNTRIED) in (tmp_path / "hazards.html").read_text()


@pytest.mark.lengthy
def test_pytest_and_the_ledgers_call_a_test_by_the_same_name(tmp_path: Path) -> None:
    file = tmp_path / "run.xml"
    chosen = ["tests/procedures/test_counting.py", "tests/test_valid_html.py"]
    options = ["-q", "-n", "0", "-p", "no:cacheprovider", f"--junitxml={file}"]
    subprocess.run([sys.executable, "-m", "pytest", *options, *chosen], cwd=ROOT, check=True)
    expected = {test for test in known() if test.partition("::")[0] in chosen}
    assert outcomes_in([file]) == dict.fromkeys(expected, Outcome.PASSED)


# --- The hazard log -------------------------------------------------------------------------


def test_each_hazard_says_what_a_safety_officer_asks() -> None:
    [log] = [ledger for ledger in ours() if ledger.name == "hazards"]
    for hazard in log.sections:
        assert list(hazard.facts) == ["Cause", "Effect", "Owner"]
        assert hazard.before
        assert hazard.after
        assert hazard.after.severity == hazard.before.severity, "a control makes a harm rarer"
        assert hazard.after.likelihood <= hazard.before.likelihood
        assert hazard.after.level <= 3
        assert any(claim.tests for claim in hazard.claims)


def test_the_clinics_own_safety_case_takes_over_what_is_left() -> None:
    (hazards,) = (each for each in ours() if each.name == "hazards")
    left = [(each.id, each.says) for each in hazards.claims if each.not_met]
    template = (OURS.parent / "clinic-safety-case.md").read_text()
    assert re.findall(r"^\| (H[\d.]+) \| (.*?) \| … \| … \|$", template, re.MULTILINE) == left


def test_the_table_of_risks_is_the_one_in_the_document() -> None:
    text = (ROOT / "docs" / "SAFETY.md").read_text()
    for likelihood, name in enumerate(claims.LIKELIHOODS, start=1):
        classes = [str(Risk(severity, likelihood).level) for severity in range(1, 6)]
        assert f"| {likelihood} {name} | {' | '.join(classes)} |" in text


@pytest.mark.parametrize(
    ("name", "prefix", "parts"),
    [("dspt", "DSPT", 10), ("caldicott", "Caldicott", 8), ("cyber-essentials", "CE", 5)],
)
def test_each_part_of_a_standard_has_answers_and_says_what_is_left_to_people(
    name: str, prefix: str, parts: int
) -> None:
    (ledger,) = (each for each in ours() if each.name == name)
    numbers = [section.title.partition(" ")[0] for section in ledger.sections]
    assert numbers == [str(number) for number in range(1, parts + 1)]
    for number, section in zip(numbers, ledger.sections, strict=True):
        letters = [each.id.removeprefix(f"{prefix}.{number}.") for each in section.claims]
        assert letters == list(ascii_lowercase[: len(letters)])
        assert list(section.facts) == ["In short"]
        assert any(claim.not_met for claim in section.claims)


def test_a_risk_is_said_in_words() -> None:
    assert str(Risk(4, 2)) == "major, likelihood low: class 3 of 5"


# --- What it is made of -------------------------------------------------------------------------


def test_the_list_of_parts_is_the_lock_file(tmp_path: Path) -> None:
    with contextlib.suppress(CommandError):
        call_command("evidence", str(tmp_path), tested="v9", stdout=StringIO())
    bill = json.loads((tmp_path / "parts.cdx.json").read_text())
    assert (bill["bomFormat"], bill["specVersion"]) == ("CycloneDX", "1.6")
    assert bill["metadata"]["component"]["version"] == "v9"
    lock = (ROOT / "requirements.txt").read_text()
    pinned = [line.split(" ")[0] for line in lock.splitlines() if line[:1].isalpha()]
    without_extras = [re.sub(r"\[.*\]", "", line).replace("==", "@") for line in pinned]
    listed = {each["purl"]: each for each in bill["components"]}
    assert list(listed) == [f"pkg:pypi/{line}" for line in without_extras]
    licences = {each["name"]: each["licenses"] for each in listed.values() if "licenses" in each}
    assert licences["django"] == [{"expression": "BSD-3-Clause"}]
    assert len(licences["pyphen"]) == 3
    assert licences["asgiref"] == [{"license": {"name": "BSD-3-Clause"}}]


def test_a_part_that_is_not_installed_here_has_no_licence() -> None:
    lock = "nobody-has-this==1.0 \\\n    --hash=sha256:00\n    # via clinic-site\n"
    (part,) = parts.bill(lock, tested="", at=datetime(2026, 11, 30, tzinfo=UTC))["components"]
    assert part == {
        "type": "library",
        "bom-ref": "pkg:pypi/nobody-has-this@1.0",
        "name": "nobody-has-this",
        "version": "1.0",
        "purl": "pkg:pypi/nobody-has-this@1.0",
    }
