"""The clinic's own pages in the demonstration: ways to them, what is beside them, urgent help."""

import re
from datetime import time, timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from bookings.checks import the_clinics_address_is_one_of_its_places
from bookings.diary import opening_hours
from bookings.diary.opening_hours import Hours
from bookings.models import ClosedDay, Location
from clinic_site import checks
from clinic_site.clinic_pages import ABOUT_THIS_SITE, FOR_PATIENTS
from procedures.models import Revision, SignOff
from procedures.models.clinic import details
from procedures.status import Category
from tests import factories

# What pages say is the same on both databases; test_demonstration loads the clinic on PostgreSQL too.
pytestmark = [
    pytest.mark.django_db,
    pytest.mark.sqlite,
    pytest.mark.usefixtures("demonstration"),
]


def words(client: Client, path: str) -> str:
    """What somebody reads there, in one line."""
    content = client.get(path).content.decode()
    return " ".join(re.sub(r"<[^>]+>", " ", content).split())


# --- Who approved them ------------------------------------------------------------------------


def test_the_manager_approved_them_and_a_clinician_signed_all_others() -> None:
    in_english = SignOff.objects.filter(revision__page__language="")
    for signed in in_english.select_related("revision__page"):
        medical = signed.revision.page.kind().needs_clinician
        groups = set(signed.signed_by.groups.values_list("name", flat=True))
        assert groups == {"Clinician" if medical else "Manager"}
    assert Revision.objects.filter(page__category=Category.ABOUT, page__language="").count() == len(
        {**FOR_PATIENTS, **ABOUT_THIS_SITE}
    )


# --- Ways to them -----------------------------------------------------------------------------


@pytest.mark.lengthy
@pytest.mark.parametrize("path", ["/", "/about/fees/", "/appointments/request/", "/nothing-here/"])
def test_every_link_of_the_menu_and_the_footer_leads_somewhere(path: str, client: Client) -> None:
    content = client.get(path).content.decode()
    frame = content.partition("<main")[0] + content.partition("<footer")[2]
    links = set(re.findall(r'<a[^>]* href="(/[^"#]*)"', frame)) - {"/admin/", "/mailbox/"}
    assert len(links) > 20
    for link in links:
        assert client.get(link).status_code == 200, link


def test_what_may_not_be_missing_is_one_press_away_on_every_page(client: Client) -> None:
    for path in ("/", "/guides/trigger-finger/", "/appointments/request/", "/search/"):
        content = client.get(path).content.decode()
        footer = content.partition("<footer")[2]
        for address in (
            "/urgent/",
            "/about/privacy/",
            "/about/complaints/",
            "/about/accessibility/",
        ):
            assert f'href="{address}"' in footer, (path, address)


def test_the_old_address_of_the_privacy_notice_leads_to_the_page(client: Client) -> None:
    answer = client.get("/privacy/")
    assert (answer.status_code, answer.headers["Location"]) == (301, "/about/privacy/")


def test_lists_for_people_and_machines_name_them(client: Client) -> None:
    for path in ("/a-z/", "/about/", "/sitemap.xml"):
        content = client.get(path).content.decode()
        for slug in (*FOR_PATIENTS, *ABOUT_THIS_SITE):
            assert f"/about/{slug}/" in content, (path, slug)
    sitemap = client.get("/sitemap.xml").content.decode()
    assert "/urgent/" in sitemap
    assert "/about/what-has-changed/" in sitemap


def test_what_has_changed_is_told_to_people_too(client: Client) -> None:
    told = words(client, "/about/what-has-changed/")
    second = Revision.objects.get(page__slug="ultrasound-clinic", number=2)
    assert f"version 2 · Clinics {second.note}" in told
    assert "new page · About us" in told
    feed = client.get("/changes.atom").content.decode()
    assert second.note in feed
    assert "/about/" not in feed


# --- Searching --------------------------------------------------------------------------------


def first_found(client: Client, query: str) -> str:
    content = client.get("/search/", {"q": query}).content.decode()
    found = re.search(
        r'<(?:ol class="results"|ul class="people")>.*?<a href="([^"]+)"', content, re.DOTALL
    )
    return found[1] if found else ""


