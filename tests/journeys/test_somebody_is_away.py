"""A clinician is ill: everybody who has an appointment is offered another time, in six presses."""

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta

import pytest
from django.contrib.auth.models import User
from django.utils import timezone
from playwright.sync_api import Page, expect

from bookings import triage
from bookings.links import private_link
from bookings.models import Appointment, AppointmentRequest, Closure, Offer
from bookings.status import AppointmentStatus, OfferStatus, RequestStatus
from procedures.models import Clinician
from tests.journeys.steps import Presses, press, sign_in

Look = Callable[[Page], None]
NewPage = Callable[..., Page]

# Links, buttons and choices, from Today until every offer is sent.


def busiest() -> tuple[Clinician, date, list[AppointmentRequest]]:
    """The clinician and the day, not today, on which most patients would have to be told."""
    coming: dict[tuple[Clinician, date], list[AppointmentRequest]] = {}
    after = timezone.now() + timedelta(days=1)
    booked = Appointment.objects.filter(status=AppointmentStatus.BOOKED, starts__gt=after)
    for each in booked.select_related("clinician", "request"):
        key = (each.clinician, timezone.localdate(each.starts))
        if not Closure.objects.filter(starts__lt=each.ends, ends__gt=each.starts).exists():
            coming.setdefault(key, []).append(each.request)
    (clinician, day), requests = max(coming.items(), key=lambda found: len(found[1]))
    return clinician, day, requests


def fill_in_day(page: Page, label: str, day: date) -> None:
    boxes = page.get_by_role("group", name=label)
    boxes.get_by_label("Day").fill(str(day.day))
    boxes.get_by_label("Month").fill(str(day.month))
    boxes.get_by_label("Year").fill(str(day.year))


@pytest.mark.parametrize("javascript", [True, False])
def test_an_ill_clinicians_patients_are_offered_other_times(
    javascript: bool, clinic: str, new_page: NewPage, look_at: Look
) -> None:
    look = look_at if javascript else lambda page: None
    clinician, day, requests = busiest()
    page = new_page(javascript=javascript)
    sign_in(page, clinic, "reception")
    presses = Presses()

    presses.follow(page.get_by_role("link", name="Somebody is away"))
    look(page)
    presses.said("who")
    page.get_by_label("Who is away").select_option(label=f"{clinician.name}, {clinician.role}")
    fill_in_day(page, "First day", day)
    page.set_viewport_size({"width": 375, "height": 900})
    presses.follow(page.get_by_role("button", name="See who is affected"))
    # On a phone it is far below what was filled in.
    expect(page.get_by_role("heading", name=f"{clinician.name} is away")).to_be_focused()
    expect(page.get_by_role("heading", name=f"{clinician.name} is away")).to_be_in_viewport()
    page.set_viewport_size({"width": 1280, "height": 900})
    affected = page.get_by_role("region", name=f"{clinician.name} is away")
    expect(affected.get_by_role("status")).to_contain_text("Nothing is saved yet.")
    for request in requests:
        expect(affected).to_contain_text(request.name)
    look(page)
    assert not Closure.objects.filter(starts__date=day, resource__clinician=clinician).exists()
    presses.follow(page.get_by_role("button", name="Save and rebook"))
    expect(page.get_by_role("heading", name=f"Rebook {len(requests)}")).to_be_visible()
    for width in (768, 375, 1280) if javascript else ():
        page.set_viewport_size({"width": width, "height": 900})
        look(page)
    can_be_sent = page.get_by_role("checkbox", checked=True).count()
    assert can_be_sent > 0
    presses.follow(page.get_by_role("button", name="Offer or book for those ticked"))
    expect(page.get_by_text(f"{can_be_sent} offer")).to_be_visible()
    look(page)
    presses.did("a clinician is ill: offer all of them other times")
    standing = Offer.objects.filter(request__in=requests, status=OfferStatus.OPEN)
    assert standing.count() == can_be_sent

    patient = new_page(javascript=javascript, width=375)
    first = AppointmentRequest.objects.get(pk=standing.order_by("pk")[0].request_id)
    assert first.status == RequestStatus.BOOKED_OFFERED
    patient.goto(private_link(first))
    expect(patient.get_by_text("We are sorry: we cannot see you on")).to_be_visible()
    expect(patient.get_by_role("button", name="Keep this time")).to_have_count(0)
    look(patient)


def test_a_time_that_has_gone_comes_back_red(clinic: str, new_page: NewPage, look_at: Look) -> None:
    page = new_page(width=375, scheme="dark")
    sign_in(page, clinic, "reception")
    press(page.get_by_role("link", name="Rebook 3"))
    look_at(page)
    lost = AppointmentRequest.objects.get(name="Lou Specimen")
    row = page.get_by_role("row").filter(has_text="Lou Specimen")
    expect(page.get_by_role("row").filter(has_text="Idris Testcase")).to_contain_text("Tried once")
    press(row.get_by_role("button", name="No answer"))
    expect(row).to_contain_text("Tried once at ")
    look_at(page)
    # In between a colleague gives that time to somebody else.
    clinician, at = row.get_by_role("combobox").input_value().split("-")
    faster = AppointmentRequest.objects.get(name="Günther Beispiel")
    triage.book(
        faster,
        version=faster.version,
        appointment_type=lost.appointments.get().appointment_type,
        clinician=Clinician.objects.get(pk=clinician),
        starts=datetime.fromtimestamp(int(at), tz=UTC),
        by=User.objects.get(username="reception"),
        now=timezone.now(),
    )
    press(page.get_by_role("button", name="Offer or book for those ticked"))
    expect(page.get_by_text("2 offers sent: ")).to_be_visible()
    expect(row).to_contain_text("That time has just been taken.")
    look_at(page)
    press(page.get_by_role("button", name="Offer or book for those ticked"))
    expect(page.get_by_text("1 offer sent: ")).to_be_visible()
    expect(page.get_by_role("heading", name="Offered another time: 3")).to_be_visible()
    look_at(page)
