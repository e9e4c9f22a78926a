"""The worker goes on whatever happens to the database, and ends when it is told to."""

import threading
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import InterfaceError, OperationalError

from bookings.management import worker
from procedures.ground.batches import Tally

pytestmark = pytest.mark.django_db


class Stop:
    """An event that records how long it was waited for, and is set after this many waits."""

    def __init__(self, after: int) -> None:
        self.waits: list[float] = []
        self.after = after

    def is_set(self) -> bool:
        return len(self.waits) >= self.after

    def wait(self, seconds: float) -> None:
        self.waits.append(seconds)


def keep_on(faults: list[Exception | None], monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The waits of a worker whose job fails in this way, one try after another."""
    monkeypatch.setattr(worker, "close_old_connections", lambda: None)
    left = list(faults)

    def job(stopped: object) -> Tally:
        if fault := left.pop(0):
            raise fault
        return Tally(0, 0)

    stop: Any = Stop(after=len(faults))
    worker._keep_on(job, stop)
    assert left == []
    return list(stop.waits)


@pytest.mark.parametrize("away", [OperationalError, InterfaceError])
def test_it_is_back_as_soon_as_the_database_is_and_says_once_that_it_was_away(
    away: type[Exception], monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr("procedures.ground.batches._database_goes_on", lambda: False)
    faults = [None, *[away("gone")] * 5, None, away("gone")]
    assert keep_on(faults, monkeypatch) == [5] * 8
    said = f"The database is away ({away.__name__}). We try every 5 seconds."
    assert caplog.messages == [said] * 2


def test_no_fault_ends_it(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    assert keep_on([ValueError("Canary"), RecursionError(), None], monkeypatch) == [5, 5, 5]
    assert "ValueError at test_worker.py:" in caplog.text
    assert "Canary" not in caplog.text


def test_one_round_does_each_job_of_the_loop_and_adds_up_what_failed(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    done = []

    def fails_as_a_whole(stopped: object) -> Tally:
        done.append("fails")
        raise ValueError

    def goes_well(stopped: object) -> Tally:
        done.append("goes well")
        return Tally(5, 1)

    monkeypatch.setattr(worker, "JOBS", {fails_as_a_whole: 1, goes_well: worker.SENDERS})
    with pytest.raises(CommandError, match=r"2 steps failed\. The next run will try again\."):
        call_command("send_messages")
    assert (done, capsys.readouterr().out) == (["fails", "goes well"], "5 sent.\n")


def test_it_ends_when_it_is_told_to(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every thread is at work; the one that hangs is not waited for longer than a stop may take."""
    monkeypatch.setattr(worker, "SECONDS_TO_STOP", 0.1)
    stop, hangs, working = (
        threading.Event(),
        threading.Event(),
        threading.Barrier(worker.SENDERS + 3),  # the clock, the webhooks, and this test
    )

    def work(job: Any, until: Any) -> None:
        working.wait(timeout=30)
        hangs.wait(timeout=30)

    monkeypatch.setattr(worker, "_keep_on", work)
    runs = threading.Thread(target=worker.run, args=(stop,))
    runs.start()
    working.wait(timeout=30)
    stop.set()
    runs.join(timeout=30)
    assert not runs.is_alive()
    hangs.set()
