"""Two addresses for whoever watches the site: a proxy, a service manager, a monitor.

`/health/live` answers while this process can answer anything; a process that does not should be
restarted. `/health/ready` answers 200 while the process can serve patients, and otherwise 503 with the
reason, within 3 seconds; a proxy should then ask another one.

They are answered before Django: such a checker often asks without HTTPS and by another host name, which
Django redirects and refuses. The answers contain nothing that a stranger must not know.
"""

import threading
from collections.abc import Callable, Iterable
from concurrent.futures import Future, ThreadPoolExecutor
from http import HTTPStatus
from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

from django.db import Error, connection

from procedures.ground.migrations_due import migrations_due

LIVE, READY = "/health/live", "/health/ready"
METHODS = ("GET", "HEAD")
# A checker gives up soon, and so do we, whatever the database or the way to it is doing.
SECONDS = 2.5
DATABASE_AWAY = "the database cannot be reached"
OLDER_SCHEMA = "the database lacks migrations"


def fault_of_the_database() -> str:
    """Why the database cannot serve patients; empty if it can."""
    try:
        return OLDER_SCHEMA if migrations_due() else ""
    except Error:
        return DATABASE_AWAY


class Health:
    """A WSGI application in front of another, that answers the two addresses itself."""

    def __init__(
        self,
        application: WSGIApplication,
        fault: Callable[[], str] = fault_of_the_database,
        seconds: float = SECONDS,
    ) -> None:
        self.application = application
        self.fault = fault
        self.seconds = seconds
        # One question at a time: while the database hangs, checkers share it and take no thread.
        self.thread = ThreadPoolExecutor(max_workers=1)
        self.asked: Future[str] | None = None
        self.lock = threading.Lock()

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Answer the two addresses, and pass every other request on."""
        path = environ["PATH_INFO"]
        if path not in (LIVE, READY):
            return self.application(environ, start_response)
        if environ["REQUEST_METHOD"] not in METHODS:
            return _answer(start_response, HTTPStatus.METHOD_NOT_ALLOWED, "read only")
        if path == LIVE:
            return _answer(start_response, HTTPStatus.OK, "alive")
        fault = self.fault_in_time()
        if fault:
            return _answer(start_response, HTTPStatus.SERVICE_UNAVAILABLE, f"not ready: {fault}")
        return _answer(start_response, HTTPStatus.OK, "ready")

    def fault_in_time(self) -> str:
        """Why we are not ready; a database that does not say in time counts as away."""
        with self.lock:
            if self.asked is None or self.asked.done():
                self.asked = self.thread.submit(self._ask)
            asked = self.asked
        try:
            return asked.result(timeout=self.seconds)
        except TimeoutError:
            return DATABASE_AWAY

    def _ask(self) -> str:
        try:
            return self.fault()
        finally:
            # The next question is about a connection that is made then.
            connection.close()


def _answer(start_response: StartResponse, status: HTTPStatus, said: str) -> list[bytes]:
    body = f"{said}\n".encode()
    headers = [
        ("Content-Type", "text/plain; charset=utf-8"),
        ("Content-Length", str(len(body))),
        ("Cache-Control", "no-store"),
        ("X-Content-Type-Options", "nosniff"),
    ]
    if status == HTTPStatus.METHOD_NOT_ALLOWED:
        headers.append(("Allow", ", ".join(METHODS)))
    start_response(f"{status.value} {status.phrase}", headers)
    return [body]
