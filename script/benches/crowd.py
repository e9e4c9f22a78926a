"""How many people the site carries: pages and requests arrive at their own rate, whatever is answered.

    script/bench load [--seconds 300]
    script/bench nation [--seconds 600] [--reads 844] [--requests 12] [--stored 1000000]

`load` is a busy day: 2,000 readers who open a page every 20 seconds, and 50 requests a minute. `nation`
is what England's practices take on average, with the page reads that once felled a ticket sale, beside
a million stored requests. Two processes of gunicorn serve both, on PostgreSQL.

Nobody waits for anybody else's answer, and the time of an answer counts from the moment at which it was
due, so a queue shows. Every twentieth patient presses “Send” twice. It ends with 1 if a mark is missed.
"""

import argparse
import contextlib
import heapq
import random
import re
import selectors
import socket
import statistics
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import cycle, takewhile
from operator import attrgetter
from pathlib import Path
from typing import NamedTuple, Self, cast

import psycopg
from installed import fill_in, install
from load import PATIENCE, Target, ask, free_port, gunicorn, request
from processors import Watched, family, parent_of
from stored import postgresql

TWO_PROCESSES = ("-c", "python:clinic_site.gunicorn", "--workers", "2")
PRESSED_TWICE = 20
IDLE_READS = 200


class Crowd(NamedTuple):
    """How many come, and the mark: the longest that all but one in a hundred may wait for a page."""

    reads: float  # a second
    requests: float  # a second
    seconds: int
    stored: int
    most_ms: float
    above_idle: bool  # whether the mark is added to what an idle site takes


CROWDS = {
    "load": Crowd(2000 / 20, 50 / 60, 300, 0, 50, above_idle=True),
    "nation": Crowd(844, 12, 600, 1_000_000, 500, above_idle=False),
}


class Visit(NamedTuple):
    """What one press or one read came to. `late` is for how long we could not even send it."""

    was_press: bool
    asked: bytes
    began: bytes
    seconds: float
    late: float

    @property
    def is_answered(self) -> bool:
        """Whether it is the page, or the way to the receipt."""
        return self.began.startswith(b"HTTP/1.1 302" if self.was_press else b"HTTP/1.1 200")


class Arrival(NamedTuple):
    """Somebody who comes so many seconds after the beginning, and what they ask for."""

    due: float
    was_press: bool
    asked: bytes


@dataclass
class Call:
    """Somebody who waits for an answer, and when they asked."""

    arrival: Arrival
    asked: float
    is_sent: bool = False
    began: bytes = b""


def main() -> None:
    """Let a crowd in, and count."""
    which, crowd = given()
    with contextlib.ExitStack() as stack:
        make = stack.enter_context(postgresql())
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        environment = install(make("measured", ""))
        many = int(crowd.requests * crowd.seconds * 1.5) + 20
        presses = fill_in(folder / "requests", many, crowd.stored, environment)
        port = free_port()
        log = stack.enter_context((folder / "log").open("w"))
        site = gunicorn("script.benches.unlimited", port, environment, *TWO_PROCESSES, log=log)
        site_process = stack.enter_context(site)
        pages = reads(port)
        idle = idle_ms(port, pages)
        with psycopg.connect(environment["DATABASE_URL"]) as database:
            before = count(database)
            print(f"{which}: {crowd.seconds} seconds.", file=sys.stderr)
            watched = watch(site_process, database)
            visits = let_in(crowd, port, pages, presses)
            took = watched.said()
            database.rollback()
            lost, doubled = accounts(database, visits, before)
    print(took)
    sys.exit(report(crowd, visits, idle, lost, doubled))


def given() -> tuple[str, Crowd]:
    """Which crowd, with what was said about it."""
    arguments = argparse.ArgumentParser()
    arguments.add_argument("which", choices=CROWDS)
    arguments.add_argument("--reads", type=float, help="pages a second")
    arguments.add_argument("--requests", type=float, help="requests a second")
    arguments.add_argument("--seconds", type=int)
    arguments.add_argument("--stored", type=int, help="requests that are there already")
    said = vars(arguments.parse_args())
    which = said.pop("which")
    changes = {name: value for name, value in said.items() if value is not None}
    return which, CROWDS[which]._replace(**changes)


def watch(site: int, database: psycopg.Connection) -> Watched:
    """What the crowd, the site and the database take of the cores from now on."""
    server = parent_of(database.info.backend_pid)
    return Watched(
        {
            "the crowd": time.process_time,
            "the site": partial(family, site),
            "the database": partial(family, server),
        }
    )


def reads(port: int) -> list[bytes]:
    """A read of each page that the list of procedures leads to."""
    listed = ask(Target("the list", port, iter([request("/procedures/")])))
    paths = sorted(set(re.findall(rb'href="(/procedures/[a-z0-9-]+/)"', listed)))
    return [request(path.decode(), "Accept-Encoding: br") for path in paths]


def idle_ms(port: int, pages: Sequence[bytes]) -> float:
    """What half of the reads take at most while nobody else is there."""
    target, took = Target("idle", port, cycle(pages)), []
    for _ in range(IDLE_READS):
        began = time.perf_counter()
        ask(target)
        took.append(1000 * (time.perf_counter() - began))
    return statistics.median(took)


