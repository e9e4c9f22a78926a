"""One fault, tried out: what was sent, what was said, and what is there afterwards."""

import contextlib
import os
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

from tests.faults.breaking import Fault, Scene, with_a_clock
from tests.faults.installation import SQLITE, Installation, installed
from tests.faults.patients import Crowd
from tests.proxies import Proxied, make_certificate
from tests.served import Site

# As patients are promised.
BACK_WITHIN = 10.0
# How long we wait for what never comes back.
NEVER = 120.0
# Root may write what the rights of a file forbid. Without that it is refused as any account is.
IS_ROOT = os.geteuid() == 0
AS_ANY_ACCOUNT = ["setpriv", "--bounding-set=-dac_override,-dac_read_search"] if IS_ROOT else []
COLUMNS = (
    "fault",
    "database",
    "sent",
    "received",
    "received and lost",
    "stored twice",
    "500 or no help",
    "letters lost",
    "letters twice",
    "longest answer",
    "site back after",
    "letters back after",
)
HEAD = f"| {' | '.join(COLUMNS)} |\n|{'---|' * len(COLUMNS)}"


class Outcome(NamedTuple):
    """One row of the table. Times in seconds."""

    fault: str
    database: str
    pressed: int
    acknowledged: int
    lost: int
    doubled: int
    unclear: list[str]
    letters_lost: int
    letters_twice: int
    longest: float
    back: float
    letters_back: float

    def misses(self) -> list[str]:
        """What is not as it was promised."""
        counts = {"received and lost": self.lost, "stored twice": self.doubled}
        counts |= {"letters lost": self.letters_lost}
        found = [f"{many} {what}" for what, many in counts.items() if many]
        found += self.unclear[:5]
        times = {"site": self.back, "letters": self.letters_back}
        return found + [
            f"{what} back after {seconds:.1f} s"
            for what, seconds in times.items()
            if seconds > BACK_WITHIN
        ]


def try_out(fault: Fault, kind: str, prepared: Path, folder: Path, seconds: float) -> Outcome:
    """Let patients use an installation of its own, break it, and count."""
    with (
        tempfile.TemporaryDirectory(prefix="one-", dir=folder) as own,
        contextlib.ExitStack() as stack,
    ):
        here = Path(own)
        here.chmod(0o755)
        command = with_a_clock(here) if fault.clock else []
        if kind == SQLITE:
            command = [*AS_ANY_ACCOUNT, *command]
        opened = installed(prepared, kind, here, command, fault.megabytes)
        site = stack.enter_context(opened)
        crowd = Crowd(stack.enter_context(_front(fault, site, here)), prepared / "forms.json")
        with crowd.inside():
            crowd.wait_for(8)
            _wait(lambda: bool(site.mail.taken))
            fault.act(Scene(site, crowd, seconds))
            over = time.monotonic()
            back = _seconds_until(lambda: crowd.was_told_since(over), over)
            letters = _seconds_until(lambda: _a_letter_of(site, crowd, over), over)
        return _count(fault, site, crowd, back, letters)


@contextlib.contextmanager
def _front(fault: Fault, site: Installation, folder: Path) -> Iterator[Site]:
    """What visitors talk to, once it answers."""
    with contextlib.ExitStack() as stack:
        front = Site(site.port)
        if fault.proxy:
            certificate = make_certificate(folder)
            port = stack.enter_context(fault.proxy(folder, site.port, certificate))
            front = Proxied(port, certificate)
        _wait(lambda: site.answers(front))
        yield front


def _count(
    fault: Fault, site: Installation, crowd: Crowd, back: float, letters_back: float
) -> Outcome:
    stored, letters = site.database.stored(), site.database.letters()
    told = {each.key for each in crowd.acknowledged}
    with_letter = {each.key for each in letters}
    unsent = [
        each for each in letters if each.status == "sent" and not site.mail.taken[each.message_id]
    ]
    return Outcome(
        fault=fault.name,
        database=site.database.kind,
        pressed=len(crowd.pressed),
        acknowledged=len(told),
        lost=len(told - stored.keys()),
        doubled=sum(many > 1 for many in stored.values()),
        unclear=crowd.unclear,
        letters_lost=len(stored.keys() - with_letter) + len(unsent),
        letters_twice=sum(many > 1 for many in site.mail.taken.values()),
        longest=max(answer.seconds for answer in crowd.site.answers),
        back=back,
        letters_back=letters_back,
    )


def _a_letter_of(site: Installation, crowd: Crowd, over: float) -> bool:
    """Whether a letter has arrived about a request that was received since then."""
    new = {each.key for each in crowd.acknowledged if each.pressed > over}
    return any(
        each.key in new and site.mail.taken[each.message_id] for each in site.database.letters()
    )


def _wait(until: Callable[[], bool]) -> None:
    assert _seconds_until(until, time.monotonic()) < NEVER


def _seconds_until(true: Callable[[], bool], began: float) -> float:
    while not true() and time.monotonic() < began + NEVER:
        time.sleep(0.2)
    return time.monotonic() - began


def as_row(outcome: Outcome) -> str:
    """The row as Markdown."""
    counts = outcome[2:6]
    times = (f"{seconds:.1f} s" for seconds in outcome[9:])
    cells = [*counts, len(outcome.unclear), outcome.letters_lost, outcome.letters_twice, *times]
    return line(outcome.fault, outcome.database, *cells)


def line(*cells: object) -> str:
    """One line of a table in Markdown."""
    return f"| {' | '.join(str(cell) for cell in cells)} |"
