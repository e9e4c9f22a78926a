"""Whatever is asked is answered or refused: no number and no date is too large, and none is ignored."""

from datetime import datetime

import pytest

from bookings import access
from bookings.outside.fhir.kinds import KINDS
from tests.bookings.test_fhir import Reader
from tests.people import booked

pytestmark = pytest.mark.django_db
FAR = "999999999999999999"
NONSENSE = {
    "date": (
        *(f"{prefix}{day}" for prefix in ("", "ge", "le", "sa", "eb") for day in ("0001", "9999")),
        "eb0001-01-01",
        "ge9999-12-20",
        "le9999-12-31T23:59:59-14:00",
        "0001-01-01T00:00:00+14:00",
        "2026-02-30",
        "2026-11-23T24:00Z",
        "2026-11-23T10:00+99:99",
        "",
        ",",
    ),
    "reference": ("0", FAR, FAR * 2, "-1", "1.5", "٣", "", ",", "Patient/", f"Patient/{FAR}"),
    "token": ("0", FAR, FAR * 2, "-1", "٣", "", ",", "|", "a|b|c"),
}
PLACES = (
    "",
    "0",
    "-",
    "1-",
    "-1",
    f"1-{FAR}",
    f"{FAR}-1",
    f"{FAR * 2}-1",
    FAR,
    FAR * 2,
    "١-١",
    "1-1-1",
)


def test_no_parameter_and_no_id_is_too_large(
    monday: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(access, "USE", access.USE._replace(times=10_000))
    booked(monday)
    reader = Reader(monday)
    wrong = []
    for kind in KINDS.values():
        asked = [
            f"?{name}={text.replace('+', '%2B')}"
            for name, each in kind.parameters.items()
            for text in NONSENSE[each.kind]
        ]
        asked += [f"?{name}={text}" for name in ("_id", "_count", "_after") for text in PLACES]
        asked += [f"/{text}" for text in PLACES if text]
        for each in asked:
            status = reader.get(f"{kind.name}{each}").status_code
            if status not in {200, 400, 404}:
                wrong.append((kind.name, each, status))
    assert wrong == []
