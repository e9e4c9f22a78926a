"""How a revision moves from one status to the next, and what its page's history says of it."""

from collections.abc import Collection
from datetime import datetime
from typing import Any

from django.contrib.auth.models import User
from django.utils import timezone

from procedures.models import PageEvent, Revision
from procedures.status import EVENTS, TRANSITIONS, PublishingRefused, RevisionStatus


def move(
    revision: Revision,
    to: RevisionStatus,
    *,
    version: int,
    expected: RevisionStatus | None = None,
    **changes: Any,
) -> None:
    """Compare and set: the row moves only from the status and version that the caller saw."""
    status = expected or RevisionStatus(revision.status)
    if expected is None and to not in TRANSITIONS[status]:
        raise PublishingRefused(what_happened(revision))
    moved = Revision.objects.filter(pk=revision.pk, status=status, version=version).update(
        status=to, version=version + 1, **changes
    )
    if not moved:
        raise PublishingRefused(what_happened(revision))
    revision.refresh_from_db()


def bump(revision: Revision, statuses: Collection[RevisionStatus], *, version: int) -> None:
    """Compare and set of the version alone, for a step that leaves the status as it is."""
    moved = Revision.objects.filter(
        pk=revision.pk, status__in=statuses, status=revision.status, version=version
    ).update(version=version + 1)
    if not moved:
        raise PublishingRefused(what_happened(revision))
    revision.refresh_from_db()


def what_happened(revision: Revision) -> str:
    """A sentence on who did what last, for somebody whose step is not possible any more."""
    last = revision.events.select_related("by").order_by("-pk").first()
    if last is None:
        return "This version has changed. Open it again."
    at = timezone.localtime(last.at)
    return (
        f"This is no longer possible: {last.by.get_full_name() or last.by.get_username()} "
        f"{last.kind} this version on {at:%-d %B at %H:%M}. "
        "Open it again to see where it stands."
    )


def record(revision: Revision, kind: str, *, by: User, now: datetime, reason: str = "") -> None:
    """Write a step into the page's history."""
    PageEvent.objects.create(
        page=revision.page, revision=revision, kind=kind, at=now, by=by, reason=reason
    )


def wrote(revision: Revision, user: User) -> bool:
    """Whether the person wrote any of the revision, now or in an earlier draft of it."""
    return revision.events.filter(
        kind__in=[EVENTS[RevisionStatus.DRAFT], "edited"], by=user
    ).exists()
