"""Another system on this machine, as a test needs it: it answers alike, and keeps what it is asked."""

import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
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
