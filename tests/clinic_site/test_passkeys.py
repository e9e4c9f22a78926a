"""A passkey as the second factor: set up, used and removed, and every forgery refused."""

import hmac
import json
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from functools import partial
from hashlib import sha256
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db.models import QuerySet
from django.http import HttpRequest
from django.test import Client, RequestFactory
from django_otp.plugins.otp_totp.models import TOTPDevice
from fido2 import cbor
from fido2.utils import websafe_encode
from hypothesis import given
from hypothesis import strategies as st

from clinic_site import sign_in as door
from clinic_site.staff import second_factor, sessions
from clinic_site.staff.sessions import CHALLENGE_LASTS
from procedures.ground import passkeys, two_people
from procedures.ground.passkeys import PasskeyCopied, PasskeyRefused
from procedures.log.verify import NOTHING, read_statement
from procedures.models import (
    AccountEvent,
    LogEntry,
    Passkey,
    RecoveryCode,
    SignIn,
    StaffAccount,
    StaffSession,
)
from procedures.models.clinic import details
from procedures.publishing import own_keys
from procedures.status import AccountAct, AccountRefused, PasswordUse, SignInResult
from tests import factories
from tests.authenticators import PRESENT, Phone, options_of
from tests.clinic_site.test_second_factor import CODE, SET_UP, STEP, entered, give, shown, with_app
from tests.clinic_site.test_staff_sessions import MINUTE, PASSWORD, is_in, with_password
from tests.hands import let_sign, passkey_of
from tests.races import having_met, losses, race, winners

pytestmark = pytest.mark.django_db
ADD = "/admin/second-factor/passkey/"


@pytest.fixture
def robin(settings: Any) -> User:
    """A colleague who has a password, at a clinic that is no demonstration."""
    settings.SECOND_FACTOR_REQUIRED = True
    return with_password(factories.staff("Reception", "robin"))


def with_passkey(account: User, now: datetime, name: str = "Phone") -> Phone:
    phone, challenge = Phone(), b"a challenge for the set-up"
    answer = phone.make(second_factor.options_for_new(account, challenge))
    second_factor.add_passkey(account, answer, challenge=challenge, name=name, now=now)
    return phone


def give_passkey(client: Client, answer: str) -> Any:
    return client.post(CODE, {"passkey": answer, "code": "", "next": "/admin/"})


def signed_in_with(phone: Phone, account: User) -> Client:
    client, page = entered(account)
    assert give_passkey(client, phone.sign(options_of(page))).status_code == 302
    return client


def acts() -> list[str]:
    return list(AccountEvent.objects.order_by("pk").values_list("act", flat=True))


# --- Setting it up, using it, removing it -------------------------------------------------------


def test_a_passkey_is_the_second_factor_from_the_first_sign_in_on(
    robin: User, monday: datetime, at: Any
) -> None:
    client, page = entered(robin, "/admin/account/")
    asked = options_of(page)
    assert asked["rp"]["id"] == "clinic.example"
    assert asked["authenticatorSelection"]["userVerification"] == "required"
    phone = Phone()
    posted = {"name": "My phone", "passkey": phone.make(asked), "next": "/admin/account/"}
    answer = client.post(ADD, posted)
    assert "Your recovery codes" in answer.text
    assert is_in(client)
    assert RecoveryCode.objects.count() == 10
    at(monday + MINUTE)
    again, page = entered(robin)
    assert "Use your passkey, or enter a code" in page
    assert not is_in(again)
    assert [each["id"] for each in options_of(page)["allowCredentials"]] == [phone.named]
    before = again.session.session_key
    assert give_passkey(again, phone.sign(options_of(page))).headers["Location"] == "/admin/"
    assert again.session.session_key != before
    assert is_in(again)
    kept = Passkey.objects.get()
    assert (kept.sign_count, kept.last_used, kept.name) == (1, monday + MINUTE, "My phone")
    listed = again.get("/admin/account/").text
    assert "My phone" in listed
    assert "Monday 23 November 2026, 10:01" in listed
    assert acts() == [AccountAct.PASSKEY_ADDED]
    # The app may come later, and a second passkey too; nobody is asked for one of them alone.
    assert "Set up an app" in listed
    second = Phone()
    page = again.get(ADD).text
    assert [each["id"] for each in options_of(page)["excludeCredentials"]] == [phone.named]
    posted = {"name": "Key ring", "passkey": second.make(options_of(page))}
    assert again.post(ADD, posted).headers["Location"] == "/admin/account/"
    assert not is_in(client)
    assert is_in(signed_in_with(second, robin))


