"""How fast a signed page is served, as a ratio to bare gunicorn with the same bytes."""

import contextlib
import tempfile
from itertools import repeat
from pathlib import Path

from installed import install
from load import Target, ask, compare, free_port, gunicorn, report, request

PAGE = "/procedures/ultrasound-guided-injections/"
ACCEPT = {"plain": "identity", "gzip": "gzip", "brotli": "br"}


def main() -> None:
    """Compare three kinds of servers, each with one worker on one core."""
    with tempfile.TemporaryDirectory() as folder, contextlib.ExitStack() as servers:
        environment = install(f"sqlite:///{folder}/clinic.sqlite3")
        site = free_port()
        servers.enter_context(gunicorn("clinic_site.wsgi", site, environment))
        targets = []
        for name, encoding in ACCEPT.items():
            asked = request(PAGE, f"Accept-Encoding: {encoding}")
            ours = Target(f"signed page, {name}", site, repeat(asked))
            head, _, body = ask(ours).partition(b"\r\n\r\n")
            kept = Path(folder) / name
            kept.write_bytes(body)
            bare = free_port()
            own = {"BENCH_BODY": str(kept)}
            yardstick = "script.benches.yardsticks"
            servers.enter_context(gunicorn(f"{yardstick}:bare", bare, own))
            targets += [Target(f"bare gunicorn, {name}", bare, repeat(asked)), ours]
            if name == "plain":
                least = free_port()
                servers.enter_context(gunicorn(f"{yardstick}:django()", least, own))
                targets.append(Target("least Django, plain", least, repeat(asked)))
                etag = head.partition(b"ETag: ")[2].partition(b"\r\n")[0].decode()
                seen = request(PAGE, f"If-None-Match: {etag}", "Accept-Encoding: identity")
                targets.append(Target("signed page, 304", site, repeat(seen), b"HTTP/1.1 304"))
        report(compare(targets), "bare gunicorn, plain")


main()
