"""What a patient may read of a page now. Every way to a page's text leads through `look_up`.

The promise: what is read is, byte for byte, what a clinician signed. So the signature, its dates and
the hashes are looked at each time, and anything amiss closes the page. Nothing needs to run on a
schedule for a stale page to stop looking fresh.
"""

from datetime import date
from typing import NamedTuple

from procedures.models import InformationPage, Revision, SignOff
from procedures.rendering import Document, Fragment, cut, parse
from procedures.status import Category, ReviewState, RevisionStatus


class Publication(NamedTuple):
    """A revision that may be read, under the signature that allows it."""

    revision: Revision
    sign_off: SignOff
    document: Document
    fragment: Fragment
    state: ReviewState


class Closed(NamedTuple):
    """A page that was once published and may not be read now."""

    title: str


class Listed(NamedTuple):
    """A page that may be read, for a list of them."""

    page: InformationPage
    document: Document


def readable(on: date, *categories: Category) -> list[Listed]:
    """The pages of these categories that may be read on that day, in their order."""
    live = Revision.objects.live(on).filter(page__category__in=categories)
    return [
        Listed(revision.page, parse(revision.document))
        for revision in live.select_related("page").order_by("page__position", "page__slug")
        if revision.bytes_are_intact()
    ]


def look_up(page: InformationPage, on: date) -> Publication | Closed | None:
    """What may be read of the page on that day in the clinic's zone; None if it never was public."""
    revision = page.revisions.filter(status=RevisionStatus.PUBLISHED).first()
    if revision is None:
        last = page.revisions.filter(published_at__isnull=False).order_by("-number").first()
        return Closed(last.title) if last else None
    sign_off = revision.sign_off()
    if sign_off is None or not revision.bytes_are_intact():
        return Closed(revision.title)
    state = sign_off.review_state(on)
    if state == ReviewState.CLOSED:
        return Closed(revision.title)
    return Publication(revision, sign_off, parse(revision.document), cut(revision.fragment), state)
