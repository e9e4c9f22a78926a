"""A signature counts only with its sealed event: what is forged in the database closes the page.

The forgers here can write every table and know all the code. They lack the sealing key.
"""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.test import Client

from procedures import publishing
from procedures.models import InformationPage, PageEvent, Revision, SignOff, sha256
from procedures.reading import statements
from procedures.status import EVENTS, PublishingRefused, RevisionStatus
from tests import factories
from tests.verifying import faults, verify

pytestmark = pytest.mark.django_db
URL = "/procedures/a-thing/"
FORGED = "FORGED: take double the dose"
LISTS = ("/", "/procedures/", "/a-z/", "/search/?q=thing", "/sitemap.xml", "/changes.atom")


# --- What a forger can write ------------------------------------------------------------------


def copy(record: Any, **changes: Any) -> Any:
    """A new row with the values of this one."""
    fields = [field.attname for field in record._meta.concrete_fields if not field.primary_key]
    columns = {name: getattr(record, name) for name in fields} | changes
    return type(record).objects.create(**columns)


def forged_text(live: Revision) -> Revision:
    """Insert a new revision with matching hashes in the place of the live one."""
    document = live.document.replace("Some words about it.", FORGED)
    fragment = live.fragment.replace("Some words about it.", FORGED)
    Revision.objects.filter(pk=live.pk).update(status=RevisionStatus.SUPERSEDED)
    forged: Revision = copy(
        live,
        number=live.number + 1,
        document=document,
        document_hash=sha256(document),
        fragment=fragment,
        fragment_hash=sha256(fragment),
        title=FORGED,
        note=FORGED,
    )
    return forged


def forged_signature(revision: Revision, **changes: Any) -> SignOff:
    """Move the signature of another text to this one."""
    columns = ("document_hash", "fragment_hash", "note", "change_class")
    fitting = {name: getattr(revision, name) for name in columns}
    signed: SignOff = copy(
        SignOff.objects.order_by("pk")[0], revision_id=revision.pk, **fitting | changes
    )
    return signed


def forged_event(revision: Revision, kind: str, signed: SignOff, key: str) -> PageEvent:
    """Insert an event whose chain is right.

    Its seal is the best that a forger without the key can make.
    """
    newest = PageEvent.objects.order_by("-number")[0]
    event = PageEvent(
        number=newest.number + 1,
        page=revision.page,
        revision=revision,
        kind=kind,
        at=signed.signed_at,
        by=signed.signed_by,
    )
    event.statement = statements.compose(
        event,
        previous=sha256(newest.statement),
        text=statements.text_of(revision),
        sign_off=signed if kind == "signed" else None,
    )
    event.seal = statements._seal(event.statement, key)
    event.save()
    return event


def text_and_signature(live: Revision) -> None:
    forged_signature(forged_text(live))


def with_events(live: Revision) -> None:
    """Forge everything, the chain included: only the key is missing."""
    revision = forged_text(live)
    signed = forged_signature(revision)
    for kind in EVENTS.values():
        if kind in {"suspended", "superseded", "withdrawn"}:
            continue
        forged_event(revision, kind, signed, key="a guess")


def with_seals_of_others(live: Revision) -> None:
    """Use the genuine events of the live text for the forged one."""
    revision = forged_text(live)
    forged_signature(revision)
    for event in list(PageEvent.objects.order_by("number")):
        newest = PageEvent.objects.order_by("-number")[0].number
        copy(event, revision_id=revision.pk, number=newest + 1)


def signature_alone(live: Revision) -> None:
    forged_signature(live, signed_at=SignOff.objects.get().signed_at + timedelta(hours=1))


def signature_of_somebody_else(live: Revision) -> None:
    forged_signature(live, signer_name="Dr Nobody")


def signature_that_lasts_longer(live: Revision) -> None:
    later = SignOff.objects.get().closing_day + timedelta(days=3650)
    forged_signature(live, review_due=later, closing_day=later)


def signature_twice(live: Revision) -> None:
    copy(SignOff.objects.get())


def text_in_place(live: Revision) -> None:
    """Give the live row itself another text, and a signature for it."""
    fragment = live.fragment.replace("Some words about it.", FORGED)
    Revision.objects.filter(pk=live.pk).update(fragment=fragment, fragment_hash=sha256(fragment))
    live.refresh_from_db()
    forged_signature(live)


def another_day_of_publication(live: Revision) -> None:
    Revision.objects.filter(pk=live.pk).update(published_at=live.written_at + timedelta(days=9))


def another_address(live: Revision) -> None:
    """Put the text of one page at the address of another."""
    other = factories.revision(
        RevisionStatus.PUBLISHED, of=factories.page("another"), now=live.written_at
    )
    InformationPage.objects.filter(pk=live.page.pk).update(slug="gone")
    InformationPage.objects.filter(pk=other.page.pk).update(slug="a-thing")


def another_page(live: Revision) -> None:
    """Move the revision of another page to this one."""
    other = factories.revision(
        RevisionStatus.PUBLISHED, of=factories.page("another"), now=live.written_at
    )
    Revision.objects.filter(pk=live.pk).update(status=RevisionStatus.SUPERSEDED)
    Revision.objects.filter(pk=other.pk).update(page=live.page, number=2)


def a_stray_event(live: Revision) -> None:
    copy(PageEvent.objects.order_by("-number")[0], number=99)


