"""The editors', reviewers' and publishers' side of the desk."""

import re
from collections.abc import Callable
from datetime import datetime, timedelta
from html import unescape
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.utils import timezone

from clinic_site.groups import GROUPS
from procedures import publishing
from procedures.admin import RevisionAdmin
from procedures.desk.decisions import APPROVE_TRANSLATION, SIGN_TRANSLATION, TRANSLATIONS
from procedures.models import (
    CHECKLIST,
    Clinician,
    Figure,
    InformationPage,
    Revision,
    SignOff,
)
from procedures.reading import feedback
from procedures.status import Category, RevisionStatus
from tests import factories

pytestmark = pytest.mark.django_db
LIST = "/admin/procedures/revision/"
SignIn = Callable[[Any], Client]
DECISIONS = {decision.slug: decision for decision in RevisionAdmin.decisions}


def page_of(revision: Revision) -> str:
    return f"{LIST}{revision.pk}/change/"


def decide_at(revision: Revision, slug: str) -> str:
    return f"{LIST}{revision.pk}/decide/{slug}/"


def text(**changes: Any) -> dict[str, Any]:
    return {"document": factories.document(), "change_class": "advice", "note": "New."} | changes


def ready_for(slug: str, now: datetime) -> Revision:
    decision = DECISIONS[slug]
    category = Category.ABOUT if decision.permission == "approve_revision" else Category.GUIDE
    page = factories.page(category=category)
    if slug in {each.slug for each in TRANSLATIONS}:
        return ready_translation(page, slug, now)
    made = factories.revision(RevisionStatus(min(decision.statuses)), of=page, now=now)
    if slug == "take-back-plan":
        day = timezone.localdate(now) + timedelta(days=1)
        by = factories.staff("Publisher")
        publishing.plan(made, version=made.version, day=day, by=by, now=now)
    return made


def ready_translation(page: InformationPage, slug: str, now: datetime) -> Revision:
    factories.revision(RevisionStatus.PUBLISHED, of=page, now=now)
    made = factories.translation(RevisionStatus.IN_REVIEW, of=page, now=now)
    if slug in {SIGN_TRANSLATION.slug, APPROVE_TRANSLATION.slug}:
        publishing.sign_as_translator(
            made,
            version=made.version,
            fragment_hash=made.fragment_hash,
            by=factories.translator(),
            now=now,
        )
    return made


# --- Drafts ---------------------------------------------------------------------------------


def test_a_new_version_begins_with_the_text_that_patients_read(
    sign_in: SignIn, monday: datetime
) -> None:
    published = factories.revision(RevisionStatus.PUBLISHED, now=monday)
    abandoned = factories.document(title="Abandoned")
    factories.revision(RevisionStatus.IN_REVIEW, text=abandoned, now=monday)
    client = sign_in("Editor")
    chosen = client.get(f"{LIST}add/?page={published.page.pk}").content.decode()
    assert f'<option value="{published.page.pk}" selected>A thing</option>' in chosen
    answer = client.post(f"{LIST}add/", {"page": published.page.pk})
    draft = Revision.objects.get(number=3)
    assert answer.headers["Location"] == page_of(draft)
    assert (draft.status, draft.document) == ("draft", published.document)
    assert draft.written_by.username == "editor"
    # Whoever comes second goes on with it.
    client.post(f"{LIST}add/", {"page": published.page.pk})
    assert Revision.objects.count() == 3


@pytest.mark.parametrize("page", ["", "x", "999999", "9" * 30, "%00", "1%27"])
def test_a_strange_page_to_begin_from_is_no_500(page: str, sign_in: SignIn) -> None:
    assert sign_in("Editor").get(f"{LIST}add/?page={page}").status_code in {200, 400}


def test_an_editor_edits_a_draft(sign_in: SignIn, monday: datetime) -> None:
    draft = factories.revision(now=monday)
    values = text(note="Shorter.", seen_version=draft.version)
    answer = sign_in("Editor").post(page_of(draft), values)
    assert answer.status_code == 302
    draft.refresh_from_db()
    assert (draft.note, draft.version) == ("Shorter.", 2)


