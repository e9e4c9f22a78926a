"""The moment at which every test begins.

    TESTS_ON=2027-03-28T00:30 python -m pytest      (or: script/test --on 2027-03-28T00:30)
    python -m tests.clock                           prints it in words
    python -m tests.clock 3600 -m gunicorn …        runs another process, an hour ahead of the machine

It never depends on the machine's clock, so what passes today passes every day. A moment without an
offset is in the clinic's time zone.
"""

import os
import runpy
import sys
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import time_machine

ZONE = ZoneInfo("Europe/London")
# A Monday morning in winter.
DEFAULT = "2026-11-23T10:00"


def read(moment: str) -> datetime:
    """The instant, in UTC. ValueError if it is no moment, or none that exists exactly once."""
    given = datetime.fromisoformat(moment)
    if given.tzinfo:
        return given.astimezone(UTC)
    instants = {given.replace(tzinfo=ZONE, fold=fold).astimezone(UTC) for fold in (0, 1)}
    if len(instants) > 1:
        raise ValueError(
            f"The clocks change that night, so {moment} is skipped or happens twice. "
            f"Add an offset, for example {moment}+00:00."
        )
    return instants.pop()


def start() -> datetime:
    """When every test begins that does not set a moment of its own, in UTC."""
    return read(os.environ.get("TESTS_ON") or DEFAULT)


def ahead(now: datetime | None = None) -> float:
    """How many seconds the clock of this process, or `now`, is ahead of the machine's.

    Another process may follow it.
    """
    machine = time_machine.escape_hatch.datetime.datetime.now(tz=UTC)
    return ((now or datetime.now(tz=UTC)) - machine).total_seconds()


def in_words() -> str:
    """For the head of a run."""
    return f"Every test begins on {start().astimezone(ZONE):%A %-d %B %Y at %-H:%M (UTC%z)}."


def run(seconds_ahead: float, *command: str) -> None:
    """Become `python COMMAND…`, with a clock so far ahead of the machine's."""
    time_machine.travel(datetime.now(tz=UTC) + timedelta(seconds=seconds_ahead)).start()
    sys.path[0] = os.getcwd()
    if command[0] == "-m":
        sys.argv = list(command[1:])
        runpy.run_module(command[1], run_name="__main__", alter_sys=True)
    else:
        sys.argv = list(command)
        runpy.run_path(command[0], run_name="__main__")


if __name__ == "__main__":
    if len(sys.argv) > 1:
        run(float(sys.argv[1]), *sys.argv[2:])
    else:
        try:
            print(in_words())  # noqa: T201
        except ValueError as mistake:
            sys.exit(f"TESTS_ON is no moment: {mistake}")
