"""Public proof: what changed, who signed it, and the exact bytes."""

import hashlib
import json
import re
from datetime import datetime, timedelta
from typing import Any
from urllib.robotparser import RobotFileParser
from xml.etree import ElementTree as ET

import pytest
from django.db import connection
from django.test import Client

from procedures import publishing
from procedures.models import PageEvent, Revision
from procedures.status import PublishingRefused, RevisionStatus
from procedures.texts.differences import Kind, compare, passages
from tests import factories

pytestmark = pytest.mark.django_db
URL = "/procedures/a-thing/"


def version(title: str, body: str = factories.BODY, *, now: datetime) -> Revision:
    text = factories.document(title=title, body=body)
    return factories.revision(RevisionStatus.PUBLISHED, text=text, now=now)


@pytest.fixture
def two(monday: datetime) -> list[Revision]:
    first = version("A thing", now=monday)
    changed = factories.BODY.replace("Some words about it.", "Some better words about it.")
    return [first, version("A thing", changed, now=monday + timedelta(days=1))]


def content(client: Client, path: str) -> str:
    answer = client.get(path)
    assert answer.status_code == 200
    return answer.content.decode()


# --- History ----------------------------------------------------------------------------------


def test_the_history_lists_versions_dates_signers_and_notes(
    two: list[Revision], client: Client
) -> None:
    page = content(client, f"{URL}history/")
    assert re.findall(r"<h3>Version (\d)", page) == ["2", "1"]
    page = " ".join(page.split())
    assert page.count("Signed by Dr Clinician, Consultant (Invented Register DEMO-0001)") == 2
    assert "Published 24 November 2026" in page
    assert page.count("The advice changed.") == 1  # nothing changed with the first version
    assert "New." in page


def test_the_difference_is_shown_word_by_word(two: list[Revision], client: Client) -> None:
    page = content(client, f"{URL}history/")
    assert "From version 1 to version 2" in page
    (passage,) = re.findall(r'<p class="difference">(.*?)</p>', page)
    assert re.sub(r"<span.*?</span>", "", passage) == "Some<ins> better</ins> words about it."
    assert "It is a thing." not in page  # the rest stayed


@pytest.mark.parametrize("query", ["from=1&to=2", "from=2&to=1"])
def test_any_two_versions_can_be_compared(
    query: str, two: list[Revision], client: Client, monday: datetime
) -> None:
    version("A third thing", now=monday + timedelta(days=2))
    page = content(client, f"{URL}history/?{query}")
    assert "From version 1 to version 2" in page
    assert "A third thing</h1>" in page


@pytest.mark.parametrize(
    "query", ["from=1", "from=1&to=1", "from=x&to=2", "from=1&to=99", f"from={'9' * 40}&to=1"]
)
def test_a_strange_choice_is_told_what_to_do(
    query: str, two: list[Revision], client: Client
) -> None:
    assert "Choose two different versions" in content(client, f"{URL}history/?{query}")


def test_drafts_are_no_part_of_the_public_history(
    two: list[Revision], client: Client, monday: datetime
) -> None:
    for status in (RevisionStatus.DRAFT, RevisionStatus.IN_REVIEW, RevisionStatus.SIGNED):
        factories.revision(status, text=factories.document(title="Secret"), now=monday)
    page = content(client, f"{URL}history/?from=2&to=3")
    assert "Secret" not in page
    assert "Version 3" not in page
    assert client.get(f"{URL}verify/version-3.txt").status_code == 404
    assert client.get(f"{URL}version/3/").status_code == 404


def test_words_that_may_have_done_harm_are_never_shown_again(
    client: Client, monday: datetime
) -> None:
    harmful = version("A thing", "Harmful words.\n" + factories.BODY, now=monday)
    publishing.suspend(
        harmful,
        version=harmful.version,
        by=factories.staff("Publisher"),
        reason="Harm.",
        now=monday,
    )
    version("A thing", now=monday + timedelta(days=1))
    harmful.refresh_from_db()
    assert harmful.status == RevisionStatus.SUPERSEDED
    page = content(client, f"{URL}history/?from=1&to=2")
    assert "could have caused harm" in page
    assert "Harmful words" not in page
    assert client.get(f"{URL}verify/version-1.txt").status_code == 404
    paper = content(client, f"{URL}version/1/")
    assert "Please do not rely on it." in paper
    assert "Harmful words" not in paper