def test_an_edit_on_an_old_screen_is_refused(sign_in: SignIn, monday: datetime) -> None:
    draft = factories.revision(now=monday)
    client = sign_in("Editor")
    client.post(page_of(draft), text(note="First.", seen_version=draft.version))
    stale = text(
        note="Second.", seen_version=draft.version, document=factories.document(title="My hours")
    )
    content = client.post(page_of(draft), stale).content.decode()
    assert "You edited this text in another tab or on another device." in content
    assert "title: My hours" in content  # what was typed is not lost
    draft.refresh_from_db()
    assert draft.note == "First."


@pytest.mark.parametrize(
    ("document", "sentence"),
    [
        ("words", "Begin with “---”"),
        (factories.document(category="guides"), "This page is in “Procedures”"),
        (
            factories.document(body="a\u202eb"),
            "Remove the hidden character from this line (U+202E right-to-left override).",
        ),
        (factories.document(title="x" * 201), "Shorten the title"),
    ],
)
def test_an_unreadable_text_is_told_its_line_and_kept(
    document: str, sentence: str, sign_in: SignIn, monday: datetime
) -> None:
    draft = factories.revision(now=monday)
    values = text(document=document, seen_version=draft.version)
    content = sign_in("Editor").post(page_of(draft), values).content.decode()
    assert sentence in content
    draft.refresh_from_db()
    assert draft.version == 1


def test_the_checks_name_what_keeps_a_draft_from_being_shown(
    sign_in: SignIn, monday: datetime
) -> None:
    guide = factories.page(category="clinics")
    for body, sentence in (
        ("It is clear.", "Nothing to correct"),
        (
            "It is\n&#x202e;not clear.",
            "▲ Must</span> Remove the hidden character from this line (U+202E",
        ),
    ):
        text = factories.document(category="clinics", body=body)
        draft = factories.revision(of=guide, text=text, now=monday)
        content = sign_in("Editor").get(page_of(draft)).content.decode()
        assert sentence in content
        assert content.count("decide/submit/") == (body == "It is clear.")


@pytest.mark.parametrize("status", [s for s in RevisionStatus if s != RevisionStatus.DRAFT])
def test_a_frozen_text_has_no_form(
    status: RevisionStatus, sign_in: SignIn, monday: datetime
) -> None:
    revision = factories.revision(status, now=monday)
    client = sign_in("Editor")
    assert "<textarea" not in client.get(page_of(revision)).content.decode()
    values = text(document=factories.document(title="Smuggled"), seen_version=revision.version)
    assert client.post(page_of(revision), values).status_code == 403
    assert not Revision.objects.filter(title="Smuggled").exists()


def test_a_frozen_text_can_be_copied_as_it_was_typed(sign_in: SignIn, monday: datetime) -> None:
    """Spaces at the beginning of a line put an item below another one."""
    body = f"{factories.BODY}\n- one & two\n    - below one\n"
    written = factories.document(body=body)
    revision = factories.revision(RevisionStatus.IN_REVIEW, text=written, now=monday)
    content = sign_in("Editor").get(page_of(revision)).content.decode()
    shown = re.search(r'<pre class="typed"[^>]*>([^<]*)</pre>', content)
    assert shown
    assert unescape(shown[1]) == revision.document


def test_a_status_or_hash_in_the_form_is_ignored(sign_in: SignIn, monday: datetime) -> None:
    draft = factories.revision(now=monday)
    smuggled = {"status": "published", "fragment": "<p>x</p>", "fragment_hash": "0" * 64}
    sign_in("Editor").post(page_of(draft), text(seen_version=draft.version) | smuggled)
    draft.refresh_from_db()
    assert (draft.status, draft.fragment) == (RevisionStatus.DRAFT, "")


# --- Preview --------------------------------------------------------------------------------


def test_a_preview_shows_the_frozen_bytes(sign_in: SignIn, monday: datetime) -> None:
    revision = factories.revision(RevisionStatus.IN_REVIEW, now=monday)
    content = sign_in("Clinician").get(f"{LIST}{revision.pk}/preview/").content.decode()
    assert revision.fragment.split("\n", 3)[0] in content
    assert revision.fragment_hash in content
    assert "Preview, not public." in content


def test_a_preview_of_a_faulty_draft_names_its_lines(sign_in: SignIn, monday: datetime) -> None:
    draft = factories.revision(text=factories.document(body="::: stairs\n:::\n"), now=monday)
    content = sign_in("Editor").get(f"{LIST}{draft.pk}/preview/").content.decode()
    assert "Line 8: There is no block “stairs”" in content
    answer = sign_in("Editor").post(decide_at(draft, "submit"), {"version": draft.version})
    assert "Line" in answer.content.decode()
    draft.refresh_from_db()
    assert draft.status == RevisionStatus.DRAFT


