"""The navigation of the desk, and what is found from every page."""

import re
from collections.abc import Callable
from datetime import date, datetime
from typing import Any

import pytest
from django.test import Client

from tests import factories
from tests.people import LIST, PEOPLE, decide_at, page_of, people_found

SignIn = Callable[[Any], Client]


def ways(content: str) -> list[str]:
    (navigation,) = re.findall(r'<nav aria-label="Desk">(.*?)</nav>', content, re.DOTALL)
    return [" ".join(name.split()) for name in re.findall(r"<a [^>]+>([^<]+)", navigation)]


def here(content: str) -> list[str]:
    found = re.findall(r'aria-current="true">([^<]+)', content)
    return [" ".join(name.split()) for name in found]


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("group", "names"),
    [
        (
            "Reception",
            [
                "Today",
                "Requests",
                "Diary",
                "People",
                "To phone",
                "Pages",
                "Set-up",
                "Book by phone",
            ],
        ),
        ("Editor", ["Today", "Pages", "Set-up"]),
    ],
)
def test_everybody_sees_where_they_may_go(group: str, names: list[str], sign_in: SignIn) -> None:
    assert ways(sign_in(group).get("/admin/").content.decode()) == names


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("address", "name"),
    [
        ("/admin/", "Today"),
        (LIST, "Requests"),
        (PEOPLE, "People"),
        (f"{PEOPLE}search/", "People"),
        (f"{LIST}book/", "Book by phone"),
        (f"{LIST}diary/day/", "Diary"),
        (f"{LIST}diary/week/", "Diary"),
        (f"{LIST}to-phone/", "To phone"),
        ("/admin/procedures/revision/", "Pages"),
        ("/admin/procedures/source/", "Pages"),
        ("/admin/set-up/", "Set-up"),
        ("/admin/bookings/closure/", "Set-up"),
        ("/admin/bookings/closure/add/", "Set-up"),
    ],
)
def test_each_page_says_where_it_belongs(address: str, name: str, sign_in: SignIn) -> None:
    assert here(sign_in("Manager").get(address).content.decode()) == [name]


@pytest.mark.django_db
def test_the_pages_of_a_request_lead_everywhere_too(sign_in: SignIn, monday: datetime) -> None:
    request = factories.received(now=monday)
    client = sign_in("Reception")
    for address in (page_of(request), decide_at(request, "offer")):
        content = client.get(address).content.decode()
        assert here(content) == ["Requests"]
        assert '<span class="count">1<' in content


@pytest.mark.django_db
def test_whoever_may_not_see_requests_cannot_look_for_patients(
    client: Client, sign_in: SignIn
) -> None:
    assert 'role="search"' in sign_in("Reception").get("/admin/").content.decode()
    assert 'role="search"' not in sign_in("Editor").get("/admin/").content.decode()
    assert "desk-ways" not in client.get("/admin/login/").content.decode()
    assert sign_in("Editor").get(f"{LIST}to-phone/").status_code == 403


# --- A date of birth --------------------------------------------------------------------------


@pytest.mark.django_db
@pytest.mark.parametrize(
    "typed",
    [
        "31/1/1970",
        "31.01.1970",
        "31-1-1970",
        "31 1 1970",
        "31 January 1970",
        "31 jan 1970",
        "1970-01-31",
        "31-1-70",
        "31011970",
    ],
)
def test_a_patient_is_found_by_date_of_birth(typed: str, sign_in: SignIn, monday: datetime) -> None:
    request = factories.received(now=monday)
    factories.received(date_of_birth=date(1971, 1, 31), now=monday)
    assert people_found(sign_in("Reception"), typed) == {request.person_id}


@pytest.mark.django_db
@pytest.mark.parametrize("typed", ["31/13/1970", "31-1-71", "12 foo 1970", "1970", "١/١/"])
def test_what_is_no_date_is_looked_for_as_a_name(
    typed: str, sign_in: SignIn, monday: datetime
) -> None:
    factories.received(now=monday)
    content = sign_in("Reception").post(f"{PEOPLE}search/", {"term": typed}).content.decode()
    assert "Nobody found" in content
