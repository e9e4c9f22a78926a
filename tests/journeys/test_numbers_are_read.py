"""A manager reads the numbers after one press, and who opened what after two."""

from collections.abc import Callable
from datetime import timedelta

from django.utils import timezone
from playwright.sync_api import Page, expect

from bookings.models import AppointmentRequest
from tests.journeys.steps import Presses, press, sign_in

Look = Callable[[Page], None]
NewPage = Callable[..., Page]


def test_numbers_are_one_press_away(clinic: str, new_page: NewPage, look_at: Look) -> None:
    page = new_page()
    sign_in(page, clinic, "manager")
    presses = Presses()
    presses.follow(page.get_by_role("link", name="Numbers", exact=True))
    presses.did("the numbers")
    expect(page.get_by_role("img", name="Visits each week")).to_be_visible()
    look_at(page)
    today = timezone.localdate()
    first = today - timedelta(days=60)
    page.get_by_text("Other days").click()
    for box, day in [("From", first), ("To", today)]:
        group = page.get_by_role("group", name=box, exact=True)
        group.get_by_label("Day").fill(f"{day:%d/%m/%Y}")
        group.get_by_label("Month").fill("")
        group.get_by_label("Year").fill("")
    page.get_by_label("By", exact=True).select_option("month")
    press(page.get_by_role("button", name="Show these days"))
    expect(page.get_by_text(f"to {today:%-d %B %Y}, by month")).to_be_visible()
    with page.expect_download() as file:
        visits = page.get_by_role("region", name="Visits", exact=True)
        visits.get_by_role("link", name="Download as CSV").click()
    assert file.value.suggested_filename == f"numbers-visits-{first}-to-{today}.csv"
    page.get_by_role("group", name="To", exact=True).get_by_label("Day").fill("99")
    press(page.get_by_role("button", name="Show these days"))
    expect(page.get_by_role("alert")).to_contain_text("Enter a date")
    look_at(page)


def test_who_opened_what_is_two_presses_away(clinic: str, new_page: NewPage, look_at: Look) -> None:
    page = new_page(width=375)
    sign_in(page, clinic, "manager")
    presses = Presses()
    presses.follow(page.get_by_role("link", name="Set-up"))
    presses.follow(page.get_by_role("link", name="Who opened what"))
    presses.did("who opened what")
    expect(page.get_by_role("table").get_by_text("Robin Example").first).to_be_visible()
    look_at(page)
    about = AppointmentRequest.objects.filter(events__by="reception").earliest("pk")
    page.get_by_label("What are you looking for?").fill(about.reference)
    press(page.get_by_role("button", name="Find", exact=True))
    expect(
        page.get_by_role("heading", name=f"Who opened the requests of {about.name}")
    ).to_be_visible()
    expect(page.get_by_role("table").get_by_text("Found by searching").first).to_be_visible()
    look_at(page)
