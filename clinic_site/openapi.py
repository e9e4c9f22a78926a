"""`/openapi.json`: every interface for other systems in one description (OpenAPI 3.1).

Made from the tables that answer, so that it cannot go stale; a test compares it with the addresses.
https://spec.openapis.org/oas/v3.1.0
"""

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
FHIR = "application/fhir+json"
# What every kind can be asked.
PAGE_PARAMETERS = (
    ("_count", f"How many a page has: {USUAL_COUNT} unless you say so, at most {MOST}."),
    ("_after", "Where a page begins. Take it from the link “next”."),
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
        "paths": {**_fhir(), **_others()},
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
    paths: Said = {
        "/fhir/metadata": {
            "get": _operation("capabilities", "What the FHIR interface can do.", FHIR, [], ())
        }
    }
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
        one = {"name": "id", "in": "path", "required": True, "schema": {"type": "string"}}
        paths |= {
            f"/fhir/{kind.name}": {"get": _fhir_operation(kind, "search", asked)},
            f"/fhir/{kind.name}/_search": {"post": form},
            f"/fhir/{kind.name}/{{id}}": {"get": _fhir_operation(kind, "read", [one])},
        }
    return paths


def _fhir_operation(kind: Kind, verb: str, parameters: list[Said]) -> Said:
    about = f"{kind.scope.label}."
    refused = tuple(REFUSALS)
    operation = _operation(f"{verb}{kind.name}", about, FHIR, parameters, refused)
    return {**operation, "security": [{"token": []}]}


def _others() -> Said:
    token = {"name": "token", "in": "path", "required": True, "schema": {"type": "string"}}
    calendar = "The diary of a clinician or a room. Whoever has the address reads it."
    message = {"name": "message_id", "in": "path", "required": True, "schema": {"type": "string"}}
    report = "Twilio says, with its signature, what became of a text message that we sent."
    texted = "Twilio hands on, with its signature, what a patient texted to our number."
    numbers = _operation("metrics", "Numbers for Prometheus.", "text/plain", [], (401, 404))
    described = _operation("openapi", "This description.", "application/json", [], ())
    return {
        "/appointments/calendar/{token}/diary.ics": {
            "get": _operation("calendar", calendar, "text/calendar", [token], (404,))
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


def _operation(
    name: str, about: str, content_type: str, parameters: list[Said], refused: tuple[int, ...]
) -> Said:
    answers: Said = {"200": {"description": "The answer.", "content": {content_type: {}}}}
    for status in refused:
        said = REFUSALS[status][1]
        content: Said = {"content": {FHIR: {}}} if content_type == FHIR else {}
        answers[str(status)] = {"description": said, **content}
    return {
        "operationId": name,
        "summary": about,
        "security": [],
        "parameters": parameters,
        "responses": answers,
    }


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
