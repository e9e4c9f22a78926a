"""One description of every interface for other systems, compared with what there is."""

import json
import re
from collections.abc import Iterable, Iterator
from typing import Any

import pytest
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver

from bookings.outside.fhir.kinds import KINDS
from bookings.status import Notice
from clinic_site import health
from clinic_site.openapi import description

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
