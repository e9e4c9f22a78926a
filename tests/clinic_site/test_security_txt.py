"""Whoever finds a weakness of the site can read whom to tell (RFC 9116)."""

from datetime import datetime, timedelta
from typing import Any

import pytest
from django.test import Client

ADDRESS = "/.well-known/security.txt"


@pytest.mark.parametrize(
    ("contact", "said"),
    [
        ("security@clinic.example", "mailto:security@clinic.example"),
        ("a+b%c@clinic.example", "mailto:a%2Bb%25c@clinic.example"),
        ("https://clinic.example/tell-us", "https://clinic.example/tell-us"),
    ],
)
def test_it_says_whom_to_tell(
    contact: str, said: str, client: Client, monday: datetime, settings: Any
) -> None:
    settings.SECURITY_CONTACT = contact
    answer = client.get(ADDRESS)
    assert answer.headers["Content-Type"] == "text/plain; charset=utf-8"
    assert answer.content.decode().splitlines() == [
        f"Contact: {said}",
        "Expires: 2027-05-22T00:00:00Z",
        "Preferred-Languages: en",
        f"Canonical: https://clinic.example{ADDRESS}",
    ]


def test_it_is_always_true_for_months_and_never_for_a_year(
    client: Client, monday: datetime, at: Any, settings: Any
) -> None:
    settings.SECURITY_CONTACT = "security@clinic.example"
    for days in (0, 100, 1000):
        now = monday + timedelta(days=days)
        at(now)
        (line,) = [
            each
            for each in client.get(ADDRESS).content.decode().splitlines()
            if each.startswith("Expires: ")
        ]
        left = datetime.fromisoformat(line.removeprefix("Expires: ")) - now
        assert timedelta(days=90) < left < timedelta(days=365)


@pytest.mark.django_db
def test_without_a_contact_there_is_none(client: Client, settings: Any) -> None:
    settings.SECURITY_CONTACT = ""
    assert client.get(ADDRESS).status_code == 404
