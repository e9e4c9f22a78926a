"""The life of a revision: each step, each refusal."""

from collections.abc import Callable
from datetime import date, datetime, timedelta
from functools import partial
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import IntegrityError, transaction

from procedures import publishing
from procedures.models import Clinician, PageEvent, Revision, SignOff, Source, sha256
from procedures.publishing import releasing
from procedures.status import TRANSITIONS, Category, PublishingRefused, RevisionStatus
from procedures.texts.rendering import DocumentError
from tests import factories
from tests.conftest import changes_allowed
from tests.races import having_met, losses, race

pytestmark = pytest.mark.django_db

Step = Callable[[Revision, datetime], Any]


def sign(revision: Revision, now: datetime, by: User | None = None, **changes: Any) -> SignOff:
    signer = by or factories.clinician().login
    assert signer is not None
    seen = {"version": revision.version, "fragment_hash": revision.fragment_hash, **changes}
    return publishing.sign_off(revision, by=signer, now=now, **seen)


STEPS: dict[str, tuple[RevisionStatus, Step]] = {
    "submit": (
        RevisionStatus.IN_REVIEW,
        lambda r, now: publishing.submit_for_review(
            r,
            version=r.version,
            by=factories.staff("Editor"),
            now=now,
            answers=factories.REASONS,
        ),
    ),
    "return": (
        RevisionStatus.DRAFT,
        lambda r, now: publishing.return_to_author(
            r, version=r.version, by=factories.staff("Clinician"), reason="Unclear.", now=now
        ),
    ),
    "sign": (RevisionStatus.SIGNED, sign),
    "publish": (
        RevisionStatus.PUBLISHED,
        lambda r, now: publishing.publish(
            r, version=r.version, by=factories.staff("Publisher"), now=now
        ),
    ),
    "suspend": (
        RevisionStatus.SUSPENDED,
        lambda r, now: publishing.suspend(
            r, version=r.version, by=factories.staff("Clinician"), reason="Harm.", now=now
        ),
    ),
    "withdraw": (
        RevisionStatus.WITHDRAWN,
        lambda r, now: publishing.withdraw(
            r, version=r.version, by=factories.staff("Publisher"), reason="Gone.", now=now
        ),
    ),
}


@pytest.mark.parametrize("status", RevisionStatus)
@pytest.mark.parametrize("step", STEPS)
def test_every_step_from_every_status(step: str, status: RevisionStatus, monday: datetime) -> None:
    target, act = STEPS[step]
    revision = factories.revision(status, now=monday)
    events, version = revision.events.count(), revision.version
    if target in TRANSITIONS[status]:
        act(revision, monday)
        revision.refresh_from_db()
        assert (revision.status, revision.version) == (target, version + 1)
        assert revision.events.count() == events + 1
        return
    with pytest.raises(PublishingRefused):
        act(revision, monday)
    revision.refresh_from_db()
    assert (revision.status, revision.version) == (status, version)
    assert revision.events.count() == events


@pytest.mark.parametrize("step", [step for step in STEPS if step != "suspend"])
def test_a_stale_version_is_refused_with_who_and_when(step: str, monday: datetime) -> None:
    target, act = STEPS[step]
    status = next(status for status in RevisionStatus if target in TRANSITIONS[status])
    revision = factories.revision(status, now=monday)
    Revision.objects.filter(pk=revision.pk).update(version=revision.version + 1)
    with pytest.raises(PublishingRefused, match="on 23 November at 10:00"):
        act(revision, monday)


# --- Drafts ---------------------------------------------------------------------------------


def test_a_draft_can_be_edited_and_a_frozen_text_cannot(monday: datetime) -> None:
    revision = factories.revision(now=monday)

    def edit(title: str) -> None:
        publishing.save_draft(
            revision,
            version=revision.version,
            document=factories.document(title=title),
            change_class="wording",
            note="Shorter.",
            by=factories.staff("Editor"),
            now=monday,
        )

    edit("Another thing")
    assert (revision.title, revision.change_class) == ("Another thing", "wording")
    assert revision.document_hash == sha256(revision.document)
    STEPS["submit"][1](revision, monday)
    with pytest.raises(PublishingRefused):
        edit("A third thing")
    revision.refresh_from_db()
    assert revision.title == "Another thing"


