"""A clinician signs a page with a passkey, and a patient sees whose hand it was."""

from collections.abc import Callable

from django.utils import timezone
from playwright.sync_api import Page, expect

from procedures.log import checkpoints
from procedures.models import Revision
from procedures.status import RevisionStatus
from tests.journeys.steps import press, sign_in
from tests.journeys.test_somebody_signs_in_with_a_code import with_a_phone

Look = Callable[[Page], None]
NewPage = Callable[..., Page]


def test_a_page_is_signed_with_a_passkey(clinic: str, new_page: NewPage, look_at: Look) -> None:
    live = Revision.objects.get(page__slug="ultrasound-clinic", status=RevisionStatus.PUBLISHED)
    page = new_page(width=375)
    with_a_phone(page)
    sign_in(page, clinic, "clinician")
    press(page.get_by_role("link", name="My account"))
    press(page.get_by_role("link", name="Add a passkey"))
    page.get_by_role("textbox", name="Name", exact=True).fill("My phone")
    press(page.get_by_role("button", name="Make a passkey"))
    press(page.get_by_role("link", name="I have them: continue"))
    press(page.get_by_role("link", name="My account"))
    press(page.get_by_role("link", name="Let it sign pages"))
    look_at(page)
    press(page.get_by_role("button", name="Let it sign"))
    expect(page.get_by_text("Your number, by which strangers know")).to_be_visible()
    look_at(page)
    page.goto(f"{clinic}/admin/procedures/revision/{live.pk}/decide/re-affirm/")
    for line in page.get_by_role("checkbox").all():
        line.check()
    page.get_by_text("What your passkey signs").click()
    look_at(page)
    press(page.get_by_role("button", name="Read again and re-sign with your passkey"))
    expect(page.get_by_text("Signed again.")).to_be_visible()

    checkpoints.sign(timezone.now())
    patient = new_page()
    patient.goto(f"{clinic}/clinics/ultrasound-clinic/verify/")
    expect(patient.get_by_text("signed this version with a passkey")).to_be_visible()
    look_at(patient)
    patient.goto(f"{clinic}/log/")
    expect(patient.get_by_text("with the signer’s own passkey").first).to_be_visible()
    look_at(patient)
