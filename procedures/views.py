"""Public pages. They ask for no session and set no cookie, so that any cache may hold them."""

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils import timezone

from procedures.models import Clinician, InformationPage
from procedures.publication import Closed, look_up, readable
from procedures.status import Category, ReviewState

# How long a cache outside may keep a page after it changed or was withdrawn.
PUBLIC_SECONDS = 60


def home(request: HttpRequest) -> HttpResponse:
    """What the clinic is for, how to ask for an appointment, what to read, who we are."""
    context = {
        "shelves": [(category, readable(timezone.localdate(), category)) for category in Category],
        "clinicians": Clinician.objects.order_by("name"),
    }
    return _public(render(request, "procedures/home.html", context))


def category(request: HttpRequest, category: str) -> HttpResponse:
    """The pages of one category."""
    shelf = Category(category)
    context = {
        "category": shelf,
        "pages": readable(timezone.localdate(), shelf),
        "section": category,
    }
    return _public(render(request, "procedures/category.html", context))


def page(request: HttpRequest, category: str, slug: str) -> HttpResponse:
    """One information page: 404 if it never was public, 410 if it may not be read now."""
    record = get_object_or_404(InformationPage, category=category, slug=slug)
    publication = look_up(record, timezone.localdate())
    if publication is None:
        raise Http404
    context: dict[str, object] = {"page": record, "section": category}
    if isinstance(publication, Closed):
        return render(
            request, "procedures/closed.html", context | {"closed": publication}, status=410
        )
    context |= publication._asdict()
    context["overdue"] = publication.state == ReviewState.OVERDUE
    return _public(render(request, "procedures/page.html", context))


def _public(response: HttpResponse) -> HttpResponse:
    response.headers["Cache-Control"] = f"public, max-age={PUBLIC_SECONDS}"
    return response
