"""The real web server under load while its database is stopped, locked or read-only.

Short and with a generous clock by default, because other tests run beside it;
`HYPOTHESIS_PROFILE=full` keeps the database away for 8 seconds and insists on the times that we
promise. Each database is tried in its own run of the suite.
"""

import contextlib
import http.client
import sqlite3
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests import profiles
from tests.served import Site, gunicorn, postgresql, production, token

AWAY = 8.0 if profiles.FULL else 1.0
# The promise, in seconds; before there was one, an answer took 20.
LONGEST, LONGEST_ON_SQLITE = (3, 5) if profiles.FULL else (12, 12)
READERS = 3
SOON, FOREVER = 30.0, 60.0
PAGE = "/guides/"


class Crowd(Site):
    """Patients who use the site all the while."""

    def __init__(self, port: int) -> None:
        super().__init__(port)
        self.stop = threading.Event()

    def patient(self) -> Callable[[], object]:
        """Press the first button of the form, again and again, as a patient."""
        page = self.ask("form", "/appointments/request/")
        form = {"csrfmiddlewaretoken": token(page.body), "about": ""}
        return lambda: self.ask("press", "/appointments/request/", form, page.cookies)

    @contextlib.contextmanager
    def under_load(self) -> Iterator[None]:
        """Let patients read a page, search, press a button and open the form all the while."""
        acts: list[Callable[[], object]] = [
            lambda: self.ask("kept", PAGE),
            lambda: self.ask("search", "/search/?q=knee"),
            lambda: self.ask("form", "/appointments/request/"),
            self.patient(),
        ]

        def go_on(act: Callable[[], object]) -> None:
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
def served(database: str, settings: Any) -> Iterator[Crowd]:
    """A process with four threads on this database, ready and with its page kept."""
    environment = production(database, settings)
    quiet = ("--access-logfile", "/dev/null", "--log-level", "error")
    with gunicorn(environment, *quiet) as port:
        site = Crowd(port)
        site.ask("kept", PAGE)
        yield site


@pytest.mark.lengthy
@pytest.mark.postgres
def test_while_postgresql_is_away_pages_are_shown_and_all_else_asks_to_try_again(
    settings: Any,
) -> None:
    with (
        tempfile.TemporaryDirectory(prefix="clinic-pg-") as folder,
        postgresql(Path(folder)) as server,
        served(server.get_uri(), settings) as site,
        site.under_load(),
    ):
        site.wait_for("press", {302}, FOREVER)
        assert site.health() == (200, "ready\n")
        server.stop()
        site.stop.wait(AWAY)
        assert site.health() == (503, "not ready: the database cannot be reached\n")
        server.start()
        for what, well in (("press", 302), ("search", 200), ("form", 200)):
            site.wait_for(what, {well}, SOON)
        assert site.health() == (200, "ready\n")
    site.hold(LONGEST)


@pytest.mark.lengthy
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
