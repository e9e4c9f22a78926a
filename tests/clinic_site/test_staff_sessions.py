"""Sessions of staff end when they should, and what was typed in them is not lost."""

import threading
from datetime import datetime, timedelta
from typing import Any
from unittest.mock import Mock

import pytest
from django.contrib.auth.models import User
from django.core import mail
from django.http import HttpRequest
from django.test import Client, RequestFactory
from django_otp.plugins.otp_totp.models import TOTPDevice

from bookings.management.worker import go_round
from bookings.status import RequestStatus
from clinic_site import sign_in as door
from clinic_site.staff import sessions, sign_ins
from procedures.ground import rate_limits
from procedures.models import AccountEvent, Passkey, SignIn, StaffSession
from procedures.status import AccountAct, PasswordUse, RevisionStatus, SignInResult
from tests import factories
from tests.clinic_site.test_signed_out import hidden
from tests.people import decide_at

pytestmark = pytest.mark.django_db
PASSWORD = "three-unrelated-words"
MINUTE, SECOND = timedelta(minutes=1), timedelta(seconds=1)


@pytest.fixture
def reception(settings: Any) -> User:
    settings.PROXIES = 1
    return with_password(factories.staff("Reception"))


def with_password(user: User) -> User:
    user.set_password(PASSWORD)
    user.save()
    return user


def browser(of: User, at: str = "203.0.113.9") -> Client:
    """A browser in which somebody has just signed in."""
    client = Client(headers={"x-forwarded-for": at})
    answer = client.post("/admin/login/", {"username": of.username, "password": PASSWORD})
    assert answer.status_code == 302
    return client


def is_in(client: Client) -> bool:
    return client.get("/admin/account/").status_code == 200


# --- When a session ends ------------------------------------------------------------------------


def test_a_session_ends_after_twenty_idle_minutes(
    reception: User, monday: datetime, at: Any
) -> None:
    client = browser(reception)
    at(monday + 19 * MINUTE)
    assert is_in(client)
    at(monday + 38 * MINUTE)
    assert is_in(client)
    at(monday + 58 * MINUTE)
    assert not is_in(client)


def test_a_session_ends_after_eight_hours_however_busy(
    reception: User, monday: datetime, at: Any
) -> None:
    client = browser(reception)
    for minutes in range(15, 8 * 60, 15):
        at(monday + minutes * MINUTE)
        assert is_in(client)
    at(monday + 8 * 60 * MINUTE)
    assert not is_in(client)


def test_both_lengths_are_settings(
    reception: User, monday: datetime, at: Any, settings: Any
) -> None:
    settings.STAFF_IDLE_MINUTES, settings.STAFF_SESSION_HOURS = 5, 1
    client = browser(reception)
    at(monday + 5 * MINUTE)
    assert not is_in(client)
    client = browser(reception)
    for minutes in range(9, 65, 4):
        at(monday + minutes * MINUTE)
        assert is_in(client)
    at(monday + 65 * MINUTE)
    assert not is_in(client)


def test_not_every_page_writes(reception: User, monday: datetime, at: Any) -> None:
    client = browser(reception)
    at(monday + timedelta(seconds=59))
    is_in(client)
    assert StaffSession.objects.get().last_seen == monday
    at(monday + MINUTE)
    is_in(client)
    assert StaffSession.objects.get().last_seen == monday + MINUTE


def test_a_session_that_ended_leaves_nothing_behind(
    reception: User, monday: datetime, at: Any
) -> None:
    client = browser(reception)
    at(monday + 20 * MINUTE)
    assert not is_in(client)
    assert dict(client.session.items()) == {}


def test_signing_out_ends_it(reception: User, monday: datetime) -> None:
    client = browser(reception)
    client.post("/admin/logout/")
    assert not StaffSession.objects.exists()


def test_a_sign_in_begins_one_session_however_often_we_listen(
    reception: User, monday: datetime
) -> None:
    sessions.listen()
    client = browser(reception)
    assert StaffSession.objects.count() == 1
    client.post("/admin/logout/")
    assert not StaffSession.objects.exists()


