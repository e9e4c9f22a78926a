"""Changes the status of a revision, and writes the event into its page's history."""

import contextlib
import json
from collections.abc import Collection, Iterator
from datetime import datetime
from typing import Any

from django.contrib.auth.models import User
from django.db import transaction
from django.utils import timezone

from procedures.ground.people import shown_name
from procedures.log import entries
from procedures.log.verify import NOTHING
from procedures.models import InformationPage, LogEntry, PageEvent, Revision, SignOff, sha256
from procedures.reading.proofs import Evidence, examine
from procedures.reading.statements import compose, read, seal, text_of
from procedures.status import EDITED, EVENTS, TRANSITIONS, PublishingRefused, RevisionStatus


@contextlib.contextmanager
def one_step() -> Iterator[None]:
    """Run one transaction with everything that one step changes and records.

    The steps of all pages queue up behind each other, so that the chain of events cannot fork. The
    lock is the row of the very first event, which is always the same and is never deleted. It is
    taken before any other lock, so that two steps never wait for each other.
    """
    with transaction.atomic():
        PageEvent.objects.select_for_update().order_by("pk").values_list("pk").first()
        yield


def transition(
    revision: Revision,
    to: RevisionStatus,
    *,
    version: int,
    expected: RevisionStatus | None = None,
    **changes: Any,
) -> None:
    """Change the status, but only from the status and version that the caller saw."""
    status = expected or RevisionStatus(revision.status)
    if expected is None and to not in TRANSITIONS[status]:
        raise PublishingRefused(what_happened(revision))
    moved = Revision.objects.filter(pk=revision.pk, status=status, version=version).update(
        status=to, version=version + 1, **changes
    )
    if not moved:
        raise PublishingRefused(what_happened(revision))
    revision.refresh_from_db()


def name_page(revision: Revision) -> None:
    """Give the page the title of this text, for the lists of the desk."""
    InformationPage.objects.filter(pk=revision.page_id).update(title=revision.title)


def bump(revision: Revision, statuses: Collection[RevisionStatus], *, version: int) -> None:
    """Raise the version, but only from the one that the caller saw. The status stays as it is."""
    moved = Revision.objects.filter(
        pk=revision.pk, status__in=statuses, status=revision.status, version=version
    ).update(version=version + 1)
    if not moved:
        raise PublishingRefused(what_happened(revision))
    revision.refresh_from_db()


def examined(revision: Revision, *, version: int) -> Evidence:
    """What can be proved about a revision that somebody is about to sign or publish.

    Raises PublishingRefused if the caller saw an older version, or if anything stored is amiss.
    """
    stored = Revision.objects.get(pk=revision.pk)
    if stored.version != version:
        raise PublishingRefused(what_happened(revision))
    evidence = examine(stored)
    if evidence.faults:
        raise PublishingRefused(
            f"The stored text no longer matches its history: {evidence.faults[0]}. Do not sign "
            "or publish it. Tell whoever runs the site, and start a new version from a text "
            "you trust."
        )
    return evidence


def refuse_outrun(revision: Revision) -> None:
    """Refuse a text when a later one of its page has been published: nobody will ever read it."""
    if not Revision.objects.to_come().filter(pk=revision.pk).exists():
        raise PublishingRefused(
            "A later version of this page has already been published. Begin a new version from that "
            "one."
        )


def what_happened(revision: Revision) -> str:
    """A sentence on who did what last, for somebody whose step is no longer possible."""
    last = revision.events.select_related("by").order_by("-pk").first()
    if last is None:
        return "This version has changed. Open it again."
    at = timezone.localtime(last.at)
    return (
        f"This is no longer possible: {shown_name(last.by)} {last.kind} this version on "
        f"{at:%-d %B at %-H:%M}. Open it again to see its current status."
    )


def record(
    revision: Revision,
    kind: str,
    *,
    by: User,
    now: datetime,
    reason: str = "",
    sign_off: SignOff | None = None,
    keys: str = NOTHING,
) -> LogEntry | None:
    """Write a step into the history of its page, chained and sealed, and what is public into the log.

    `keys` is the list of passkeys of which one signs it. Call it within `one_step`.
    """
    newest = _newest()
    event = PageEvent(
        number=_free_number(newest.number + 1 if newest else 1),
        page=revision.page,
        revision=revision,
        kind=kind,
        at=now,
        by=by,
        reason=reason,
    )
    previous = sha256(newest.statement) if newest else ""
    event.statement = compose(event, previous=previous, text=text_of(revision), sign_off=sign_off)
    event.seal = seal(event.statement)
    event.save(force_insert=True)
    return entries.append(event, json.loads(event.statement), keys)


def _newest() -> PageEvent | None:
    """The newest event that this site wrote. An inserted row is no part of the chain."""
    events = PageEvent.objects.select_related("revision").order_by("-number")
    return next((event for event in events.iterator(chunk_size=10) if read(event)), None)


def _free_number(number: int) -> int:
    """This number, or the next one that is free. An inserted row does not stop the chain."""
    while PageEvent.objects.filter(number=number).exists():
        number += 1
    return number


def wrote(revision: Revision, user: User) -> bool:
    """Whether the person wrote any of the revision, now or in an earlier draft of it."""
    return revision.events.filter(kind__in=[EVENTS[RevisionStatus.DRAFT], EDITED], by=user).exists()