def test_a_preview_is_not_for_strangers(client: Client, monday: datetime) -> None:
    revision = factories.revision(now=monday)
    answer = client.get(f"{LIST}{revision.pk}/preview/")
    assert answer.headers["Location"].startswith("/admin/login/")


# --- Decisions ------------------------------------------------------------------------------


@pytest.mark.sqlite
@pytest.mark.parametrize("slug", DECISIONS)
def test_the_matrix_of_groups_and_decisions(slug: str, sign_in: SignIn, monday: datetime) -> None:
    revision = ready_for(slug, monday)
    for group, permissions in GROUPS.items():
        client = sign_in(group)
        allowed = DECISIONS[slug].permission in permissions
        answer = client.get(decide_at(revision, slug))
        assert answer.status_code == (200 if allowed else 403), group
        content = client.get(page_of(revision)).content.decode()
        assert (decide_at(revision, slug) in content) == allowed, group


def test_nobody_both_writes_and_publishes_by_their_group_alone() -> None:
    for group, held in GROUPS.items():
        assert not {"change_revision", "publish_revision"} <= held, group
        assert not {"change_revision", "sign_revision"} <= held, group


def test_signing_at_the_desk_signs_what_was_shown(sign_in: SignIn, monday: datetime) -> None:
    revision = factories.revision(RevisionStatus.IN_REVIEW, now=monday)
    client = sign_in(factories.clinician().login)
    shown = client.get(decide_at(revision, "sign")).content.decode()
    assert revision.fragment_hash in shown
    wrong = {"version": revision.version, "fragment_hash": "0" * 64, "checklist": CHECKLIST}
    answer = client.post(decide_at(revision, "sign"), wrong)
    assert "has changed since you opened it" in answer.content.decode()
    assert SignOff.objects.count() == 0
    client.post(decide_at(revision, "sign"), wrong | {"fragment_hash": revision.fragment_hash})
    assert SignOff.objects.get().fragment_hash == revision.fragment_hash


@pytest.mark.parametrize("slug", ["return", "suspend", "withdraw"])
def test_a_destructive_step_needs_its_reason(slug: str, sign_in: SignIn, monday: datetime) -> None:
    revision = ready_for(slug, monday)
    group = next(g for g in GROUPS if DECISIONS[slug].permission in GROUPS[g])
    posted = {"version": revision.version, "reason": ""}
    content = sign_in(group).post(decide_at(revision, slug), posted).content.decode()
    assert "Write the reason. Colleagues will read it." in content
    version = revision.version
    revision.refresh_from_db()
    assert revision.version == version


def test_signatures_and_histories_cannot_be_written_at_the_desk(
    sign_in: SignIn, monday: datetime
) -> None:
    factories.revision(RevisionStatus.SIGNED, now=monday)
    signed = SignOff.objects.get()
    manager = factories.staff("Manager")
    manager.is_superuser = True
    manager.save()
    client = sign_in(manager)
    for url in ("add/", f"{signed.pk}/delete/"):
        assert client.get(f"/admin/procedures/signoff/{url}").status_code == 403
    client.post(f"/admin/procedures/signoff/{signed.pk}/change/", {"signer_name": "Dr Forged"})
    signed.refresh_from_db()
    assert signed.signer_name == "Dr Clinician"


def test_whoever_signs_has_the_whole_text_before_them(sign_in: SignIn, monday: datetime) -> None:
    revision = factories.revision(RevisionStatus.IN_REVIEW, now=monday)
    content = sign_in("Clinician").get(decide_at(revision, "sign")).content.decode()
    head, text_ = revision.fragment.split("<!--", 1)
    assert head in content
    assert text_.split("-->\n")[1].split("<!--")[0] in content


def test_a_preview_is_only_for_those_who_may_see_revisions(
    sign_in: SignIn, monday: datetime
) -> None:
    revision = factories.revision(now=monday)
    nobody = factories.staff("Editor", "nobody")
    nobody.groups.clear()
    assert sign_in(nobody).get(f"{LIST}{revision.pk}/preview/").status_code == 403


