"""Runs over many rows in which one bad row fails alone.

The failure is logged, the rest is done, and the next run tries the row again. This is the only
place that catches every exception. What is logged is the row's id and where it happened, never the
words of an error: they may repeat what a patient wrote.
"""

import logging
import re
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from traceback import extract_tb
from typing import Any, NamedTuple, TypeVar

from django.db import InterfaceError, OperationalError, connection

log = logging.getLogger(__name__)

T = TypeVar("T")
LIBRARIES = re.compile(r"[/\\]lib[/\\]python|site-packages|^<")
# How often, in seconds, a row that keeps failing is logged.
SECONDS_BETWEEN_LINES = 3600
_logged_at: dict[str, float] = {}


class Tally(int):
    """How much a run did; `failed` is the number of rows that failed."""

    failed: int

    def __new__(cls, done: int, failed: int) -> "Tally":
        """Create the tally from two counts."""
        tally = super().__new__(cls, done)
        tally.failed = failed
        return tally


class Failed(NamedTuple):
    """The error with which a row failed."""

    error: Exception

    @property
    def where(self) -> str:
        """The class of the error and the last line of ours that led to it, without its words."""
        frames = extract_tb(self.error.__traceback__)
        ours = [frame for frame in frames if not LIBRARIES.search(frame.filename)]
        place = (ours or frames)[-1]
        return f"{type(self.error).__name__} at {Path(place.filename).name}:{place.lineno}"


def in_parts(rows: Sequence[T], size: int) -> Iterator[Sequence[T]]:
    """The rows in their order, at most `size` of them at a time."""
    return (rows[at : at + size] for at in range(0, len(rows), size))


def one_by_one(rows: Iterable[T], act: Callable[[T], int], *, task: str) -> Tally:
    """Act on each row and add up what it returns.

    The log names a failed row as it is given here, so pass ids, and have `act` load the record and
    open its own transaction. Raises OperationalError or InterfaceError if the database itself is
    down.
    """
    done = failed = 0
    for row in rows:
        outcome = attempt(act, row)
        if isinstance(outcome, Failed):
            failed += 1
            log_failure(task, row, outcome)
        else:
            done += outcome
    return Tally(done, failed)


def attempt(act: Callable[..., T], *arguments: Any) -> T | Failed:
    """What `act` returns, or what went wrong with it.

    Raises OperationalError or InterfaceError if the database itself is down, because everything
    else would fail in the same way.
    """
    try:
        return act(*arguments)
    except (OperationalError, InterfaceError) as error:
        if not _database_goes_on():
            raise
        return Failed(error)
    except Exception as error:  # noqa: BLE001 -- one bad row fails alone, whatever is wrong with it
        return Failed(error)


def log_failure(task: str, row: object, failed: Failed) -> None:
    """Log that a task failed for a row, unless the same line was logged recently."""
    line = f"{task} {row} failed: {failed.where}"
    now = time.monotonic()
    if now - _logged_at.get(line, -SECONDS_BETWEEN_LINES) >= SECONDS_BETWEEN_LINES:
        _logged_at[line] = now
        log.error(line)


def _database_goes_on() -> bool:
    """Whether other rows may still work. In SQLite one lock affects all of them."""
    return connection.vendor != "sqlite" and connection.is_usable()