def test_a_public_page_does_not_ask_who_is_signed_in(
    reception: User, monday: datetime, django_assert_num_queries: Any
) -> None:
    client = browser(reception)
    client.get("/people/")
    stranger = Client(headers={"x-forwarded-for": "203.0.113.9"})
    answer = client.get("/people/")
    assert answer.headers.get("Vary") == stranger.get("/people/").headers.get("Vary")
    assert "sessionid" not in answer.cookies


def test_the_worker_forgets_sessions_that_are_over(
    reception: User, monday: datetime, at: Any
) -> None:
    browser(reception)
    at(monday + 10 * MINUTE)
    going_on = browser(reception)
    go_round(monday + 20 * MINUTE)
    assert StaffSession.objects.count() == 1
    assert is_in(going_on)


# --- What is kept of a session ----------------------------------------------------------------------

CHROME = "Mozilla/5.0 ({}) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0 Safari/537.36"
WINDOWS, MAC = "Windows NT 10.0; Win64; x64", "Macintosh; Intel Mac OS X 10_15_7"


@pytest.mark.parametrize(
    ("says", "shown"),
    [
        (f"{CHROME} Edg/140.0".format(WINDOWS), "Edge on Windows"),
        (f"{CHROME} OPR/120.0".format(MAC), "Opera on Mac"),
        (CHROME.format("Linux; Android 10; K"), "Chrome on Android"),
        (CHROME.format("X11; Linux x86_64"), "Chrome on Linux"),
        ("Mozilla/5.0 (iPhone; CPU iPhone OS 18 like Mac OS X) Safari/604.1", "Safari on iPhone"),
        ("Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Firefox/140.0", "Firefox on Linux"),
        ("Firefox/140.0", "Firefox"),
        ("curl/8.0 (Windows)", "A browser on Windows"),
        ("", "A browser"),
    ],
)
def test_a_browser_is_called_what_its_owner_calls_it(says: str, shown: str) -> None:
    asked = RequestFactory().get("/", headers={"user-agent": says} if says else {})
    assert sessions.browser_of(asked) == shown


@pytest.mark.parametrize("demonstration", [False, True])
def test_a_session_says_who_began_it_where_and_when(
    demonstration: bool, reception: User, monday: datetime, settings: Any
) -> None:
    settings.SECOND_FACTOR_REQUIRED = not demonstration
    client = Client(headers={"x-forwarded-for": "203.0.113.9", "user-agent": "Firefox/140.0"})
    client.post("/admin/login/", {"username": "reception", "password": PASSWORD})
    row = StaffSession.objects.get()
    assert (row.started_by, row.started_at, row.last_seen) == (reception, monday, monday)
    assert (row.place, row.browser) == ("203.0.113.0/24", "Firefox")
    assert row.is_complete == demonstration
    assert client.session[sessions.KEY] == row.pk


def of(client: Client, by: User) -> HttpRequest:
    """A request of a browser in which somebody is signed in."""
    request = RequestFactory().get("/")
    request.session = client.session
    request.user = by
    return request


def test_each_request_is_about_its_own_session(reception: User, monday: datetime, at: Any) -> None:
    first = browser(reception)
    at(monday + MINUTE)
    second = browser(reception)
    at(monday + 2 * MINUTE)
    third = browser(reception)
    other = factories.staff("Editor")
    colleague = browser(with_password(other))
    numbers = [each.session[sessions.KEY] for each in (first, second, third, colleague)]
    now = monday + 2 * MINUTE
    request = of(second, reception)
    listed = [each.pk for each in sessions.own(request, now)]
    assert listed == [numbers[1], numbers[2], numbers[0]]
    assert sessions.this(request) == numbers[1]
    nobody = RequestFactory().get("/")
    nobody.session = {}  # type: ignore[assignment]
    assert sessions.this(nobody) == 0
    StaffSession.objects.filter(pk=numbers[2]).update(is_complete=False)
    assert [each.pk for each in sessions.own(request, now)] == [numbers[1], numbers[0]]
    idle = monday + 21 * MINUTE - SECOND
    assert [each.pk for each in sessions.own(request, idle)] == [numbers[1]]
    # What a passkey signs in one of them counts in no other.
    challenge = sessions.new_challenge(request, now)
    assert sessions.take_challenge(of(first, reception), now) is None
    assert sessions.take_challenge(request, now + sessions.CHALLENGE_LASTS) is None
    assert sessions.take_challenge(request, now + 5 * MINUTE - SECOND) == challenge
    assert sessions.end_one(request, numbers[1]) == sessions.end_one(request, numbers[3]) == 0
    assert sessions.end_one(request, numbers[2]) == 1
    assert sessions.end_others(request) == 1
    assert {each.pk for each in StaffSession.objects.all()} == {numbers[1], numbers[3]}
    sessions.end_all(reception)
    assert StaffSession.objects.get().started_by == other


