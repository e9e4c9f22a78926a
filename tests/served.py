"""The site as it runs in production: gunicorn, on a database of its own."""

import contextlib
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from tests import processes

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


@contextlib.contextmanager
def gunicorn(
    environment: dict[str, str], *options: str, log: Path | None = None, workers: int = 1
) -> Iterator[int]:
    """The port of a real server, on a database that is brought up to date first."""
    manage("migrate", "--verbosity", "0", **environment)
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
