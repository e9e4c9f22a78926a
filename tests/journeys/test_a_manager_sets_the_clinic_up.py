"""A manager runs the clinic without the server's files: its details, a week, the hours of a place."""

from collections.abc import Callable

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect

from bookings import messages
from bookings.models import ClinicSession, Location, Message, ScreeningQuestion
from bookings.status import Channel, MessageKind
from procedures.models import Clinician
from tests.journeys.steps import Presses, press, sign_in

Look = Callable[[Page], None]
NewPage = Callable[..., Page]

OLD, NEW = "020 7946 0958", "01632 960111"
# From any page of the desk to the new number on every page: Set-up, Clinic, Save.
PAGES = [
    "set-up/",
    "set-up/doctor/",
    "procedures/clinicdetails/add/",
    "procedures/clinicdetails/",
    "bookings/clinicsession/weeks/",
]
# Django's own forms. Their calendars are links that lead nowhere, but axe has nothing against them.
STOCK = [
    "procedures/clinician/add/",
    "bookings/clinicsession/add/",
    "bookings/location/add/",
    "bookings/resource/add/",
    "bookings/appointmenttype/add/",
    "bookings/topic/add/",
    "bookings/closure/add/",
    "bookings/screeningquestion/add/",
]


def test_a_new_phone_number_is_on_a_page_a_leaflet_and_a_letter(
    clinic: str, new_page: NewPage
) -> None:
    page = new_page(javascript=False)
    sign_in(page, clinic, "manager")
    presses = Presses()
    for way in ("Set-up", "Clinic"):
        presses.follow(page.get_by_role("link", name=way, exact=True))
    page.get_by_label("Phone", exact=True).fill(NEW)
    presses.follow(page.get_by_role("button", name="Save"))
    expect(page.get_by_text("Saved. Pages, letters and leaflets show it")).to_be_visible()
    presses.did("change the clinic’s phone number")
    press(page.get_by_role("link", name="Changes so far"))
    expect(page.get_by_text(f"Phone: {OLD} {NEW}")).to_be_visible()

    patient = new_page(javascript=False)
    page_read = "/procedures/ultrasound-guided-injections/"
    for path in ("/", page_read, f"{page_read}leaflet/"):
        answer = patient.goto(f"{clinic}{path}")
        assert answer is not None
        assert answer.status == 200
        expect(patient.get_by_text(NEW).first).to_be_visible()
        expect(patient.get_by_text(OLD)).to_have_count(0)
    letter = Message.objects.filter(kind=MessageKind.RECEIVED, channel=Channel.EMAIL).first()
    assert letter
    assert NEW in str(messages.letter(letter).body)


def test_a_week_is_changed_on_one_page(clinic: str, new_page: NewPage, look_at: Look) -> None:
    page = new_page(width=375)
    sign_in(page, clinic, "manager")
    ben = Clinician.objects.get(slug="mr-ben-example")
    page.goto(f"{clinic}/admin/bookings/clinicsession/weeks/{ben.pk}/")
    look_at(page)
    tuesday = page.get_by_role("group", name="Every week, row 1")
    expect(tuesday.get_by_label("Tue")).to_be_checked()
    # Without his Tuesdays, some patients have no clinic.
    tuesday.get_by_label("Tue").uncheck()
    tuesday.get_by_label("From").fill("")
    tuesday.get_by_label("To").fill("")
    press(page.get_by_role("button", name="Save"))
    expect(page.get_by_role("heading", name="Before you save")).to_be_visible()
    look_at(page)
    weekly = ClinicSession.objects.filter(clinician=ben, last_day=None)
    assert weekly.count() == 3
    press(page.get_by_role("button", name="Save all the same"))
    expect(page.get_by_text("The week of Mr Ben Example is saved")).to_be_visible()
    look_at(page)
    assert weekly.count() == 2


def test_the_hours_of_a_place_are_one_row(clinic: str, new_page: NewPage, look_at: Look) -> None:
    page = new_page()
    sign_in(page, clinic, "manager")
    place = Location.objects.get(name="Main house")
    page.goto(f"{clinic}/admin/bookings/location/{place.pk}/change/")
    look_at(page)
    press(page.get_by_role("link", name="Change", exact=True))
    look_at(page)
    page.get_by_role("group", name="Opening hours, row 1").get_by_label("To").fill("19")
    press(page.get_by_role("button", name="Save"))
    expect(page.get_by_text("Monday to Friday, 8:30 to 19:00")).to_be_visible()


@pytest.mark.lengthy
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_set_up_works_for_everyone(
    scheme: str, clinic: str, new_page: NewPage, look_at: Look
) -> None:
    page = new_page(scheme=scheme)
    sign_in(page, clinic, "manager")
    look_at(page)
    for path in PAGES:
        page.goto(f"{clinic}/admin/{path}")
        look_at(page)
    session = ClinicSession.objects.filter(last_day=None).first()
    assert session
    for path in (*STOCK, f"bookings/clinicsession/{session.pk}/change/"):
        page.goto(f"{clinic}/admin/{path}")
        found = Axe().run(page, options={"preload": False, "resultTypes": ["violations"]})
        assert found.violations_count == 0, f"{page.url}\n{found.generate_report()}"


def test_forms_of_set_up_fit_on_a_phone(clinic: str, new_page: NewPage) -> None:
    """Django's own forms: a box can be seen and ticked, and no field is cut off at the side."""
    page = new_page(width=375)
    sign_in(page, clinic, "manager")
    question = ScreeningQuestion.objects.filter(retired_on=None).first()
    assert question
    boxes = 0
    for path in (*STOCK, f"bookings/screeningquestion/{question.pk}/change/"):
        page.goto(f"{clinic}/admin/{path}")
        for field in page.locator("#content .form-row").locator("input, textarea").all():
            box = field.bounding_box()
            if not box:
                continue
            assert box["width"] >= 24, f"{path}: {field.get_attribute('name')}"
            assert box["x"] + box["width"] <= 375 - 16, f"{path}: {field.get_attribute('name')}"
            boxes += field.get_attribute("type") == "checkbox"
    assert boxes