def test_the_address_of_a_page_that_was_public_stays(sign_in: SignIn, monday: datetime) -> None:
    page = factories.revision(RevisionStatus.PUBLISHED, now=monday).page
    posted = {"slug": "moved", "category": "guides", "position": 1, "review_months": 24}
    sign_in("Editor").post(
        f"/admin/procedures/informationpage/{page.pk}/change/", posted | {"grace_days": 60}
    )
    page.refresh_from_db()
    assert (page.slug, page.category, page.position) == ("a-thing", "procedures", 1)


@pytest.mark.parametrize(
    "changes", [{"review_months": 0}, {"review_months": 37}, {"grace_days": 181}]
)
def test_a_signature_cannot_be_made_to_last_for_ever(
    changes: dict[str, int], sign_in: SignIn, monday: datetime
) -> None:
    page = factories.page()
    posted = {"slug": page.slug, "category": page.category, "position": 1}
    posted |= {"review_months": 24, "grace_days": 60} | changes
    sign_in("Editor").post(f"/admin/procedures/informationpage/{page.pk}/change/", posted)
    page.refresh_from_db()
    assert (page.review_months, page.grace_days) == (24, 60)


def clinician_values(**changes: str) -> dict[str, str]:
    return {
        "name": "Dr New",
        "slug": "dr-new",
        "role": "Consultant",
        "regulator": "Invented Register",
        "registration_number": "DEMO-9",
        "verified_on": "2026-11-20",
        "verified_until": "2027-11-01",
        "verification_evidence": "Saw the entry.",
    } | changes


def test_a_check_of_a_registration_is_signed_by_who_records_it(
    sign_in: SignIn, monday: datetime
) -> None:
    client = sign_in("Manager")
    forged = clinician_values(verified_by=str(factories.staff("Editor").pk))
    client.post("/admin/procedures/clinician/add/", forged)
    assert Clinician.objects.get(slug="dr-new").verified_by == factories.staff("Manager")


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"verification_evidence": ""}, "Write what you looked at and what it said."),
        ({"verified_until": "2029-01-01"}, "Enter a day within a year of the check."),
        ({"verified_on": "2027-01-01"}, "The date of the check cannot be in the future."),
    ],
)
def test_a_check_without_evidence_or_end_is_no_check(
    changes: dict[str, str], sentence: str, sign_in: SignIn, monday: datetime
) -> None:
    answer = sign_in("Manager").post(
        "/admin/procedures/clinician/add/", clinician_values(**changes)
    )
    assert sentence in answer.content.decode()
    assert not Clinician.objects.exists()


# --- Checks, previews and comparisons ---------------------------------------------------------


def test_sending_to_review_asks_for_a_reason_for_each_prompt(
    sign_in: SignIn, monday: datetime
) -> None:
    draft = factories.revision(now=monday)
    client = sign_in("Editor")
    page = client.get(decide_at(draft, "submit")).content.decode()
    assert "Add what is missing: options, tell-us, risks." in page
    empty = {"version": draft.version, "reason_0": ""}
    refused = client.post(decide_at(draft, "submit"), empty).content.decode()
    assert "Explain why you are keeping it" in refused
    client.post(decide_at(draft, "submit"), empty | {"reason_0": "A short page."})
    draft.refresh_from_db()
    assert draft.status == RevisionStatus.IN_REVIEW
    reviewer = sign_in("Clinician")
    assert "Reason: A short page." in reviewer.get(decide_at(draft, "sign")).content.decode()
    # A text that comes back keeps the reasons that were given for it.
    reviewer.post(decide_at(draft, "return"), {"version": draft.version, "reason": "Unclear."})
    again = sign_in("Editor").get(decide_at(draft, "submit")).content.decode()
    assert 'value="A short page."' in again


def test_what_blocks_has_no_field_and_no_way_around(sign_in: SignIn, monday: datetime) -> None:
    body = f"{factories.BODY}\nIt is painless.\n"
    draft = factories.revision(text=factories.document(body=body), now=monday)
    client = sign_in("Editor")
    page = client.get(decide_at(draft, "submit")).content.decode()
    assert "Correct these first" in page
    posted = {"version": draft.version, "reason_0": "x", "reason_1": "x"}
    answer = client.post(decide_at(draft, "submit"), posted).content.decode()
    assert "Remove the promise" in answer
    draft.refresh_from_db()
    assert draft.status == RevisionStatus.DRAFT


