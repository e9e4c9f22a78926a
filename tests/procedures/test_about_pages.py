"""Pages about the clinic: a manager approves them, and nobody takes one for a medical page."""

import json
import re
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.core.management import CommandError, call_command
from django.db import IntegrityError, transaction
from django.test import Client

from procedures import publishing
from procedures.desk.decisions import DECISIONS
from procedures.models import CHECKLIST, Revision, SignOff
from procedures.models.clinic import details
from procedures.publishing import reviews
from procedures.reading import proofs, publication
from procedures.status import MEDICAL, Category, PublishingRefused, RevisionStatus
from procedures.texts import content_checks
from tests import factories

pytestmark = pytest.mark.django_db
URL = "/about/fees/"
ADMIN = "/admin/procedures/revision/"


def fees(status: RevisionStatus, *, now: datetime) -> Revision:
    page = factories.page("fees", Category.ABOUT)
    text = factories.document(title="Fees", category=Category.ABOUT, body="\nA visit is £100.\n")
    return factories.revision(status, of=page, text=text, now=now)


def sign(revision: Revision, by: User, now: datetime, **changes: Any) -> SignOff:
    seen = {"version": revision.version, "fragment_hash": revision.fragment_hash, **changes}
    return publishing.sign_off(revision, by=by, now=now, **seen)


def doctor() -> User:
    login = factories.clinician().login
    assert login is not None
    return login


# --- Who signs --------------------------------------------------------------------------------


def test_a_manager_approves_a_page_about_the_clinic_and_no_clinician_is_needed(
    client: Client, monday: datetime
) -> None:
    revision = fees(RevisionStatus.IN_REVIEW, now=monday)
    manager = factories.staff("Manager", "mona")
    signed = sign(revision, manager, monday)
    said = (signed.signer_name, signed.signer_role, signed.signer_regulator)
    assert said == ("Mona", "Practice manager", "")
    assert (signed.clinician, signed.signer_registration) == (None, "")
    assert signed.statement == publishing.APPROVAL
    publishing.publish(
        revision, version=revision.version, by=factories.staff("Publisher"), now=monday
    )
    content = client.get(URL).content.decode()
    assert re.search(
        r"Approved by</p>\s+<p[^>]*>Mona</p>\s+<p>Practice manager of our clinic", content
    )
    assert "registration" not in content.partition("<main")[2].partition("</main>")[0]


@pytest.mark.parametrize("group", ["Clinician", "Editor", "Publisher", "Reception"])
def test_nobody_else_approves_one(group: str, monday: datetime) -> None:
    revision = fees(RevisionStatus.IN_REVIEW, now=monday)
    by = doctor() if group == "Clinician" else factories.staff(group, "somebody")
    with pytest.raises(PublishingRefused, match="Only a manager can approve"):
        sign(revision, by, monday)
    assert not SignOff.objects.exists()


def test_being_allowed_everything_makes_nobody_a_manager(monday: datetime) -> None:
    revision = fees(RevisionStatus.IN_REVIEW, now=monday)
    operator = User.objects.create(username="operator", is_staff=True, is_superuser=True)
    with pytest.raises(PublishingRefused, match="Only a manager can approve"):
        sign(revision, operator, monday)


@pytest.mark.parametrize("category", MEDICAL)
def test_a_manager_signs_no_medical_page(category: Category, monday: datetime) -> None:
    page = factories.page("medical", category)
    revision = factories.revision(RevisionStatus.IN_REVIEW, of=page, now=monday)
    with pytest.raises(PublishingRefused, match="Only a clinician"):
        sign(revision, factories.staff("Manager"), monday)


def test_a_manager_who_wrote_the_text_does_not_approve_it(monday: datetime) -> None:
    manager = factories.staff("Manager")
    draft = publishing.start_draft(
        factories.page("fees", Category.ABOUT),
        document=factories.document(category=Category.ABOUT, body="\nA visit is £100.\n"),
        by=manager,
        now=monday,
        note="New.",
    )
    publishing.submit_for_review(draft, version=draft.version, by=manager, now=monday)
    with pytest.raises(PublishingRefused, match="so another manager must sign it"):
        sign(draft, manager, monday)


