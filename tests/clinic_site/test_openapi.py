"""One description of every interface for other systems, compared with what there is."""

import json
import re
from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit

import pytest
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver

from bookings.diary.claims import resource_of
from bookings.diary.feeds import address_of, make_feed
from bookings.outside.fhir.kinds import KINDS
from bookings.status import FeedWords, Notice
from clinic_site import health
from clinic_site.openapi import description
from tests.bookings.test_fhir import Reader
from tests.people import booked

OUTSIDE = ("bookings.outside.", "clinic_site.metrics", "clinic_site.openapi")
# What machines read of pages, by the names of their addresses. The rest of these modules is for people.
OF_PAGES = {"changes", "fragment", "statement", "log-proof", "passkey-signature"}
LOG, PAGE_OF_THE_LOG = "procedures.reading.views.log", "log"


def outside(patterns: Iterable[URLPattern | URLResolver], under: str = "/") -> Iterator[str]:
    """Every address whose view is for other systems, as the description writes it."""
    for each in patterns:
        address = f"{under}{each.pattern}"
        if isinstance(each, URLResolver):
            yield from outside(each.url_patterns, address)
        elif is_outside(each) and not address.startswith("/<language:"):
            address = re.sub(r"<str:name>", "{kind}", address)
            yield re.sub(r"<\w+:(?:pk|(\w+))>", lambda found: f"{{{found[1] or 'id'}}}", address)


def is_outside(pattern: URLPattern) -> bool:
    module = pattern.callback.__module__
    if module == LOG:
        return pattern.name != PAGE_OF_THE_LOG
    return module.startswith(OUTSIDE) or pattern.name in OF_PAGES


def addresses() -> set[str]:
    return {
        address.replace("{kind}", kind)
        for address in outside(get_resolver().url_patterns)
        for kind in KINDS
    } | {health.LIVE, health.READY}


@pytest.mark.django_db
def test_the_description_has_every_address_and_no_other(client: Client) -> None:
    said = client.get("/openapi.json").json()
    assert set(said["paths"]) == addresses()
    assert set(said["webhooks"]) == set(Notice.values)
    assert said["openapi"] == "3.1.0"


@pytest.mark.django_db
def test_each_operation_is_answered_as_it_says() -> None:
    said: dict[str, Any] = json.loads(json.dumps(description()))
    client, names = Client(), []
    for path, operations in said["paths"].items():
        for method, operation in operations.items():
            names.append(operation["operationId"])
            declared = {each["name"] for each in operation["parameters"] if each["in"] == "path"}
            assert declared == set(re.findall(r"{(\w+)}", path))
            if path.startswith("/health/"):
                continue
            answer = client.generic(method.upper(), re.sub(r"{\w+}", "1", path))
            assert str(answer.status_code) in operation["responses"]
            needs_token = bool(operation["security"])
            assert (answer.status_code in {401, 404}) or not needs_token
    assert len(names) == len(set(names))
    references = set(re.findall(r'"\$ref": "#/components/schemas/(\w+)"', json.dumps(said)))
    assert references == set(said["components"]["schemas"])


@pytest.mark.django_db
def test_whoever_has_an_answer_already_is_told_so_where_it_says_so(monday: datetime) -> None:
    clinician = booked(monday).appointments.get().clinician
    feed = make_feed(resource_of(clinician), says=FeedWords.BOOKED, by="manager", now=monday)
    reader, paths = Reader(monday), description()["paths"]
    real = {"/fhir/metadata": "/fhir/metadata"}
    real["/appointments/calendar/{token}/diary.ics"] = urlsplit(address_of(feed)).path
    for kind in KINDS:
        real[f"/fhir/{kind}"] = f"/fhir/{kind}"
        for found in reader.found(kind)[:1]:
            real[f"/fhir/{kind}/{{id}}"] = f"/fhir/{kind}/{found['id']}"
    for path, address in real.items():
        declared = paths[path]["get"]
        tag = reader.client.get(address).headers["ETag"]
        again = reader.client.get(address, headers={"If-None-Match": tag})
        assert (again.status_code, "304" in declared["responses"]) == (304, True)
        assert "If-None-Match" in {each["name"] for each in declared["parameters"]}
    assert len(real) > 2 + len(KINDS)
    # A form is always answered, whatever the program says that it has.
    form = reader.client.post("/fhir/Location/_search", headers={"If-None-Match": "*"})
    assert (form.status_code, "304" in paths["/fhir/Location/_search"]["post"]["responses"]) == (
        200,
        False,
    )


@pytest.mark.django_db
def test_what_fhir_says_of_a_refusal_is_said_of_fhir_alone() -> None:
    for path, operations in description()["paths"].items():
        for operation in operations.values():
            is_fhir = path.startswith("/fhir/")
            told = operation["responses"].get("404", {"description": ""})["description"]
            assert ("/fhir/" in told) == (is_fhir and path != "/fhir/metadata")
            named = {each["name"] for each in operation["parameters"]}
            form = operation.get("requestBody", {}).get("content", {})
            for each in form.values():
                named |= set(each["schema"]["properties"])
            assert ("406" in operation["responses"], "_format" in named) == (is_fhir, is_fhir)
