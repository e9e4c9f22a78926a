"""Which of the libraries that run here have a known weakness, asked of a public list of them (OSV).

Their names and versions leave the machine, and nothing else.
"""

import http.client
import json
import re
import urllib.request
from importlib import metadata

from django.conf import settings

from procedures.ground.exchanges import opened

SECONDS = 20
MOST_BYTES = 1_000_000
# They are in every virtual environment, and nothing of the site runs them.
INSTALLERS = {"pip", "setuptools", "wheel"}


class NotAnswered(Exception):
    """The list did not answer, or not in its form; it says which."""


def known() -> dict[str, list[str]]:
    """The ids of the weaknesses of each library that has any, by its name and version.

    Those that the operator has looked at and accepted are left out: the list has most weaknesses under
    several ids, and does not say here which belong together. Raises NotAnswered.
    """
    libraries = installed()
    asked = [
        {"package": {"ecosystem": "PyPI", "name": name}, "version": version}
        for name, version in libraries
    ]
    answers = _ids(_ask(json.dumps({"queries": asked}).encode()))
    if len(answers) != len(libraries):
        raise NotAnswered("its answer is about other libraries")
    found = {
        f"{name} {version}": [each for each in ids if each not in settings.WEAKNESSES_ACCEPTED]
        for (name, version), ids in zip(libraries, answers, strict=True)
    }
    return {library: ids for library, ids in found.items() if ids}


def installed() -> list[tuple[str, str]]:
    """The name, as the list of packages spells it, and the version of each library."""
    found = {
        (re.sub(r"[-_.]+", "-", each.name).lower(), each.version)
        for each in metadata.distributions()
    }
    return sorted((name, version) for name, version in found if name not in INSTALLERS)


def _ask(question: bytes) -> bytes:
    headers = {"Content-Type": "application/json"}
    sent = urllib.request.Request(settings.WEAKNESSES_URL, question, headers)  # noqa: S310
    try:
        with opened(sent, seconds=SECONDS) as answer:
            told: bytes = answer.read(MOST_BYTES)
    except (OSError, http.client.HTTPException) as fault:
        raise NotAnswered(type(fault).__name__) from fault
    return told


def _ids(answer: bytes) -> list[list[str]]:
    """The ids for each library that was asked about; an answer that is too long is cut, and refused."""
    try:
        results = json.loads(answer)["results"]
        return [[str(each["id"]) for each in result.get("vulns", ())] for result in results]
    except (ValueError, LookupError, TypeError, AttributeError, RecursionError) as fault:
        raise NotAnswered("its answer cannot be read") from fault
