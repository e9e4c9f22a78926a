"""A signature: given, renewed, revoked. The category of a page decides whose it must be."""

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from typing import NamedTuple

from django.conf import settings
from django.contrib.auth.models import User
from django.utils import timezone

from procedures.ground.passkeys import Hand
from procedures.ground.people import MANAGERS_ROLE, is_manager, shown_name
from procedures.log import entries
from procedures.log.verify import NOTHING
from procedures.models import Clinician, InformationPage, Revision, SignOff
from procedures.publishing import own_keys
from procedures.publishing.originals import refuse_half_signed, refuse_outdated
from procedures.publishing.transitions import bump, examined, one_step, record, transition, wrote
from procedures.reading.statements import address, instant, signature_of, text_of
from procedures.status import (
    EVENTS,
    RE_AFFIRMED,
    REVOKED,
    PublishingRefused,
    RevisionStatus,
)

STATEMENT = (
    "I have read the whole of this page as patients will see it. To the best of my knowledge it is "
    "accurate, balanced and safe to publish."
)
APPROVAL = (
    "I have read the whole of this page as patients will see it. To the best of my knowledge it is "
    "true of our clinic, and we keep to it."
)
OF_TRANSLATION = (
    "I have read the English text and compared the numbers, the names of medicines and the urgent "
    "advice of this translation with it. For the language I rely on the translator who signed it."
)
DAYS_A_MONTH = 365.25 / 12
SIGNED = EVENTS[RevisionStatus.SIGNED]


class Signatory(NamedTuple):
    """Whoever signs, as the signature says it for as long as it exists."""

    clinician: Clinician | None
    signer_name: str
    signer_role: str
    signer_regulator: str = ""
    signer_registration: str = ""
    signer_interests: str = ""


def sign_off(
    revision: Revision,
    *,
    version: int,
    fragment_hash: str,
    by: User,
    now: datetime,
    checklist: Sequence[str] | None = None,
    hand: Hand | None = None,
) -> SignOff:
    """Sign the bytes that the reviewer was shown.

    Whoever signs is a verified clinician, or a manager where the page is about the clinic, and wrote
    none of them. Without a checklist, everything on it counts as checked. `hand` is what their passkey
    signed; without it, the clinic signs for them with its own key.
    """
    signatory = _signatory(revision, fragment_hash, checklist, by, now)
    with one_step():
        evidence = examined(revision, version=version)
        if revision.translates:
            refuse_half_signed(revision, evidence, by)
        transition(revision, RevisionStatus.SIGNED, version=version)
        return _sign(revision, SIGNED, signatory, hand, by=by, now=now)


def re_affirm(
    revision: Revision,
    *,
    version: int,
    fragment_hash: str,
    by: User,
    now: datetime,
    checklist: Sequence[str] | None = None,
    hand: Hand | None = None,
) -> SignOff:
    """Sign the same bytes again after reading them: the dates move, the bytes do not.

    For a signed or published text whose signature is due, has run out or was revoked.
    """
    if revision.translates:
        raise PublishingRefused(
            "A translation is due when the English is. To change it, begin a new version of it."
        )
    signatory = _signatory(revision, fragment_hash, checklist, by, now)
    with one_step():
        examined(revision, version=version)
        bump(revision, {RevisionStatus.SIGNED, RevisionStatus.PUBLISHED}, version=version)
        return _sign(revision, RE_AFFIRMED, signatory, hand, by=by, now=now)


def put_before(revision: Revision, kind: str, *, by: User, at: datetime) -> str:
    """What a clinician's passkey signs: the statement that the log will have, up to the line `event`.

    `kind` is one of SIGNINGS. Raises PublishingRefused if they may not sign.
    """
    signatory = _clinician(by, at)
    signed = _drawn_up(revision, signatory, by=by, at=at)
    said = {
        "kind": kind,
        "page": {"address": address(revision.page)},
        "revision": revision.number,
        "at": instant(at),
        "text": text_of(revision),
        "signature": signature_of(signed),
    }
    predecessor = entries.predecessor_of(revision.page_id)
    return entries.words(said, predecessor, own_keys.list_for(signatory.clinician))


