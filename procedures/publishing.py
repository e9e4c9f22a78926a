"""The life of a revision: drafted, reviewed, signed, published, ended. The only writer of revisions.

Every step moves the row only if it still has the status and the version that the caller saw, writes
the page's event in the same transaction, and raises PublishingRefused with a sentence otherwise.
"""

from datetime import datetime, timedelta
from typing import Any

from django.contrib.auth.models import User
from django.db import IntegrityError, transaction
from django.utils import timezone

from procedures import content_checks
from procedures.models import (
    Clinician,
    InformationPage,
    PageEvent,
    Revision,
    SignOff,
    Source,
    sha256,
)
from procedures.rendering import RENDERER_VERSION, parse, render
from procedures.status import (
    EVENTS,
    TRANSITIONS,
    ChangeClass,
    PublishingRefused,
    RevisionStatus,
)

STATEMENT = (
    "I have read the whole of this page as patients will see it. To the best of my knowledge it is "
    "accurate, balanced and safe to publish."
)
BEFORE_PATIENTS = [RevisionStatus.PUBLISHED, RevisionStatus.SUSPENDED]
DAYS_A_MONTH = 365.25 / 12


def start_draft(
    page: InformationPage,
    *,
    document: str,
    by: User,
    now: datetime,
    change_class: str = ChangeClass.ADVICE,
    note: str = "",
) -> Revision:
    """Begin the next revision of a page. Raises DocumentError if the text cannot be read."""
    last = page.revisions.order_by("-number").first()
    revision = Revision(
        page=page,
        number=last.number + 1 if last else 1,
        written_at=now,
        written_by=by,
        change_class=change_class,
        note=note,
        **_columns(page, document),
    )
    try:
        with transaction.atomic():
            revision.save(force_insert=True)
            _record(revision, EVENTS[RevisionStatus.DRAFT], by=by, now=now)
    except IntegrityError:
        raise PublishingRefused(
            "A colleague began a new version of this page at the same moment. Open theirs."
        ) from None
    return revision


def save_draft(
    revision: Revision,
    *,
    version: int,
    document: str,
    change_class: str,
    note: str,
    by: User,
    now: datetime,
) -> Revision:
    """Replace the text of a draft. Raises DocumentError if the text cannot be read."""
    columns = _columns(revision.page, document)
    with transaction.atomic():
        _move(
            revision,
            RevisionStatus.DRAFT,
            expected=RevisionStatus.DRAFT,
            version=version,
            written_at=now,
            written_by=by,
            change_class=change_class,
            note=note,
            **columns,
        )
        _record(revision, "edited", by=by, now=now)
    return revision


def submit_for_review(revision: Revision, *, version: int, by: User, now: datetime) -> Revision:
    """Freeze the text, render the fragment that a reviewer will read, and hand it over.

    Raises PublishingRefused with the first findings of the content checks.
    """
    if not revision.note:
        raise PublishingRefused("Write the note to patients first: one sentence on what is new.")
    found = content_checks.findings(revision.document)
    if found:
        sentences = " ".join(f"Line {line}: {sentence}" for line, sentence in found[:5])
        raise PublishingRefused(f"The text is not ready for review. {sentences}")
    fragment = render(revision.document, sources())
    with transaction.atomic():
        _move(
            revision,
            RevisionStatus.IN_REVIEW,
            version=version,
            fragment=fragment,
            fragment_hash=sha256(fragment),
            renderer_version=RENDERER_VERSION,
        )
        _record(revision, EVENTS[RevisionStatus.IN_REVIEW], by=by, now=now)
    return revision


def return_to_author(
    revision: Revision, *, version: int, by: User, reason: str, now: datetime
) -> Revision:
    """Send a revision back to be changed, with the reason."""
    with transaction.atomic():
        _move(revision, RevisionStatus.DRAFT, version=version)
        _record(revision, "returned", by=by, now=now, reason=reason)
    return revision


def sign_off(
    revision: Revision, *, version: int, fragment_hash: str, by: User, now: datetime
) -> SignOff:
    """A verified clinician, who wrote none of it, signs exactly the bytes that they were shown."""
    clinician = Clinician.objects.filter(login=by).first()
    today = timezone.localdate(now)
    if clinician is None or not clinician.may_sign(today):
        raise PublishingRefused(
            "Only a clinician whose registration was checked within the year can sign. "
            "Ask a manager to check it and to record the evidence."
        )
    if wrote(revision, by):
        raise PublishingRefused("You wrote part of this text. Another clinician has to sign it.")
    if fragment_hash != revision.fragment_hash or not revision.bytes_are_intact():
        raise PublishingRefused(
            "The text is not the one that you were shown. Open it and read it again."
        )
    review_due = today + timedelta(days=round(revision.page.review_months * DAYS_A_MONTH))
    with transaction.atomic():
        _move(revision, RevisionStatus.SIGNED, version=version)
        signed = SignOff.objects.create(
            revision=revision,
            document_hash=revision.document_hash,
            fragment_hash=revision.fragment_hash,
            clinician=clinician,
            signer_name=clinician.name,
            signer_role=clinician.role,
            signer_regulator=clinician.regulator,
            signer_registration=clinician.registration_number,
            statement=STATEMENT,
            note=revision.note,
            signed_at=now,
            signed_by=by,
            review_due=review_due,
            closing_day=review_due + timedelta(days=revision.page.grace_days),
        )
        _record(revision, EVENTS[RevisionStatus.SIGNED], by=by, now=now)
    return signed


