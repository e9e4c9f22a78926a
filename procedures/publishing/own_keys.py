"""Keys that the server does not hold: the passkeys with which a clinician signs.

A passkey signs the hash of the statement that goes into the public log (`log.verify.meant`). The log
also has the list of somebody's passkeys. Whoever has the server cannot add one of their own to it: one
that is on the list already has to vouch for it, by signing the new list. The first vouches for itself.
"""

import base64
from collections.abc import Collection
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Any

from django.conf import settings
from django.contrib.auth.models import User

from procedures.ground import passkeys
from procedures.ground.passkeys import Hand, PasskeyRefused
from procedures.log import entries
from procedures.log.verify import NOTHING, Refused, meant, passkey_of, read_statement
from procedures.models import Clinician, LogEntry, Passkey
from procedures.publishing.transitions import one_step
from procedures.status import PublishingRefused

# How long after it was put before somebody a statement can be signed.
LASTS = timedelta(hours=1)


def that_sign(account: User) -> list[Passkey]:
    """The passkeys with which somebody signs pages; none for whoever is no clinician."""
    clinician = Clinician.objects.filter(login=account).first()
    listed = _listed(clinician) if clinician else set()
    return [each for each in Passkey.objects.filter(account=account) if number_of(each) in listed]


def number_of(passkey: Passkey) -> str:
    """The hash by which the log names a passkey."""
    return sha256(passkeys.as_others_read_it(passkey.public_key)).hexdigest()


def list_with(clinician: Clinician, passkey: Passkey, at: datetime) -> str:
    """The statement that a passkey signs for its owner from now on, beside those that do already."""
    return entries.compose_list(clinician, _listed(clinician) | {number_of(passkey)}, at)


def those_who_vouch(passkey: Passkey) -> list[Passkey]:
    """The passkeys of which one has to sign the list with this one."""
    return that_sign(passkey.account) or [passkey]


def let_sign(passkey: Passkey, *, hand: Hand, by: User, now: datetime) -> LogEntry:
    """Let a passkey of a clinician sign pages from now on. Raises PublishingRefused."""
    with one_step():
        clinician = Clinician.objects.filter(login=by).first()
        if clinician is None or passkey.account_id != by.pk:
            raise PublishingRefused("Only a clinician signs, with passkeys of their own.")
        if number_of(passkey) in _listed(clinician):
            raise PublishingRefused("This passkey signs for you already.")
        vouching = those_who_vouch(passkey)
        statement = list_with(clinician, passkey, moment_of(hand, now))
        entry = entries.append_list(clinician, statement)
        keep(entry, hand, vouching)
    return entry


def stop(account: User, which: Collection[Passkey], *, now: datetime) -> None:
    """Take passkeys off the list of whoever has them. Nobody has to vouch for less."""
    with one_step():
        clinician = Clinician.objects.filter(login=account).first()
        listed = _listed(clinician) if clinician else set()
        left = listed - {number_of(each) for each in which}
        if clinician and left != listed:
            entries.append_list(clinician, entries.compose_list(clinician, left, now))


def list_for(clinician: Clinician | None) -> str:
    """The hash of the list of passkeys with which a clinician signs now; nobody else has one."""
    entry = entries.list_of(clinician) if clinician else None
    return entry.leaf_hash if entry else NOTHING


def moment_of(hand: Hand, now: datetime) -> datetime:
    """When what somebody signs was put before them. Raises PublishingRefused if that is too long ago."""
    if not now - LASTS <= hand.at <= now:
        raise PublishingRefused("That took more than an hour. Use your passkey again.")
    return hand.at


def keep(entry: LogEntry, hand: Hand, allowed: Collection[Passkey]) -> None:
    """Keep what a passkey signed beside its entry. Raises PublishingRefused if it is anything else."""
    try:
        signed = passkeys.read_assertion(hand.answer)
        known = {each.credential: each for each in allowed}[signed.credential]
        parts = {
            "authenticator-data": _coded(signed.authenticator_data),
            "client-data": _coded(signed.client_data),
            "key": _coded(passkeys.as_others_read_it(known.public_key)),
            "signature": _coded(signed.signature),
        }
        # The same check as a stranger makes.
        passkey_of(parts, entry.statement, settings.SITE_URL.lower())
    except (PasskeyRefused, Refused, LookupError, AttributeError, ValueError) as refusal:
        raise PublishingRefused(
            "Your passkey has not signed this as it is now. Look at it once more, and use it again."
        ) from refusal
    entries.keep_signature(entry, signed.credential, parts)


def asked_of(statement: str, allowed: Collection[Passkey]) -> dict[str, Any]:
    """What a browser is asked so that one of these passkeys signs a statement."""
    credentials = [each.credential for each in allowed]
    return passkeys.options_to_sign(challenge=meant(statement), have=credentials)


def _listed(clinician: Clinician) -> set[str]:
    entry = entries.list_of(clinician)
    return set(read_statement(entry.statement)["keys"].split()) - {NOTHING} if entry else set()


def _coded(data: bytes) -> str:
    return base64.b64encode(data).decode()
