"""For machines: a feed of changed advice, the sitemap, and robots.txt."""

from operator import itemgetter

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.feedgenerator import Atom1Feed
from django.utils.html import escape
from django.views.decorators.http import require_safe

from procedures.models import Clinician
from procedures.reading.publication import Publication, history, open_pages
from procedures.reading.views.answers import last_change, public, today
from procedures.status import Category, ChangeClass

MOST_CHANGES = 50


@require_safe
def changes(request: HttpRequest) -> HttpResponse:
    """An Atom feed of every change of advice on an open page, with the signed note."""
    feed = Atom1Feed(
        title=f"{settings.CLINIC_NAME}: changes to advice",
        link=f"{settings.SITE_URL}/",
        description="News of pages whose advice has changed.",
        feed_url=settings.SITE_URL + reverse("procedures:changes"),
        language=settings.LANGUAGE_CODE,
    )
    found = [
        (published, version, each)
        for each in open_pages(today())
        for version in history(each.page, today())
        if (published := version.revision.published_at)
        and version.shown
        and version.sign_offs[-1].change_class == ChangeClass.ADVICE
    ]
    newest = sorted(found, key=itemgetter(0), reverse=True)
    for published, version, each in newest[:MOST_CHANGES]:
        number = version.revision.number
        path = reverse("procedures:history", args=[each.page.category, each.page.slug])
        feed.add_item(
            title=f"{version.title}, version {number}",
            link=f"{settings.SITE_URL}{path}#version-{number}",
            unique_id=f"{settings.SITE_URL}{path}#version-{number}",
            description=escape(version.sign_offs[-1].note),
            pubdate=published,
            updateddate=published,
            author_name=version.sign_offs[-1].signer_name,
        )
    return public(HttpResponse(feed.writeString("utf-8"), content_type="application/atom+xml"))


@require_safe
def sitemap(request: HttpRequest) -> HttpResponse:
    """Every public address, with the real day of its last change where it has one."""
    pages = open_pages(today())
    entries: list[tuple[str, str]] = [(each.page.get_absolute_url(), _day(each)) for each in pages]
    names = ("procedures:home", "procedures:clinicians", "procedures:glossary", "bookings:start")
    entries += [(reverse(name), "") for name in names]
    entries += [(reverse("procedures:category", args=[each]), "") for each in Category.values]
    entries += [
        (reverse("procedures:clinician", args=[slug]), "")
        for slug in Clinician.objects.values_list("slug", flat=True)
    ]
    context = {"entries": entries, "site_url": settings.SITE_URL}
    answer = render(request, "procedures/sitemap.xml", context, content_type="application/xml")
    return public(answer)


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
        f"Disallow: {reverse('procedures:search')}",
        "",
        f"Sitemap: {settings.SITE_URL}{reverse('procedures:sitemap')}",
    )
    return public(HttpResponse("\n".join(lines) + "\n", content_type="text/plain; charset=utf-8"))
