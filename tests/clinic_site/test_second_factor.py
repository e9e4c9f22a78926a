"""Nobody signs in by a password alone: the code, setting it up, and what happens without the phone."""

import hmac
import re
import threading
from base64 import b32encode
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from functools import partial
from hashlib import sha256
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.core.management import CommandError, call_command
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver
from django_otp.oath import TOTP
from django_otp.plugins.otp_totp.models import TOTPDevice

from clinic_site import sign_in as door
from clinic_site.staff import second_factor
from procedures.ground import two_people
from procedures.models import (
    AccountEvent,
    Passkey,
    Proposal,
    RecoveryCode,
    SignIn,
    StaffAccount,
    StaffSession,
)
from procedures.status import AccountAct, AccountRefused, PasswordUse, SignInResult
from tests import factories, processes, profiles
from tests.clinic_site.test_staff_sessions import MINUTE, PASSWORD, is_in, with_password
from tests.races import race

pytestmark = pytest.mark.django_db
SET_UP, CODE = "/admin/second-factor/set-up/", "/admin/second-factor/"
STEP = timedelta(seconds=30)


@pytest.fixture
def robin(settings: Any) -> User:
    """A colleague who has a password, at a clinic that is no demonstration."""
    settings.SECOND_FACTOR_REQUIRED = True
    return with_password(factories.staff("Reception", "robin"))


def with_app(account: User, now: datetime) -> tuple[str, list[str]]:
    """Their second factor: the key in their app, and the recovery codes. The app's code is used up."""
    key = second_factor.new_key()
    codes = second_factor.enrol(account, key=key, code=shown(key, now), now=now)
    assert codes
    return key, codes


def shown(key: str, now: datetime) -> str:
    """What the app shows at that instant."""
    totp = TOTP(bytes.fromhex(key))
    totp.time = now.timestamp()
    return f"{totp.token():06}"


def entered(of: User, wanted: str = "/admin/") -> tuple[Client, str]:
    """A browser in which somebody has just given the password, and the page that they see."""
    client = Client()
    posted = {"username": of.username, "password": PASSWORD, "next": wanted}
    answer = client.post("/admin/login/", posted)
    assert answer.status_code == 200
    # Nobody is signed in yet.
    assert "Find a patient" not in answer.text
    return client, answer.text


def give(client: Client, code: str, wanted: str = "/admin/") -> Any:
    return client.post(CODE, {"code": code, "next": wanted})


def noted() -> list[tuple[str, str]]:
    return list(SignIn.objects.order_by("pk").values_list("use", "result"))


# --- Setting it up ------------------------------------------------------------------------------


def test_the_first_sign_in_leads_to_setting_it_up(robin: User, monday: datetime) -> None:
    client, page = entered(robin, "/admin/account/")
    assert "Set up your second factor" in page
    assert '<svg role="img"' in page
    assert "style=" not in page
    key = client.session["second_factor_key"]
    assert second_factor.typed_key(key) in page
    assert not is_in(client)
    wrong = client.post(SET_UP, {"code": "000000", "next": "/admin/account/"}).text
    assert "This is not the code." in wrong
    assert not TOTPDevice.objects.exists()
    answer = client.post(SET_UP, {"code": shown(key, monday), "next": "/admin/account/"})
    codes = re.findall(r"<code>(\w{5}-\w{5})</code>", answer.text)
    assert len(set(codes)) == 10
    assert 'href="/admin/account/"' in answer.text
    assert is_in(client)
    assert noted()[1:] == [
        (PasswordUse.SET_UP, SignInResult.WRONG),
        (PasswordUse.SET_UP, SignInResult.RIGHT),
    ]
    assert AccountEvent.objects.get().act == AccountAct.SECOND_FACTOR_SET
    stored = set(RecoveryCode.objects.values_list("digest", flat=True))
    assert len(stored) == 10
    assert not any(code.replace("-", "") in "".join(stored) for code in codes)
    assert not any(code in client.get("/admin/account/").text for code in codes)