def test_the_checklist_is_the_managers_own(monday: datetime) -> None:
    revision = fees(RevisionStatus.IN_REVIEW, now=monday)
    manager = factories.staff("Manager")
    with pytest.raises(PublishingRefused, match="Tick every item"):
        sign(revision, manager, monday, checklist=CHECKLIST)
    signed = sign(revision, manager, monday, checklist=revision.page.checklist())
    assert "It is true of our clinic today." in signed.checklist


# --- At the desk ------------------------------------------------------------------------------


def open_to(sign_in: Any, group: str, revision: Revision) -> set[str]:
    content = sign_in(group).get(f"{ADMIN}{revision.pk}/change/").content.decode()
    return set(re.findall(rf"{ADMIN}{revision.pk}/decide/([a-z-]+)/", content))


def test_each_sees_at_the_desk_what_they_may_sign(sign_in: Any, monday: datetime) -> None:
    about = fees(RevisionStatus.IN_REVIEW, now=monday)
    medical = factories.revision(RevisionStatus.IN_REVIEW, now=monday)
    assert open_to(sign_in, "Manager", about) == {"approve", "return-unapproved"}
    assert open_to(sign_in, "Manager", medical) == set()
    assert open_to(sign_in, "Clinician", medical) == {"sign", "return"}
    assert open_to(sign_in, "Clinician", about) == set()
    assert open_to(sign_in, "Editor", about) == set()


def test_the_manager_reads_and_approves_at_the_desk(sign_in: Any, monday: datetime) -> None:
    revision = fees(RevisionStatus.IN_REVIEW, now=monday)
    client = sign_in("Manager")
    url = f"{ADMIN}{revision.pk}/decide/approve/"
    content = client.get(url).content.decode()
    assert "true of our clinic, and we keep to it" in content
    assert "It says what can go wrong" not in content
    checks = list(revision.page.checklist())
    posted = {"version": revision.version, "fragment_hash": revision.fragment_hash}
    assert client.post(url, posted | {"checklist": checks}).status_code == 302
    revision.refresh_from_db()
    assert revision.status == RevisionStatus.SIGNED


def test_a_preview_shows_what_will_be_beside_the_text(sign_in: Any, monday: datetime) -> None:
    page = factories.page("terms", Category.ABOUT)
    revision = factories.revision(RevisionStatus.IN_REVIEW, of=page, now=monday)
    content = sign_in("Manager").get(f"{ADMIN}{revision.pk}/preview/").content.decode()
    assert details().company_number in content
    assert details().company_number not in revision.fragment


def test_every_way_to_sign_is_open_for_one_kind_of_page(monday: datetime) -> None:
    status = RevisionStatus.PUBLISHED
    english = [fees(status, now=monday), factories.revision(status, now=monday)]
    welsh = [factories.translation(status, of=each.page, now=monday) for each in english]
    for decision in DECISIONS:
        if decision.permission in {"sign_revision", "approve_revision"}:
            # Whoever may return a page may return its translation.
            kinds = 2 if decision.slug.startswith("return") else 1
            is_open = [decision.open_when(each, monday) for each in [*english, *welsh]]
            assert is_open.count(True) == kinds, decision.slug


# --- What is proved ---------------------------------------------------------------------------


