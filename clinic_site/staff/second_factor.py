"""The second factor of staff: a passkey, a code from an app on their phone, or a recovery code on paper.

The app and we share a key, from which both make a code every 30 seconds (TOTP, RFC 6238; the library
is django-otp). A code opens once: the device remembers the last one. Of a passkey we have only the
public half (`procedures.ground.passkeys`). Ten recovery codes are for the day on which the phone is
lost; each works once, and they are stored as keyed hashes.
"""

import re
import secrets
import unicodedata
from base64 import b32encode
from collections.abc import Iterable
from dataclasses import asdict
from datetime import datetime
from typing import Any
from urllib.parse import quote, urlencode

from django.conf import settings
from django.contrib.auth.models import User
from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone
from django.utils.crypto import salted_hmac
from django_otp.plugins.otp_totp.models import TOTPDevice
from django_otp.util import random_hex

from bookings.links import CODE_ALPHABET, LOOK_ALIKE
from clinic_site.staff import accounts, sessions
from procedures.ground import passkeys
from procedures.ground.passkeys import Assertion, PasskeyCopied, PasskeyRefused
from procedures.ground.people import shown_name
from procedures.ground.two_people import TwoPersonAct, register
from procedures.models import Passkey, RecoveryCode, StaffAccount
from procedures.models.clinic import details
from procedures.publishing import own_keys
from procedures.status import AccountAct, AccountRefused

SALT = "clinic_site.recovery_code"
HOW_MANY = 10
# Two groups of five: 24^10 codes. Wrong ones are limited to five in a quarter of an hour.
GROUP, GROUPS = 5, 2
HANDLE_SALT = "clinic_site.passkey"
MOST_PASSKEYS = 10


def new_key() -> str:
    """A key for the app, before anybody has shown that their app has it."""
    return str(random_hex(20))


def address_of(account: User, key: str) -> str:
    """What the square code says: the key, and whose account of which clinic it is for."""
    clinic = details().name.replace(":", "")
    asked = urlencode({"secret": typed_key(key), "issuer": clinic}, quote_via=quote)
    return f"otpauth://totp/{quote(f'{clinic}:{account.username}')}?{asked}"


def typed_key(key: str) -> str:
    """The key as it is typed into an app that cannot read the square code."""
    return b32encode(bytes.fromhex(key)).decode()


def enrol(account: User, *, key: str, code: str, now: datetime) -> list[str] | None:
    """Take an app that shows the right code as the second factor, instead of an earlier one.

    Returns the recovery codes, which can be read only now; None if the code is wrong. Sessions in
    other browsers are for the caller to end: this one goes on.
    """
    with transaction.atomic():
        current = _locked(account)
        TOTPDevice.objects.filter(user=current).delete()
        device = TOTPDevice(user=current, name="app", key=key, confirmed=True)
        # It stores the device either way, so a wrong code takes everything back.
        if not device.verify_token(_plain(code)):
            transaction.set_rollback(True)
            return None
        accounts.record(current, AccountAct.SECOND_FACTOR_SET, by=current, now=now)
        return _make_codes(current)


def accept(account: User, typed: str, *, now: datetime) -> bool:
    """Whether this is the code of their app now, or one of their recovery codes. Each opens once."""
    plain = _plain(typed)
    if re.fullmatch(r"[0-9]{6}", plain):
        return _accept_from_app(account, plain)
    used = RecoveryCode.objects.filter(
        account_id=account.pk, digest__in=_digests(plain.translate(LOOK_ALIKE)), used_at=None
    ).update(used_at=now, used_by=account)
    if used:
        accounts.record(account, AccountAct.RECOVERY_CODE_USED, by=account, now=now)
    return bool(used)


def options_for_new(account: User, challenge: bytes) -> dict[str, Any]:
    """What the browser is asked in order to make a passkey for somebody."""
    return passkeys.options_to_create(
        challenge=challenge,
        site=details().name,
        handle=salted_hmac(HANDLE_SALT, str(account.pk), algorithm="sha256").digest(),
        username=account.username,
        name=shown_name(account),
        have=_credentials(account),
    )


def options_to_use(account: User, challenge: bytes) -> dict[str, Any]:
    """What the browser is asked in order to use one of somebody's passkeys."""
    return passkeys.options_to_sign(challenge=challenge, have=_credentials(account))