@pytest.mark.parametrize("how", ["closed", "revoked"])
def test_a_closed_page_keeps_its_history_without_words(
    how: str, two: list[Revision], client: Client, at: Any, monday: datetime
) -> None:
    if how == "closed":
        at(monday + timedelta(days=800))
    else:
        manager = factories.staff("Manager")
        publishing.revoke(two[1], version=two[1].version, by=manager, reason="x", now=monday)
    page = content(client, f"{URL}history/")
    assert "we do not show its text" in page
    assert "better" not in page
    for number in (1, 2):
        assert client.get(f"{URL}verify/version-{number}.txt").status_code == 404
    assert "better" not in content(client, f"{URL}version/1/")
    assert "there is no signed text to check" in content(client, f"{URL}verify/")
    assert client.get(f"{URL}leaflet/").status_code == 410
    assert client.get(f"{URL}leaflet.pdf").status_code == 410
    assert client.get(f"{URL}feedback/").status_code == 410


def test_whoever_took_a_signature_back_is_not_hidden(
    two: list[Revision], client: Client, monday: datetime
) -> None:
    publishing.revoke(
        two[1], version=two[1].version, by=factories.staff("Manager"), reason="x", now=monday
    )
    page = " ".join(content(client, f"{URL}history/").split())
    assert "Signature withdrawn on 23 November 2026." in page


def test_a_text_that_was_revoked_and_signed_anew_is_proven_again(
    two: list[Revision], client: Client, monday: datetime
) -> None:
    manager, login = factories.staff("Manager"), factories.clinician().login
    assert login is not None
    publishing.revoke(two[1], version=two[1].version, by=manager, reason="x", now=monday)
    publishing.re_affirm(
        two[1],
        version=two[1].version,
        fragment_hash=two[1].fragment_hash,
        by=login,
        now=monday + timedelta(days=2),
    )
    assert client.get(f"{URL}verify/version-2.txt").status_code == 200
    assert "From version 1 to version 2" in content(client, f"{URL}history/")


def test_the_note_of_a_text_that_was_taken_back_is_not_shown(
    client: Client, monday: datetime
) -> None:
    harmful = factories.revision(now=monday)
    publishing.save_draft(
        harmful,
        version=harmful.version,
        document=harmful.document,
        change_class="advice",
        note="Take twenty tablets.",
        by=factories.staff("Editor"),
        now=monday,
    )
    factories.brought_to(RevisionStatus.SUSPENDED, harmful, now=monday)
    assert "twenty" not in content(client, f"{URL}history/")
    version("A thing", now=monday + timedelta(days=1))
    for path in ("history/", "version/1/", ""):
        assert "twenty" not in content(client, URL + path)


def test_an_earlier_text_is_not_published_after_a_later_one(monday: datetime) -> None:
    version("One", now=monday)
    second = factories.revision(RevisionStatus.SIGNED, now=monday)
    third = version("Three", now=monday)
    publisher = factories.staff("Publisher")
    publishing.withdraw(third, version=third.version, by=publisher, reason="x", now=monday)
    with pytest.raises(PublishingRefused, match="A later version of this page has already"):
        publishing.publish(second, version=second.version, by=publisher, now=monday)


@pytest.mark.parametrize("text", ["MIRACLE CURE", "---\ntitle: MIRACLE CURE\n---\n"])
def test_a_title_that_nobody_signed_is_not_shown(
    text: str, two: list[Revision], client: Client
) -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE procedures_revision SET document = %s, document_hash = %s, title = %s",
            [text, hashlib.sha256(text.encode()).hexdigest(), "MIRACLE CURE"],
        )
    for path, status in (("", 410), ("history/", 200), ("version/1/", 200)):
        answer = client.get(URL + path)
        assert answer.status_code == status
        assert "MIRACLE" not in answer.content.decode()


