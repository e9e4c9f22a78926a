"""S2: the rules of the MDN HTTP Observatory, for every address of the site and every status.

With the security settings of production. Cookies are looked at wherever one is set.
"""

import json
import re
import subprocess
import sys
from collections.abc import Iterable, Iterator
from datetime import datetime
from http.cookies import SimpleCookie
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.core.exceptions import RequestDataTooBig
from django.db import OperationalError
from django.http import HttpRequest, HttpResponse
from django.test import Client, override_settings
from django.urls import URLPattern, URLResolver, get_resolver, path

from clinic_site import urls
from tests.clinic_site.test_wiring import PRODUCTION
from tests.processes import ROOT

pytestmark = pytest.mark.django_db

EXACTLY = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Embedder-Policy": "require-corp",
    "Cross-Origin-Resource-Policy": "same-origin",
}
POLICY = {
    "default-src 'none'",
    "script-src 'self'",
    "style-src 'self'",
    "img-src 'self'",
    "form-action 'self'",
    "base-uri 'none'",
    "frame-ancestors 'none'",
}
# On a page whose script asks our own server (`procedures.ground.scripts`).
OWN_SERVER = {"connect-src 'self'"}
YEAR = 365 * 24 * 60 * 60
# What is about somebody. A cache may keep other pages for a minute.
PERSONAL = ("/admin/", "/appointments/", "/invitation/", "/metrics")


def faults(address: str, answer: Any) -> list[str]:
    """What the rules have against an answer."""
    headers = answer.headers
    found = [name for name, value in EXACTLY.items() if headers.get(name) != value]
    if set(headers.get("Content-Security-Policy", "").split("; ")) - OWN_SERVER != POLICY:
        found.append("Content-Security-Policy")
    strict = re.match(
        r"max-age=(\d+); includeSubDomains", headers.get("Strict-Transport-Security", "")
    )
    if not strict or int(strict[1]) < YEAR:
        found.append("Strict-Transport-Security")
    if address.startswith(PERSONAL) and "no-store" not in headers.get("Cache-Control", ""):
        found.append("Cache-Control")
    return found + [f"cookie {name}" for name in _weak(answer.cookies)]


def _weak(cookies: SimpleCookie) -> list[str]:
    """The cookies that another site, another host, a script or a wire could get hold of."""
    return [
        name
        for name, cookie in cookies.items()
        if not (
            name.startswith("__Host-")
            and cookie["secure"]
            and cookie["httponly"]
            and cookie["samesite"] in {"Lax", "Strict"}
            and cookie["path"] == "/"
            and not cookie["domain"]
        )
    ]


def addresses(patterns: Iterable[URLPattern | URLResolver], under: str = "/") -> Iterator[str]:
    """Every address of the map, with something or other for what is variable in it."""
    for pattern in patterns:
        written = re.sub(r"<\w+:\w+>", "1", str(pattern.pattern))
        written = re.sub(r"\(\?P<\w+>.*\)|[\^$]", "nothing", written) if "(" in written else written
        if isinstance(pattern, URLPattern):
            yield under + written.replace("\\Z", "")
        else:
            yield from addresses(pattern.url_patterns, under + written)


def breaks(request: HttpRequest) -> HttpResponse:
    raise RuntimeError


def is_away(request: HttpRequest) -> HttpResponse:
    raise OperationalError


def is_too_large(request: HttpRequest) -> HttpResponse:
    raise RequestDataTooBig


class WithFaults:
    """The site's addresses, and three that fail."""

    handler400, handler403 = urls.handler400, urls.handler403
    handler404, handler500 = urls.handler404, urls.handler500
    urlpatterns = [
        *urls.urlpatterns,
        path("breaks/", breaks),
        path("is-away/", is_away),
        path("is-too-large/", is_too_large),
    ]


