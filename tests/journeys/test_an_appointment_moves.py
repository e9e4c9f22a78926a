"""Another time: the patient asks, somebody else frees one, or we are away."""

from collections.abc import Callable
from datetime import timedelta
from io import StringIO
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.core.management import call_command
from django.utils import timezone
from playwright.sync_api import Page, expect

from bookings import triage
from bookings.links import private_link
from bookings.models import Appointment, AppointmentRequest, Claim, ClosedDay, Closure
from bookings.status import PATIENT, AppointmentStatus
from tests import factories
from tests.journeys.steps import (
    fill_in_birth,
    latest_link,
    open_request,
    press,
    say_no_to_the_rest,
    sign_in,
)
from tests.journeys.times import choose, noon, tick_free

Look = Callable[[Page], None]
NewPage = Callable[..., Page]


def named(name: str) -> AppointmentRequest:
    return AppointmentRequest.objects.get(name=name)


def take_instead(patient: Page, request: AppointmentRequest) -> None:
    """Take the chosen time instead of the booked one, which asks who it is."""
    press(patient.get_by_role("button", name="Take this time instead"))
    fill_in_birth(patient, request.date_of_birth)
    press(patient.get_by_role("button", name="Continue"))
    press(patient.get_by_role("button", name="Take this time instead"))


@pytest.mark.parametrize("javascript", [True, False])
def test_a_patient_asks_for_another_time_and_takes_it(
    javascript: bool, clinic: str, new_page: NewPage, look_at: Look
) -> None:
    look = look_at if javascript else lambda page: None
    request = named("Nia Specimen")
    old = request.appointments.get()
    patient = new_page(javascript=javascript, width=375)
    patient.goto(private_link(request))
    press(patient.get_by_role("link", name="Ask for another time"))
    press(patient.get_by_role("button", name="Ask for another time"))
    expect(patient.get_by_role("alert")).to_contain_text("about when you could come")
    look(patient)
    patient.get_by_label("When could you come instead?").fill("Any Wednesday.")
    press(patient.get_by_role("button", name="Ask for another time"))
    expect(
        patient.get_by_text("You keep this appointment unless you take another time")
    ).to_be_visible()
    look(patient)

    staff = new_page(javascript=javascript)
    sign_in(staff, clinic, "reception")
    open_request(staff, clinic, request)
    expect(staff.get_by_text("They could come: Any Wednesday.")).to_be_visible()
    look(staff)
    press(staff.get_by_role("link", name="Offer times"))
    held = noon(days=1)
    [offered] = tick_free(staff, after=held)
    staff.get_by_label("Hold until").fill(f"{timezone.localtime(held):%Y-%m-%dT%H:%M}")
    press(staff.get_by_role("button", name="Offer times"))
    expect(staff.get_by_role("heading", name="They choose a time by")).to_be_visible()
    look(staff)

    patient.goto(latest_link(request.email))
    expect(patient.get_by_role("heading", name="Your current appointment")).to_be_visible()
    look(patient)
    choose(patient, offered)
    take_instead(patient, request)
    expect(patient.get_by_role("heading", name="Your appointment", exact=True)).to_be_visible()
    expect(patient.get_by_role("status").get_by_text("You moved the visit")).to_be_visible()
    look(patient)
    old.refresh_from_db()
    assert old.status == AppointmentStatus.MOVED
    assert not Claim.objects.filter(appointment=old).exists()


def test_a_freed_time_reaches_somebody_who_would_come_earlier(
    clinic: str, new_page: NewPage, look_at: Look, settings: Any
) -> None:
    # Whatever day the tests run for, there are open hours before the freed time.
    factories.clinic(desk_hours=factories.desk_hours(range(7), "00:00", "23:59"))
    ClosedDay.objects.all().delete()
    request, other = named("Nia Specimen"), named("Ali Specimen")
    AppointmentRequest.objects.update(earlier_asked_at=None, earlier_asked_by=None)
    everyday = ["monday", "tuesday", "wednesday", "thursday", "friday"]
    AppointmentRequest.objects.filter(pk=other.pk).update(
        preferred_days=everyday, preferred_times=["morning", "afternoon"]
    )
    other.refresh_from_db()
    triage.keep_appointment(other, version=other.version, now=timezone.now())
    waiting = new_page(width=375)
    waiting.goto(private_link(other))
    press(waiting.get_by_role("button", name="Join the cancellation list"))
    expect(waiting.get_by_text("You are on our cancellation list.")).to_be_visible()
    look_at(waiting)

    freed = request.appointments.get().starts
    triage.cancel(request, version=request.version, by=PATIENT, now=timezone.now())
    by = User.objects.get(username="reception")
    triage.free_now(request, version=request.version, by=by, now=timezone.now())
    call_command("send_messages", stdout=StringIO())
    waiting.goto(latest_link(other.email))
    expect(waiting.get_by_role("heading", name="An earlier time is free")).to_be_visible()
    look_at(waiting)
    choose(waiting, freed)
    take_instead(waiting, other)
    expect(waiting.get_by_role("status").get_by_text("You moved the visit")).to_be_visible()
    moved = triage.booked_appointment(other)
    assert moved is not None
    assert moved.starts == freed


