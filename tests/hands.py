"""Pages that a clinician signs with a passkey."""

from datetime import datetime

from django.contrib.auth.models import User

from clinic_site.staff import second_factor
from procedures import publishing
from procedures.ground.passkeys import Hand
from procedures.models import LogEntry, Passkey, Revision
from procedures.publishing import own_keys
from procedures.status import RevisionStatus
from tests import factories
from tests.authenticators import Phone


def passkey_of(account: User, now: datetime, name: str = "Phone") -> tuple[Phone, Passkey]:
    """A phone, and its passkey as the site knows it. It does not sign pages yet."""
    phone, challenge = Phone(), b"a challenge to make it"
    answer = phone.make(second_factor.options_for_new(account, challenge))
    second_factor.add_passkey(account, answer, challenge=challenge, name=name, now=now)
    return phone, Passkey.objects.get(credential=phone.named)


def let_sign(passkey: Passkey, vouching: Phone, now: datetime) -> LogEntry:
    """Let a passkey sign pages, for which a phone vouches."""
    statement = own_keys.list_with(passkey.account.clinician, passkey, now)
    answer = vouching.sign(own_keys.asked_of(statement, [passkey]))
    return own_keys.let_sign(passkey, hand=Hand(answer, now), by=passkey.account, now=now)


def hand_of(phone: Phone, revision: Revision, by: User, at: datetime) -> Hand:
    """What a phone signs of a text in review."""
    statement = publishing.put_before(revision, "signed", by=by, at=at)
    return Hand(phone.sign(publishing.asked_of(statement, publishing.that_sign(by))), at)


def sign(revision: Revision, by: User, hand: Hand | None, now: datetime) -> None:
    """Sign a text in review."""
    publishing.sign_off(
        revision,
        version=revision.version,
        fragment_hash=revision.fragment_hash,
        by=by,
        now=now,
        hand=hand,
    )


def published(slug: str, by: User, phone: Phone | None, now: datetime) -> Revision:
    """A page that was signed with a phone, or without one, and published."""
    revision = factories.revision(RevisionStatus.IN_REVIEW, of=factories.page(slug), now=now)
    sign(revision, by, hand_of(phone, revision, by, now) if phone else None, now)
    publisher = factories.staff("Publisher")
    publishing.publish(revision, version=revision.version, by=publisher, now=now)
    return revision
