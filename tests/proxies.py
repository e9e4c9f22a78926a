"""nginx and Caddy with the files of `deploy/`, in front of a web server of a test."""

import contextlib
import http.client
import os
import re
import shutil
import socket
import ssl
import subprocess
import time
from collections.abc import Iterator
from ipaddress import ip_network
from pathlib import Path

from tests import processes
from tests.processes import PATIENCE, ROOT
from tests.served import Site

DEPLOY = ROOT / "deploy"
NGINX, CADDY = shutil.which("nginx", path="/usr/sbin:/usr/bin"), shutil.which("caddy")
# From here on it has another word for reading a whole body first.
NEWER_CADDY = (2, 6, 3)
UNFINISHED = (
    b"POST /appointments/request/ HTTP/1.1\r\nHost: clinic.example\r\nX-Forwarded-Proto: https\r\n"
    b"Content-Type: application/x-www-form-urlencoded\r\nContent-Length: 1000\r\n\r\nabout="
)


def make_certificate(folder: Path, host: str = "clinic.example") -> Path:
    """A certificate for a host, and its key beside it."""
    made = folder / "certificate.pem"
    name = ["-subj", f"/CN={host}", "-addext", f"subjectAltName=DNS:{host}"]
    files = ["-keyout", str(folder / "key.pem"), "-out", str(made), "-days", "30", "-nodes"]
    command = ["openssl", "req", "-x509", "-newkey", "rsa:2048", *name, *files]
    subprocess.run(command, check=True, capture_output=True)
    return made


def free_port() -> int:
    """A port that nobody uses."""
    with processes.listening() as server:
        return int(server.getsockname()[1])


def configured(text: str, *changes: tuple[str, str]) -> str:
    """The configuration with other ports and files. Each change has to be possible exactly once."""
    for old, new in changes:
        assert text.count(old) == 1, old
        text = text.replace(old, new)
    return text


@contextlib.contextmanager
def nginx(folder: Path, upstream: int, certificate: Path, *others: int) -> Iterator[int]:
    """The port of nginx with our example, in front of this port, or of several."""
    port = free_port()
    site = configured(
        (DEPLOY / "nginx.conf").read_text(),
        ("127.0.0.1:8000", "; server ".join(f"127.0.0.1:{each}" for each in (upstream, *others))),
        ("listen 80;", f"listen 127.0.0.1:{free_port()};"),
        ("listen 443 ssl http2;", f"listen 127.0.0.1:{port} ssl http2;"),
        ("/etc/letsencrypt/live/clinic.example/fullchain.pem", str(certificate)),
        ("/etc/letsencrypt/live/clinic.example/privkey.pem", str(certificate.with_name("key.pem"))),
        ("/var/log/nginx/clinic.log", str(folder / "access.log")),
    )
    (folder / "site.conf").write_text(site)
    kinds = ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    temporary = "".join(f"{kind}_temp_path {folder}/{kind};\n" for kind in kinds)
    (folder / "nginx.conf").write_text(
        f"daemon off;\npid {folder}/pid;\nerror_log {folder}/error.log;\n"
        + ("user root;\n" if os.getuid() == 0 else "")
        + f"events {{}}\nhttp {{\n{temporary}include {folder}/site.conf;\n}}\n"
    )
    with proxy([str(NGINX), "-c", str(folder / "nginx.conf")], port, folder / "errors"):
        yield port


def version_of_caddy() -> tuple[int, ...]:
    """Its version in numbers."""
    done = subprocess.run([str(CADDY), "version"], capture_output=True, text=True, check=True)
    numbers = re.search(r"(\d+)\.(\d+)\.(\d+)", done.stdout)
    assert numbers, done.stdout
    return tuple(map(int, numbers.groups()))


@contextlib.contextmanager
def caddy(folder: Path, upstream: int, certificate: Path) -> Iterator[int]:
    """The port of Caddy with our file, in front of this port."""
    port = free_port()
    site = configured(
        (DEPLOY / "Caddyfile").read_text(),
        (
            "\trequest_body {",
            f"\ttls {certificate} {certificate.with_name('key.pem')}\n\trequest_body {{",
        ),
    )
    options = f"{{\n\tadmin off\n\thttps_port {port}\n\tauto_https disable_redirects\n}}\n"
    (folder / "Caddyfile").write_text(options + site)
    environment = {"CLINIC_UPSTREAM": f"127.0.0.1:{upstream}", "HOME": str(folder)}
    if version_of_caddy() >= NEWER_CADDY:
        environment["CADDY_BUFFERING"] = "request_buffers 2MB"
    command = [str(CADDY), "run", "--config", str(folder / "Caddyfile"), "--adapter", "caddyfile"]
    with proxy(command, port, folder / "access.log", **environment):
        yield port


@contextlib.contextmanager
def proxy(command: list[str], port: int, log: Path, **environment: str) -> Iterator[None]:
    """A proxy that runs, once it accepts connections on its port."""
    with (
        log.open("w") as errors,
        subprocess.Popen(command, env=os.environ | environment, stderr=errors) as process,
    ):
        try:
            deadline = time.monotonic() + PATIENCE
            while True:
                assert process.poll() is None, log.read_text()
                with contextlib.suppress(ConnectionRefusedError):
                    socket.create_connection(("127.0.0.1", port)).close()
                    break
                assert time.monotonic() < deadline
            yield
        finally:
            process.terminate()
            process.wait(PATIENCE)


def drip(port: int, context: ssl.SSLContext) -> ssl.SSLSocket:
    """A visitor who announces a form and never sends the end of it."""
    plain = socket.create_connection(("127.0.0.1", port), timeout=PATIENCE)
    secure = context.wrap_socket(plain, server_hostname="clinic.example")
    secure.sendall(UNFINISHED)
    return secure


class Proxied(Site):
    """The site as visitors reach it through a real proxy, each from an address of their own."""

    def __init__(self, port: int, certificate: Path) -> None:
        super().__init__(port)
        self.visitors = ip_network("127.0.0.0/8").hosts()
        self.context = ssl.create_default_context(cafile=str(certificate))

    def channel(self, visitor: str) -> http.client.HTTPConnection:
        """A connection to the proxy, with TLS."""
        plain = socket.create_connection(
            ("127.0.0.1", self.port), timeout=PATIENCE, source_address=(visitor, 0)
        )
        channel = http.client.HTTPConnection("clinic.example")
        channel.sock = self.context.wrap_socket(plain, server_hostname="clinic.example")
        return channel