def test_the_code_works_beside_it_and_without_a_script(robin: User, monday: datetime) -> None:
    key, _ = with_app(robin, monday - STEP)
    with_passkey(robin, monday)
    client, page = entered(robin)
    assert "Enter a code instead" in page
    assert '<button type="button" class="button" hidden>Use a passkey</button>' in page
    assert give(client, shown(key, monday)).status_code == 302
    assert is_in(client)


def test_one_is_removed_but_not_the_last_second_factor(
    robin: User, monday: datetime, at: Any, settings: Any
) -> None:
    phone, lost = with_passkey(robin, monday), with_passkey(robin, monday, "Lost phone")
    client = signed_in_with(phone, robin)
    first, second = second_factor.passkeys_of(robin)
    remove = f"/admin/account/passkeys/{second.pk}/remove/"
    stranger = Client()
    stranger.force_login(factories.staff("Editor"))
    assert remove in client.get("/admin/account/").text
    client.post(remove)
    refused, page = entered(robin)
    assert "did not work" in give_passkey(refused, lost.sign(options_of(page))).text
    assert acts()[-1] == AccountAct.PASSKEY_REMOVED
    last = f"/admin/account/passkeys/{first.pk}/remove/"
    stranger.post(last)
    only = "This is your only second factor. Add another one first."
    assert f">{only}<" in client.post(last, follow=True).text
    assert Passkey.objects.get() == first
    at(monday + 16 * MINUTE)
    assert client.post(last, {"remove": "yes"}).status_code == 403
    settings.SECOND_FACTOR_REQUIRED = False
    second_factor.remove_passkey(robin, first.pk, now=monday)
    assert not RecoveryCode.objects.exists()


def test_the_app_goes_once_there_is_a_passkey(robin: User, monday: datetime) -> None:
    key, _ = with_app(robin, monday - STEP)
    first = r"^Add a passkey first\. Without one, the app is your second factor\.$"
    with pytest.raises(AccountRefused, match=first):
        second_factor.remove_app(robin, now=monday)
    colleague = factories.staff("Editor", "ellis")
    with_app(colleague, monday - STEP)
    client = signed_in_with(with_passkey(robin, monday), robin)
    assert "Authenticator app" in client.get("/admin/account/").text
    said = client.post("/admin/account/app/remove/", {"remove": "yes"}, follow=True).text
    assert "Codes of the app do not sign you in any more." in said
    assert "Authenticator app" not in said
    removed = AccountEvent.objects.latest("pk")
    assert (removed.act, removed.account, removed.done_by) == (
        AccountAct.APP_REMOVED,
        robin,
        robin,
    )
    assert removed.done_at == monday
    assert TOTPDevice.objects.get().user == colleague
    elsewhere, _ = entered(robin)
    assert "code is wrong" in give(elsewhere, shown(key, monday)).text
    again = client.post("/admin/account/app/remove/", {"remove": "yes"}, follow=True).text
    assert ">The app has been removed already.<" in again


def test_where_only_passkeys_are_taken_no_code_of_an_app_opens_the_desk(
    robin: User, monday: datetime, settings: Any
) -> None:
    key, codes = with_app(robin, monday - STEP)
    settings.PASSKEYS_ONLY = True
    client, page = entered(robin)
    assert "Enter a recovery code" in page
    assert "code is wrong" in give(client, shown(key, monday)).text
    # Whoever knows the password alone cannot make a passkey: the app still counts as set up.
    assert client.get(ADD).headers["Location"].startswith("/admin/login/")
    assert give(client, codes[0]).status_code == 302
    assert "because you have no passkey" in client.get("/admin/account/").text
    with_passkey(robin, monday)
    (passkey,) = second_factor.passkeys_of(robin)
    with pytest.raises(AccountRefused, match="only second factor"):
        second_factor.remove_passkey(robin, passkey.pk, now=monday)


def test_where_only_passkeys_are_taken_nobody_is_offered_an_app(
    robin: User, monday: datetime, settings: Any
) -> None:
    settings.PASSKEYS_ONLY = True
    client, page = entered(robin)
    assert "Make a passkey" in page
    assert "app" not in page.partition("<main")[2]
    assert client.post(SET_UP, {"code": "123456"}).headers["Location"] == ADD


