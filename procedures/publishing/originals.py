"""What a translation owes to its English text: guards for those who sign it and publish it."""

from datetime import datetime

from django.contrib.auth.models import User

from procedures.models import Revision, SignOff
from procedures.publishing.transitions import record
from procedures.reading.proofs import Evidence, signature, with_evidence
from procedures.status import REVOKED, PublishingRefused, RevisionStatus


def refuse_machines(revision: Revision) -> None:
    """Refuse what nobody may ever sign."""
    if revision.made_by_machine:
        raise PublishingRefused(
            "A machine made this translation, so it stays a draft and nobody can sign it. Begin a "
            "translation of your own."
        )


def refuse_half_signed(revision: Revision, evidence: Evidence, by: User) -> None:
    """Refuse the second signature on a translation without the first, or by the same person."""
    refuse_machines(revision)
    first = evidence.translator
    if first is None:
        raise PublishingRefused(
            "Its translator has not signed it. A translation needs both signatures, theirs first."
        )
    if first.signed_by_id == by.pk:
        raise PublishingRefused("You signed it as its translator, so somebody else must sign it.")
    refuse_outdated(revision)


def refuse_outdated(revision: Revision) -> SignOff:
    """Refuse a translation of what patients do not read in English now; else return its signature."""
    refuse_machines(revision)
    english = with_evidence(Revision.objects.filter(translations=revision)).first()
    is_read = english is not None and english.status == RevisionStatus.PUBLISHED
    signed = signature(english) if english and is_read else None
    if signed is None:
        raise PublishingRefused(
            "Patients no longer read the English text that this translates. Begin a translation of "
            "the next one that they read: what has not changed is taken over."
        )
    return signed


def revoke_translators(revision: Revision, *, by: User, reason: str, now: datetime) -> None:
    """Revoke a translator's signature on a text that goes back to be changed."""
    standing = SignOff.objects.filter(revision=revision, revoked_at=None)
    if standing.update(revoked_at=now, revoked_by=by, revocation_reason=reason):
        record(revision, REVOKED, by=by, now=now, reason=reason)