def addresses(patterns: Any, under: str) -> Iterator[str]:
    """Every address below the desk, with something for each of its arguments."""
    for pattern in patterns:
        address = under + re.sub(r"<[^>]*>", "1", str(pattern.pattern))
        if isinstance(pattern, URLResolver):
            yield from addresses(pattern.url_patterns, address)
        elif isinstance(pattern, URLPattern):
            yield address.replace("(?P1.+)/?$", "x").replace("^(?P1.*)$", "x").lstrip("^")


DESK: Any = next(
    each for each in get_resolver().url_patterns if getattr(each, "app_name", "") == "admin"
)
# A short run asks one address of so many.
SAMPLE = 6
# Open to whoever has not given the second factor yet.
ON_THE_WAY = {
    "/admin/login/",
    CODE,
    SET_UP,
    "/admin/second-factor/passkey/",
    "/admin/second-factor/start-again/",
}


@pytest.mark.sqlite
def test_every_address_of_the_desk_leads_to_it_until_it_is_done(
    robin: User, monday: datetime
) -> None:
    robin.is_superuser = True
    robin.save()
    client, _ = entered(robin)
    every = {f"/{address}" for address in addresses(DESK.url_patterns, "admin/")} - ON_THE_WAY
    assert len(every) > 150
    leads_to = set()
    for address in sorted(every)[:: SAMPLE if profiles.SHORT else 1]:
        answer: Any = client.get(address)
        leads_to.add(answer.url.partition("?")[0] if answer.status_code == 302 else address)
        if address != "/admin/logout/":
            assert client.post(address, {"a": "b"}).status_code in {302, 403}, address
    for address in leads_to:
        assert "Set up your second factor" in client.get(address, follow=True).text, address
    assert len(leads_to) < 10
    assert StaffSession.objects.get().is_complete is False


def test_it_can_be_tried_in_the_demonstration(robin: User, monday: datetime, settings: Any) -> None:
    settings.SECOND_FACTOR_REQUIRED = False
    client = Client()
    client.force_login(robin)
    elsewhere = Client()
    elsewhere.force_login(robin)
    assert SET_UP in client.get("/admin/account/").text
    client.get(SET_UP)
    client.post(SET_UP, {"code": shown(client.session["second_factor_key"], monday)})
    assert (is_in(client), is_in(elsewhere)) == (True, False)
    assert "Use another phone" in client.get("/admin/account/").text
    again, page = entered(robin)
    assert "Enter the code from your phone" in page
    assert not is_in(again)


def test_setting_it_up_again_needs_a_fresh_password(robin: User, monday: datetime, at: Any) -> None:
    key, _ = with_app(robin, monday - STEP)
    client, _ = entered(robin)
    give(client, shown(key, monday))
    assert client.get(SET_UP).status_code == 200
    at(monday + 16 * MINUTE)
    assert client.get(SET_UP).status_code == 403
    assert client.post("/admin/account/recovery-codes/").status_code == 403


def test_the_password_alone_does_not_replace_it(robin: User, monday: datetime) -> None:
    with_app(robin, monday)
    client, _ = entered(robin)
    assert client.get(SET_UP).status_code == 302
    assert client.post(SET_UP, {"code": "123456"}).status_code == 302
    assert Client().get(SET_UP).status_code == 302


# --- The code -----------------------------------------------------------------------------------


def test_a_code_signs_in_once(robin: User, monday: datetime, at: Any) -> None:
    key, _ = with_app(robin, monday - STEP)
    client, page = entered(robin, "/admin/account/")
    assert "Enter the code from your phone" in page
    assert client.get("/admin/bookings/person/", follow=True).text.count('name="code"') == 1
    before = client.session.session_key
    answer = give(client, shown(key, monday), "/admin/account/")
    assert answer.headers["Location"] == "/admin/account/"
    assert client.session.session_key != before
    assert is_in(client)
    again, _ = entered(robin)
    assert "was used before" in give(again, shown(key, monday)).text
    assert not is_in(again)
    at(monday + STEP)
    assert give(again, shown(key, monday + STEP)).status_code == 302


