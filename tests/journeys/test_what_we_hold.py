"""What we hold about a person: asked for, copied, kept under a legal hold, proposed to be erased."""

import re
import zipfile
from collections.abc import Callable

from playwright.sync_api import Page, expect

from bookings.models import Person
from bookings.status import RequestStatus
from tests.journeys.steps import press, sign_in

Look = Callable[[Page], None]
NewPage = Callable[..., Page]


def test_a_manager_copies_holds_and_erases(clinic: str, new_page: NewPage, look_at: Look) -> None:
    page = new_page(width=375)
    sign_in(page, clinic, "manager")
    over = Person.objects.shown().filter(requests__status=RequestStatus.WITHDRAWN)
    person = over.exclude(
        requests__status__in=set(RequestStatus) - {RequestStatus.WITHDRAWN}
    ).first()
    assert person
    theirs = f"{clinic}/admin/bookings/person/{person.pk}/change/"

    page.goto(theirs)
    look_at(page)
    press(page.get_by_role("link", name="Note what they ask about their data"))
    look_at(page)
    page.get_by_label("A copy of what we hold").check()
    press(page.get_by_role("button", name="Note what they ask about their data"))
    expect(page.get_by_text("They ask:")).to_be_visible()
    page.goto(f"{clinic}/admin/bookings/person/rights/")
    expect(page.get_by_role("link", name=person.name)).to_be_visible()
    look_at(page)

    page.goto(theirs)
    press(page.get_by_role("link", name="Copy everything we hold"))
    look_at(page)
    page.get_by_label("Why").fill("Asked on the phone.")
    with page.expect_download() as downloaded:
        page.get_by_role("button", name="Copy everything we hold").click()
    with zipfile.ZipFile(downloaded.value.path()) as archive:
        copy = archive.read("what-we-hold.html").decode()
    assert person.name in copy
    page.set_content(copy)
    expect(page.get_by_role("heading", level=1)).to_have_text("Everything we hold about you")

    page.goto(theirs)
    press(page.get_by_role("link", name="Note our answer"))
    look_at(page)
    page.get_by_label("Done", exact=True).check()
    page.get_by_label("What you told them, and how").fill("Posted on Friday.")
    press(page.get_by_role("button", name="Note our answer"))
    expect(page.get_by_text("Our answer: Posted on Friday.")).to_be_visible()

    press(page.get_by_role("link", name="Place a legal hold"))
    page.get_by_label("Why").fill("A complaint of 3 November.")
    press(page.get_by_role("button", name="Place a legal hold"))
    expect(page.get_by_text("A complaint of 3 November.")).to_be_visible()
    page.goto(f"{clinic}/admin/bookings/person/held/")
    expect(page.get_by_role("link", name=person.name)).to_be_visible()
    look_at(page)
    page.goto(f"{clinic}/admin/bookings/person/kept/")
    expect(page.get_by_role("heading", name="Requests that led to no visit")).to_be_visible()
    look_at(page)

    page.goto(theirs)
    press(page.get_by_role("link", name="End the legal hold"))
    page.get_by_label("Why").fill("Settled.")
    press(page.get_by_role("button", name="End the legal hold"))
    press(page.get_by_role("link", name="Erase everything"))
    look_at(page)
    page.get_by_label("Why").fill("They asked us to.")
    press(page.get_by_role("button", name="Erase everything"))
    expect(page.get_by_text(re.compile("a second person has to agree"))).to_be_visible()
