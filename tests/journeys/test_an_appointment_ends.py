"""After the booking: a lost link, a calendar, a cancellation; and the clinic's side of it."""

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from bookings.links import private_link
from bookings.models import AppointmentRequest, Claim
from bookings.status import RequestStatus
from tests.journeys.steps import fill_in_birth, latest_link, press, sign_in

Look = Callable[[Page], None]
NewPage = Callable[..., Page]


def booked() -> AppointmentRequest:
    """A demonstration booking that is more than a day away and asks for no other time."""
    return AppointmentRequest.objects.get(name="Nia Specimen")


@pytest.mark.parametrize("javascript", [True, False])
def test_a_patient_finds_the_link_again_and_cancels(
    javascript: bool, clinic: str, new_page: NewPage, look_at: Look
) -> None:
    look = look_at if javascript else lambda page: None
    request = booked()
    patient = new_page(javascript=javascript, width=375)
    patient.goto(f"{clinic}/appointments/mine/{request.reference}/")
    press(patient.get_by_role("link", name="get your private link or code again"))
    press(patient.get_by_role("button", name="Ask for my link or code"))
    expect(patient.get_by_text("There is a problem")).to_be_visible()
    look(patient)
    patient.get_by_label("Full name").fill(request.name.upper())
    fill_in_birth(patient, request.date_of_birth)
    patient.get_by_label("Email address or phone number").fill(request.email)
    press(patient.get_by_role("button", name="Ask for my link or code"))
    expect(patient.get_by_role("heading", name="What happens now")).to_be_visible()
    look(patient)
    patient.goto(latest_link(request.email))
    expect(patient.get_by_role("heading", name="Your appointment")).to_be_visible()
    look(patient)
    with patient.expect_download() as download:
        patient.get_by_role("link", name="Add it to my calendar").click()
    assert download.value.suggested_filename == "appointment.ics"
    press(patient.get_by_role("link", name="Cancel my appointment"))
    fill_in_birth(patient, request.date_of_birth)
    press(patient.get_by_role("button", name="Continue"))
    look(patient)
    patient.get_by_label("Would you like to tell us why?").fill("I am better.")
    press(patient.get_by_role("button", name="Cancel my appointment"))
    expect(patient.get_by_role("heading", name="Your appointment was cancelled")).to_be_visible()
    look(patient)
    press(patient.get_by_role("link", name="Undo it"))
    look(patient)
    press(patient.get_by_role("button", name="Undo the cancellation"))
    expect(patient.get_by_role("heading", name="Your appointment", exact=True)).to_be_visible()
    expect(patient.get_by_role("status").get_by_text("You undid the cancellation.")).to_be_visible()
    assert Claim.objects.filter(appointment__request=request).exists()


def test_the_clinic_cancels_and_renews_a_link(
    clinic: str, new_page: NewPage, look_at: Look
) -> None:
    request = booked()
    old = private_link(request)
    reception = new_page()
    sign_in(reception, clinic, "reception")
    reception.get_by_label("Find a patient").fill(request.reference)
    press(reception.get_by_role("button", name="Find"))
    look_at(reception)
    row = reception.get_by_role("row").filter(has_text=request.reference)
    press(row.get_by_role("rowheader").get_by_role("link"))
    look_at(reception)
    press(reception.get_by_role("link", name="Cancel the appointment"))
    look_at(reception)
    reception.get_by_label("We cancel").check()
    press(reception.get_by_role("button", name="Our ultrasound machine is being repaired"))
    expect(reception.get_by_label("What the patient will read")).to_have_value(
        re.compile("^Our ultrasound machine is being repaired")
    )
    look_at(reception)
    press(reception.get_by_role("button", name="Cancel the appointment"))
    expect(reception.get_by_text("Cancelled. We tell the patient in 3 minutes")).to_be_visible()
    press(reception.get_by_role("link", name="Replace the private link"))
    press(reception.get_by_role("button", name="Replace the private link"))
    expect(reception.get_by_text("The old link has stopped working.")).to_be_visible()
    patient = new_page(width=375)
    patient.goto(old)
    expect(
        patient.get_by_role("heading", name="Open your private link, or enter your code")
    ).to_be_visible()
    request.refresh_from_db()
    assert request.status == RequestStatus.CLOSED
