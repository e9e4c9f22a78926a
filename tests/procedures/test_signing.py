"""A clinician's signature: given, renewed, revoked. And the clinic with one doctor."""

from datetime import date, datetime, timedelta
from functools import partial
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client

from procedures import publishing
from procedures.models import CHECKLIST, Clinician, Revision, SignOff
from procedures.status import PublishingRefused, RevisionStatus
from tests import factories
from tests.races import losses, race, winners

pytestmark = pytest.mark.django_db
URL = "/procedures/a-thing/"


def re_affirm(revision: Revision, now: datetime, by: User | None = None, **changes: Any) -> SignOff:
    signer = by or factories.clinician().login
    assert signer is not None
    seen = {"version": revision.version, "fragment_hash": revision.fragment_hash, **changes}
    return publishing.re_affirm(revision, by=signer, now=now, **seen)


def revoke(revision: Revision, now: datetime, **changes: Any) -> Revision:
    said = {"version": revision.version, "reason": "Doubts.", **changes}
    return publishing.revoke(revision, by=factories.staff("Manager"), now=now, **said)


def checked_until(day: date) -> None:
    Clinician.objects.update(verified_until=day)


# --- Renewed ----------------------------------------------------------------------------------


def test_signing_anew_moves_the_dates_and_not_the_bytes(
    published: Revision, client: Client, at: Any, monday: datetime
) -> None:
    bytes_before = published.fragment
    later = monday + timedelta(days=800)
    at(later)
    checked_until(later.date())
    assert client.get(URL).status_code == 410
    signed = re_affirm(published, later)
    content = client.get(URL).content.decode()
    assert bytes_before.split("-->\n")[1].split("<!--")[0] in content
    assert signed.fragment_hash == SignOff.objects.order_by("signed_at")[0].fragment_hash
    assert signed.review_due == date(2031, 1, 31)
    assert "31 January 2031" in content
    published.refresh_from_db()
    assert published.fragment == bytes_before
    assert published.status == RevisionStatus.PUBLISHED
    assert [event.kind for event in published.events.order_by("pk")][-1] == "re-affirmed"
    history = client.get(f"{URL}history/").content.decode()
    assert "Read again and signed by Dr Clinician" in history


@pytest.mark.parametrize(
    "status",
    [s for s in RevisionStatus if s not in {RevisionStatus.SIGNED, RevisionStatus.PUBLISHED}],
)
def test_only_a_signed_or_published_text_is_signed_anew(
    status: RevisionStatus, monday: datetime
) -> None:
    revision = factories.revision(status, now=monday)
    count = SignOff.objects.count()
    with pytest.raises(PublishingRefused):
        re_affirm(revision, monday)
    with pytest.raises(PublishingRefused):
        revoke(revision, monday)
    assert SignOff.objects.count() == count
    assert not SignOff.objects.filter(revoked_at__isnull=False).exists()


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"fragment_hash": "0" * 64}, "has changed since you opened it"),
        ({"checklist": CHECKLIST[:-1]}, "Tick every item"),
        ({"version": 1}, "no longer possible"),
    ],
)
def test_signing_anew_is_as_careful_as_signing(
    change: dict[str, Any], sentence: str, published: Revision, monday: datetime
) -> None:
    with pytest.raises(PublishingRefused, match=sentence):
        re_affirm(published, monday, **change)
    assert SignOff.objects.count() == 1


def test_an_author_or_a_lapsed_reviewer_does_not_sign_anew(monday: datetime) -> None:
    author = factories.clinician("author").login
    assert author is not None
    published = factories.revision(now=monday)
    publishing.save_draft(
        published,
        version=published.version,
        document=published.document,
        change_class=published.change_class,
        note=published.note,
        by=author,
        now=monday,
    )
    factories.brought_to(RevisionStatus.PUBLISHED, published, now=monday)
    with pytest.raises(PublishingRefused, match="You wrote part of this text"):
        re_affirm(published, monday, by=author)
    checked_until((monday - timedelta(days=1)).date())
    with pytest.raises(PublishingRefused, match="registration was checked"):
        re_affirm(published, monday)


# --- Taken back -------------------------------------------------------------------------------


def test_revoking_closes_a_page_and_names_who_and_why(
    published: Revision, client: Client, monday: datetime
) -> None:
    assert client.get(URL).status_code == 200
    revoke(published, monday)
    assert client.get(URL).status_code == 410
    signed = SignOff.objects.get()
    assert (signed.revoked_at, signed.revocation_reason) == (monday, "Doubts.")
    assert signed.revoked_by == factories.staff("Manager")


