"""Search."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from procedures.models import Clinician
from procedures.reading.publication import open_pages
from procedures.reading.search import LONGEST_QUERY, search, search_people
from procedures.reading.views.answers import today, with_signatures


@require_safe
def search_page(request: HttpRequest) -> HttpResponse:
    """Pages and people that match. No cache keeps the response: a query can reveal who is ill."""
    query = " ".join(request.GET.get("q", "")[:LONGEST_QUERY].split())
    pages = open_pages(today())
    found = search(query, pages)
    everybody = Clinician.objects.select_related("portrait").order_by("name")
    people = with_signatures(search_people(query, everybody), pages)
    context = {
        "query": query,
        # A name is no misspelling of another word.
        "results": [] if people and found.instead else found.results,
        "people": people,
        "instead": found.instead,
        "pages": pages,
        "longest": LONGEST_QUERY,
        "section": "search",
    }
    return render(request, "procedures/search.html", context)
