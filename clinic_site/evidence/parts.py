"""The list of parts (SBOM) in the form of CycloneDX 1.6, which buyers' programs read.

It is made from the lock file: every library by name, version and package URL. Each has its licence, if
it is installed where the list is made.
"""

import re
from datetime import datetime
from importlib import metadata
from typing import Any

LOCKED = re.compile(r"^([\w.-]+)(?:\[[\w,-]+\])?==([\w.!+]+)", re.MULTILINE)


def bill(lock: str, *, tested: str, at: datetime) -> dict[str, Any]:
    """The list for a lock file as `uv pip compile` writes it, made at an instant for a release."""
    return {
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "version": 1,
        "metadata": {
            "timestamp": at.isoformat(timespec="seconds"),
            "component": {"type": "application", "name": "clinic-site", "version": tested},
        },
        "components": [_component(name, version) for name, version in LOCKED.findall(lock)],
    }


def _component(name: str, version: str) -> dict[str, Any]:
    address = f"pkg:pypi/{name.lower()}@{version}"
    columns = {"type": "library", "bom-ref": address, "name": name, "version": version}
    licences = _licences(name)
    return columns | {"purl": address} | ({"licenses": licences} if licences else {})


def _licences(name: str) -> list[dict[str, Any]]:
    """What a package says of its licence; nothing if it is not for this machine."""
    try:
        said = metadata.metadata(name)
    except metadata.PackageNotFoundError:
        return []
    if "License-Expression" in said:
        return [{"expression": said["License-Expression"]}]
    classifiers = said.get_all("Classifier") or []
    named = [each.rpartition(" :: ")[2] for each in classifiers if each.startswith("License ::")]
    if not named and "License" in said:
        named = said["License"].splitlines()[:1]
    return [{"license": {"name": each}} for each in named]
