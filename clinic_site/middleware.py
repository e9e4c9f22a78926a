"""What holds for every answer of the site."""

from collections.abc import Callable

from django.core.exceptions import BadRequest
from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed

from clinic_site import errors
from procedures.store import DATABASE_IS_AWAY

View = Callable[[HttpRequest], HttpResponse]
METHODS = ("GET", "HEAD", "POST")


def refuse_nul(get_response: View) -> View:
    """Answer 400 to a NUL byte in the path, the query or a cookie: PostgreSQL would fail on it."""

    def middleware(request: HttpRequest) -> HttpResponse:
        query = request.META.get("QUERY_STRING", "")
        cookies = request.META.get("HTTP_COOKIE", "")
        if "\x00" in request.path + query + cookies or "%00" in query + cookies:
            raise BadRequest("NUL byte")
        return get_response(request)

    return middleware


def refuse_methods(get_response: View) -> View:
    """Answer 405 with a page where a view refuses the method, and where none would take it."""

    def middleware(request: HttpRequest) -> HttpResponse:
        is_known = request.method in METHODS
        response = get_response(request) if is_known else HttpResponseNotAllowed(METHODS)
        return errors.not_allowed(request, response) if response.status_code == 405 else response

    return middleware


def do_not_ask_a_database_that_is_away(get_response: View) -> View:
    """Answer 503 straight away if the page store has just tried in vain: a second wait helps nobody."""

    def middleware(request: HttpRequest) -> HttpResponse:
        if request.META.get(DATABASE_IS_AWAY):
            return errors.unavailable(request)
        return get_response(request)

    return middleware


def private_by_default(get_response: View) -> View:
    """Let no cache keep an answer, unless its view said that the page is public."""

    def middleware(request: HttpRequest) -> HttpResponse:
        response = get_response(request)
        response.headers.setdefault("Cache-Control", "no-store")
        response.headers.setdefault("Cross-Origin-Resource-Policy", "same-origin")
        response.headers.setdefault("Cross-Origin-Embedder-Policy", "require-corp")
        return response

    return middleware
