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
import asyncio
import contextlib
import random
import re
import socket
import statistics
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from functools import partial
from itertools import cycle
from pathlib import Path
from typing import NamedTuple

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
            visits = asyncio.run(let_in(crowd, port, pages, presses))
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


async def let_in(
    crowd: Crowd, port: int, pages: Sequence[bytes], presses: Sequence[bytes]
) -> list[Visit]:
    """Everybody, at random moments around the rates of the crowd."""
    visits: list[Visit] = []
    async with asyncio.TaskGroup() as everybody:

        async def arrive(rate: float, asked: Iterator[bytes], was_press: bool) -> None:
            clock = asyncio.get_running_loop().time
            due = clock()
            ends = due + crowd.seconds
            while (due := due + moments.expovariate(rate)) < ends:
                await asyncio.sleep(due - clock())
                next_one = next(asked)
                twice = was_press and moments.randrange(PRESSED_TWICE) == 0
                for _ in range(2 if twice else 1):
                    everybody.create_task(visit(port, next_one, was_press, due, visits))

        moments = random.Random(1)  # noqa: S311 -- the same crowd each time
        everybody.create_task(arrive(crowd.reads, cycle(pages), False))
        everybody.create_task(arrive(crowd.requests, iter(presses), True))
    return visits


async def visit(port: int, asked: bytes, was_press: bool, due: float, visits: list[Visit]) -> None:
    """Ask once, and note what came of it."""
    clock = asyncio.get_running_loop().time
    late, began = clock() - due, b""
    with contextlib.suppress(OSError, TimeoutError):
        async with asyncio.timeout(PATIENCE):
            began = await answer(port, asked)
    visits.append(Visit(was_press, asked, began, clock() - due, late))


async def answer(port: int, asked: bytes) -> bytes:
    """The beginning of the answer, once all of it has come."""
    loop = asyncio.get_running_loop()
    with socket.socket() as connection:
        connection.setblocking(False)
        await loop.sock_connect(connection, ("127.0.0.1", port))
        await loop.sock_sendall(connection, asked)
        began = read = await loop.sock_recv(connection, 1 << 18)
        while read:
            read = await loop.sock_recv(connection, 1 << 18)
    return began[:300]


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