def test_two_managers_who_reset_the_second_factor_take_passkeys_too(
    robin: User, monday: datetime
) -> None:
    with_passkey(robin, monday)
    account = StaffAccount.objects.get(pk=robin.pk)
    first, second = (factories.staff("Manager", name) for name in ("mona", "max"))
    proposal = two_people.propose(second_factor.RESET, account, reason="Lost", by=first, now=monday)
    two_people.agree(proposal, by=second, now=monday)
    assert not Passkey.objects.exists()
    assert "Set up your second factor" in entered(robin)[1]


def test_the_password_alone_adds_none_to_what_there_is(robin: User, monday: datetime) -> None:
    with_passkey(robin, monday)
    client, page = entered(robin)
    made = Phone().make(options_of(page))
    assert client.get(ADD).status_code == client.post(ADD, {"passkey": made}).status_code == 302
    assert Client().post(ADD, {"passkey": made}).status_code == 302
    assert Passkey.objects.count() == 1


def test_what_is_kept_of_a_passkey_from_its_first_day_to_its_last(
    robin: User, monday: datetime, settings: Any
) -> None:
    """Its owner's others, and those of a colleague, stay as they are."""
    colleague, later = factories.staff("Editor", "ellis"), monday + MINUTE
    with_passkey(colleague, monday)
    phone, challenge = Phone(), b"a challenge for the set-up"
    asked = second_factor.options_for_new(robin, challenge)
    # A device puts a passkey of the same number in the place of the old one, so the number stays.
    key = sha256(b"clinic_site.passkey" + settings.SECRET_KEY.encode()).digest()
    number = websafe_encode(hmac.new(key, str(robin.pk).encode(), sha256).digest())
    assert asked["user"] == {"id": number, "name": "robin", "displayName": "Robin"}
    assert (asked["rp"]["name"], asked["challenge"]) == (details().name, websafe_encode(challenge))
    made = phone.make(asked)
    codes = second_factor.add_passkey(robin, made, challenge=challenge, name="Phone", now=monday)
    assert len(codes) == 10
    kept = Passkey.objects.get(account=robin)
    assert (kept.credential, kept.name, kept.sign_count) == (phone.named, "Phone", 0)
    assert (kept.added_at, kept.added_by, kept.last_used) == (monday, robin, None)
    # There are codes left on paper, so nobody prints others.
    made = Phone().make(second_factor.options_for_new(robin, challenge))
    assert not second_factor.add_passkey(robin, made, challenge=challenge, name="Two", now=monday)
    signed = phone.sign(second_factor.options_to_use(robin, challenge))
    assert second_factor.accept_passkey(robin, signed, challenge=challenge, now=later)
    used = Passkey.objects.order_by("pk").values_list("name", "sign_count", "last_used")
    assert list(used) == [("Phone", 0, None), ("Phone", 1, later), ("Two", 0, None)]
    assert not second_factor.accept_passkey(robin, signed, challenge=challenge, now=later)
    assert second_factor.remove_passkey(robin, kept.pk, now=later) == "Phone"
    for gone in (kept, second_factor.passkeys_of(colleague).get()):
        with pytest.raises(AccountRefused, match=r"^This passkey has been removed already\.$"):
            second_factor.remove_passkey(robin, gone.pk, now=later)
    columns = ("account__username", "act", "detail", "done_by__username", "done_at")
    assert list(AccountEvent.objects.order_by("pk").values_list(*columns)) == [
        ("ellis", AccountAct.PASSKEY_ADDED, "Phone", "ellis", monday),
        ("robin", AccountAct.PASSKEY_ADDED, "Phone", "robin", monday),
        ("robin", AccountAct.PASSKEY_ADDED, "Two", "robin", monday),
        ("robin", AccountAct.PASSKEY_COPIED, "Phone", "robin", later),
        ("robin", AccountAct.PASSKEY_REMOVED, "Phone", "robin", later),
    ]
    assert second_factor.codes_left(robin) == second_factor.codes_left(colleague) == 10


@pytest.mark.parametrize("way", ["removed", "reset"])
def test_a_passkey_that_is_gone_signs_no_pages(way: str, monday: datetime) -> None:
    """It leaves the list in the public log at the moment at which it stops."""
    login = factories.clinician("ada").login
    assert login
    phone, passkey = passkey_of(login, monday)
    let_sign(passkey, phone, monday)
    passkey_of(login, monday, "Another")
    assert own_keys.that_sign(login) == [passkey]
    later = monday + MINUTE
    if way == "removed":
        second_factor.remove_passkey(login, passkey.pk, now=later)
    else:
        account = StaffAccount.objects.get(pk=login.pk)
        second_factor.reset(account, by=factories.staff("Manager"), now=later)
    newest = LogEntry.objects.latest("index")
    assert read_statement(newest.statement)["keys"] == NOTHING
    assert f"{later:%Y-%m-%dT%H:%M:%S}" in read_statement(newest.statement)["at"]