# --- Verify -----------------------------------------------------------------------------------


def test_the_bytes_to_check_are_those_on_the_page_and_match_the_hash(
    two: list[Revision], client: Client
) -> None:
    page = content(client, f"{URL}verify/")
    shown = re.search(r"<code>([0-9a-f]{64})</code>", page)
    assert shown is not None
    command = re.search(r"<code>curl -s (\S+) \| sha256sum</code>", page)
    assert command is not None
    answer = client.get(command[1].removeprefix("https://clinic.example"))
    assert answer.headers["Content-Type"] == "text/plain; charset=utf-8"
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert hashlib.sha256(answer.content).hexdigest() == shown[1] == two[1].fragment_hash
    parts = re.split(r"<!-- .* -->\n", answer.content.decode())
    public = content(client, URL)
    assert len(parts) == 3
    for part in parts:
        assert part in public
    assert "It does not show that the text is right." in page


def test_print_large_print_and_paper_all_carry_the_same_hash(
    two: list[Revision], client: Client
) -> None:
    for path in ("", "leaflet/", "leaflet/?size=large", "verify/"):
        page = content(client, URL + path)
        assert two[1].fragment_hash in page
        if path != "verify/":
            assert two[1].fragment.split("-->\n")[1].split("<!--")[0] in page


# --- Paper ------------------------------------------------------------------------------------


def test_paper_of_the_current_version_is_told_so(two: list[Revision], client: Client) -> None:
    assert "Version 2 is the current version." in content(client, f"{URL}version/2/")


def test_old_paper_is_told_what_changed(two: list[Revision], client: Client) -> None:
    page = content(client, f"{URL}version/1/")
    assert "your copy is version 1" in page
    assert "The current version is 2." in page
    assert "<ins>" in page
    assert re.findall(r"<h3>Version (\d)", page) == ["2"]


def test_paper_of_a_closed_page_is_not_to_be_relied_on(client: Client, monday: datetime) -> None:
    factories.revision(RevisionStatus.SUSPENDED, now=monday)
    page = content(client, f"{URL}version/1/")
    assert "Do not rely on your paper copy." in page
    assert "020 7946 0958" in page


def test_one_word_says_what_became_of_a_paper_copy(
    two: list[Revision], client: Client, monday: datetime
) -> None:
    def word(number: int) -> list[str]:
        page = content(client, f"{URL}version/{number}/")
        return re.findall(r'<strong class="tag">(\w+)</strong>', page)

    assert (word(1), word(2)) == (["Changed"], ["Current"])
    manager = factories.staff("Manager")
    publishing.revoke(two[1], version=two[1].version, by=manager, reason="x", now=monday)
    assert (word(1), word(2)) == (["Closed"], ["Closed"])
    publishing.withdraw(two[1], version=two[1].version, by=manager, reason="x", now=monday)
    assert (word(1), word(2)) == (["Closed"], ["Withdrawn"])


# --- For machines -----------------------------------------------------------------------------


def structured(page: str) -> dict[str, Any]:
    found = re.search(r'<script type="application/ld\+json">(.*?)</script>', page)
    assert found is not None
    return dict(json.loads(found[1]))


def test_structured_data_comes_from_the_live_signature(two: list[Revision], client: Client) -> None:
    data = structured(content(client, URL))
    assert data["@type"] == "MedicalWebPage"
    assert data["lastReviewed"] == "2026-11-24"
    assert data["reviewedBy"]["name"] == "Dr Clinician"
    assert data["version"] == "2"
    assert data["url"] == f"https://clinic.example{URL}"


def test_machines_are_told_the_day_of_the_clinic_and_not_of_utc(client: Client, at: Any) -> None:
    """Half past midnight of 2 July in London is still 1 July in UTC."""
    night = datetime.fromisoformat("2026-07-01T23:30:00+00:00")
    at(night)
    version("A thing", now=night)
    page = content(client, URL)
    assert "<dd>2 July 2026</dd>" in page
    assert structured(page)["lastReviewed"] == structured(page)["dateModified"] == "2026-07-02"
    assert "<lastmod>2026-07-02</lastmod>" in content(client, "/sitemap.xml")


