"""Rules for every response of the site."""

from collections.abc import Callable

from django.conf import settings
from django.core.exceptions import BadRequest, RequestDataTooBig
from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed

from bookings.outside.fhir.outcomes import CONTENT_TYPE, outcome
from clinic_site import errors
from procedures.ground import languages
from procedures.ground.rate_limits import TooManyTries
from procedures.models.restored import is_quiet
from procedures.reading.store import DATABASE_IS_AWAY

View = Callable[[HttpRequest], HttpResponse]
STAFF_ONLY = ("/admin/", "/invitation/")
METHODS = ("GET", "HEAD", "POST")
# What a refusal says beside its words.
KEPT = ("Allow", "Retry-After")


def speak_the_language_of_the_address(get_response: View) -> View:
    """Answer in the language that the address begins with, and in English without one.

    Nothing else is asked, no header and no cookie, so a page that is kept for one is right for all.
    """

    def middleware(request: HttpRequest) -> HttpResponse:
        with languages.spoken_in(languages.of_path(request.path_info)):
            response = get_response(request)
            if response.headers.get("Content-Type", "").startswith("text/html"):
                response.headers["Content-Language"] = languages.current().code
        return response

    return middleware


def answer_other_systems(get_response: View) -> View:
    """Answer every refusal under /fhir/ in FHIR's words, whoever refused.

    A program that meets a page of HTML can only say that something is wrong.
    """

    def middleware(request: HttpRequest) -> HttpResponse:
        response = get_response(request)
        is_ours = response.headers.get("Content-Type") == CONTENT_TYPE
        if response.status_code < 400 or is_ours or not _is_in_fhir(request):
            return response
        kept = {name: response.headers[name] for name in KEPT if name in response.headers}
        return outcome(response.status_code, headers=kept)

    return middleware


def refuse_nul(get_response: View) -> View:
    """Answer 400 to a NUL byte in the path, the query or a cookie: PostgreSQL would fail on it."""

    def middleware(request: HttpRequest) -> HttpResponse:
        query = request.META.get("QUERY_STRING", "")
        cookies = request.META.get("HTTP_COOKIE", "")
        if "\x00" in request.path + query + cookies or "%00" in query + cookies:
            raise BadRequest("NUL byte")
        return get_response(request)

    return middleware


def refuse_large_bodies(get_response: View) -> View:
    """Answer 413 to a body that is too long, or that does not give its length.

    Nothing of the body is read: Django's own limit does not count files.
    """

    def middleware(request: HttpRequest) -> HttpResponse:
        try:
            length = int(request.META.get("CONTENT_LENGTH") or 0)
        except ValueError:
            length = 0  # Django treats this as no body, and reads nothing
        if (
            length > settings.DATA_UPLOAD_MAX_MEMORY_SIZE
            or "HTTP_TRANSFER_ENCODING" in request.META
        ):
            return errors.bad_request(request, RequestDataTooBig())
        return get_response(request)

    return middleware


def refuse_methods(get_response: View) -> View:
    """Answer 405 with a page if a view refuses the method, or if no view would accept it.

    Under /fhir/ each view says which methods it allows.
    """

    def middleware(request: HttpRequest) -> HttpResponse:
        is_known = request.method in METHODS or _is_in_fhir(request)
        response = get_response(request) if is_known else HttpResponseNotAllowed(METHODS)
        return errors.not_allowed(request, response) if response.status_code == 405 else response

    return middleware


def do_not_ask_a_database_that_is_away(get_response: View) -> View:
    """Answer 503 straight away if the page store has just failed to reach the database.

    A second wait helps nobody.
    """

    def middleware(request: HttpRequest) -> HttpResponse:
        if request.META.get(DATABASE_IS_AWAY):
            return errors.unavailable(request)
        return get_response(request)

    return middleware


def keep_a_restored_copy_quiet(get_response: View) -> View:
    """Answer 503 on a quiet copy to whoever asks, or has asked, for an appointment.

    Staff can use the desk, and everybody can read pages.
    """

    def middleware(request: HttpRequest) -> HttpResponse:
        is_for_patients = languages.in_english_path(request.path).startswith("/appointments/")
        is_sent_by_the_public = request.method == "POST" and not request.path.startswith(STAFF_ONLY)
        if (is_for_patients or is_sent_by_the_public) and is_quiet():
            return errors.not_open(request)
        return get_response(request)

    return middleware


class AnswerTooManyTries:
    """Tells anybody who is refused by a limit when it is open again, the same way on every page."""

    def __init__(self, get_response: View):
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Pass the request and the response on unchanged."""
        return self.get_response(request)

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponse | None:
        """Answer a limit that was passed with its page. Every other exception is passed on."""
        return (
            errors.too_many_tries(request, exception)
            if isinstance(exception, TooManyTries)
            else None
        )


def private_by_default(get_response: View) -> View:
    """Let no cache keep a response, unless its view said that the page is public."""

    def middleware(request: HttpRequest) -> HttpResponse:
        response = get_response(request)
        response.headers.setdefault("Cache-Control", "no-store")
        response.headers.setdefault("Cross-Origin-Resource-Policy", "same-origin")
        response.headers.setdefault("Cross-Origin-Embedder-Policy", "require-corp")
        return response

    return middleware


def _is_in_fhir(request: HttpRequest) -> bool:
    return request.path == "/fhir" or request.path.startswith("/fhir/")
