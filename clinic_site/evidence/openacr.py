"""The report about accessibility in the shape of OpenACR, which buyers' programs compare.

Its catalogue is that of the VPAT 2.5 for WCAG 2.2 (github.com/GSA/openacr). JSON is YAML as well.
"""

from datetime import date
from typing import Any

from clinic_site.evidence.claims import Ledger, Section
from clinic_site.evidence.outcomes import Outcomes, Shown, Standing, shown

# The ledger whose sections are the levels A and AA, in this order.
LEDGER = "accessibility"
CHAPTERS = ("success_criteria_level_a", "success_criteria_level_aa")
LEVELS = {
    Standing.MET: "supports",
    Standing.CHECKED: "supports",
    Standing.NOT_MET: "partially-supports",
    Standing.BROKEN: "does-not-support",
    Standing.UNTRIED: "not-evaluated",
}


def report(ledger: Ledger, outcomes: Outcomes, *, tested: str, on: date) -> dict[str, Any]:
    """The report of a run, on the day on which it is written."""
    return {
        "title": "Clinic site: accessibility conformance report",
        "product": {"name": "Clinic site", "version": tested},
        "author": {"name": "The developers of the project"},
        "report_date": on.isoformat(),
        "version": 1,
        "notes": " ".join([ledger.status, *ledger.about]),
        "evaluation_methods_used": "The rules of axe and tests of our own in a real browser.",
        "catalog": "2.5-edition-wcag-2.2-en",
        "chapters": {
            chapter: {"criteria": _criteria(section, outcomes)}
            for chapter, section in zip(CHAPTERS, ledger.sections, strict=True)
        },
    }


def _criteria(section: Section, outcomes: Outcomes) -> list[dict[str, Any]]:
    return [
        {
            "num": claim.id,
            "components": [{"name": "web", "adherence": _adherence(shown(claim, outcomes))}],
        }
        for claim in section.claims
    ]


def _adherence(found: Shown) -> dict[str, str]:
    not_met = found.claim.not_met
    notes = found.claim.says if not_met is None else f"{found.claim.says} Not yet: {not_met.why}"
    tests = "".join(f" {test}: {outcome}." for test, outcome in found.tests if outcome)
    return {"level": LEVELS[found.standing], "notes": notes + tests}