def test_without_a_signature_there_is_no_structured_data(
    two: list[Revision], client: Client, at: Any, monday: datetime
) -> None:
    at(monday + timedelta(days=800))
    answer = client.get(URL)
    assert answer.status_code == 410
    assert b"ld+json" not in answer.content


def test_canonical_and_open_graph_use_the_address_of_the_site(
    two: list[Revision], client: Client
) -> None:
    page = content(client, URL)
    assert f'<link rel="canonical" href="https://clinic.example{URL}">' in page
    assert f'<meta property="og:url" content="https://clinic.example{URL}">' in page
    assert '<meta property="og:title" content="A thing">' in page


def test_the_feed_tells_of_changed_advice_and_not_of_wording(
    two: list[Revision], client: Client, monday: datetime
) -> None:
    draft = factories.revision(
        text=factories.document(title="Reworded"), now=monday + timedelta(days=2)
    )
    publishing.save_draft(
        draft,
        version=draft.version,
        document=draft.document,
        change_class="wording",
        note="Shorter.",
        by=factories.staff("Editor"),
        now=monday,
    )
    factories.brought_to(RevisionStatus.PUBLISHED, draft, now=monday + timedelta(days=2))
    feed = ET.fromstring(client.get("/changes.atom").content)
    atom = "{http://www.w3.org/2005/Atom}"
    titles = [entry.findtext(f"{atom}title") for entry in feed.iter(f"{atom}entry")]
    assert titles == ["A thing, version 2", "A thing, version 1"]


def test_the_feed_says_nothing_of_a_closed_page(
    two: list[Revision], client: Client, at: Any, monday: datetime
) -> None:
    at(monday + timedelta(days=800))
    assert b"<entry>" not in client.get("/changes.atom").content


def test_the_history_and_the_feed_say_when_it_was_taken_down_and_open_again(
    two: list[Revision], client: Client, monday: datetime
) -> None:
    """With the same words for each page, and nothing of the text that may have done harm."""
    live, by = two[-1], factories.clinician().login
    assert by is not None
    later = monday + timedelta(days=2)
    publishing.suspend(live, version=live.version, by=by, reason="Canary", now=later)

    def told() -> tuple[list[str], list[str]]:
        feed = ET.fromstring(client.get("/changes.atom").content)
        atom = "{http://www.w3.org/2005/Atom}"
        entries = list(feed.iter(f"{atom}entry"))
        for entry in entries:
            link = entry.find(f"{atom}link")
            assert link is not None
            place = str(link.get("href")).partition("#")[2]
            assert f'id="{place}"' in content(client, f"{URL}history/")
        page = " ".join(content(client, f"{URL}history/").split())
        said = re.findall(r'id="event-\d+">(.+?), on <time', page)
        return [str(each.findtext(f"{atom}summary")) for each in entries], said

    harm = "Taken down, because it could have caused harm"
    assert told() == ([harm], [f"{harm} (version 2)"])
    assert "Canary" not in content(client, f"{URL}history/")
    version("Another thing", now=monday + timedelta(days=3))
    summaries, said = told()
    assert summaries == ["New.", "Checked, and open again", harm, "New."]
    assert said == ["Checked, and open again (version 3)", f"{harm} (version 2)"]
    # Without its seal, nobody believes it.
    PageEvent.objects.filter(kind="suspended").update(seal="0" * 64)
    assert told()[1] == ["Checked, and open again (version 3)"]


def test_the_map_of_the_site_has_real_days(two: list[Revision], client: Client) -> None:
    root = ET.fromstring(client.get("/sitemap.xml").content)
    space = "{http://www.sitemaps.org/schemas/sitemap/0.9}"
    days = {url.findtext(f"{space}loc"): url.findtext(f"{space}lastmod") for url in root}
    assert days[f"https://clinic.example{URL}"] == "2026-11-24"
    assert days["https://clinic.example/clinicians/clinician/"] is None
    for address in days:
        assert client.get(str(address).removeprefix("https://clinic.example")).status_code == 200


