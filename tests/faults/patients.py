"""Patients who send requests, read pages and notice what they are told, while something breaks."""

import contextlib
import json
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

from tests.faults.installation import NO_ANSWER
from tests.faults.prepare import PHONE, TOKEN
from tests.served import Site

SENDERS, PAUSE = 4, 1.0
# What a patient does who gets an error page: wait a moment, and press again.
A_MOMENT = 0.4
CHECK = "/appointments/request/check/"
LONGEST = 90.0


class Told(NamedTuple):
    """A request that a patient was told is received: which, and when they pressed."""

    key: str
    pressed: float


class Crowd:
    """Patients and readers, until told to stop."""

    def __init__(self, site: Site, forms: Path) -> None:
        self.site = site
        prepared = json.loads(forms.read_text())
        self.page: str = prepared["page"]
        self.forms: list[dict[str, str]] = prepared["forms"]
        self.pressed: set[str] = set()
        self.acknowledged: list[Told] = []
        self.refused = 0
        self.pause = PAUSE
        self.unclear: list[str] = []
        self.over = threading.Event()
        self.lock = threading.Lock()
        acts = [self._send_one] * SENDERS
        acts += [lambda: self._read(self.page), lambda: self._read("/search/?q=thing")]
        self.threads = [threading.Thread(target=self._go_on, args=(act,)) for act in acts]

    @contextlib.contextmanager
    def inside(self) -> Iterator[None]:
        """Let them in; at the end, wait until each has an answer."""
        for thread in self.threads:
            thread.start()
        try:
            yield
        finally:
            self.over.set()
            for thread in self.threads:
                thread.join()

    def was_told_since(self, moment: float) -> bool:
        """Whether somebody who pressed since then was told that the request is received."""
        return any(each.pressed > moment for each in self.acknowledged)

    def _go_on(self, act: Callable[[], None]) -> None:
        while not self.over.is_set():
            act()
            rested = time.monotonic()
            # In small steps: a pause that becomes shorter is over earlier.
            while time.monotonic() < rested + self.pause and not self.over.wait(0.1):
                pass

    def _send_one(self) -> None:
        """Press “Send my request” of one form, again and again until it is received."""
        with self.lock:
            form = self.forms.pop() if self.forms else None
        if not form:
            return
        cookie = f"__Host-session={form['session']}; __Host-csrf={TOKEN}"
        self.pressed.add(form["key"])
        given_up = time.monotonic() + LONGEST
        while time.monotonic() < given_up:
            began = time.monotonic()
            said = {"csrfmiddlewaretoken": TOKEN, "key": form["key"]}
            where = self._ask("press", CHECK, said, cookie)
            if where.endswith("/sent/"):
                self.acknowledged.append(Told(form["key"], began))
                return
            time.sleep(A_MOMENT)

    def _read(self, path: str) -> None:
        self._ask("read", path)

    def _ask(
        self, what: str, path: str, form: dict[str, str] | None = None, cookie: str = ""
    ) -> str:
        """Where the answer leads; empty if it leads nowhere, or nobody answers."""
        try:
            answer = self.site.ask(what, path, form, cookie)
        except NO_ANSWER:
            self.refused += 1
            return ""
        if answer.status in {500, 502, 504}:
            self.unclear.append(f"{answer.status} {path}")
        if answer.status == 503:
            helps = PHONE in answer.body and "This is our fault" in answer.body
            if not helps or (form and form["key"] not in answer.body):
                self.unclear.append(f"503 without help {path}")
        return answer.location

    def wait_for(self, many: int, seconds: float = 60) -> None:
        """Wait until so many more requests have been received."""
        wanted, deadline = len(self.acknowledged) + many, time.monotonic() + seconds
        while len(self.acknowledged) < wanted:
            assert time.monotonic() < deadline, (self.unclear, self.site.answers[-3:])
            time.sleep(0.02)
