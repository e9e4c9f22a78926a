"""The main journey, from the page that a patient reads to the appointment that both sides see."""

import re
from collections.abc import Callable
from datetime import datetime
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from bookings.links import private_link
from bookings.models import AppointmentRequest
from tests.journeys.steps import (
    fill_in_birth,
    latest_link,
    open_request,
    press,
    say_no_to_the_rest,
    sign_in,
    tick,
)
from tests.journeys.times import choose, in_words, noon, tick_free

Look = Callable[[Page], None]
NewPage = Callable[..., Page]


def patient_sends_a_request(page: Page, clinic: str, look: Look) -> AppointmentRequest:
    page.goto(f"{clinic}/procedures/ultrasound-guided-injections/")
    press(page.get_by_role("link", name="Request an appointment").last)
    expect(page.get_by_text("About: Ultrasound-guided injections")).to_be_visible()
    look(page)
    press(page.get_by_role("button", name="None of these apply: continue"))

    expect(page.get_by_label("Ultrasound-guided injections")).to_be_checked()
    look(page)
    page.get_by_label("What would you like help with?").fill("My knee has been sore since May.")
    press(page.get_by_role("button", name="Continue"))

    look(page)
    page.get_by_label("Full name").fill("Journey Sample")
    page.get_by_label("Day").fill("5")
    page.get_by_label("Month").fill("4")
    page.get_by_label("Year").fill("1963")
    page.get_by_label("Email address").fill("journey@example.org")
    page.get_by_label("Phone number").fill("020 7946 0123")
    press(page.get_by_role("button", name="Continue"))

    look(page)
    expect(page.get_by_label("Which one? If it is warfarin")).to_be_hidden()
    tick(page, "Do you take a blood thinner?")
    page.get_by_label("Which one? If it is warfarin").fill("Warfarin")
    say_no_to_the_rest(page)
    look(page)
    press(page.get_by_role("button", name="Continue"))

    look(page)
    page.get_by_label("Monday").check()
    page.get_by_label("Morning").check()
    press(page.get_by_role("button", name="Continue"))

    expect(page.get_by_role("heading", name="Check your answers")).to_be_visible()
    expect(page.get_by_text("5 April 1963")).to_be_visible()
    expect(page.get_by_text("Do you take a blood thinner?")).to_be_visible()
    look(page)
    press(page.get_by_role("button", name="Send my request"))
    expect(page.get_by_role("heading", name="We have your request")).to_be_visible()
    look(page)
    return AppointmentRequest.objects.get(email="journey@example.org")


def untick_all(page: Page) -> None:
    """Which of the free times suit, and are ticked already, depends on the moment."""
    while (ticked := page.get_by_role("checkbox", checked=True)).count():
        ticked.first.uncheck()


def staff_offer_times(page: Page, clinic: str, reference: str, look: Look) -> list[datetime]:
    sign_in(page, clinic, "clinician")
    look(page)
    press(page.get_by_role("link", name="flags to decide"))
    look(page)
    row = page.get_by_role("row").filter(has_text=reference)
    press(row.get_by_role("rowheader").get_by_role("link"))
    expect(page.get_by_text("Rule “blood-thinner”, version 1")).to_be_visible()
    look(page)

    press(page.get_by_role("link", name="Start review"))
    look(page)
    press(page.get_by_role("button", name="Start review"))

    press(page.get_by_role("link", name="Record an outcome", exact=True))
    expect(page.get_by_role("radio", name="Do you take a blood thinner")).to_be_checked()
    look(page)
    page.get_by_label("Proceed, with a note").check()
    page.get_by_label("Why").fill("Check the INR on the day.")
    press(page.get_by_role("button", name="Record an outcome"))
    expect(page.get_by_text("Outcome recorded: ")).to_be_visible()

    press(page.get_by_role("link", name="Offer times"))
    look(page)
    untick_all(page)
    press(page.get_by_role("button", name="Offer times"))
    expect(page.get_by_role("alert")).to_contain_text("Choose one to three times.")
    look(page)
    page.get_by_label("Clinician").select_option(
        label="Mr Ben Example, Musculoskeletal sonographer"
    )
    press(page.get_by_role("button", name="Show free times"))
    expect(page.get_by_text("Free times with Mr Ben Example")).to_be_visible()
    look(page)
    offered = tick_free(page, after=noon(days=1), count=2)
    press(page.get_by_role("button", name="Offer times"))
    expect(page.get_by_role("heading", name="They choose a time by")).to_be_visible()
    look(page)
    return offered


