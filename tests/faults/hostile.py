"""What no browser sends: forms full of characters that nobody types, and bytes that are hardly HTTP."""

import http.client
import random
import socket
import threading
from urllib.parse import quote_from_bytes

from tests.faults.prepare import PHONE, TOKEN

# A seed, so that a fault that is found can be found again.
SEED = 20261129
THREADS = 4
FORMS = ("/appointments/request/", "/appointments/link/", "/appointments/code/", "/search/")
FIELDS = (
    "about",
    "again",
    "key",
    "name",
    "email",
    "contact",
    "code",
    "username",
    "password",
    "next",
)
PIECES = (
    b"\x00",
    b"\xff\xfe",
    b"\xed\xa0\x80",
    b"\xe2\x80\xae",
    b"\r\nBcc: x@example.org",
    b"'; DROP TABLE auth_user; --",
    b"<script>alert(1)</script>",
    b"{{ 7 * 7 }}{% debug %}",
    b"../../../../etc/passwd",
    b"=cmd|' /C calc'!A0",
    b"9" * 400,
    b"A" * 5000,
    "💉é\u0301\u202e\ufeff".encode(),
    b"2026-13-45T99:99",
    b"-1",
    b"1e999",
    b"%00%0d%0a",
    b"None",
    b"[]",
)
HOST = b"Host: clinic.example\r\nX-Forwarded-Proto: https\r\nConnection: close\r\n"
ODD = (
    b"GET / HTTP/1.1\r\n\r\n",
    b"GET / HTTP/1.0\r\n\r\n",
    b"GET / HTTP/9.9\r\n" + HOST + b"\r\n",
    b"GET /\r\n",
    b"\r\n\r\n",
    b"\x00\x01\x02\x03\r\n\r\n",
    b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
    b"BREW / HTTP/1.1\r\n" + HOST + b"\r\n",
    b"get / HTTP/1.1\r\n" + HOST + b"\r\n",
    b"TRACE / HTTP/1.1\r\n" + HOST + b"\r\n",
    b"OPTIONS * HTTP/1.1\r\n" + HOST + b"\r\n",
    b"CONNECT example.org:443 HTTP/1.1\r\n" + HOST + b"\r\n",
    b"PUT / HTTP/1.1\r\n" + HOST + b"Content-Length: 0\r\n\r\n",
    b"DELETE /guides/ HTTP/1.1\r\n" + HOST + b"\r\n",
    b"GET http://evil.example/ HTTP/1.1\r\n" + HOST + b"\r\n",
    b"GET //evil.example/ HTTP/1.1\r\n" + HOST + b"\r\n",
    b"GET /%00 HTTP/1.1\r\n" + HOST + b"\r\n",
    b"GET /search/?q=%00 HTTP/1.1\r\n" + HOST + b"\r\n",
    b"GET /search/?q=%ff%fe HTTP/1.1\r\n" + HOST + b"\r\n",
    b"GET /search/?q=" + b"a" * 3000 + b" HTTP/1.1\r\n" + HOST + b"\r\n",
    b"GET /" + b"a" * 9000 + b" HTTP/1.1\r\n" + HOST + b"\r\n",
    b"GET /guides/%ed%a0%80/ HTTP/1.1\r\n" + HOST + b"\r\n",
    b"GET /guides/../../etc/passwd HTTP/1.1\r\n" + HOST + b"\r\n",
    b"GET /static/../manage.py HTTP/1.1\r\n" + HOST + b"\r\n",
    b"GET /static/%2e%2e/manage.py HTTP/1.1\r\n" + HOST + b"\r\n",
    b"GET /static/%00 HTTP/1.1\r\n" + HOST + b"\r\n",
    b"GET /appointments/mine/link/%00/ HTTP/1.1\r\n" + HOST + b"\r\n",
    b"GET /appointments/mine/link/" + b"%f0%9f%92%89" * 50 + b"/ HTTP/1.1\r\n" + HOST + b"\r\n",
    b"GET /admin/?name=%00 HTTP/1.1\r\n" + HOST + b"\r\n",
    b"GET / HTTP/1.1\r\nHost: evil.example\r\nX-Forwarded-Proto: https\r\n\r\n",
    b"GET / HTTP/1.1\r\nHost: clinic.example:99999\r\nX-Forwarded-Proto: https\r\n\r\n",
    b"GET / HTTP/1.1\r\nHost: clinic.example\r\nHost: evil.example\r\n\r\n",
    b"GET / HTTP/1.1\r\n" + HOST + b"X-Forwarded-For: \xff\xfe, ;;;\r\n\r\n",
    b"GET / HTTP/1.1\r\n" + HOST + b"Cookie: __Host-session=\x00; __Host-csrf=%00\r\n\r\n",
    b"GET / HTTP/1.1\r\n" + HOST + b"Cookie: " + b"a=b; " * 900 + b"\r\n\r\n",
    b"GET / HTTP/1.1\r\n" + HOST + b"X: y\r\n" * 200 + b"\r\n",
    b"GET / HTTP/1.1\r\n" + HOST + b"X-Long: " + b"y" * 20000 + b"\r\n\r\n",
    b"GET / HTTP/1.1\r\n" + HOST + b"Bad Header : x\r\n\r\n",
    b"GET / HTTP/1.1\r\n" + HOST + b'If-None-Match: "\xff"\r\nAccept-Encoding: ;q=,\r\n\r\n',
    b"GET / HTTP/1.1\r\n" + HOST + b"If-Modified-Since: never\r\nRange: bytes=9-1\r\n\r\n",
    b"POST / HTTP/1.1\r\n" + HOST + b"Content-Length: -1\r\n\r\n",
    b"POST / HTTP/1.1\r\n" + HOST + b"Content-Length: 1\r\nContent-Length: 2\r\n\r\nab",
    b"POST / HTTP/1.1\r\n" + HOST + b"Transfer-Encoding: chunked\r\n\r\nzz\r\n",
    b"POST / HTTP/1.1\r\n"
    + HOST
    + b"Transfer-Encoding: chunked\r\nContent-Length: 4\r\n\r\n0\r\n\r\n",
    b"POST /appointments/request/ HTTP/1.1\r\n" + HOST + b"Content-Length: 99\r\n\r\nabout=",
    b"POST /appointments/request/ HTTP/1.1\r\n"
    + HOST
    + b"Content-Type: multipart/form-data; boundary=\xff\r\nContent-Length: 4\r\n\r\nabcd",
    b"POST /appointments/request/ HTTP/1.1\r\n"
    + HOST
    + b"Content-Type: application/x-www-form-urlencoded; charset=nonsense\r\n"
    + b"Content-Length: 3\r\n\r\na=b",
)


