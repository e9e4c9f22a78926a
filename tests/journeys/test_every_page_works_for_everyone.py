"""Every page: axe, 320 px, a keyboard, dark, print, and nothing from other sites."""

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, Request, expect

from bookings.models import AppointmentRequest
from clinic_site.clinic_pages import ABOUT_THIS_SITE, FOR_PATIENTS
from clinic_site.demo.other_systems import SCREEN, THEATRE
from procedures.models import Revision
from tests import factories
from tests.journeys.conftest import BROKEN_WORDS, FAINT_FIELDS, HIDDEN_FOCUS
from tests.journeys.steps import press, sign_in

Look = Callable[[Page], None]
NewPage = Callable[..., Page]

PAGES = [
    "/",
    "/procedures/",
    "/clinics/",
    "/guides/",
    "/procedures/ultrasound-guided-injections/",
    "/clinics/ultrasound-clinic/",
    "/guides/guided-steroid-injections-explained/",
    "/clinics/ultrasound-clinic/history/",
    "/clinics/ultrasound-clinic/verify/",
    "/clinics/ultrasound-clinic/version/1/",
    "/procedures/ultrasound-guided-injections/leaflet/",
    "/guides/bakers-cyst/",
    "/a-z/",
    "/glossary/",
    "/clinicians/",
    "/clinicians/dr-ada-example/",
    "/search/?q=frozen+shoulder",
    "/search/?q=zebra",
    "/guides/trigger-finger/feedback/?clear=no",
    "/appointments/request/",
    "/appointments/mine/link/nothing/",
    "/appointments/mine/link/news/nothing/",
    "/appointments/follow/ultrasound-clinic/",
    "/appointments/code/",
    "/appointments/link/",
    "/urgent/",
    "/ur/",
    "/ur/urgent/",
    "/ur/appointments/request/",
    "/pl/appointments/request/",
    "/cy/appointments/code/",
    "/ur/about/chaperone-and-interpreters/",
    "/ur/guides/backs-and-necks/",
    "/ur/about/chaperone-and-interpreters/version/1/",
    "/ur/guides/backs-and-necks/feedback/?clear=no",
    "/cy/guides/backs-and-necks/",
    "/pl/guides/backs-and-necks/leaflet/",
    "/about/",
    "/about/what-has-changed/",
    *(f"/about/{slug}/" for slug in (*FOR_PATIENTS, *ABOUT_THIS_SITE)),
    "/about/opening-hours/leaflet/",
    "/about/fees/history/",
    "/search/?q=ada",
    "/mailbox/",
    "/nothing-here/",
    "/admin/login/",
]


@pytest.mark.lengthy
@pytest.mark.parametrize(("width", "scheme"), [(320, "light"), (1280, "light"), (375, "dark")])
def test_every_page_is_accessible(
    width: int, scheme: str, clinic: str, new_page: NewPage, look_at: Look
) -> None:
    page = new_page(width=width, scheme=scheme)
    for path in PAGES:
        page.goto(clinic + path)
        look_at(page)


PLANTED = """() => {
  const field = document.getElementById('id_code'), bar = document.createElement('div');
  field.style.cssText = 'border: 1px solid #ccc; background: #fff';
  bar.style.cssText = 'position: fixed; inset: 0';
  document.body.append(bar);
}"""


def test_a_faint_field_and_a_hidden_focus_are_found(clinic: str, new_page: NewPage) -> None:
    page = new_page()
    page.goto(f"{clinic}/appointments/code/")
    for rule in (FAINT_FIELDS, HIDDEN_FOCUS):
        assert page.evaluate(rule) == []
    page.evaluate(PLANTED)
    (faint,) = page.evaluate(FAINT_FIELDS)
    assert 'name="code"' in faint
    hidden = page.evaluate(HIDDEN_FOCUS)
    assert any('name="code"' in each for each in hidden)


NARROW = """() => {
  document.querySelector('h1').style.cssText = 'width: 3rem; word-break: break-all';
}"""


def test_a_word_in_two_lines_is_found(clinic: str, new_page: NewPage) -> None:
    page = new_page()
    page.goto(f"{clinic}/appointments/code/")
    assert page.evaluate(BROKEN_WORDS) == []
    page.evaluate(NARROW)
    longest = max(page.locator("h1").inner_text().split(), key=len)
    assert f"broken: {longest}" in page.evaluate(BROKEN_WORDS)


def test_nothing_comes_from_elsewhere_and_no_cookie_comes_at_all(
    clinic: str, new_page: NewPage
) -> None:
    page = new_page()
    asked: list[str] = []

    def note(request: Request) -> None:
        asked.append(request.url)

    page.on("request", note)
    for path in PAGES[:18]:
        page.goto(clinic + path)
    assert [url for url in asked if not url.startswith(clinic)] == []
    assert page.context.cookies() == []


