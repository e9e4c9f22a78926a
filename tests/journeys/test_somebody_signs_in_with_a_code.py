"""A colleague sets up the second factor at the first sign-in: an app or a passkey."""

from base64 import b32decode
from collections.abc import Callable
from typing import Any

import pytest
from django.utils import timezone
from playwright.sync_api import Page, expect

from tests.clinic_site.test_second_factor import shown
from tests.journeys.conftest import Scheme
from tests.journeys.steps import press, sign_in

Look = Callable[[Page], None]
NewPage = Callable[..., Page]


@pytest.mark.parametrize(("width", "scheme"), [(1280, "light"), (320, "dark")])
def test_the_first_sign_in_and_the_next(
    width: int, scheme: Scheme, clinic: str, new_page: NewPage, look_at: Look, settings: Any
) -> None:
    settings.SECOND_FACTOR_REQUIRED = True
    page = new_page(width=width, scheme=scheme)
    sign_in(page, clinic, "editor")
    expect(page.get_by_role("heading", name="Set up your second factor")).to_be_visible()
    expect(page.get_by_role("img", name="Square code for your authenticator app")).to_be_visible()
    look_at(page)
    page.get_by_text("Type it instead").click()
    key = page.locator(".typed-key").inner_text()
    code = page.get_by_role("textbox", name="Code")
    code.fill("12")
    press(page.get_by_role("button", name="Set it up"))
    expect(page.get_by_role("heading", name="There is a problem")).to_be_visible()
    look_at(page)
    code.fill(shown(b32decode(key).hex(), timezone.now()))
    press(page.get_by_role("button", name="Set it up"))
    expect(page.get_by_role("heading", name="Your recovery codes")).to_be_visible()
    look_at(page)
    on_paper = page.locator(".recovery-codes code").first.inner_text()
    press(page.get_by_role("link", name="I have them: continue"))
    expect(page.get_by_role("link", name="Write a page")).to_be_visible()
    press(page.get_by_role("link", name="My account"))
    look_at(page)
    press(page.get_by_role("button", name="Sign out"))

    plain = new_page(javascript=False, width=width, scheme=scheme)
    sign_in(plain, clinic, "editor")
    expect(plain.get_by_role("heading", name="Enter the code from your phone")).to_be_visible()
    plain.get_by_role("textbox", name="Code").fill(on_paper)
    press(plain.get_by_role("button", name="Continue"))
    expect(plain.get_by_role("link", name="Write a page")).to_be_visible()


def test_a_passkey_is_made_and_used(
    clinic: str, new_page: NewPage, look_at: Look, settings: Any
) -> None:
    settings.SECOND_FACTOR_REQUIRED = True
    page = new_page(width=375, scheme="dark")
    with_a_phone(page)
    sign_in(page, clinic, "editor")
    look_at(page)
    page.get_by_role("textbox", name="Name").fill("My phone")
    press(page.get_by_role("button", name="Make a passkey"))
    expect(page.get_by_role("heading", name="Your recovery codes")).to_be_visible()
    press(page.get_by_role("link", name="I have them: continue"))
    press(page.get_by_role("link", name="My account"))
    expect(page.get_by_text("My phone, a passkey")).to_be_visible()
    look_at(page)
    press(page.get_by_role("button", name="Sign out"))
    sign_in(page, clinic, "editor")
    look_at(page)
    press(page.get_by_role("button", name="Use a passkey"))
    expect(page.get_by_role("link", name="Write a page")).to_be_visible()


def with_a_phone(page: Page) -> None:
    """Give the browser an authenticator that always finds the right finger."""
    devtools = page.context.new_cdp_session(page)
    devtools.send("WebAuthn.enable")
    phone = {
        "protocol": "ctap2",
        "transport": "internal",
        "hasResidentKey": True,
        "hasUserVerification": True,
        "isUserVerified": True,
        "automaticPresenceSimulation": True,
    }
    devtools.send("WebAuthn.addVirtualAuthenticator", {"options": phone})
