"""What may be decided about a revision: each step with its permission, form and verb."""

from datetime import datetime
from typing import Any

from django.contrib.auth.models import User

from procedures import publishing
from procedures.desk.forms import SignForm, SubmitForm
from procedures.ground.decisions import Decision, DecisionForm, ReasonForm
from procedures.models import Revision
from procedures.status import RevisionStatus


def _submit(revision: Revision, values: dict[str, Any], by: User, now: datetime) -> str:
    publishing.submit_for_review(
        revision, version=values["version"], answers=values["answers"], by=by, now=now
    )
    return "Sent to review. A clinician who did not write it can now sign it."


def _return(revision: Revision, values: dict[str, Any], by: User, now: datetime) -> str:
    publishing.return_to_author(
        revision, version=values["version"], by=by, reason=values["reason"], now=now
    )
    return "Returned to the author with your reason."


def _sign(revision: Revision, values: dict[str, Any], by: User, now: datetime) -> str:
    publishing.sign_off(
        revision,
        version=values["version"],
        fragment_hash=values["fragment_hash"],
        checklist=values["checklist"],
        by=by,
        now=now,
    )
    return "Signed. A publisher can now publish it."


def _re_affirm(revision: Revision, values: dict[str, Any], by: User, now: datetime) -> str:
    signed = publishing.re_affirm(
        revision,
        version=values["version"],
        fragment_hash=values["fragment_hash"],
        checklist=values["checklist"],
        by=by,
        now=now,
    )
    return f"Signed again. The next review is due on {signed.review_due:%-d %B %Y}."


def _revoke(revision: Revision, values: dict[str, Any], by: User, now: datetime) -> str:
    publishing.revoke(revision, version=values["version"], by=by, reason=values["reason"], now=now)
    return "Signature revoked. Patients see a notice until the text is signed again or replaced."


def _publish(revision: Revision, values: dict[str, Any], by: User, now: datetime) -> str:
    publishing.publish(revision, version=values["version"], by=by, now=now)
    return f"Published. Patients can read it at {revision.page.get_absolute_url()}"


def _suspend(revision: Revision, values: dict[str, Any], by: User, now: datetime) -> str:
    publishing.suspend(revision, version=values["version"], by=by, reason=values["reason"], now=now)
    return "Suspended. Patients now see a notice instead."


def _withdraw(revision: Revision, values: dict[str, Any], by: User, now: datetime) -> str:
    publishing.withdraw(
        revision, version=values["version"], by=by, reason=values["reason"], now=now
    )
    return "Withdrawn. Patients now see a notice instead."


DECISIONS = (
    Decision(
        "submit",
        "Send to review",
        "submit_revision",
        {RevisionStatus.DRAFT},
        SubmitForm,
        _submit,
        "Nobody can change the text after this. A clinician will read it and sign it.",
        "admin/procedures/revision/submit.html",
    ),
    Decision(
        "sign",
        "Sign",
        "sign_revision",
        {RevisionStatus.IN_REVIEW},
        SignForm,
        _sign,
        publishing.STATEMENT,
        "admin/procedures/revision/sign.html",
    ),
    Decision(
        "return",
        "Return to the author",
        "sign_revision",
        {RevisionStatus.IN_REVIEW},
        ReasonForm,
        _return,
    ),
    Decision(
        "publish",
        "Publish",
        "publish_revision",
        {RevisionStatus.SIGNED},
        DecisionForm,
        _publish,
        "Patients will read this version from now on. The previous version stays in the history.",
    ),
    Decision(
        "re-affirm",
        "Read again and re-sign",
        "sign_revision",
        {RevisionStatus.SIGNED, RevisionStatus.PUBLISHED},
        SignForm,
        _re_affirm,
        f"The review dates change, the text does not. {publishing.STATEMENT}",
        "admin/procedures/revision/sign.html",
    ),
    Decision(
        "revoke",
        "Revoke the signature",
        "revoke_signoff",
        {RevisionStatus.SIGNED, RevisionStatus.PUBLISHED},
        ReasonForm,
        _revoke,
        "This revokes every signature on this text. If it is published, patients see a notice "
        "straight away.",
    ),
    Decision(
        "suspend",
        "Suspend now",
        "suspend_revision",
        {RevisionStatus.PUBLISHED},
        ReasonForm,
        _suspend,
        "Patients see a notice and where to get urgent help instead of the page, until a new "
        "version is signed and published.",
    ),
    Decision(
        "withdraw",
        "Withdraw permanently",
        "withdraw_revision",
        {RevisionStatus.PUBLISHED, RevisionStatus.SUSPENDED},
        ReasonForm,
        _withdraw,
        "Patients see a notice instead of the page. The history stays public.",
    ),
)
