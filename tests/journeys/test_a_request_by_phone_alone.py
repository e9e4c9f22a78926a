"""Somebody without an email address: asked, told by phone, let in by a code, seen."""

import re
from collections.abc import Callable
from datetime import date, timedelta
from io import StringIO

import pytest
from django.core import mail
from django.core.management import call_command
from playwright.sync_api import Page, expect

from bookings import triage
from bookings.models import AppointmentRequest, Message
from bookings.status import MessageKind, MessageStatus, RequestStatus
from tests import factories
from tests.journeys.steps import fill_in_birth, press, say_no_to_the_rest, sign_in
from tests.journeys.times import choose, noon, tick_free

Look = Callable[[Page], None]
NewPage = Callable[..., Page]
BORN = date(1942, 3, 27)
NAME = "Phyllis Sample"


def ask(page: Page, clinic: str, look: Look) -> str:
    """Send a request with a phone number alone; return the code on the receipt."""
    page.goto(f"{clinic}/appointments/request/")
    press(page.get_by_role("button", name="None of these apply: continue"))
    page.get_by_label("What would you like help with?").fill("Both knees are stiff.")
    press(page.get_by_role("button", name="Continue"))
    press(page.get_by_role("link", name="Someone else"))
    expect(page.get_by_label("Their full name")).to_be_visible()
    look(page)
    press(page.get_by_role("link", name="Me", exact=True))
    page.get_by_label("Full name").fill(NAME)
    fill_in_birth(page, BORN)
    press(page.get_by_role("button", name="Continue"))
    expect(page.get_by_role("alert")).to_contain_text("Enter an email address or a phone number")
    look(page)
    page.get_by_label("Phone number").fill("020 7946 0777")
    page.get_by_label("A voicemail message on this number is fine").check()
    press(page.get_by_role("button", name="Continue"))
    say_no_to_the_rest(page)
    press(page.get_by_role("button", name="Continue"))
    page.get_by_label("Monday").check()
    page.get_by_label("Morning").check()
    press(page.get_by_role("button", name="Continue"))
    look(page)
    press(page.get_by_role("button", name="Send my request"))
    expect(page.get_by_role("heading", name="We have your request")).to_be_visible()
    look(page)
    page.emulate_media(media="print")
    receipt = page.get_by_role("region", name="Your code")
    expect(receipt).to_be_visible()
    expect(page.get_by_text(AppointmentRequest.objects.get(name=NAME).reference)).to_be_visible()
    expect(page.get_by_role("button", name="I have finished")).to_be_hidden()
    page.emulate_media(media="screen")
    found = re.search(r"\b\w{3}-\w{3}-\w{3}\b", receipt.inner_text())
    assert found
    return found[0]


def offer_by_phone(page: Page, clinic: str, reference: str, look: Look) -> list[str]:
    """Offer a time, phone the patient, and record it; return what there was to tell."""
    sign_in(page, clinic, "reception")
    page.goto(f"{clinic}/admin/bookings/person/search/")
    page.get_by_label("What are you looking for?").fill("020 7946 0777")
    press(page.get_by_role("button", name="Find", exact=True))
    press(page.get_by_role("link", name="No time yet"))
    expect(page.get_by_text(f"Reference {reference}")).to_be_visible()
    press(page.get_by_role("link", name="Offer times"))
    tick_free(page, after=noon(days=1))
    press(page.get_by_role("button", name="Offer times"))
    expect(page.get_by_text("Phone this patient.")).to_be_visible()
    look(page)
    press(page.get_by_role("link", name="Record a call"))
    told = page.get_by_role("region", name="What the call is about").get_by_role("listitem")
    said = told.all_inner_texts()
    look(page)
    page.get_by_label("Yes, and I told them").check()
    press(page.get_by_role("button", name="Record a call"))
    expect(page.get_by_text("Call recorded.")).to_be_visible()
    line = page.get_by_role("listitem").filter(has_text="Phone call “times offered”")
    expect(line).to_contain_text("told")
    return said


@pytest.mark.parametrize("javascript", [True, False])
def test_a_request_by_phone_alone(
    javascript: bool, clinic: str, new_page: NewPage, look_at: Look
) -> None:
    look = look_at if javascript else lambda page: None
    code = ask(new_page(javascript=javascript, width=375), clinic, look)
    request = AppointmentRequest.objects.get(name=NAME)
    reception = new_page(javascript=javascript)
    (said,) = offer_by_phone(reception, clinic, request.reference, look)
    assert said.startswith("Offer them ")

    # On another device, typed as somebody reads it.
    patient = new_page(javascript=javascript, width=320)
    patient.goto(f"{clinic}/appointments/request/")
    press(patient.get_by_role("link", name="enter your code"))
    press(patient.get_by_role("button", name="See my request"))
    look(patient)
    patient.get_by_label("Your code").fill(code.lower().replace("-", " ").replace("0", "o"))
    fill_in_birth(patient, BORN)
    press(patient.get_by_role("button", name="See my request"))
    expect(patient.get_by_role("heading", name="We can offer you")).to_be_visible()
    look(patient)
    first = request.offers.get().times.order_by("starts")[0]
    choose(patient, first.starts)
    press(patient.get_by_role("button", name="Book this time"))
    expect(patient.get_by_role("heading", name="Your appointment")).to_be_visible()

    request.refresh_from_db()
    by = factories.staff("Clinician")
    over = first.starts + timedelta(hours=1)
    triage.record_attendance(request, version=request.version, came=True, by=by, now=over)
    patient.reload()
    expect(patient.get_by_role("heading", name="You have had your appointment")).to_be_visible()
    assert request.status == RequestStatus.CLOSED
    call_command("send_messages", stdout=StringIO())
    # Nothing waits or went astray, and no letter was tried without an address.
    ended = {MessageStatus.SENT, MessageStatus.DROPPED}
    assert set(request.messages.values_list("status", flat=True)) <= ended
    assert not Message.objects.filter(request=request, kind=MessageKind.RECEIVED).exists()
    assert not [letter for letter in mail.outbox if not all(letter.to)]
