"""Promise 1: what a patient reads is, byte for byte, what a clinician signed, or nothing."""

import hashlib
from datetime import datetime, timedelta
from functools import partial
from typing import Any

import pytest
from django.db import DatabaseError, connection, transaction
from django.test import Client

from procedures import publishing
from procedures.desk import revisions
from procedures.models import Clinician, Revision, SignOff
from procedures.publishing import drafting
from procedures.reading.publication import Closed, Publication, look_up, open_pages
from procedures.status import PublishingRefused, ReviewState, RevisionStatus
from procedures.texts.rendering import CLOSING_SEAM, SEAM
from tests import factories
from tests.races import losses, race, winners

pytestmark = pytest.mark.django_db
URL = "/procedures/a-thing/"


def test_the_signed_bytes_are_served_verbatim(published: Revision, client: Client) -> None:
    content = client.get(URL).content.decode()
    head, text = published.fragment.split(f"{SEAM}\n")
    assert head in content
    assert text.split(CLOSING_SEAM)[0] in content
    assert hashlib.sha256(f"{head}{SEAM}\n{text}".encode()).hexdigest() == (
        SignOff.objects.get().fragment_hash
    )


def test_a_newer_draft_or_a_changed_source_changes_nothing(
    published: Revision, client: Client
) -> None:
    before = client.get(URL).content
    factories.revision(text=factories.document(title="Unsigned"))
    factories.revision(RevisionStatus.IN_REVIEW)
    factories.revision(RevisionStatus.SIGNED)
    source = factories.source()
    source.title = "Another title"
    source.save()
    assert client.get(URL).content == before


def sql(statement: str, *values: Any) -> None:
    with connection.cursor() as cursor:
        cursor.execute(statement, values)


@pytest.mark.parametrize(
    ("statement", "values"),
    [
        ("UPDATE procedures_revision SET fragment = fragment || %s", (" ",)),
        ("UPDATE procedures_revision SET document = document || %s", (" ",)),
        (
            "UPDATE procedures_revision SET fragment = %s, fragment_hash = %s",
            ("<p>New</p>", hashlib.sha256(b"<p>New</p>").hexdigest()),
        ),
        ("UPDATE procedures_revision SET note = %s", ("Smuggled",)),
        ("UPDATE procedures_revision SET change_class = %s", ("wording",)),
    ],
)
def test_a_raw_change_of_what_is_stored_closes_the_page(
    statement: str, values: tuple[str, ...], published: Revision, client: Client
) -> None:
    assert client.get(URL).status_code == 200
    sql(statement, *values)
    answer = client.get(URL)
    assert answer.status_code == 410
    assert "New" not in answer.content.decode()


def test_a_page_without_a_signature_closes(published: Revision, client: Client) -> None:
    SignOff.objects.update(revoked_at=published.published_at, revoked_by=published.published_by)
    assert client.get(URL).status_code == 410
    assert published.title not in client.get("/procedures/").content.decode()


@pytest.mark.parametrize(
    ("days", "state"),
    [
        (0, ReviewState.CURRENT),
        (669, ReviewState.CURRENT),
        (670, ReviewState.DUE_SOON),
        (729, ReviewState.DUE_SOON),
        (730, ReviewState.OVERDUE),
        (789, ReviewState.OVERDUE),
        (790, ReviewState.CLOSED),
    ],
)
def test_a_page_ages_by_its_dates_alone(
    days: int, state: ReviewState, published: Revision, monday: datetime
) -> None:
    day = (monday + timedelta(days=days)).date()
    found = look_up(published.page, day)
    if state == ReviewState.CLOSED:
        assert isinstance(found, Closed)
    else:
        assert isinstance(found, Publication)
        assert found.state == state
    assert bool(open_pages(day)) == isinstance(found, Publication)


def test_an_overdue_page_says_so_with_the_phone_number(
    published: Revision, client: Client, at: Any, monday: datetime
) -> None:
    assert "overdue" not in client.get(URL).content.decode()
    at(monday + timedelta(days=731))
    content = client.get(URL).content.decode()
    assert "The review of this page is overdue" in content
    assert "020 7946 0958" in content