def test_nobody_has_to_type_or_remember_a_password_or_a_code(robin: User, monday: datetime) -> None:
    """WCAG 3.3.8: a password manager and the phone may fill them in, and nothing forbids to paste."""
    with_app(robin, monday - STEP)
    asked = {
        Client().get("/admin/login/").text: "current-password",
        entered(robin)[1]: "one-time-code",
    }
    for page, purpose in asked.items():
        assert f'autocomplete="{purpose}"' in page
    scripts = (processes.ROOT / "static" / "js").glob("*.js")
    assert [file.name for file in scripts if "paste" in file.read_text()] == []


def test_it_leads_to_no_other_site(robin: User, monday: datetime) -> None:
    key, _ = with_app(robin, monday - STEP)
    client, _ = entered(robin)
    assert give(client, shown(key, monday), "//evil.example/").headers["Location"] == "/admin/"


def test_five_wrong_codes_and_it_is_locked_for_a_while(
    robin: User, monday: datetime, at: Any
) -> None:
    key, _ = with_app(robin, monday - STEP)
    client, _ = entered(robin)
    allowed = door.CODES_OF_ONE_PERSON.times
    assert [give(client, "000000").status_code for _ in range(allowed)] == [200] * 5
    elsewhere, _ = entered(robin)
    assert give(elsewhere, shown(key, monday)).status_code == 429
    assert not is_in(elsewhere)
    assert noted().count((PasswordUse.CODE, SignInResult.WRONG)) == allowed
    assert noted()[-1] == (PasswordUse.CODE, SignInResult.REFUSED)
    at(monday + door.CODES_OF_ONE_PERSON.period)
    assert give(elsewhere, shown(key, monday + door.CODES_OF_ONE_PERSON.period)).status_code == 302


def test_what_was_sent_too_late_is_kept_through_both_steps(robin: User, monday: datetime) -> None:
    key, _ = with_app(robin, monday - STEP)
    client = Client()
    posted = {"username": "robin", "password": PASSWORD, "next": "/admin/x/", "sent": "reason=Why"}
    page = client.post("/admin/login/", posted).text
    assert 'value="reason=Why"' in page
    given = {"code": shown(key, monday), "next": "/admin/x/", "sent": "reason=Why"}
    again = client.post(CODE, given).text
    assert 'action="/admin/x/"' in again
    assert 'name="reason" value="Why"' in again


def test_somebody_else_can_sign_in_instead(robin: User, monday: datetime) -> None:
    client, _ = entered(robin)
    assert client.post("/admin/second-factor/start-again/").status_code == 302
    assert not StaffSession.objects.exists()
    assert 'name="password"' in client.get("/admin/login/").text
    assert client.post(CODE, {"code": "123456"}).status_code == 302


# --- Without the phone --------------------------------------------------------------------------


def test_each_recovery_code_signs_in_once(robin: User, monday: datetime) -> None:
    _, codes = with_app(robin, monday)
    client, _ = entered(robin)
    assert (
        give(client, f" {codes[0].lower().replace('0', 'o').replace('-', ' ')} ").status_code == 302
    )
    assert is_in(client)
    assert "9 recovery" in client.get("/admin/account/").text
    again, _ = entered(robin)
    assert "was used before" in give(again, codes[0]).text
    assert AccountEvent.objects.filter(act=AccountAct.RECOVERY_CODE_USED).count() == 1
    fresh = client.post("/admin/account/recovery-codes/").text
    assert len(re.findall(r"<code>(\w{5}-\w{5})</code>", fresh)) == 10
    assert "was used before" in give(again, codes[1]).text


