"""Verbs of release: show a signed text to patients, and take it away."""

from datetime import date, datetime

from django.contrib.auth.models import User
from django.utils import timezone

from procedures.ground.people import is_manager
from procedures.models import PlannedPublication, Revision, SignOff
from procedures.publishing.originals import refuse_outdated
from procedures.publishing.transitions import (
    examined,
    name_page,
    one_step,
    record,
    refuse_outrun,
    transition,
)
from procedures.status import (
    BEFORE_PATIENTS,
    EVENTS,
    Plans,
    PlanStatus,
    PublishingRefused,
    RevisionStatus,
)
from procedures.texts.rendering import parse


def publish(revision: Revision, *, version: int, by: User, now: datetime) -> Revision:
    """Publish a signed revision; the one that was published before is superseded."""
    with one_step():
        refuse_unfit(revision, version=version, now=now)
        _supersede_earlier(revision, by=by, now=now)
        transition(
            revision,
            RevisionStatus.PUBLISHED,
            version=version,
            published_at=now,
            published_by=by,
        )
        record(revision, EVENTS[RevisionStatus.PUBLISHED], by=by, now=now)
        name_page(revision)
        _end_plan(revision)
    return revision


def suspend(revision: Revision, *, version: int, by: User, reason: str, now: datetime) -> Revision:
    """Close a published page straight away, because it may do harm. Any clinician may.

    This is the one step that does not ask which version was on the screen: somebody who sees harm
    is not sent back because a colleague has signed the text again in the meantime.
    """
    with one_step():
        seen = Revision.objects.filter(pk=revision.pk, status=RevisionStatus.PUBLISHED).first()
        version = seen.version if seen else version
        return _end(
            revision, RevisionStatus.SUSPENDED, version=version, by=by, reason=reason, now=now
        )


def withdraw(revision: Revision, *, version: int, by: User, reason: str, now: datetime) -> Revision:
    """Take a page away permanently. Its history stays."""
    return _end(revision, RevisionStatus.WITHDRAWN, version=version, by=by, reason=reason, now=now)


def refuse_unfit(
    revision: Revision, *, version: int, now: datetime, on: date | None = None
) -> None:
    """Refuse what may not be published, now or `on` a day to come in the clinic's time zone."""
    day = on or timezone.localdate(now)
    signed = examined(revision, version=version).signature
    whose = "A clinician" if revision.page.kind().needs_clinician else "A manager"
    if signed is None or signed.review_due <= timezone.localdate(now):
        raise PublishingRefused(f"This text has no valid signature. {whose} must sign it first.")
    _refuse_gone(signed, timezone.localdate(now))
    if revision.translates:
        refuse_outdated(revision)
    if signed.review_due <= day:
        raise PublishingRefused(
            f"Its next review is due on {signed.review_due:%-d %B %Y}. Choose an earlier day."
        )
    if parse(revision.document).category != revision.page.category:
        raise PublishingRefused(
            "The page has moved to another category since this was signed. Start a new version."
        )
    refuse_outrun(revision)


def _refuse_gone(signed: SignOff, day: date) -> None:
    """Refuse the signature of somebody who could not give it on that day any more."""
    clinician = signed.clinician
    if clinician and not clinician.may_sign(day):
        raise PublishingRefused(
            f"The yearly check of {clinician.name}’s registration is overdue, or the account is "
            "closed. A colleague has to sign it."
        )
    if not clinician and not is_manager(signed.signed_by):
        raise PublishingRefused(
            f"{signed.signer_name}, who approved it, is not a manager any more. A colleague has to "
            "approve it."
        )


def _supersede_earlier(revision: Revision, *, by: User, now: datetime) -> None:
    earlier = revision.page.revisions.filter(status__in=BEFORE_PATIENTS).exclude(pk=revision.pk)
    for old in earlier.order_by("pk"):
        transition(old, RevisionStatus.SUPERSEDED, version=old.version)
        record(old, EVENTS[RevisionStatus.SUPERSEDED], by=by, now=now)


def _end_plan(revision: Revision) -> None:
    """Its plan is done, whoever published it."""
    before = [status for status, then in Plans.TRANSITIONS.items() if PlanStatus.DONE in then]
    plans = PlannedPublication.objects.filter(revision=revision, status__in=before)
    plans.update(status=PlanStatus.DONE, reason="")


def _end(
    revision: Revision,
    status: RevisionStatus,
    *,
    version: int,
    by: User,
    reason: str,
    now: datetime,
) -> Revision:
    with one_step():
        transition(revision, status, version=version)
        record(revision, EVENTS[status], by=by, now=now, reason=reason)
    return revision
