"""Search, A to Z, glossary, people: ways to the pages that may be read, and to nothing else."""

import re
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.test import Client

from procedures.models import InformationPage
from procedures.status import RevisionStatus
from tests import factories

pytestmark = pytest.mark.django_db

SHOULDER = f"""
It may help a [[bursa: a small cushion of fluid]].

## What it is

We inject beside the tendon.[^leaflet]

::: urgent Ask a GP today or ring 111 if:
- it hurts very much
:::
{factories.AT_A_GLANCE}"""


@pytest.fixture(autouse=True)
def pages(monday: datetime) -> None:
    for slug, title, body, synonyms in (
        ("shoulder-injection", "Shoulder injection", SHOULDER, "cortisone\nfrozen shoulder"),
        ("wrist", "Sore wrist", factories.BODY, "de Quervain’s"),
    ):
        page = factories.page(slug)
        page.synonyms = synonyms
        page.save()
        text = factories.document(title=title, body=body)
        factories.revision(RevisionStatus.PUBLISHED, of=page, text=text, now=monday)


def found(client: Client, query: str) -> list[str]:
    answer = client.get("/search/", {"q": query})
    assert answer.status_code == 200
    results = re.search(r'<ol class="results">(.*?)</ol>', answer.content.decode(), re.DOTALL)
    return re.findall(r'<a href="/procedures/([a-z-]+)/"', results[1]) if results else []


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("shoulder", ["shoulder-injection"]),
        ("injections", ["shoulder-injection"]),
        ("INJECTING", ["shoulder-injection"]),
        ("cortisone", ["shoulder-injection"]),
        ("frozen shoulder", ["shoulder-injection"]),
        ("the frozen shoulders", ["shoulder-injection"]),
        ("does it hurt", ["shoulder-injection", "wrist"]),
        ("de quervain's", ["wrist"]),
        ("quervains", ["wrist"]),
        ("shoulder wrist", []),
        ("zebra", []),
        ("hospital", []),  # only in the list of sources
        ("", []),
        ("???", []),
        ("<script>", []),
        ("it is", ["shoulder-injection", "wrist"]),
    ],
)
def test_what_is_found(query: str, expected: list[str], client: Client) -> None:
    assert sorted(found(client, query)) == expected


@pytest.mark.parametrize(
    ("query", "typed", "word"),
    [
        ("shoul", "shoul", "shoulder"),  # a beginning
        ("sholder", "sholder", "shoulder"),
        ("cortizone", "cortizone", "cortisone"),
        ("frozen sholder injecton", "injecton", "injection"),
    ],
)
def test_a_word_that_no_page_has_is_read_as_the_nearest(
    query: str, typed: str, word: str, client: Client
) -> None:
    assert found(client, query) == ["shoulder-injection"]
    page = client.get("/search/", {"q": query}).content.decode()
    assert f"No page has “{typed}”, so we looked for <strong>{word}</strong>." in page


def test_two_words_may_be_one(client: Client, monday: datetime) -> None:
    page = factories.page("scan")
    text = factories.document(title="Ultrasound")
    factories.revision(RevisionStatus.PUBLISHED, of=page, text=text, now=monday)
    assert found(client, "ultra sound") == ["scan"]


@pytest.mark.parametrize("query", ["xyz", "zebra", "wri", "sh", "wrst"])
def test_what_is_like_nothing_is_not_guessed(query: str, client: Client) -> None:
    assert found(client, query) == []
    assert "so we looked for" not in client.get("/search/", {"q": query}).content.decode()


def test_a_result_says_where_the_words_were_found(client: Client) -> None:
    page = client.get("/search/", {"q": "tendons"}).content.decode()
    assert "<mark>tendon.</mark>" in page
    page = client.get("/search/", {"q": "cortisone"}).content.decode()
    assert "Also known as: cortisone" in page


def test_a_title_counts_more_than_the_text(client: Client, monday: datetime) -> None:
    body = factories.BODY.replace("Some words", "The shoulder, the shoulder")
    text = factories.document(title="Another", body=body)
    factories.revision(
        RevisionStatus.PUBLISHED, of=factories.page("another"), text=text, now=monday
    )
    assert found(client, "shoulder") == ["shoulder-injection", "another"]


