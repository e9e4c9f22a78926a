"""A manager invites a colleague, who chooses a password and works; then leaves, and is out."""

import re
from collections.abc import Callable
from io import StringIO

import pytest
from django.core import mail
from django.core.management import call_command
from playwright.sync_api import Page, expect

from procedures.models import Invitation
from tests.journeys.conftest import Scheme
from tests.journeys.steps import press, sign_in

Look = Callable[[Page], None]
NewPage = Callable[..., Page]
PASSWORD = "three-unrelated-words"


def link_to_choose_a_password(email: str) -> str:
    """The link in the newest email to this colleague."""
    call_command("send_messages", stdout=StringIO())
    letter = next(letter for letter in reversed(mail.outbox) if letter.to == [email])
    found = re.search(r"https?://\S+/invitation/\S+", str(letter.body))
    assert found, letter.body
    return found[0]


def open_account(page: Page, clinic: str, name: str) -> None:
    page.goto(f"{clinic}/admin/procedures/staffaccount/")
    press(page.get_by_role("link", name=name, exact=True))


@pytest.mark.parametrize(("width", "scheme"), [(1280, "light"), (375, "dark")])
def test_a_colleague_is_invited_works_and_leaves(
    width: int, scheme: Scheme, clinic: str, new_page: NewPage, look_at: Look
) -> None:
    manager = new_page(width=width, scheme=scheme)
    sign_in(manager, clinic, "manager")
    press(manager.get_by_role("link", name="Set-up"))
    press(manager.get_by_role("link", name="Staff accounts", exact=True).first)
    look_at(manager)
    press(manager.get_by_role("link", name="Invite a colleague"))
    press(manager.get_by_role("button", name="Send the invitation"))
    look_at(manager)
    manager.get_by_label("First name").fill("Nia")
    manager.get_by_label("Last name").fill("Sample")
    manager.get_by_label("Email address").fill("nia@example.org")
    manager.get_by_label("Reception: Answers requests").check()
    press(manager.get_by_role("button", name="Send the invitation"))
    expect(manager.get_by_text("Nia Sample will sign in as nia.sample.")).to_be_visible()
    look_at(manager)

    nia = new_page(javascript=False, width=width, scheme=scheme)
    nia.goto(link_to_choose_a_password("nia@example.org"))
    press(nia.get_by_role("button", name="Set the password"))
    nia.get_by_label("New password", exact=True).fill(PASSWORD)
    nia.get_by_label("The same password again").fill(PASSWORD)
    press(nia.get_by_role("button", name="Set the password"))
    expect(nia.get_by_text("Your password is set. Sign in as nia.sample.")).to_be_visible()
    nia.get_by_label("Username").fill("nia.sample")
    nia.get_by_label("Password").fill(PASSWORD)
    press(nia.get_by_role("button", name="Sign in"))
    expect(nia.get_by_role("heading", name="Do next")).to_be_visible()
    expect(nia.get_by_role("link", name="Book by phone")).to_be_visible()
    press(nia.get_by_role("link", name="My account"))
    expect(nia.get_by_text("This browser")).to_be_visible()

    open_account(manager, clinic, "Nia Sample")
    press(manager.get_by_role("link", name="Record that they leave"))
    look_at(manager)
    press(manager.get_by_role("button", name="Record that they leave"))
    expect(manager.get_by_role("heading", name="Has left on")).to_be_visible()
    look_at(manager)
    press(nia.get_by_role("link", name="Diary"))
    expect(nia.get_by_role("heading", name="Sign in to the desk")).to_be_visible()
    nia.get_by_label("Username").fill("nia.sample")
    nia.get_by_label("Password").fill(PASSWORD)
    press(nia.get_by_role("button", name="Sign in"))
    expect(nia.get_by_text("Please enter the correct username and password")).to_be_visible()


@pytest.mark.lengthy
@pytest.mark.parametrize(("width", "scheme"), [(1280, "dark"), (375, "light")])
def test_every_page_about_accounts_works_for_everyone(
    width: int, scheme: Scheme, clinic: str, new_page: NewPage, look_at: Look
) -> None:
    stranger = new_page(width=width, scheme=scheme)
    # Her letter may have left while somebody else walked their journey.
    stranger.goto(Invitation.objects.filter(account__email="ivy@example.org").latest("pk").link())
    look_at(stranger)
    stranger.goto(f"{clinic}/invitation/no-such-link/")
    look_at(stranger)

    manager = new_page(width=width, scheme=scheme)
    sign_in(manager, clinic, "manager")
    sign_in(new_page(), clinic, "manager")
    manager.goto(f"{clinic}/admin/account/")
    expect(manager.get_by_role("button", name="End the others")).to_be_visible()
    look_at(manager)
    for table in ("signin", "accountevent"):
        manager.goto(f"{clinic}/admin/procedures/{table}/")
        look_at(manager)
    for name, decision in (
        ("Ada Example", "Hand on what is theirs"),
        ("Ada Example", "Change the role"),
        ("Ivy Example", "Correct the name or email address"),
        ("Leo Example", "Invite again"),
    ):
        open_account(manager, clinic, name)
        look_at(manager)
        press(manager.get_by_role("link", name=decision))
        look_at(manager)


def test_after_a_while_the_password_is_asked_for_and_what_was_typed_is_kept(
    clinic: str, new_page: NewPage, look_at: Look, monkeypatch: pytest.MonkeyPatch
) -> None:
    page = new_page()
    sign_in(page, clinic, "manager")
    press(page.get_by_role("link", name="Set-up"))
    page.goto(f"{clinic}/admin/procedures/staffaccount/add/")
    page.get_by_label("First name").fill("Nia")
    monkeypatch.setattr("procedures.ground.fresh_sign_in.is_fresh", lambda *given: False)
    press(page.get_by_role("button", name="Send the invitation"))
    expect(page.get_by_role("heading", name="Enter your password again")).to_be_visible()
    look_at(page)
    monkeypatch.undo()
    page.get_by_label("Password").fill("demo-only-password")
    press(page.get_by_role("button", name="Continue"))
    look_at(page)
    press(page.get_by_role("button", name="Send it again"))
    expect(page.get_by_label("First name")).to_have_value("Nia")
