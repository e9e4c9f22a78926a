"""Where a visitor connects from: whose address counts, and who counts as one."""

from datetime import datetime, timedelta
from typing import Any

import pytest
from django.contrib.admin.models import LogEntry
from django.core.exceptions import ValidationError
from django.test import Client, RequestFactory
from django.utils import timezone

from procedures.ground import places, rate_limits
from procedures.models import SharedPlace
from tests import factories

LIMIT = rate_limits.Limit("test", 3, timedelta(hours=1))


def asking(rf: RequestFactory, address: str) -> Any:
    return rf.get("/", headers={"x-forwarded-for": address})


@pytest.mark.parametrize(
    ("proxies", "forwarded", "expected"),
    [
        (0, "203.0.113.9", "127.0.0.1"),
        (1, "203.0.113.9", "203.0.113.9"),
        (1, "forged, 203.0.113.9", "203.0.113.9"),
        (2, "forged, 203.0.113.9, 10.0.0.1", "203.0.113.9"),
        (2, "10.0.0.1", "127.0.0.1"),
        (1, "203.0.113.9:4711", "203.0.113.9"),
        (1, '"203.0.113.9"', "203.0.113.9"),
        (1, "[2001:db8::7]:4711", "2001:db8::7"),
        (1, '"[2001:db8::7]"', "2001:db8::7"),
        (1, "2001:DB8:0::7", "2001:db8::7"),
        (1, "fe80::7%eth0", "fe80::7"),
        (1, "::ffff:203.0.113.9", "203.0.113.9"),
        (1, "[::ffff:203.0.113.9]:4711", "203.0.113.9"),
        (1, "unknown", "None"),
        (1, "_hidden:4711", "None"),
        (1, "203.0.113.999", "None"),
        (1, "", "None"),
    ],
)
def test_only_our_own_proxies_are_believed_however_they_write_it(
    proxies: int, forwarded: str, expected: str, settings: Any, rf: RequestFactory
) -> None:
    settings.PROXIES = proxies
    assert str(places.client_address(asking(rf, forwarded))) == expected


def allowed(rf: RequestFactory, addresses: list[str]) -> int:
    now, count = timezone.now(), 0
    for address in addresses:
        try:
            rate_limits.spend_all(places.by_place(LIMIT, asking(rf, address)), now)
            count += 1
        except rate_limits.TooManyTries:
            pass
    return count


@pytest.mark.django_db
def test_one_person_has_one_limit_with_any_of_their_addresses(
    settings: Any, rf: RequestFactory, monday: datetime
) -> None:
    settings.PROXIES = 1
    one_host = [f"2001:db8:1:2::{n:x}" for n in range(1, 40)]
    assert allowed(rf, one_host) == LIMIT.times
    assert allowed(rf, ["2001:db8:1:3::1"]) == 1
    assert allowed(rf, [f"203.0.113.9:{n}" for n in range(1, 10)]) == LIMIT.times
    assert allowed(rf, ["203.0.113.10"]) == 1


@pytest.mark.django_db
def test_a_whole_network_of_hosts_is_bounded_as_well(
    settings: Any, rf: RequestFactory, monday: datetime
) -> None:
    settings.PROXIES = 1
    many_hosts = [f"2001:db8:1:{n:x}::1" for n in range(60)]
    assert allowed(rf, many_hosts) == LIMIT.times * places.MANY
    assert allowed(rf, ["2001:db8:2:1::1"]) == 1


@pytest.mark.django_db
def test_addresses_that_nobody_can_read_are_bounded_together(
    settings: Any, rf: RequestFactory, monday: datetime
) -> None:
    settings.PROXIES = 1
    assert allowed(rf, [f"nonsense-{n}" for n in range(60)]) == LIMIT.times * places.MANY


@pytest.mark.django_db
def test_a_shared_place_has_a_larger_limit_until_its_last_day(
    settings: Any, rf: RequestFactory, monday: datetime, at: Any
) -> None:
    settings.PROXIES = 1
    SharedPlace.objects.create(
        network="198.51.100.0/28", times=4, note="Kiosk.", until=monday.date()
    )
    waiting_room = [f"198.51.100.{n}" for n in range(16)]
    assert allowed(rf, waiting_room) == LIMIT.times * 4
    assert allowed(rf, ["198.51.100.16"]) == 1
    at(monday + timedelta(days=1))
    assert allowed(rf, ["198.51.100.1"] * 5) == LIMIT.times


@pytest.mark.parametrize(
    ("network", "sentence"),
    [
        ("198.51.100.7", None),
        ("198.51.100.0/24", None),
        ("2001:db8:5::/48", None),
        ("198.51.100.0/23", "This range is too wide. Enter a /24 or a smaller range."),
        ("0.0.0.0/0", "This range is too wide. Enter a /24 or a smaller range."),
        ("2001:db8::/32", "This range is too wide. Enter a /48 or a smaller range."),
        ("198.51.100.7/24", "Enter an address or a range"),
        ("the hospital", "Enter an address or a range"),
    ],
)
def test_a_shared_place_is_a_small_range(network: str, sentence: str | None) -> None:
    field = SharedPlace._meta.get_field("network")
    if sentence is None:
        assert field.clean(network, None) == network
        return
    with pytest.raises(ValidationError, match=sentence):
        field.clean(network, None)


@pytest.mark.django_db
@pytest.mark.parametrize(("group", "code"), [("Manager", 302), ("Reception", 403)])
def test_a_manager_names_a_shared_place_and_it_is_written_down(
    group: str, code: int, client: Client
) -> None:
    user = factories.staff(group)
    client.force_login(user)
    posted = {"network": "198.51.100.7", "times": "10", "note": "Kiosk.", "until": ""}
    assert client.post("/admin/procedures/sharedplace/add/", posted).status_code == code
    named = list(SharedPlace.objects.values_list("network", "times", "until"))
    assert named == ([("198.51.100.7", 10, None)] if code == 302 else [])
    assert LogEntry.objects.filter(user=user).count() == len(named)
