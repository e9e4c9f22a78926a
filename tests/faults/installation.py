"""An installation as an operator has one: services that are started again, a database, a mail server."""

import asyncio
import contextlib
import http.client
import os
import re
import signal
import sqlite3
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any, NamedTuple

import psycopg

from tests import processes, served

KEYS = SimpleNamespace(
    SECRET_KEY="only-to-break-it-" * 4,
    SEALING_KEY="only-to-break-it-too-" * 4,
    LOG_KEY="only-to-break-it-as-well-" * 4,
)
SQLITE, POSTGRESQL = "SQLite", "PostgreSQL"
# Nobody answered, or somebody hung up.
NO_ANSWER = (OSError, http.client.HTTPException)
UNITS = processes.ROOT / "deploy" / "systemd"
STORED = "SELECT submission_key FROM bookings_appointmentrequest"
LETTERS = """
    SELECT r.submission_key, m.message_id, m.status FROM bookings_message m
    JOIN bookings_appointmentrequest r ON r.id = m.request_id
"""


class Service:
    """A program that is started again when it ends, after as long as its unit of systemd says."""

    def __init__(
        self,
        unit: str,
        command: list[str],
        environment: dict[str, str],
        log: Path,
        root: Path = processes.ROOT,
    ):
        found = re.search(r"^RestartSec=(\d+)$", (UNITS / unit).read_text(), re.MULTILINE)
        assert found
        self.pause = int(found[1])
        self.command, self.environment, self.log, self.root = command, environment, log, root
        self.is_wanted = threading.Event()
        self.is_wanted.set()
        self.process = self._start()
        self.keeper = threading.Thread(target=self._keep_running)
        self.keeper.start()

    def _start(self) -> subprocess.Popen[bytes]:
        with self.log.open("a") as log:
            return subprocess.Popen(
                self.command,
                cwd=self.root,
                env=self.environment,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )

    def _keep_running(self) -> None:
        while True:
            self.process.wait()
            for _ in range(self.pause * 10):
                if not self.is_wanted.is_set():
                    return
                time.sleep(0.1)
            self.process = self._start()

    def kill(self) -> None:
        """End it as a crash of the main process does: systemd kills what is left."""
        os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()

    def children(self) -> list[int]:
        """The processes that the main one has started, and that still run."""
        number = self.process.pid
        with contextlib.suppress(OSError):
            return [
                int(each)
                for each in Path(f"/proc/{number}/task/{number}/children").read_text().split()
            ]
        return []

    def stop(self) -> None:
        """End it for good, with everything that it started."""
        self.is_wanted.clear()
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGTERM)
        try:
            self.process.wait(20)
        except subprocess.TimeoutExpired:
            os.killpg(self.process.pid, signal.SIGKILL)
        self.keeper.join()


class Mail:
    """A mail server that notes what it accepted, and fails as it is told to."""

    def __init__(self) -> None:
        self.mode = ""
        self.taken: Counter[str] = Counter()
        self.server: Any = None
        self.port = 0

    def open(self) -> None:
        """Listen, on the same port as before."""
        self.server = processes.MailServer(
            self, hostname="127.0.0.1", port=self.port, ready_timeout=processes.PATIENCE
        )
        self.server.start()
        self.port = self.server.port

    def close(self) -> None:
        """Refuse connections."""
        self.server.stop()

    async def handle_RCPT(  # noqa: N802 -- the server looks for this name
        self, server: Any, session: Any, envelope: Any, address: str, options: Any
    ) -> str:
        if self.mode.startswith(("4", "5")):
            return self.mode
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:  # noqa: N802
        while self.mode == "hang":
            await asyncio.sleep(0.1)
        found = re.search(r"message-id: <([^@>]+)@", envelope.content.decode(), re.IGNORECASE)
        assert found
        self.taken[found[1]] += 1
        if self.mode == "drop":
            server.transport.abort()
        return "250 OK"


class Letter(NamedTuple):
    """What the database says of one email."""

    key: str
    message_id: str
    status: str


