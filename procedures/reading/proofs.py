"""Proves that stored texts are what was frozen, signed and shown.

A row counts only if sealed events confirm it. Opening a page runs the same `examine` as `manage.py
verify_pages`, so what patients read has always passed it.
"""

from collections.abc import Iterator
from datetime import datetime
from typing import NamedTuple

from django.db.models import Prefetch, QuerySet

from procedures.log.entries import fault_of
from procedures.models import Figure, InformationPage, PageEvent, Revision, SignOff, sha256
from procedures.reading.statements import Statement, address, instant, read, signature_of, text_of
from procedures.status import (
    EVENTS,
    REVOKED,
    SIGNINGS,
    STATUS_AFTER,
    RevisionStatus,
)

NEEDS_A_SIGNATURE = {
    RevisionStatus.SIGNED,
    RevisionStatus.PUBLISHED,
    RevisionStatus.SUSPENDED,
    RevisionStatus.SUPERSEDED,
    RevisionStatus.WITHDRAWN,
}

# A signature, and what the event of its signing says; None if there is no such event.
Signing = tuple[SignOff, Statement | None]


class Evidence(NamedTuple):
    """The sealed events of a revision compared with its rows."""

    # A sentence for everything that disagrees.
    faults: list[str]
    # The signatures that have their event, oldest first.
    sign_offs: list[SignOff]
    # Whether patients could ever read it.
    was_published: bool

    # Whether it says in another language what an English text says, and so needs two signatures.
    is_translation: bool = False

    @property
    def signature(self) -> SignOff | None:
        """The newest unrevoked signature, whatever its dates; None while anything is amiss.

        Of a translation it counts only beside that of its translator.
        """
        standing = [signed for signed in self._standing if signed.translator is None]
        complete = not self.is_translation or self.translator is not None
        return standing[-1] if standing and complete and not self.faults else None

    @property
    def translator(self) -> SignOff | None:
        """The newest unrevoked signature of a translator; None while anything is amiss."""
        standing = [signed for signed in self._standing if signed.translator is not None]
        return standing[-1] if standing and not self.faults else None

    @property
    def _standing(self) -> list[SignOff]:
        return [signed for signed in self.sign_offs if signed.revoked_at is None]


def with_evidence(revisions: QuerySet[Revision]) -> QuerySet[Revision]:
    """The same revisions, with everything that `examine` looks at."""
    events = PageEvent.objects.select_related("entry__signature").order_by("number")
    signed = SignOff.objects.select_related("clinician__login", "translator__login")
    return revisions.select_related("page__original", "translates__page").prefetch_related(
        Prefetch("sign_offs", signed), Prefetch("events", events)
    )


def examine(revision: Revision) -> Evidence:
    """Compare a revision and its signatures with its events."""
    events = sorted(revision.events.all(), key=lambda event: event.number)
    told = [(event.number, read(event)) for event in events]
    history = [said for _, said in told if said]
    sign_offs = sorted(revision.sign_offs.all(), key=lambda signed: signed.signed_at)
    signings = _signings(sign_offs, history)
    faults = [
        f"event {number} was not written by this site" for number, said in told if said is None
    ]
    faults += [
        f"event {event.number} {fault}"
        for event, (_, said) in zip(events, told, strict=True)
        if said and (fault := fault_of(event, said))
    ]
    faults += _text_faults(revision, sign_offs, history)
    faults += _status_faults(revision, history)
    faults += _signature_faults(revision, signings, history)
    return Evidence(
        faults,
        sign_offs=[signed for signed, said in signings if said],
        was_published=any(said["kind"] == EVENTS[RevisionStatus.PUBLISHED] for said in history),
        is_translation=bool(revision.page.language),
    )


def signature(revision: Revision) -> SignOff | None:
    """The signature under which a revision may be read or published, whatever its dates."""
    return examine(revision).signature


def pages_with_texts() -> QuerySet[InformationPage]:
    """All pages that have a text, by address."""
    pages = InformationPage.in_every_language.filter(revisions__isnull=False)
    return pages.distinct().order_by("slug", "language")


def faults_of_page(page: InformationPage) -> list[str]:
    """A sentence for every disagreement in the page's texts and signatures."""
    return [
        f"version {revision.number}: {fault}"
        for revision in with_evidence(page.revisions.order_by("number"))
        for fault in [*examine(revision).faults, *_missing_figures(revision)]
    ]


def _missing_figures(revision: Revision) -> list[str]:
    shown = text_of(revision)["figures"]
    stored = Figure.objects.filter(content_hash__in=shown).values_list("content_hash", flat=True)
    return [f"the figure {name} is gone" for name in shown if name not in stored]


# --- The chain of all events ------------------------------------------------------------------


