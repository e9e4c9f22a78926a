"""Answers in FHIR's JSON, and the one way in which anything is refused: an OperationOutcome."""

import hashlib
import json
from collections.abc import Mapping
from typing import Any

from django.conf import settings
from django.http import HttpResponse

CONTENT_TYPE = "application/fhir+json; charset=utf-8"
Resource = dict[str, Any]
# For each status the code of the issue, and what to do if nothing better is known.
REFUSALS = {
    400: ("invalid", "The request could not be understood."),
    401: ("login", "Send a valid access token: “Authorization: Bearer …”."),
    403: ("forbidden", "This token may not read that."),
    404: ("not-found", "There is no such address. The list is at /fhir/metadata."),
    405: ("not-supported", "Everything here can only be read."),
    406: ("not-supported", "Answers are JSON only: application/fhir+json."),
    410: ("deleted", "It was erased. Erase what you have kept of it."),
    413: ("too-long", "The request is too long."),
    415: ("not-supported", "Send a form to _search: application/x-www-form-urlencoded."),
    429: ("throttled", "Too many requests. Retry-After says when to ask again."),
    500: ("exception", "Something is wrong with this server."),
    503: ("transient", "This server is not available now. Ask again in a moment."),
}


def base() -> str:
    """The address of the interface. Built from a setting, never from a Host header."""
    return f"{settings.SITE_URL}/fhir"


class Refused(Exception):
    """A request that is answered with an OperationOutcome."""

    def __init__(self, status: int, said: str = ""):
        super().__init__(said)
        self.status, self.said = status, said


def outcome(status: int, said: str = "", headers: Mapping[str, str] | None = None) -> HttpResponse:
    """The answer to a request that is refused."""
    code, usual = REFUSALS.get(status, REFUSALS[500 if status >= 500 else 400])
    issue = {"severity": "error", "code": code, "diagnostics": said or usual}
    response = as_json({"resourceType": "OperationOutcome", "issue": [issue]}, status=status)
    for name, value in (headers or {}).items():
        response.headers.setdefault(name, value)
    if status == 401:
        response.headers["WWW-Authenticate"] = "Bearer"
    return response


def as_json(resource: Resource, status: int = 200) -> HttpResponse:
    """A resource as an answer, which nobody else may keep."""
    content = json.dumps(resource, ensure_ascii=False)
    response = HttpResponse(content, content_type=CONTENT_TYPE, status=status)
    response.headers["Cache-Control"] = "private, no-cache"
    response.headers["X-Robots-Tag"] = "noindex"
    return response


def version_of(resource: Resource) -> str:
    """A digest of what a resource says: a version for tables that do not count their changes."""
    text = json.dumps(resource, sort_keys=True, ensure_ascii=False)
    return hashlib.sha256(text.encode()).hexdigest()[:32]