def revoke(revision: Revision, *, version: int, by: User, reason: str, now: datetime) -> Revision:
    """Revoke every signature on a text. A published page closes straight away.

    All of them, because a doubt about the text is a doubt about what each signatory said.
    """
    standing = SignOff.objects.filter(revision=revision, revoked_at=None)
    if not standing.exists():
        raise PublishingRefused("This text has no signature.")
    with one_step():
        bump(revision, {RevisionStatus.SIGNED, RevisionStatus.PUBLISHED}, version=version)
        standing.update(revoked_at=now, revoked_by=by, revocation_reason=reason)
        record(revision, REVOKED, by=by, now=now, reason=reason)
    return revision


def _signatory(
    revision: Revision,
    fragment_hash: str,
    checklist: Sequence[str] | None,
    by: User,
    now: datetime,
) -> Signatory:
    """The one who may sign these bytes. Raises PublishingRefused with what is missing."""
    category = revision.page.kind()
    signatory = _clinician(by, now) if category.needs_clinician else _manager(by)
    if wrote(revision, by) and not settings.SELF_REVIEW_ALLOWED:
        other = "another clinician" if category.needs_clinician else "another manager"
        raise PublishingRefused(f"You wrote part of this text, so {other} must sign it.")
    if fragment_hash != revision.fragment_hash:
        raise PublishingRefused(
            "The text has changed since you opened it. Open it and read it again."
        )
    if checklist is not None and set(checklist) != set(revision.page.checklist()):
        raise PublishingRefused(
            "Tick every item on the checklist, or return the text with a reason."
        )
    return signatory


def _clinician(by: User, now: datetime) -> Signatory:
    clinician = Clinician.objects.filter(login=by).first()
    if clinician is None or not clinician.may_sign(timezone.localdate(now)):
        raise PublishingRefused(
            "Only a clinician whose registration was checked in the last year can sign. Ask a "
            "manager to check yours and record the evidence."
        )
    return Signatory(
        clinician,
        clinician.name,
        clinician.role,
        clinician.regulator,
        clinician.registration_number,
        clinician.interests,
    )


def _manager(by: User) -> Signatory:
    if not is_manager(by):
        raise PublishingRefused("Only a manager can approve a page about the clinic.")
    return Signatory(None, shown_name(by), MANAGERS_ROLE)


def _sign(
    revision: Revision,
    kind: str,
    signatory: Signatory,
    hand: Hand | None,
    *,
    by: User,
    now: datetime,
) -> SignOff:
    """Write a signature, its step, and what the signer's passkey signed: just what the log says."""
    at = own_keys.moment_of(hand, now) if hand else now
    signed = _drawn_up(revision, signatory, by=by, at=at)
    signed.save(force_insert=True)
    keys = own_keys.list_for(signatory.clinician) if hand else NOTHING
    entry = record(revision, kind, by=by, now=at, sign_off=signed, keys=keys)
    if hand and entry:
        own_keys.keep(entry, hand, own_keys.that_sign(by) if signatory.clinician else ())
    return signed


def statement_of(page: InformationPage) -> str:
    """What somebody says with their signature on a text of this page, besides a translator."""
    if page.language:
        return OF_TRANSLATION
    return STATEMENT if page.kind().needs_clinician else APPROVAL


def _dates(revision: Revision, at: datetime) -> tuple[date, date]:
    """When a text that is signed at that instant is due, and when it closes."""
    if revision.translates:
        english = refuse_outdated(revision)
        return english.review_due, english.closing_day
    days = round(revision.page.review_months * DAYS_A_MONTH)
    review_due = timezone.localdate(at) + timedelta(days=days)
    return review_due, review_due + timedelta(days=revision.page.grace_days)


def _drawn_up(revision: Revision, signatory: Signatory, *, by: User, at: datetime) -> SignOff:
    review_due, closing_day = _dates(revision, at)
    return SignOff(
        revision=revision,
        document_hash=revision.document_hash,
        fragment_hash=revision.fragment_hash,
        **signatory._asdict(),
        own_work=wrote(revision, by),
        statement=statement_of(revision.page),
        checklist=list(revision.page.checklist()),
        note=revision.note,
        change_class=revision.change_class,
        signed_at=at,
        signed_by=by,
        review_due=review_due,
        closing_day=closing_day,
    )
