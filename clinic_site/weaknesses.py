"""Which of the libraries that run here have a known weakness, asked of a public list of them (OSV).

Their names and versions leave the machine, and nothing else.
"""

import json
import re
import urllib.request
from importlib import metadata

from django.conf import settings

SECONDS = 20
MOST_BYTES = 1_000_000
# They are in every virtual environment, and nothing of the site runs them.
INSTALLERS = {"pip", "setuptools", "wheel"}


def known() -> dict[str, list[str]]:
    """The ids of the weaknesses of each library that has any, by its name and version.

    Those that the operator has looked at and accepted are left out. Raises OSError if nobody answers.
    """
    libraries = installed()
    asked = [
        {"package": {"ecosystem": "PyPI", "name": name}, "version": version}
        for name, version in libraries
    ]
    answers = _ask(json.dumps({"queries": asked}).encode())
    found = {
        f"{name} {version}": [
            weakness["id"]
            for weakness in answer.get("vulns", ())
            if weakness["id"] not in settings.WEAKNESSES_ACCEPTED
        ]
        for (name, version), answer in zip(libraries, answers, strict=True)
    }
    return {library: ids for library, ids in found.items() if ids}


def installed() -> list[tuple[str, str]]:
    """The name, as the list of packages spells it, and the version of each library."""
    found = {
        (re.sub(r"[-_.]+", "-", each.name).lower(), each.version)
        for each in metadata.distributions()
    }
    return sorted((name, version) for name, version in found if name not in INSTALLERS)


def _ask(question: bytes) -> list[dict[str, list[dict[str, str]]]]:
    headers = {"Content-Type": "application/json"}
    sent = urllib.request.Request(settings.WEAKNESSES_URL, question, headers)  # noqa: S310
    with urllib.request.urlopen(sent, timeout=SECONDS) as answer:  # noqa: S310
        results: list[dict[str, list[dict[str, str]]]] = json.loads(answer.read(MOST_BYTES))[
            "results"
        ]
    return results
