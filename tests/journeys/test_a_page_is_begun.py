"""An editor begins a page and writes it without knowing any marks, with the script and without."""

import re
from collections.abc import Callable
from datetime import timedelta

import pytest
from django.utils import timezone
from playwright.sync_api import Page, expect

from procedures import publishing
from procedures.models import InformationPage, Revision
from procedures.status import RevisionStatus
from procedures.texts.skeletons import HINT
from tests import factories
from tests.journeys.steps import Presses, press, sign_in

Look = Callable[[Page], None]
NewPage = Callable[..., Page]


def begin(page: Page, clinic: str, title: str) -> Presses:
    """Begin a guide from “Today”, and count the presses."""
    sign_in(page, clinic, "editor")
    presses = Presses()
    presses.follow(page.get_by_role("link", name="Write a page"))
    presses.tick(page.get_by_label("A guide: one problem"))
    page.get_by_label("Title").fill(title)
    presses.follow(page.get_by_role("button", name="Start writing"))
    return presses


def write_over_hints(page: Page) -> None:
    """Type plain words over every hint, and nothing else."""
    box = page.get_by_label("Text", exact=True)
    box.fill(HINT.sub("some plain words about it", box.input_value()))


def sees(page: Page, words: str) -> None:
    expect(page.locator("#to-do")).to_contain_text(words)


@pytest.mark.parametrize(("width", "scheme"), [(1280, "light"), (375, "dark"), (768, "light")])
def test_prose_alone_leads_from_a_skeleton_to_review_without_a_script(
    width: int, scheme: str, clinic: str, new_page: NewPage, look_at: Look
) -> None:
    page = new_page(javascript=False, width=width, scheme=scheme)
    presses = begin(page, clinic, "Runner’s knee")
    sees(page, "26 to fill in")
    expect(page.get_by_role("button", name="Insert")).to_have_count(0)
    link = page.locator(".skeleton a", has_text="What are the risks?")
    line = int((link.get_attribute("href") or "").removeprefix("#line-"))
    link.click()
    expect(page.locator(f"#line-{line}")).to_be_in_viewport()
    expect(page.locator(f"#line-{line}")).to_have_text("## What are the risks?")
    write_over_hints(page)
    presses.follow(page.get_by_role("button", name="See it"))
    sees(page, "Nothing to correct")
    expect(page.locator("[data-part=preview] h1")).to_have_text("Runner’s knee")
    expect(page.get_by_text("Not saved yet.")).to_be_visible()
    presses.follow(page.get_by_role("button", name="Save and send to review"))
    for reason in page.locator("input[name^=reason_]").all():
        reason.fill("We have not read a source about it yet.")
    presses.follow(page.get_by_role("button", name="Send to review"))
    expect(page.get_by_text("Sent to review.")).to_be_visible()
    made = Revision.objects.get(page__slug="runners-knee")
    assert made.status == RevisionStatus.IN_REVIEW
    presses.did("a new page from a template, to review")


@pytest.mark.lengthy
@pytest.mark.parametrize(("width", "scheme"), [(1280, "dark"), (768, "light"), (375, "light")])
def test_the_pages_of_writing_work_for_everyone(
    width: int, scheme: str, clinic: str, new_page: NewPage, look_at: Look
) -> None:
    page = new_page(width=width, scheme=scheme)
    sign_in(page, clinic, "editor")
    page.goto(f"{clinic}/admin/procedures/revision/add/")
    look_at(page)
    press(page.get_by_role("button", name="Start writing"))
    expect(page.get_by_text("There is a problem")).to_be_visible()
    look_at(page)
    page.get_by_label("A guide: one problem").check()
    page.get_by_label("Title").fill("Runner’s knee")
    press(page.get_by_role("button", name="Start writing"))
    text = page.get_by_label("Text", exact=True)
    text.fill(text.input_value().replace("::: risks", "::: stairs"))
    press(page.get_by_role("button", name="See it"))
    sees(page, "1 to correct, 26 to fill in")
    page.locator("details").evaluate_all("all => all.forEach(each => { each.open = true; })")
    look_at(page)
    live = InformationPage.objects.get(slug="ultrasound-clinic")
    page.goto(f"{clinic}/admin/procedures/informationpage/{live.pk}/change/")
    look_at(page)