def test_crawlers_are_kept_from_what_is_private(client: Client) -> None:
    lines = client.get("/robots.txt").content.decode().splitlines()
    assert {"Disallow: /admin/", "Disallow: /appointments/", "Disallow: /search/"} <= set(lines)
    assert "Sitemap: https://clinic.example/sitemap.xml" in lines
    rules = RobotFileParser()
    rules.parse(lines)
    open_to_all = {
        path: rules.can_fetch("*", f"https://clinic.example{path}")
        for path in ("/", "/procedures/a-thing/", "/appointments/request/", "/appointments/mine/x/")
    }
    assert open_to_all == {
        "/": True,
        "/procedures/a-thing/": True,
        "/appointments/request/": True,
        "/appointments/mine/x/": False,
    }
    assert rules.site_maps() == ["https://clinic.example/sitemap.xml"]


# --- Differences ------------------------------------------------------------------------------


def test_passages_are_what_a_reader_reads() -> None:
    fragment = (
        "<h1>A &amp; B</h1>\n<!-- review line and contents -->\n<p>One<sup><a>1</a></sup> two.</p>"
        "<ul>\n<li>Three</li>\n<li>Four\n<ul><li>Five</li></ul></li></ul>"
        '<table><tr><td>Six<svg><path d="M1"></path></svg></td><td>Seven</td></tr></table>'
    )
    assert passages(fragment) == [
        "A & B",
        "One two.",
        "Three",
        "Four",
        "Five",
        "Six",
        "Seven",
    ]


def test_the_same_text_has_no_difference() -> None:
    assert compare("<p>One.</p>", "<p>One.</p>") == []


@pytest.mark.parametrize(
    ("older", "newer", "pieces"),
    [
        ("<p>A.</p>", "<p>A.</p><p>B.</p>", [[(Kind.ADDED, "B.")]]),
        ("<p>A.</p><p>B.</p>", "<p>A.</p>", [[(Kind.REMOVED, "B.")]]),
        (
            "<p>Wait for two days now.</p>",
            "<p>Wait for ten days now.</p>",
            [
                [
                    (Kind.SAME, "Wait for"),
                    (Kind.REMOVED, " two"),
                    (Kind.ADDED, " ten"),
                    (Kind.SAME, " days now."),
                ]
            ],
        ),
        (
            "<p>Rest the arm.</p>",
            "<p>Call someone at once.</p>",
            [[(Kind.REMOVED, "Rest the arm."), (Kind.ADDED, "Call someone at once.")]],
        ),
    ],
)
def test_what_was_added_and_removed(older: str, newer: str, pieces: Any) -> None:
    assert compare(older, newer) == pieces


def test_for_staff_a_changed_address_citation_or_picture_is_a_difference() -> None:
    older = '<p>Ring <a href="tel:1">us</a>.<sup class="x"><a href="#source-1">1</a></sup></p>'
    newer = '<p>Ring <a href="tel:2">us</a>.</p>'
    assert compare(older, newer) == []
    pieces = "".join(piece.words for piece in compare(older, newer, addresses=True)[0])
    assert "[tel:1]" in pieces
    assert "[tel:2]" in pieces
    assert "[source 1]" in pieces
    picture = '<img src="/figures/{}.svg" alt="A probe" width="4" height="3">'
    assert compare(picture.format("a"), picture.format("b"), addresses=True) != []


def test_a_long_paragraph_is_compared_quickly() -> None:
    older, newer = ("<p>" + f"{word} " * 15_000 + "</p>" for word in ("one", "two"))
    assert [piece.kind for piece in compare(older, newer)[0]] == [Kind.REMOVED, Kind.ADDED]


def test_nothing_is_lost_between_the_pieces() -> None:
    older = "<p>One two three four.</p><p>Gone.</p><li>Five six seven.</li>"
    newer = "<p>One too three four.</p><li>Five six eight nine.</li><p>Came.</p>"
    for pieces in compare(older, newer):
        old = "".join(words for kind, words in pieces if kind != Kind.ADDED).strip()
        new = "".join(words for kind, words in pieces if kind != Kind.REMOVED).strip()
        assert not old or old in passages(older)
        assert not new or new in passages(newer)