def test_somebody_is_away_and_the_desk_says_whom_to_phone(
    clinic: str, new_page: NewPage, look_at: Look
) -> None:
    appointment = named("Nia Specimen").appointments.get()
    day = timezone.localdate(appointment.starts)
    reception = new_page()
    sign_in(reception, clinic, "reception")
    expect(reception.get_by_role("heading", name="Coming today")).to_be_visible()
    look_at(reception)
    Closure.objects.create(
        resource=appointment.clinician.resource,
        starts=appointment.starts - timedelta(hours=12),
        ends=appointment.ends + timedelta(hours=12),
    )
    reception.reload()
    press(reception.get_by_role("link", name="to rebook"))
    expect(reception.get_by_role("row").filter(has_text="Nia Specimen")).to_be_visible()
    for page in ("day", "week", "list"):
        for width in (1280, 375):
            reception.set_viewport_size({"width": width, "height": 900})
            reception.goto(
                f"{clinic}/admin/bookings/appointmentrequest/diary/{page}/?day={day:%Y-%m-%d}"
            )
            look_at(reception)
    reception.set_viewport_size({"width": 1280, "height": 900})
    address = f"{clinic}/admin/bookings/appointmentrequest/{appointment.request_id}"
    reception.goto(f"{address}/decide/move/")
    look_at(reception)
    tick_free(reception, after=noon(days=1, of=appointment.starts))
    press(reception.get_by_role("button", name="Move by phone"))
    expect(reception.locator(".success")).to_contain_text("Moved. Now with Dr Ada Example: ")
    appointment.refresh_from_db()
    assert appointment.status == AppointmentStatus.MOVED


def test_a_daughter_asks_for_her_mother(clinic: str, new_page: NewPage, look_at: Look) -> None:
    daughter = new_page(width=375)
    daughter.goto(f"{clinic}/appointments/request/")
    press(daughter.get_by_role("button", name="None of these apply: continue"))
    daughter.get_by_label("Ultrasound clinic").check()
    daughter.get_by_label("What would you like help with?").fill("My mother's hip.")
    press(daughter.get_by_role("button", name="Continue"))
    press(daughter.get_by_role("link", name="Someone else"))
    daughter.get_by_label("Their full name").fill("Mother Sample")
    for part, value in (("Day", "5"), ("Month", "4"), ("Year", "1940")):
        daughter.get_by_label(part).fill(value)
    daughter.get_by_label("Email address").fill("daughter@example.org")
    daughter.get_by_label("Step-free access").check()
    daughter.get_by_label("Your own full name").fill("Daughter Sample")
    press(daughter.get_by_role("button", name="Continue"))
    expect(daughter.get_by_role("alert")).to_contain_text("Choose why you are asking for them.")
    look_at(daughter)
    daughter.get_by_label("They have asked me to").check()
    press(daughter.get_by_role("button", name="Continue"))
    say_no_to_the_rest(daughter)
    press(daughter.get_by_role("button", name="Continue"))
    daughter.get_by_label("Monday").check()
    daughter.get_by_label("Morning").check()
    press(daughter.get_by_role("button", name="Continue"))
    expect(daughter.get_by_text("Daughter Sample")).to_be_visible()
    look_at(daughter)
    press(daughter.get_by_role("button", name="Send my request"))

    request = AppointmentRequest.objects.get(email="daughter@example.org")
    reception = new_page()
    sign_in(reception, clinic, "reception")
    open_request(reception, clinic, request)
    expect(reception.get_by_text("Daughter Sample: They have asked me to")).to_be_visible()
    expect(reception.get_by_text("Step-free access")).to_be_visible()
    daughter.goto(latest_link(request.email))
    expect(daughter.get_by_text("We are looking at your request")).to_be_visible()
    assert not Appointment.objects.filter(request=request).exists()