def test_every_signature_of_the_text_is_taken_back(
    published: Revision, client: Client, monday: datetime
) -> None:
    re_affirm(published, monday + timedelta(days=1))
    revoke(published, monday + timedelta(days=2))
    assert not SignOff.objects.filter(revoked_at=None).exists()
    assert client.get(URL).status_code == 410


def test_what_was_revoked_can_be_signed_anew(
    published: Revision, client: Client, monday: datetime
) -> None:
    revoke(published, monday)
    with pytest.raises(PublishingRefused, match="no signature"):
        revoke(published, monday)
    re_affirm(published, monday + timedelta(hours=1))
    assert client.get(URL).status_code == 200


def test_a_revoked_text_is_not_published(monday: datetime) -> None:
    signed = factories.revision(RevisionStatus.SIGNED, now=monday)
    revoke(signed, monday)
    with pytest.raises(PublishingRefused, match="no valid signature"):
        publishing.publish(
            signed, version=signed.version, by=factories.staff("Publisher"), now=monday
        )


def test_a_revocation_of_an_old_screen_is_refused(published: Revision, monday: datetime) -> None:
    with pytest.raises(PublishingRefused, match="no longer possible"):
        revoke(published, monday, version=1)
    assert SignOff.objects.get().revoked_at is None


@pytest.mark.django_db(transaction=True)
def test_of_those_who_revoke_and_sign_anew_at_once_one_wins(monday: datetime) -> None:
    published = factories.revision(RevisionStatus.PUBLISHED, now=monday)
    copies = [Revision.objects.get(pk=published.pk) for _ in range(4)]
    acts = [
        lambda seen=seen, act=act: act(seen, monday + timedelta(hours=1))
        for seen, act in zip(copies, (revoke, re_affirm) * 2, strict=True)
    ]
    outcomes = race(acts)
    assert len(winners(outcomes)) == 1
    assert losses(outcomes) == {PublishingRefused}
    standing = SignOff.objects.filter(revoked_at=None).count()
    assert standing == (2 if isinstance(winners(outcomes)[0], SignOff) else 0)


# --- A clinic of one doctor -------------------------------------------------------------------


def own_text(now: datetime) -> Revision:
    """A text that the only clinician wrote."""
    login = factories.clinician().login
    assert login is not None
    factories.source()
    made = publishing.start_draft(
        factories.page(), document=factories.document(), by=login, now=now, note="New."
    )
    return publishing.submit_for_review(
        made, version=made.version, by=login, now=now, answers=factories.REASONS
    )


def test_own_work_is_signed_only_where_the_clinic_allows_it_and_the_page_says_so(
    client: Client, settings: Any, monday: datetime
) -> None:
    revision = own_text(monday)
    login = factories.clinician().login
    assert login is not None
    shown = revision.fragment_hash
    sign_off = partial(publishing.sign_off, fragment_hash=shown, by=login, now=monday)
    with pytest.raises(PublishingRefused, match="You wrote part of this text"):
        sign_off(revision, version=revision.version)
    settings.SELF_REVIEW_ALLOWED = True
    signed = sign_off(revision, version=revision.version)
    assert signed.own_work
    publishing.publish(
        revision, version=revision.version, by=factories.staff("Publisher"), now=monday
    )
    sentence = "The clinician who signed this page also wrote it."
    for path in ("", "leaflet/"):
        assert sentence in client.get(URL + path).content.decode()


def test_a_page_of_two_people_says_nothing_of_the_kind(published: Revision, client: Client) -> None:
    assert not SignOff.objects.get().own_work
    assert "also wrote it" not in client.get(URL).content.decode()


# --- Registration -----------------------------------------------------------------------------


def test_a_lapsed_check_flags_the_page_and_blocks_new_signatures(
    published: Revision, client: Client, at: Any, monday: datetime
) -> None:
    sentence = "Our check of this person’s registration is overdue."
    assert sentence not in client.get(URL).content.decode()
    at(monday + timedelta(days=366))
    assert sentence in client.get(URL).content.decode()
    assert "so they cannot sign new pages" in client.get("/clinicians/clinician/").content.decode()


def test_interests_of_the_signer_stand_on_the_page_as_they_were(
    client: Client, monday: datetime
) -> None:
    factories.clinician(interests="Teaches for a maker of scanners.")
    factories.revision(RevisionStatus.PUBLISHED, now=monday)
    Clinician.objects.update(interests="None.")
    assert "Teaches for a maker of scanners." in client.get(URL).content.decode()
