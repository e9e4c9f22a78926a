"""How much of the machine's processors somebody takes, as Linux counts it."""

import os
import time
from collections.abc import Callable
from pathlib import Path

TICKS = os.sysconf("SC_CLK_TCK")
# In /proc/PID/stat behind the name: the parent, and the ticks of the process and of children that ended.
PARENT, TICKS_FROM, TICKS_TO = 1, 11, 15
# In the first line of /proc/stat: idle, and waiting for the disk.
AT_REST = (3, 4)


class Watched:
    """What each of several parts took of the cores since it was made."""

    def __init__(self, parts: dict[str, Callable[[], float]]):
        """Each part as the processor seconds that it has taken so far."""
        self.parts = {**parts, "all together": everybody}
        self.began, self.before = time.monotonic(), self._spent()

    def said(self) -> str:
        """The cores that each took on average."""
        seconds = time.monotonic() - self.began
        took = {name: (now - self.before[name]) / seconds for name, now in self._spent().items()}
        parts = ", ".join(f"{name} {cores:.2f}" for name, cores in took.items())
        return f"Of {os.cpu_count()} cores: {parts}."

    def _spent(self) -> dict[str, float]:
        return {name: spent() for name, spent in self.parts.items()}


def family(pid: int) -> float:
    """The processor seconds of a process, its children and theirs."""
    stats = {int(each.parent.name): _stat(each) for each in Path("/proc").glob("[0-9]*/stat")}
    members, found = {pid}, 0
    while len(members) != found:
        found = len(members)
        members |= {each for each, stat in stats.items() if stat and int(stat[PARENT]) in members}
    return sum(int(ticks) / TICKS for each in members for ticks in stats[each][TICKS_FROM:TICKS_TO])


def parent_of(pid: int) -> int:
    """The process that started this one."""
    return int(_stat(Path(f"/proc/{pid}/stat"))[PARENT])


def everybody() -> float:
    """The processor seconds of the whole machine."""
    ticks = Path("/proc/stat").read_text().splitlines()[0].split()[1:9]
    return sum(int(each) for n, each in enumerate(ticks) if n not in AT_REST) / TICKS


def _stat(file: Path) -> list[str]:
    """The fields behind the name, which may have spaces; none if the process has ended meanwhile."""
    try:
        return file.read_text().rpartition(")")[2].split()
    except OSError:
        return []
