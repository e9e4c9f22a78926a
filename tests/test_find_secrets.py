"""A secret that was committed is found by its form, and an example is not."""

import runpy
from pathlib import Path
from typing import Any

import pytest

from tests.processes import ROOT

SCRIPT: dict[str, Any] = runpy.run_path(str(ROOT / "script" / "find_secrets.py"))
# Put together here, so that this file has none.
PLANTED = {
    "a private key": "-----BEGIN RSA " + "PRIVATE KEY-----",
    "a private key of age": "AGE-SECRET-" + "KEY-1" + "Q" * 58,
    "a key of Amazon": "AKIA" + "ABCDEFGHIJKLMNOP",
    "a token of GitHub or GitLab": "ghp_" + "a1" * 18,
    "a token of Slack": "xoxb-" + "1234567890-abc",
    "a key of Stripe": "sk_live_" + "a1" * 12,
    "a key of Google": "AIza" + "a" * 35,
    "one of our own keys": "SECRET_" + "KEY='" + "a-_1" * 17 + "'",
    "a password in an address": "EMAIL_URL=smtp+tls://" + "desk:hunter2@mail.clinic.example",
}


@pytest.mark.parametrize("what", SCRIPT["SECRETS"])
def test_each_kind_of_secret_is_found_and_not_repeated(what: str, tmp_path: Path) -> None:
    file = tmp_path / "settings"
    file.write_text(f"# fine\n{PLANTED[what]}\n")
    assert list(SCRIPT["found"]([file])) == [f"{file}:2: this looks like {what}"]


def test_an_example_is_no_secret_and_the_repository_has_none(tmp_path: Path) -> None:
    file = tmp_path / "example"
    file.write_text("postgres://clinic:password@host/name\nSECRET_KEY=''\n")
    assert list(SCRIPT["found"]([file])) == []
    assert list(SCRIPT["found"](SCRIPT["tracked"]())) == []
