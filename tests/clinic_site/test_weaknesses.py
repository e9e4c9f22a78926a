"""Which libraries have a known weakness: asked every night, and the operator is told."""

import contextlib
import json
import threading
from collections.abc import Iterator
from datetime import datetime
from http.server import BaseHTTPRequestHandler, HTTPServer
from importlib import metadata
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command

from clinic_site import doctor, weaknesses
from clinic_site.doctor import Finding
from clinic_site.evidence.parts import LOCKED

pytestmark = pytest.mark.django_db
ROOT = Path(__file__).parent.parent.parent


class StandIn(HTTPServer):
    """The list of weaknesses: what it was asked, and the weaknesses of each library."""

    asked: list[dict[str, Any]]
    weak: dict[str, list[str]]
    status = 200
    instead: bytes | None = None


class Handler(BaseHTTPRequestHandler):
    server: StandIn

    def do_POST(self) -> None:
        told = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        self.server.asked = told["queries"]
        ids = [self.server.weak.get(each["package"]["name"]) for each in self.server.asked]
        results = [{"vulns": [{"id": each} for each in found]} if found else {} for found in ids]
        self.send_response(self.server.status)
        self.end_headers()
        self.wfile.write(self.server.instead or json.dumps({"results": results}).encode())

    def log_message(self, *args: Any) -> None:
        """Say nothing."""


@pytest.fixture
def known(settings: Any) -> Iterator[StandIn]:
    """A list of weaknesses on this machine, which knows none yet."""
    with StandIn(("127.0.0.1", 0), Handler) as server:
        settings.WEAKNESSES_URL = f"http://127.0.0.1:{server.server_port}"
        server.weak = {}
        threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        yield server
        server.shutdown()


def libraries(now: datetime) -> list[Finding]:
    return list(next(each for each in doctor.CHECKS if each.name == "Libraries").find(now))


def test_what_is_asked_about_is_what_is_installed(known: StandIn, monday: datetime) -> None:
    assert libraries(monday) == []
    versions = {each["package"]["name"]: each["version"] for each in known.asked}
    assert {each["package"]["ecosystem"] for each in known.asked} == {"PyPI"}
    assert versions["django"] == metadata.version("django")
    assert versions["django-otp"] == metadata.version("django_otp")
    lock = (ROOT / "requirements.txt").read_text()
    here = {name.lower() for name, _ in LOCKED.findall(lock) if is_installed(name)}
    assert here - versions.keys() == set()
    # Only installs, and is in every virtual environment, at whatever version.
    assert "pip" not in versions


def is_installed(name: str) -> bool:
    with contextlib.suppress(metadata.PackageNotFoundError):
        return bool(metadata.version(name))
    return False


def test_the_operator_is_told_the_next_night_of_a_library_with_a_known_weakness(
    known: StandIn,
    monday: datetime,
    settings: Any,
    mailoutbox: Any,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """By the command with which `deploy/daily` ends."""
    settings.OPERATOR_EMAIL = "operator@example.org"
    checks = [each for each in doctor.CHECKS if each.name == "Libraries"]
    monkeypatch.setattr(doctor, "CHECKS", checks)
    call_command("doctor", "--mail", stdout=StringIO())
    assert mailoutbox == []
    known.weak = {"django": ["GHSA-1", "PYSEC-2"], "gunicorn": ["GHSA-3"]}
    with pytest.raises(SystemExit):
        call_command("doctor", "--mail", stdout=StringIO())
    (email,) = mailoutbox
    django, gunicorn = (metadata.version(name) for name in ("django", "gunicorn"))
    assert f"WRONG: django {django} has a known weakness: GHSA-1, PYSEC-2." in email.body
    assert f"WRONG: gunicorn {gunicorn} has a known weakness: GHSA-3." in email.body
    assert "https://osv.dev/GHSA-3" in email.body


def test_a_weakness_that_was_accepted_hides_no_other(
    known: StandIn, monday: datetime, settings: Any
) -> None:
    known.weak = {"django": ["GHSA-1", "GHSA-2"], "gunicorn": ["GHSA-1"]}
    settings.WEAKNESSES_ACCEPTED = ["GHSA-1"]
    assert weaknesses.known() == {f"django {metadata.version('django')}": ["GHSA-2"]}


def test_nobody_to_ask_and_no_answer_are_said(
    known: StandIn, monday: datetime, settings: Any
) -> None:
    known.status = 503
    (finding,) = libraries(monday)
    assert finding.said == "We could not ask about weaknesses of libraries: HTTPError."
    assert not finding.is_urgent
    settings.WEAKNESSES_URL = ""
    (finding,) = libraries(monday)
    assert finding.said == "The site does not check its libraries for known weaknesses."
    assert not finding.is_urgent


@pytest.mark.parametrize(
    "instead",
    [
        b"<html>Welcome to this network</html>",
        b"[]",
        b"{}",
        b'{"results": [[]]}',
        b'{"results": [{"vulns": ["GHSA-1"]}]}',
        b'{"results": []}' + b" " * weaknesses.MOST_BYTES + b"x",
        b"[" * 100_000,
    ],
)
def test_an_answer_that_is_none_is_not_a_fault_of_the_code(
    known: StandIn, monday: datetime, settings: Any, instead: bytes
) -> None:
    known.instead = instead
    (finding,) = libraries(monday)
    assert finding.said.startswith("We could not ask about weaknesses of libraries: its answer ")
    assert finding.remedy == f"curl --include {settings.WEAKNESSES_URL}"
    assert not finding.is_urgent


def test_every_id_is_named_so_that_each_can_be_accepted(
    known: StandIn, monday: datetime, settings: Any
) -> None:
    """One weakness has several: whoever accepted the first only would hear of it again."""
    ids = [f"{kind}-{number}" for number in range(10) for kind in ("GHSA", "PYSEC")]
    known.weak = {"django": ids}
    (finding,) = libraries(monday)
    assert finding.said.endswith(f" has a known weakness: {', '.join(ids)}.")
    settings.WEAKNESSES_ACCEPTED = ids
    assert libraries(monday) == []


def test_the_desk_asks_nobody(known: StandIn, monday: datetime) -> None:
    known.asked = []
    names = [report.name for report in doctor.examine(monday, goes_out=False)]
    assert "Libraries" not in names
    assert known.asked == []
