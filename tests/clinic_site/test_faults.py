"""The table of faults (`script/faults`), in its short form.

By default one fault, of which only what must never happen is counted, because other tests run beside it.
`HYPOTHESIS_PROFILE=full` kills PostgreSQL as well. The times are the business of `script/faults`.
"""

import signal
import tempfile
from pathlib import Path
from unittest.mock import Mock

import pytest
from gunicorn.config import Config

from clinic_site.gunicorn import Worker
from tests import profiles
from tests.faults.breaking import FAULTS
from tests.faults.installation import POSTGRESQL, SQLITE, prepare
from tests.faults.trying import Outcome, try_out

SECONDS = 8.0 if profiles.FULL else 1.5


def tried(name: str, kind: str) -> Outcome:
    """What became of this fault, on an installation of its own."""
    (fault,) = (each for each in FAULTS if each.name == name)
    with tempfile.TemporaryDirectory(prefix="clinic-faults-") as folder:
        here = Path(folder)
        here.chmod(0o755)  # PostgreSQL runs as its own user
        (here / "prepared").mkdir()
        prepare(kind, here / "prepared")
        return try_out(fault, kind, here / "prepared", here, SECONDS)


def check(outcome: Outcome) -> None:
    assert outcome.acknowledged
    assert (outcome.lost, outcome.doubled, outcome.letters_lost) == (0, 0, 0)
    assert outcome.unclear == []


@pytest.mark.sqlite
@pytest.mark.lengthy
def test_nothing_that_was_received_is_lost_while_web_processes_are_killed() -> None:
    check(tried("web processes killed, one every 0.4 s", SQLITE))


@pytest.mark.full
@pytest.mark.postgres
def test_nothing_that_was_received_is_lost_while_postgresql_is_killed() -> None:
    check(tried("database server killed", POSTGRESQL))


def test_a_process_that_is_told_to_end_before_it_serves_leaves_at_once() -> None:
    """Otherwise it loads everything first, and after some reloads nobody serves meanwhile."""
    worker = Worker(1, 1, [], None, 30, Config(), None)
    worker.tmp.close()
    with pytest.raises(SystemExit) as left:
        worker.handle_exit(signal.SIGTERM, None)
    assert (left.value.code, worker.alive) == (0, True)
    worker.booted, worker.method_queue = True, Mock()
    worker.handle_exit(signal.SIGTERM, None)
    assert not worker.alive
