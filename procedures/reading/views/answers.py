"""What all public responses have in common."""

from collections import Counter
from collections.abc import Iterable
from datetime import date, datetime

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils import timezone
from django.utils.http import http_date

from procedures.ground import languages
from procedures.models import Clinician, InformationPage
from procedures.reading.publication import (
    Closed,
    Publication,
    in_language,
    look_up,
    look_up_in,
    related_pages,
)
from procedures.status import ReviewState

# How long an external cache may keep a page after it was changed or withdrawn.
PUBLIC_SECONDS = 60


def public(response: HttpResponse, changed: datetime | None = None) -> HttpResponse:
    """Let any cache keep this response for a minute. `changed` is when its words last changed."""
    response.headers["Cache-Control"] = f"public, max-age={PUBLIC_SECONDS}"
    if changed:
        response.headers["Last-Modified"] = http_date(changed.timestamp())
    return response


def find(
    category: str, slug: str, language: str = ""
) -> tuple[InformationPage, Publication | Closed]:
    """A page that is or was public, in English or as a translation. Raises Http404 for any other."""
    page = get_object_or_404(
        InformationPage.in_every_language, category=category, slug=slug, language=language
    )
    found = look_up(page, today())
    if found is None:
        raise Http404
    return page, found


def find_or_english(
    category: str, slug: str, language: str
) -> tuple[InformationPage, Publication | Closed]:
    """A page in a language if it can be read in it now; otherwise as it is in English."""
    page = get_object_or_404(InformationPage.objects, category=category, slug=slug)
    found = look_up_in(page, language, today())
    if found is None:
        raise Http404
    return (found.page if isinstance(found, Publication) else page), found


def closed(request: HttpRequest, page: InformationPage, notice: Closed) -> HttpResponse:
    """The notice at the address of a page that may not be read now, with the pages it leads to."""
    context = {
        "page": page,
        "section": page.category,
        "closed": notice,
        "related": in_language(related_pages(page, today()), languages.code(), today()),
    }
    return render(request, "procedures/closed.html", context, status=410)


def told_of(found: Publication) -> dict[str, object]:
    """What every view of an open text is given: the text, and what warns about it."""
    return found._asdict() | {
        "overdue": found.state == ReviewState.OVERDUE,
        "is_behind": found.is_behind,
        "text_language": languages.of(found.page.language),
        "facts": facts_about(found.page),
    }


def facts_about(page: InformationPage) -> list[str]:
    """The template of what is beside a page about the clinic, and an empty one if there is none."""
    if page.kind().needs_clinician:
        return []
    return [f"procedures/facts/{page.slug}.html", "procedures/facts/none.html"]


def today() -> date:
    """The day in the clinic's zone."""
    return timezone.localdate()


def last_change(publication: Publication) -> datetime:
    """When the words of a page, or the signature on them, last changed."""
    published = publication.revision.published_at
    signed = publication.sign_off.signed_at
    return max(published, signed) if published else signed


def with_signatures(
    clinicians: Iterable[Clinician], pages: Iterable[Publication]
) -> list[tuple[Clinician, int]]:
    """Each of these people with how many of the pages are under their signature."""
    signed = Counter(each.sign_off.clinician_id for each in pages)
    return [(each, signed[each.pk]) for each in clinicians]
