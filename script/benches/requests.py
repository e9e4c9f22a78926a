"""Whole submissions per second, as a ratio to requests that insert and commit one raw row.

    script/bench requests [--stored 1000000]

All of them are served by gunicorn and write to the same PostgreSQL. Two yardsticks between them show
what the framework itself costs (a plain Django form), and what the database does (the statements of a
submission, without what decides them). A submission includes everything: the session with what was
typed, validation, request, answers, flags, chained event, messages, commit.
"""

import argparse
import contextlib
import tempfile
from itertools import repeat
from pathlib import Path

from installed import fill_in, install
from load import Target, compare, free_port, gunicorn, report
from stored import postgresql

MANY = 2500
FIELDS = b"name=Pat+Sample&email=pat%40example.org&born=1970-01-31&concern=A+shoulder.&agreed=on"
PLAIN = (
    b"POST / HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n"
    b"Content-Type: application/x-www-form-urlencoded\r\n"
    b"Content-Length: %d\r\n\r\n%s" % (len(FIELDS), FIELDS)
)


def main() -> None:
    """Prepare filled-in forms, then send them in slices beside the yardstick."""
    arguments = argparse.ArgumentParser()
    arguments.add_argument("--stored", type=int, default=0, help="requests that are there already")
    stored = arguments.parse_args().stored
    with contextlib.ExitStack() as stack:
        make = stack.enter_context(postgresql())
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        environment = install(make("measured", ""))
        first, *others = fill_in(folder / "requests", MANY, stored, environment)
        site, raw, plain, statements = (free_port() for _ in range(4))
        stack.enter_context(gunicorn("script.benches.unlimited", site, environment))
        stack.enter_context(gunicorn("script.benches.raw_rows", raw, environment))
        stack.enter_context(gunicorn("script.benches.plain_form", plain, environment))
        pressed = environment | {"PRESS": first.decode()}
        stack.enter_context(gunicorn("script.benches.statements", statements, pressed))
        row = (
            b"POST / HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
        )
        targets = [
            Target("one raw row", raw, repeat(row)),
            Target("a plain Django form, three rows", plain, repeat(PLAIN)),
            Target("the statements of a request", statements, repeat(row)),
            Target("a whole request", site, iter(others), b"HTTP/1.1 302"),
        ]
        report(compare(targets), "one raw row")


main()
