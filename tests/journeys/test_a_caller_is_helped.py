"""What callers ask for most takes reception at most three presses from Today or from the search."""

from collections.abc import Callable

from playwright.sync_api import Locator, Page, expect

from bookings.models import AppointmentRequest, Message
from bookings.status import (
    CancelledBy,
    MessageStatus,
    RecallStatus,
    RequestStatus,
)
from tests.journeys.steps import Presses, press, sign_in, tick
from tests.journeys.times import noon, tick_free

Look = Callable[[Page], None]
NewPage = Callable[..., Page]
NAME = "Nia Specimen"


def found(page: Page, clinic: str, request: AppointmentRequest) -> Locator:
    """The row of the request on its person's page, after a search from any page."""
    sign_in(page, clinic, "reception")
    page.get_by_label("Find a patient").fill(request.reference)
    press(page.get_by_role("button", name="Find"))
    return page.get_by_role("row").filter(has_text=request.reference)


def named(name: str, status: RequestStatus) -> AppointmentRequest:
    return AppointmentRequest.objects.filter(name=name, status=status).latest("pk")


def test_they_cancel(clinic: str, new_page: NewPage, look_at: Look) -> None:
    request, page, do = named(NAME, RequestStatus.BOOKED), new_page(javascript=False), Presses()
    do.follow(found(page, clinic, request).get_by_role("rowheader").get_by_role("link"))
    do.follow(page.get_by_role("link", name="Cancel the appointment"))
    do.follow(page.get_by_role("button", name="Cancel the appointment"))
    expect(page.get_by_text("Cancelled. We tell the patient in 3 minutes")).to_be_visible()
    do.did("cancel for a caller")
    assert request.appointments.get().cancelled_by == CancelledBy.PATIENT
    press(page.get_by_role("link", name="Undo"))
    press(page.get_by_role("button", name="Undo"))
    expect(page.get_by_role("heading", name="They come on")).to_be_visible()


def test_they_move(clinic: str, new_page: NewPage) -> None:
    request, page, do = named(NAME, RequestStatus.BOOKED), new_page(javascript=False), Presses()
    old = request.appointments.get()
    do.follow(found(page, clinic, request).get_by_role("link", name="Move"))
    expect(page.get_by_label("Clinician")).to_have_value(str(old.clinician_id))
    tick_free(page, after=noon(days=1))
    do.said("a free time")
    do.follow(page.get_by_role("button", name="Move by phone"))
    expect(page.get_by_text("Moved. Now with")).to_be_visible()
    do.did("move for a caller")
    assert request.appointments.latest("pk").clinician == old.clinician


def test_they_did_not_get_the_email(clinic: str, new_page: NewPage, look_at: Look) -> None:
    failed = Message.objects.filter(status=MessageStatus.FAILED).latest("pk")
    page, do = new_page(), Presses()
    row = found(page, clinic, failed.request)
    do.follow(row.get_by_role("rowheader").get_by_role("link"))
    look_at(page)
    do.follow(page.get_by_role("link", name="Send again"))
    look_at(page)
    do.follow(page.get_by_role("button", name="Send it again"))
    expect(page.get_by_text("It is on its way")).to_be_visible()
    do.did("send a message again")
    assert Message.objects.filter(repeats=failed).exists()


def test_they_come_again(clinic: str, new_page: NewPage, look_at: Look) -> None:
    request = named("Wendy Fiction", RequestStatus.CLOSED)
    page, do = new_page(), Presses()
    sign_in(page, clinic, "reception")
    page.goto(f"{clinic}/admin/bookings/appointmentrequest/{request.pk}/change/")
    do.follow(page.get_by_role("link", name="Follow-up"))
    look_at(page)
    do.tick(page.get_by_label("I asked all"))
    do.follow(page.get_by_role("button", name="Book this visit"))
    expect(page.get_by_text("Booked with")).to_be_visible()
    look_at(page)
    do.did("follow-up after a visit, booked now")
    assert AppointmentRequest.objects.latest("pk").name == request.name


def test_they_are_asked_in_some_weeks(clinic: str, new_page: NewPage, look_at: Look) -> None:
    request = named("Wendy Fiction", RequestStatus.CLOSED)
    page, do = new_page(width=375, scheme="dark"), Presses()
    sign_in(page, clinic, "reception")
    page.goto(f"{clinic}/admin/bookings/appointmentrequest/{request.pk}/change/")
    look_at(page)
    do.follow(page.get_by_role("link", name="Follow-up"))
    look_at(page)
    page.get_by_label("When", exact=True).select_option(label="in 12 weeks")
    do.follow(page.get_by_role("button", name="Ask the patient then"))
    expect(page.get_by_text("Planned. We will ask the patient on")).to_be_visible()
    do.did("follow-up: ask the patient in some weeks")
    assert request.recalls.get().status == RecallStatus.PLANNED
    page.locator("summary", has_text="Also").click()
    look_at(page)
    press(page.get_by_role("link", name="Do not ask about a follow-up"))
    press(page.get_by_role("button", name="Do not ask about a follow-up"))
    assert request.recalls.get().status == RecallStatus.TAKEN_BACK


def test_they_are_asked_the_safety_questions(clinic: str, new_page: NewPage, look_at: Look) -> None:
    request, page = named(NAME, RequestStatus.BOOKED), new_page(width=375)
    visit = request.appointments.get()
    press(found(page, clinic, request).get_by_role("rowheader").get_by_role("link"))
    press(page.get_by_role("link", name="Ask the safety questions"))
    look_at(page)
    tick(page, "Do you take a blood thinner")
    press(page.get_by_role("button", name="Record the answers"))
    expect(page.get_by_role("alert").first).to_be_visible()
    look_at(page)
    page.get_by_label("Which one").filter(visible=True).fill("Apixaban")
    page.get_by_label("I asked all").check()
    press(page.get_by_role("button", name="Record the answers"))
    expect(page.get_by_role("heading", name="A clinician decides first")).to_be_visible()
    look_at(page)
    request.refresh_from_db()
    assert request.status == RequestStatus.BOOKED_IN_REVIEW
    assert request.appointments.get() == visit
    assert request.flags.latest("pk").answer.detail == "Apixaban"


def test_the_next_step_is_in_sight(clinic: str, new_page: NewPage, look_at: Look) -> None:
    page = new_page()
    sign_in(page, clinic, "reception")
    for status in (RequestStatus.RECEIVED, RequestStatus.OFFERED, RequestStatus.BOOKED):
        request = AppointmentRequest.objects.filter(status=status, flags=None).latest("pk")
        page.goto(f"{clinic}/admin/bookings/appointmentrequest/{request.pk}/change/")
        expect(page.locator(".owed a.button").first).to_be_in_viewport()
        look_at(page)
