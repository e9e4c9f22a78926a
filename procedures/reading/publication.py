"""What a patient may read of a page now. Every way to a page's text leads through `look_up`.

The promise: what is read is, byte for byte, what was signed. So the signature, its dates,
the hashes and the sealed events are checked each time (`proofs`), and anything amiss closes the
page. Nothing needs to run on a schedule for a stale page to stop looking fresh.
"""

import time
from collections.abc import Iterable
from datetime import date, datetime
from functools import lru_cache
from typing import NamedTuple

from django.conf import settings
from django.db import connection
from django.utils import timezone

from procedures.models import InformationPage, PageEvent, Revision, SignOff
from procedures.reading.proofs import Evidence, examine, signature, with_evidence
from procedures.status import EVENTS, MEDICAL, Category, ReviewState, RevisionStatus
from procedures.texts.rendering import Document, Fragment, Term, cut, parse, terms

KEPT_SECONDS = 60
# Asked for by every process once a second, and by whoever asks for an appointment: so it is one question
# whose SQL is written already.
COUNTER = f"""
    SELECT 1, COUNT(*) FROM {PageEvent._meta.db_table}
    UNION ALL SELECT 2, COUNT(*) FROM {SignOff._meta.db_table}
    UNION ALL SELECT 3, id FROM {Revision._meta.db_table} WHERE status = %s
"""  # noqa: S608 -- the tables' names are our own


class Publication(NamedTuple):
    """A revision that may be read, under the signature that allows it."""

    page: InformationPage
    revision: Revision
    sign_off: SignOff
    document: Document
    fragment: Fragment
    state: ReviewState
    registration_checked: bool
    # The signature whose dates count: its own, or that of the English text that it translates.
    ages_by: SignOff
    # Of a translation: its translator's signature, and the English page as it can be read now.
    translator: SignOff | None = None
    english: "Publication | None" = None

    @property
    def is_behind(self) -> bool:
        """Whether the English text has changed since it was translated."""
        return self.english is not None and self.revision.translates != self.english.revision


class Closed(NamedTuple):
    """A page that was once published and may not be read now."""

    title: str


class Version(NamedTuple):
    """A text that patients could once read, as the page's history describes it."""

    revision: Revision
    title: str
    sign_offs: list[SignOff]
    suspended: bool
    # Nothing changed for patients: there was nothing before.
    is_first: bool
    # Whether its words may still be shown: the page is open, and nobody revoked this text.
    shown: bool

    @property
    def fragment(self) -> Fragment:
        """The signed bytes. Show them only while they may be read."""
        return cut(self.revision.fragment)


class Titled(NamedTuple):
    """An open page, as it can be read in a language, and whether it invites a request."""

    english: InformationPage
    page: InformationPage
    title: str
    invites: bool


class GlossaryEntry(NamedTuple):
    """A term in the words of a signed text, and all the pages that explain it."""

    term: Term
    pages: list[Publication]


def counter() -> tuple[int, ...]:
    """Numbers of which at least one changes with every step in the life of any page.

    The events are append-only, so their count grows with each commit. The largest id would not do:
    of two transactions, the one with the lower id may commit last. The number of signatures and the
    published texts are included because a page that is forged without `publishing` writes no event.
    """
    with connection.cursor() as cursor:
        cursor.execute(COUNTER, [RevisionStatus.PUBLISHED])
        return tuple(number for _, number in sorted(cursor.fetchall()))


def open_pages(
    on: date, categories: Iterable[str] = Category.values, language: str = ""
) -> list[Publication]:
    """The pages of these categories that may be read on that day, in their order.

    Those in English, or the translations into a language.
    """
    live = Revision.objects.published_and_signed().filter(
        page__category__in=categories, page__language=language
    )
    in_order = with_evidence(live).order_by("page__position", "page__slug")
    found = (_publication(revision, on) for revision in in_order)
    return [publication for publication in found if publication]


