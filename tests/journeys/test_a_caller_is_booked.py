"""Somebody without an email address phones, and has an appointment six presses later."""

from collections.abc import Callable
from datetime import date

from playwright.sync_api import Page, expect

from bookings.models import AppointmentRequest
from bookings.screening import questions_for
from bookings.status import Answer, RequestStatus
from bookings.status.events import Event
from tests.journeys.steps import Presses, fill_in_birth, press, sign_in, tick
from tests.journeys.times import noon, tick_free

Look = Callable[[Page], None]
NewPage = Callable[..., Page]

BORN = date(1938, 10, 11)


def test_a_caller_is_booked(clinic: str, new_page: NewPage) -> None:
    page = new_page(javascript=False)
    sign_in(page, clinic, "reception")
    presses = Presses()

    presses.follow(page.get_by_role("link", name="Book by phone"))
    page.get_by_label("Patient’s full name").fill("Hanna Caller")
    fill_in_birth(page, BORN)
    page.get_by_label("Phone number").fill("020 7946 0970")
    presses.follow(page.get_by_role("button", name="Find or go on"))
    page.get_by_label("What they would like help with").fill("The shoulder is stiff again.")
    asked = page.get_by_label("I asked all")
    presses.said("I asked all")
    asked.check()
    presses.follow(page.get_by_role("button", name="Choose a time"))
    presses.said("a free time")
    tick_free(page, after=noon(days=1))
    presses.follow(page.get_by_role("button", name="Book by phone"))
    expect(page.get_by_text("Booked with")).to_be_visible()
    presses.did("book a caller without a request")

    record = AppointmentRequest.objects.get(name="Hanna Caller")
    assert (record.status, record.email) == (RequestStatus.BOOKED, "")
    said = list(record.answers.values_list("question", "answer").order_by("question"))
    asked_about = sorted(question.pk for question in questions_for(None))
    assert said == [(pk, Answer.NO) for pk in asked_about]
    assert record.events.order_by("number")[0].kind == Event.NOTED


def test_a_caller_with_a_flag_waits_for_a_clinician(
    clinic: str, new_page: NewPage, look_at: Look
) -> None:
    page = new_page(width=375)
    sign_in(page, clinic, "reception")
    press(page.get_by_role("link", name="Book by phone"))
    press(page.get_by_role("button", name="Find or go on"))
    expect(page.get_by_role("alert")).to_contain_text("Enter the full name")
    look_at(page)
    known = AppointmentRequest.objects.exclude(email="").filter(carer_name="").earliest("pk")
    page.get_by_label("Patient’s full name").fill(known.name)
    fill_in_birth(page, known.date_of_birth)
    press(page.get_by_role("button", name="Find or go on"))
    page.get_by_label("What they would like help with").fill("The knee again.")
    press(page.get_by_role("button", name=f"This person ({known.name}").first)
    expect(page.get_by_label("Email address")).to_have_value(known.email)
    expect(page.get_by_label("What they would like help with")).to_have_value("The knee again.")
    tick(page, "Do you take a blood thinner")
    look_at(page)
    press(page.get_by_role("button", name="Choose a time"))
    expect(page.get_by_role("alert")).to_be_visible()
    look_at(page)
    page.get_by_label("Which one").filter(visible=True).fill("Apixaban")
    page.get_by_label("I asked all").check()
    press(page.get_by_role("button", name="Choose a time"))
    expect(page.get_by_role("heading", name="A clinician decides first")).to_be_visible()
    look_at(page)