def test_findings_stand_beside_the_text_and_the_preview(sign_in: SignIn, monday: datetime) -> None:
    body = f"\n\nIt is painless.\n{factories.BODY}"
    draft = factories.revision(text=factories.document(body=body), now=monday)
    client = sign_in("Editor")
    for url, line in (
        (page_of(draft), '<a href="#line-10">Line 10</a>'),
        (f"{LIST}{draft.pk}/preview/", "line 10.</strong> Remove the promise"),
    ):
        page = client.get(url).content.decode()
        assert line in page
        assert "Remove the promise" in page
        assert "Nobody can promise a result" in page


def test_a_returned_draft_is_previewed_as_it_is_now(sign_in: SignIn, monday: datetime) -> None:
    revision = factories.revision(RevisionStatus.IN_REVIEW, now=monday)
    client = sign_in("Clinician")
    posted = {"version": revision.version, "reason": "Unclear."}
    client.post(decide_at(revision, "return"), posted)
    revision.refresh_from_db()
    values = text(document=factories.document(title="Mended"), seen_version=revision.version)
    client = sign_in("Editor")
    client.post(page_of(revision), values)
    assert "<h1>Mended</h1>" in client.get(f"{LIST}{revision.pk}/preview/").content.decode()


def test_a_signature_needs_every_line_of_the_checklist(sign_in: SignIn, monday: datetime) -> None:
    revision = factories.revision(RevisionStatus.IN_REVIEW, now=monday)
    client = sign_in(factories.clinician().login)
    posted = {"version": revision.version, "fragment_hash": revision.fragment_hash}
    for ticked in ([], CHECKLIST[:-1], [*CHECKLIST[:-1], "Another line."]):
        client.post(decide_at(revision, "sign"), posted | {"checklist": ticked})
    assert not SignOff.objects.exists()
    client.post(decide_at(revision, "sign"), posted | {"checklist": CHECKLIST})
    assert SignOff.objects.get().checklist == list(CHECKLIST)


def test_the_reviewer_sees_what_the_text_changes(sign_in: SignIn, monday: datetime) -> None:
    factories.revision(RevisionStatus.PUBLISHED, now=monday)
    changed = factories.document(body=factories.BODY.replace("Some words", "Some better words"))
    revision = factories.revision(RevisionStatus.IN_REVIEW, text=changed, now=monday)
    page = sign_in("Clinician").get(decide_at(revision, "sign")).content.decode()
    assert "What has changed since version 1" in page
    assert " better<span" in page


@pytest.mark.parametrize(("older", "newer"), [("draft", "published"), ("published", "draft")])
def test_any_two_texts_of_a_page_can_be_compared(
    older: str, newer: str, sign_in: SignIn, monday: datetime
) -> None:
    factories.revision(RevisionStatus(older), now=monday)
    changed = factories.document(body=factories.BODY.replace("Some words", "Some better words"))
    second = factories.revision(RevisionStatus(newer), text=changed, now=monday)
    client = sign_in("Editor")
    first = second.page.revisions.get(number=1)
    for one, other in ((first, second), (second, first)):
        page = client.get(f"{LIST}{one.pk}/compare/?with={other.pk}").content.decode()
        assert "From version 1 to version 2" in page
        assert " better<span" in page


def test_a_text_is_compared_only_with_its_own_page(sign_in: SignIn, monday: datetime) -> None:
    one = factories.revision(now=monday)
    other = factories.revision(of=factories.page("another"), now=monday)
    client = sign_in("Editor")
    for asked in (other.pk, one.pk, "x", "", 999):
        assert client.get(f"{LIST}{one.pk}/compare/?with={asked}").status_code == 404
    nobody = factories.staff("Editor", "nobody")
    nobody.groups.clear()
    assert sign_in(nobody).get(f"{LIST}{one.pk}/compare/?with=1").status_code == 403


def test_a_draft_that_cannot_be_read_is_compared_with_its_faults(
    sign_in: SignIn, monday: datetime
) -> None:
    live = factories.revision(RevisionStatus.PUBLISHED, now=monday)
    draft = factories.revision(text=factories.document(body="::: stairs\n:::\n"), now=monday)
    page = sign_in("Editor").get(f"{LIST}{draft.pk}/compare/?with={live.pk}").content.decode()
    assert "Line 8: There is no block “stairs”" in page


# --- Figures and records ----------------------------------------------------------------------

DRAWING = b'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 40 30"><path d="M0 0h9"/></svg>'


def upload(client: Client, content: bytes, name: str = "drawing.svg") -> str:
    posted = {"key": "probe", "file": SimpleUploadedFile(name, content)}
    return client.post("/admin/procedures/figure/add/", posted, follow=True).content.decode()