def test_recovery_codes_outlive_a_new_secret_key(
    robin: User, monday: datetime, settings: Any
) -> None:
    _, codes = with_app(robin, monday)
    settings.SECRET_KEY_FALLBACKS = [settings.SECRET_KEY]
    settings.SECRET_KEY = "another-key-of-some-length-for-this-one-test-only"
    assert second_factor.accept(robin, codes[0], now=monday)


def test_two_managers_reset_it(robin: User, monday: datetime, at: Any) -> None:
    key, codes = with_app(robin, monday - STEP)
    theirs, _ = entered(robin)
    give(theirs, shown(key, monday))
    first, second = (factories.staff("Manager", name) for name in ("mona", "max"))
    client = Client()
    client.force_login(first)
    StaffSession.objects.filter(started_by=first).update(is_complete=True)
    account = StaffAccount.objects.get(pk=robin.pk)
    url = f"/admin/procedures/staffaccount/{robin.pk}/decide/reset-second-factor/"
    posted = {"version": account.version, "reason": "Lost with the bag; I phoned."}
    assert client.post(url, posted).status_code == 302
    assert is_in(theirs)
    proposal = Proposal.objects.get()
    assert proposal.said == "Reset the second factor of Robin (robin)"
    with pytest.raises(two_people.ProposalRefused):
        two_people.agree(proposal, by=factories.staff("Clinician"), now=monday)
    two_people.agree(proposal, by=second, now=monday)
    assert not is_in(theirs)
    event = AccountEvent.objects.last()
    assert event
    assert (event.act, event.detail, event.done_by) == (
        AccountAct.SECOND_FACTOR_RESET,
        "proposed by Mona",
        second,
    )
    assert not second_factor.accept(robin, codes[0], now=monday)
    assert "Set up your second factor" in entered(robin)[1]


def test_whoever_runs_the_server_can_reset_it_alone(robin: User, monday: datetime) -> None:
    with_app(robin, monday)
    call_command("reset_second_factor", "robin")
    assert not TOTPDevice.objects.exists()
    for name in ("robin", "nobody"):
        with pytest.raises(CommandError):
            call_command("reset_second_factor", name)


# --- What is kept of it ---------------------------------------------------------------------------


def events() -> list[tuple[str, str, str, str, datetime]]:
    """What the histories of all accounts say, the oldest first."""
    columns = ("account__username", "act", "detail", "done_by__username", "done_at")
    return list(AccountEvent.objects.order_by("pk").values_list(*columns))


def test_the_square_code_says_the_key_and_whose_account_of_which_clinic_it_is(
    robin: User, monday: datetime
) -> None:
    factories.clinic(name="Knee: the clinic")
    key = second_factor.new_key()
    assert len(bytes.fromhex(key)) == 20
    typed = b32encode(bytes.fromhex(key)).decode()
    assert second_factor.typed_key(key) == typed
    assert second_factor.address_of(robin, key) == (
        f"otpauth://totp/Knee%20the%20clinic%3Arobin?secret={typed}&issuer=Knee%20the%20clinic"
    )


def test_an_app_replaces_the_one_before_and_only_with_the_right_code(
    robin: User, monday: datetime
) -> None:
    colleague = factories.staff("Editor", "ellis")
    theirs, _ = with_app(colleague, monday - STEP)
    old, codes = with_app(robin, monday - STEP)
    assert not second_factor.accept(robin, shown(theirs, monday), now=monday)
    new = second_factor.new_key()
    assert second_factor.enrol(robin, key=new, code="000000", now=monday) is None
    of_robin = TOTPDevice.objects.filter(user=robin)
    assert of_robin.get().key == old
    assert second_factor.codes_left(robin) == 10
    code = shown(new, monday)
    fresh = second_factor.enrol(robin, key=new, code=f"{code[:3]} {code[3:]}", now=monday)
    assert fresh
    app = of_robin.get()
    assert (app.name, app.key, app.confirmed) == ("app", new, True)
    assert TOTPDevice.objects.filter(user=colleague).count() == 1
    assert events() == [
        (who, AccountAct.SECOND_FACTOR_SET, "", who, at)
        for who, at in (("ellis", monday - STEP), ("robin", monday - STEP), ("robin", monday))
    ]
    assert second_factor.codes_left(robin) == second_factor.codes_left(colleague) == 10
    assert not second_factor.accept(robin, codes[0], now=monday)
    assert second_factor.accept(robin, fresh[0], now=monday)
    # An app that nobody has confirmed opens nothing.
    of_robin.update(confirmed=False, last_t=-1)
    assert not second_factor.accept(robin, shown(new, monday), now=monday)