def test_with_the_script_the_preview_follows_and_nothing_typed_is_lost(
    clinic: str, new_page: NewPage
) -> None:
    page = new_page()
    begin(page, clinic, "Runner’s knee")
    expect(page.locator("#id_slug")).to_have_count(0)
    text = page.get_by_label("Text", exact=True)
    text.fill(text.input_value().replace("‹Who this page is for", "This page is for runners‹x"))
    page.clock.run_for(1_000)
    expect(page.locator("[data-part=preview]")).to_contain_text("This page is for runners")
    # A line that is named is where the cursor goes.
    page.locator(".skeleton a", has_text="What are my choices?").click()
    expect(text).to_be_focused()
    chosen = text.evaluate("box => box.value.slice(box.selectionStart, box.selectionEnd)")
    assert chosen == "## What are my choices?"
    # An example is put at the cursor.
    text.evaluate("box => box.setSelectionRange(box.value.length, box.value.length)")
    page.get_by_text("what to expect, and when").click()
    page.get_by_role("button", name="Insert Timeline").click()
    assert text.input_value().endswith(
        "\n\n::: timeline\n- **First day.** It may be sore.\n- **Week 2.** It should ease.\n:::\n"
    )
    page.clock.run_for(30_000)
    expect(page.locator("#kept")).to_contain_text("not saved yet.")
    kept = text.input_value()
    page.reload()
    expect(page.get_by_role("heading", name="You have unsaved text from")).to_be_visible()
    assert text.input_value() != kept
    press(page.get_by_role("link", name="Go on with it"))
    assert text.input_value() == kept
    press(page.get_by_role("button", name="Save", exact=True))
    assert Revision.objects.get(page__slug="runners-knee").document == kept.strip()
    expect(page.get_by_role("heading", name="You have unsaved text from")).to_have_count(0)


def test_the_address_is_proposed_while_the_title_is_typed(clinic: str, new_page: NewPage) -> None:
    page = new_page()
    sign_in(page, clinic, "editor")
    page.goto(f"{clinic}/admin/procedures/revision/add/")
    page.get_by_label("Title").press_sequentially("Runner’s knée, ")
    slug = page.get_by_label("Last part of its address")
    expect(slug).to_have_value("runners-knee")
    slug.fill("knee")
    page.get_by_label("Title").fill("Another")
    expect(slug).to_have_value("knee")


@pytest.mark.parametrize("javascript", [True, False])
def test_two_editors_meet(javascript: bool, clinic: str, new_page: NewPage, look_at: Look) -> None:
    first = new_page(javascript=javascript)
    begin(first, clinic, "Runner’s knee")
    second = new_page(javascript=javascript)
    other = factories.staff("Editor", "other")
    other.password = publishing_password()
    other.save()
    sign_in(second, clinic, "other")
    second.goto(first.url)
    for page, words in ((second, "Their words"), (first, "My words")):
        box = page.get_by_label("Text", exact=True)
        box.fill(box.input_value().replace("‹Who this page is for", f"{words}‹x"))
        press(page.get_by_role("button", name="Save", exact=True))
    expect(second.get_by_text("Saved.", exact=True)).to_be_visible()
    conflict = first.get_by_role("alert")
    expect(conflict).to_contain_text("A colleague edited this text at the same time.")
    expect(conflict.locator(".difference del")).to_contain_text("Their")
    expect(conflict.locator(".difference ins")).to_contain_text("My")
    assert "My words" in first.get_by_label("Text", exact=True).input_value()
    if javascript:
        look_at(first)
    press(first.get_by_role("button", name="Save", exact=True))
    assert "My words" in Revision.objects.get(page__slug="runners-knee").document


def publishing_password() -> str:
    """The password that everybody has in the demonstration, as it is stored."""
    editor = factories.staff("Editor")
    return editor.password


def test_a_publisher_chooses_the_day(clinic: str, new_page: NewPage, look_at: Look) -> None:
    live = Revision.objects.get(page__slug="heel-pain", status=RevisionStatus.PUBLISHED)
    signed = factories.brought_to(
        RevisionStatus.SIGNED,
        publishing.start_draft(
            live.page,
            document=live.document,
            by=factories.staff("Editor"),
            now=timezone.now(),
            note="Read again.",
        ),
        now=timezone.now(),
    )
    page = new_page()
    sign_in(page, clinic, "publisher")
    page.goto(f"{clinic}/admin/procedures/revision/{signed.pk}/change/")
    press(page.get_by_role("link", name="Publish on a day"))
    look_at(page)
    day = timezone.localdate() + timedelta(days=3)
    page.get_by_label("Publish on").fill(f"{day:%d/%m/%Y}")
    press(page.get_by_role("button", name="Publish on a day"))
    expect(page.get_by_text("To be published on")).to_contain_text(f"{day:%A} {day:%-d %B %Y}")
    look_at(page)
    publishing.publish_planned(timezone.now() + timedelta(days=4))
    signed.refresh_from_db()
    assert signed.status == RevisionStatus.PUBLISHED
    page.reload()
    expect(page.get_by_role("link", name="Suspend now")).to_be_visible()
    expect(page.get_by_role("link", name=re.compile("^Withdraw"))).to_be_hidden()
    look_at(page)