def test_an_editor_adds_a_figure_and_never_changes_it(sign_in: SignIn, monday: datetime) -> None:
    client = sign_in("Editor")
    upload(client, DRAWING)
    figure = Figure.objects.get()
    assert (figure.key, bytes(figure.content), figure.width) == ("probe", DRAWING, 40)
    assert (figure.added_by, figure.added_at) == (factories.staff("Editor"), monday)
    shown = client.get(f"/admin/procedures/figure/{figure.pk}/change/").content.decode()
    assert figure.address() in shown
    assert "![What it shows, in a few words](probe)" in shown
    assert "We already have this picture" in upload(client, DRAWING)
    assert client.post(f"/admin/procedures/figure/{figure.pk}/change/", {}).status_code == 403
    assert client.get(f"/admin/procedures/figure/{figure.pk}/delete/").status_code == 403


def test_a_harmful_figure_is_refused_in_words(sign_in: SignIn) -> None:
    page = upload(sign_in("Editor"), DRAWING.replace(b"<path", b"<script>x</script><path"))
    assert "This drawing contains a script" in page
    assert not Figure.objects.exists()


@pytest.mark.parametrize("model", ["pageevent", "pagefeedback", "signoff"])
def test_records_are_read_and_never_written(model: str, sign_in: SignIn, monday: datetime) -> None:
    factories.revision(RevisionStatus.PUBLISHED, now=monday)
    manager = factories.staff("Manager")
    manager.is_superuser = True
    manager.save()
    client = sign_in(manager)
    assert client.get(f"/admin/procedures/{model}/").status_code == 200
    assert client.get(f"/admin/procedures/{model}/add/").status_code == 403


def test_the_whole_history_of_a_page_is_a_list(sign_in: SignIn, monday: datetime) -> None:
    published = factories.revision(RevisionStatus.PUBLISHED, now=monday)
    client = sign_in("Editor")
    assert (
        f"pageevent/?page__id__exact={published.page.pk}"
        in client.get(page_of(published)).content.decode()
    )
    page = client.get(f"/admin/procedures/pageevent/?page__id__exact={published.page.pk}")
    for kind in ("drafted", "sent to review", "signed", "published"):
        assert f'<td class="field-kind">{kind}</td>' in page.content.decode()


def test_what_readers_say_stands_with_the_text(sign_in: SignIn, monday: datetime) -> None:
    published = factories.revision(RevisionStatus.PUBLISHED, now=monday)
    feedback.give(published, clear=False, comment="What is a bursa?", now=monday)
    client = sign_in("Editor")
    assert "0 found it clear, 1 did not." in client.get(page_of(published)).content.decode()
    link = f"/admin/procedures/pagefeedback/?page={published.page.pk}"
    assert link in client.get(page_of(published)).content.decode()
    written = client.get(link).content.decode()
    assert ("What is a bursa?" in written, "What readers wrote about “A thing”" in written) == (
        True,
        True,
    )


def test_what_readers_say_is_a_list_of_pages_with_their_versions(
    sign_in: SignIn, monday: datetime
) -> None:
    first = factories.revision(RevisionStatus.PUBLISHED, now=monday - timedelta(days=200))
    second = factories.revision(RevisionStatus.PUBLISHED, now=monday - timedelta(days=150))
    for revision, clear, comment, days in [
        (first, True, "", 190),
        (second, True, "", 91),
        (second, False, "Too long.", 90),
        (second, True, "Good.", 0),
    ]:
        now = monday - timedelta(days=days)
        feedback.give(revision, clear=clear, comment=comment, now=now)
    content = sign_in("Editor").get("/admin/procedures/pagefeedback/").content.decode()
    body = content.partition("<tbody>")[2].partition("</table>")[0]
    rows = [re.sub(r"<span.*?</span>|<[^>]+>", " ", row).split() for row in body.split("</tr>")]
    assert rows == [
        ["A", "thing", "2", "3", "67%", "50%", "100%", "2"],
        ["1", "1", "100%", "–", "–", "0"],
        [],
    ]


def test_whoever_signs_reads_the_closing_words_too(sign_in: SignIn, monday: datetime) -> None:
    factories.revision(RevisionStatus.PUBLISHED, now=monday)
    text_ = factories.document().replace("Ask us.", "Stop your medicine.")
    revision = factories.revision(RevisionStatus.IN_REVIEW, text=text_, now=monday)
    page = sign_in("Clinician").get(decide_at(revision, "sign")).content.decode()
    assert page.count("Stop your medicine.") == 2  # in the text, and in what it changes