def test_two_pages_do_not_get_one_address(monday: datetime) -> None:
    begin = partial(publishing.start_page, category=Category.PROCEDURE, slug="a-thing", now=monday)
    first = begin(title="A thing", by=factories.staff("Editor"))
    with pytest.raises(PublishingRefused) as refused:
        begin(title="Another", by=factories.staff("Editor", "another"))
    said = "A colleague has just made a page with this address. Choose another."
    assert str(refused.value) == said
    assert Revision.objects.get() == first


@pytest.mark.django_db(transaction=True)
def test_a_text_without_a_history_has_changed_as_well(monday: datetime) -> None:
    revision = factories.revision(RevisionStatus.IN_REVIEW, now=monday)
    with changes_allowed():
        PageEvent.objects.all().delete()
    with pytest.raises(PublishingRefused) as refused:
        publishing.return_to_author(
            revision,
            version=revision.version - 1,
            by=factories.staff("Editor"),
            reason="x",
            now=monday,
        )
    assert str(refused.value) == "This version has changed. Open it again."


def test_numbers_count_up_within_a_page(monday: datetime) -> None:
    page = factories.page()
    assert [factories.revision(of=page, now=monday).number for _ in range(3)] == [1, 2, 3]
    assert factories.revision(of=factories.page("another"), now=monday).number == 1


def test_a_text_of_another_category_is_refused(monday: datetime) -> None:
    with pytest.raises(PublishingRefused, match="category: procedures"):
        factories.revision(text=factories.document(category="guides"), now=monday)


def test_an_unreadable_text_is_refused(monday: datetime) -> None:
    with pytest.raises(DocumentError):
        factories.revision(text="no front matter", now=monday)


def test_findings_block_the_way_to_review(monday: datetime) -> None:
    revision = factories.revision(text=factories.document(body="No card.\n"), now=monday)
    with pytest.raises(PublishingRefused, match="Line 1: Add an urgent or emergency card"):
        STEPS["submit"][1](revision, monday)
    assert Revision.objects.get().status == RevisionStatus.DRAFT


@pytest.mark.parametrize("reason", ["", "  "])
def test_a_prompt_needs_a_reason_and_the_reviewer_reads_it(reason: str, monday: datetime) -> None:
    revision = factories.revision(now=monday)

    def submit(answers: dict[str, str]) -> None:
        publishing.submit_for_review(
            revision,
            version=revision.version,
            by=factories.staff("Editor"),
            now=monday,
            answers=answers,
        )

    with pytest.raises(PublishingRefused, match="Line 1: Add what is missing"):
        submit({"missing block": reason})
    submit({"missing block": " A short page. "})
    assert revision.answered_prompts == [
        {"rule": "missing block", "lines": [1], "reason": "A short page."}
    ]


def test_a_reason_does_not_help_against_what_blocks(monday: datetime) -> None:
    body = f"{factories.BODY}\nIt is painless.\n"
    revision = factories.revision(text=factories.document(body=body), now=monday)
    with pytest.raises(PublishingRefused, match="Remove the promise"):
        STEPS["submit"][1](revision, monday)


def test_a_note_to_patients_is_needed(monday: datetime) -> None:
    factories.source()
    revision = publishing.start_draft(
        factories.page(), document=factories.document(), by=factories.staff("Editor"), now=monday
    )
    with pytest.raises(PublishingRefused, match="note to patients"):
        STEPS["submit"][1](revision, monday)


# --- The signature --------------------------------------------------------------------------


