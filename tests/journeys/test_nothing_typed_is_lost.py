"""Our database fails while somebody presses a button; they press again, without any script."""

import contextlib
import sqlite3
from collections.abc import Callable, Iterator

import pytest
from django.db import connection
from playwright.sync_api import Locator, Page, expect

from bookings.models import AppointmentRequest
from bookings.status import RequestStatus
from bookings.status.events import Event
from tests.journeys.steps import sign_in

Look = Callable[[Page], None]
NewPage = Callable[..., Page]
CONCERN = "My “knee” <b>has</b> been sore\nsince May & June."


@pytest.fixture(autouse=True)
def told_soon(clinic: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Shorten the wait for a lock to a second; races in other tests may wait a minute."""
    monkeypatch.setitem(connection.settings_dict["OPTIONS"], "timeout", 1)


@contextlib.contextmanager
def nobody_can_write() -> Iterator[None]:
    """Lock the database, as another program would."""
    with contextlib.closing(sqlite3.connect(connection.settings_dict["NAME"])) as other:
        other.execute("BEGIN IMMEDIATE")
        yield
        other.rollback()


def press(target: Locator) -> None:
    with target.page.expect_navigation():
        target.click()


def test_a_patient_presses_again_and_goes_on(clinic: str, new_page: NewPage) -> None:
    page = new_page(javascript=False, width=375)
    page.goto(f"{clinic}/appointments/request/")
    press(page.get_by_role("button", name="None of these apply: continue"))
    page.get_by_label("What would you like help with?").fill(CONCERN)
    with nobody_can_write():
        press(page.get_by_role("button", name="Continue"))
        expect(page.get_by_role("heading", name="We cannot do that at the moment")).to_be_visible()
        expect(page.get_by_text("What you sent is not lost")).to_be_visible()
    press(page.get_by_role("button", name="Try again"))
    expect(page.get_by_label("Full name")).to_be_visible()
    press(page.get_by_role("link", name="Back"))
    expect(page.get_by_label("What would you like help with?")).to_have_value(CONCERN)


def test_a_clinician_presses_again_and_the_reason_is_stored_once(
    clinic: str, new_page: NewPage, look_at: Look
) -> None:
    page = new_page()
    sign_in(page, clinic, "clinician")
    waiting = AppointmentRequest.objects.filter(status=RequestStatus.RECEIVED).first()
    assert waiting
    page.goto(f"{clinic}/admin/bookings/appointmentrequest/{waiting.pk}/decide/review/")
    with nobody_can_write():
        press(page.get_by_role("button", name="Start review"))
        expect(page.get_by_text("It will not be sent twice.")).to_be_visible()
        look_at(page)
    press(page.get_by_role("button", name="Try again"))
    waiting.refresh_from_db()
    assert waiting.status == RequestStatus.IN_REVIEW
    assert waiting.events.filter(kind=Event.TAKEN_UP).count() == 1
