"""`/openapi.json`: every interface for other systems in one description (OpenAPI 3.1).

Made from the tables that answer, so that it cannot go stale; a test compares it with the addresses.
https://spec.openapis.org/oas/v3.1.0
"""

from http import HTTPStatus
from typing import Any

from django.http import HttpRequest, JsonResponse
from django.views.decorators.http import require_safe

from bookings.outside.fhir.kinds import BY_ID, TABLE, Kind
from bookings.outside.fhir.outcomes import REFUSALS
from bookings.outside.fhir.search import MOST, USUAL_COUNT
from bookings.status import Notice
from clinic_site import health
from procedures.models.clinic import details

Said = dict[str, Any]
FHIR, TEXT = "application/fhir+json", "text/plain"
STAMP, BYTES = "application/timestamp-reply", "application/octet-stream"
FORMAT = ("_format", "JSON, whatever “Accept” says: json or application/fhir+json.")
# What every kind can be asked.
PAGE_PARAMETERS = (
    (
        "_count",
        f"How many a page has: {USUAL_COUNT} unless you say so, at most {MOST}. 0: only their number.",
    ),
    ("_after", "Where a page begins. Take it from the link “next”."),
    FORMAT,
)


@require_safe
def show(request: HttpRequest) -> JsonResponse:
    """The description. It says nothing about anybody, so nobody has to show a token."""
    return JsonResponse(description(), json_dumps_params={"ensure_ascii": False})


def description() -> Said:
    """All interfaces, with who may use each."""
    return {
        "openapi": "3.1.0",
        "info": {
            "title": f"{details().name}: interfaces for other systems",
            "version": "1",
            "description": "What other systems can read from the clinic, and what it tells them.",
        },
        "servers": [{"url": "/"}],
        "paths": {**_fhir(), **_others(), **_of_pages(), **_of_the_log()},
        "webhooks": {notice.value: {"post": _told(notice)} for notice in Notice},
        "components": {
            "securitySchemes": {
                "token": {
                    "type": "http",
                    "scheme": "bearer",
                    "description": "An access token that a manager made, for some kinds of resource.",
                },
                "metrics": {
                    "type": "http",
                    "scheme": "bearer",
                    "description": "METRICS_TOKEN of the settings.",
                },
            },
            "schemas": {"Notice": _notice()},
        },
    }


def _fhir() -> Said:
    able = _operation(
        "capabilities", "What the FHIR interface can do.", FHIR, [_parameter(*FORMAT)], (400, 406)
    )
    paths: Said = {"/fhir/metadata": {"get": _unless_known(able)}}
    for kind in TABLE:
        known = {**({} if kind.name == "Slot" else BY_ID), **kind.parameters}
        asked = [_parameter(name, each.about) for name, each in known.items()]
        asked += [_parameter(name, about) for name, about in PAGE_PARAMETERS]
        form = _fhir_operation(kind, "searchByForm", [])
        form["requestBody"] = {
            "content": {
                "application/x-www-form-urlencoded": {
                    "schema": {
                        "type": "object",
                        "properties": {each["name"]: each["schema"] for each in asked},
                    }
                }
            }
        }
        one = _fhir_operation(kind, "read", [_in_path("id"), _parameter(*FORMAT)])
        paths |= {
            f"/fhir/{kind.name}": {"get": _unless_known(_fhir_operation(kind, "search", asked))},
            f"/fhir/{kind.name}/_search": {"post": form},
            f"/fhir/{kind.name}/{{id}}": {"get": _unless_known(one)},
        }
    return paths


def _fhir_operation(kind: Kind, verb: str, parameters: list[Said]) -> Said:
    about = f"{kind.scope.label}."
    refused = tuple(REFUSALS)
    operation = _operation(f"{verb}{kind.name}", about, FHIR, parameters, refused)
    return {**operation, "security": [{"token": []}]}


def _others() -> Said:
    token, message = _in_path("token"), _in_path("message_id")
    calendar = "The diary of a clinician or a room. Whoever has the address reads it."
    report = "Twilio says, with its signature, what became of a text message that we sent."
    texted = "Twilio hands on, with its signature, what a patient texted to our number."
    numbers = _operation("metrics", "Numbers for Prometheus.", "text/plain", [], (401, 404))
    described = _operation("openapi", "This description.", "application/json", [], ())
    return {
        "/appointments/calendar/{token}/diary.ics": {
            "get": _unless_known(_operation("calendar", calendar, "text/calendar", [token], (404,)))
        },
        "/appointments/texts/": {
            "post": _operation("textReply", texted, "text/xml", [], (404, 429))
        },
        "/appointments/texts/{message_id}/": {
            "post": _operation("textReport", report, "text/html", [message], (404, 429, 503))
        },
        "/metrics": {"get": {**numbers, "security": [{"metrics": []}]}},
        "/openapi.json": {"get": described},
        health.LIVE: {"get": _operation("live", "The process answers.", "text/plain", [], ())},
        health.READY: {
            "get": _operation("ready", "Patients can be served.", "text/plain", [], (503,))
        },
    }