def test_a_second_factor_is_ones_own_and_is_confirmed(
    reception: User, monday: datetime, settings: Any
) -> None:
    other = factories.staff("Editor")

    def has() -> list[bool]:
        return [sessions.has_app(reception), sessions.has_second_factor(reception)]

    TOTPDevice.objects.create(user=other, name="app", confirmed=True)
    phone = {"name": "Phone", "sign_count": 0, "added_at": monday}
    Passkey.objects.create(account=other, added_by=other, credential="x", **phone)
    assert has() == [False, False]
    app = TOTPDevice.objects.create(user=reception, name="app", confirmed=False)
    assert has() == [False, False]
    TOTPDevice.objects.filter(pk=app.pk).update(confirmed=True)
    assert has() == [True, True]
    settings.PASSKEYS_ONLY = True
    assert has() == [False, True]
    app.delete()
    Passkey.objects.create(account=reception, added_by=reception, credential="y", **phone)
    assert has() == [False, True]


# --- My account -----------------------------------------------------------------------------------


def test_my_account_lists_my_sessions_and_ends_the_others(
    reception: User, monday: datetime, at: Any
) -> None:
    elsewhere = browser(reception, "198.51.100.77")
    colleague = browser(with_password(factories.staff("Editor")))
    at(monday + 5 * MINUTE)
    here = browser(reception, "2001:db8:1:2::9")
    content = here.get("/admin/account/").content.decode()
    assert content.count("This browser") == 1
    assert "198.51.100.0/24" in content
    assert "2001:db8:1::/48" in content
    assert "198.51.100.77" not in content
    assert content.index("This browser") < content.index("198.51.100.0/24")
    said = here.post("/admin/account/end-others/", follow=True).text
    assert "Ended: 1 other session." in said
    assert (is_in(here), is_in(elsewhere), is_in(colleague)) == (True, False, True)
    assert "Nowhere else." in here.get("/admin/account/").content.decode()
    (event,) = AccountEvent.objects.all()
    assert (event.act, event.done_by) == (AccountAct.SESSIONS_ENDED, reception)


def test_looking_at_the_address_ends_nothing(reception: User, monday: datetime) -> None:
    elsewhere, here = browser(reception), browser(reception)
    assert here.get("/admin/account/end-others/").status_code == 405
    assert is_in(elsewhere)


def test_a_change_of_password_ends_the_sessions_elsewhere(
    reception: User, monday: datetime
) -> None:
    elsewhere, here = browser(reception), browser(reception)
    new = "four-quite-unrelated-words"
    posted = {"old_password": PASSWORD, "new_password1": new, "new_password2": new}
    assert here.post("/admin/password_change/", posted).status_code == 302
    assert (is_in(here), is_in(elsewhere)) == (True, False)
    assert StaffSession.objects.count() == 1
    (event,) = AccountEvent.objects.all()
    assert (event.act, event.account) == (AccountAct.PASSWORD_CHANGED, reception)