def send_hostile_forms(port: int, many: int) -> list[str]:
    """Send so many forms; the answers that are our fault."""
    found: list[str] = []
    chance = random.Random(SEED)
    parts = [[_form(chance) for _ in range(many // THREADS)] for _ in range(THREADS)]

    def send(forms: list[tuple[str, bytes]]) -> None:
        for number, (path, body) in enumerate(forms):
            status, page = _post(port, path, body, visitor=f"10.{number >> 8}.{number & 255}.1")
            if status >= 500 and PHONE.encode() not in page:
                found.append(f"{status} {path} {body[:200]!r}")

    crowd = [threading.Thread(target=send, args=(part,)) for part in parts]
    for each in crowd:
        each.start()
    for each in crowd:
        each.join()
    return found


def _form(chance: random.Random) -> tuple[str, bytes]:
    """An address and a body. Half of the values are not even escaped."""
    pairs = []
    for _ in range(chance.randint(0, 12)):
        value = b"".join(chance.choices(PIECES, k=chance.randint(0, 3)))
        text = value if chance.random() < 0.5 else quote_from_bytes(value).encode()
        pairs.append(chance.choice(FIELDS).encode() + b"=" + text)
    token = b"csrfmiddlewaretoken=" + TOKEN.encode()
    return chance.choice(FORMS), b"&".join([token, *pairs])


def _post(port: int, path: str, body: bytes, visitor: str) -> tuple[int, bytes]:
    channel = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    headers = {
        "Host": "clinic.example",
        "X-Forwarded-Proto": "https",
        "X-Forwarded-For": visitor,
        "Referer": "https://clinic.example/",
        "Cookie": f"__Host-csrf={TOKEN}",
        "Content-Type": "application/x-www-form-urlencoded",
    }
    channel.request("POST", path, body, headers)
    answer = channel.getresponse()
    page = answer.read()
    channel.close()
    return answer.status, page


def send_odd_bytes(port: int) -> list[str]:
    """Send each oddity on a connection of its own; the answers that are our fault."""
    return [
        f"{said!r} {odd[:80]!r}" for odd in ODD if (said := _first_line(port, odd))[9:10] == b"5"
    ]


def _first_line(port: int, odd: bytes) -> bytes:
    """How the answer begins; empty if the server hung up, which is its right."""
    with socket.create_connection(("127.0.0.1", port), timeout=10) as channel:
        try:
            channel.sendall(odd)
            channel.shutdown(socket.SHUT_WR)
            return channel.recv(200).partition(b"\r\n")[0]
        except OSError:
            return b""