def _of_pages() -> Said:
    """What changed on pages, and what proves a version. In another language its code comes first."""
    changed = "News of advice that has changed, of pages that were taken away or can be read again."
    version = "/{category}/{slug}/verify/version-{number}"
    asked = [_in_path(name) for name in ("category", "slug", "number")]
    return {
        "/changes.atom": {
            "get": _unless_known(_operation("changes", changed, "application/atom+xml", [], ())),
        },
        **{
            f"{version}.{ending}": {"get": _operation(name, about, TEXT, asked, (404,))}
            for ending, name, about in (
                (
                    "txt",
                    "fragment",
                    "The text of a version that patients can read, as it is hashed.",
                ),
                ("statement", "statement", "What was signed about it, as it is in the log."),
                ("tlog-proof", "logProof", "The proof that the log has it (C2SP tlog-proof)."),
                ("signature", "passkeySignature", "The signature with the clinician’s passkey."),
            )
        },
    }


def _of_the_log() -> Said:
    """The public log of what was signed, by the conventions of C2SP."""
    size, place = _in_path("size"), _in_path("place", "As x001/067: it may contain slashes.")
    level, origin = _in_path("level"), _in_path("origin_hash", "SHA-256 of the origin, in hex.")
    files: tuple[tuple[str, str, str, str, list[Said]], ...] = (
        ("checkpoint", "checkpoint", "The newest checkpoint, with its witnesses.", TEXT, []),
        ("key", "logKey", "The public key of the log.", TEXT, []),
        ("witness-key", "witnessKey", "The key with which we watch other logs.", TEXT, []),
        ("verify.py", "verifier", "The program that checks a page, to read and run.", TEXT, []),
        ("stamp/{size}.note", "stamped", "A checkpoint that was stamped.", TEXT, [size]),
        ("stamp/{size}.tsr", "stamp", "Its time stamp (RFC 3161).", STAMP, [size]),
        ("witness/{origin_hash}/checkpoint", "witnessed", "What we cosigned.", TEXT, [origin]),
        ("tile/entries/{place}", "entries", "Statements of the log (tlog-tiles).", BYTES, [place]),
        ("tile/{level}/{place}", "tile", "A tile of its tree (tlog-tiles).", BYTES, [level, place]),
    )
    return {
        f"/log/{file}": {"get": _operation(name, about, content_type, asked, (404,))}
        for file, name, about, content_type, asked in files
    }


def _operation(
    name: str, about: str, content_type: str, parameters: list[Said], refused: tuple[int, ...]
) -> Said:
    answers: Said = {"200": {"description": "The answer.", "content": {content_type: {}}}}
    for status in refused:
        if content_type == FHIR:
            answers[str(status)] = {"description": REFUSALS[status][1], "content": {FHIR: {}}}
        else:
            answers[str(status)] = {"description": f"{HTTPStatus(status).phrase}."}
    return {
        "operationId": name,
        "summary": about,
        "security": [],
        "parameters": parameters,
        "responses": answers,
    }


def _unless_known(operation: Said) -> Said:
    """The same, for whoever says what they have already."""
    known = {"name": "If-None-Match", "in": "header", "description": "The ETag that you have."}
    return {
        **operation,
        "parameters": [*operation["parameters"], {**known, "schema": {"type": "string"}}],
        "responses": {
            **operation["responses"],
            "304": {"description": "What you have is still true."},
        },
    }


def _in_path(name: str, about: str = "") -> Said:
    said = {"description": about} if about else {}
    return {"name": name, "in": "path", "required": True, "schema": {"type": "string"}, **said}


def _parameter(name: str, about: str) -> Said:
    return {"name": name, "in": "query", "description": about, "schema": {"type": "string"}}


def _told(notice: Notice) -> Said:
    return {
        "operationId": notice.value,
        "summary": f"{notice.label}.",
        "description": "Signed by the convention of Standard Webhooks, in the headers webhook-id, "
        "webhook-timestamp and webhook-signature.",
        "requestBody": {
            "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Notice"}}}
        },
        "responses": {
            "204": {"description": "It arrived."},
            "410": {"description": "Send nothing more."},
        },
    }


def _notice() -> Said:
    return {
        "type": "object",
        "required": ["type", "timestamp", "data"],
        "properties": {
            "type": {"enum": Notice.values},
            "timestamp": {"type": "string", "format": "date-time"},
            "data": {
                "type": "object",
                "required": ["resource"],
                "properties": {"resource": {"type": "string", "format": "uri"}},
            },
        },
    }
