"""What the desk says is new, and the keys that somebody may turn off."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
import time_machine
from django.conf import settings
from django.test import Client

from bookings import journal, triage
from bookings.status.events import Event
from procedures.models import StaffSession
from tests import factories

pytestmark = pytest.mark.django_db
SignIn = Callable[[Any], Client]
MINUTE = timedelta(minutes=1)
DESK, NEWS = "/admin/", "/admin/news/"


def said(client: Client, since: datetime, **headers: str) -> str:
    answer = client.get(NEWS, {"since": int(since.timestamp())}, headers=headers)
    assert answer.status_code == 200
    return answer.content.decode()


def test_what_others_did_is_said_without_a_name(sign_in: SignIn, monday: datetime) -> None:
    old = factories.received(now=monday - MINUTE, name="Canaryname")
    with time_machine.travel(monday + MINUTE, tick=False):
        client = sign_in("Reception")
        assert said(client, monday) == ""
        triage.start_review(
            old, version=old.version, by=factories.staff("Manager"), now=monday + MINUTE
        )
        factories.received(now=monday + MINUTE, name="Canaryname")
        looked = factories.received(now=monday - MINUTE, email="looked@example.org")
        journal.record(looked, Event.READ, by=factories.staff("Manager"), at=monday + MINUTE)
        assert said(client, monday) == (
            "Since you opened this page: 1 new request and changes to 1 request."
        )
        assert said(client, monday + MINUTE) == ""


def test_ones_own_acts_are_no_news(sign_in: SignIn, monday: datetime) -> None:
    old = factories.received(now=monday - MINUTE)
    with time_machine.travel(monday + MINUTE, tick=False):
        client = sign_in("Reception")
        triage.start_review(old, version=old.version, by=factories.staff("Reception"), now=monday)
        assert said(client, monday - timedelta(seconds=30)) == ""


def test_only_who_may_see_requests_is_told(sign_in: SignIn, client: Client) -> None:
    assert client.get(NEWS, {"since": "1"}).status_code == 302
    assert sign_in("Editor").get(NEWS, {"since": "1"}).status_code == 403
    for since in ("", "-1", "x", "١"):
        assert sign_in("Reception").get(NEWS, {"since": since}).status_code == 400


def test_a_page_that_asks_by_itself_keeps_no_session_alive(
    sign_in: SignIn, monday: datetime
) -> None:
    client = sign_in("Reception")
    idle = timedelta(minutes=settings.STAFF_IDLE_MINUTES)
    for minutes in (5, 10, 15):
        with time_machine.travel(monday + minutes * MINUTE, tick=False):
            said(client, monday, **{"X-By-Itself": "yes"})
    assert StaffSession.objects.get().last_seen == monday
    with time_machine.travel(monday + idle, tick=False):
        assert client.get(NEWS, {"since": "1"}).status_code == 302


def test_keys_stay_off_from_one_sign_in_to_the_next(sign_in: SignIn) -> None:
    client = sign_in("Reception")
    assert 'id="keys"' in client.get(DESK).content.decode()
    client.post("/admin/account/keys/", {"has_keys": "off"})
    assert 'id="keys"' not in client.get(DESK).content.decode()
    assert 'id="keys"' not in sign_in("Reception").get(DESK).content.decode()
    assert 'id="keys"' in sign_in("Manager").get(DESK).content.decode()
    again = sign_in("Reception")
    again.post("/admin/account/keys/", {"has_keys": "on"})
    assert 'id="keys"' in again.get(DESK).content.decode()
    assert 'id="keys"' in sign_in("Reception").get(DESK).content.decode()
