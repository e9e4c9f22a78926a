"""The page on paper: in ordinary and in large print, and as PDF where that is installed."""

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.template.loader import render_to_string
from django.utils import timezone
from django.utils.translation import gettext
from django.views.decorators.http import require_safe

from procedures.ground import languages
from procedures.log.notes import log_key
from procedures.reading import pdf
from procedures.reading.publication import Closed, Publication
from procedures.reading.views.answers import closed, find_or_english, public, told_of
from procedures.texts.rendering import square_code


@require_safe
def leaflet(request: HttpRequest, category: str, slug: str, language: str = "") -> HttpResponse:
    """The page made for printing. `?size=large` prints it in 18 point."""
    page, found = find_or_english(category, slug, language)
    if isinstance(found, Closed):
        return closed(request, page, found)
    return public(render(request, "procedures/leaflet.html", _context(request, found)))


@require_safe
def leaflet_pdf(request: HttpRequest, category: str, slug: str, language: str = "") -> HttpResponse:
    """The leaflet as a tagged PDF, or a page that says what to do without one."""
    page, found = find_or_english(category, slug, language)
    if isinstance(found, Closed):
        return closed(request, page, found)
    context = _context(request, found)
    if not pdf.is_installed():
        context["is_english_instead"] = languages.is_foreign()
        return render(request, "procedures/no_pdf.html", context, status=501)
    html = render_to_string("procedures/leaflet.html", context, request)
    large = "-large" if context["large"] else ""
    response = HttpResponse(pdf.make(html), content_type="application/pdf")
    language = f"-{found.page.language}" if found.page.language else ""
    name = f"{slug}{language}-version-{found.revision.number}{large}.pdf"
    response.headers["Content-Disposition"] = f'inline; filename="{name}"'
    return public(response)


def _context(request: HttpRequest, found: Publication) -> dict[str, object]:
    number = found.revision.number
    page = found.page
    address = settings.SITE_URL + page.at("paper", number)
    return told_of(found) | {
        "section": page.category,
        "large": request.GET.get("size") == "large",
        "printed": timezone.localdate(),
        "paper_address": address,
        "code": square_code(address, gettext("Code that leads to {}").format(address)),
        "makes_pdf": pdf.is_installed(),
        "log_key": log_key(),
    }
