"""A patient with a fever is told to get help before anything else, with and without scripts."""

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from tests.journeys.steps import press

Look = Callable[[Page], None]


@pytest.mark.parametrize("javascript", [True, False], ids=["with JavaScript", "without JavaScript"])
def test_a_fever_leads_to_help_and_then_on(
    javascript: bool, clinic: str, new_page: Callable[..., Page], look_at: Look
) -> None:
    page = new_page(javascript=javascript, width=375)
    page.goto(f"{clinic}/guides/trigger-finger/")
    press(page.get_by_role("link", name="Request an appointment").last)
    press(page.get_by_role("button", name="None of these apply: continue"))
    expect(page.get_by_label("Trigger finger")).to_be_checked()
    page.get_by_label("What would you like help with?").fill("My thumb locks.")
    press(page.get_by_role("button", name="Continue"))
    page.get_by_label("Full name").fill("Maryam Sample")
    for box, part in (("Day", "5"), ("Month", "4"), ("Year", "1968")):
        page.get_by_label(box).fill(part)
    page.get_by_label("Email address").fill("maryam@example.org")
    press(page.get_by_role("button", name="Continue"))
    expect(page.get_by_role("group", name="Do you have diabetes?")).to_be_visible()
    for group in page.get_by_role("main").get_by_role("group").all():
        answer = "Yes" if "high temperature" in group.inner_text() else "No"
        group.get_by_label(answer, exact=True).check()
    press(page.get_by_role("button", name="Continue"))

    expect(page.get_by_role("heading", name="Call 111 today. Do not wait for us.")).to_be_visible()
    expect(page.get_by_role("link", name="Call 111")).to_have_attribute("href", "tel:111")
    if javascript:
        look_at(page)
    press(page.get_by_role("button", name="I have read this: continue"))

    page.get_by_label("Monday").check()
    page.get_by_label("Morning").check()
    press(page.get_by_role("button", name="Continue"))
    press(page.get_by_role("button", name="Send my request"))
    expect(page.get_by_role("heading", name="We have your request")).to_be_visible()
    expect(page.get_by_role("heading", name="Call 111 today. Do not wait for us.")).to_be_visible()
    if javascript:
        look_at(page)