@pytest.mark.parametrize("category", [Category.ABOUT, Category.GUIDE])
def test_a_signature_of_the_wrong_kind_closes_the_page(
    category: Category, client: Client, monday: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Even one that was sealed: as if the verb had let somebody else sign."""
    page = factories.page("forged", category)
    text = factories.document(category=category, body="\nWords.\n")
    revision = factories.revision(RevisionStatus.IN_REVIEW, of=page, text=text, now=monday)
    wrong = factories.staff("Manager") if category.needs_clinician else doctor()
    with monkeypatch.context() as patch:
        patch.setattr(type(category), "needs_clinician", not category.needs_clinician)
        sign(revision, wrong, monday)
        publishing.publish(
            revision, version=revision.version, by=factories.staff("Publisher"), now=monday
        )
    fault = f"a signature is not a {'clinician' if category.needs_clinician else 'manager'}'s"
    assert proofs.faults_of_page(page) == [f"version 1: {fault}"]
    assert client.get(page.get_absolute_url()).status_code == 410
    with pytest.raises(CommandError, match=fault):
        call_command("verify_pages")


def test_the_database_refuses_a_registration_without_a_clinician(monday: datetime) -> None:
    signed = fees(RevisionStatus.PUBLISHED, now=monday).sign_offs.get()
    signed.pk = None
    signed.signer_registration = "DEMO-0001"
    with pytest.raises(IntegrityError), transaction.atomic():
        signed.save(force_insert=True)


def test_the_sealed_statement_names_no_clinician(monday: datetime) -> None:
    revision = fees(RevisionStatus.PUBLISHED, now=monday)
    said = json.loads(revision.events.get(kind="signed").statement)["signature"]
    assert (said["clinician"], said["regulator"], said["registration"]) == (None, "", "")
    assert said["role"] == "Practice manager"
    assert proofs.faults_of_page(revision.page) == []


def test_structured_data_claims_neither_medicine_nor_a_reviewer(
    client: Client, monday: datetime
) -> None:
    fees(RevisionStatus.PUBLISHED, now=monday)
    content = client.get(URL).content.decode()
    (script,) = re.findall(r'<script type="application/ld\+json">(.*?)</script>', content)
    told = json.loads(script)
    assert told["@type"] == "WebPage"
    assert told.keys() & {"reviewedBy", "lastReviewed", "audience"} == set()


@pytest.mark.parametrize("path", ["history/", "verify/", "leaflet/"])
def test_no_page_beside_it_speaks_of_a_clinician(
    path: str, client: Client, monday: datetime
) -> None:
    fees(RevisionStatus.PUBLISHED, now=monday)
    content = client.get(URL + path).content.decode()
    main = content.partition("<main")[2].partition("</main>")[0]
    assert "manager" in main.lower()
    assert "registration" not in main.replace("no clinician signs it", "")
    assert "clinician who" not in main


def test_a_closed_one_speaks_of_its_manager(client: Client, monday: datetime, at: Any) -> None:
    fees(RevisionStatus.PUBLISHED, now=monday)
    at(monday + timedelta(days=800))
    answer = client.get(URL)
    assert answer.status_code == 410
    assert "while a manager’s signature covers every word" in " ".join(
        answer.content.decode().split()
    )


def test_it_is_due_when_whoever_approved_it_is_no_manager_any_more(monday: datetime) -> None:
    revision = fees(RevisionStatus.PUBLISHED, now=monday)
    assert reviews.due(monday.date()) == []
    signed = revision.sign_offs.get()
    signed.signed_by.groups.clear()
    (due,) = reviews.due(monday.date())
    assert [cause.sentence for cause in due.causes] == [
        f"{signed.signer_name}, who approved it, is not a manager any more."
    ]


# --- What it may say --------------------------------------------------------------------------


@pytest.mark.parametrize("block", sorted(content_checks.ADVICE))
def test_medical_advice_needs_a_clinician(block: str) -> None:
    body = f"\nWords.\n\n::: {block} Call 999 if:\n- you collapse\n:::\n"
    text = factories.document(category=Category.ABOUT, body=body)
    assert ("medical advice", block) in {
        (each.rule, each.about) for each in content_checks.findings(text)
    }
    medical = factories.document(category=Category.GUIDE, body=body)
    assert "medical advice" not in {each.rule for each in content_checks.findings(medical)}


def test_it_needs_no_medical_block_but_the_other_rules_apply() -> None:
    def rules(body: str) -> set[str]:
        text = factories.document(category=Category.ABOUT, body=f"\n{body}\n")
        return {each.rule for each in content_checks.findings(text)}

    assert rules("A visit is £100.") == set()
    assert rules("We say that it is pain-free!") == {"promise", "tone"}
    assert rules("A Kenalog injection is £100.") == {"brand"}


def test_its_words_are_not_in_the_glossary_and_no_request_is_about_it(
    client: Client, monday: datetime
) -> None:
    page = factories.page("fees", Category.ABOUT)
    body = "\nAn [[excess: what you pay before your insurer does]].\n"
    text = factories.document(category=Category.ABOUT, body=body)
    factories.revision(RevisionStatus.PUBLISHED, of=page, text=text, now=monday)
    assert publication.glossary(monday.date()) == []
    assert "?about=" not in client.get(URL).content.decode().partition("<main")[0]
    assert "A thing" not in client.get("/appointments/request/?about=fees").content.decode()
    client.post("/appointments/request/", {"about": "fees"})
    assert "A thing" not in client.get("/appointments/request/about/").content.decode()