def passkeys_of(account: User) -> QuerySet[Passkey]:
    """Their passkeys, in the order in which they were added."""
    return Passkey.objects.filter(account_id=account.pk).order_by("pk")


def add_passkey(
    account: User, answer: str, *, challenge: bytes | None, name: str, now: datetime
) -> list[str]:
    """Take a passkey that a browser has just made as a second factor, beside what there is.

    Returns new recovery codes, which can be read only now, if none were left. Raises AccountRefused.
    Sessions in other browsers are for the caller to end.
    """
    try:
        made = passkeys.check_creation(answer, challenge=challenge or b"")
    except PasskeyRefused as refusal:
        raise AccountRefused("This did not work. Try again.") from refusal
    with transaction.atomic():
        current = _locked(account)
        if passkeys_of(current).count() >= MOST_PASSKEYS:
            raise AccountRefused(f"You have {MOST_PASSKEYS} passkeys. Remove one first.")
        if Passkey.objects.filter(credential=made.credential).exists():
            raise AccountRefused("This passkey is set up already.")
        Passkey.objects.create(
            account=current, name=name, added_at=now, added_by=current, **asdict(made)
        )
        accounts.record(current, AccountAct.PASSKEY_ADDED, name, by=current, now=now)
        return [] if codes_left(current) else _make_codes(current)


def accept_passkey(account: User, answer: str, *, challenge: bytes | None, now: datetime) -> bool:
    """Whether one of their passkeys signed this challenge.

    Of one that has counted further before there may be a copy: it is refused, and managers can see it.
    """
    if challenge is None:
        return False
    with transaction.atomic():
        _locked(account)
        found = _named_by(account, answer)
        if found is None:
            return False
        signed, passkey = found
        try:
            counted = passkeys.check_assertion(
                signed,
                challenge=challenge,
                public_key=passkey.public_key,
                sign_count=passkey.sign_count,
            )
        except PasskeyCopied:
            accounts.record(account, AccountAct.PASSKEY_COPIED, passkey.name, by=account, now=now)
            return False
        except PasskeyRefused:
            return False
        Passkey.objects.filter(pk=passkey.pk).update(sign_count=counted, last_used=now)
    return True


def _named_by(account: User, answer: str) -> tuple[Assertion, Passkey] | None:
    """What was signed, and with which of their passkeys it says that it was."""
    try:
        signed = passkeys.read_assertion(answer)
    except PasskeyRefused:
        return None
    passkey = passkeys_of(account).filter(credential=signed.credential).first()
    return (signed, passkey) if passkey else None


def remove_passkey(account: User, number: int, *, now: datetime) -> str:
    """Remove one of their passkeys; return its name.

    Raises AccountRefused for the last second factor of somebody who needs one. Where nobody does, the
    recovery codes go with it.
    """
    with transaction.atomic():
        current = _locked(account)
        found = passkeys_of(current).filter(pk=number).first()
        if found is None:
            raise AccountRefused("This passkey has been removed already.")
        own_keys.stop(current, [found], now=now)
        Passkey.objects.filter(pk=found.pk).delete()
        if not opens_the_desk(current):
            if settings.SECOND_FACTOR_REQUIRED or settings.PASSKEYS_ONLY:
                raise AccountRefused("This is your only second factor. Add another one first.")
            RecoveryCode.objects.filter(account_id=current.pk).delete()
        accounts.record(current, AccountAct.PASSKEY_REMOVED, found.name, by=current, now=now)
    return found.name


def remove_app(account: User, *, now: datetime) -> None:
    """Take no more codes from their app. Raises AccountRefused for somebody who has no passkey."""
    with transaction.atomic():
        current = _locked(account)
        if not passkeys_of(current).exists():
            raise AccountRefused("Add a passkey first. Without one, the app is your second factor.")
        removed, _ = TOTPDevice.objects.filter(user_id=current.pk).delete()
        if not removed:
            raise AccountRefused("The app has been removed already.")
        accounts.record(current, AccountAct.APP_REMOVED, by=current, now=now)