@pytest.fixture(scope="module")
def security() -> dict[str, Any]:
    """The security settings of production, as production reads them."""
    program = (
        "import json, os; os.environ['DJANGO_SETTINGS_MODULE'] = 'clinic_site.settings';"
        "from django.conf import settings as s;"
        "print(json.dumps({n: getattr(s, n) for n in dir(s)"
        " if n.startswith(('SECURE_', 'SESSION_COOKIE_', 'CSRF_COOKIE_'))}))"
    )
    command = [sys.executable, "-c", program]
    told = subprocess.run(command, cwd=ROOT, env=PRODUCTION, capture_output=True, check=True)
    return dict(json.loads(told.stdout))


@pytest.fixture
def in_production(security: dict[str, Any]) -> Iterator[None]:
    with override_settings(ROOT_URLCONF=WithFaults, **security):
        yield


def ask(client: Client, address: str, method: str = "get", **headers: str) -> Any:
    return getattr(client, method)(address, secure=True, headers=headers)


SIGN_OUT = 'action="/admin/logout/"'
# What is printed, and what comes before anybody is signed in or after: pages without “Sign out”.
PAPERS = {
    "/admin/set-up/papers/record-of-processing/",
    "/admin/set-up/papers/retention-schedule/",
    "/admin/set-up/papers/impact-assessment/",
    "/admin/set-up/papers/privacy-notice/",
    "/admin/bookings/appointmentrequest/to-phone/letters/sheets/",
}
ON_THE_WAY_IN = {"/admin/second-factor/set-up/", "/admin/second-factor/passkey/"}
ON_THE_WAY_OUT = {"/admin/login/"}


@pytest.mark.parametrize("who", ["anybody", pytest.param("the owner", marks=pytest.mark.lengthy)])
def test_s2_every_address_keeps_the_rules(who: str, in_production: None, monday: datetime) -> None:
    client = Client(raise_request_exception=False)
    if who == "the owner":
        client.force_login(User.objects.create_superuser("owner", "owner@example.org", "x"))
    seen: dict[int, int] = {}
    without: set[str] = set()
    for address in dict.fromkeys(addresses(get_resolver().url_patterns)):
        answer = ask(client, address)
        assert faults(address, answer) == [], (address, answer.status_code)
        assert answer.status_code < 500 or address in {"/breaks/", "/is-away/"}, address
        is_page = answer.status_code == 200 and answer["Content-Type"].startswith("text/html")
        if is_page and address.startswith("/admin/") and SIGN_OUT not in answer.text:
            without.add(address)
        seen[answer.status_code] = seen.get(answer.status_code, 0) + 1
    assert without == (PAPERS | ON_THE_WAY_IN if who == "the owner" else ON_THE_WAY_OUT)
    assert sum(seen.values()) > 150
    assert seen.keys() >= {200, 302, 404, 413, 500, 503}


def test_s2_every_refusal_keeps_the_rules(in_production: None) -> None:
    client = Client(raise_request_exception=False, enforce_csrf_checks=True)
    answers = {
        "/?q=%00": (ask(client, "/?q=%00"), 400),
        "/appointments/request/": (ask(client, "/appointments/request/", "post"), 403),
        "/urgent/": (ask(client, "/urgent/", "delete"), 405),
        "/static/css/site.css": (ask(client, "/static/css/site.css", "head"), 200),
    }
    for address, (answer, status) in answers.items():
        assert answer.status_code == status, address
        assert faults(address, answer) == [], address


@pytest.mark.parametrize(
    "header", [*EXACTLY, "Content-Security-Policy", "Strict-Transport-Security", "Cache-Control"]
)
def test_the_rules_see_what_is_missing(header: str, in_production: None) -> None:
    answer = ask(Client(), "/admin/login/")
    assert faults("/admin/login/", answer) == []
    assert [*answer.cookies]
    del answer.headers[header]
    assert faults("/admin/login/", answer) == [header]


@pytest.mark.parametrize("weakness", ["secure", "httponly", "samesite", "path", "domain"])
def test_the_rules_see_a_weak_cookie(weakness: str, in_production: None) -> None:
    answer = ask(Client(), "/admin/login/")
    (name,) = answer.cookies
    answer.cookies[name][weakness] = "elsewhere.example" if weakness == "domain" else ""
    assert faults("/admin/login/", answer) == [f"cookie {name}"]
