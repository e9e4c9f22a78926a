"""A stand-in for Twilio on this machine. It answers, and signs what it hands on, as documented."""

import base64
import hashlib
import hmac
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

from django.conf import settings as site
from django.test import Client

from tests import factories

ACCOUNT, TOKEN = f"AC{'0' * 32}", "a-token"
PATH = f"/2010-04-01/Accounts/{ACCOUNT}/Messages.json"


class StandIn(ThreadingHTTPServer):
    """What it was sent, and how it answers the next post."""

    sent: list[dict[str, str]]
    status, code, loses_answers = 201, 0, False


class Handler(BaseHTTPRequestHandler):
    server: StandIn

    def do_POST(self) -> None:
        form = parse_qs(self.rfile.read(int(self.headers["Content-Length"])).decode())
        assert self.path == PATH
        assert self.headers["Authorization"] == f"Basic {basic(ACCOUNT, TOKEN)}"
        if self.server.status == 201:
            self.server.sent.append({name: value for name, (value,) in form.items()})
        if self.server.loses_answers:
            self.close_connection = True
            return
        said = {"code": self.server.code, "message": "Not 07700 900123", "num_segments": "3"}
        self.answer(self.server.status, said)

    def do_GET(self) -> None:
        asked = parse_qs(urlsplit(self.path).query)
        found = [
            {"body": each["Body"], "status": "sent"}
            for each in self.server.sent
            if [each["To"]] == asked["To"]
        ]
        self.answer(200, {"messages": found})

    def answer(self, status: int, said: Any) -> None:
        self.send_response(status)
        self.end_headers()
        self.wfile.write(json.dumps(said).encode())

    def log_message(self, *args: Any) -> None:
        """Say nothing."""


def basic(account: str, token: str) -> str:
    return base64.b64encode(f"{account}:{token}".encode()).decode()


@contextmanager
def running(settings: Any) -> Iterator[StandIn]:
    """Twilio, and a clinic that sends its texts by it from a number."""
    settings.TEXT_MESSAGES, settings.TEXT_MESSAGES_ACCOUNT = "twilio", ACCOUNT
    settings.TEXT_MESSAGES_TOKEN = TOKEN
    factories.clinic(inbox="", text_sender="+442079460000")
    with StandIn(("127.0.0.1", 0), Handler) as server:
        settings.TEXT_MESSAGES_URL = f"http://127.0.0.1:{server.server_port}"
        server.sent = []
        threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        yield server
        server.shutdown()


def hand_on(client: Client, path: str, said: dict[str, str], token: str = TOKEN) -> Any:
    """Post something to an address of ours as Twilio does, signed with that token."""
    signed = f"{site.SITE_URL}{path}" + "".join(f"{k}{said[k]}" for k in sorted(said))
    made = hmac.new(token.encode(), signed.encode(), hashlib.sha1).digest()
    headers = {"X-Twilio-Signature": base64.b64encode(made).decode()}
    return client.post(path, said, headers=headers)