def test_a_recovery_code_is_noted_and_is_of_one_account(robin: User, monday: datetime) -> None:
    colleague = factories.staff("Editor", "ellis")
    _, theirs = with_app(colleague, monday)
    _, codes = with_app(robin, monday)
    assert len({*codes, *theirs}) == 20
    assert all(
        re.fullmatch("[0-9CDFHJKMNPRTVWX]{5}-[0-9CDFHJKMNPRTVWX]{5}", each) for each in codes
    )
    assert not second_factor.accept(robin, theirs[0], now=monday)
    later = monday + MINUTE
    wide = codes[0].lower().translate({ord(each): ord(each) + 0xFEE0 for each in "0123456789"})
    assert second_factor.accept(robin, wide.replace("-", "_\u00a0"), now=later)
    used = RecoveryCode.objects.get(used_at__isnull=False)
    assert (used.account_id, used.used_at, used.used_by) == (robin.pk, later, robin)
    assert events()[-1] == ("robin", AccountAct.RECOVERY_CODE_USED, "", "robin", later)
    before = len(events())
    assert not second_factor.accept(robin, codes[0], now=later)
    assert len(events()) == before
    fresh = second_factor.renew_codes(robin, now=later)
    assert events()[-1] == ("robin", AccountAct.RECOVERY_CODES_MADE, "", "robin", later)
    assert (second_factor.codes_left(robin), second_factor.codes_left(colleague)) == (10, 10)
    assert not second_factor.accept(robin, codes[1], now=later)
    assert second_factor.accept(robin, fresh[1], now=later)


def test_codes_on_paper_outlive_a_release(robin: User, monday: datetime, settings: Any) -> None:
    """They are printed once, so the name, the key and the kind of their hash do not change."""
    key = sha256(b"clinic_site.recovery_code" + settings.SECRET_KEY.encode()).digest()
    digest = hmac.new(key, b"0123456789", sha256).hexdigest()
    RecoveryCode.objects.create(account_id=robin.pk, digest=digest)
    assert second_factor.accept(robin, "01234-56789", now=monday)


def test_a_reset_takes_what_one_colleague_has(robin: User, monday: datetime) -> None:
    colleague = factories.staff("Editor", "ellis")
    for each in (robin, colleague):
        with_app(each, monday)
        entered(with_password(each))
    account = StaffAccount.objects.get(pk=robin.pk)
    by, later = factories.staff("Manager"), monday + MINUTE
    assert second_factor.reset(account, by=by, now=later) == account
    assert events()[-1] == (
        "robin",
        AccountAct.SECOND_FACTOR_RESET,
        "on the server",
        "manager",
        later,
    )
    for kept in (TOTPDevice.objects.all(), RecoveryCode.objects.all()):
        owners = {getattr(each, "user_id", None) or getattr(each, "account_id", 0) for each in kept}
        assert owners == {colleague.pk}
    assert {each.started_by_id for each in StaffSession.objects.all()} == {colleague.pk}
    with pytest.raises(AccountRefused, match=r"^Robin has no second factor any more\.$"):
        second_factor.reset(account, by=by, now=later)