# --- Forgeries ----------------------------------------------------------------------------------

LIES: dict[str, Callable[[Phone], Phone]] = {
    "another site": lambda phone: replace(phone, origin="https://clinic.example.evil.example"),
    "a subdomain": lambda phone: replace(phone, origin="https://old.clinic.example"),
    "without TLS": lambda phone: replace(phone, origin="http://clinic.example"),
    "made for another site": lambda phone: replace(phone, site="evil.example"),
    "in a frame": lambda phone: replace(phone, in_a_frame=True),
    "nobody verified": lambda phone: replace(phone, flags=PRESENT),
    "nobody there": lambda phone: replace(phone, flags=0),
    "another key": lambda phone: replace(phone, key=Phone().key),
    "another passkey": lambda phone: Phone(),
}


@pytest.mark.parametrize("lie", LIES.values(), ids=LIES)
def test_an_answer_that_is_not_right_signs_nobody_in(
    lie: Callable[[Phone], Phone], robin: User, monday: datetime
) -> None:
    phone = with_passkey(robin, monday)
    client, page = entered(robin)
    answer = give_passkey(client, lie(phone).sign(options_of(page)))
    assert "This passkey did not work" in answer.text
    assert not is_in(client)
    # The next page asks for another challenge, and the true answer to that is right.
    assert give_passkey(client, phone.sign(options_of(answer.text))).status_code == 302


@pytest.mark.parametrize("lie", sorted(set(LIES) - {"another key", "another passkey"}))
def test_a_passkey_that_is_not_made_right_is_not_taken(
    lie: str, robin: User, monday: datetime
) -> None:
    challenge = b"a challenge for the set-up"
    made = LIES[lie](Phone()).make(second_factor.options_for_new(robin, challenge))
    with pytest.raises(AccountRefused, match=r"^This did not work\. Try again\.$"):
        second_factor.add_passkey(robin, made, challenge=challenge, name="Phone", now=monday)
    assert not Passkey.objects.exists()


def test_nobody_has_more_than_ten(robin: User, monday: datetime) -> None:
    for number in range(10):
        with_passkey(robin, monday, f"Phone {number}")
    with pytest.raises(AccountRefused) as refused:
        with_passkey(robin, monday, "One more")
    assert str(refused.value) == "You have 10 passkeys. Remove one first."
    names = Passkey.objects.order_by("pk").values_list("name", flat=True)
    assert list(names) == [f"Phone {number}" for number in range(10)]


def test_a_challenge_counts_once_and_for_one_session_and_not_for_long(
    robin: User, monday: datetime, at: Any
) -> None:
    phone = with_passkey(robin, monday)
    client, page = entered(robin)
    answer = phone.sign(options_of(page))
    other, _ = entered(robin)
    assert "did not work" in give_passkey(other, answer).text
    assert give_passkey(client, answer).status_code == 302
    # Whoever has overheard all of it sends it again, in the same session or in another.
    replayed = phone.sign({"challenge": options_of(page)["challenge"]})
    for each in (other, entered(robin)[0]):
        assert "did not work" in give_passkey(each, replayed).text
        assert not is_in(each)
    late, page = entered(robin)
    at(monday + CHALLENGE_LASTS)
    assert "did not work" in give_passkey(late, phone.sign(options_of(page))).text
    rows = SignIn.objects.filter(use=PasswordUse.CODE).order_by("pk")
    results = list(rows.values_list("result", flat=True))
    assert results.count(SignInResult.RIGHT) == 1
    assert results.count(SignInResult.WRONG) == 4


def test_a_challenge_that_was_taken_is_gone(robin: User, monday: datetime) -> None:
    request = in_a_session(robin, monday)
    challenge = sessions.new_challenge(request, monday)
    assert len(challenge) == 32
    taken = [sessions.take_challenge(request, monday) for _ in range(2)]
    assert taken == [challenge, None]