def test_a_request_becomes_an_appointment(
    clinic: str, new_page: NewPage, javascript: bool, look: Look
) -> None:
    patient = new_page(javascript=javascript, width=375)
    staff = new_page(javascript=javascript)

    request = patient_sends_a_request(patient, clinic, look)
    _, later = staff_offer_times(staff, clinic, request.reference, look)

    patient.goto(latest_link(request.email))
    expect(patient).to_have_url(f"{clinic}/appointments/mine/{request.reference}/")
    expect(patient.get_by_role("heading", name="We can offer you these times")).to_be_visible()
    look(patient)
    press(patient.get_by_role("button", name="Book this time"))
    expect(patient.get_by_role("alert")).to_contain_text("Choose one of these times.")
    look(patient)
    choose(patient, later)
    press(patient.get_by_role("button", name="Book this time"))
    expect(patient.get_by_role("heading", name="Your appointment")).to_be_visible()
    look(patient)

    staff.reload()
    expect(staff.get_by_role("heading", name="They come on")).to_be_visible()
    assert request.appointments.get().starts == later
    for page in (patient, staff):
        for words in in_words(later).split(" at "):
            expect(page.get_by_role("main")).to_contain_text(words)


def test_a_question_is_asked_and_answered(
    clinic: str, new_page: NewPage, javascript: bool, look: Look
) -> None:
    request = AppointmentRequest.objects.get(name="Alex Sample")
    staff, patient = (
        new_page(javascript=javascript),
        new_page(javascript=javascript, width=375),
    )
    sign_in(staff, clinic, "reception")
    open_request(staff, clinic, request)
    press(staff.get_by_role("link", name="Ask a question"))
    staff.get_by_label("Question to the patient").fill("Which hand is worse?")
    press(staff.get_by_role("button", name="Ask a question"))

    patient.goto(latest_link(request.email))
    look(patient)
    press(patient.get_by_role("link", name="Read the question"))
    look(patient)
    born = request.date_of_birth
    for label, part in (("Day", born.day), ("Month", born.month), ("Year", born.year)):
        patient.get_by_label(label).fill(str(part))
    press(patient.get_by_role("button", name="Continue"))
    expect(patient.get_by_text("Which hand is worse?")).to_be_visible()
    look(patient)
    patient.get_by_label("Your answer").fill("The right one.")
    press(patient.get_by_role("button", name="Send my answer"))
    expect(patient.get_by_role("heading", name="We are looking at your request")).to_be_visible()

    staff.reload()
    expect(staff.get_by_text("The right one.")).to_be_visible()
    look(staff)


def test_a_patient_withdraws(clinic: str, new_page: NewPage, look_at: Look) -> None:
    request = AppointmentRequest.objects.get(name="Jo Sample")
    patient = new_page(width=375)
    patient.goto(private_link(request))
    press(patient.get_by_role("link", name="Withdraw this request"))
    fill_in_birth(patient, request.date_of_birth)
    press(patient.get_by_role("button", name="Continue"))
    look_at(patient)
    press(patient.get_by_role("button", name="Withdraw my request"))
    expect(patient.get_by_role("heading", name="This request is withdrawn")).to_be_visible()
    look_at(patient)


def test_an_error_takes_focus_and_its_link_reaches_the_field(
    clinic: str, new_page: NewPage, javascript: bool
) -> None:
    patient = new_page(javascript=javascript, width=375)
    patient.goto(f"{clinic}/appointments/request/")
    press(patient.get_by_role("button", name="None of these apply: continue"))
    press(patient.get_by_role("button", name="Continue"))
    expect(patient).to_have_title(re.compile("^Error: "))
    summary = patient.get_by_role("alert")
    expect(summary).to_be_focused()
    press(summary.get_by_role("link"))
    expect(patient.get_by_label("What would you like help with?")).to_be_focused()


@pytest.mark.lengthy
def test_every_error_of_every_step_is_accessible(
    clinic: str, new_page: NewPage, look_at: Look
) -> None:
    patient = new_page(width=320)
    patient.goto(f"{clinic}/appointments/request/?about=ultrasound-guided-injections")
    press(patient.get_by_role("button", name="None of these apply: continue"))

    def fail_then(fill: Callable[[], Any]) -> None:
        press(patient.get_by_role("button", name="Continue"))
        expect(patient.get_by_role("alert")).to_be_focused()
        look_at(patient)
        fill()
        press(patient.get_by_role("button", name="Continue"))

    fail_then(lambda: patient.get_by_label("What would you like help with?").fill("Pain."))

    def fill_you() -> None:
        patient.get_by_label("Full name").fill("Pat Sample")
        for label, value in (("Day", "31"), ("Month", "1"), ("Year", "1970")):
            patient.get_by_label(label).fill(value)
        patient.get_by_label("Email address").fill("pat.two@example.org")

    fail_then(fill_you)

    fail_then(lambda: say_no_to_the_rest(patient))
    press(patient.get_by_role("button", name="Continue"))
    look_at(patient)
