"""A link of the desk leads somewhere, and whoever is refused or lost finds the way back."""

import re
from collections import deque
from collections.abc import Callable
from datetime import datetime
from html import unescape
from urllib.parse import urldefrag, urljoin, urlsplit

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.urls import resolve

from clinic_site.groups import GROUPS
from tests import factories

pytestmark = [pytest.mark.django_db, pytest.mark.sqlite]
SignIn = Callable[[User | str], Client]
DESK = "/admin/"


def kind_of(address: str) -> tuple[str, str]:
    """What a page is, whichever record it is about."""
    found = resolve(urlsplit(address).path)
    return found.view_name, str(found.kwargs.get("slug", ""))


def links_of(page: str, address: str) -> list[str]:
    """The addresses of the desk to which the page leads, in its order."""
    found = re.findall(r'<a\b[^>]*?\bhref="([^"]+)"', page)
    whole = (urldefrag(urljoin(address, unescape(each)))[0] for each in found)
    return [each for each in dict.fromkeys(whole) if each.startswith(DESK)]


def closed_ways(client: Client) -> set[str]:
    """The links that somebody is shown and may not follow, one of each kind, from Today on."""
    queue, asked, closed = deque([(DESK, "")]), {kind_of(DESK)}, set()
    while queue:
        address, shown_on = queue.popleft()
        answer = client.get(address)
        if answer.status_code >= 400:
            closed.add(f"{answer.status_code}: {address} on {shown_on}")
        if not answer.headers.get("Content-Type", "").startswith("text/html"):
            continue
        for link in links_of(answer.content.decode(), address):
            if (kind := kind_of(link)) not in asked:
                asked.add(kind)
                queue.append((link, address))
    return closed


@pytest.mark.lengthy
@pytest.mark.parametrize("role", GROUPS)
def test_every_link_can_be_followed(role: str, demonstration: datetime, sign_in: SignIn) -> None:
    assert closed_ways(sign_in(role)) == set()


@pytest.mark.parametrize("role", ["Reception", "Clinician"])
def test_only_whoever_may_change_hours_is_led_there(
    role: str, sign_in: SignIn, monday: datetime
) -> None:
    place = factories.location()
    change = f"{DESK}bookings/location/{place.pk}/hours/"
    for address in ("", f"{place.pk}/change/"):
        under = f"{DESK}bookings/location/{address}"
        assert change not in links_of(sign_in(role).get(under).content.decode(), under)
        assert change in links_of(sign_in("Manager").get(under).content.decode(), under)


@pytest.mark.parametrize(
    ("address", "status", "heading"),
    [
        ("set-up/doctor/", 403, "You cannot open this page"),
        ("bookings/appointmentrequest/99999/change/", 404, "Page not found"),
        ("bookings/appointmentrequest/99999/decide/call/", 404, "Page not found"),
        ("bookings/location/99999/change/", 404, "Page not found"),
        ("procedures/revision/99999/change/", 404, "Page not found"),
        ("nothing/", 404, "Page not found"),
    ],
)
def test_whoever_is_lost_at_the_desk_finds_the_way_back(
    address: str, status: int, heading: str, sign_in: SignIn, monday: datetime
) -> None:
    answer = sign_in("Reception").get(DESK + address)
    page = answer.content.decode()
    assert answer.status_code == status
    assert f"<h1>{heading}</h1>" in page
    assert '<a href="/admin/">Back to Today</a>' in page
    assert '<nav aria-label="Desk">' in page
    assert "If you would rather talk to us" not in page


def test_other_refusals_at_the_desk_lead_back_too(sign_in: SignIn, monday: datetime) -> None:
    answer = sign_in("Reception").post(
        f"{DESK}bookings/appointmentrequest/to-phone/letters/sheets/"
    )
    page = answer.content.decode()
    assert answer.status_code == 405
    assert '<a href="/admin/">Back to Today</a>' in page
    assert "If you would rather talk to us" not in page


def test_a_stranger_learns_nothing_of_the_desk(client: Client) -> None:
    answer = client.get(f"{DESK}bookings/location/99999/change/")
    assert answer.headers["Location"].startswith(f"{DESK}login/")
    assert "Back to Today" not in client.get("/nothing/").content.decode()