def test_nothing_found_is_helped_on(client: Client) -> None:
    page = client.get("/search/", {"q": "zebra"}).content.decode()
    assert "We found no pages with “zebra”" in page
    assert "020 7946 0958" in page
    assert 'href="/a-z/"' in page
    assert "111" in page


def test_a_query_is_shown_and_never_run(client: Client) -> None:
    page = client.get("/search/", {"q": "<img src=x onerror=alert(1)>"}).content.decode()
    assert "<img src=x" not in page
    long = client.get("/search/", {"q": "word " * 5000})
    assert long.status_code == 200


def test_a_query_is_kept_by_no_cache(client: Client) -> None:
    answer = client.get("/search/", {"q": "shoulder"})
    assert answer.headers["Cache-Control"] == "no-store"
    assert not answer.cookies


@pytest.mark.parametrize("url", ["/search/?q=shoulder", "/a-z/", "/glossary/", "/"])
def test_what_may_not_be_read_is_not_found(
    url: str, client: Client, at: Any, monday: datetime
) -> None:
    assert "houlder injection" in client.get(url).content.decode()
    at(monday + timedelta(days=800))
    assert "houlder injection" not in client.get(url).content.decode()


def test_the_alphabet_holds_titles_and_other_names(client: Client) -> None:
    page = client.get("/a-z/").content.decode()
    assert re.findall(r'<h2 id="letter-(.)"', page) == ["C", "D", "F", "S"]
    assert '<a href="/procedures/wrist/">De Quervain’s</a>' in page
    assert "see Sore wrist" in " ".join(page.split())


def test_the_glossary_speaks_in_signed_words_and_leads_to_them(client: Client) -> None:
    page = client.get("/glossary/").content.decode()
    assert '<dt id="term-bursa">bursa</dt>' in page
    assert "a small cushion of fluid" in page
    assert 'href="/procedures/shoulder-injection/#term-bursa"' in page
    target = client.get("/procedures/shoulder-injection/").content.decode()
    assert '<dfn id="term-bursa">bursa</dfn>' in target


def test_the_newest_signature_explains_a_term(client: Client, monday: datetime) -> None:
    body = SHOULDER.replace("a small cushion of fluid", "a bag of fluid")
    text = factories.document(title="Hip", body=body)
    later = monday + timedelta(days=1)
    factories.revision(RevisionStatus.PUBLISHED, of=factories.page("hip"), text=text, now=later)
    page = client.get("/glossary/").content.decode()
    assert "a bag of fluid" in page
    assert "a small cushion of fluid" not in page
    assert page.count('id="term-bursa"') == 1


def test_a_clinician_has_a_page_with_what_they_signed(client: Client) -> None:
    assert 'href="/clinicians/clinician/"' in client.get("/clinicians/").content.decode()
    page = client.get("/clinicians/clinician/").content.decode()
    assert "Invented Register DEMO-0001" in page
    assert "None declared" in page
    assert page.count("Signed on 23 November 2026") == 2
    assert client.get("/clinicians/nobody/").status_code == 404


def test_related_pages_are_shown_while_they_may_be_read(
    client: Client, at: Any, monday: datetime
) -> None:
    wrist = InformationPage.objects.get(slug="wrist")
    wrist.related.add(InformationPage.objects.get(slug="shoulder-injection"))
    assert "Related pages" in client.get("/procedures/wrist/").content.decode()
    at(monday + timedelta(days=700))
    text = factories.document(title="Sore wrist")
    factories.clinician().__class__.objects.update(verified_until="2099-01-01")
    factories.revision(
        RevisionStatus.PUBLISHED, of=wrist, text=text, now=monday + timedelta(days=700)
    )
    at(monday + timedelta(days=800))
    page = client.get("/procedures/wrist/").content.decode()
    assert "Sore wrist" in page
    assert "Related pages" not in page


@pytest.mark.parametrize(
    "url", ["/a-z/", "/glossary/", "/clinicians/", "/clinicians/clinician/", "/changes.atom"]
)
def test_an_empty_site_says_so_and_public_pages_set_no_cookie(url: str, client: Client) -> None:
    answer = client.get(url)
    assert answer.status_code == 200
    assert not answer.cookies
    assert answer.headers["Cache-Control"] == "public, max-age=60"
    assert "Cookie" not in answer.headers.get("Vary", "")
