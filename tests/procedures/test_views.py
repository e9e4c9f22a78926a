"""Public pages: what is on them, and what a cache may do with them."""

from datetime import datetime
from typing import Any

import pytest
from django.test import Client

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


def test_home_shows_every_shelf_and_the_people(client: Client) -> None:
    content = client.get("/").content.decode()
    assert "About about" not in content
    for category in MEDICAL:
        assert f'<a href="/{category}/about-{category}/">About {category}</a>' in content
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
    with django_assert_max_num_queries(12):
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
