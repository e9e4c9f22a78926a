"""A clinician's signature: given, renewed, revoked."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from django.conf import settings
from django.contrib.auth.models import User
from django.utils import timezone

from procedures.models import CHECKLIST, Clinician, Revision, SignOff
from procedures.publishing.transitions import bump, examined, one_step, record, transition, wrote
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
DAYS_A_MONTH = 365.25 / 12


def sign_off(
    revision: Revision,
    *,
    version: int,
    fragment_hash: str,
    by: User,
    now: datetime,
    checklist: Sequence[str] = CHECKLIST,
) -> SignOff:
    """Sign the bytes that the reviewer was shown.

    The clinician is verified and wrote none of them.
    """
    clinician = _signer(revision, fragment_hash, checklist, by, now)
    with one_step():
        examined(revision, version=version)
        transition(revision, RevisionStatus.SIGNED, version=version)
        signed = _sign(revision, clinician, by=by, now=now)
        record(revision, EVENTS[RevisionStatus.SIGNED], by=by, now=now, sign_off=signed)
    return signed


def re_affirm(
    revision: Revision,
    *,
    version: int,
    fragment_hash: str,
    by: User,
    now: datetime,
    checklist: Sequence[str] = CHECKLIST,
) -> SignOff:
    """Sign the same bytes again after reading them: the dates move, the bytes do not.

    For a signed or published text whose signature is due, has run out or was revoked.
    """
    clinician = _signer(revision, fragment_hash, checklist, by, now)
    with one_step():
        examined(revision, version=version)
        bump(revision, {RevisionStatus.SIGNED, RevisionStatus.PUBLISHED}, version=version)
        signed = _sign(revision, clinician, by=by, now=now)
        record(revision, RE_AFFIRMED, by=by, now=now, sign_off=signed)
    return signed


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


def _signer(
    revision: Revision, fragment_hash: str, checklist: Sequence[str], by: User, now: datetime
) -> Clinician:
    """The clinician who may sign these bytes. Raises PublishingRefused with what is missing."""
    clinician = Clinician.objects.filter(login=by).first()
    if clinician is None or not clinician.may_sign(timezone.localdate(now)):
        raise PublishingRefused(
            "Only a clinician whose registration was checked in the last year can sign. Ask a "
            "manager to check yours and record the evidence."
        )
    if wrote(revision, by) and not settings.SELF_REVIEW_ALLOWED:
        raise PublishingRefused("You wrote part of this text, so another clinician must sign it.")
    if fragment_hash != revision.fragment_hash:
        raise PublishingRefused(
            "The text has changed since you opened it. Open it and read it again."
        )
    if set(checklist) != set(CHECKLIST):
        raise PublishingRefused(
            "Tick every item on the checklist, or return the text with a reason."
        )
    return clinician


def _sign(revision: Revision, clinician: Clinician, *, by: User, now: datetime) -> SignOff:
    days = round(revision.page.review_months * DAYS_A_MONTH)
    review_due = timezone.localdate(now) + timedelta(days=days)
    return SignOff.objects.create(
        revision=revision,
        document_hash=revision.document_hash,
        fragment_hash=revision.fragment_hash,
        clinician=clinician,
        signer_name=clinician.name,
        signer_role=clinician.role,
        signer_regulator=clinician.regulator,
        signer_registration=clinician.registration_number,
        signer_interests=clinician.interests,
        own_work=wrote(revision, by),
        statement=STATEMENT,
        checklist=list(CHECKLIST),
        note=revision.note,
        change_class=revision.change_class,
        signed_at=now,
        signed_by=by,
        review_due=review_due,
        closing_day=review_due + timedelta(days=revision.page.grace_days),
    )
