"""How many requests this server has answered, by the page's name and status, and how long they took.

Each process counts in its memory. Once a second it writes its numbers to a file of its own in a folder
that the server made at its start; whoever asks for the sum reads all of them. So no request waits
for a disk or a database, and the numbers of a process that has ended stay in the sum.
"""

import atexit
import json
import os
import threading
import time
from collections.abc import Callable, Iterable
from contextvars import ContextVar
from pathlib import Path
from typing import Any
from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

from django.http import HttpRequest, HttpResponse

# Where `gunicorn` made the folder. Without one, a process knows only its own numbers.
FOLDER = "CLINIC_REQUEST_COUNTS"
# The limits of the histogram, in seconds.
BUCKETS = (0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0)
SECONDS_BETWEEN_WRITES = 1.0
# Of what is answered before Django, and of what no view answers: files, refusals, unknown addresses.
KEPT, NO_VIEW = "kept in memory", "no view"

# (page, status): how many took at most each limit, how many took longer, and all their seconds.
Key = tuple[str, str]
Numbers = dict[Key, list[float]]

_page: ContextVar[str] = ContextVar("page", default=KEPT)


class Counts:
    """The numbers of this process."""

    def __init__(self) -> None:
        self.numbers: Numbers = {}
        self.lock = threading.Lock()
        self.is_written = True
        self.writer: threading.Thread | None = None
        self.file = ""

    def note(self, page: str, status: str, seconds: float) -> None:
        """Count one answer."""
        with self.lock:
            row = self.numbers.setdefault((page, status), [0.0] * (len(BUCKETS) + 2))
            place = sum(seconds > limit for limit in BUCKETS)
            row[place] += 1
            row[-1] += seconds
            self.is_written = False
            if self.writer is None and FOLDER in os.environ:
                # Not before the first request: a thread does not survive the fork.
                self.file = f"{os.getpid()}-{time.time_ns()}.json"
                atexit.register(self.write)
                self.writer = threading.Thread(target=self._go_on_writing, daemon=True)
                self.writer.start()

    def write(self) -> None:
        """Write the numbers to this process's file, if there are new ones."""
        folder = os.environ.get(FOLDER)
        with self.lock:
            if not folder or self.is_written:
                return
            rows = [[*key, *row] for key, row in self.numbers.items()]
            self.is_written = True
            file = Path(folder) / self.file
            part = file.with_suffix(".part")
            part.write_text(json.dumps(rows), encoding="utf-8")
            part.replace(file)

    def total(self) -> Numbers:
        """The numbers of all processes of this server, those of others at most a second old."""
        self.write()
        folder = os.environ.get(FOLDER)
        if not folder:
            return {key: list(row) for key, row in self.numbers.items()}
        summed: Numbers = {}
        for file in sorted(Path(folder).glob("*.json")):
            for page, status, *row in json.loads(file.read_text(encoding="utf-8")):
                before = summed.get((page, status), [0.0] * len(row))
                summed[page, status] = [a + b for a, b in zip(before, row, strict=True)]
        return summed

    def _go_on_writing(self) -> None:
        while True:
            time.sleep(SECONDS_BETWEEN_WRITES)
            self.write()


COUNTS = Counts()


class Counted:
    """A WSGI application in front of another, that counts and times its answers."""

    def __init__(
        self, application: WSGIApplication, clock: Callable[[], float] = time.perf_counter
    ) -> None:
        self.application = application
        self.clock = clock

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Pass the request and the answer on unchanged."""
        began = self.clock()
        _page.set(KEPT)
        heard = ["500"]

        def start(
            status: str, headers: list[tuple[str, str]], exc_info: Any = None
        ) -> Callable[[bytes], object]:
            heard[0] = status[:3]
            return start_response(status, headers, exc_info)

        try:
            return self.application(environ, start)
        finally:
            COUNTS.note(_page.get(), heard[0], self.clock() - began)


class NamePages:
    """Tells the layer in front of Django which page a request was for."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Pass the request and the response on unchanged."""
        _page.set(NO_VIEW)
        return self.get_response(request)

    def process_view(self, request: HttpRequest, *view: object) -> None:
        """Note the name of the address, and never the address."""
        match = request.resolver_match
        _page.set((match and match.view_name) or NO_VIEW)
