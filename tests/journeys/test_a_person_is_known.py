"""People at the desk: found, joined, written about and handed over, each in a press or two."""

import re
from collections.abc import Callable

from django.utils import timezone
from playwright.sync_api import Page, expect

from bookings import triage
from bookings.desk.to_phone import patients_to_phone
from bookings.models import AppointmentRequest, Note, Person
from bookings.status import AppointmentStatus
from tests import factories
from tests.journeys.steps import Presses, press, sign_in

# How much of the widest table is beside the screen.
OUT_OF_SIGHT = """() => Math.max(
  ...[...document.querySelectorAll('.scroll')].map(each => each.scrollWidth - each.clientWidth))"""
Look = Callable[[Page], None]
NewPage = Callable[..., Page]


def find(page: Page, term: str) -> None:
    """Type into the field that is on every page, and press Enter."""
    box = page.get_by_label("Find a patient")
    box.fill(term)
    with page.expect_navigation():
        box.press("Enter")


def request_page(clinic: str, request: AppointmentRequest) -> str:
    return f"{clinic}/admin/bookings/appointmentrequest/{request.pk}/change/"


def test_a_person_is_found_joined_and_parted(clinic: str, new_page: NewPage, look_at: Look) -> None:
    page = new_page(javascript=False)
    sign_in(page, clinic, "reception")
    presses = Presses()
    pat = AppointmentRequest.objects.get(name="Pat Sample")
    page.goto(request_page(clinic, pat))
    presses.follow(page.get_by_role("link", name="Compare them"))
    presses.follow(page.get_by_role("button", name=re.compile("^Same person")))
    presses.did("the same person twice: join them")
    expect(page.get_by_text("Joined: they are shown as one person")).to_be_visible()
    find(page, "07700 900223")
    expect(page.get_by_role("heading", level=1)).to_have_text("Pat Sample")
    press(page.get_by_role("button", name="Undo"))
    expect(page.get_by_text("Undone. Both are as they were before.")).to_be_visible()
    find(page, "07700 900223")
    expect(page.get_by_role("heading", level=1)).to_have_text("P. Sample")
    presses.follow(page.get_by_role("button", name="Not the same person"))
    presses.did("not the same person")
    expect(page.get_by_role("region", name="Perhaps the same person")).to_have_count(0)
    assert not Person.objects.filter(name="P. Sample").exclude(joined_to=None).exists()


def test_a_note_is_written_and_a_request_handed_over(
    clinic: str, new_page: NewPage, look_at: Look
) -> None:
    page = new_page(width=375)
    sign_in(page, clinic, "reception")
    presses = Presses()
    pat = AppointmentRequest.objects.get(name="Pat Sample")
    page.goto(request_page(clinic, pat))
    page.get_by_label("Write a note").fill("Her sister phones for her.")
    pin = page.get_by_label("Pin it")
    presses.tick(pin)
    presses.follow(page.get_by_role("button", name="Save the note"))
    presses.did("write a note")
    assert Note.objects.filter(request=pat, pinned=True).count() == 1
    expect(page.get_by_text("◆ Note: Her sister phones for her.")).to_be_visible()
    look_at(page)
    page.set_viewport_size({"width": 1280, "height": 900})
    presses.follow(page.get_by_role("link", name="Hand over"))
    look_at(page)
    presses.follow(page.get_by_role("button", name="Ada Example"))
    presses.did("hand over to a colleague")
    expect(page.get_by_text("Handed over to Ada Example.")).to_be_visible()
    clinician = new_page()
    sign_in(clinician, clinic, "clinician")
    clinician.goto(f"{clinic}/admin/bookings/appointmentrequest/?whose=mine")
    expect(clinician.get_by_role("row").filter(has_text=pat.reference)).to_be_visible()
    expect(clinician.get_by_text("◆ Note").first).to_be_visible()
    look_at(clinician)


def test_a_long_word_in_a_note_pushes_no_column_out_of_sight(
    clinic: str, new_page: NewPage, look_at: Look
) -> None:
    by, now = factories.staff("Reception"), timezone.now()
    waiting = AppointmentRequest.objects.waiting_for_reception(now).earliest("answer_due")
    word = f"https://scans.example.org/{'x' * 200}"
    for request in (waiting, patients_to_phone(now)[0].request):
        triage.write_note(request, text=f"See {word}", pinned=True, by=by, now=now)
    page = new_page()
    sign_in(page, clinic, "reception")
    requests = f"{clinic}/admin/bookings/appointmentrequest/"
    for width, address in (
        (1280, requests),
        (1280, f"{requests}to-phone/"),
        (768, requests),
        (375, requests),
    ):
        page.set_viewport_size({"width": width, "height": 900})
        page.goto(address)
        expect(page.get_by_role("row").filter(has_text=word).first).to_be_visible()
        assert page.evaluate(OUT_OF_SIGHT) == 0, (width, address)
        look_at(page)


def test_a_clinician_sees_the_history_in_one_press(
    clinic: str, new_page: NewPage, look_at: Look
) -> None:
    page = new_page()
    sign_in(page, clinic, "clinician")
    presses = Presses()
    name = "Esther Fiction"
    presses.follow(page.get_by_role("link", name=f"History of {name}"))
    presses.did("a person’s history")
    expect(page.get_by_role("heading", name=name)).to_be_visible()
    seen = AppointmentRequest.objects.filter(
        appointments__status=AppointmentStatus.FULFILLED, appointments__given__isnull=False
    ).earliest("pk")
    page.goto(request_page(clinic, seen))
    presses.follow(page.get_by_role("link", name=f"History of {seen.name}"))
    presses.did("a person’s history")
    expect(page.get_by_role("region", name="Before")).to_contain_text("✓ Attended")
    look_at(page)
    for name in ("José Ejemplo", "Harold Fable", "Nia Specimen"):
        find(page, name)
        look_at(page)
    coming = AppointmentRequest.objects.filter(
        appointments__status=AppointmentStatus.BOOKED
    ).earliest("appointments__starts")
    day = coming.appointments.latest("pk").starts
    page.goto(f"{clinic}/admin/bookings/appointmentrequest/diary/day/?day={day:%Y-%m-%d}")
    press(page.get_by_role("link", name=coming.name))
    presses.follow(page.get_by_role("link", name=f"History of {coming.name}"))
    presses.did("a person’s history")
    page.set_viewport_size({"width": 375, "height": 900})
    look_at(page)
    page.goto(f"{clinic}/admin/bookings/person/")
    look_at(page)
