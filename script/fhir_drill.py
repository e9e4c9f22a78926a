"""Every FHIR resource of the demonstration, by the official definitions, the official rules and a third.

The third opinion is fhircraft's own models with its own FHIRPath: it takes a minute to begin.
"""

import importlib
import os
import sys
import tempfile
import warnings
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parent.parent
sys.path.insert(0, str(ROOT))
os.environ["DJANGO_SETTINGS_MODULE"] = "tests.settings"

import django  # noqa: E402

Node = dict[str, Any]


def main() -> int:
    """Load the demonstration into a file of its own, and ask."""
    with tempfile.TemporaryDirectory(prefix="clinic-fhir-") as folder:
        os.environ["DATABASE_URL"] = f"sqlite:///{folder}/clinic.sqlite3"
        django.setup()
        good = list(_demonstration())
    counts = Counter(each["resourceType"] for each in good)
    print(", ".join(f"{kind} {number}" for kind, number in sorted(counts.items())))
    passed = _report("resources of the demonstration", [(_name(each), each) for each in good])
    if "--drill" not in sys.argv:
        return int(not passed)
    from tests.fhir_faults import planted  # noqa: PLC0415 -- needs Django's settings

    return int(not (_report("planted faults", list(planted(good)), are_bad=True) and passed))


def _demonstration() -> Iterator[Node]:
    from django.core.management import call_command  # noqa: PLC0415
    from django.utils import timezone  # noqa: PLC0415

    from bookings.outside.fhir import capability  # noqa: PLC0415
    from bookings.outside.fhir.kinds import TABLE, resource_of  # noqa: PLC0415

    call_command("migrate", verbosity=0)
    call_command("load_demo", verbosity=0)
    now = timezone.now()
    yield capability.statement()
    for kind in TABLE:
        after = "start"
        while after:
            page = kind.search([], after.removeprefix("start"), 500, now)
            yield from (resource_of(kind, row, now) for row in page.rows)
            after = page.after


def _report(what: str, resources: list[tuple[str, Node]], *, are_bad: bool = False) -> bool:
    """Print what each validator says; whether the official two together are right about all."""
    from tests.fhir_rules import faults  # noqa: PLC0415

    ours = {name: faults(each) for name, each in resources}
    theirs = {name: _third_opinion(each) for name, each in resources}
    for who, found in (("official definitions and rules", ours), ("fhircraft", theirs)):
        refused = sum(bool(each) for each in found.values())
        print(f"{who}: {refused} of {len(resources)} {what} refused")
    wrong = [name for name, found in ours.items() if bool(found) != are_bad]
    for name in wrong:
        print(f"  {name}: {'accepted' if are_bad else ours[name]}")
    others = [name for name, found in theirs.items() if bool(found) != are_bad]
    for name in others[:20]:
        print(f"  fhircraft differs about {name}: {theirs[name] or 'accepted'}")
    return not wrong and (are_bad or not others)


def _third_opinion(resource: Node) -> str:
    """What fhircraft has against it; empty if nothing."""
    kind = resource["resourceType"]
    module = importlib.import_module("fhircraft.fhir.resources.datatypes.R4.core")
    model = getattr(module, kind)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            model.model_validate(resource)
        except Exception as error:  # noqa: BLE001 -- whatever it is, the resource is not accepted
            return " ".join(str(error).split())[:200]
    return ""


def _name(resource: Node) -> str:
    return f"{resource['resourceType']}/{resource.get('id', '')}"


sys.exit(main())
