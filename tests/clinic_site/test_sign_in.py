"""Signing in and changing the password: guessing is stopped, and people who know theirs are not."""

import threading
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.test import Client

from clinic_site import sign_in as door
from tests import factories
from tests.races import race

pytestmark = pytest.mark.django_db
RIGHT, WRONG = "three-unrelated-words", "something-else"
ALLOWED = door.SIGN_IN_AS_ONE_PERSON.times


@pytest.fixture
def reception(settings: Any) -> User:
    settings.PROXIES = 1
    user = factories.staff("Reception")
    user.set_password(RIGHT)
    user.save()
    return user


@pytest.fixture
def checks(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Every password that is hashed."""
    seen: list[str] = []
    original = User.check_password

    def counted(self: User, raw: str) -> bool:
        seen.append(raw)
        return original(self, raw)

    monkeypatch.setattr(User, "check_password", counted)
    return seen


def sign_in(password: str, name: str = "reception", at: str = "203.0.113.9") -> Any:
    return Client(headers={"x-forwarded-for": at}).post(
        "/admin/login/", {"username": name, "password": password}
    )


def test_the_right_password_costs_nothing(reception: User, monday: datetime) -> None:
    assert {sign_in(RIGHT).status_code for _ in range(ALLOWED + 1)} == {302}
    many = door.SIGN_IN_FROM_ONE_PLACE.times + 5
    colleagues = [factories.staff("Reception", f"colleague-{n}") for n in range(many)]
    for colleague in colleagues:
        colleague.password = reception.password
        colleague.save()
    assert {sign_in(RIGHT, colleague.username).status_code for colleague in colleagues} == {302}


def test_it_leads_to_the_desk(reception: User) -> None:
    assert sign_in(RIGHT).headers["Location"] == "/admin/"


def test_every_way_of_writing_a_name_is_one_name(
    reception: User, monday: datetime, checks: list[str]
) -> None:
    names = [
        "reception",
        " reception",
        "ｒeception",
        "reception ",
        "\treception",
        "ｒｅception",
        "Reception",
    ]
    codes = [sign_in(WRONG, name).status_code for name in names]
    assert codes == [200] * ALLOWED + [429] * (len(names) - ALLOWED)
    assert len(checks) == ALLOWED


def test_one_host_with_many_addresses_has_one_limit(reception: User, monday: datetime) -> None:
    codes = [sign_in(WRONG, at=f"2001:db8:1:2::{n:x}").status_code for n in range(1, 9)]
    assert codes == [200] * ALLOWED + [429] * (8 - ALLOWED)


def test_a_refused_colleague_is_told_until_when(reception: User, monday: datetime) -> None:
    for _ in range(ALLOWED):
        sign_in(WRONG)
    answer = sign_in(RIGHT)
    assert answer.status_code == 429
    assert answer.headers["Retry-After"] == f"{15 * 60}"
    assert "Monday 23 November</b>" in answer.content.decode().replace(" at 10:15", "</b>", 1)
    assert "020 7946 0958" in answer.content.decode()


def test_tries_of_one_name_do_not_stop_another_at_the_same_place(
    reception: User, monday: datetime
) -> None:
    for _ in range(40):
        sign_in(WRONG, "somebody")
    assert sign_in(RIGHT).status_code == 302


@pytest.mark.parametrize("name", ["reception", "nobody-has-this-name"])
def test_guessing_from_many_places_is_stopped_but_not_where_the_owner_was(
    name: str, reception: User, monday: datetime, at: Any
) -> None:
    """A name that nobody has is treated in the same way."""
    assert sign_in(RIGHT, at="198.51.100.1").status_code == 302
    at(monday + timedelta(days=29))
    limit = door.SIGN_IN_FROM_NEW_PLACES.times
    codes = [sign_in(WRONG, name, f"203.0.113.{n}").status_code for n in range(limit + 5)]
    assert codes == [200] * limit + [429] * 5
    assert sign_in(RIGHT, at="198.51.100.2").status_code == (429 if name == "reception" else 302)
    assert sign_in(RIGHT, at="198.51.100.1").status_code == 302
    at(monday + timedelta(days=29, hours=1))
    assert sign_in(RIGHT, at="198.51.100.2").status_code == 302


def test_no_more_passwords_are_checked_at_once_than_there_is_room_for(
    reception: User, monkeypatch: pytest.MonkeyPatch, checks: list[str]
) -> None:
    full = threading.BoundedSemaphore(1)
    full.acquire()
    monkeypatch.setattr(door, "hashing", full)
    monkeypatch.setattr(door, "PATIENCE_SECONDS", 0)
    answer = sign_in(RIGHT)
    assert answer.status_code == 429
    assert 0 < int(answer.headers["Retry-After"]) <= 5
    assert checks == []
    full.release()
    assert sign_in(RIGHT).status_code == 302
    assert sign_in(WRONG).status_code == 200
    assert full.acquire(blocking=False)


@pytest.mark.django_db(transaction=True)
def test_many_guesses_at_one_moment_are_counted_exactly(
    reception: User, checks: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(door, "PATIENCE_SECONDS", 30)
    codes = [answer.status_code for answer in race([lambda: sign_in(WRONG)] * 12)]
    assert sorted(codes) == [200] * ALLOWED + [429] * (12 - ALLOWED)
    assert len(checks) == ALLOWED


# --- The second door ------------------------------------------------------------------------


def change(old: str, new: str = "four-quite-unrelated-words") -> Any:
    client = Client(headers={"x-forwarded-for": "203.0.113.9"})
    client.force_login(User.objects.get(username="reception"))
    return client.post(
        "/admin/password_change/",
        {"old_password": old, "new_password1": new, "new_password2": new},
    )


def test_guessing_the_old_password_is_stopped_as_at_the_first_door(
    reception: User, monday: datetime, checks: list[str]
) -> None:
    codes = [change(WRONG).status_code for _ in range(ALLOWED + 3)]
    assert codes == [200] * ALLOWED + [429] * 3
    assert checks == [WRONG] * ALLOWED
    assert sign_in(RIGHT).status_code == 429


def test_the_right_old_password_costs_nothing(reception: User, monday: datetime) -> None:
    for _ in range(ALLOWED + 3):
        assert "too short" in change(RIGHT, "short").content.decode()
    assert change(RIGHT).status_code == 302
    assert sign_in("four-quite-unrelated-words").status_code == 302


# --- What a password is made of -------------------------------------------------------------


@pytest.mark.parametrize(
    ("password", "good"),
    [
        ("three-unrelated-words", True),
        ("clinic-hydrant-marble", True),
        ("reception-hydrant-marble", True),
        ("passwordpassword", False),
        ("Password-2026!", False),
        ("ExampleLaneClinic", False),
        ("exampleclinic2026", False),
        ("clinic.example.1", False),
        ("receptionreception", False),
        ("Winterbottom2026", False),
        ("abababababab", False),
    ],
)
def test_a_password_is_not_made_of_what_a_stranger_tries_first(password: str, good: bool) -> None:
    user = User(username="reception", first_name="Sam", last_name="Winterbottom")
    if good:
        validate_password(password, user)
        return
    with pytest.raises(ValidationError):
        validate_password(password, user)
