"""What has changed, for machines and for people; the sitemap, and robots.txt."""

from collections.abc import Iterator, Sequence
from datetime import datetime
from operator import attrgetter
from typing import NamedTuple

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.feedgenerator import Atom1Feed
from django.utils.html import escape
from django.views.decorators.http import require_safe

from procedures.ground import languages
from procedures.models import Clinician, InformationPage, SignOff
from procedures.models.clinic import details
from procedures.reading.news import news_of_pages, title_of
from procedures.reading.publication import Publication, Version, history, open_pages
from procedures.reading.views.answers import last_change, public, today
from procedures.status import MEDICAL, Category, ChangeClass

MOST_CHANGES = 50
# Pages that are made from others, or that nobody signs.
LISTS = ("home", "clinicians", "glossary", "what-has-changed")


class Change(NamedTuple):
    """A version that patients can read and that changed what a page advises, or was its first."""

    page: InformationPage
    version: Version
    published: datetime

    @property
    def signed(self) -> SignOff:
        """Its newest signature, with the note to patients."""
        return self.version.sign_offs[-1]

    def path(self) -> str:
        """Where the history of the page describes it."""
        return f"{self.page.at('history')}#version-{self.version.revision.number}"


class Entry(NamedTuple):
    """One entry of the feed."""

    title: str
    path: str
    said: str
    moment: datetime
    author: str


@require_safe
def changes(request: HttpRequest) -> HttpResponse:
    """An Atom feed of every change of advice on an open medical page, in any language, with its note.

    And of each medical page that was taken away, or can be read again.
    """
    feed = Atom1Feed(
        title=f"{details().name}: changes to advice",
        link=f"{settings.SITE_URL}/",
        description="News of pages whose advice has changed.",
        feed_url=settings.SITE_URL + reverse("procedures:changes"),
        language=settings.LANGUAGE_CODE,
    )
    changed = _changes(MEDICAL, *settings.OTHER_LANGUAGES)
    entries = [*map(_entry_of_change, changed), *_entries_of_news()]
    for entry in sorted(entries, key=attrgetter("moment"), reverse=True)[:MOST_CHANGES]:
        feed.add_item(
            title=entry.title,
            link=settings.SITE_URL + entry.path,
            unique_id=settings.SITE_URL + entry.path,
            description=escape(entry.said),
            pubdate=entry.moment,
            updateddate=entry.moment,
            author_name=entry.author,
        )
    return public(HttpResponse(feed.writeString("utf-8"), content_type="application/atom+xml"))


def _entry_of_change(change: Change) -> Entry:
    title = f"{change.version.title}, version {change.version.revision.number}"
    signed = change.signed
    return Entry(title, change.path(), signed.note, change.published, signed.signer_name)


def _entries_of_news() -> list[Entry]:
    medical = InformationPage.objects.filter(category__in=MEDICAL)
    return [
        Entry(title_of(each, today()), each.path(), each.said, each.event.at, details().name)
        for each in news_of_pages(medical, MOST_CHANGES)
    ]


@require_safe
def what_has_changed(request: HttpRequest) -> HttpResponse:
    """The same for people, and what has changed on the pages about the clinic."""
    context = {"changes": _changes(list(Category)), "section": Category.ABOUT}
    return public(render(request, "procedures/what_has_changed.html", context))


def _changes(categories: Sequence[Category], *languages: str) -> list[Change]:
    """The newest changes of what the open pages of these categories say, the newest first.

    In English, and in these languages.
    """
    found = [
        Change(each.page, version, published)
        for code in ("", *languages)
        for each in open_pages(today(), categories, code)
        for version in history(each.page, today())
        if (published := version.revision.published_at)
        and version.shown
        and version.sign_offs[-1].change_class == ChangeClass.ADVICE
    ]
    return sorted(found, key=attrgetter("published"), reverse=True)[:MOST_CHANGES]


@require_safe
def sitemap(request: HttpRequest) -> HttpResponse:
    """Every public address, with the real day of its last change where it has one."""
    lists = [reverse(f"procedures:{name}") for name in LISTS]
    lists += [reverse("bookings:start"), reverse("urgent")]
    lists += [reverse("procedures:in-language", args=[code]) for code in settings.OTHER_LANGUAGES]
    lists += [reverse("procedures:category", args=[each]) for each in Category.values]
    clinicians = Clinician.objects.values_list("slug", flat=True)
    lists += [reverse("procedures:clinician", args=[slug]) for slug in clinicians]
    entries = [*_pages_in_every_language(), *((path, "", ()) for path in lists)]
    context = {"entries": entries, "site_url": settings.SITE_URL}
    answer = render(request, "procedures/sitemap.xml", context, content_type="application/xml")
    return public(answer)


def _pages_in_every_language() -> Iterator[tuple[str, str, Sequence[tuple[str, str]]]]:
    """Each open page: its address, the day of its change, and its addresses in all its languages."""
    every: dict[int, list[Publication]] = {each.page.pk: [each] for each in open_pages(today())}
    for code in settings.OTHER_LANGUAGES:
        for each in open_pages(today(), language=code):
            every.get(each.page.original_id or 0, []).append(each)
    for pages in every.values():
        said = [
            (languages.of(each.page.language).code, each.page.get_absolute_url()) for each in pages
        ]
        for each, (_, address) in zip(pages, said, strict=True):
            yield address, _day(each), said if len(said) > 1 else ()


def _day(publication: Publication) -> str:
    return timezone.localdate(last_change(publication)).isoformat()


@require_safe
def robots(request: HttpRequest) -> HttpResponse:
    """What a crawler may read: everything public, nothing that belongs to patients or staff."""
    lines = (
        "User-agent: *",
        f"Allow: {reverse('bookings:start')}",
        f"Disallow: {reverse('admin:index')}",
        "Disallow: /appointments/",
        *(f"Disallow: /{code}/appointments/" for code in settings.OTHER_LANGUAGES),
        f"Disallow: {reverse('procedures:search')}",
        "",
        f"Sitemap: {settings.SITE_URL}{reverse('procedures:sitemap')}",
    )
    return public(HttpResponse("\n".join(lines) + "\n", content_type="text/plain; charset=utf-8"))