def translations_of(english: Publication, on: date) -> list[Publication]:
    """What may be read of a page on that day in the other languages that the clinic offers."""
    live = Revision.objects.published_and_signed().filter(
        page__original=english.page, page__language__in=settings.OTHER_LANGUAGES
    )
    found = (
        _translation(each, english, on) for each in with_evidence(live).order_by("page__language")
    )
    return [translation for translation in found if translation]


def in_language(pages: Iterable[Publication], language: str, on: date) -> list[Publication]:
    """These pages, each in a language if it may be read in it, and otherwise in English."""
    translated = open_pages(on, language=language) if language else []
    of_page = {each.page.original_id: each for each in translated}
    return [of_page.get(each.page.pk, each) for each in pages]


def related_pages(page: InformationPage, on: date) -> list[Publication]:
    """The pages that this one leads to and that may be read on that day."""
    page = page.original or page
    related = set(page.related.values_list("pk", flat=True))
    return [each for each in open_pages(on) if each.page.pk in related]


def titles_to_ask_about(on: date, language: str = "") -> list[Titled]:
    """The pages that a request can be about on that day: the open ones that end with an invitation.

    A page about what the clinic does not do has no closing question.
    """
    return [each for each in _titles(on, MEDICAL, language) if each.invites]


def open_titles(
    on: date, categories: Iterable[str], language: str = ""
) -> list[tuple[InformationPage, str]]:
    """The pages of these categories that may be read on that day, each with its signed title.

    Each in a language if it can be read in it, and otherwise in English.
    """
    return [(each.page, each.title) for each in _titles(on, categories, language)]


def titles_about_us(on: date, language: str) -> list[Titled]:
    """The pages about the clinic that may be read in this other language on that day."""
    return [each for each in _titles(on, [Category.ABOUT], language) if each.page.language]


