"""What a standard asks and no test of a part happens to look at: passwords as typed, links, headers."""

import re
from datetime import datetime
from typing import Any

import pytest
from django.core import signing
from django.test import Client
from django.urls import get_resolver

from bookings.links import SALT as OF_A_REQUEST
from bookings.links import follow
from procedures.models.staff import SALT as OF_AN_INVITATION
from procedures.models.staff import Invitation
from tests import factories
from tests.clinic_site.test_observatory import addresses

pytestmark = pytest.mark.django_db
LONG = "  Three Unrelated Words, " + 8 * "and eight more. " + " "


@pytest.mark.parametrize("wrong", [LONG.strip(), LONG.lower(), LONG[:72]])
def test_a_password_of_any_length_is_checked_as_it_was_typed(wrong: str, monday: datetime) -> None:
    user = factories.staff("Reception")
    user.set_password(LONG)
    user.save()

    def sign_in(password: str) -> int:
        posted = {"username": user.username, "password": password}
        return Client().post("/admin/login/", posted).status_code

    assert (sign_in(wrong), sign_in(LONG)) == (200, 302)


def test_a_link_of_one_kind_opens_nothing_of_another(monday: datetime) -> None:
    request = factories.received(now=monday)
    names = [request.link_key, request.link_version]
    assert follow(signing.dumps(names, salt=OF_A_REQUEST), monday) == request
    assert follow(signing.dumps(names, salt=OF_AN_INVITATION), monday) is None
    assert Invitation.of_link(signing.dumps(1, salt=OF_A_REQUEST)) is None
    assert OF_A_REQUEST != OF_AN_INVITATION


def test_a_password_is_hidden_while_it_is_typed(sign_in: Any) -> None:
    signing_in = Client().get("/admin/login/").content.decode()
    changing = sign_in("Reception").get("/admin/password_change/").content.decode()
    hidden = re.compile(r'<input type="password" name="(\w+)"')
    assert hidden.findall(signing_in) == ["password"]
    assert hidden.findall(changing) == ["old_password", "new_password1", "new_password2"]
    assert not re.search(r'type="text" name="\w*password', signing_in + changing)


@pytest.mark.lengthy
def test_every_answer_says_its_type_and_lets_no_other_site_read_it(monday: datetime) -> None:
    client = Client(headers={"origin": "https://evil.example"})
    for address in dict.fromkeys(addresses(get_resolver().url_patterns)):
        answer = client.get(address)
        kind = answer.headers.get("Content-Type", "")
        assert kind.endswith("charset=utf-8") or not kind.startswith("text/"), address
        assert kind or not answer.content, address
        assert "Access-Control-Allow-Origin" not in answer.headers, address
