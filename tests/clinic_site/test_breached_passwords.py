"""Passwords from breaches are refused, out of a file that is searched and never loaded."""

import hashlib
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.models import User
from hypothesis import given
from hypothesis import strategies as st

from clinic_site.breached_passwords import Listed, listed_in
from tests import factories
from tests.clinic_site.test_staff_sessions import PASSWORD, browser, with_password

STOLEN = "four-quite-unrelated-words"


def sha1(password: str) -> str:
    return hashlib.sha1(password.encode()).hexdigest().upper()


def write(path: Path, passwords: set[str], shape: str = "{}:7\r\n") -> Path:
    """A list of these passwords in the order and the shape of the published one."""
    path.write_bytes("".join(shape.format(each) for each in sorted(map(sha1, passwords))).encode())
    return path


@pytest.fixture
def stolen(tmp_path: Path, settings: Any) -> Path:
    """A made-up list with one password that somebody here wants to have."""
    passwords = {STOLEN, *(f"made-up-{number}" for number in range(1000))}
    path = write(tmp_path / "breached.txt", passwords)
    settings.BREACHED_PASSWORDS = str(path)
    return path


@given(
    st.sets(st.text(st.characters(codec="utf-8")), max_size=40),
    st.text(st.characters(codec="utf-8")),
    st.sampled_from(["{}:7\r\n", "{}:123456789\n", "{}\n"]),
)
def test_it_finds_what_is_in_the_list_and_nothing_else(
    tmp_path_factory: Any, passwords: set[str], other: str, shape: str
) -> None:
    path = write(tmp_path_factory.getbasetemp() / "list.txt", passwords, shape)
    with listed_in(str(path)) as listed:
        assert all(map(listed.has, passwords))
        assert listed.has(other) == (other in passwords)
        assert listed.is_in_order() == bool(passwords)


def test_it_reads_few_lines_of_a_list_however_long(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "long.txt"
    lines = 200_000
    step = 2**160 // lines
    with path.open("w") as file:
        file.writelines(f"{number * step:040X}:1\n" for number in range(lines))
    listed = Listed(path)
    read: list[int] = []
    original = listed._line_from

    def counting(at: int) -> bytes:
        read.append(at)
        return original(at)

    monkeypatch.setattr(listed, "_line_from", counting)
    assert not listed.has("not one of them")
    assert len(read) <= path.stat().st_size.bit_length() + 1
    listed.file.close()


@pytest.mark.django_db
def test_a_stolen_password_is_refused_wherever_one_is_chosen(
    stolen: Path, monday: Any, settings: Any
) -> None:
    reception = with_password(factories.staff("Reception"))
    client = browser(reception)

    def choose(password: str) -> str:
        new = {"new_password1": password, "new_password2": password}
        answer = client.post("/admin/password_change/", {"old_password": PASSWORD, **new})
        return answer.text if answer.status_code == 200 else "chosen"

    assert "stolen from another site, so strangers try it" in choose(STOLEN)
    stolen.rename(stolen.with_suffix(".away"))
    assert "cannot be read. Tell whoever runs the server" in choose(STOLEN)
    settings.BREACHED_PASSWORDS = ""
    assert choose(STOLEN) == "chosen"
    assert User.objects.get(pk=reception.pk).check_password(STOLEN)
