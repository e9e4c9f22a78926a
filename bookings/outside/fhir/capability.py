"""What the interface can do, in FHIR's words. It follows from the table, so it cannot go stale."""

from datetime import timedelta

from bookings.outside.fhir.kinds import BY_ID, TABLE, Kind
from bookings.outside.fhir.outcomes import Resource, base
from procedures.models.clinic import details

VERSION = "4.0.1"
# The day on which what it can do last changed.
CHANGED = "2026-11-30"
# For how long before their last answer others ask again: nothing we write takes so long.
OVERLAP = timedelta(minutes=10)
ABOUT_CHANGES = (
    "A change has the time at which it began and can be seen a little later. So ask for "
    f"_lastUpdated=ge… from {OVERLAP // timedelta(minutes=1)} minutes before your last answer, and "
    "leave out what you have: same id, same meta.versionId."
)


def statement() -> Resource:
    """The CapabilityStatement of this installation."""
    return {
        "resourceType": "CapabilityStatement",
        "status": "active",
        "date": CHANGED,
        "publisher": details().name,
        "kind": "instance",
        "software": {"name": "Clinic site"},
        "implementation": {"description": f"{details().name}, read-only", "url": base()},
        "fhirVersion": VERSION,
        "format": ["json", "application/fhir+json"],
        "rest": [
            {
                "mode": "server",
                "documentation": "Unknown parameters are refused, whatever “Prefer” says. The next page "
                f"is at the link “next”. {ABOUT_CHANGES}",
                "security": {
                    "cors": False,
                    "description": "An access token of the clinic: “Authorization: Bearer …”. It names "
                    "the kinds of resource that it may read.",
                },
                "resource": [_resource(kind) for kind in TABLE],
            }
        ],
    }


def _resource(kind: Kind) -> Resource:
    by_id = {} if kind.name == "Slot" else BY_ID
    return {
        "type": kind.name,
        "interaction": [{"code": "read"}, {"code": "search-type"}],
        "versioning": "no-version",
        "conditionalRead": "not-match",
        "searchParam": [
            {"name": name, "type": each.kind, "documentation": each.about}
            for name, each in {**by_id, **kind.parameters}.items()
        ],
    }