def test_a_signature_keeps_both_hashes_and_who_signed(monday: datetime) -> None:
    revision = factories.revision(RevisionStatus.IN_REVIEW, now=monday)
    signed = sign(revision, monday)
    assert signed.fragment_hash == sha256(revision.fragment)
    assert signed.document_hash == sha256(revision.document)
    assert (signed.signer_name, signed.signer_registration) == ("Dr Clinician", "DEMO-0001")
    assert (signed.review_due - monday.date()).days == 730
    assert (signed.closing_day - signed.review_due).days == 60
    Clinician.objects.update(name="Dr Changed")
    signed.refresh_from_db()
    assert signed.signer_name == "Dr Clinician"


def test_nobody_signs_a_text_that_they_wrote_any_of(monday: datetime) -> None:
    doctor = factories.clinician("writing-doctor").login
    assert doctor is not None
    revision = factories.revision(now=monday)
    publishing.save_draft(
        revision,
        version=revision.version,
        document=factories.document(title="Mine"),
        change_class="advice",
        note="New.",
        by=doctor,
        now=monday,
    )
    publishing.save_draft(
        revision,
        version=revision.version,
        document=factories.document(title="The editor's again"),
        change_class="advice",
        note="New.",
        by=factories.staff("Editor"),
        now=monday,
    )
    STEPS["submit"][1](revision, monday)
    with pytest.raises(PublishingRefused, match="You wrote part of this text"):
        sign(revision, monday, by=doctor)
    assert SignOff.objects.count() == 0
    assert sign(revision, monday).signed_by == factories.clinician().login


@pytest.mark.parametrize(
    "columns",
    [
        {"verified_on": None, "verified_by": None},
        {"verified_until": date(2026, 11, 22)},
        {"verified_until": None},
    ],
)
def test_only_a_checked_registration_signs(columns: dict[str, Any], monday: datetime) -> None:
    revision = factories.revision(RevisionStatus.IN_REVIEW, now=monday)
    lapsed = factories.clinician("lapsed", **columns)
    with pytest.raises(PublishingRefused, match="registration was checked"):
        sign(revision, monday, by=lapsed.login)


def test_a_colleague_who_is_no_clinician_cannot_sign(monday: datetime) -> None:
    revision = factories.revision(RevisionStatus.IN_REVIEW, now=monday)
    with pytest.raises(PublishingRefused, match="Only a clinician"):
        sign(revision, monday, by=factories.staff("Manager"))


def test_a_signature_is_for_the_bytes_that_were_shown(monday: datetime) -> None:
    revision = factories.revision(RevisionStatus.IN_REVIEW, now=monday)
    with pytest.raises(PublishingRefused, match="has changed since you opened it"):
        sign(revision, monday, fragment_hash=sha256("something else"))


def test_changed_bytes_cannot_be_signed_or_published(monday: datetime) -> None:
    revision = factories.revision(RevisionStatus.IN_REVIEW, now=monday)
    Revision.objects.filter(pk=revision.pk).update(fragment=revision.fragment + " ")
    revision.refresh_from_db()
    with pytest.raises(PublishingRefused, match="no longer matches its history"):
        sign(revision, monday)
    signed = factories.revision(RevisionStatus.SIGNED, of=factories.page("b"), now=monday)
    Revision.objects.filter(pk=signed.pk).update(fragment=signed.fragment + " ")
    signed.refresh_from_db()
    with pytest.raises(PublishingRefused, match="no longer matches its history"):
        STEPS["publish"][1](signed, monday)


# --- Publication ----------------------------------------------------------------------------


def test_publishing_supersedes_what_was_there(monday: datetime) -> None:
    page = factories.page()
    first = factories.revision(RevisionStatus.PUBLISHED, of=page, now=monday)
    second = factories.revision(RevisionStatus.PUBLISHED, of=page, now=monday)
    first.refresh_from_db()
    assert (first.status, second.status) == (RevisionStatus.SUPERSEDED, RevisionStatus.PUBLISHED)


