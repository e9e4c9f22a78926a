"""Search."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from procedures.reading.publication import open_pages
from procedures.reading.search import LONGEST_QUERY, search
from procedures.reading.views.answers import today


@require_safe
def search_page(request: HttpRequest) -> HttpResponse:
    """Pages that match the search. No cache keeps the response: a query can reveal who is ill."""
    query = " ".join(request.GET.get("q", "")[:LONGEST_QUERY].split())
    pages = open_pages(today())
    found = search(query, pages)
    context = {
        "query": query,
        "results": found.results,
        "instead": found.instead,
        "pages": pages,
        "longest": LONGEST_QUERY,
        "section": "search",
    }
    return render(request, "procedures/search.html", context)
