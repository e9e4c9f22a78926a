"""Other processes and servers beside the test.

They reach the same database at the same moment, and may be killed.
"""

import contextlib
import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Any
from urllib.parse import urlsplit

from aiosmtpd.controller import Controller
from django.db import connection

from tests import clock

ROOT = Path(__file__).parent.parent

# Seconds to wait for something that takes one second on a quiet machine, before it counts as a
# fault.
PATIENCE = 300


def start(
    *command: str,
    inherit: tuple[socket.socket, ...] = (),
    errors: IO[str] | None = None,
    **environment: str,
) -> subprocess.Popen[str]:
    """Start Python with these arguments, on the test's database and clock, with pipes.

    What it reports goes into the file `errors`, if there is one.
    """
    return subprocess.Popen(
        [sys.executable, "-m", "tests.clock", str(clock.ahead()), *command],
        cwd=ROOT,
        env={**os.environ, "DATABASE_URL": _database_url(), **environment},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=errors,
        pass_fds=[each.fileno() for each in inherit],
        text=True,
    )


@contextlib.contextmanager
def running(
    *command: str,
    inherit: tuple[socket.socket, ...] = (),
    errors: IO[str] | None = None,
    **environment: str,
) -> Iterator[subprocess.Popen[str]]:
    """A process that is killed at the end, whatever it is doing."""
    with start(*command, inherit=inherit, errors=errors, **environment) as process:
        try:
            yield process
        finally:
            process.kill()


@contextlib.contextmanager
def listening() -> Iterator[socket.socket]:
    """A socket on a port of its own, which nobody can take before a server gets hold of it."""
    with socket.create_server(("127.0.0.1", 0), backlog=256) as server:
        yield server


class MailServer(Controller):
    """A mail server; on port 0, on one that the machine chooses."""

    def _create_server(self) -> Any:
        server = socket.create_server((self.hostname, self.port))
        self.port = server.getsockname()[1]
        return self.loop.create_server(self._factory_invoker, sock=server)


@contextlib.contextmanager
def serving(handler: Any, settings: Any) -> Iterator[None]:
    """A real mail server with this handler, which gets all emails, those to the clinic too."""
    controller = MailServer(handler, hostname="127.0.0.1", port=0, ready_timeout=PATIENCE)
    controller.start()
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", controller.port
    settings.EMAIL_USE_TLS = settings.EMAIL_USE_SSL = False
    try:
        yield
    finally:
        controller.stop()


def _database_url() -> str:
    name = connection.settings_dict["NAME"]
    if connection.vendor == "sqlite":
        return f"sqlite:///{Path(name).absolute()}"
    return urlsplit(os.environ["DATABASE_URL"])._replace(path=f"/{name}").geturl()
