"""What a standard asks and no test of a part happens to look at: passwords as typed, links, headers."""

import json
import logging
import re
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.core import signing
from django.test import Client
from django.urls import get_resolver

from bookings.links import SALT as OF_A_REQUEST
from bookings.links import follow
from clinic_site.logs import JsonLines
from procedures.models.staff import SALT as OF_AN_INVITATION
from procedures.models.staff import Invitation
from tests import factories
from tests.clinic_site.test_accounts import choose, invited
from tests.clinic_site.test_observatory import addresses

pytestmark = pytest.mark.django_db
ROOT = Path(__file__).parent.parent.parent
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


@pytest.mark.parametrize("common", ["1qaz2wsx3edc", "FinalFantasy", "leavemealone"])
def test_a_common_password_is_refused_wherever_one_is_chosen(
    common: str, monday: datetime, sign_in: Callable[[User], Client]
) -> None:
    """Each is long enough, and refused only because strangers try it first."""
    user = factories.staff("Reception")
    user.set_password(LONG)
    user.save()
    chosen = {"new_password1": common, "new_password2": common}
    changing = sign_in(user).post("/admin/password_change/", {"old_password": LONG} | chosen)
    assert "This password is too common." in changing.content.decode()
    newcomer = invited(monday)
    answer = choose(Invitation.objects.get(account=newcomer), common)
    assert "This password is too common." in answer.content.decode()
    for account in (user, newcomer):
        account.refresh_from_db()
        assert not account.check_password(common)


def test_a_password_manager_knows_each_field_for_a_password(
    monday: datetime, sign_in: Callable[[str], Client]
) -> None:
    """And nothing on the page keeps somebody from pasting: its one script looks at the colours."""
    signing_in = Client().get("/admin/login/").content.decode()
    assert 'name="username" autofocus autocapitalize="none" autocomplete="username"' in signing_in
    assert autocompleted(signing_in) == {"password": "current-password"}
    assert re.findall(r"<script[^>]*>", signing_in) == ['<script src="/static/admin/js/theme.js">']
    changing = sign_in("Reception").get("/admin/password_change/").content.decode()
    assert autocompleted(changing) == {
        "old_password": "current-password",
        "new_password1": "new-password",
        "new_password2": "new-password",
    }
    assert not re.search(r"onpaste|onkeydown|readonly", signing_in + changing)


def autocompleted(page: str) -> dict[str, str]:
    fields = re.findall(r'<input type="password"[^>]*>', page)
    found = [re.search(r'name="(\w+)".*autocomplete="([\w-]+)"', field) for field in fields]
    return {each[1]: each[2] for each in found if each}


def test_a_password_never_expires(at: Callable[[datetime], None], monday: datetime) -> None:
    user = factories.staff("Reception")
    user.set_password(LONG)
    user.save()
    at(monday + timedelta(days=10 * 365))
    posted = {"username": user.username, "password": LONG}
    assert Client().post("/admin/login/", posted).status_code == 302


def test_a_new_installation_has_no_account() -> None:
    """The database of a test is what the migrations make of an empty one."""
    assert User.objects.count() == 0


def test_the_key_of_a_session_is_long_and_drawn_anew(monday: datetime) -> None:
    """32 of 36 characters: 165 bits."""
    keys = set()
    for _ in range(20):
        client = Client()
        client.post("/appointments/request/", {"about": "", "again": "yes"})
        keys.add(str(client.session.session_key))
    assert len(keys) == 20
    assert {re.fullmatch(r"[0-9a-z]{32}", key) is not None for key in keys} == {True}
    assert len({key[place] for key in keys for place in range(32)}) > 30


@pytest.mark.parametrize(
    "wrong",
    [{"key": "another-key"}, {"algorithm": "sha1"}, {"algorithm": "md5"}, {"salt": "another"}],
)
def test_a_link_opens_the_site_whose_key_made_it_and_by_one_algorithm(
    wrong: dict[str, str], monday: datetime, settings: Any
) -> None:
    request = factories.received(now=monday)
    names = [request.link_key, request.link_version]
    right = {"key": settings.SECRET_KEY, "algorithm": "sha256", "salt": OF_A_REQUEST}
    ours, theirs = (signing.TimestampSigner(**each) for each in (right, right | wrong))
    assert follow(ours.sign_object(names), monday) == request
    assert follow(theirs.sign_object(names), monday) is None


@pytest.mark.parametrize("folder", ["/static/", "/static/css/", "/static/admin/", "/media/"])
def test_no_list_of_files_is_shown(folder: str) -> None:
    assert Client().get(folder).status_code == 404


def test_a_line_of_the_log_has_the_time_in_utc(at: Callable[[datetime], None]) -> None:
    """In summer, when the clinic's clock is an hour ahead."""
    at(datetime.fromisoformat("2026-07-02T11:00:00+01:00"))
    record = logging.LogRecord("clinic", logging.INFO, "", 0, "Something happened.", None, None)
    assert json.loads(JsonLines().format(record))["at"] == "2026-07-02T10:00:00.000+00:00"


def test_each_key_of_the_settings_is_in_the_list_of_keys() -> None:
    listed = (ROOT / "docs" / "security.md").read_text().partition("## Keys and algorithms")[2]
    listed = listed.partition("\n## ")[0]
    variables = (ROOT / "docs" / "operations.md").read_text().partition("\n## Variables")[2]
    names = re.findall(r"^\| (`[^|]+`) \|", variables, re.MULTILINE)
    secret = {
        name
        for row in names
        for name in re.findall(r"`(\w+)`", row)
        if re.search(r"KEY|TOKEN|RECIPIENTS|TIMESTAMP_ROOT|EMAIL_URL|DATABASE_URL", name)
        if name != "PASSKEYS_ONLY"
    }
    assert len(secret) > 8
    assert sorted(name for name in secret if f"`{name}`" not in listed) == []