def _titles(on: date, categories: Iterable[str], language: str = "") -> tuple[Titled, ...]:
    """The open pages with their titles.

    They are kept in this process like public pages (`store`): until the next step in the life of
    any page, and for a minute at most.
    """
    minute = int(time.monotonic() // KEPT_SECONDS)
    return _titles_of(on, tuple(categories), language, counter(), minute)


@lru_cache(maxsize=32)
def _titles_of(
    on: date, categories: tuple[str, ...], language: str, counted: tuple[int, ...], minute: int
) -> tuple[Titled, ...]:
    english = open_pages(on, categories)
    return tuple(
        Titled(of.page, each.page, each.document.title, bool(each.document.closing_question))
        for of, each in zip(english, in_language(english, language, on), strict=True)
    )


def forget_titles() -> None:
    """Forget the titles that this process keeps, so that they are read again."""
    _titles_of.cache_clear()


def shows(figure_address: str, on: date) -> bool:
    """Whether an open page shows this figure, in any language."""
    return any(
        figure_address in each.fragment.text
        for language in ("", *settings.OTHER_LANGUAGES)
        for each in open_pages(on, language=language)
    )


def look_up(page: InformationPage, on: date) -> Publication | Closed | None:
    """What may be read of the page on that day in the clinic's time zone.

    None if it was never public. A page that seems closed is read a second time: a colleague's step
    may have been committed between the queries of the first read, which then do not match each
    other.
    """
    found = _look_up(page, on)
    return _look_up(page, on) if isinstance(found, Closed) else found


def is_closed(revision: Revision) -> bool:
    """Whether patients see a notice today instead of this published text."""
    if revision.status != RevisionStatus.PUBLISHED:
        return False
    return not isinstance(look_up(revision.page, timezone.localdate()), Publication)


def look_up_in(page: InformationPage, language: str, on: date) -> Publication | Closed | None:
    """The same of an English page in a language if it can be read in it now; otherwise in English."""
    translation = page.translations.filter(language=language).first() if language else None
    found = look_up(translation, on) if translation else None
    return found if isinstance(found, Publication) else look_up(page, on)


def _look_up(page: InformationPage, on: date) -> Publication | Closed | None:
    rows = with_evidence(page.revisions.all())
    revision = rows.filter(status=RevisionStatus.PUBLISHED).first()
    if revision:
        return _publication(revision, on) or _closed(revision)
    last = rows.filter(published_at__isnull=False).order_by("-number").first()
    return _closed(last) if last else None


def _closed(revision: Revision) -> Closed:
    return Closed(_title(revision, examine(revision)))


def _title(revision: Revision, evidence: Evidence) -> str:
    """The title, if exactly these bytes were signed; otherwise a name made from the address.

    The column `title` is for staff's lists and is not covered by a hash.
    """
    if evidence.sign_offs and not evidence.faults:
        return parse(revision.document).title
    return revision.page.spoken()


def _publication(revision: Revision, on: date) -> Publication | None:
    if revision.page.original:
        english = _look_up(revision.page.original, on)
        return _translation(revision, english, on) if isinstance(english, Publication) else None
    sign_off = signature(revision)
    return _under(sign_off, revision, sign_off, on) if sign_off else None


def _translation(revision: Revision, english: Publication, on: date) -> Publication | None:
    """What may be read of a translation beside its open English page.

    It is due and closes with the English text that it translates, and is closed while anybody doubts
    that text: nothing has to be done to it then.
    """
    evidence, original = examine(revision), revision.translates
    if evidence.signature is None or original is None:
        return None
    its_evidence = examine(original)
    if its_evidence.signature is None or not _is_shown(original, its_evidence):
        return None
    found = _under(evidence.signature, revision, its_evidence.signature, on)
    return found and found._replace(translator=evidence.translator, english=english)


def _under(sign_off: SignOff, revision: Revision, ages_by: SignOff, on: date) -> Publication | None:
    """A text under its signature, unless the dates of `ages_by` have run out."""
    state = ages_by.review_state(on)
    if state == ReviewState.CLOSED:
        return None
    return Publication(
        revision.page,
        revision,
        sign_off,
        parse(revision.document),
        cut(revision.fragment),
        state,
        sign_off.clinician is None or sign_off.clinician.may_sign(on),
        ages_by,
    )


def history(page: InformationPage, on: date) -> list[Version]:
    """Every text of the page that patients could read, newest first, with its signatories."""
    is_open = isinstance(look_up(page, on), Publication)
    public = page.revisions.filter(published_at__isnull=False).order_by("-number")
    told = [
        (row, evidence) for row in with_evidence(public) if (evidence := examine(row)).was_published
    ]
    first = told[-1][0] if told else None
    return [
        _version(row, evidence, page_is_open=is_open, is_first=row == first)
        for row, evidence in told
    ]


def _version(
    revision: Revision, evidence: Evidence, *, page_is_open: bool, is_first: bool
) -> Version:
    shown = page_is_open and _is_shown(revision, evidence)
    return Version(
        revision,
        _title(revision, evidence),
        evidence.sign_offs,
        _was_suspended(revision),
        is_first,
        shown,
    )


def _was_suspended(revision: Revision) -> bool:
    return any(event.kind == EVENTS[RevisionStatus.SUSPENDED] for event in revision.events.all())


def _is_shown(revision: Revision, evidence: Evidence) -> bool:
    """Whether its words may be shown while its page is open. A translation's fall with the English."""
    original = revision.translates
    return (
        not _was_suspended(revision)
        and revision.status in {RevisionStatus.PUBLISHED, RevisionStatus.SUPERSEDED}
        and evidence.signature is not None
        and (original is None or _is_shown(original, examine(original)))
    )


def glossary(on: date) -> list[GlossaryEntry]:
    """Every term that an open page explains, in the words that a clinician signed last."""
    entries: dict[str, GlossaryEntry] = {}
    newest_first = sorted(
        open_pages(on, MEDICAL), key=lambda each: each.sign_off.signed_at, reverse=True
    )
    for publication in newest_first:
        for term in terms(publication.fragment.text):
            entries.setdefault(term.anchor, GlossaryEntry(term, [])).pages.append(publication)
    return sorted(entries.values(), key=lambda entry: entry.term.word.lower())


def known_terms(page: InformationPage, now: datetime) -> set[str]:
    """The terms that other open pages explain."""
    entries = glossary(timezone.localdate(now))
    return {entry.term.word for entry in entries if any(each.page != page for each in entry.pages)}