def test_other_names_hold_no_brand_and_no_promise(sign_in: SignIn) -> None:
    page = factories.page()
    posted = {"slug": page.slug, "category": page.category, "position": 1}
    posted |= {"review_months": 24, "grace_days": 60, "synonyms": "Kenalog jab"}
    url = f"/admin/procedures/informationpage/{page.pk}/change/"
    answer = sign_in("Editor").post(url, posted)
    assert "Remove brand names and promises" in answer.content.decode()
    sign_in("Editor").post(url, posted | {"synonyms": "jab"})
    page.refresh_from_db()
    assert page.synonyms == "jab"


def test_an_address_that_another_page_has_is_refused_in_words(sign_in: SignIn) -> None:
    page = factories.page()
    factories.page("another")
    posted = {"category": page.category, "position": 1, "review_months": 24, "grace_days": 60}
    url = f"/admin/procedures/informationpage/{page.pk}/change/"
    client = sign_in("Editor")
    for taken in ("another", "Another"):
        content = client.post(url, posted | {"slug": taken}).content.decode()
        assert "The page “Another” has the address “another”. Enter another." in content
    assert client.post(url, posted | {"slug": "A-Thing"}).status_code == 302
    page.refresh_from_db()
    assert page.slug == "a-thing"


def test_an_owner_is_chosen_by_name_and_related_pages_are_others_in_english(
    sign_in: SignIn, monday: datetime
) -> None:
    page = factories.revision(RevisionStatus.PUBLISHED, now=monday).page
    other = factories.page("another")
    translated = factories.translation(RevisionStatus.DRAFT, of=page, now=monday).page
    for username, active in (("stays", True), ("left", False)):
        person = factories.staff("Editor", username)
        person.last_name, person.is_active = "Example", active
        person.save()
    url = f"/admin/procedures/informationpage/{page.pk}/change/"
    content = sign_in("Editor").get(url).content.decode()
    offered = re.findall(r'name="related" value="(\d+)"', content)
    assert [each in offered for each in map(str, (page.pk, other.pk, translated.pk))] == [
        False,
        True,
        False,
    ]
    assert ">Stays Example</option>" in content
    assert "Left Example" not in content


def test_what_was_frozen_keeps_its_category(sign_in: SignIn, monday: datetime) -> None:
    page = factories.revision(RevisionStatus.IN_REVIEW, now=monday).page
    posted = {"slug": page.slug, "category": "guides", "position": 1}
    posted |= {"review_months": 24, "grace_days": 60}
    sign_in("Editor").post(f"/admin/procedures/informationpage/{page.pk}/change/", posted)
    page.refresh_from_db()
    assert page.category == "procedures"


@pytest.mark.parametrize("column", ["registration_number", "regulator", "login"])
def test_a_check_does_not_pass_to_another_person_or_number(
    column: str, sign_in: SignIn, monday: datetime
) -> None:
    person = factories.clinician(verification_evidence="Saw the entry.")
    other = factories.staff("Clinician", "other")
    values = {
        "name": person.name,
        "slug": person.slug,
        "role": person.role,
        "regulator": person.regulator,
        "registration_number": person.registration_number,
        "login": person.login_id,
        "verified_on": f"{person.verified_on}",
        "verified_until": f"{person.verified_until}",
        "verification_evidence": "Saw the entry.",
    }
    changed = values | {column: other.pk if column == "login" else "9999999"}
    url = f"/admin/procedures/clinician/{person.pk}/change/"
    answer = sign_in("Manager").post(url, changed)
    assert "Check the register again" in answer.content.decode()
    before = Clinician.objects.values().get()
    assert sign_in("Manager").post(url, values).status_code == 302
    assert Clinician.objects.values().get() == before


# --- What the lists of the desk call a page ------------------------------------------------------


def test_a_page_is_called_what_patients_read(monday: datetime) -> None:
    published = factories.revision(RevisionStatus.PUBLISHED, now=monday)
    page, by = published.page, published.written_by
    assert page.staff_title == published.title
    renamed = factories.document(title="Another title")
    draft = publishing.start_draft(page, document=renamed, by=by, now=monday, note="A new name.")
    page.refresh_from_db()
    assert page.staff_title == published.title
    factories.brought_to(RevisionStatus.PUBLISHED, draft, now=monday)
    page.refresh_from_db()
    assert page.staff_title == "Another title"


