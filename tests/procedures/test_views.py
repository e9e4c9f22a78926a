"""Public pages: what is on them, and what a cache may do with them."""

import re
from datetime import datetime
from typing import Any

import pytest
from django.test import Client

from procedures.reading import pdf
from procedures.status import MEDICAL, Category, RevisionStatus
from tests import factories

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def pages(monday: datetime) -> None:
    for category in Category:
        factories.revision(
            RevisionStatus.PUBLISHED,
            of=factories.page(f"about-{category}", category),
            text=factories.document(title=f"About {category}", category=category),
            now=monday,
        )


def test_home_leads_to_every_shelf_and_to_the_people(client: Client) -> None:
    content = client.get("/").content.decode()
    assert "About about" not in content
    for category in MEDICAL:
        assert f'<a href="/{category}/">{category.label}</a>' in content
    assert "Dr Clinician" in content
    assert "Request an appointment" in content


def test_home_names_no_medicine(client: Client) -> None:
    """A prescription-only medicine must not be promoted to the public (UK advertising code)."""
    content = client.get("/").content.decode().lower()
    for medicine in ("steroid", "cortisone", "anaesthetic", "botulinum", "hyaluron"):
        assert medicine not in content


@pytest.mark.parametrize("category", Category)
def test_a_category_lists_its_own_pages_only(category: Category, client: Client) -> None:
    content = client.get(f"/{category}/").content.decode()
    assert f"About {category}" in content
    assert [other for other in Category if f"About {other}" in content] == [category]


def test_a_page_carries_its_slug_to_the_form(client: Client) -> None:
    content = client.get("/procedures/about-procedures/").content.decode()
    assert 'href="/appointments/request/?about=about-procedures"' in content
    assert "Could it help?" in content


@pytest.mark.parametrize("url", ["/procedures/nothing/", "/guides/about-procedures/", "/recipes/"])
def test_an_unknown_address_is_a_helpful_404(url: str, client: Client) -> None:
    answer = client.get(url)
    assert answer.status_code == 404
    assert "Page not found" in answer.content.decode()


@pytest.mark.parametrize("url", ["/", "/procedures/", "/procedures/about-procedures/"])
def test_a_public_page_sets_no_cookie_and_may_be_cached_for_a_minute(
    url: str, client: Client
) -> None:
    answer = client.get(url)
    assert answer.status_code == 200
    assert not answer.cookies
    assert "Cookie" not in answer.headers.get("Vary", "")
    assert answer.headers["Cache-Control"] == "public, max-age=60"


def test_a_page_needs_few_queries(client: Client, django_assert_max_num_queries: Any) -> None:
    with django_assert_max_num_queries(13):
        client.get("/procedures/about-procedures/")


def test_the_request_button_of_every_header_knows_the_page(
    client: Client, monday: datetime
) -> None:
    page = factories.revision(RevisionStatus.PUBLISHED, now=monday).page
    about = f'href="/appointments/request/?about={page.slug}"'
    content = client.get(page.get_absolute_url()).content.decode()
    header = content[: content.index("<main")]
    assert about in header
    assert about not in client.get("/").content.decode()


PAGE = "/procedures/about-procedures/"


def positions(content: str, *sought: str) -> list[int]:
    assert all(words in content for words in sought), sought
    return [content.index(words) for words in sought]


def test_a_page_is_in_the_order_in_which_patients_need_it(client: Client) -> None:
    """What it is and who signed it, the text, how to ask us, and last what we say about the text."""
    content = client.get(PAGE).content.decode()
    order = positions(
        content,
        "<h1>About procedures</h1>",
        'class="page-head__request"',
        'class="signature"',
        "Some words about it.",
        "Could it help?",
        "Print this page",
        "About this version",
        "Check the signature",
        "SHA-256 of the signed text",
        "Was this page clear?",
    )
    assert order == sorted(order)
    main = content[content.index("<main") : content.index("</main>")]
    assert main.count("Request an") == 2


def test_the_hash_is_behind_the_words_check_the_signature(client: Client) -> None:
    content = client.get(PAGE).content.decode()
    (fold,) = re.findall(
        r"<details>\s*<summary>Check the signature</summary>(.*?)</details>", content, re.DOTALL
    )
    assert "SHA-256" in fold
    assert content.count("SHA-256") == 1
    assert f'href="{PAGE}verify/"' in fold


def test_a_page_names_its_category_once(client: Client) -> None:
    content = client.get(PAGE).content.decode()
    main = content[content.index("<main") : content.index("</main>")]
    assert re.findall(r">(Procedures)<", main) == ["Procedures"]


@pytest.mark.parametrize("can", [True, False])
@pytest.mark.parametrize("url", [PAGE, f"{PAGE}leaflet/"])
def test_a_pdf_is_offered_only_where_one_can_be_made(
    url: str, can: bool, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pdf, "is_installed", lambda: can)
    assert ("leaflet.pdf" in client.get(url).content.decode()) is can


PUBLIC = [
    *("/", "/a-z/", "/glossary/", "/clinicians/", "/clinicians/clinician/", "/urgent/"),
    "/about/what-has-changed/",
    *(f"/{category}/" for category in Category),
    PAGE,
    "/appointments/request/",
]


def test_every_public_page_describes_itself_in_words_of_its_own(client: Client) -> None:
    described = {}
    for url in PUBLIC:
        (words,) = re.findall(
            r'<meta name="description" content="([^"]+)">', client.get(url).content.decode()
        )
        described[url] = words
    assert len(set(described.values())) == len(PUBLIC)
    assert described[PAGE] == "One line about it."


def test_the_way_to_an_appointment_can_be_found_by_search_engines(client: Client) -> None:
    content = client.get("/appointments/request/?about=about-procedures").content.decode()
    assert "noindex" not in content
    address = "https://clinic.example/appointments/request/"
    assert f'<link rel="canonical" href="{address}">' in content
    assert f"<loc>{address}</loc>" in client.get("/sitemap.xml").content.decode()
    assert "noindex" in client.get("/appointments/link/").content.decode()
