"""Time stamps of checkpoints, by an authority that is made here."""

import subprocess
from collections.abc import Callable
from datetime import datetime
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import DatabaseError
from django.test import Client

from procedures.log import checkpoints, stamps
from procedures.models import TimeStamp
from procedures.status import RevisionStatus
from tests import factories
from tests.http_servers import StandIn

pytestmark = pytest.mark.django_db

CONFIGURATION = """
[tsa]
serial = {folder}/serial
crypto_device = builtin
signer_digest = sha256
default_policy = 1.2.3.4.1
digests = sha256
ess_cert_id_alg = sha256
"""


def openssl(folder: Path, command: str) -> str:
    ran = subprocess.run(
        ["openssl", *command.split()], cwd=folder, capture_output=True, text=True, check=True
    )
    return ran.stdout + ran.stderr


@pytest.fixture
def authority(tmp_path: Path, settings: Any) -> Callable[[bytes], bytes]:
    """An authority with a root of its own, which the settings trust."""
    new = "req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 3650"
    for name in ("root", "stranger"):
        openssl(tmp_path, f"{new} -subj /CN={name} -keyout {name}.key -out {name}.pem")
    (tmp_path / "usage").write_text("extendedKeyUsage=critical,timeStamping\n")
    key = "-newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes"
    openssl(tmp_path, f"req {key} -subj /CN=tsa -keyout tsa.key -out tsa.csr")
    signing = "-CA root.pem -CAkey root.key -CAcreateserial -days 3650 -extfile usage"
    openssl(tmp_path, f"x509 -req -in tsa.csr {signing} -out tsa.pem")
    (tmp_path / "configuration").write_text(CONFIGURATION.format(folder=tmp_path))
    (tmp_path / "serial").write_text("01\n")
    settings.TIMESTAMP_URL = "https://tsa.example.org/"
    settings.TIMESTAMP_ROOT = str(tmp_path / "root.pem")

    def answer(request: bytes) -> bytes:
        (tmp_path / "request").write_bytes(request)
        how = "-config configuration -section tsa -signer tsa.pem -inkey tsa.key"
        openssl(tmp_path, f"ts -reply -queryfile request {how} -out answer")
        return (tmp_path / "answer").read_bytes()

    return answer


def ran(*arguments: str) -> str:
    out = StringIO()
    call_command("timestamp", *arguments, stdout=out)
    return out.getvalue()


def test_a_checkpoint_is_stamped_once_and_anybody_can_check_it(
    authority: Callable[[bytes], bytes],
    monkeypatch: pytest.MonkeyPatch,
    client: Client,
    tmp_path: Path,
    settings: Any,
    monday: datetime,
) -> None:
    factories.revision(RevisionStatus.PUBLISHED, now=monday)
    checkpoints.sign(monday)
    monkeypatch.setattr(stamps, "ask", lambda request: authority(request)[:-1])
    with pytest.raises(CommandError, match="The time stamp is refused"):
        ran()
    monkeypatch.setattr(stamps, "ask", authority)
    assert "Stamped by tsa.example.org: 2 entries." in ran()
    assert "There is nothing new to stamp." in ran()
    assert "All stamps are right." in ran("--verify")
    assert "tsa.example.org</strong>, a time authority" in client.get("/log/").text
    for end in ("note", "tsr"):
        (tmp_path / end).write_bytes(client.get(f"/log/stamp/2.{end}").content)
    assert "Verification: OK" in openssl(tmp_path, "ts -verify -data note -in tsr -CAfile root.pem")
    kept = TimeStamp.objects.get()
    kept.checkpoint.note += "more"
    with pytest.raises(stamps.StampRefused):
        stamps.check(kept, stamps.trusted())
    settings.TIMESTAMP_ROOT = str(tmp_path / "stranger.pem")
    with pytest.raises(CommandError, match="The time stamp is refused"):
        ran("--verify")
    assert client.get("/log/stamp/1.tsr").status_code == 404
    settings.TIMESTAMP_ROOT = None
    with pytest.raises(CommandError, match="Set TIMESTAMP_URL"):
        ran()
    with pytest.raises(DatabaseError):
        TimeStamp.objects.all().delete()


def test_an_authority_is_asked_over_http(settings: Any) -> None:
    with StandIn(b"An answer.") as there:
        settings.TIMESTAMP_URL = f"{there.url}/stamp"
        assert stamps.ask(b"A request.") == b"An answer."
    assert there.asked == [("/stamp", "application/timestamp-query", b"A request.")]


def test_an_answer_that_was_not_kept_whole_is_no_stamp() -> None:
    with pytest.raises(stamps.StampRefused):
        stamps.answer_of(TimeStamp(answer="@"))