def test_an_unpublished_page_is_called_what_its_draft_says(monday: datetime) -> None:
    draft = factories.revision(RevisionStatus.DRAFT, now=monday)
    publishing.save_draft(
        draft,
        version=draft.version,
        document=factories.document(title="Another title"),
        change_class=draft.change_class,
        note=draft.note,
        by=draft.written_by,
        now=monday,
    )
    assert InformationPage.objects.get().staff_title == "Another title"


def test_boxes_to_tick_refer_to_the_words_below_them(sign_in: SignIn) -> None:
    factories.clinician()
    content = sign_in("Manager").get("/admin/bookings/topic/add/").content.decode()
    named = {
        each for ids in re.findall(r'aria-describedby="([^"]+)"', content) for each in ids.split()
    }
    assert named
    assert named - set(re.findall(r'\bid="([^"]+)"', content)) == set()


def test_what_somebody_works_on_comes_first_in_the_list(sign_in: SignIn, monday: datetime) -> None:
    draft = factories.revision(now=monday - timedelta(days=30))
    newer = factories.revision(
        RevisionStatus.PUBLISHED, of=factories.page(slug="another"), now=monday
    )
    content = sign_in("Editor").get("/admin/procedures/revision/").content.decode()
    rows = content.partition('id="result_list"')[2]
    assert 0 < rows.index(page_of(draft)) < rows.index(page_of(newer))
    assert "2 versions" in content


@pytest.mark.parametrize("status", [RevisionStatus.SIGNED, RevisionStatus.PUBLISHED])
def test_the_desk_says_that_a_signature_was_revoked(
    status: RevisionStatus, sign_in: SignIn, monday: datetime
) -> None:
    revision = factories.revision(status, now=monday)
    client = sign_in(factories.clinician().login)
    of_page = f"/admin/procedures/informationpage/{revision.page_id}/change/"
    assert "revoked" not in client.get(LIST).content.decode()
    if status == RevisionStatus.PUBLISHED:
        assert "Patients read version 1" in client.get(of_page).content.decode()
    posted = {"version": revision.version, "reason": "A doubt."}
    said = client.post(decide_at(revision, "revoke"), posted, follow=True).content.decode()
    label = RevisionStatus(status).label
    assert f"{label}, revoked" in client.get(LIST).content.decode()
    if status == RevisionStatus.SIGNED:
        assert "Revoked. The text can be published only when it is signed again." in said
        assert "Its signature was revoked." in said
        assert "<td>Signed, revoked</td>" in client.get("/admin/").content.decode()
        return
    assert "Revoked. Patients see a notice until the text is signed again or replaced." in said
    assert "Patients see a notice instead." in said
    content = client.get(of_page).content.decode()
    assert "Version 1 is published, and patients see a notice instead" in content
    assert "Patients read version 1" not in content


def test_a_page_that_closed_by_its_dates_is_not_said_to_be_read(
    sign_in: SignIn, monday: datetime, at: Callable[[datetime], None]
) -> None:
    revision = factories.revision(RevisionStatus.PUBLISHED, now=monday)
    at(monday + timedelta(days=900))
    content = sign_in("Editor").get(page_of(revision)).content.decode()
    assert "Patients see a notice instead." in content


def test_today_leaves_out_what_nobody_can_go_on_with(sign_in: SignIn, monday: datetime) -> None:
    """What a machine wrote, and a text of which a later version has been published."""
    outrun = factories.revision(RevisionStatus.SIGNED, now=monday)
    live = factories.revision(RevisionStatus.PUBLISHED, now=monday)
    by_machine = publishing.start_translation(
        live.page,
        language="pl",
        by=live.written_by,
        now=monday,
        by_machine=True,
        document=live.document,
    )
    draft = factories.revision(of=factories.page("another"), now=monday)
    content = sign_in("Editor").get("/admin/").content.decode()
    assert [page_of(each) in content for each in (outrun, by_machine, draft)] == [
        False,
        False,
        True,
    ]
    assert [each.pk for each in Revision.objects.unfinished()] == [draft.pk]
    rows = sign_in("Editor").get(LIST).content.decode().partition('id="result_list"')[2]
    assert rows.index(page_of(draft)) < rows.index(page_of(by_machine))
