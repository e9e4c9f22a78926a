"""Who may do something how often, and whose address counts."""

from datetime import datetime, timedelta
from typing import Any

import pytest
from django.test import RequestFactory

from procedures import rate_limits
from procedures.models import RateLimit

LIMIT = rate_limits.Limit("test", 3, timedelta(hours=1))


@pytest.mark.django_db
def test_a_limit_holds_for_one_subject_and_one_window(monday: datetime) -> None:
    assert [rate_limits.spend(LIMIT, "a", monday) for _ in range(5)] == [True] * 3 + [False] * 2
    assert rate_limits.spend(LIMIT, "b", monday)
    assert rate_limits.spend(LIMIT, "a", monday + timedelta(hours=1))


@pytest.mark.django_db
def test_what_is_stored_does_not_tell_the_address(monday: datetime) -> None:
    rate_limits.spend(LIMIT, "192.0.2.7", monday)
    row = RateLimit.objects.get()
    assert "192.0.2.7" not in row.key
    assert len(row.key) == 64


@pytest.mark.django_db
def test_past_windows_are_forgotten(monday: datetime) -> None:
    rate_limits.spend(LIMIT, "a", monday)
    rate_limits.spend(LIMIT, "a", monday + timedelta(hours=1))
    assert rate_limits.forget_past_windows(monday + timedelta(hours=1, minutes=1)) == 1


@pytest.mark.parametrize(
    ("proxies", "forwarded", "expected"),
    [
        (0, "203.0.113.9", "127.0.0.1"),
        (1, "203.0.113.9", "203.0.113.9"),
        (1, "forged, 203.0.113.9", "203.0.113.9"),
        (2, "forged, 203.0.113.9, 10.0.0.1", "203.0.113.9"),
        (2, "10.0.0.1", "127.0.0.1"),
    ],
)
def test_only_our_own_proxies_are_believed(
    proxies: int, forwarded: str, expected: str, settings: Any, rf: RequestFactory
) -> None:
    settings.PROXIES = proxies
    request = rf.get("/", headers={"x-forwarded-for": forwarded})
    assert rate_limits.client_address(request) == expected
