"""What patients text to our number: one word that is done by itself, and what somebody has to see to."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone
from playwright.sync_api import Locator, Page, expect

from bookings import triage
from bookings.desk.to_phone import patients_to_phone
from bookings.models import AppointmentRequest, TextReply
from procedures.ground.counting import counted
from procedures.ground.phones import shown
from tests import factories
from tests.bookings.test_text_replies import text
from tests.gateway import StandIn, running
from tests.journeys.steps import open_request, press, sign_in

Look = Callable[[Page], None]
NewPage = Callable[..., Page]

# Two patients of the demonstration who were reminded by text and come on its next day, and a stranger.
AINO, ERIKA, STRANGER = "+447700900137", "+447700900139", "+447700900298"
HOT, WHO = "My knee is hot and swollen", "Is this the clinic?"


@pytest.fixture
def twilio(clinic: str, settings: Any) -> Iterator[StandIn]:
    """The gateway, and a clinic that is its customer."""
    with running(settings) as server:
        yield server


def see_to_what_waits() -> None:
    """What patients of the demonstration texted before."""
    by, now = factories.staff("Reception"), timezone.now()
    for reply in TextReply.objects.to_see():
        if reply.request and triage.needs_call(reply, 1):
            up_to = reply.pk
            triage.record_call(
                reply.request, reached=True, note="", texts_up_to=up_to, by=by, now=now
            )
        else:
            triage.see_to_text(reply, by=by, now=now)


def straight_away(more: int = 0) -> str:
    """What Today says of those to phone straight away: who waits now, and so many more."""
    urgent = sum(each.is_urgent for each in patients_to_phone(timezone.now()))
    return f"{counted(urgent + more, 'patient')} to phone straight away"


def row(place: Page | Locator, words: str) -> Locator:
    return place.get_by_role("row").filter(has_text=words)


def test_a_text_that_needs_somebody_waits_until_reception_has_seen_to_it(
    clinic: str, twilio: StandIn, new_page: NewPage, javascript: bool, look: Look
) -> None:
    see_to_what_waits()
    before, after = straight_away(), straight_away(more=1)
    for number, words in ((AINO, HOT), (STRANGER, WHO)):
        assert "A colleague will read yours" in text(Client(), words, number=number)
    desk = new_page(javascript=javascript)
    sign_in(desk, clinic, "reception")
    next_tasks = desk.get_by_role("region", name="Do next")
    expect(next_tasks).to_contain_text("1 text from a number that we do not know")
    expect(next_tasks).to_contain_text(after)
    look(desk)

    press(desk.get_by_role("link", name="To phone", exact=True))
    expect(row(desk, "Aino Esimerkki")).to_contain_text(HOT)
    expect(desk.get_by_text(WHO)).to_have_count(0)
    look(desk)
    press(desk.get_by_role("link", name="Texts from patients"))
    expect(row(desk, HOT)).to_contain_text("■ Sounds like an emergency")
    expect(row(desk, WHO)).to_contain_text("A number that we do not know")
    look(desk)
    press(row(desk, WHO).get_by_role("button", name="Seen to"))
    expect(desk.get_by_text(f"{shown(STRANGER)}: text seen to. 1 text to go.")).to_be_visible()

    expect(row(desk, HOT).get_by_role("button")).to_have_count(0)
    press(row(desk, HOT).get_by_role("link", name="Record a call"))
    expect(desk.get_by_role("region", name="What the call is about")).to_contain_text(HOT)
    desk.get_by_label("Yes, or they heard from us in another way").check()
    look(desk)
    press(desk.get_by_role("button", name="Record a call"))
    expect(desk.get_by_text("Call recorded.")).to_be_visible()
    press(desk.get_by_role("link", name="Today", exact=True))
    expect(next_tasks).to_contain_text(before)
    nothing_waits(desk, look)


def nothing_waits(desk: Page, look: Look) -> None:
    """Neither of the two is asked of anybody any more, and what became of them can be read."""
    expect(desk.get_by_text("from a number that we do not know")).to_have_count(0)
    press(desk.get_by_role("link", name="To phone", exact=True))
    expect(row(desk, HOT)).to_have_count(0)
    press(desk.get_by_role("link", name="Texts from patients"))
    expect(desk.get_by_text("No text is waiting for us.")).to_be_visible()
    done = desk.get_by_role("region", name="Done in the last two weeks")
    for words in (HOT, WHO):
        expect(row(done, words)).to_contain_text("Seen to by Robin Example")
    look(desk)


def test_yes_confirms_the_visit_and_asks_nobody(
    clinic: str, twilio: StandIn, new_page: NewPage, javascript: bool, look: Look
) -> None:
    see_to_what_waits()
    request = AppointmentRequest.objects.get(name="Erika Mustermann")
    day = timezone.localtime(request.appointments.get().starts)
    desk = new_page(javascript=javascript)
    sign_in(desk, clinic, "reception")
    open_request(desk, clinic, request)
    expect(desk.get_by_text("Confirmed by text")).to_have_count(0)
    assert "We have noted that you are coming." in text(Client(), "Yes, thank you!", number=ERIKA)

    desk.reload()
    expect(desk.get_by_text("✓ Confirmed by text on")).to_be_visible()
    look(desk)
    desk.goto(f"{clinic}/admin/bookings/appointmentrequest/diary/day/?day={day:%Y-%m-%d}")
    entry = desk.get_by_role("link", name="Erika Mustermann")
    expect(entry).to_contain_text("✓ confirmed by text")
    look(desk)
    press(desk.get_by_role("link", name="To phone", exact=True))
    press(desk.get_by_role("link", name="Texts from patients"))
    expect(desk.get_by_text("No text is waiting for us.")).to_be_visible()
    done = desk.get_by_role("region", name="Done in the last two weeks")
    expect(row(done, "Yes, thank you!")).to_contain_text("The visit is confirmed.")
