"""Days at the desk are typed day first, whatever the browser's language is."""

import re
from collections.abc import Callable
from datetime import date, datetime
from pathlib import Path

import pytest
from django.contrib.auth.models import User
from django.test import Client

from procedures.ground.fields import typed_day
from tests import factories

ROOT = Path(__file__).parent.parent.parent
NATIVE = re.compile(r"""type["']?\s*[:=]\s*["'](date|datetime-local|month|week)["']""")


@pytest.mark.parametrize(
    "typed", ["1/12/2026", "01/12/26", "1.12.2026", "1-12-2026", "1 12 2026", "2026-12-01"]
)
def test_a_typed_day_has_its_day_first(typed: str) -> None:
    assert typed_day(typed) == date(2026, 12, 1)


@pytest.mark.parametrize("typed", ["12/31/2026", "soon", ""])
def test_what_is_no_day_is_none(typed: str) -> None:
    assert typed_day(typed) is None


@pytest.mark.django_db
def test_a_page_shows_a_day_as_it_would_be_typed(
    sign_in: Callable[[User | str], Client], monday: datetime
) -> None:
    factories.clinic_session(factories.clinician(), date(2026, 12, 1))
    factories.appointment_type()
    record = factories.received(now=monday)
    address = f"/admin/bookings/appointmentrequest/{record.pk}/decide/offer/"
    content = sign_in("Reception").get(address, {"from_day": "1/12/2026"}).content.decode()
    assert 'name="from_day" value="01/12/2026"' in content


def test_no_field_of_a_browser_asks_for_a_day() -> None:
    sources = [
        path
        for folder in ("bookings", "procedures", "clinic_site", "templates")
        for path in (ROOT / folder).rglob("*.*")
        if path.suffix in {".py", ".html"}
    ]
    found = [path.name for path in sources if NATIVE.search(path.read_text())]
    assert found == []