def test_a_closed_page_keeps_its_address_and_the_urgent_help(
    published: Revision, client: Client, at: Any, monday: datetime
) -> None:
    at(monday + timedelta(days=800))
    answer = client.get(URL)
    content = answer.content.decode()
    assert answer.status_code == 410
    assert content.index("Call 999 or go to A&amp;E now if:") < content.index("or call 111 if:")
    assert "It is a thing." not in content
    assert answer.headers["Cache-Control"] == "no-store"


@pytest.mark.parametrize("status", [RevisionStatus.SUSPENDED, RevisionStatus.WITHDRAWN])
def test_a_suspended_or_withdrawn_page_is_gone(
    status: RevisionStatus, client: Client, monday: datetime
) -> None:
    factories.revision(status, now=monday)
    assert client.get(URL).status_code == 410


def test_a_withdrawn_page_leads_to_the_open_pages_that_took_its_place(
    client: Client, monday: datetime
) -> None:
    old = factories.revision(RevisionStatus.WITHDRAWN, now=monday).page
    for slug, status in (("new", RevisionStatus.PUBLISHED), ("later", RevisionStatus.DRAFT)):
        page = factories.page(slug)
        text = factories.document(title=f"The {slug} page")
        factories.revision(status, of=page, text=text, now=monday)
        old.related.add(page)
    content = client.get(URL).content.decode()
    assert '<a href="/procedures/new/">The new page</a>' in content
    assert "/procedures/later/" not in content


@pytest.mark.parametrize(
    "status", [RevisionStatus.DRAFT, RevisionStatus.IN_REVIEW, RevisionStatus.SIGNED]
)
def test_a_page_that_never_was_public_is_not_found(
    status: RevisionStatus, client: Client, monday: datetime
) -> None:
    factories.revision(status, now=monday)
    assert client.get(URL).status_code == 404


def test_names_and_dates_on_the_page_come_from_the_signature(
    published: Revision, client: Client
) -> None:
    Clinician.objects.update(name="Dr Renamed")
    content = client.get(URL).content.decode()
    assert "Dr Clinician" in content
    assert "Dr Renamed" not in content
    assert "23 November 2026" in content
    assert "22 November 2028" in content


@pytest.mark.parametrize(
    "change",
    [
        "SET signer_name = 'Dr Forged'",
        "SET fragment_hash = ''",
        "SET closing_day = '2099-01-01'",
        "SET revoked_at = '2026-11-23', revoked_by_id = signed_by_id, signer_name = 'Dr Forged'",
    ],
)
def test_the_database_refuses_to_change_a_signature(change: str, published: Revision) -> None:
    with pytest.raises(DatabaseError, match="append-only"), transaction.atomic():
        sql(f"UPDATE procedures_signoff {change}")
    with pytest.raises(DatabaseError, match="append-only"), transaction.atomic():
        sql("DELETE FROM procedures_signoff")


def test_a_revocation_stays(published: Revision, monday: datetime) -> None:
    manager = factories.staff("Manager")
    publishing.revoke(published, version=published.version, by=manager, reason="Wrong.", now=monday)
    with pytest.raises(DatabaseError, match="append-only"), transaction.atomic():
        sql("UPDATE procedures_signoff SET revoked_at = NULL, revoked_by_id = NULL")


@pytest.mark.parametrize("column", ["title", "standfirst", "note"])
def test_what_stands_beside_the_text_is_signed_too(
    column: str, published: Revision, client: Client
) -> None:
    sql(f"UPDATE procedures_revision SET {column} = %s", "Smuggled")
    for url in ("/", "/procedures/", URL):
        assert "Smuggled" not in client.get(url).content.decode()


def test_a_page_whose_bytes_fail_is_not_listed(published: Revision, client: Client) -> None:
    assert URL in client.get("/procedures/").content.decode()
    sql("UPDATE procedures_revision SET fragment = fragment || %s", " ")
    assert URL not in client.get("/procedures/").content.decode()


# --- The rest of the invariants ---------------------------------------------------------------


