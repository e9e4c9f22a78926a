"""Another system on this machine, as a test needs it: it answers alike, or never to the end."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from socketserver import BaseRequestHandler, ThreadingTCPServer
from types import TracebackType
from typing import Any, Self


class StandIn(ThreadingHTTPServer):
    """Answers everything with the same bytes while it is open."""

    def __init__(self, body: bytes, status: int = 200):
        super().__init__(("127.0.0.1", 0), _Handler)
        self.body, self.status = body, status
        self.url = f"http://127.0.0.1:{self.server_port}"
        # The path, the type of the content, and the content.
        self.asked: list[tuple[str, str, bytes]] = []

    def __enter__(self) -> Self:
        threading.Thread(target=self.serve_forever, daemon=True).start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.shutdown()
        self.server_close()


class _Handler(BaseHTTPRequestHandler):
    server: StandIn

    def do_GET(self) -> None:
        told = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        self.server.asked.append((self.path, self.headers.get("Content-Type", ""), told))
        self.send_response(self.server.status)
        self.send_header("Content-Length", str(len(self.server.body)))
        self.end_headers()
        self.wfile.write(self.server.body)

    do_POST = do_GET  # noqa: N815

    def log_message(self, *args: Any) -> None:
        """Say nothing."""


class Slow(ThreadingTCPServer):
    """Begins an answer and never ends it: whoever looks at its clock gets one byte, a second later."""

    daemon_threads = True

    def __init__(self, begins: bytes):
        super().__init__(("127.0.0.1", 0), _Dripping)
        self.begins, self.url = begins, f"http://127.0.0.1:{self.server_address[1]}"
        self.seconds, self.is_over, self.asked = 0, False, 0
        self.passes = threading.Condition()

    def clock(self) -> float:
        """The time in seconds. It passes only because somebody looks."""
        with self.passes:
            self.seconds += 1
            self.passes.notify_all()
            return float(self.seconds)

    def end(self) -> None:
        """Let everybody go."""
        with self.passes:
            self.is_over = True
            self.passes.notify_all()
        self.shutdown()


class _Dripping(BaseRequestHandler):
    server: Slow

    def handle(self) -> None:
        self.server.asked += 1
        sent = 0
        try:
            self.request.sendall(self.server.begins)
            while self._has_passed(sent):
                self.request.sendall(b"a")
                sent += 1
        except OSError:
            return

    def _has_passed(self, seconds: int) -> bool:
        with self.server.passes:
            self.server.passes.wait_for(
                lambda: self.server.is_over or self.server.seconds > seconds
            )
            return not self.server.is_over


@contextmanager
def slow(begins: bytes = b"") -> Iterator[Slow]:
    """Somebody who sends a byte a second for ever, after what it begins with."""
    with Slow(begins) as server:
        threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        yield server
        server.end()
