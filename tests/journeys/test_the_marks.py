"""What the desk begins with, counted in presses: what comes first, who comes, what is to decide."""

import re
from collections import Counter
from collections.abc import Callable
from datetime import timedelta

from django.utils import timezone
from playwright.sync_api import Locator, Page, expect

from bookings.models import Appointment, AppointmentRequest, Message, WorkerRun
from bookings.status import (
    DAYS,
    PARTS_OF_DAY,
    WAITING_FOR_CLINIC,
    AppointmentStatus,
    MessageStatus,
    RequestStatus,
)
from tests.bookings.test_query_counts import again, copy_of
from tests.journeys import usability
from tests.journeys.steps import Presses, sign_in
from tests.journeys.times import everything_is_free

Look = Callable[[Page], None]
NewPage = Callable[..., Page]
OPEN, VISITS, TICKED = 80, 60, 2
AN_HOUR = timedelta(hours=1)


def come_now(number: int) -> list[Appointment]:
    """So many patients who were the first of today, whatever the hour. Nobody has arrived yet."""
    nobody = {"arrived_at": None, "arrived_by": None, "called_in_at": None, "called_in_by": None}
    begun = timezone.localtime().replace(hour=0, minute=0, second=0, microsecond=0)
    times = {"starts": begun, "ends": begun + timedelta(minutes=40)}
    booked = Appointment.objects.filter(
        status=AppointmentStatus.BOOKED, request__status=RequestStatus.BOOKED
    ).select_related("request")
    names = Counter(booked.values_list("request__name", flat=True))
    coming = [each for each in booked.order_by("-starts") if names[each.request.name] == 1][:number]
    Appointment.objects.filter(pk__in=[each.pk for each in coming]).update(**nobody, **times)
    return coming


def everything_suits() -> None:
    """Whoever waits can come at any time: who is the next one depends on the moment."""
    waiting = AppointmentRequest.objects.filter(status__in=WAITING_FOR_CLINIC)
    waiting.update(preferred_days=list(DAYS), preferred_times=list(PARTS_OF_DAY), wishes="")


def comer(page: Page, visit: Appointment) -> Locator:
    return page.locator(".comer").filter(has_text=visit.request.name)


def test_reception_begins_the_day(clinic: str, new_page: NewPage, look_at: Look) -> None:
    first, second = come_now(2)
    page, do = new_page(), Presses()
    sign_in(page, clinic, "reception")
    for button, task in (
        ("Arrived", "record an arrival, from Today"),
        ("With the clinician", "with the clinician"),
        ("Undo", "undo the last of these"),
        ("Attended", "attended"),
    ):
        do.follow(comer(page, first).get_by_role("button", name=button))
        do.did(task)
    do.follow(comer(page, second).get_by_role("button", name="Did not attend"))
    do.did("did not attend")
    second.refresh_from_db()
    assert second.status == AppointmentStatus.NOSHOW

    everything_suits()
    everything_is_free()
    # Whether Today names the next one as well depends on how much else there is to do.
    do.follow(page.get_by_role("link", name=re.compile("^Requests")))
    do.follow(page.get_by_role("link", name="Offer times").first)
    # The first times that suit, on two days, are ticked already.
    expect(page.get_by_role("checkbox", checked=True)).to_have_count(TICKED)
    do.follow(page.get_by_role("button", name="Offer times"))
    expect(page.get_by_role("heading", name="They choose a time by")).to_be_visible()
    do.did("offer two times for the next request")

    page.get_by_label("Find a patient").fill(first.request.reference)
    do.follow(page.get_by_role("button", name="Find"))
    expect(page.get_by_role("heading", level=1)).to_have_text(first.request.name)
    do.did("find a person from any page")


def test_one_screen_on_a_busy_day(clinic: str, new_page: NewPage, look_at: Look) -> None:
    """With 80 more open requests, and 60 more visits today."""
    now = timezone.now()
    waiting = AppointmentRequest.objects.filter(status=RequestStatus.RECEIVED, flags=None)[0]
    (visit,) = come_now(1)
    of = [again(waiting, waiting.person) for _ in range(OPEN)]
    of += [again(visit.request, visit.request.person) for _ in range(VISITS)]
    made = AppointmentRequest.objects.bulk_create(of)[OPEN:]
    Appointment.objects.bulk_create(
        copy_of(visit, request=each, starts=now + timedelta(minutes=number), ends=now + AN_HOUR * 2)
        for number, each in enumerate(made)
    )
    # Nothing is wrong with the machine.
    WorkerRun.objects.create(ran_at=now, failed=0)
    Message.objects.filter(status=MessageStatus.QUEUED).update(next_try=now)
    page = new_page()
    sign_in(page, clinic, "reception")
    box = page.get_by_role("region", name="Do next").bounding_box()
    assert box
    assert box["y"] + box["height"] <= page.evaluate("window.innerHeight"), box
    usability.keep("see what comes first, on one screen", 0, 0)


def test_a_clinician_decides(clinic: str, new_page: NewPage, look_at: Look) -> None:
    page, do = new_page(), Presses()
    sign_in(page, clinic, "clinician")
    do.follow(
        page.get_by_role("region", name="Flags to decide")
        .get_by_role("link", name="Record an outcome")
        .first
    )
    expect(page.get_by_label("Proceed, with a note")).to_be_visible()
    do.did("a flag to decide, from Today")


def test_a_manager_reads_what_is_still_to_set(
    clinic: str, new_page: NewPage, look_at: Look
) -> None:
    page, do = new_page(), Presses()
    sign_in(page, clinic, "manager")
    do.follow(page.get_by_role("link", name="Set-up", exact=True))
    ready = page.get_by_role("region", name="Ready to open?")
    assert ready.get_by_role("link").count() > 1
    do.did("what a new clinic still has to set")