class Database:
    """The installation's database, as its operator sees it and not the site."""

    def __init__(self, kind: str, folder: Path, server: Any = None) -> None:
        self.kind, self.folder, self.server = kind, folder, server
        self.file = folder / "clinic.sqlite3"

    @property
    def url(self) -> str:
        """What DATABASE_URL says."""
        return self.server.get_uri() if self.server else f"sqlite:///{self.file}"

    @contextlib.contextmanager
    def connect(self) -> Iterator[Any]:
        """A connection of the operator's, without a transaction."""
        if self.server:
            with psycopg.connect(self.server.get_uri(), autocommit=True) as connection:
                yield connection
        else:
            connecting = sqlite3.connect(self.file, timeout=30, isolation_level=None)
            with contextlib.closing(connecting) as connection:
                yield connection

    def rows(self, sql: str) -> list[Any]:
        """What this query says now."""
        with self.connect() as connection:
            found: list[Any] = connection.execute(sql).fetchall()
            return found

    def stored(self) -> Counter[str]:
        """The keys of the forms that were stored, and how often."""
        return Counter(key for (key,) in self.rows(STORED))

    def letters(self) -> list[Letter]:
        """All emails about requests."""
        return [Letter(*row) for row in self.rows(LETTERS)]


class Installation:
    """Everything that an operator would have running."""

    def __init__(self, database: Database, folder: Path, command: list[str]) -> None:
        self.database, self.folder, self.command = database, folder, command
        self.mail = Mail()
        self.mail.open()
        self.environment = {
            "PATH": os.environ["PATH"],
            **served.production(database.url, KEYS),
            "EMAIL_URL": f"smtp://127.0.0.1:{self.mail.port}",
            "EMAIL_TIMEOUT": "5",
        }
        with processes.listening() as free:
            self.port = int(free.getsockname()[1])
        bind = ["--bind", f"127.0.0.1:{self.port}"]
        python = [*command, sys.executable]
        self.web = self._service("clinic-web.service", [*python, *served.SERVER, *bind])
        loop = [*python, "manage.py", "send_messages", "--loop"]
        self.worker = self._service("clinic-worker.service", loop)

    def _service(self, unit: str, command: list[str]) -> Service:
        log = self.folder / Path(unit).with_suffix(".log")
        return Service(unit, command, self.environment, log)

    def answers(self, visitors: served.Site) -> bool:
        """Whether the site answers these visitors."""
        with contextlib.suppress(*NO_ANSWER):
            return visitors.ask("probe", "/").status == 200
        return False

    def manage(self, *arguments: str) -> int:
        """Run a command of the operator's; its exit code."""
        return subprocess.run(
            [sys.executable, "manage.py", *arguments],
            cwd=processes.ROOT,
            env=self.environment,
            capture_output=True,
            check=False,
        ).returncode

    def stop(self) -> None:
        """End everything."""
        self.web.stop()
        self.worker.stop()
        self.mail.mode = ""
        with contextlib.suppress(RuntimeError):
            self.mail.close()


@contextlib.contextmanager
def database(kind: str, folder: Path) -> Iterator[Database]:
    """The database in this folder."""
    folder.chmod(0o755)  # PostgreSQL runs as its own user
    if kind == SQLITE:
        yield Database(kind, folder)
        return
    with served.postgresql(folder) as server:
        yield Database(kind, folder, server)


def prepare(kind: str, folder: Path) -> None:
    """Fill a database in this folder, to be copied for each fault."""
    with database(kind, folder) as made:
        environment = {"PATH": os.environ["PATH"], **served.production(made.url, KEYS)}
        command = [sys.executable, "-m", "tests.faults.prepare", str(folder / "forms.json")]
        subprocess.run(command, cwd=processes.ROOT, env=environment, check=True)


@contextlib.contextmanager
def installed(
    prepared: Path, kind: str, folder: Path, command: list[str], megabytes: int = 0
) -> Iterator[Installation]:
    """A running copy of what was prepared; with `megabytes`, on a disk of its own that is so large.

    `command` stands before each program, and may be empty.
    """
    data = folder / "data"
    with disk(data, megabytes):
        subprocess.run(["cp", "-a", f"{prepared}/.", data], check=True)
        with database(kind, data) as made:
            running = Installation(made, folder, command)
            try:
                yield running
            finally:
                running.stop()


@contextlib.contextmanager
def disk(folder: Path, megabytes: int) -> Iterator[None]:
    """A small disk, if one is asked for. Needs the rights of root."""
    folder.mkdir()
    if not megabytes:
        yield
        return
    size = f"size={megabytes}m,mode=755"
    subprocess.run(["mount", "-t", "tmpfs", "-o", size, "clinic-faults", folder], check=True)
    try:
        yield
    finally:
        subprocess.run(["umount", folder], check=True)