def test_what_was_typed_when_the_session_ended_is_sent_after_signing_in(
    reception: User, monday: datetime, at: Any
) -> None:
    request = factories.request_at(RequestStatus.IN_REVIEW, now=monday)
    client = browser(reception)
    url = decide_at(request, "decline")
    assert client.get(url).status_code == 200
    at(monday + 25 * MINUTE)
    page = client.post(url, {"version": request.version, "reason": "Ask “a GP”."})
    sent = hidden(page.content.decode(), "sent")
    entered = {"username": "reception", "password": PASSWORD, "next": url, "sent": sent}
    again = client.post("/admin/login/", entered).content.decode()
    assert f'action="{url}"' in again
    assert "Ask “a GP”." in again


# --- A fresh sign-in -------------------------------------------------------------------------------


@pytest.fixture
def manager(settings: Any) -> User:
    settings.PROXIES = 1
    return with_password(factories.staff("Manager"))


LEAVE = "/admin/procedures/staffaccount/{}/decide/leave/"
AGAIN = "/admin/sign-in-again/"


def test_the_password_is_asked_for_after_a_quarter_of_an_hour(
    manager: User, monday: datetime, at: Any
) -> None:
    url = LEAVE.format(factories.staff("Reception").pk)
    client = browser(manager)
    at(monday + 15 * MINUTE)
    assert client.get(url).status_code == 200
    at(monday + 15 * MINUTE + timedelta(seconds=1))
    asked = client.get(url)
    assert asked.status_code == 403
    content = asked.content.decode()
    assert "Enter your password again" in content
    old = client.session.session_key
    wrong = client.post(AGAIN, {"password": "x", "next": url, "sent": ""})
    assert "This is not your password. Try again." in wrong.content.decode()
    assert client.get(url).status_code == 403
    right: Any = client.post(AGAIN, {"password": PASSWORD, "next": url, "sent": ""})
    assert right.headers["Location"] == url
    assert client.get(url).status_code == 200
    assert client.session.session_key != old
    at(monday + 30 * MINUTE + timedelta(seconds=2))
    assert client.get(url).status_code == 403


def test_what_was_typed_is_carried_over_and_nothing_is_done_before(
    manager: User, monday: datetime, at: Any
) -> None:
    robin = factories.staff("Reception")
    url = LEAVE.format(robin.pk)
    client = browser(manager)
    at(monday + 16 * MINUTE)
    page = client.post(url, {"version": 1, "leaves_on": "2026-11-23"})
    sent = hidden(page.content.decode(), "sent")
    robin.refresh_from_db()
    assert robin.is_active
    again = client.post(AGAIN, {"password": PASSWORD, "next": url, "sent": sent})
    content = again.content.decode()
    assert f'action="{url}"' in content
    assert 'name="leaves_on" value="2026-11-23"' in content
    client.post(url, {"version": 1, "leaves_on": "2026-11-23"})
    robin.refresh_from_db()
    assert not robin.is_active


def test_it_leads_to_no_other_site(manager: User, monday: datetime) -> None:
    posted = {"password": PASSWORD, "next": "https://evil.example/", "sent": "a=b"}
    answer: Any = browser(manager).post(AGAIN, posted)
    assert answer.headers["Location"] == "/admin/"


@pytest.mark.parametrize(
    ("group", "path"),
    [
        ("Manager", "/admin/procedures/staffaccount/add/"),
        *[
            ("Manager", f"/admin/procedures/staffaccount/{{account}}/decide/{slug}/")
            for slug in ("role", "details", "new-password", "leave")
        ],
        ("Clinician", "/admin/procedures/revision/{revision}/decide/sign/"),
        ("Clinician", "/admin/procedures/revision/{revision}/decide/re-affirm/"),
        ("Manager", "/admin/procedures/revision/{revision}/decide/approve/"),
        ("Manager", "/admin/procedures/revision/{revision}/decide/re-approve/"),
    ],
)
def test_accounts_roles_and_signatures_need_it(
    group: str, path: str, settings: Any, monday: datetime, at: Any
) -> None:
    settings.PROXIES = 1
    revision = factories.revision(RevisionStatus.IN_REVIEW, now=monday)
    client = browser(with_password(factories.staff(group, "who")))
    url = path.format(account=factories.staff("Reception").pk, revision=revision.pk)
    # What this text does not allow leads back to it.
    assert client.get(url).status_code in {200, 302}
    at(monday + 16 * MINUTE)
    assert client.get(url).status_code == 403
    assert client.get("/admin/").status_code == 200


