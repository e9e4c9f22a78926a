"""Whoever answers us slowly has so many seconds for all of it, and not for each byte."""

import socket
import ssl
from collections.abc import Callable
from itertools import product
from pathlib import Path
from typing import Any

import pytest

from bookings.messages import sms
from clinic_site import weaknesses
from procedures.ground import exchanges
from procedures.log import stamps, witness
from tests.bookings.test_webhooks import certified
from tests.http_servers import StandIn, slow

HEAD = b"HTTP/1.1 200 OK\r\nContent-Length: 9000\r\n\r\n"
REFUSED = b"HTTP/1.1 500 Broken\r\nContent-Length: 9000\r\n\r\n"


def a_text(settings: Any, url: str) -> Callable[[], object]:
    settings.TEXT_MESSAGES, settings.TEXT_MESSAGES_URL = "http", url
    return lambda: sms.send("+447700900123", "Good morning.", key="a")


def weak_libraries(settings: Any, url: str) -> Callable[[], object]:
    settings.WEAKNESSES_URL = url
    return weaknesses.known


def a_time_stamp(settings: Any, url: str) -> Callable[[], object]:
    settings.TIMESTAMP_URL = url
    return lambda: stamps.ask(b"A request.")


def the_log_of_others(settings: Any, url: str) -> Callable[[], object]:
    return lambda: witness.fetching_from(url)("checkpoint")


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("asker", "begins"),
    [
        *product((a_text, weak_libraries, a_time_stamp, the_log_of_others), (b"", HEAD)),
        (a_text, REFUSED),
    ],
)
def test_twenty_seconds_are_for_the_whole_answer(
    settings: Any, monkeypatch: pytest.MonkeyPatch, asker: Any, begins: bytes
) -> None:
    with slow(begins) as other:
        ask = asker(settings, other.url)
        monkeypatch.setattr(exchanges, "monotonic", other.clock)
        with pytest.raises((OSError, weaknesses.NotAnswered)):
            ask()
        assert (other.asked, other.seconds) == (1, 1 + 20)


def test_a_slow_answer_over_tls_ends_as_well(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    certificate = certified(tmp_path, "localhost")
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
    serving = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    serving.load_cert_chain(certificate)
    with slow(HEAD) as other:
        other.socket = serving.wrap_socket(other.socket, server_side=True)
        monkeypatch.setattr(exchanges, "monotonic", other.clock)
        address = other.url.replace("http://127.0.0.1", "https://localhost")
        with exchanges.opened(address, seconds=20) as answer, pytest.raises(TimeoutError):
            answer.read()
        assert (other.asked, other.seconds) == (1, 1 + 20)


def test_a_name_with_a_dead_address_is_reached_at_its_other_one(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Each address has its share of the time, so the first cannot use all of it."""
    tried: list[tuple[str, float]] = []
    monkeypatch.setattr(exchanges, "monotonic", lambda: 0.0)

    def connect(address: tuple[str, int], seconds: float) -> socket.socket:
        tried.append((address[0], seconds))
        if address[0] == "127.0.0.9":
            raise TimeoutError
        found = socket.socket()
        found.settimeout(seconds)
        found.connect(address)
        return found

    with StandIn(b"An answer.") as there:
        hosts = ("127.0.0.9", "127.0.0.1")
        found = [(socket.AF_INET, 1, 6, "", (host, there.server_port)) for host in hosts]
        monkeypatch.setattr(socket, "getaddrinfo", lambda *args, **kwargs: found)
        monkeypatch.setattr(socket, "create_connection", connect)
        with exchanges.opened(f"http://two.example:{there.server_port}/", seconds=20) as answer:
            assert answer.read() == b"An answer."
    assert tried == [("127.0.0.9", 10.0), ("127.0.0.1", 20.0)]


def test_a_name_without_an_address_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(socket, "getaddrinfo", lambda *args, **kwargs: [])
    with pytest.raises(OSError, match="The name has no address"):
        exchanges.opened("http://none.example/", seconds=20)