@pytest.mark.parametrize(
    ("query", "page"),
    [
        ("cost", "/about/fees/"),
        ("how much does it cost", "/about/fees/"),
        ("price", "/about/fees/"),
        ("fees", "/about/fees/"),
        ("insurance", "/about/fees/"),
        ("child", "/about/children/"),
        ("my children", "/about/children/"),
        ("parking", "/about/find-us/"),
        ("wheelchair", "/about/find-us/"),
        ("interpreter", "/about/chaperone-and-interpreters/"),
        ("chaperone", "/about/chaperone-and-interpreters/"),
        ("complaint", "/about/complaints/"),
        ("opening hours", "/about/opening-hours/"),
        ("covid", "/about/your-visit/"),
        ("gp letter", "/about/referral/"),
        ("Ada Example", "/clinicians/dr-ada-example/"),
        ("dr ada", "/clinicians/dr-ada-example/"),
        ("cleo", "/clinicians/ms-cleo-example/"),
        ("physiotherapist Cleo", "/clinicians/ms-cleo-example/"),
    ],
)
def test_what_people_ask_a_clinic_finds_its_page(query: str, page: str, client: Client) -> None:
    assert first_found(client, query) == page


@pytest.mark.parametrize("query", ["dr", "ada shoulder", "physiotherapist", "the"])
def test_no_person_is_found_by_a_title_a_role_or_half_of_what_was_typed(
    query: str, client: Client
) -> None:
    assert "/clinicians/" not in first_found(client, query)


# --- Beside the texts -------------------------------------------------------------------------


def test_the_opening_hours_are_those_of_the_diary(client: Client) -> None:
    assert "Monday to Friday 8:30 to 18:00 Saturday and Sunday Closed" in words(
        client, "/about/opening-hours/"
    )
    house = Location.objects.get(name="Main house")
    house.opening_hours.filter(weekday=4).update(opens=time(9), closes=time(12, 30))
    house.opening_hours.create(weekday=4, opens=time(13, 30), closes=time(16))
    assert (
        "Monday to Thursday 8:30 to 18:00 Friday 9:00 to 12:30 and 13:30 to 16:00 Saturday and "
        "Sunday Closed"
    ) in words(client, "/about/opening-hours/")
    assert "Friday 9:00 to 12:30 and 13:30 to 16:00" in words(
        client, "/about/opening-hours/leaflet/"
    )


def test_the_hours_of_the_desk_are_those_in_which_answers_are_counted(client: Client) -> None:
    factories.clinic(desk_hours=factories.desk_hours([0, 2, 3, 4], "10:00", "24:00"))
    assert opening_hours.of_the_desk() == [
        Hours("Monday", "10:00 to midnight"),
        Hours("Tuesday", "Closed"),
        Hours("Wednesday to Friday", "10:00 to midnight"),
        Hours("Saturday and Sunday", "Closed"),
    ]
    assert "Wednesday to Friday 10:00 to midnight" in words(client, "/about/opening-hours/")


def test_days_on_which_we_are_closed_are_announced(client: Client) -> None:
    today = timezone.localdate()
    ClosedDay.objects.all().delete()
    for days, reason in ((-1, "Over"), (0, "Training"), (3, "Moving house")):
        ClosedDay.objects.create(day=today + timedelta(days=days), reason=reason)
    told = words(client, "/about/opening-hours/")
    assert f"{today:%A %-d %B %Y}: Training" in told
    assert f"{today + timedelta(days=3):%A %-d %B %Y}: Moving house" in told


@pytest.mark.parametrize("language", ["cy", "pl", "ur"])
def test_what_is_in_english_on_a_page_of_another_language_is_so_to_the_last_word(
    client: Client, language: str
) -> None:
    today = timezone.localdate()
    ClosedDay.objects.create(day=today + timedelta(days=4), reason="Painting")
    for path in ("/about/opening-hours/", "/about/opening-hours/leaflet/"):
        told = words(client, f"/{language}{path}")
        assert "Monday to Friday 8:30 to 18:00 Saturday and Sunday Closed" in told
        assert f"{today + timedelta(days=4):%A %-d %B %Y}: Painting" in told
    assert "Over" not in told


def test_one_address_is_everywhere(client: Client) -> None:
    home = client.get("/").content.decode()
    assert home.count(details().address) == 2  # in the page and in the footer
    places = list(Location.objects.values_list("address", flat=True))
    assert details().address in places
    told = words(client, "/about/find-us/")
    assert [place for place in places if place not in told] == []


