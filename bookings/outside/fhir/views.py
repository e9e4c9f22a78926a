"""The addresses of the interface: what it can do, a search, and one resource."""

from collections.abc import Callable
from datetime import datetime
from functools import wraps
from typing import Any
from urllib.parse import urlencode

from django.http import Http404, HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.cache import get_conditional_response
from django.utils.http import http_date
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST, require_safe

from bookings import access, journal
from bookings.models import AccessToken
from bookings.outside.bearer import NoToken, token_in
from bookings.outside.fhir import capability
from bookings.outside.fhir.kinds import KINDS, Kind, resource_of
from bookings.outside.fhir.outcomes import Refused, Resource, as_json, base, outcome, version_of
from bookings.outside.fhir.search import AFTER, count_of
from procedures.ground.rate_limits import TooManyTries, spend

View = Callable[..., HttpResponse]
JSON = ("application/fhir+json", "application/json", "json")
ANY = ("*/*", "application/*")
FORMS = ("application/x-www-form-urlencoded", "multipart/form-data")


def in_fhir(view: View) -> View:
    """Answer in FHIR's JSON whatever happens, for those who ask for JSON.

    Only a token counts here, which no browser sends unasked, so a form needs no cookie.
    """

    @csrf_exempt
    @wraps(view)
    def answered(request: HttpRequest, **names: str) -> HttpResponse:
        try:
            _require_form(request)
            _require_json(request)
            return view(request, **names)
        except NoToken:
            return outcome(401)
        except Refused as refused:
            return outcome(refused.status, refused.said)

    return answered


@require_safe
@in_fhir
def metadata(request: HttpRequest) -> HttpResponse:
    """What the interface can do. It says nothing about anybody, so nobody has to show a token."""
    _require_nothing_else(request)
    return _unless_known(request, capability.statement(), version="")


@require_safe
@in_fhir
def search(request: HttpRequest, name: str) -> HttpResponse:
    """A page of resources, by parameters in the address."""
    return _searched(request, name, list(_flat(request.GET)))


@require_POST
@in_fhir
def search_by_form(request: HttpRequest, name: str) -> HttpResponse:
    """The same by a form, which no log of addresses keeps."""
    return _searched(request, name, [*_flat(request.GET), *_flat(request.POST)])


@require_safe
@in_fhir
def read(request: HttpRequest, name: str, pk: str) -> HttpResponse:
    """One resource, or 304 for whoever has it already."""

    def answer(kind: Kind, token: AccessToken, now: datetime) -> HttpResponse:
        _require_nothing_else(request)
        row = kind.one(pk, now)
        resource = resource_of(kind, row, now)
        _record(kind, [row], token, now)
        moment = getattr(row, kind.changed) if kind.changed else None
        return _unless_known(request, resource, version=resource["meta"]["versionId"], at=moment)

    return _with_token(request, name, answer)


def _searched(request: HttpRequest, name: str, given: list[tuple[str, str]]) -> HttpResponse:
    def answer(kind: Kind, token: AccessToken, now: datetime) -> HttpResponse:
        about_page = {"_count": "", AFTER: "", "_format": ""} | {
            key: value for key, value in given if key in {"_count", AFTER, "_format"}
        }
        asked = [(key, value) for key, value in given if key not in about_page]
        count = count_of(about_page["_count"])
        own = [*asked, ("_count", str(count)), (AFTER, about_page[AFTER])]
        if count == 0:
            total, rows = kind.total(asked, now)
            _record(kind, rows, token, now)
            return _unless_known(request, {**_bundle(name, self=own), "total": total}, version="")
        page = kind.search(asked, about_page[AFTER], count, now)
        _record(kind, page.rows, token, now)
        following = [*asked, ("_count", str(count)), (AFTER, page.after)] if page.after else []
        bundle = _bundle(name, self=own, next=following)
        if page.rows:
            bundle["entry"] = [
                {
                    "fullUrl": f"{base()}/{name}/{row.pk}",
                    "resource": resource_of(kind, row, now),
                    "search": {"mode": "match"},
                }
                for row in page.rows
            ]
        return _unless_known(request, bundle, version="")

    return _with_token(request, name, answer)


def _bundle(name: str, **links: list[tuple[str, str]]) -> Resource:
    """An answer to a search without its resources; a link that asks for nothing is left out."""
    return {
        "resourceType": "Bundle",
        "type": "searchset",
        "link": [
            {
                "relation": relation,
                "url": f"{base()}/{name}?{urlencode([each for each in asked if each[1]])}",
            }
            for relation, asked in links.items()
            if asked
        ],
    }


def _with_token(
    request: HttpRequest,
    name: str,
    answer: Callable[[Kind, AccessToken, datetime], HttpResponse],
) -> HttpResponse:
    """What `answer` returns for a token that may read this kind. Each use is counted, or refusal."""
    now = timezone.now()
    if name not in KINDS:
        raise Http404
    token = token_in(request, now)
    try:
        spend(access.USE, str(token.pk), now)
        if not token.may_read(name):
            raise Refused(403, f"This token may not read {name}.")
        response = answer(KINDS[name], token, now)
    except (Refused, TooManyTries):
        access.note_use(token, now, answered=False)
        raise
    access.note_use(token, now, answered=True)
    return response


def _record(kind: Kind, rows: list[Any], token: AccessToken, now: datetime) -> None:
    """Note whom the answer is about, as for a list that a colleague is shown."""
    journal.record_outside(kind.name, kind.about(rows), by=token, at=now)


def _unless_known(
    request: HttpRequest, resource: Resource, *, version: str, at: datetime | None = None
) -> HttpResponse:
    """The resource with its version, or 304 if the reader has that version."""
    response = as_json(resource)
    response.headers["ETag"] = f'W/"{version or version_of(resource)}"'
    if at:
        response.headers["Last-Modified"] = http_date(int(at.timestamp()))
    if request.method == "POST":
        return response
    known = get_conditional_response(request, etag=response.headers["ETag"], response=response)
    return known or response


def _require_json(request: HttpRequest) -> None:
    asked = request.GET.get("_format") or request.POST.get("_format")
    # A plus in an address is a space, which no kind has.
    wanted = str(asked).replace(" ", "+") if asked else request.headers.get("Accept", "")
    kinds = [each.partition(";")[0].strip().lower() for each in wanted.split(",") if each.strip()]
    if kinds and not set(kinds) & {*JSON, *ANY}:
        raise Refused(406)


def _require_form(request: HttpRequest) -> None:
    """Refuse a body that would be ignored, because then everything would be found."""
    forms = FORMS if request.method == "POST" else ()
    if request.body and (request.content_type not in forms or request.FILES):
        raise Refused(415)


def _require_nothing_else(request: HttpRequest) -> None:
    """Refuse what is asked where nothing can be asked but the format."""
    if unknown := sorted(set(request.GET) - {"_format"}):
        raise Refused(400, f"The parameter “{unknown[0]}” is not supported here.")


def _flat(values: Any) -> Any:
    return ((name, value) for name, several in values.lists() for value in several)
