"""Ten tasks of the desk by keyboard alone. Typed words are not counted; every other key is."""

import re
from collections.abc import Callable
from datetime import timedelta

from django.db.models import F
from django.utils import timezone
from playwright.sync_api import Locator, Page, expect

from bookings import triage
from bookings.models import Appointment, AppointmentRequest
from bookings.status import DAYS, PARTS_OF_DAY, AppointmentStatus, RequestStatus
from tests import factories
from tests.journeys.steps import sign_in
from tests.journeys.test_the_marks import come_now
from tests.journeys.times import everything_is_free

Look = Callable[[Page], None]
NewPage = Callable[..., Page]

# Where the document `docs/usability.md` has the same numbers.
MOST = {
    "find a person": 2,
    "open the request that comes first": 4,
    "offer times for it": 4,
    "see today in the diary": 2,
    "open somebody who comes today": 3,
    "record an arrival": 4,
    "open the next patient to phone": 4,
    "begin to book a caller": 2,
    "go back to Today": 2,
    "show the keys and hide them": 2,
    "find a person, without a script": 16,
    "open the requests, without a script": 9,
    "begin to book a caller, without a script": 15,
    "record an arrival, without a script": 60,
}


class Keys:
    """Keys, counted for each task."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.made: list[str] = []

    def press(self, *keys: str) -> None:
        for key in keys:
            self.page.keyboard.press(key)
            self.made.append(key)

    def go(self, *keys: str) -> None:
        """Keys of which the last one leads to another page."""
        self.press(*keys[:-1])
        with self.page.expect_navigation():
            self.press(keys[-1])

    def until(self, target: Locator, key: str, most: int = 40) -> None:
        """Press one key until this is in focus."""
        for _ in range(most):
            self.press(key)
            if target.evaluate("each => each === document.activeElement"):
                return
        raise AssertionError(f"not reached: {target}")

    def did(self, task: str) -> None:
        assert len(self.made) <= MOST[task], (task, self.made)
        self.made.clear()


def only_one_comes_today() -> None:
    """And has not arrived, whatever the day and the hour."""
    (visit,) = come_now(1)
    others = Appointment.objects.filter(starts__date=timezone.localdate()).exclude(pk=visit.pk)
    others.update(starts=F("starts") - timedelta(days=1), ends=F("ends") - timedelta(days=1))


def test_ten_tasks_by_keyboard(clinic: str, new_page: NewPage, look_at: Look) -> None:
    only_one_comes_today()
    page = new_page()
    sign_in(page, clinic, "reception")
    keys = Keys(page)
    keys.press("?")
    expect(page.get_by_role("dialog", name="Keys")).to_be_visible()
    look_at(page)
    keys.press("Escape")
    expect(page.get_by_role("dialog")).to_have_count(0)
    keys.did("show the keys and hide them")

    nia = AppointmentRequest.objects.filter(name="Nia Specimen", status=RequestStatus.BOOKED)
    keys.press("/")
    page.keyboard.type(nia.latest("pk").reference)
    keys.go("Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text("Nia Specimen")
    keys.did("find a person")

    keys.go("g", "t")
    expect(page.get_by_role("region", name="Do next")).to_be_visible()
    keys.did("go back to Today")
    keys.go("g", "d")
    expect(page).to_have_url(re.compile("/diary/"))
    keys.did("see today in the diary")

    keys.go("g", "o")
    keys.go("j", "Enter")
    expect(page).to_have_url(re.compile("/appointmentrequest/.*/change/"))
    keys.did("open the next patient to phone")
    keys.go("g", "b")
    expect(page.get_by_role("heading", name="Book by phone")).to_be_visible()
    keys.did("begin to book a caller")

    keys.go("g", "r")
    keys.go("j", "Enter")
    keys.did("open the request that comes first")
    # Every time is free and suits them, so that some are ticked whatever the day.
    everything_is_free()
    waiting = factories.received(preferred_days=[*DAYS], preferred_times=[*PARTS_OF_DAY])
    page.goto(f"{clinic}/admin/bookings/appointmentrequest/{waiting.pk}/change/")
    keys.go("n", "Enter")
    keys.go("n", "Enter")
    expect(page.get_by_text("Offered")).not_to_have_count(0)
    keys.did("offer times for it")

    page.goto(f"{clinic}/admin/")
    keys.press("l", "l")
    comer = page.locator(".comer").first
    expect(comer.get_by_role("link").first).to_be_focused()
    keys.go("Enter")
    keys.did("open somebody who comes today")
    page.goto(f"{clinic}/admin/")
    keys.press("l", "l")
    keys.until(page.get_by_role("button", name="Arrived").first, "Tab")
    came = Appointment.objects.filter(status=AppointmentStatus.BOOKED, arrived_at=None).count()
    keys.go("Enter")
    assert (
        Appointment.objects.filter(status=AppointmentStatus.BOOKED, arrived_at=None).count()
        == came - 1
    )
    keys.did("record an arrival")


def test_tasks_without_a_script(clinic: str, new_page: NewPage) -> None:
    """With Tab, letters and Enter alone. Where the document has the same numbers."""
    only_one_comes_today()
    page = new_page(javascript=False)
    sign_in(page, clinic, "reception")
    keys = Keys(page)
    nia = AppointmentRequest.objects.filter(name="Nia Specimen", status=RequestStatus.BOOKED)
    page.goto(f"{clinic}/admin/")
    keys.until(page.get_by_label("Find a patient"), "Tab")
    page.keyboard.type(nia.latest("pk").reference)
    keys.go("Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text("Nia Specimen")
    keys.did("find a person, without a script")

    page.goto(f"{clinic}/admin/")
    keys.until(page.get_by_role("link", name="Requests").first, "Tab")
    keys.go("Enter")
    expect(page).to_have_url(re.compile("/appointmentrequest/"))
    keys.did("open the requests, without a script")

    page.goto(f"{clinic}/admin/")
    keys.until(page.get_by_role("link", name="Book by phone"), "Tab")
    keys.go("Enter")
    expect(page.get_by_role("heading", name="Book by phone")).to_be_visible()
    keys.did("begin to book a caller, without a script")

    page.goto(f"{clinic}/admin/")
    keys.until(page.get_by_role("button", name="Arrived").first, "Tab", most=80)
    coming = Appointment.objects.filter(status=AppointmentStatus.BOOKED, arrived_at=None)
    before = coming.count()
    keys.go("Enter")
    assert coming.count() == before - 1
    keys.did("record an arrival, without a script")


def test_keys_are_turned_off_and_fields_take_letters(
    clinic: str, new_page: NewPage, look_at: Look
) -> None:
    page = new_page()
    sign_in(page, clinic, "reception")
    page.keyboard.press("/")
    page.keyboard.type("j?/gr")
    expect(page.get_by_label("Find a patient")).to_have_value("j?/gr")
    expect(page.get_by_role("dialog")).to_have_count(0)
    page.goto(f"{clinic}/admin/account/")
    look_at(page)
    with page.expect_navigation():
        page.get_by_role("button", name="Turn keys off").click()
    page.goto(f"{clinic}/admin/")
    page.keyboard.press("?")
    page.keyboard.press("/")
    expect(page.get_by_label("Find a patient")).not_to_be_focused()
    expect(page.locator("#keys")).to_have_count(0)


def test_what_is_new_is_said_and_nothing_moves(
    clinic: str, new_page: NewPage, look_at: Look
) -> None:
    page = new_page()
    sign_in(page, clinic, "reception")
    names = page.locator(".task__people a").all_inner_texts()
    page.get_by_label("Find a patient").focus()

    triage.submit(factories.submission(name="Newly Come"), key="k" * 43, now=timezone.now())
    page.clock.run_for(61_000)
    expect(page.locator("#news")).to_be_empty()
    page.keyboard.press("Tab")
    page.clock.run_for(61_000)
    expect(page.get_by_role("status")).to_contain_text("Since you opened this page: 1 new request.")
    look_at(page)
    assert page.locator(".task__people a").all_inner_texts() == names
    with page.expect_navigation():
        page.get_by_role("link", name="Show them").click()
    expect(page.locator("#news")).to_be_empty()