def opens_the_desk(account: User) -> bool:
    """Whether a passkey or an app of theirs is taken here."""
    return passkeys_of(account).exists() or sessions.has_app(account)


def without_passkey() -> QuerySet[User]:
    """Colleagues who have an app and no passkey: where only passkeys are taken, they cannot sign in."""
    active = User.objects.filter(is_active=True, is_staff=True, pk__in=_with_app())
    return active.exclude(pk__in=Passkey.objects.values("account")).order_by("username")


def without_any(now: datetime) -> QuerySet[StaffAccount]:
    """Accounts of the desk with neither: whoever knows the password can set one up in their name."""
    working = StaffAccount.objects.working(timezone.localdate(now)).exclude(pk__in=_with_app())
    return working.exclude(pk__in=Passkey.objects.values("account")).order_by("username")


def codes_left(account: User) -> int:
    """How many recovery codes still work."""
    return RecoveryCode.objects.filter(account_id=account.pk, used_at=None).count()


def renew_codes(account: User, *, now: datetime) -> list[str]:
    """Make ten new recovery codes. The old ones stop working."""
    with transaction.atomic():
        current = _locked(account)
        accounts.record(current, AccountAct.RECOVERY_CODES_MADE, by=current, now=now)
        return _make_codes(current)


def reset(
    account: StaffAccount, *, by: User, now: datetime, proposed_by: User | None = None
) -> StaffAccount:
    """Take the second factor from somebody who has lost it. The next sign-in asks for another."""
    if not sessions.has_second_factor(account):
        raise AccountRefused(f"{account} has no second factor any more.")
    own_keys.stop(account, passkeys_of(account), now=now)
    TOTPDevice.objects.filter(user_id=account.pk).delete()
    Passkey.objects.filter(account_id=account.pk).delete()
    RecoveryCode.objects.filter(account_id=account.pk).delete()
    sessions.end_all(account)
    asked = f"proposed by {shown_name(proposed_by)}" if proposed_by else "on the server"
    accounts.record(account, AccountAct.SECOND_FACTOR_RESET, asked, by=by, now=now)
    return account


RESET = register(
    TwoPersonAct(
        name="reset a second factor",
        label="Reset a colleague’s second factor",
        permission="procedures.manage_staffaccount",
        model="procedures.staffaccount",
        describe=lambda account, _: f"Reset the second factor of {account} ({account.username})",
        do=reset,
        seen=lambda account: account.version,
        refusals=(AccountRefused,),
    )
)


def _accept_from_app(account: User, code: str) -> bool:
    """Check a code under a lock: of two browsers that send the same one, the second is refused."""
    if settings.PASSKEYS_ONLY:
        return False
    with transaction.atomic():
        _locked(account)
        device = TOTPDevice.objects.filter(user_id=account.pk, confirmed=True).first()
        return bool(device and device.verify_token(code))


def _with_app() -> QuerySet[Any, Any]:
    """The accounts with an app; django-otp has no types."""
    apps: QuerySet[Any, Any] = TOTPDevice.objects.filter(confirmed=True).values("user")
    return apps


def _credentials(account: User) -> list[str]:
    return list(passkeys_of(account).values_list("credential", flat=True))


def _locked(account: User) -> User:
    return User.objects.select_for_update(no_key=True).get(pk=account.pk)


def _make_codes(account: User) -> list[str]:
    RecoveryCode.objects.filter(account_id=account.pk).delete()
    codes = ["-".join(_letters() for _ in range(GROUPS)) for _ in range(HOW_MANY)]
    RecoveryCode.objects.bulk_create(
        RecoveryCode(account_id=account.pk, digest=_digest(_plain(each), settings.SECRET_KEY))
        for each in codes
    )
    return codes


def _letters() -> str:
    return "".join(secrets.choice(CODE_ALPHABET) for _ in range(GROUP))


def _plain(typed: str) -> str:
    """A code without the spaces and signs between its groups, in capital letters."""
    return re.sub(r"[\W_]", "", unicodedata.normalize("NFKC", typed)).upper()


def _digests(letters: str) -> Iterable[str]:
    return [_digest(letters, key) for key in (settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS)]


def _digest(letters: str, key: str) -> str:
    return salted_hmac(SALT, letters, secret=key, algorithm="sha256").hexdigest()