def test_one_more_browser_than_allowed_ends_the_first(
    robin: User, monday: datetime, settings: Any
) -> None:
    """Once the second factor is given: whoever knows the password alone ends and sees nothing."""
    settings.STAFF_SESSIONS_AT_ONCE = 1
    phone = with_passkey(robin, monday)
    first = signed_in_with(phone, robin)
    entered(robin)
    assert first.get("/admin/account/").text.count("This browser") == 1
    assert "Nowhere else." in first.get("/admin/account/").text
    second = signed_in_with(phone, robin)
    assert (is_in(first), is_in(second)) == (False, True)


def test_the_passkey_of_a_colleague_signs_in_nobody_else(robin: User, monday: datetime) -> None:
    colleague = with_password(factories.staff("Editor", "ellis"))
    with_passkey(robin, monday)
    theirs = with_passkey(colleague, monday)
    client, page = entered(robin)
    assert "did not work" in give_passkey(client, theirs.sign(options_of(page))).text
    challenge = b"a challenge for the set-up"
    made = theirs.make(second_factor.options_for_new(robin, challenge))
    with pytest.raises(AccountRefused, match=r"^This passkey is set up already\.$"):
        second_factor.add_passkey(robin, made, challenge=challenge, name="Mine", now=monday)


def test_a_copy_gives_itself_away(robin: User, monday: datetime) -> None:
    phone = with_passkey(robin, monday)
    copy = replace(phone)
    signed_in_with(phone, robin)
    client, page = entered(robin)
    assert "did not work" in give_passkey(client, copy.sign(options_of(page))).text
    assert acts()[-1] == AccountAct.PASSKEY_COPIED
    # Many passkeys do not count at all.
    Passkey.objects.update(sign_count=0)
    still = replace(phone, signed=-1)
    for _ in range(2):
        still.signed = -1
        assert is_in(signed_in_with(still, robin))


def test_five_wrong_ones_and_it_is_locked_for_a_while_codes_too(
    robin: User, monday: datetime
) -> None:
    key, _ = with_app(robin, monday - STEP)
    phone = with_passkey(robin, monday)
    client, _ = entered(robin)
    for _ in range(door.CODES_OF_ONE_PERSON.times):
        give_passkey(client, "{}")
    again, page = entered(robin)
    assert give_passkey(again, phone.sign(options_of(page))).status_code == 429
    assert give(again, shown(key, monday)).status_code == 429


ANY_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
)
PARTS = ["clientDataJSON", "attestationObject", "authenticatorData", "signature"]
ALMOST = st.fixed_dictionaries({"id": st.text(), "rawId": st.text()}).flatmap(
    lambda names: st.dictionaries(st.sampled_from(PARTS), st.binary().map(websafe_encode)).map(
        lambda response: names | {"response": response}
    )
)


@given(st.text() | (ANY_JSON | ALMOST).map(json.dumps))
def test_nonsense_is_refused(text: str) -> None:
    with pytest.raises(PasskeyRefused):
        passkeys.check_creation(text, challenge=bytes(32))
    key = websafe_encode(cbor.encode({1: 2, 3: -7, -1: 1, -2: bytes(32), -3: bytes(32)}))
    with pytest.raises(PasskeyRefused):
        passkeys.check_assertion(passkeys.read_assertion(text), challenge=bytes(32), public_key=key)


def test_a_statement_can_be_signed_and_checked_again_from_what_is_kept(
    robin: User, monday: datetime
) -> None:
    phone = with_passkey(robin, monday)
    digest = bytes.fromhex("ab" * 32)
    signed = passkeys.read_assertion(phone.sign(second_factor.options_to_use(robin, digest)))
    key = Passkey.objects.get().public_key
    assert passkeys.check_assertion(signed, challenge=digest, public_key=key) == 1
    with pytest.raises(PasskeyRefused):
        passkeys.check_assertion(signed, challenge=bytes(32), public_key=key)
    changed = replace(signed, client_data=signed.client_data.replace(b"get", b"gets"))
    with pytest.raises(PasskeyRefused):
        passkeys.check_assertion(changed, challenge=digest, public_key=key)
    with pytest.raises(PasskeyCopied):
        passkeys.check_assertion(signed, challenge=digest, public_key=key, sign_count=1)


# --- Signing in again ---------------------------------------------------------------------------


