"""A form that a colleague sent after being signed out is not lost."""

from datetime import datetime
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client

from bookings.status import RequestStatus
from tests import factories
from tests.people import decide_at

pytestmark = pytest.mark.django_db
SIGN_IN = {"username": "reception", "password": "a long password of reception"}


@pytest.fixture
def reception() -> User:
    user = factories.staff("Reception")
    user.set_password(SIGN_IN["password"])
    user.save()
    return user


def hidden(content: str, name: str) -> str:
    before = content.index(f'name="{name}" value="') + len(f'name="{name}" value="')
    return content[before : content.index('"', before)].replace("&amp;", "&")


def test_it_is_carried_over_the_sign_in_and_sent_again(
    client: Client, reception: User, monday: datetime
) -> None:
    request = factories.request_at(RequestStatus.IN_REVIEW, now=monday)
    url = decide_at(request, "decline")
    posted = {"version": str(request.version), "reason": "Ask “a GP” & rest.\nThen call."}
    page = client.post(url, posted)
    content = page.content.decode()
    assert page.status_code == 403
    assert "You were signed out before this was saved." in content
    sent = hidden(content, "sent")

    wrong = client.post("/admin/login/", SIGN_IN | {"password": "x", "next": url, "sent": sent})
    assert hidden(wrong.content.decode(), "sent") == sent
    signed_in = client.post("/admin/login/", SIGN_IN | {"next": url, "sent": sent})
    again = signed_in.content.decode()
    assert f'action="{url}"' in again
    assert "Ask “a GP” &amp; rest.\nThen call." in again
    request.refresh_from_db()
    assert request.status == RequestStatus.IN_REVIEW
    client.post(url, posted)
    request.refresh_from_db()
    assert request.status == RequestStatus.DECLINED


def test_a_foreign_address_gets_nothing(client: Client, reception: User) -> None:
    fields = {"next": "https://evil.example/", "sent": "reason=planted"}
    content = client.post("/admin/login/", SIGN_IN | fields).content.decode()
    assert 'action="/admin/"' in content or 'action="https://evil' not in content
    assert "evil.example" not in content


def test_a_password_is_not_carried_along(client: Client) -> None:
    posted = {"old_password": "secret", "new_password1": "x", "new_password2": "x"}
    answer: Any = client.post("/admin/password_change/", posted)
    assert answer.headers["Location"] == "/admin/login/?next=/admin/password_change/"


def test_whoever_only_looks_is_led_to_the_sign_in_as_before(client: Client) -> None:
    answer: Any = client.get("/admin/")
    assert answer.headers["Location"] == "/admin/login/?next=/admin/"