FORGERIES = [
    text_and_signature,
    with_events,
    with_seals_of_others,
    signature_alone,
    signature_of_somebody_else,
    signature_that_lasts_longer,
    signature_twice,
    text_in_place,
    another_day_of_publication,
    another_address,
    another_page,
    a_stray_event,
]


@pytest.mark.parametrize("forge", FORGERIES)
def test_what_is_forged_in_the_database_closes_the_page(
    forge: Callable[[Revision], None], published: Revision, client: Client
) -> None:
    assert client.get(URL).status_code == 200
    assert "whole" in verify()
    forge(published)
    answer = client.get(URL)
    assert answer.status_code == 410
    assert "FORGED" not in answer.content.decode()
    assert "a-thing: version" in faults()


@pytest.mark.parametrize("forge", FORGERIES)
def test_no_list_and_no_proof_repeats_a_forgery(
    forge: Callable[[Revision], None], published: Revision, client: Client
) -> None:
    forge(published)
    for path in LISTS:
        content = client.get(path).content.decode()
        assert URL not in content
        assert "FORGED" not in content
    for path in ("history/", "verify/", "version/1/", "version/2/", "leaflet/"):
        content = client.get(URL + path).content.decode()
        assert "FORGED" not in content
        assert "Nobody" not in content
    for number in (1, 2):
        assert client.get(f"{URL}verify/version-{number}.txt").status_code == 404


def test_a_forged_page_that_never_was_public_has_no_history(
    client: Client, monday: datetime
) -> None:
    draft = factories.revision(RevisionStatus.IN_REVIEW, now=monday)
    by = factories.staff("Publisher")
    Revision.objects.filter(pk=draft.pk).update(
        status=RevisionStatus.PUBLISHED, published_at=monday, published_by=by
    )
    assert client.get(URL).status_code == 410
    assert client.get(f"{URL}history/").status_code == 404


@pytest.mark.parametrize(
    "status", [RevisionStatus.SUSPENDED, RevisionStatus.WITHDRAWN, RevisionStatus.SUPERSEDED]
)
def test_a_text_that_was_taken_away_does_not_come_back_by_its_status(
    status: RevisionStatus, client: Client, monday: datetime
) -> None:
    """Its signature is genuine; the history says that patients may not read it."""
    revision = factories.revision(status, now=monday)
    Revision.objects.filter(status=RevisionStatus.PUBLISHED).update(
        status=RevisionStatus.SUPERSEDED
    )
    Revision.objects.filter(pk=revision.pk).update(status=RevisionStatus.PUBLISHED)
    assert client.get(URL).status_code == 410
    assert f"its status is “published”, but its events say “{status}”" in faults()


def test_a_signature_that_was_taken_back_does_not_come_back_as_a_copy(
    published: Revision, client: Client, monday: datetime
) -> None:
    manager = factories.staff("Manager")
    publishing.revoke(published, version=published.version, by=manager, reason="x", now=monday)
    assert "whole" in verify()
    copy(SignOff.objects.get(), revoked_at=None, revoked_by_id=None, revocation_reason="")
    assert client.get(URL).status_code == 410
    assert "the signature of Dr Clinician has no event" in faults()


@pytest.mark.parametrize("status", RevisionStatus)
def test_a_status_that_no_event_tells_of_is_a_fault(
    status: RevisionStatus, monday: datetime
) -> None:
    revision = factories.revision(RevisionStatus.SUSPENDED, now=monday)
    Revision.objects.filter(pk=revision.pk).update(status=status)
    if status == RevisionStatus.SUSPENDED:
        verify()
    else:
        assert f"its status is “{status}”, but its events say “suspended”" in faults()


def test_a_revocation_that_no_event_tells_of_is_a_fault(
    published: Revision, monday: datetime
) -> None:
    SignOff.objects.update(revoked_at=monday, revoked_by=published.published_by)
    assert "the revocation of Dr Clinician's signature does not match its events" in faults()


# --- Nobody vouches in good faith for what was slipped in ---------------------------------------


def test_a_text_without_history_is_neither_signed_nor_published(monday: datetime) -> None:
    revision = factories.revision(RevisionStatus.IN_REVIEW, now=monday)
    slipped_in = copy(revision, number=2)
    login = factories.clinician().login
    assert login is not None
    with pytest.raises(PublishingRefused, match="it has no history"):
        publishing.sign_off(
            slipped_in,
            version=slipped_in.version,
            fragment_hash=slipped_in.fragment_hash,
            by=login,
            now=monday,
        )


def test_a_signature_without_history_does_not_publish(monday: datetime) -> None:
    factories.revision(RevisionStatus.SIGNED, of=factories.page("another"), now=monday)
    revision = factories.revision(RevisionStatus.IN_REVIEW, now=monday)
    forged_signature(revision)
    Revision.objects.filter(pk=revision.pk).update(status=RevisionStatus.SIGNED)
    revision.refresh_from_db()
    with pytest.raises(PublishingRefused, match="no longer matches its history"):
        publishing.publish(
            revision, version=revision.version, by=factories.staff("Publisher"), now=monday
        )


def test_a_page_that_was_forged_can_be_closed_and_replaced(
    published: Revision, client: Client, monday: datetime
) -> None:
    with_events(published)
    forged = Revision.objects.get(status=RevisionStatus.PUBLISHED)
    by = factories.staff("Publisher")
    publishing.suspend(forged, version=forged.version, by=by, reason="Forged.", now=monday)
    factories.revision(RevisionStatus.PUBLISHED, of=published.page, now=monday)
    answer = client.get(URL)
    assert answer.status_code == 200
    assert "FORGED" not in answer.content.decode()