@pytest.mark.parametrize(
    ("slug", "names"),
    [
        ("privacy", ["LEGAL_NAME", "ICO_NUMBER", "ADDRESS", "EMAIL", "PHONE"]),
        ("terms", ["LEGAL_NAME", "COMPANY_NUMBER", "VAT_NUMBER", "REGISTERED_OFFICE"]),
        ("complaints", ["ADDRESS", "EMAIL", "PHONE"]),
        ("accessibility", ["ADDRESS", "EMAIL", "PHONE"]),
    ],
)
def test_the_facts_of_the_clinic_are_beside_the_text_and_on_its_leaflet(
    slug: str, names: list[str], client: Client
) -> None:
    for path in (f"/about/{slug}/", f"/about/{slug}/leaflet/"):
        main = client.get(path).content.decode().partition("<main")[2].partition("</main>")[0]
        assert [name for name in names if getattr(details(), name.lower()) not in main] == []
    signed = Revision.objects.get(page__slug=slug).fragment
    assert [name for name in names if getattr(details(), name.lower()) in signed] == []


def test_the_cookies_are_named_as_the_site_names_them(client: Client, settings: Any) -> None:
    settings.SESSION_COOKIE_NAME, settings.CSRF_COOKIE_NAME = "__Host-session", "__Host-csrf"
    told = words(client, "/about/cookies/")
    assert "__Host-session" in told
    assert "__Host-csrf" in told


# --- What the operator is told ----------------------------------------------------------------


@pytest.mark.parametrize("name", list(checks.UNSAID))
def test_a_fact_that_is_missing_is_named_before_deployment(name: str) -> None:
    assert checks.the_clinic_says_who_it_is(None) == []
    factories.clinic(**{name: ""})
    (doubt,) = checks.the_clinic_says_who_it_is(None)
    assert doubt.msg.endswith(f"is not set, so no page says {checks.UNSAID[name]}.")


def test_a_page_that_is_linked_and_not_published_is_named() -> None:
    check = checks.every_page_about_the_clinic_is_published
    assert check(None, databases=["default"]) == []
    live = Revision.objects.get(page__slug="terms")
    Revision.objects.filter(pk=live.pk).update(status="withdrawn")
    (doubt,) = check(None, databases=["default"])
    assert doubt.msg == "Every page links to pages that are not published: terms."
    assert check(None) == []


def test_an_address_that_is_no_place_of_ours_is_named() -> None:
    check = the_clinics_address_is_one_of_its_places
    assert check(None, databases=["default"]) == []
    factories.clinic(address="9 Elsewhere Road")
    (doubt,) = check(None, databases=["default"])
    assert doubt.msg == "The clinic’s address is “9 Elsewhere Road”, but no place has that address."


# --- Urgent help ------------------------------------------------------------------------------


def test_urgent_help_puts_999_before_111_and_names_every_way(client: Client) -> None:
    content = client.get("/urgent/").content.decode()
    assert content.index("Call 999 or go to A&amp;E now if:") < content.index("or call 111 if:")
    for way in ("tel:999", "tel:111", "tel:18001999", "tel:18001111", "https://111.nhs.uk/"):
        assert f'href="{way}"' in content
    told = words(client, "/urgent/")
    for sign in (
        "your face drops on one side",
        "lost control of your bladder or bowel",
        "a rash that stays when you press a glass",
        "passed no urine",
        "lose some or all of your sight",
        "a joint is suddenly very painful, hot or swollen",
        "a child limps",
        "pain in the jaw",
    ):
        assert sign in told


def test_its_cards_are_the_same_wherever_somebody_might_need_them(client: Client) -> None:
    def cards(path: str) -> list[str]:
        content = client.get(path).content.decode()
        return re.findall(r'<section class="care-card.*?</section>', content, re.DOTALL)

    urgent = cards("/urgent/")
    assert [re.search(r"care-card--\w+", card)[0] for card in urgent] == [  # type: ignore[index]
        "care-card--emergency",
        "care-card--urgent",
    ]
    assert cards("/appointments/request/") == urgent
    closed = factories.revision(
        "suspended",  # type: ignore[arg-type]
        of=factories.page("closed", Category.GUIDE),
        now=timezone.now(),
    )
    assert cards(closed.page.get_absolute_url()) == urgent


def test_urgent_help_needs_no_database_and_may_be_kept_for_an_outage(
    client: Client, django_assert_num_queries: Any
) -> None:
    with django_assert_num_queries(0):
        answer = client.get("/urgent/")
    assert answer.headers["Cache-Control"] == "public, max-age=60"
    assert not answer.cookies
