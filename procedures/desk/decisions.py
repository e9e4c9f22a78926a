"""The decisions about a revision: each with its permission, form and verb."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from procedures import publishing
from procedures.desk.forms import PlanForm, SignForm, SubmitForm
from procedures.desk.forms.translations import SignAsTranslatorForm
from procedures.desk.seeing import is_ready
from procedures.desk.side_by_side import has_translators_signature
from procedures.ground.decisions import Decision, ReasonForm
from procedures.models import PlannedPublication, Revision, SignOff
from procedures.status import EVENTS, RE_AFFIRMED, PlanStatus, RevisionStatus


def _said_sent_to_review(revision: Revision) -> str:
    if revision.page.language:
        return "Sent to review. Its translator can now sign it."
    if revision.page.kind().needs_clinician:
        return "Sent to review. A clinician who did not write it can now sign it."
    return "Sent to review. A manager who did not write it can now approve it."


def _said_signed_again(signed: SignOff) -> str:
    return f"Signed again. The next review is due on {signed.review_due:%-d %B %Y}."


def _said_published(revision: Revision) -> str:
    return f"Published. Patients can read it at {revision.page.get_absolute_url()}"


def _said_revoked(revision: Revision) -> str:
    if revision.status == RevisionStatus.PUBLISHED:
        return "Revoked. Patients see a notice until the text is signed again or replaced."
    return "Revoked. The text can be published only when it is signed again."


def _said_planned(revision: Revision) -> str:
    day = revision.plan.day
    return f"Planned. Patients can read it from {day:%A} {day:%-d %B %Y} at 00:05."


def _has_plan(revision: Revision, now: datetime) -> bool:
    waits = [PlanStatus.PLANNED, PlanStatus.STOPPED]
    return PlannedPublication.objects.filter(revision=revision, status__in=waits).exists()


def _needs_clinician(revision: Revision, now: datetime) -> bool:
    return revision.page.kind().needs_clinician


def _needs_manager(revision: Revision, now: datetime) -> bool:
    return not revision.page.kind().needs_clinician


def _is_medical(revision: Revision, now: datetime) -> bool:
    return revision.page.kind().needs_clinician and not revision.page.language


def _is_about_us(revision: Revision, now: datetime) -> bool:
    return not revision.page.kind().needs_clinician and not revision.page.language


def _is_translation(revision: Revision, now: datetime) -> bool:
    return bool(revision.page.language)


def _waits_for_translator(revision: Revision, now: datetime) -> bool:
    return _is_translation(revision, now) and not has_translators_signature(revision)


def _is_translated(revision: Revision, now: datetime) -> bool:
    return has_translators_signature(revision) and revision.page.kind().needs_clinician


def _is_translated_about_us(revision: Revision, now: datetime) -> bool:
    return has_translators_signature(revision) and not revision.page.kind().needs_clinician


def _may_be_sent(revision: Revision, now: datetime) -> bool:
    return not revision.made_by_machine and is_ready(revision, now)


SIGN = Decision(
    slug="sign",
    label="Sign",
    permission="sign_revision",
    statuses={RevisionStatus.IN_REVIEW},
    form=SignForm,
    verb=publishing.sign_off,
    said="Signed. A publisher can now publish it.",
    explanation=publishing.STATEMENT,
    template="admin/procedures/revision/sign.html",
    open_when=_is_medical,
    needs_fresh_sign_in=True,
)
RETURN = Decision(
    slug="return",
    label="Return to the author",
    permission="sign_revision",
    statuses={RevisionStatus.IN_REVIEW},
    form=ReasonForm,
    verb=publishing.return_to_author,
    said="Returned to the author with your reason.",
    open_when=_needs_clinician,
)
SIGN_AGAIN = Decision(
    slug="re-affirm",
    label="Read again and re-sign",
    permission="sign_revision",
    statuses={RevisionStatus.SIGNED, RevisionStatus.PUBLISHED},
    form=SignForm,
    verb=publishing.re_affirm,
    said=_said_signed_again,
    explanation=f"The review dates change, the text does not. {publishing.STATEMENT}",
    template="admin/procedures/revision/sign.html",
    open_when=_is_medical,
    needs_fresh_sign_in=True,
)
# What the history calls them, where a clinician signs with a passkey.
KIND_OF = {SIGN.slug: EVENTS[RevisionStatus.SIGNED], SIGN_AGAIN.slug: RE_AFFIRMED}
# The same, by a manager, for pages about the clinic.
APPROVE = replace(
    SIGN,
    slug="approve",
    label="Approve",
    permission="approve_revision",
    said="Approved. A publisher can now publish it.",
    explanation=publishing.APPROVAL,
    open_when=_is_about_us,
)
RETURN_UNAPPROVED = replace(
    RETURN, slug="return-unapproved", permission="approve_revision", open_when=_needs_manager
)
APPROVE_AGAIN = replace(
    SIGN_AGAIN,
    slug="re-approve",
    label="Read again and approve again",
    permission="approve_revision",
    explanation=f"The review dates change, the text does not. {publishing.APPROVAL}",
    open_when=_is_about_us,
)

# A translation has two signatures, its translator's first.
SIGN_AS_TRANSLATOR = replace(
    SIGN,
    slug="sign-as-translator",
    label="Sign as translator",
    permission="translate_revision",
    form=SignAsTranslatorForm,
    verb=publishing.sign_as_translator,
    said="Signed. Whoever signs the English page can now sign the translation.",
    explanation=publishing.TRANSLATORS_STATEMENT,
    open_when=_waits_for_translator,
)
SIGN_TRANSLATION = replace(
    SIGN,
    slug="sign-translation",
    label="Sign the translation",
    explanation=publishing.OF_TRANSLATION,
    open_when=_is_translated,
)
APPROVE_TRANSLATION = replace(
    APPROVE,
    slug="approve-translation",
    label="Approve the translation",
    explanation=publishing.OF_TRANSLATION,
    open_when=_is_translated_about_us,
)
RETURN_TRANSLATION = replace(
    RETURN,
    slug="return-translation",
    permission="translate_revision",
    open_when=_is_translation,
)
TRANSLATIONS = (SIGN_AS_TRANSLATOR, SIGN_TRANSLATION, APPROVE_TRANSLATION, RETURN_TRANSLATION)
KIND_OF[SIGN_TRANSLATION.slug] = EVENTS[RevisionStatus.SIGNED]

# What is decided more slowly than “Suspend now”, and is folded away below it.
BEHIND = {"revoke", "withdraw"}


def incident(decisions: Sequence[Decision]) -> dict[str, Any]:
    """What somebody may do who fears that a text does harm."""
    return {
        "suspend": next((each for each in decisions if each.slug == "suspend"), None),
        "behind": [each for each in decisions if each.slug in BEHIND],
    }


DECISIONS = (
    Decision(
        slug="submit",
        label="Send to review",
        permission="submit_revision",
        statuses={RevisionStatus.DRAFT},
        form=SubmitForm,
        verb=publishing.submit_for_review,
        said=_said_sent_to_review,
        explanation=(
            "Nobody can change the text after this. A clinician will read it and sign it; a manager, "
            "if the page is about the clinic."
        ),
        template="admin/procedures/revision/submit.html",
        open_when=_may_be_sent,
        says_what_is_left=True,
    ),
    SIGN,
    APPROVE,
    RETURN,
    RETURN_UNAPPROVED,
    *TRANSLATIONS,
    Decision(
        slug="publish",
        label="Publish",
        permission="publish_revision",
        statuses={RevisionStatus.SIGNED},
        verb=publishing.publish,
        said=_said_published,
        explanation=(
            "Patients will read this version from now on. The previous version stays in the history."
        ),
    ),
    Decision(
        slug="plan",
        label="Publish on a day",
        permission="publish_revision",
        statuses={RevisionStatus.SIGNED},
        form=PlanForm,
        verb=publishing.plan,
        said=_said_planned,
        explanation=(
            "If something forbids it on that day, it is not published, and “Today” says why. You can "
            "take the plan back until then."
        ),
    ),
    Decision(
        slug="take-back-plan",
        label="Take back the plan",
        permission="publish_revision",
        statuses={RevisionStatus.SIGNED},
        verb=publishing.take_back,
        said="Taken back. The text is signed, and nobody has published it.",
        explanation="The text stays signed. It will be published only when somebody does it.",
        open_when=_has_plan,
    ),
    SIGN_AGAIN,
    APPROVE_AGAIN,
    Decision(
        slug="revoke",
        label="Revoke the signature",
        permission="revoke_signoff",
        statuses={RevisionStatus.SIGNED, RevisionStatus.PUBLISHED},
        form=ReasonForm,
        verb=publishing.revoke,
        said=_said_revoked,
        explanation=(
            "This revokes every signature on this text. If it is published, patients see a notice "
            "straight away."
        ),
    ),
    Decision(
        slug="suspend",
        label="Suspend now",
        permission="suspend_revision",
        statuses={RevisionStatus.PUBLISHED},
        form=ReasonForm,
        verb=publishing.suspend,
        said="Suspended. Patients now see a notice instead.",
        explanation=(
            "Patients see a notice and where to get urgent help instead of the page, until a new "
            "version is signed and published."
        ),
        is_destructive=True,
    ),
    Decision(
        slug="withdraw",
        label="Withdraw permanently",
        permission="withdraw_revision",
        statuses={RevisionStatus.PUBLISHED, RevisionStatus.SUSPENDED},
        form=ReasonForm,
        verb=publishing.withdraw,
        said="Withdrawn. Patients now see a notice instead.",
        explanation="Patients see a notice instead of the page. The history stays public.",
        is_destructive=True,
    ),
)
