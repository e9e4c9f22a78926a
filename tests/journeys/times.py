"""Chooses times on a page by what they say, never by their position."""

import re
from collections.abc import Iterator
from datetime import datetime, timedelta

from django.utils import timezone
from playwright.sync_api import Locator, Page

from bookings.models import Claim
from tests.clock import ZONE
from tests.journeys.steps import press

A_DAY = re.compile(r"^\w+day \d{1,2} \w+ \d{4}$")


def in_words(instant: datetime) -> str:
    """The time as the site writes it: Monday 23 November 2026 at 10:00."""
    return f"{timezone.localtime(instant):%A %-d %B %Y at %-H:%M}"


def noon(days: int, *, of: datetime | None = None) -> datetime:
    """12:00, this many days later. No clock change touches it."""
    day = timezone.localdate(of) + timedelta(days=days)
    return timezone.make_aware(datetime.combine(day, datetime.min.time().replace(hour=12)))


def free_times(page: Page) -> Iterator[tuple[datetime, Locator]]:
    """The free times that the desk lists, each with its box, in order."""
    for group in page.get_by_role("group", name=A_DAY).all():
        day = group.get_attribute("aria-label")
        for label in group.locator("label").all():
            hour = label.inner_text().split()[0]
            starts = datetime.strptime(f"{day} {hour}", "%A %d %B %Y %H:%M").replace(tzinfo=ZONE)
            yield starts, group.get_by_label(re.compile(f"^{hour}"))


def everything_is_free() -> None:
    """Which times are free, and whether any suits somebody, depends on the moment: here all are."""
    Claim.objects.all().delete()


def tick_free(page: Page, *, after: datetime, count: int = 1) -> list[datetime]:
    """Tick the first free times after a moment; return which they are.

    A clinician may be booked up for the two weeks on the page, so look at the next two as well.
    """
    ticked: list[datetime] = []
    if sum(starts > after for starts, _ in free_times(page)) < count:
        page.get_by_label("From", exact=True).fill(f"{timezone.localdate() + timedelta(weeks=2)}")
        press(page.get_by_role("button", name="Show free times"))
    for starts, box in free_times(page):
        if starts > after and len(ticked) < count:
            box.check()
            ticked.append(starts)
    assert len(ticked) == count, f"{count} free times after {in_words(after)}, on {page.url}"
    return ticked


def choose(page: Page, starts: datetime) -> None:
    """Choose the offered time with these words, on a patient's page."""
    page.get_by_role("radio", name=in_words(starts)).check()