def publish(revision: Revision, *, version: int, by: User, now: datetime) -> Revision:
    """Put a signed revision before patients; the one that was there is superseded."""
    signed = revision.sign_off()
    if signed is None or signed.review_due <= timezone.localdate(now):
        raise PublishingRefused(
            "No valid signature stands for this text. It has to be signed first."
        )
    if not revision.bytes_are_intact():
        raise PublishingRefused(
            "The stored text no longer matches its signature. Do not publish it."
        )
    if revision.page.revisions.filter(
        number__gt=revision.number, status__in=BEFORE_PATIENTS
    ).exists():
        raise PublishingRefused("A later version of this page was already published. Use that one.")
    try:
        with transaction.atomic():
            _supersede_earlier(revision, by=by, now=now)
            _move(
                revision,
                RevisionStatus.PUBLISHED,
                version=version,
                published_at=now,
                published_by=by,
            )
            _record(revision, EVENTS[RevisionStatus.PUBLISHED], by=by, now=now)
    except IntegrityError:
        raise PublishingRefused(
            "A colleague published another version of this page at the same moment. Open theirs."
        ) from None
    return revision


def suspend(revision: Revision, *, version: int, by: User, reason: str, now: datetime) -> Revision:
    """Close a published page at once, because it may do harm. Any clinician may."""
    return _end(revision, RevisionStatus.SUSPENDED, version=version, by=by, reason=reason, now=now)


def withdraw(revision: Revision, *, version: int, by: User, reason: str, now: datetime) -> Revision:
    """Take a page away for good. Its history stays."""
    return _end(revision, RevisionStatus.WITHDRAWN, version=version, by=by, reason=reason, now=now)


def sources() -> dict[str, Source]:
    """All sources by the key with which a text cites them."""
    return {source.key: source for source in Source.objects.all()}


def wrote(revision: Revision, user: User) -> bool:
    """Whether the person wrote any of the revision, now or in an earlier draft of it."""
    return revision.events.filter(
        kind__in=[EVENTS[RevisionStatus.DRAFT], "edited"], by=user
    ).exists()


def _columns(page: InformationPage, document: str) -> dict[str, str]:
    document = document.replace("\r\n", "\n")
    parsed = parse(document)
    if parsed.category != page.category:
        raise PublishingRefused(
            f"This page is in “{page.get_category_display()}”, so its text must say “category: "
            f"{page.category}”."
        )
    return {
        "document": document,
        "document_hash": sha256(document),
        "title": parsed.title,
        "standfirst": parsed.standfirst,
    }


def _supersede_earlier(revision: Revision, *, by: User, now: datetime) -> None:
    earlier = revision.page.revisions.filter(status__in=BEFORE_PATIENTS).exclude(pk=revision.pk)
    for old in earlier.order_by("pk"):
        _move(old, RevisionStatus.SUPERSEDED, version=old.version)
        _record(old, EVENTS[RevisionStatus.SUPERSEDED], by=by, now=now)


def _end(
    revision: Revision,
    status: RevisionStatus,
    *,
    version: int,
    by: User,
    reason: str,
    now: datetime,
) -> Revision:
    with transaction.atomic():
        _move(revision, status, version=version)
        _record(revision, EVENTS[status], by=by, now=now, reason=reason)
    return revision


def _move(
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
        raise PublishingRefused(_what_happened(revision))
    moved = Revision.objects.filter(pk=revision.pk, status=status, version=version).update(
        status=to, version=version + 1, **changes
    )
    if not moved:
        raise PublishingRefused(_what_happened(revision))
    revision.refresh_from_db()


def _what_happened(revision: Revision) -> str:
    last = revision.events.select_related("by").order_by("-pk").first()
    if last is None:
        return "This version has changed. Open it again."
    at = timezone.localtime(last.at)
    return (
        f"This is no longer possible: {last.by.get_full_name() or last.by.get_username()} "
        f"{last.kind} this version on {at:%-d %B at %H:%M}. "
        "Open it again to see where it stands."
    )


def _record(revision: Revision, kind: str, *, by: User, now: datetime, reason: str = "") -> None:
    PageEvent.objects.create(
        page=revision.page, revision=revision, kind=kind, at=now, by=by, reason=reason
    )
