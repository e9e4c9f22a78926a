"""What can be proven of stored texts: that they are what was frozen, signed and shown."""

from collections.abc import Iterator

from django.db.models import QuerySet

from procedures.models import InformationPage, Revision, SignOff
from procedures.status import RevisionStatus

NOT_FROZEN = {RevisionStatus.DRAFT}
NEEDS_A_SIGNATURE = {
    RevisionStatus.SIGNED,
    RevisionStatus.PUBLISHED,
    RevisionStatus.SUSPENDED,
    RevisionStatus.SUPERSEDED,
    RevisionStatus.WITHDRAWN,
}


def pages_with_texts() -> QuerySet[InformationPage]:
    """All pages that have a text, by address."""
    return InformationPage.objects.filter(revisions__isnull=False).distinct().order_by("slug")


def faults_of_page(page: InformationPage) -> list[str]:
    """A sentence for every stored text or signature of the page that does not hold."""
    rows = page.revisions.exclude(status__in=NOT_FROZEN).prefetch_related("sign_offs")
    return [
        f"version {revision.number}: {fault}"
        for revision in rows.order_by("number")
        for fault in _faults(revision, list(revision.sign_offs.all()))
    ]


def _faults(revision: Revision, sign_offs: list[SignOff]) -> Iterator[str]:
    if not revision.bytes_are_intact():
        yield "the stored text does not match its hash"
    if any(not signed.covers(revision) for signed in sign_offs):
        yield "a signature is for another text"
    if revision.status in NEEDS_A_SIGNATURE and not sign_offs:
        yield "nobody signed it"
