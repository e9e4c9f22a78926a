"""After the visit: one short question, all requests of one person, and another one in three pages."""

from collections.abc import Callable

from django.utils import timezone
from playwright.sync_api import Locator, Page, expect

from bookings.links import follow, private_link
from bookings.models import AppointmentRequest, VisitAnswer
from bookings.status import RequestStatus
from tests.journeys.steps import latest_link, press, say_no_to_the_rest, sign_in

Look = Callable[[Page], None]
NewPage = Callable[..., Page]
NAME = "Edmund Fiction"
# Of the ways to ask again, besides an answer to each safety question.
PAGES, PRESSES = 3, 5


def give_date_of_birth(page: Page, request: AppointmentRequest) -> None:
    born = request.date_of_birth
    for label, value in (("Day", born.day), ("Month", born.month), ("Year", born.year)):
        page.get_by_label(label, exact=True).fill(str(value))
    press(page.get_by_role("button", name="Continue"))


def test_a_patient_says_how_it_went_and_a_manager_reads_it(
    clinic: str, new_page: NewPage, look_at: Look
) -> None:
    request = AppointmentRequest.objects.get(name=NAME, status=RequestStatus.CLOSED)
    patient = new_page(width=375)
    patient.goto(private_link(request))
    look_at(patient)
    press(patient.get_by_role("link", name="Answer it"))
    give_date_of_birth(patient, request)
    look_at(patient)
    press(patient.get_by_role("button", name="Send my answer"))
    expect(patient.get_by_text("There is a problem")).to_be_visible()
    look_at(patient)
    patient.get_by_label("No, and please phone me").check()
    patient.get_by_label("Is there anything we should have done differently?").fill("Ring me.")
    press(patient.get_by_role("button", name="Send my answer"))
    expect(patient.get_by_text("We will phone you about it.")).to_be_visible()
    look_at(patient)
    assert VisitAnswer.objects.get(request=request).comment == "Ring me."
    manager = new_page()
    sign_in(manager, clinic, "manager")
    press(manager.get_by_role("link", name="To phone", exact=True))
    expect(manager.get_by_role("row").filter(has_text=NAME)).to_contain_text("asked us to phone")
    manager.goto(f"{clinic}/admin/bookings/visitanswer/")
    look_at(manager)
    press(manager.get_by_role("link", name=request.reference))
    expect(manager.get_by_text("Ring me.")).to_be_visible()
    look_at(manager)


def test_somebody_asks_again_and_types_only_what_is_new(
    clinic: str, new_page: NewPage, look_at: Look
) -> None:
    request = AppointmentRequest.objects.get(name=NAME, status=RequestStatus.BOOKED)
    other = AppointmentRequest.objects.get(name=NAME, status=RequestStatus.CLOSED)
    patient = new_page(width=375)
    patient.goto(private_link(request))
    press(patient.get_by_role("link", name="See all of them, or ask for another appointment"))
    give_date_of_birth(patient, request)
    look_at(patient)
    press(patient.get_by_role("button", name="Email me its private link"))
    expect(patient.get_by_text("We are sending the private link")).to_be_visible()
    token = latest_link(other.email).rstrip("/").rpartition("/")[2]
    assert follow(token, timezone.now()) == other

    pages, presses = set(), 0

    def do(target: Locator) -> None:
        nonlocal presses
        presses += 1
        press(target)
        pages.add(patient.get_by_role("heading", level=1).inner_text())

    do(patient.get_by_role("link", name="Ask for another appointment"))
    look_at(patient)
    patient.get_by_label("Trigger finger").check()
    presses += 1
    patient.get_by_label("What would you like help with?").fill("My thumb clicks.")
    do(patient.get_by_role("button", name="I can wait: continue"))
    look_at(patient)
    say_no_to_the_rest(patient)
    do(patient.get_by_role("button", name="Continue"))
    look_at(patient)
    expect(patient.get_by_text(NAME)).to_be_visible()
    asked = len(pages)
    do(patient.get_by_role("button", name="Send my request"))
    expect(patient.get_by_role("heading", name="We have your request")).to_be_visible()
    look_at(patient)
    assert (asked, presses) == (PAGES, PRESSES)
    made = AppointmentRequest.objects.latest("pk")
    assert (made.name, made.email, made.concern) == (NAME, request.email, "My thumb clicks.")
