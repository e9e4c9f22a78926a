"""No test depends on the day on which it runs, or on whose machine; these tests check that."""

import ast
import fcntl
import os
import re
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from types import SimpleNamespace

import hypothesis
import pytest
from django.db import connection
from django.utils import timezone

from tests import clock, conftest, moments, processes

ROOT = Path(__file__).parent.parent
TESTS = sorted((ROOT / "tests").rglob("*.py"))
JOURNEYS = sorted((ROOT / "tests" / "journeys").glob("*.py"))
# Longer than any test takes, and short enough to tell the suite's moments apart.
A_RUN = timedelta(hours=6)
NOW = {"now", "localdate", "localtime", "today", "utcnow", "time", "time_ns"}
OF_A_CLOCK = {"timezone", "datetime", "date", "time"}


# --- The clock ------------------------------------------------------------------------------------


def test_a_test_begins_at_the_moment_of_the_suite() -> None:
    assert timedelta(0) <= timezone.now() - clock.start() < A_RUN


@pytest.mark.django_db
def test_a_process_of_a_test_has_its_clock(monday: datetime) -> None:
    program = "from datetime import UTC, datetime; print(datetime.now(tz=UTC).isoformat())"
    script = ROOT / "var" / "clock.py"
    script.write_text(program)
    with processes.running(str(script)) as process:
        said = datetime.fromisoformat(process.communicate(timeout=processes.PATIENCE)[0].strip())
    assert timedelta(0) <= said - monday < A_RUN


@pytest.mark.parametrize(
    ("moment", "instant"),
    [
        ("2026-11-25T03:00", "2026-11-25T03:00+00:00"),
        ("2027-06-09T05:15", "2027-06-09T04:15+00:00"),
        ("2027-10-31T01:30+00:00", "2027-10-31T01:30+00:00"),
        ("2027-10-31T01:30+01:00", "2027-10-31T00:30+00:00"),
    ],
)
def test_a_moment_is_in_the_zone_of_the_clinic_or_has_an_offset(moment: str, instant: str) -> None:
    assert clock.read(moment) == datetime.fromisoformat(instant)


@pytest.mark.parametrize("moment", ["2027-03-28T01:30", "2027-10-31T01:30"])
def test_an_hour_that_does_not_exist_exactly_once_is_refused(moment: str) -> None:
    with pytest.raises(ValueError, match="Add an offset"):
        clock.read(moment)


@pytest.mark.lengthy
@pytest.mark.parametrize("zone", ["Pacific/Auckland", "America/St_Johns"])
def test_the_zone_of_the_machine_makes_no_difference(zone: str) -> None:
    program = (
        "import django; django.setup(); from django.utils import timezone;"
        "print(timezone.localtime().tzinfo, timezone.localtime().strftime('%z'))"
    )
    told = {
        subprocess.run(
            [sys.executable, "-c", program],
            cwd=ROOT,
            env={**os.environ, "DJANGO_SETTINGS_MODULE": "tests.settings", **machine},
            capture_output=True,
            check=True,
        ).stdout
        for machine in ({}, {"TZ": zone, "TIME_ZONE": zone})
    }
    assert len(told) == 1


@pytest.mark.parametrize(
    "path",
    [
        path
        for app in ("bookings", "clinic_site", "procedures")
        for path in (ROOT / app).rglob("*.py")
    ],
    ids=lambda path: str(path.relative_to(ROOT)),
)
def test_the_language_of_the_machine_does_not_spell_our_texts(path: Path) -> None:
    """A file without a named encoding is read in the machine's, and signed words would change."""
    calls = [node for node in ast.walk(ast.parse(path.read_text())) if isinstance(node, ast.Call)]
    unnamed = [
        ast.unparse(call)
        for call in calls
        if isinstance(call.func, ast.Attribute)
        and call.func.attr in {"read_text", "write_text"}
        and "encoding" not in {keyword.arg for keyword in call.keywords}
    ]
    assert unnamed == []


@pytest.mark.django_db
def test_no_other_run_in_this_folder_shares_the_database() -> None:
    if connection.vendor != "sqlite":
        return  # each run starts a server of its own
    lock = Path(f"{connection.settings_dict['NAME']}.lock")
    with lock.open("w") as other, pytest.raises(BlockingIOError):
        fcntl.flock(other, fcntl.LOCK_EX | fcntl.LOCK_NB)