def let_in(
    crowd: Crowd, port: int, pages: Sequence[bytes], presses: Sequence[bytes]
) -> list[Visit]:
    """Everybody, at random moments around the rates of the crowd.

    One loop over sockets, because the crowd is on the machine that it measures: tasks of asyncio took
    four times as much of it.
    """
    begins = time.monotonic()
    moments = random.Random(1)  # noqa: S311 -- the same crowd each time
    reading = arrivals(crowd.reads, cycle(pages), False, moments)
    pressing = arrivals(crowd.requests, iter(presses), True, moments)
    coming = heapq.merge(reading, pressing, key=attrgetter("due"))
    everybody = takewhile(lambda each: each.due < crowd.seconds, coming)
    with Callers(port, begins) as callers:
        for each in everybody:
            while (before := begins + each.due - time.monotonic()) > 0:
                callers.listen(before)
            callers.call(each)
        while callers.waiting:
            callers.listen(1.0)
    return callers.visits


def arrivals(
    rate: float, asked: Iterator[bytes], was_press: bool, moments: random.Random
) -> Iterator[Arrival]:
    """Who comes when, without end. Some press twice."""
    due = 0.0
    while True:
        each = next(asked)
        due += moments.expovariate(rate)
        twice = was_press and moments.randrange(PRESSED_TWICE) == 0
        for _ in range(2 if twice else 1):
            yield Arrival(due, was_press, each)


class Callers:
    """Those who have asked, each over a connection of their own, until they are answered or give up."""

    def __init__(self, port: int, begins: float):
        self.port, self.begins = port, begins
        self.visits: list[Visit] = []
        # In the order in which they asked, so whoever gives up is at the front.
        self.waiting: dict[socket.socket, Call] = {}
        self._selector = selectors.DefaultSelector()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._selector.close()

    def call(self, arrival: Arrival) -> None:
        """Begin to ask."""
        connection = socket.socket()
        connection.setblocking(False)
        connection.connect_ex(("127.0.0.1", self.port))
        self._selector.register(connection, selectors.EVENT_WRITE)
        self.waiting[connection] = Call(arrival, self._now())

    def listen(self, seconds: float) -> None:
        """Take what the site says within these seconds, and let those go who have waited too long."""
        for key, _ in self._selector.select(seconds):
            connection = cast("socket.socket", key.fileobj)
            try:
                self._go_on(connection, self.waiting[connection])
            except OSError:
                self._end(connection, b"")
        long_ago = self._now() - PATIENCE
        while self.waiting and (first := next(iter(self.waiting.items())))[1].asked < long_ago:
            self._end(first[0], b"")

    def _go_on(self, connection: socket.socket, call: Call) -> None:
        """Ask, once connected; the beginning of the answer counts once all of it has come."""
        if not call.is_sent:
            connection.sendall(call.arrival.asked)
            call.is_sent = True
            self._selector.modify(connection, selectors.EVENT_READ)
            return
        read = connection.recv(1 << 18)
        call.began = (call.began + read)[:300] if len(call.began) < 300 else call.began
        if not read:
            self._end(connection, call.began)

    def _end(self, connection: socket.socket, began: bytes) -> None:
        """Note what came of it."""
        call = self.waiting.pop(connection)
        self._selector.unregister(connection)
        connection.close()
        due, was_press, asked = call.arrival
        self.visits.append(Visit(was_press, asked, began, self._now() - due, call.asked - due))

    def _now(self) -> float:
        return time.monotonic() - self.begins


def count(database: psycopg.Connection) -> int:
    """How many requests are stored."""
    row = database.execute("SELECT count(*) FROM bookings_appointmentrequest").fetchone()
    return int(row[0]) if row else 0


def accounts(database: psycopg.Connection, visits: Sequence[Visit], before: int) -> tuple[int, int]:
    """How many requests were acknowledged and are not stored, and how many are stored twice."""
    told = {key_of(each) for each in visits if each.was_press and each.is_answered}
    pressed = [key_of(each) for each in visits if each.was_press]
    rows = database.execute(
        "SELECT submission_key FROM bookings_appointmentrequest WHERE submission_key = ANY(%s)",
        [pressed],
    )
    stored = {key for (key,) in rows}
    return len(told - stored), count(database) - before - len(stored)


def key_of(visit: Visit) -> str:
    """The key that makes all presses of one form one request."""
    found = re.search(rb"[?&]key=([\w-]+)", visit.asked)
    return found[1].decode() if found else ""


def report(crowd: Crowd, visits: Sequence[Visit], idle: float, lost: int, doubled: int) -> int:
    """Print what came of it; 1 if a mark is missed."""
    print(f"{'':<12}{'answers':>9}{'errors':>8}{'p50 ms':>9}{'p99 ms':>9}{'we late':>9}")
    errors, worst = 0, 0.0
    for name, was_press in (("pages", False), ("requests", True)):
        of_kind = [each for each in visits if each.was_press == was_press]
        wrong = sum(not each.is_answered for each in of_kind)
        took = [1000 * each.seconds for each in of_kind]
        late = at(99, [1000 * each.late for each in of_kind])
        errors += wrong
        worst = max(worst, 0 if crowd.above_idle and was_press else at(99, took))
        print(
            f"{name:<12}{len(of_kind):>9}{wrong:>8}{at(50, took):>9.1f}{at(99, took):>9.1f}{late:>9.1f}"
        )
    mark = crowd.most_ms + (idle if crowd.above_idle else 0)
    print(f"Idle p50 {idle:.1f} ms, mark {mark:.0f} ms; {lost} lost, {doubled} doubled.")
    return int(bool(errors or lost or doubled) or worst > mark)


def at(percent: int, values: Sequence[float]) -> float:
    """The value that so many of a hundred do not exceed."""
    return sorted(values)[len(values) * percent // 100] if values else 0.0


main()
