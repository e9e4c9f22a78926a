"""Other processes and servers beside the test: they reach the same database, and may be killed."""

import contextlib
import os
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from aiosmtpd.controller import Controller
from django.db import connection

ROOT = Path(__file__).parent.parent
# CI runs the long profile once; a developer the short one each time.
FULL = os.environ.get("HYPOTHESIS_PROFILE") == "full"


def start(*command: str, **environment: str) -> subprocess.Popen[str]:
    """Python with these arguments, on the database of the test, with pipes to talk through."""
    return subprocess.Popen(
        [sys.executable, *command],
        cwd=ROOT,
        env={**os.environ, "DATABASE_URL": _database_url(), **environment},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )


@contextlib.contextmanager
def running(*command: str, **environment: str) -> Iterator[subprocess.Popen[str]]:
    """A process that is killed at the end, in whatever it was doing."""
    with start(*command, **environment) as process:
        try:
            yield process
        finally:
            process.kill()


def free_port() -> int:
    """A port that nobody uses."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


@contextlib.contextmanager
def serving(handler: Any, settings: Any) -> Iterator[None]:
    """A real mail server with this handler, to which all letters go; the clinic has no inbox."""
    port = free_port()
    controller = Controller(handler, hostname="127.0.0.1", port=port)
    controller.start()
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT, settings.CLINIC_INBOX = "127.0.0.1", port, ""
    settings.EMAIL_USE_TLS = settings.EMAIL_USE_SSL = False
    try:
        yield
    finally:
        controller.stop()


def wait_for(port: int) -> None:
    """Until somebody listens there."""
    deadline = time.monotonic() + 30
    while True:
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
        except OSError:
            assert time.monotonic() < deadline, f"nobody listens on {port}"
            threading.Event().wait(0.02)
        else:
            return


def _database_url() -> str:
    name = connection.settings_dict["NAME"]
    if connection.vendor == "sqlite":
        return f"sqlite:///{Path(name).absolute()}"
    return urlsplit(os.environ["DATABASE_URL"])._replace(path=f"/{name}").geturl()
