"""What people do in several journeys."""

import re
from datetime import date
from io import StringIO
from urllib.parse import parse_qs, urlsplit

from django.core import mail
from django.core.management import call_command
from playwright.sync_api import Locator, Page

from bookings.models import AppointmentRequest
from clinic_site.demo.staff import PASSWORD
from tests.journeys import usability
from tests.people import too_late_to_undo


def sign_in(page: Page, clinic: str, username: str) -> None:
    page.goto(f"{clinic}/admin/")
    page.get_by_label("Username").fill(username)
    page.get_by_label("Password").fill(PASSWORD)
    press(page.get_by_role("button", name="Sign in"))


def open_request(page: Page, clinic: str, request: AppointmentRequest) -> None:
    """Open a request at the address that the notices to the clinic lead to."""
    page.goto(f"{clinic}/admin/bookings/appointmentrequest/{request.pk}/change/")


def press(target: Locator) -> None:
    """Press, and wait for the page that it leads to."""
    with target.page.expect_navigation():
        target.click()


class Presses:
    """Links, buttons and ticks, counted from where a task begins. Typing is none."""

    def __init__(self) -> None:
        self.made: list[str] = []
        # The links of the page on which it began, and where the links that were pressed led.
        self.at_first: set[str] = set()
        self.links: list[str] = []

    def follow(self, target: Locator) -> None:
        """Press, and wait for the page that it leads to."""
        page, is_link = target.page, target.evaluate("each => each.tagName") == "A"
        if not self.made:
            hrefs = page.eval_on_selector_all("a[href]", "all => all.map(each => each.href)")
            self.at_first = {_without_values(href) for href in hrefs}
        self.made.append(target.inner_text())
        press(target)
        if is_link:
            self.links.append(_without_values(page.url))

    def did(self, task: str) -> None:
        """Compare with the mark of the task and with its row in the document, and begin to count again.

        The shortest way is every tick and button, and one link if the page on which it began had one to
        where the links led.
        """
        pressed = len(self.links)
        shortest = 1 if pressed and self.links[-1] in self.at_first else pressed
        usability.keep(task, len(self.made), len(self.made) - pressed + shortest)
        self.made.clear()
        self.links.clear()

    def tick(self, target: Locator) -> None:
        self.made.append("a tick")
        target.check()

    def said(self, what: str) -> None:
        """Count a press that a helper makes."""
        self.made.append(what)

    def are_at_most(self, most: int) -> None:
        """Fail if there were more, or none, and begin to count again."""
        assert 0 < len(self.made) <= most, self.made
        self.made.clear()


def _without_values(address: str) -> str:
    """A page of the site, and what its address says more about, but not what."""
    parts = urlsplit(address)
    return f"{parts.path}?{'&'.join(sorted(parse_qs(parts.query)))}"


def fill_in_birth(page: Page, born: date) -> None:
    """Fill in a date of birth, with the month as a word."""
    page.get_by_label("Day", exact=True).fill(str(born.day))
    page.get_by_label("Month", exact=True).fill(f"{born:%B}")
    page.get_by_label("Year", exact=True).fill(str(born.year))


def latest_link(email: str) -> str:
    """The private link in the newest email to this address, once nothing can be undone any more."""
    too_late_to_undo()
    call_command("send_messages", stdout=StringIO())
    letter = next(letter for letter in reversed(mail.outbox) if letter.to == [email])
    found = re.search(r"https?://\S+/appointments/mine/link/\S+", str(letter.body))
    assert found, letter.body
    return found[0]


def say_no_to_the_rest(page: Page) -> None:
    """Answer all safety questions that are not ticked: one press for each group."""
    for label in ("None of these", "No to all the others"):
        for box in page.get_by_label(label).filter(visible=True).all():
            box.check()


def tick(page: Page, question: str) -> None:
    """Tick the safety question that begins with these words."""
    page.get_by_role("checkbox", name=question).check()