def test_a_new_version_takes_the_place_of_a_suspended_one(monday: datetime) -> None:
    page = factories.page()
    suspended = factories.revision(RevisionStatus.SUSPENDED, of=page, now=monday)
    factories.revision(RevisionStatus.PUBLISHED, of=page, now=monday)
    suspended.refresh_from_db()
    assert suspended.status == RevisionStatus.SUPERSEDED


def test_an_old_signature_does_not_publish(monday: datetime) -> None:
    revision = factories.revision(RevisionStatus.SIGNED, now=monday)
    with pytest.raises(PublishingRefused, match="no valid signature"):
        STEPS["publish"][1](revision, monday + timedelta(days=731))


def test_a_revoked_signature_does_not_publish(monday: datetime) -> None:
    revision = factories.revision(RevisionStatus.SIGNED, now=monday)
    by = factories.staff("Manager")
    publishing.revoke(revision, version=revision.version, by=by, reason="Wrong.", now=monday)
    with pytest.raises(PublishingRefused, match="no valid signature"):
        STEPS["publish"][1](revision, monday)


def test_the_database_itself_holds_one_published_revision_a_page(monday: datetime) -> None:
    page = factories.page()
    factories.revision(RevisionStatus.PUBLISHED, of=page, now=monday)
    other = factories.revision(RevisionStatus.SIGNED, of=page, now=monday)
    with pytest.raises(IntegrityError), transaction.atomic():
        Revision.objects.filter(pk=other.pk).update(status=RevisionStatus.PUBLISHED)


def two_published(now: datetime) -> list[Callable[[], Revision]]:
    """Two publishers publish the first version and the second one of a page."""
    texts = [factories.revision(RevisionStatus.SIGNED, now=now) for _ in range(2)]
    by = factories.staff("Publisher")
    return [
        partial(publishing.publish, each, version=each.version, by=by, now=now) for each in texts
    ]


@pytest.mark.django_db(transaction=True)
def test_of_two_versions_published_at_once_patients_read_the_later(monday: datetime) -> None:
    outcomes = race(two_published(monday))
    assert losses(outcomes) <= {PublishingRefused}
    assert Revision.objects.get(status=RevisionStatus.PUBLISHED).number == 2