class Link(NamedTuple):
    """One event of the chain, and what is wrong with it."""

    number: int
    hash: str
    fault: str


def chain() -> Iterator[Link]:
    """Every event in order.

    One that this site did not write is named, but is no part of the chain.
    """
    previous = ""
    events = PageEvent.objects.select_related("revision").order_by("number")
    for event in events.iterator():
        said = read(event)
        if said is None:
            yield Link(event.number, "", "it was not written by this site")
            continue
        fault = "" if said["previous"] == previous else "an event before it was changed or removed"
        previous = sha256(event.statement)
        yield Link(event.number, previous, fault)


# --- One revision -----------------------------------------------------------------------------


def _text_faults(
    revision: Revision, sign_offs: list[SignOff], history: list[Statement]
) -> Iterator[str]:
    if revision.status != RevisionStatus.DRAFT and not revision.bytes_are_intact():
        yield "the stored text does not match its hash"
    # A translator's may be revoked before the second one is given, and then the text is changed.
    binding = [signed for signed in sign_offs if not (signed.translator_id and signed.revoked_at)]
    if any(not signed.covers(revision) for signed in binding):
        yield "a signature is for another text"
    by_clinicians = revision.page.kind().needs_clinician
    seconds = [signed for signed in sign_offs if signed.translator_id is None]
    if any((signed.clinician_id is not None) != by_clinicians for signed in seconds):
        yield f"a signature is not {'a clinician' if by_clinicians else 'a manager'}'s"
    if not is_of_its_page(revision):
        yield "it is not a translation of the page that it belongs to"
    if not history:
        yield "it has no history"
    elif history[-1]["text"] != text_of(revision):
        yield "the text is not the one of its newest event"


def is_of_its_page(revision: Revision) -> bool:
    """Whether a text in another language names an English text of the same page, and no other does."""
    if not revision.page.language:
        return revision.translates is None
    return (
        revision.translates is not None and revision.translates.page_id == revision.page.original_id
    )


def _status_faults(revision: Revision, history: list[Statement]) -> Iterator[str]:
    statuses = [STATUS_AFTER[said["kind"]] for said in history if said["kind"] in STATUS_AFTER]
    if statuses[-1:] != [revision.status]:
        told = statuses[-1] if statuses else "nothing"
        yield f"its status is “{revision.status}”, but its events say “{told}”"
    published = [said for said in history if said["kind"] == EVENTS[RevisionStatus.PUBLISHED]]
    if [(said["at"], said["by"]["id"]) for said in published] != _moment(
        revision.published_at, revision.published_by_id
    ):
        yield "when or by whom it was published does not match its events"
    if published and published[-1]["page"]["address"] != address(revision.page):
        yield f"it was published at another address: {published[-1]['page']['address']}"


def _signature_faults(
    revision: Revision, signings: list[Signing], history: list[Statement]
) -> Iterator[str]:
    if revision.status in NEEDS_A_SIGNATURE:
        if all(signed.translator_id for signed, _ in signings):
            yield "nobody signed it"
        if revision.page.language and not any(signed.translator_id for signed, _ in signings):
            yield "no translator signed it"
        if revision.made_by_machine:
            yield "a machine translated it"
    for signed, told in signings:
        if told is None:
            yield f"the signature of {signed.signer_name} has no event"
        elif _moment(signed.revoked_at, signed.revoked_by_id) != _revocation(told, history):
            yield f"the revocation of {signed.signer_name}'s signature does not match its events"
    for said in history:
        if said["kind"] in SIGNINGS and all(said is not told for _, told in signings):
            yield f"the signature of event {said['number']} is gone"


def _signings(sign_offs: list[SignOff], history: list[Statement]) -> list[Signing]:
    """Each signature with the event of its signing.

    That event has the same login at the same instant, and says exactly the same.
    """
    untold = [said for said in history if said["kind"] in SIGNINGS]
    signings: list[Signing] = []
    for signed in sign_offs:
        what = signature_of(signed)
        told = next((said for said in untold if _tells_of(said, what)), None)
        untold = [said for said in untold if said is not told]
        signings.append((signed, told))
    return signings


def _tells_of(said: Statement, what: Statement) -> bool:
    same_hand = (said["at"], said["by"]["id"]) == (what["signed_at"], what["signed_by"])
    return same_hand and said["signature"] == what


def _revocation(signing: Statement, history: list[Statement]) -> list[tuple[str, int]]:
    """When and by whom a signature was revoked, together with every other on the text."""
    later = (
        (said["at"], said["by"]["id"])
        for said in history
        if said["kind"] == REVOKED and said["number"] > signing["number"]
    )
    return list(later)[:1]


def _moment(at: datetime | None, by: int | None) -> list[tuple[str, int]]:
    return [(instant(at), by)] if at and by else []