def test_no_example_has_to_be_quick() -> None:
    assert hypothesis.settings().deadline is None


# --- The moments ----------------------------------------------------------------------------------


def test_the_moments_are_of_every_weekday_and_every_hour() -> None:
    all_of_them = [clock.read(moment).astimezone(clock.ZONE) for moment in moments.moments()]
    assert len(set(all_of_them)) == 60
    assert max(all_of_them) - min(all_of_them) > timedelta(days=700)
    by_rule = [clock.read(moment).astimezone(clock.ZONE) for moment in moments.by_rule()]
    assert {moment.weekday() for moment in by_rule} == set(range(7))
    assert Counter(moment.hour for moment in by_rule) == dict.fromkeys(range(24), 2)
    assert {(2028, 2, 29), (2026, 12, 31), (2027, 12, 31), (2027, 3, 28), (2027, 10, 31)} <= {
        (moment.year, moment.month, moment.day) for moment in all_of_them
    }


def test_a_moment_at_random_can_be_run_again() -> None:
    first, last = (
        clock.read(moment) for moment in (moments.FIRST.isoformat(), moments.by_rule()[-1])
    )
    for _ in range(20):
        assert first <= clock.read(moments.at_random()) < last


def test_what_failed_is_named_for_the_last_lines(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    names = tmp_path / "failed"
    monkeypatch.setenv("TESTS_FAILED", str(names))
    monkeypatch.setenv("TESTS_PART", "On SQLite")
    failed, missed = (SimpleNamespace(nodeid=f"tests/test_a.py::test_{n}") for n in (1, 2))
    reporter = SimpleNamespace(stats={"failed": [failed], "error": [missed], "passed": [None]})
    monkeypatch.setenv("PYTEST_XDIST_WORKER", "gw0")
    conftest.pytest_terminal_summary(reporter)
    monkeypatch.delenv("PYTEST_XDIST_WORKER")
    conftest.pytest_terminal_summary(reporter)
    assert names.read_text() == (
        "On SQLite: tests/test_a.py::test_1\nOn SQLite: tests/test_a.py::test_2\n"
    )


# --- What tests may not do ------------------------------------------------------------------------


def run_at_import(tree: ast.AST) -> Iterator[ast.AST]:
    """Everything except the bodies of functions: decorators and defaults run at import too."""
    for node in ast.iter_child_nodes(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            for part in (*node.decorator_list, *node.args.defaults, *node.args.kw_defaults):
                yield from ast.walk(part) if part else ()
        elif not isinstance(node, ast.Lambda):
            yield node
            yield from run_at_import(node)


@pytest.mark.parametrize("path", TESTS, ids=lambda path: path.stem)
def test_no_test_reads_the_clock_when_it_is_imported(path: Path) -> None:
    read = [
        f"line {node.lineno}: {ast.unparse(node)}"
        for node in run_at_import(ast.parse(path.read_text()))
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and node.func.attr in NOW
        and ast.unparse(node.func.value).rpartition(".")[2] in OF_A_CLOCK
    ]
    assert read == []


@pytest.mark.parametrize("path", TESTS, ids=lambda path: path.stem)
def test_no_test_sleeps_or_asks_at_import_whether_it_can_run(path: Path) -> None:
    """A condition in words is evaluated when its own test runs: a fault loses no other test."""
    calls = [node for node in ast.walk(ast.parse(path.read_text())) if isinstance(node, ast.Call)]
    sleeps = [call for call in calls if ast.unparse(call.func) == "time.sleep"]
    # How long something stays broken is what those try.
    assert sleeps == [] or path.parent.name == "faults"
    conditions = [call.args[0] for call in calls if ast.unparse(call.func).endswith(".skipif")]
    assert [each for each in conditions if not isinstance(each, ast.Constant)] == []


@pytest.mark.parametrize("path", JOURNEYS, ids=lambda path: path.stem)
def test_no_journey_chooses_by_position(path: Path) -> None:
    """Which time is the seventh depends on the day: see `tests/journeys/times.py`."""
    text = path.read_text()
    assert re.findall(r"\.nth\(|\.(?:first|last)\.check\(|\.all\(\)\[", text) == []
