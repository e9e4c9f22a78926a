"""An editor, a reviewer and a publisher at the desk, and what the patient reads afterwards."""

from collections.abc import Callable

from django.utils import timezone
from playwright.sync_api import Page, expect

from procedures.models import InformationPage, PageFeedback, Revision, SignOff, sha256
from procedures.status import RevisionStatus
from procedures.texts.rendering import cut
from tests.journeys.steps import press, sign_in

Look = Callable[[Page], None]
NewPage = Callable[..., Page]


def test_a_page_is_written_signed_and_published(
    clinic: str, new_page: NewPage, look_at: Look
) -> None:
    page = InformationPage.objects.get(slug="ultrasound-clinic")
    editor = new_page()
    sign_in(editor, clinic, "editor")
    editor.goto(f"{clinic}/admin/procedures/revision/add/?page={page.pk}")
    press(editor.get_by_role("button", name="Start from the present text"))
    text = editor.get_by_label("Text", exact=True).input_value()
    assert "title: Ultrasound clinic" in text
    editor.get_by_label("Text", exact=True).fill(text.replace("::: steps", "::: stairs"))
    editor.get_by_label("Note to patients").fill("We say more clearly what a scan shows.")
    press(editor.get_by_role("button", name="Save", exact=True))
    press(editor.get_by_role("link", name="The saved text on its whole page"))
    expect(editor.get_by_text("There is no block “stairs”")).to_be_visible()
    look_at(editor)
    press(editor.get_by_role("link", name="Back to the text"))
    editor.get_by_label("Text", exact=True).fill(text.replace("We examine", "We look at"))
    press(editor.get_by_role("button", name="Save", exact=True))
    press(editor.get_by_role("link", name="The saved text on its whole page"))
    expect(editor.get_by_text("Preview, not public.")).to_be_visible()
    look_at(editor)
    press(editor.get_by_role("link", name="Back to the desk"))
    editor.get_by_text("to think about: correct them").click()
    expect(editor.get_by_text("Explain this term at its first use").first).to_be_visible()
    look_at(editor)
    press(editor.get_by_role("link", name="Send to review"))
    press(editor.get_by_role("button", name="Send to review"))
    expect(editor.get_by_text("There is a problem")).to_be_visible()
    look_at(editor)
    for reason in editor.locator("input[name^=reason_]").all():
        reason.fill("Said in plain words nearby.")
    press(editor.get_by_role("button", name="Send to review"))
    expect(editor.get_by_text("Sent to review.")).to_be_visible()
    expect(editor.get_by_role("link", name="Sign", exact=True)).to_have_count(0)

    draft = Revision.objects.get(page=page, number=3)
    reviewer = new_page()
    sign_in(reviewer, clinic, "clinician")
    press(reviewer.get_by_role("link", name="Ultrasound clinic"))
    press(reviewer.get_by_role("link", name="Read what patients would read"))
    expect(reviewer.get_by_text(draft.fragment_hash)).to_be_visible()
    look_at(reviewer)
    reviewer.go_back()
    press(reviewer.get_by_role("link", name="Sign", exact=True))
    expect(reviewer.get_by_text("I have read the whole of this page")).to_be_visible()
    reviewer.get_by_text("What has changed since version 2").click()
    expect(reviewer.locator("ins").first).to_be_visible()
    look_at(reviewer)
    press(reviewer.get_by_role("button", name="Sign", exact=True))
    expect(reviewer.get_by_text("Tick every item on the checklist").first).to_be_visible()
    look_at(reviewer)
    for line in reviewer.get_by_role("checkbox").all():
        line.check()
    press(reviewer.get_by_role("button", name="Sign", exact=True))
    expect(reviewer.get_by_text("Signed. A publisher can now")).to_be_visible()

    publisher = new_page()
    sign_in(publisher, clinic, "publisher")
    press(publisher.get_by_role("link", name="Ultrasound clinic"))
    press(publisher.get_by_role("link", name="Publish", exact=True))
    press(publisher.get_by_role("button", name="Publish"))
    expect(publisher.get_by_text("Published. Patients can read it at")).to_be_visible()

    patient = new_page(width=375)
    answer = patient.goto(f"{clinic}{page.get_absolute_url()}")
    assert answer
    served = answer.text()
    published = Revision.objects.get(page=page, status=RevisionStatus.PUBLISHED)
    assert published == draft
    fragment = cut(published.fragment)
    for part in (fragment.head, fragment.text, fragment.closing):
        assert part
        assert part in served
    assert sha256(published.fragment) == SignOff.objects.get(revision=draft).fragment_hash
    expect(patient.get_by_text("We say more clearly what a scan shows.")).to_be_visible()
    press(patient.get_by_role("link", name="What has changed, version by version"))
    expect(patient.get_by_text("From version 2 to version 3")).to_be_visible()
    expect(patient.locator(".difference ins").first).to_contain_text("look at")
    look_at(patient)
    patient.go_back()
    published_on = f"{timezone.localtime(published.published_at):%-d %B %Y}"
    expect(patient.get_by_role("main")).to_contain_text(published_on)