@pytest.mark.parametrize("status", [RevisionStatus.DRAFT, RevisionStatus.IN_REVIEW])
def test_a_status_that_was_set_by_hand_opens_nothing(
    status: RevisionStatus, client: Client, monday: datetime
) -> None:
    """Invariant 1: no signature, no page, however the status came about."""
    revision = factories.revision(status, now=monday)
    by = factories.staff("Publisher")
    Revision.objects.filter(pk=revision.pk).update(
        status=RevisionStatus.PUBLISHED,
        published_at=monday,
        published_by=by,
        fragment=revision.fragment or "<p>x</p>",
        fragment_hash=revision.fragment_hash or "0",
    )
    assert client.get(URL).status_code == 410
    for url in ("/", "/procedures/", "/search/?q=thing", "/a-z/", "/sitemap.xml", "/changes.atom"):
        assert URL not in client.get(url).content.decode()


def test_a_signature_never_carries_over_to_other_words(client: Client, monday: datetime) -> None:
    """Invariant 2: a text that is edited after it was returned has to be signed again."""
    revision = factories.revision(RevisionStatus.SIGNED, now=monday)
    text = factories.document(title="Other words")
    sql(
        "UPDATE procedures_revision SET document = %s, document_hash = %s",
        text,
        hashlib.sha256(text.encode()).hexdigest(),
    )
    revision.refresh_from_db()
    with pytest.raises(PublishingRefused, match="a signature is for another text"):
        publishing.publish(
            revision, version=revision.version, by=factories.staff("Publisher"), now=monday
        )


def test_a_new_renderer_changes_no_signed_bytes(
    published: Revision, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Invariant 6: only a new signature brings new bytes."""
    before = client.get(URL).content
    for room in (drafting, revisions):
        monkeypatch.setattr(room, "render", lambda *arguments: "<p>Other</p>")
    monkeypatch.setattr(drafting, "RENDERER_VERSION", 99)
    assert client.get(URL).content == before


def test_notices_phone_and_button_stand_outside_the_signed_bytes(
    published: Revision, client: Client, at: Any, monday: datetime
) -> None:
    """Invariant 7: our own words around the text make no medical claim and are not signed."""
    at(monday + timedelta(days=731))
    page = client.get(URL).content.decode()
    for ours in ("The review of this page is overdue", "020 7946 0958", "Request an appointment"):
        assert ours in page
        assert ours not in published.fragment


def test_a_step_that_is_committed_while_a_page_is_read_closes_nothing(
    published: Revision, client: Client, monday: datetime
) -> None:
    login = factories.clinician().login
    assert login is not None
    signed_anew: list[Revision] = []

    def sign_after_the_first_look(execute: Any, sql: str, *arguments: Any) -> Any:
        answer = execute(sql, *arguments)
        if 'FROM "procedures_signoff"' in sql and not signed_anew:
            signed_anew.append(published)
            publishing.re_affirm(
                published,
                version=published.version,
                fragment_hash=published.fragment_hash,
                by=login,
                now=monday + timedelta(hours=1),
            )
        return answer

    with connection.execute_wrapper(sign_after_the_first_look):
        assert client.get(URL).status_code == 200
    assert signed_anew


@pytest.mark.django_db(transaction=True)
def test_two_who_publish_at_once_publish_once(monday: datetime) -> None:
    first = factories.revision(RevisionStatus.SIGNED, now=monday)
    second = factories.revision(RevisionStatus.SIGNED, now=monday)
    publisher = factories.staff("Publisher")
    outcomes = race(
        [
            partial(publishing.publish, seen, version=seen.version, by=publisher, now=monday)
            for seen in (first, Revision.objects.get(pk=first.pk), second)
        ]
    )
    assert losses(outcomes) <= {PublishingRefused}
    assert winners(outcomes)
    assert Revision.objects.filter(status=RevisionStatus.PUBLISHED).count() == 1
    (live,) = open_pages(monday.date())
    assert first.events.filter(kind="published").count() <= 1
    assert live.sign_off.covers(live.revision)
