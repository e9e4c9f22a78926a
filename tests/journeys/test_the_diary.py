"""Reception works in the diary: a free time is found and booked, and a patient arrives."""

import re
from collections.abc import Callable
from datetime import timedelta

import pytest
from django.utils import timezone
from playwright.sync_api import Page, expect

from bookings.desk.agenda import appointments_on
from bookings.diary.free_times import stretches
from bookings.models import Appointment, AppointmentRequest, AppointmentType
from bookings.status import AppointmentStatus
from clinic_site.demo.diary import SCAN
from tests.journeys.steps import Presses, fill_in_birth, press, sign_in
from tests.journeys.test_a_caller_is_booked import BORN

Look = Callable[[Page], None]
NewPage = Callable[..., Page]

DIARY = "/admin/bookings/appointmentrequest/diary/"


def test_a_free_time_of_next_week_is_found_without_a_request_and_booked(
    clinic: str, new_page: NewPage, look_at: Look
) -> None:
    page = new_page(javascript=False)
    sign_in(page, clinic, "reception")
    presses = Presses()

    presses.follow(page.get_by_role("link", name="Free times next week"))
    free = page.get_by_role("link", name="free with Mr Ben Example").first
    expect(free).to_contain_text("40 minutes")
    presses.follow(free)
    presses.did("40 minutes with a clinician next week")
    chosen = page.get_by_role(
        "heading", name="Mr Ben Example, Assessment with ultrasound, 40 minutes"
    )
    said = chosen.inner_text()
    page.get_by_label("Patient’s full name").fill("Hanna Caller")
    fill_in_birth(page, BORN)
    page.get_by_label("Phone number").fill("020 7946 0970")
    press(page.get_by_role("button", name="Find or go on"))
    expect(page.get_by_role("heading", name=said)).to_be_visible()
    page.get_by_label("What they would like help with").fill("The shoulder is stiff again.")
    page.get_by_label("I asked all").check()
    press(page.get_by_role("button", name="Go on to this time"))
    # The time is ticked already.
    press(page.get_by_role("button", name="Book by phone"))
    expect(page.get_by_text("Booked with Mr Ben Example")).to_be_visible()
    record = AppointmentRequest.objects.get(name="Hanna Caller")
    appointment = record.appointments.get()
    starts = timezone.localtime(appointment.starts)
    assert said.startswith(f"{starts:%A %-d %B at %-H:%M}, ")
    assert appointment.appointment_type == AppointmentType.objects.get(name=SCAN)


def test_somebody_arrives_and_the_day_stays_open(
    clinic: str, new_page: NewPage, look_at: Look
) -> None:
    now = timezone.now()
    today = timezone.localdate(now)
    appointment = Appointment.objects.filter(
        status=AppointmentStatus.BOOKED, starts__gt=now
    ).earliest("starts")
    # Whatever the hour, they are due now.
    starts = timezone.localtime(now).replace(second=0, microsecond=0)
    Appointment.objects.filter(pk=appointment.pk).update(
        starts=starts, ends=starts + timedelta(minutes=40)
    )
    name = appointment.request.name
    page = new_page()
    sign_in(page, clinic, "reception")
    press(page.get_by_role("link", name="Diary", exact=True))
    arrived = (
        page.get_by_role("listitem").filter(has_text=name).get_by_role("button", name="Arrived")
    )
    presses = Presses()
    presses.follow(arrived)
    presses.did("record an arrival, from the diary")
    expect(arrived).to_have_count(0)
    line = page.get_by_role("link", name=f"{starts:%-H:%M} {name}")
    expect(line).to_contain_text("here")
    line.click()
    panel = page.get_by_role("region", name=name, exact=True)
    expect(panel).to_contain_text("Arrived")
    expect(page.get_by_role("link", name=f"{starts:%-H:%M} {name}")).to_contain_text("here")
    assert f"day={today}" in page.url
    look_at(page)
    press(panel.get_by_role("button", name="Undo"))
    expect(panel.get_by_role("button", name="Arrived")).to_be_visible()