def test_the_first_tab_skips_to_the_content(clinic: str, new_page: NewPage) -> None:
    page = new_page(width=375)
    page.goto(f"{clinic}/procedures/ultrasound-guided-injections/")
    page.keyboard.press("Tab")
    skip = page.get_by_role("link", name="Skip to the main content")
    expect(skip).to_be_focused()
    expect(skip).to_be_in_viewport()
    page.keyboard.press("Enter")
    expect(page.locator("main")).to_be_focused()


@pytest.mark.parametrize("width", [320, 375, 768, 1280])
def test_the_menu_opens_without_a_script_and_hides_nothing_for_good(
    width: int, clinic: str, new_page: NewPage
) -> None:
    page = new_page(javascript=False, width=width)
    page.goto(f"{clinic}/guides/trigger-finger/")
    header = page.get_by_role("banner")
    assert header.bounding_box()["height"] < 80  # type: ignore[index]
    expect(header.get_by_role("link", name="Request an appointment")).to_be_visible()
    expect(header.get_by_role("link", name="Fees and insurers")).to_be_hidden()
    header.locator("summary").focus()
    page.keyboard.press("Enter")
    # Each of them once, whatever the width.
    for name in ("Procedures", "Guides", "Search", "Fees and insurers", "Find us", "Urgent help"):
        expect(header.get_by_role("link", name=name)).to_have_count(1)
        expect(header.get_by_role("link", name=name)).to_be_in_viewport()
    page.keyboard.press("Enter")
    expect(header.get_by_role("link", name="Fees and insurers")).to_be_hidden()
    page.mouse.wheel(0, 2000)
    expect(header).not_to_be_in_viewport()


def test_contents_are_closed_on_a_phone_and_beside_the_text_on_a_desk(
    clinic: str, new_page: NewPage
) -> None:
    path = f"{clinic}/procedures/ultrasound-guided-injections/"
    phone, desk = new_page(width=375), new_page(width=1280)
    phone.goto(path)
    expect(phone.get_by_role("link", name="What are the risks?")).to_be_hidden()
    phone.get_by_text("On this page").first.click()
    phone.get_by_role("link", name="What are the risks?").click()
    expect(phone.get_by_role("heading", name="What are the risks?")).to_be_in_viewport()
    desk.goto(path)
    expect(desk.get_by_role("link", name="What are the risks?")).to_be_visible()


def test_the_list_of_sources_unfolds_for_a_mark_and_on_paper(
    clinic: str, new_page: NewPage
) -> None:
    path = f"{clinic}/procedures/ultrasound-guided-injections/"
    phone, paper = new_page(width=375), new_page()
    phone.goto(path)
    expect(phone.locator("#source-1")).to_be_hidden()
    phone.locator(".footnote-ref a").first.click()
    expect(phone.locator("#source-1")).to_be_in_viewport()
    paper.emulate_media(media="print")
    paper.goto(path)
    expect(paper.locator("#source-1")).to_be_visible()


def test_a_keyboard_finds_the_sources_at_the_end_of_a_passage(
    clinic: str, new_page: NewPage
) -> None:
    page = new_page()
    page.goto(f"{clinic}/procedures/ultrasound-guided-injections/")
    link = page.locator("#cited-1")
    link.focus()
    box = link.bounding_box()
    assert box
    assert box["width"] > 20
    page.keyboard.press("Enter")
    expect(page.locator("#source-1")).to_be_in_viewport()


def test_on_a_phone_each_risk_is_a_row_of_its_own_and_still_a_table(
    clinic: str, new_page: NewPage
) -> None:
    page = new_page(width=375)
    page.goto(f"{clinic}/procedures/ultrasound-guided-injections/")
    row = page.get_by_role("row").filter(has=page.get_by_role("rowheader", name="More pain"))
    boxes = [box for cell in row.locator("th, td").all() if (box := cell.bounding_box())]
    assert len({box["x"] for box in boxes}) == 1
    assert [box["y"] for box in boxes] == sorted({box["y"] for box in boxes})
    picture = row.locator("svg").first.bounding_box()
    assert picture
    assert picture["width"] > 300


def test_paper_carries_the_text_and_leaves_the_rest(clinic: str, new_page: NewPage) -> None:
    page = new_page()
    page.emulate_media(media="print")
    page.goto(f"{clinic}/procedures/ultrasound-guided-injections/")
    expect(page.get_by_role("heading", name="What are the risks?")).to_be_visible()
    expect(page.get_by_text("Dr Ada Example")).to_be_visible()
    for screen_only in (
        ".page-tools",
        ".clear",
        ".related",
        ".site-nav",
        ".breadcrumbs",
        ".closing",
        ".site-footer",
        "nav.contents",
    ):
        expect(page.locator(screen_only)).to_be_hidden()


