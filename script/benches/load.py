"""Servers to measure, and the load on them: eight connections, one process, plain sockets."""

import contextlib
import os
import selectors
import socket
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from functools import partial
from pathlib import Path
from typing import IO, NamedTuple, cast

CONNECTIONS = 8
ALONE = ("--workers", "1")
# Whoever waits longer for an answer has none.
PATIENCE = 30.0
STARTS_WITHIN = 120.0
SLICE_SECONDS = 2.0
ROUNDS = 7
ROOT = Path(__file__).parent.parent.parent


class Target(NamedTuple):
    """What is requested: a name, a port, the requests in order, and how responses begin."""

    name: str
    port: int
    requests: Iterator[bytes]
    expects: bytes = b"HTTP/1.1 200"


class Measured(NamedTuple):
    """The requests per second in each round."""

    name: str
    rates: list[float]


def free_port() -> int:
    """A port that nobody uses."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextlib.contextmanager
def gunicorn(
    application: str,
    port: int,
    environment: Mapping[str, str],
    *options: str,
    log: IO[str] | None = None,
) -> Iterator[int]:
    """The process of a server: one sync worker, on the first core if a process can be bound to one.

    Or what the options say. What it logs goes to the terminal, or into that file.
    """
    command = [sys.executable, "-m", "gunicorn", application, "--bind", f"127.0.0.1:{port}"]
    command += [*(options or ALONE), "--log-level", "warning"]
    everything = {**os.environ, **environment}
    server = subprocess.Popen(command, cwd=ROOT, env=everything, stderr=log)
    if not options and hasattr(os, "sched_setaffinity"):
        cores = sorted(os.sched_getaffinity(0))
        os.sched_setaffinity(server.pid, {cores[0]})
    try:
        _wait_for(port, server)
        yield server.pid
    finally:
        server.terminate()
        server.wait()


def _wait_for(port: int, server: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + STARTS_WITHIN
    while time.monotonic() < deadline and server.poll() is None:
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
            return
        time.sleep(0.1)
    raise SystemExit(f"The server on port {port} did not start.")


def request(path: str, *headers: str) -> bytes:
    """The bytes of a GET through our proxy."""
    lines = [f"GET {path} HTTP/1.1", "Host: 127.0.0.1", "X-Forwarded-Proto: https", *headers]
    return "\r\n".join([*lines, "Connection: close", "", ""]).encode()


def ask(target: Target) -> bytes:
    """One whole response, head and body."""
    with socket.create_connection(("127.0.0.1", target.port), STARTS_WITHIN) as connection:
        connection.sendall(next(target.requests))
        return b"".join(iter(partial(connection.recv, 1 << 18), b""))


def compare(targets: list[Target]) -> list[Measured]:
    """Call all targets in turn, in the opposite order every other round."""
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})
    rates: dict[str, list[float]] = {target.name: [] for target in targets}
    takes = ROUNDS * len(targets) * SLICE_SECONDS
    print(f"Measuring for {takes:.0f} seconds.", file=sys.stderr)
    for target in targets:
        _slice(target, 1.0)
    for turn in range(ROUNDS):
        for target in targets[:: 1 if turn % 2 else -1]:
            rates[target.name].append(_slice(target, SLICE_SECONDS))
    return [Measured(name, found) for name, found in rates.items()]


def _slice(target: Target, seconds: float) -> float:
    """Responses per second. One that does not begin as expected fails the run."""
    selector = selectors.DefaultSelector()
    for _ in range(CONNECTIONS):
        _open(selector, target)
    answered = 0
    began = time.perf_counter()
    ends = began + seconds
    while time.perf_counter() < ends:
        for key, _ in selector.select(0.5):
            connection = cast("socket.socket", key.fileobj)
            read = connection.recv(1 << 18)
            if read:
                key.data.append(read)
                continue
            _check(target, key.data)
            answered += 1
            selector.unregister(connection)
            connection.close()
            _open(selector, target)
    took = time.perf_counter() - began
    _finish(selector, target)
    return answered / took


def _finish(selector: selectors.BaseSelector, target: Target) -> None:
    """Wait for what is still running, so that the next slice begins with an idle server."""
    for key in list(selector.get_map().values()):
        connection = cast("socket.socket", key.fileobj)
        key.data.extend(iter(partial(connection.recv, 1 << 18), b""))
        _check(target, key.data)
        connection.close()
    selector.close()


def _check(target: Target, answer: list[bytes]) -> None:
    if not answer or not answer[0].startswith(target.expects):
        raise SystemExit(f"{target.name}: {b''.join(answer)[:300]!r}")


def _open(selector: selectors.BaseSelector, target: Target) -> None:
    connection = socket.create_connection(("127.0.0.1", target.port), PATIENCE)
    connection.sendall(next(target.requests))
    selector.register(connection, selectors.EVENT_READ, [])


def report(measured: list[Measured], yardstick: str) -> None:
    """Print ratios to the yardstick of the same round: the median, and the spread of the rounds."""
    base = next(each.rates for each in measured if each.name == yardstick)
    print(f"{'':<44}{'ratio':>7}{'lowest':>9}{'highest':>9}")
    for each in measured:
        ratios = [rate / by for rate, by in zip(each.rates, base, strict=True)]
        middle = statistics.median(ratios)
        print(f"{each.name:<44}{middle:>7.2f}{min(ratios):>9.2f}{max(ratios):>9.2f}")