def test_any_clinician_suspends_a_page_at_once(
    clinic: str, new_page: NewPage, look_at: Look
) -> None:
    live = Revision.objects.get(page__slug="ultrasound-clinic", status=RevisionStatus.PUBLISHED)
    clinician = new_page()
    sign_in(clinician, clinic, "colleague")
    clinician.goto(f"{clinic}/admin/procedures/revision/{live.pk}/change/")
    press(clinician.get_by_role("link", name="Suspend now"))
    clinician.get_by_label("Why").fill("A mistake in the risks.")
    press(clinician.get_by_role("button", name="Suspend now"))
    expect(clinician.get_by_text("Suspended. Patients now see a notice")).to_be_visible()
    patient = new_page(width=375)
    answer = patient.goto(f"{clinic}/clinics/ultrasound-clinic/")
    assert answer
    assert answer.status == 410
    look_at(patient)


def test_a_reader_finds_a_page_prints_it_and_says_that_it_was_not_clear(
    clinic: str, new_page: NewPage, look_at: Look
) -> None:
    patient = new_page(javascript=False, width=375)
    patient.goto(clinic)
    patient.get_by_label("Search in your own words").fill("frozen shoulder")
    press(patient.get_by_role("button", name="Search"))
    press(patient.get_by_role("link", name="Shoulder hydrodilatation"))
    press(patient.get_by_role("link", name="Large print"))
    expect(patient.get_by_role("heading", name="Shoulder hydrodilatation")).to_be_visible()
    press(patient.get_by_role("link", name="Back to the page"))
    press(patient.get_by_role("button", name="No", exact=True))
    patient.get_by_label("What could we make clearer?").fill("What is a capsule?")
    press(patient.get_by_role("button", name="Send"))
    expect(patient.get_by_role("heading", name="Thank you")).to_be_visible()
    kept = PageFeedback.objects.get(revision__page__slug="shoulder-hydrodilatation")
    assert (kept.clear, kept.comment) == (False, "What is a capsule?")


def test_a_reviewer_signs_a_page_anew(clinic: str, new_page: NewPage) -> None:
    """The page that is overdue in the demonstration."""
    reviewer, patient = new_page(), new_page()
    patient.goto(f"{clinic}/guides/bakers-cyst/")
    expect(patient.get_by_text("The review of this page is overdue.")).to_be_visible()
    sign_in(reviewer, clinic, "clinician")
    press(reviewer.get_by_role("link", name="Baker's cyst"))
    press(reviewer.get_by_role("link", name="Read again and re-sign"))
    for line in reviewer.get_by_role("checkbox").all():
        line.check()
    press(reviewer.get_by_role("button", name="Read again and re-sign"))
    expect(reviewer.get_by_text("Signed again.")).to_be_visible()
    patient.reload()
    expect(patient.get_by_text("The review of this page is overdue.")).to_have_count(0)
