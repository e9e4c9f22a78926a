"""The benches of docs/performance.md, each with as little as it takes to measure anything.

Whether a mark is reached is not asked: that depends on the machine, and on what else it does.
"""

import subprocess

import pytest

from tests.processes import ROOT

pytestmark = pytest.mark.full


@pytest.mark.parametrize(
    ("bench", "says"),
    [
        ("free_times --on SQLite", "SQLite  "),
        ("counting --stored 1000", "who opened what: everybody in three weeks"),
        ("desk --stored 1000 --on SQLite", "a round of the worker"),
        ("proofs --entries 100", "The proof has "),
        ("load --seconds 1 --reads 5 --requests 2", "0 lost, 0 doubled."),
    ],
)
def test_it_measures(bench: str, says: str) -> None:
    done = subprocess.run(
        ["script/bench", *bench.split()], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert says in done.stdout, done.stderr