@pytest.mark.lengthy
def test_every_page_of_the_desk_is_accessible(
    clinic: str, new_page: NewPage, look_at: Look
) -> None:
    page = new_page()
    sign_in(page, clinic, "clinician")
    # One in each state, and those who tell us most.
    newest = {request.status: request for request in AppointmentRequest.objects.order_by("pk")}
    telling = AppointmentRequest.objects.exclude(carer_name="", access_detail="", flags=None)
    for request in {*newest.values(), *telling.order_by("-flags", "pk").distinct()[:6]}:
        page.goto(f"{clinic}/admin/bookings/appointmentrequest/{request.pk}/change/")
        look_at(page)
    page.set_viewport_size({"width": 375, "height": 900})
    page.goto(f"{clinic}/admin/bookings/appointmentrequest/{request.pk}/change/")
    look_at(page)


def test_long_names_and_words_break_instead_of_widening_a_page(
    clinic: str, new_page: NewPage
) -> None:
    request = factories.received(
        name="A" * 100,
        email=f"{'a' * 60}@{'b' * 60}.{'c' * 60}.org",
        carer_name="C" * 100,
        carer_right="parent",
        concern="W" * 900,
        access_detail="N" * 200,
    )
    desk = f"{clinic}/admin/bookings/appointmentrequest/"
    page = new_page()
    sign_in(page, clinic, "reception")
    for width in (375, 1280):
        page.set_viewport_size({"width": width, "height": 900})
        for path in ("", f"{request.pk}/change/", f"{request.pk}/decide/offer/"):
            page.goto(desk + path)
            assert page.evaluate("document.documentElement.scrollWidth") == width


def test_large_print_is_18_point_and_fits_its_paper(clinic: str, new_page: NewPage) -> None:
    page = new_page(width=794)  # A4
    page.emulate_media(media="print")
    page.goto(f"{clinic}/procedures/ultrasound-guided-injections/leaflet/?size=large")
    size = page.evaluate(
        "getComputedStyle(document.querySelector('article > div > p:not([class])')).fontSize"
    )
    assert size == "24px"  # 18 point
    assert page.evaluate("document.documentElement.scrollWidth") <= 794
    expect(page.get_by_text("Is this copy still current?")).to_be_visible()
    expect(page.locator(".screen-only")).to_be_hidden()


@pytest.mark.lengthy
def test_every_page_of_the_editors_desk_is_accessible(
    clinic: str, new_page: NewPage, look_at: Look
) -> None:
    page = new_page()
    sign_in(page, clinic, "clinician")
    look_at(page)
    live = Revision.objects.get(page__slug="ultrasound-clinic", number=2)
    first = Revision.objects.get(page__slug="ultrasound-clinic", number=1)
    root = f"{clinic}/admin/procedures"
    for path in (
        f"revision/{live.pk}/change/",
        f"revision/{live.pk}/compare/?with={first.pk}",
        f"revision/{live.pk}/decide/re-affirm/",
        f"revision/{live.pk}/decide/revoke/",
        f"informationpage/{live.page_id}/translations/",
        "pageevent/",
        "pagefeedback/",
        "signoff/",
    ):
        page.goto(f"{root}/{path}")
        look_at(page)


def test_the_pages_of_webhooks_are_accessible(
    clinic: str, new_page: NewPage, look_at: Look
) -> None:
    page = new_page(width=375)
    sign_in(page, clinic, "manager")
    look_at(page)
    press(page.get_by_role("link", name="turn it on again or end it"))
    expect(page.get_by_role("heading", name=THEATRE[0])).to_be_visible()
    look_at(page)
    page.goto(f"{clinic}/admin/bookings/webhook/")
    look_at(page)
    press(page.get_by_role("link", name=SCREEN[0]))
    look_at(page)


LOOK_OF_A_TEXT = """() => [...document.querySelectorAll('.prose *')].map(e => {
  const look = getComputedStyle(e);
  return [e.tagName, e.getAttribute('class'), look.color, look.background, look.font, look.border,
          look.margin, look.padding, look.textDecoration, look.listStyle, look.display, look.stroke];
})"""


def test_who_signs_sees_what_patients_see(clinic: str, new_page: NewPage) -> None:
    live = Revision.objects.get(page__slug="ultrasound-guided-injections")
    # Narrower than where the facts at a glance have a column of their own.
    patient, reviewer = (new_page(scheme="dark", width=1000) for _ in range(2))
    sign_in(reviewer, clinic, "clinician")
    patient.goto(f"{clinic}{live.page.get_absolute_url()}")
    reviewer.goto(f"{clinic}/admin/procedures/revision/{live.pk}/decide/re-affirm/")
    looks = patient.evaluate(LOOK_OF_A_TEXT)
    assert len(looks) > 100
    assert reviewer.evaluate(LOOK_OF_A_TEXT) == looks