def test_a_careful_step_asks_for_the_second_factor_too(
    robin: User, monday: datetime, at: Any
) -> None:
    key, _ = with_app(robin, monday - STEP)
    phone = with_passkey(robin, monday)
    client = signed_in_with(phone, robin)
    at(monday + 16 * MINUTE)
    page = client.get(SET_UP)
    assert page.status_code == 403
    again = {"password": PASSWORD, "code": "", "passkey": "", "next": SET_UP}
    door_again = "/admin/sign-in-again/"
    assert "Enter the code." in client.post(door_again, again).text
    wrong = client.post(door_again, again | {"code": "000000"})
    assert "This code is wrong" in wrong.text
    right = phone.sign(options_of(wrong.text))
    # The password comes first: without it a code is not even looked at, and is not used up.
    code = shown(key, monday + 16 * MINUTE)
    client.post(door_again, again | {"password": "not-this-one", "code": code})
    assert client.get(SET_UP).status_code == 403
    answer = client.post(door_again, again | {"code": code})
    assert answer.headers["Location"] == SET_UP
    assert client.get(SET_UP).status_code == 200
    at(monday + 35 * MINUTE)
    page = client.get(SET_UP)
    assert "did not work" in client.post(door_again, again | {"passkey": right}).text
    right = phone.sign(options_of(client.get(SET_UP).text))
    assert client.post(door_again, again | {"passkey": right}).status_code == 302
    used = list(SignIn.objects.order_by("pk").values_list("use", "result"))[2:]
    assert used == [
        (PasswordUse.AGAIN, SignInResult.RIGHT),
        (PasswordUse.AGAIN, SignInResult.RIGHT),
        (PasswordUse.CODE_AGAIN, SignInResult.WRONG),
        (PasswordUse.AGAIN, SignInResult.WRONG),
        (PasswordUse.AGAIN, SignInResult.RIGHT),
        (PasswordUse.CODE_AGAIN, SignInResult.RIGHT),
        (PasswordUse.AGAIN, SignInResult.RIGHT),
        (PasswordUse.CODE_AGAIN, SignInResult.WRONG),
        (PasswordUse.AGAIN, SignInResult.RIGHT),
        (PasswordUse.CODE_AGAIN, SignInResult.RIGHT),
    ]


# --- Twice at the same moment -------------------------------------------------------------------


@pytest.mark.django_db(transaction=True)
def test_the_same_answer_twice_at_one_moment_opens_once(robin: User, monday: datetime) -> None:
    assert len(taken_twice(robin, monday)) == 1


@pytest.mark.postgres
@pytest.mark.django_db(transaction=True)
def test_without_the_condition_it_opens_twice(
    robin: User, monday: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    original = QuerySet.update
    everybody = StaffSession.objects.all

    def unconditional(self: Any, **kwargs: Any) -> int:
        return original(everybody() if kwargs == {"challenge": ""} else self, **kwargs)

    monkeypatch.setattr(QuerySet, "update", unconditional)
    monkeypatch.setattr(QuerySet, "first", having_met(2, QuerySet.first))
    assert len(taken_twice(robin, monday)) == 2


def in_a_session(of: User, now: datetime) -> HttpRequest:
    """A request of somebody who has given the password."""
    request = RequestFactory().get("/")
    row = StaffSession.objects.create(started_at=now, started_by=of, last_seen=now)
    request.session = {sessions.KEY: row.pk}  # type: ignore[assignment]
    return request


def taken_twice(account: User, now: datetime) -> list[bytes]:
    """What two requests of one session find as its challenge at the same moment."""
    request = in_a_session(account, now)
    sessions.new_challenge(request, now)
    outcomes = race([partial(sessions.take_challenge, request, now)] * 2)
    assert losses(outcomes) == set()
    return [each for each in outcomes if each]


@pytest.mark.django_db(transaction=True)
def test_two_are_not_removed_at_one_moment(robin: User, monday: datetime) -> None:
    outcomes = remove_both(robin, monday)
    assert len(winners(outcomes)) == 1
    assert losses(outcomes) == {AccountRefused}
    assert Passkey.objects.count() == 1


@pytest.mark.postgres
@pytest.mark.django_db(transaction=True)
def test_without_the_lock_both_are_removed(
    robin: User, monday: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(second_factor, "_locked", lambda account: account)
    both_see_the_other = having_met(2, second_factor.opens_the_desk)
    monkeypatch.setattr(second_factor, "opens_the_desk", both_see_the_other)
    remove_both(robin, monday)
    assert not Passkey.objects.exists()


def remove_both(account: User, now: datetime) -> list[Any]:
    with_passkey(account, now), with_passkey(account, now)
    numbers = list(Passkey.objects.values_list("pk", flat=True))
    return race([partial(second_factor.remove_passkey, account, pk, now=now) for pk in numbers])