@pytest.mark.postgres
@pytest.mark.django_db(transaction=True)
def test_without_the_queue_the_database_itself_refuses_one(
    monday: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The twin of the test above, with the guard off."""
    acts = two_published(monday)
    monkeypatch.setattr(releasing, "refuse_unfit", having_met(2, releasing.refuse_unfit))
    monkeypatch.setattr(releasing, "one_step", transaction.atomic)
    assert losses(race(acts)) == {IntegrityError}


def test_an_older_version_does_not_take_the_place_of_a_newer_one(monday: datetime) -> None:
    page = factories.page()
    older = factories.revision(RevisionStatus.SIGNED, of=page, now=monday)
    newer = factories.revision(RevisionStatus.PUBLISHED, of=page, now=monday)
    with pytest.raises(PublishingRefused, match="A later version"):
        STEPS["publish"][1](older, monday)
    newer.refresh_from_db()
    assert newer.status == RevisionStatus.PUBLISHED


def test_a_new_version_never_goes_on_with_a_draft_that_a_later_one_outran(
    monday: datetime,
) -> None:
    """A returned text of which a later version is published can never be published itself."""
    page, editor = factories.page(), factories.staff("Editor")
    outrun = factories.revision(RevisionStatus.IN_REVIEW, of=page, now=monday)
    live = factories.revision(RevisionStatus.PUBLISHED, of=page, now=monday)
    publishing.return_to_author(
        outrun, version=outrun.version, by=factories.staff("Clinician"), reason="No.", now=monday
    )
    begun = publishing.start_version(page, by=editor, now=monday)
    assert (begun.number, begun.document) == (3, live.document)
    assert publishing.start_version(page, by=editor, now=monday) == begun
    with pytest.raises(PublishingRefused, match="A later version of this page has already been"):
        publishing.submit_for_review(outrun, version=outrun.version, by=editor, now=monday)


@pytest.mark.parametrize("step", ["publish", "plan"])
def test_what_somebody_signed_who_may_not_sign_any_more_is_signed_by_a_colleague_first(
    step: str, monday: datetime
) -> None:
    """Whoever publishes by hand is refused what a plan is, on the day of leaving as well."""
    revision = factories.revision(RevisionStatus.SIGNED, now=monday)
    User.objects.filter(username="clinician").update(is_active=False)
    publisher = factories.staff("Publisher")

    def release() -> None:
        when = {"day": date(2026, 12, 1)} if step == "plan" else {}
        verb: Any = publishing.plan if step == "plan" else publishing.publish
        verb(revision, version=revision.version, by=publisher, now=monday, **when)

    with pytest.raises(PublishingRefused, match="A colleague has to sign it"):
        release()
    other = factories.clinician("other").login
    assert other
    publishing.re_affirm(
        revision,
        version=revision.version,
        fragment_hash=revision.fragment_hash,
        by=other,
        now=monday + timedelta(seconds=1),
    )
    release()


def test_suspending_at_once_needs_no_fresh_screen(monday: datetime) -> None:
    """A colleague signed the text again while the other saw the harm in it."""
    revision = factories.revision(RevisionStatus.PUBLISHED, now=monday)
    Revision.objects.filter(pk=revision.pk).update(version=revision.version + 5)
    STEPS["suspend"][1](revision, monday)
    revision.refresh_from_db()
    assert revision.status == RevisionStatus.SUSPENDED


def test_a_text_of_a_page_that_was_moved_is_not_published(monday: datetime) -> None:
    revision = factories.revision(RevisionStatus.SIGNED, now=monday)
    type(revision.page).objects.update(category="guides")
    revision.page.refresh_from_db()
    with pytest.raises(PublishingRefused, match="moved to another category"):
        STEPS["publish"][1](revision, monday)


@pytest.mark.parametrize("note", ["New\x0bline", "A \u202e turn"])
def test_a_note_with_hidden_characters_is_refused(note: str, monday: datetime) -> None:
    revision = factories.revision(now=monday)
    with pytest.raises(PublishingRefused, match="hidden character from the note"):
        publishing.save_draft(
            revision,
            version=revision.version,
            document=revision.document,
            change_class="advice",
            note=note,
            by=factories.staff("Editor"),
            now=monday,
        )


@pytest.mark.parametrize(
    ("seen_on", "dated", "refused"),
    [
        (date(2026, 11, 23), "undated", False),
        (date(2026, 11, 24), "undated", True),
        (date(2026, 11, 1), "2026", False),
        (date(2026, 11, 1), "January 2027", True),
        (date(2026, 11, 1), "2023; next review in 2029", False),
    ],
)
def test_a_text_does_not_go_to_review_with_sources_from_after_it(
    seen_on: date, dated: str, refused: bool, monday: datetime
) -> None:
    draft = factories.revision(now=monday)
    Source.objects.update(seen_on=seen_on, dated=dated)
    if refused:
        with pytest.raises(PublishingRefused, match="which are after today: leaflet"):
            STEPS["submit"][1](draft, monday)
    else:
        STEPS["submit"][1](draft, monday)
    draft.refresh_from_db()
    expected = RevisionStatus.DRAFT if refused else RevisionStatus.IN_REVIEW
    assert draft.status == expected


def test_a_source_from_after_the_text_that_is_not_cited_does_not_matter(monday: datetime) -> None:
    draft = factories.revision(now=monday)
    factories.source("another")
    Source.objects.filter(key="another").update(seen_on=date(2030, 1, 1))
    STEPS["submit"][1](draft, monday)
    draft.refresh_from_db()
    assert draft.status == RevisionStatus.IN_REVIEW