def test_whoever_may_not_is_not_asked(reception: User, monday: datetime, at: Any) -> None:
    client = browser(reception)
    at(monday + 16 * MINUTE)
    answer = client.get("/admin/procedures/staffaccount/add/")
    assert answer.status_code == 403
    assert "password again" not in answer.content.decode()


def test_guessing_there_is_limited_as_at_the_front_door(manager: User, monday: datetime) -> None:
    client = browser(manager)
    wrong = {"password": "x", "next": "/admin/", "sent": ""}
    allowed = door.SIGN_IN_AS_ONE_PERSON.times
    codes = [client.post(AGAIN, wrong).status_code for _ in range(allowed + 1)]
    assert codes == [200] * allowed + [429]


# --- Who signed in ----------------------------------------------------------------------------------


def tried() -> list[tuple[str, str, str, str]]:
    rows = SignIn.objects.order_by("pk")
    return [(row.tried_by, row.place, row.use, row.result) for row in rows]


def test_every_password_that_is_entered_is_one_row(reception: User, monday: datetime) -> None:
    client = browser(reception)
    for name in ("reception", "my-secret-password"):
        client.post("/admin/login/", {"username": name, "password": "x"})
    client.post(AGAIN, {"password": "x", "next": "/admin/", "sent": ""})
    client.post("/admin/password_change/", {"old_password": "x"})
    here = "203.0.113.0/24"
    assert tried() == [
        ("reception", here, PasswordUse.SIGN_IN, SignInResult.RIGHT),
        ("reception", here, PasswordUse.SIGN_IN, SignInResult.WRONG),
        ("", here, PasswordUse.SIGN_IN, SignInResult.WRONG),
        ("reception", here, PasswordUse.AGAIN, SignInResult.WRONG),
        ("reception", here, PasswordUse.CHANGE, SignInResult.WRONG),
    ]
    managers = Client()
    managers.force_login(factories.staff("Manager"))
    content = managers.get("/admin/procedures/signin/").content.decode()
    assert "A name that nobody has" in content
    assert "my-secret-password" not in content


def test_refused_tries_are_noted_but_cannot_fill_the_table(
    reception: User, monday: datetime
) -> None:
    client = Client(headers={"x-forwarded-for": "203.0.113.9"})
    for _ in range(door.SIGN_IN_AS_ONE_PERSON.times + 50):
        client.post("/admin/login/", {"username": "reception", "password": "x"})
    results = [result for *_, result in tried()]
    assert results.count(SignInResult.WRONG) == door.SIGN_IN_AS_ONE_PERSON.times
    assert results.count(SignInResult.REFUSED) == 20
    # There is room for what is tried from another place.
    elsewhere = Client(headers={"x-forwarded-for": "198.51.100.77"})
    for _ in range(door.SIGN_IN_AS_ONE_PERSON.times + 1):
        elsewhere.post("/admin/login/", {"username": "reception", "password": "x"})
    there = ("reception", "198.51.100.0/24", PasswordUse.SIGN_IN, SignInResult.REFUSED)
    assert tried()[-1] == there