def test_who_has_an_app_and_no_passkey(robin: User, monday: datetime) -> None:
    """Colleagues who can sign in at all, by username."""
    for username in ("zoe", "ann", "left", "half", "both", "keyed", "alice"):
        factories.staff("Editor", username)
    for each in User.objects.exclude(username__in=["robin", "zoe", "keyed", "alice"]):
        TOTPDevice.objects.create(user=each, name="app", confirmed=each.username != "half")
    TOTPDevice.objects.create(user=User.objects.get(username="zoe"), name="app", confirmed=True)
    patient = User.objects.create(username="no-staff")
    TOTPDevice.objects.create(user=patient, name="app", confirmed=True)
    User.objects.filter(username="left").update(is_active=False)
    phone = {"name": "Phone", "sign_count": 0, "added_at": monday}
    for each in User.objects.filter(username__in=["both", "keyed"]):
        Passkey.objects.create(account=each, added_by=each, credential=each.username, **phone)
    neither = second_factor.without_any(monday)
    assert [each.username for each in neither] == ["alice", "half", "robin"]
    assert [each.username for each in second_factor.without_passkey()] == ["ann", "zoe"]


# --- Twice at the same moment -------------------------------------------------------------------


def both_give(account: User, code: str, now: datetime) -> list[Any]:
    return race([partial(second_factor.accept, account, code, now=now)] * 2)


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("of_the_app", [True, False], ids=["app", "paper"])
def test_the_same_code_twice_at_one_moment_opens_once(
    of_the_app: bool, robin: User, monday: datetime
) -> None:
    key, codes = with_app(robin, monday - STEP)
    code = shown(key, monday) if of_the_app else codes[0]
    assert sorted(both_give(robin, code, monday)) == [False, True]


@pytest.mark.postgres
@pytest.mark.django_db(transaction=True)
def test_without_the_lock_it_opens_twice(
    robin: User, monday: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    key, _ = with_app(robin, monday - STEP)
    together = threading.Barrier(2, timeout=processes.PATIENCE)
    original: Callable[..., bool] = TOTPDevice.verify_token

    def both_have_read(self: TOTPDevice, token: str) -> bool:
        together.wait()
        return original(self, token)

    monkeypatch.setattr(second_factor, "_locked", lambda account: account)
    monkeypatch.setattr(TOTPDevice, "verify_token", both_have_read)
    assert both_give(robin, shown(key, monday), monday) == [True, True]


# --- Other sessions, and signing out ------------------------------------------------------------


def test_one_session_elsewhere_can_be_ended(robin: User, monday: datetime, settings: Any) -> None:
    settings.SECOND_FACTOR_REQUIRED = False
    here, there, third = Client(), Client(), Client()
    windows = {"user-agent": "Mozilla/5.0 (Windows NT 10.0) Gecko/20100101 Firefox/140.0"}
    for client in (here, third):
        client.force_login(robin)
    posted = {"username": "robin", "password": PASSWORD}
    there.post("/admin/login/", posted, headers=windows)
    colleague = Client()
    colleague.force_login(factories.staff("Editor"))
    session = StaffSession.objects.get(browser="Firefox on Windows")
    page = here.get("/admin/account/").text
    assert "Firefox on Windows" in page
    end = f"/admin/account/end/{session.pk}/"
    assert f'action="{end}"' in page
    colleague.post(end)
    assert is_in(there)
    here.post(end)
    assert (is_in(here), is_in(there), is_in(third)) == (True, False, True)
    here.post(f"/admin/account/end/{here.session['staff_session']}/")
    assert is_in(here)


def test_the_browser_forgets_the_desk_at_signing_out(robin: User, settings: Any) -> None:
    settings.SECOND_FACTOR_REQUIRED = False
    client = Client()
    client.force_login(robin)
    answer = client.post("/admin/logout/")
    assert answer.headers["Clear-Site-Data"] == '"cache", "cookies", "storage"'
