"""The home page and the people: where it hurts, who signs, and their portraits."""

import re
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from django.contrib.staticfiles import finders
from django.test import Client

from procedures.models import Figure
from procedures.reading.body_map import PLACES
from procedures.status import Category, RevisionStatus
from tests import factories

pytestmark = pytest.mark.django_db

DRAWING = b'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 240 260"><path d="M0 0h9"/></svg>'


def publish(slug: str, title: str, now: datetime) -> None:
    factories.revision(
        RevisionStatus.PUBLISHED,
        of=factories.page(slug, Category.GUIDE),
        text=factories.document(title=title, category=Category.GUIDE),
        now=now,
    )


def marks(client: Client) -> dict[str, str]:
    """Where each mark of the drawn body leads, by its name."""
    found = re.findall(
        r'<li class="mark [\w -]+"><a href="([^"]+)">([^<]+)</a>', client.get("/").content.decode()
    )
    return {name: address for address, name in found}


def test_a_place_without_a_page_leads_to_the_search(client: Client) -> None:
    assert marks(client) == {
        "Back or neck": "/search/?q=back+or+neck",
        "Shoulder": "/search/?q=shoulder",
        "Elbow": "/search/?q=elbow",
        "Wrist or hand": "/search/?q=wrist+or+hand",
        "Hip": "/search/?q=hip",
        "Knee": "/search/?q=knee",
        "Ankle or heel": "/search/?q=ankle+or+heel",
        "Several joints": "/search/?q=several+joints",
    }
    assert '<a href="/search/?q=knee">Search for “knee”</a>' in client.get("/").content.decode()


def test_a_place_leads_to_its_only_page_and_else_to_the_list_of_them(
    client: Client, monday: datetime
) -> None:
    publish("trigger-finger", "Trigger finger", monday)
    assert marks(client)["Wrist or hand"] == "/guides/trigger-finger/"
    publish("carpal-tunnel", "Carpal tunnel syndrome", monday)
    assert marks(client)["Wrist or hand"] == "#hand"
    content = client.get("/").content.decode()
    group = content[content.index('<li id="hand"') :]
    assert re.findall(r'<a href="/guides/([\w-]+)/">', group) == [
        "carpal-tunnel",
        "trigger-finger",
    ]


def test_a_closed_page_is_in_no_list(client: Client, at: Any, monday: datetime) -> None:
    publish("bakers-cyst", "Baker's cyst", monday)
    assert marks(client)["Knee"] == "/guides/bakers-cyst/"
    at(monday.replace(year=monday.year + 5))
    assert marks(client)["Knee"] == "/search/?q=knee"


def test_every_place_has_its_mark_in_the_drawing() -> None:
    styles = Path(str(finders.find("css/home.css"))).read_text(encoding="utf-8")
    assert set(re.findall(r"\.mark--(\w+)", styles)) == {place.key for place in PLACES}


def test_the_people_are_shown_with_what_they_do_and_have_signed(
    client: Client, monday: datetime
) -> None:
    portrait = factories.figure(DRAWING, key="ada")
    factories.clinician(
        work="Sees people with sore joints.",
        days="Mondays",
        languages="English, Welsh",
        portrait=portrait,
    )
    publish("bakers-cyst", "Baker's cyst", monday)
    for url in ("/", "/clinicians/"):
        content = " ".join(client.get(url).content.decode().split())
        assert f'<img src="{portrait.address()}" alt=""' in content
        assert "Sees people with sore joints." in content
        assert "<dt>Here on</dt><dd>Mondays</dd>" in content
        assert "<dt>Speaks</dt><dd>English, Welsh</dd>" in content
        assert "Has signed 1 of our pages" in content
    assert "Read and signed by <em>Dr Clinician</em>" in client.get("/").content.decode()


def test_a_portrait_is_public_and_another_picture_is_not(client: Client, sign_in: Any) -> None:
    portrait, other = (
        factories.figure(DRAWING.replace(b"h9", row), key="ada") for row in (b"h8", b"h7")
    )
    factories.clinician(portrait=portrait)
    assert client.get(portrait.address()).status_code == 200
    assert client.get(other.address()).status_code == 404
    assert sign_in("Editor").get(other.address()).status_code == 200
    assert Figure.objects.filter(shows=None).get() == other