def test_a_process_that_is_too_busy_has_tried_nothing(
    reception: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    full = threading.BoundedSemaphore(1)
    full.acquire()
    monkeypatch.setattr(door, "hashing", full)
    monkeypatch.setattr(door, "PATIENCE_SECONDS", 0)
    client = Client()
    client.post("/admin/login/", {"username": "reception", "password": "x"})
    assert tried() == []


def test_sign_ins_are_kept_for_a_set_time(reception: User, monday: datetime, settings: Any) -> None:
    settings.SIGN_INS_KEPT_DAYS = 30
    browser(reception)
    go_round(monday + timedelta(days=30))
    assert SignIn.objects.count() == 1
    go_round(monday + timedelta(days=30, seconds=1))
    assert SignIn.objects.count() == 0


def test_a_wrong_guess_at_the_counter_does_not_lock_it(
    reception: User, monday: datetime, at: Any
) -> None:
    """A stranger in the waiting room, on the same network, stops nobody for longer than the limit."""
    stranger = Client(headers={"x-forwarded-for": "203.0.113.9"})
    for number in range(door.SIGN_IN_FROM_ONE_PLACE.times):
        stranger.post("/admin/login/", {"username": f"guess-{number}", "password": "x"})
    entered = {"username": "reception", "password": PASSWORD}
    assert stranger.post("/admin/login/", entered).status_code == 429
    at(monday + door.SIGN_IN_FROM_ONE_PLACE.period)
    assert stranger.post("/admin/login/", entered).status_code == 302
    assert rate_limits.forget_past_tries(monday + timedelta(days=40)) > 0


# --- When many fail ----------------------------------------------------------------------------------


def wrong_passwords(times: int) -> None:
    client = Client(headers={"x-forwarded-for": "203.0.113.9"})
    for number in range(times):
        client.post("/admin/login/", {"username": f"guess-{number}", "password": "x"})


def test_the_operator_is_told_once_an_hour_of_many_failures(
    reception: User, monday: datetime, at: Any, settings: Any
) -> None:
    settings.OPERATOR_EMAIL = "operator@example.org"
    browser(reception)  # a right password is none of them
    wrong_passwords(9)
    go_round(monday)
    assert mail.outbox == []
    wrong_passwords(1)
    go_round(monday)
    go_round(monday + 59 * MINUTE)
    (letter,) = mail.outbox
    assert letter.to == ["operator@example.org"]
    assert letter.subject == "Many failed sign-ins"
    assert letter.body == (
        "10 passwords or codes of staff were wrong or refused within an hour.\n"
        f"A manager sees them here: {settings.SITE_URL}/admin/procedures/signin/\n"
    )
    at(monday + 60 * MINUTE)
    wrong_passwords(10)
    go_round(monday + 60 * MINUTE)
    assert len(mail.outbox) == 2


def test_a_warning_that_could_not_be_sent_is_tried_again(
    reception: User, monday: datetime, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.OPERATOR_EMAIL = "operator@example.org"
    wrong_passwords(10)
    with monkeypatch.context() as away:
        away.setattr(sign_ins, "send_mail", Mock(side_effect=ConnectionRefusedError))
        assert go_round(monday) == 1
    assert go_round(monday) == 0
    assert len(mail.outbox) == 1


def test_the_fourth_browser_ends_the_one_that_was_used_least(
    reception: User, monday: datetime, at: Any, settings: Any
) -> None:
    settings.STAFF_SESSIONS_AT_ONCE = 3
    colleague = browser(with_password(factories.staff("Editor")))
    first, second, third = (browser(reception) for _ in range(3))
    at(monday + 5 * MINUTE)
    assert is_in(first)
    fourth = browser(reception)
    assert [is_in(each) for each in (first, second, third, fourth)] == [True, False, True, True]
    assert is_in(colleague)


def test_a_manager_signs_a_colleague_out_everywhere(
    reception: User, manager: User, monday: datetime
) -> None:
    theirs = [browser(reception), browser(reception)]
    mine = browser(manager)
    url = f"/admin/procedures/staffaccount/{reception.pk}/decide/sign-out/"
    assert mine.post(url, {"version": 1}).status_code == 302
    assert [is_in(each) for each in (*theirs, mine)] == [False, False, True]
    event = AccountEvent.objects.get()
    assert (event.act, event.account, event.done_by) == (AccountAct.SIGNED_OUT, reception, manager)
    assert is_in(browser(reception))


def test_a_password_manager_finds_the_page_for_a_new_password(client: Client) -> None:
    answer: Any = client.get("/.well-known/change-password")
    assert answer.headers["Location"] == "/admin/password_change/"