@pytest.mark.lengthy
@pytest.mark.parametrize(
    ("width", "scheme"), [(1280, "light"), (768, "dark"), (375, "light"), (320, "dark")]
)
def test_every_page_of_the_diary_is_accessible(
    width: int, scheme: str, clinic: str, new_page: NewPage, look_at: Look
) -> None:
    page = new_page(width=width, scheme=scheme)
    sign_in(page, clinic, "reception")
    today = timezone.localdate()
    days = sorted(
        {
            timezone.localdate(each.span.starts)
            for each in stretches([today + timedelta(n) for n in range(9)])
        }
    )
    for view in ("day", "week", "month", "list"):
        for day in (days[0], days[-1]):
            page.goto(f"{clinic}{DIARY}{view}/?day={day}")
            look_at(page)
    lost = AppointmentRequest.objects.get(name="Lou Specimen").appointments.get()
    page.goto(f"{clinic}{DIARY}day/?day={timezone.localdate(lost.starts)}&appointment={lost.pk}")
    expect(page.get_by_role("region", name="Lou Specimen", exact=True)).to_be_visible()
    look_at(page)
    page.goto(f"{clinic}{DIARY}day/?day=nonsense")
    look_at(page)


def test_a_short_entry_unfolds_and_escape_folds_it(clinic: str, new_page: NewPage) -> None:
    now = timezone.now()
    visits = Appointment.objects.filter(status=AppointmentStatus.BOOKED, starts__gt=now)
    visit = visits.earliest("starts")
    Appointment.objects.filter(pk=visit.pk).update(ends=visit.starts + timedelta(minutes=10))
    long = "Bartholomew Alexander Maximilian Featherstone-Specimen of Testington"
    AppointmentRequest.objects.filter(pk=visit.request_id).update(name=long)
    page = new_page()
    sign_in(page, clinic, "reception")
    page.goto(f"{clinic}{DIARY}day/?day={timezone.localdate(visit.starts)}")
    starts = timezone.localtime(visit.starts)
    entry = page.get_by_role("link", name=f"{starts:%-H:%M} {long}")
    height = "each => each.offsetHeight"
    small = entry.evaluate(height)
    entry.hover()
    assert entry.evaluate(height) > small
    page.keyboard.press("Escape")
    assert entry.evaluate(height) == small
    page.mouse.move(0, 0)
    entry.hover()
    assert entry.evaluate(height) > small


def test_twelve_names_fit_on_one_sheet_for_each_clinician(clinic: str, new_page: NewPage) -> None:
    page = new_page(scheme="dark")
    sign_in(page, clinic, "reception")
    today = timezone.localdate()
    day = next(
        day
        for day in (today + timedelta(n) for n in range(1, 9))
        if len({each.clinician_id for each in appointments_on(day)}) > 1
    )
    page.goto(f"{clinic}{DIARY}list/?day={day}")
    sheets = page.evaluate(
        """() => {
          const lists = [...document.querySelectorAll('.day-list tbody')];
          for (const list of lists)
            for (let n = 0; list.rows.length < 12; n++) list.append(list.rows[n].cloneNode(true));
          return lists.length;
        }"""
    )
    paper = page.pdf(prefer_css_page_size=True)
    assert len(re.findall(rb"/Type\s*/Page\b", paper)) == sheets


def test_a_phone_shows_one_clinician_at_a_time(clinic: str, new_page: NewPage) -> None:
    page = new_page(width=375)
    sign_in(page, clinic, "reception")
    today = timezone.localdate()
    both = next(
        day
        for day in (today + timedelta(n) for n in range(9))
        if len({each.session.clinician for each in stretches([day])}) > 1
    )
    page.goto(f"{clinic}{DIARY}day/?day={both}")
    tabs = page.get_by_role("navigation", name="Clinicians").get_by_role("link")
    first, second = tabs.all_inner_texts()[:2]
    expect(page.get_by_role("heading", name=first)).to_be_visible()
    expect(page.get_by_role("heading", name=second)).to_be_hidden()
    press(page.get_by_role("link", name=second, exact=True))
    expect(page.get_by_role("heading", name=second)).to_be_visible()
    expect(page.get_by_role("heading", name=first)).to_have_count(0)
