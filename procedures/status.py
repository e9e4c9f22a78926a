"""The states of a revision, whose turn each is, and what may follow. The table is the rule.

And the words for accounts of staff.
"""

from django.db.models import TextChoices
from django.utils.translation import gettext_lazy as _


class Category(TextChoices):
    """What kind of page it is; also the first part of its address."""

    PROCEDURE = "procedures", _("Procedures")
    CLINIC = "clinics", _("Clinics")
    GUIDE = "guides", _("Guides")
    ABOUT = "about", _("About us")

    @property
    def needs_clinician(self) -> bool:
        """Whether a clinician signs its pages. Those about the clinic are approved by a manager."""
        return self is not Category.ABOUT


# The pages that a clinician signs.
MEDICAL = [category for category in Category if category.needs_clinician]


class SourceKind(TextChoices):
    """What kind of thing a text leans on, as its readers are told."""

    GUIDELINE = "guideline", _("Guideline")
    REVIEW = "review", _("Review")
    TRIAL = "trial", _("Trial")
    STUDY = "study", _("Study")
    REGULATOR = "regulator", _("Regulator")
    LEAFLET = "leaflet", _("Leaflet")
    CLINIC = "clinic", _("Page of a clinic")


class SourceChange(TextChoices):
    """What happened to a source, the weightiest first."""

    RETRACTION = "retraction", "Retracted"
    ALERT = "alert", "Safety alert"
    EDITION = "edition", "New edition"
    NOTE = "note", "Note"


class RevisionStatus(TextChoices):
    """The status of one text of a page."""

    DRAFT = "draft", "Draft"
    IN_REVIEW = "in_review", "In review"
    SIGNED = "signed", "Signed"
    PUBLISHED = "published", "Published"
    SUSPENDED = "suspended", "Suspended"
    SUPERSEDED = "superseded", "Superseded"
    WITHDRAWN = "withdrawn", "Withdrawn"


# What somebody still works on.
UNFINISHED = (RevisionStatus.DRAFT, RevisionStatus.IN_REVIEW, RevisionStatus.SIGNED)


class ChangeClass(TextChoices):
    """How much a new revision changes for a patient."""

    ADVICE = "advice", _("The advice changed")
    WORDING = "wording", _("Only the wording changed")
    FORMAT = "format", _("Only the format changed")


class ReviewState(TextChoices):
    """How fresh the signature on a published page is. Computed from its dates, never stored."""

    CURRENT = "current", "Current"
    DUE_SOON = "due_soon", "Review due soon"
    OVERDUE = "overdue", "Review overdue"
    CLOSED = "closed", "Closed"


TRANSITIONS: dict[RevisionStatus, set[RevisionStatus]] = {
    RevisionStatus.DRAFT: {RevisionStatus.IN_REVIEW},
    RevisionStatus.IN_REVIEW: {RevisionStatus.DRAFT, RevisionStatus.SIGNED},
    RevisionStatus.SIGNED: {RevisionStatus.PUBLISHED},
    RevisionStatus.PUBLISHED: {
        RevisionStatus.SUPERSEDED,
        RevisionStatus.SUSPENDED,
        RevisionStatus.WITHDRAWN,
    },
    RevisionStatus.SUSPENDED: {RevisionStatus.SUPERSEDED, RevisionStatus.WITHDRAWN},
    RevisionStatus.SUPERSEDED: set(),
    RevisionStatus.WITHDRAWN: set(),
}

# A page has at most one of these: what patients read, or would read if nobody doubted it.
BEFORE_PATIENTS = [RevisionStatus.PUBLISHED, RevisionStatus.SUSPENDED]

OWNERS: dict[RevisionStatus, str] = {
    RevisionStatus.DRAFT: "author",
    RevisionStatus.IN_REVIEW: "reviewer, not the author",
    RevisionStatus.SIGNED: "publisher",
    RevisionStatus.PUBLISHED: "editor",
    RevisionStatus.SUSPENDED: "editor",
    RevisionStatus.SUPERSEDED: "nobody",
    RevisionStatus.WITHDRAWN: "nobody",
}

# What the page's history says when a revision enters the status.
EVENTS: dict[RevisionStatus, str] = {
    RevisionStatus.DRAFT: "drafted",
    RevisionStatus.IN_REVIEW: "sent to review",
    RevisionStatus.SIGNED: "signed",
    RevisionStatus.PUBLISHED: "published",
    RevisionStatus.SUSPENDED: "suspended",
    RevisionStatus.SUPERSEDED: "superseded",
    RevisionStatus.WITHDRAWN: "withdrawn",
}

# Steps without a status of their own.
EDITED, RETURNED, RE_AFFIRMED = "edited", "returned", "re-affirmed"
REVOKED = "revoked the signature of"
# A translator has signed it; the second signature makes it a signed text.
TRANSLATED = "signed as translator"
# The events that contain a signature.
SIGNINGS = {EVENTS[RevisionStatus.SIGNED], RE_AFFIRMED, TRANSLATED}
# The status that an event leads to; other events leave it as it is.
STATUS_AFTER: dict[str, RevisionStatus] = {
    **{event: status for status, event in EVENTS.items()},
    EDITED: RevisionStatus.DRAFT,
    RETURNED: RevisionStatus.DRAFT,
}


class PageNews(TextChoices):
    """What a step means for whoever relied on the page. Computed from its events, never stored."""

    CHANGED = "changed", "The advice changed"
    SUSPENDED = "suspended", "Suspended"
    REVOKED = "revoked", "The signature was withdrawn"
    WITHDRAWN = "withdrawn", "Withdrawn"
    CORRECTED = "corrected", "Open again, after it was taken away"


# The events after which patients could no longer read the page.
TAKEN_AWAY = {
    EVENTS[RevisionStatus.SUSPENDED]: PageNews.SUSPENDED,
    REVOKED: PageNews.REVOKED,
    EVENTS[RevisionStatus.WITHDRAWN]: PageNews.WITHDRAWN,
}


class PlanStatus(TextChoices):
    """What has become of the plan to publish a signed text on a day."""

    PLANNED = "planned", "Planned"
    DONE = "done", "Published"
    STOPPED = "stopped", "Stopped"
    TAKEN_BACK = "taken_back", "Taken back"


class Plans:
    """The states of a planned publication, with the same tables as those of a revision.

    A stopped plan waits for a person: who plans another day, publishes by hand or takes it back.
    """

    TRANSITIONS: dict[PlanStatus, set[PlanStatus]] = {
        PlanStatus.PLANNED: {
            PlanStatus.PLANNED,
            PlanStatus.DONE,
            PlanStatus.STOPPED,
            PlanStatus.TAKEN_BACK,
        },
        PlanStatus.DONE: set(),
        PlanStatus.STOPPED: {PlanStatus.PLANNED, PlanStatus.DONE, PlanStatus.TAKEN_BACK},
        PlanStatus.TAKEN_BACK: {PlanStatus.PLANNED, PlanStatus.DONE},
    }
    OWNERS: dict[PlanStatus, str] = {
        PlanStatus.PLANNED: "the clock",
        PlanStatus.DONE: "nobody",
        PlanStatus.STOPPED: "publisher",
        PlanStatus.TAKEN_BACK: "nobody",
    }
    EVENTS: dict[PlanStatus, str] = {
        PlanStatus.PLANNED: "planned to publish",
        PlanStatus.DONE: EVENTS[RevisionStatus.PUBLISHED],
        PlanStatus.STOPPED: "could not publish",
        PlanStatus.TAKEN_BACK: "took back the plan to publish",
    }


class PublishingRefused(Exception):
    """The table, the signature or a faster colleague forbids this step.

    The message is a sentence for the member of staff who tried.
    """


# --- Accounts of staff ------------------------------------------------------------------------


class AccountState(TextChoices):
    """What an account of a member of staff is good for. Computed, never stored."""

    INVITED = "invited", "Invited"
    NOT_ACCEPTED = "not_accepted", "Invitation ended"
    WORKS = "works", "Works here"
    LEAVES = "leaves", "Leaves"
    LEFT = "left", "Has left"


# Whoever has one of these can sign in.
CAN_SIGN_IN = {AccountState.WORKS, AccountState.LEAVES}


class AccountAct(TextChoices):
    """What somebody did to an account. Stored in its history, so a text never changes."""

    INVITED = "invited", "Invited"
    LINK_SENT = "link_sent", "Sent a link to choose a password"
    LINK_WITHDRAWN = "link_withdrawn", "Withdrew the link"
    PASSWORD_CHOSEN = "password_chosen", "Chose a password"
    PASSWORD_CHANGED = "password_changed", "Changed the password"
    ROLE_CHANGED = "role_changed", "Changed the role"
    DETAILS_CHANGED = "details_changed", "Changed the name or email address"
    LEAVING_SET = "leaving_set", "Set the day of leaving"
    LEAVING_CANCELLED = "leaving_cancelled", "Cancelled the leaving"
    HANDED_ON = "handed_on", "Handed work on"
    SESSIONS_ENDED = "sessions_ended", "Ended the other sessions"
    SESSION_ENDED = "session_ended", "Ended a session elsewhere"
    SIGNED_OUT = "signed_out", "Signed them out everywhere"
    SECOND_FACTOR_SET = "second_factor_set", "Set up the second factor"
    SECOND_FACTOR_RESET = "second_factor_reset", "Reset the second factor"
    RECOVERY_CODES_MADE = "recovery_codes_made", "Made new recovery codes"
    RECOVERY_CODE_USED = "recovery_code_used", "Used a recovery code"
    PASSKEY_ADDED = "passkey_added", "Added a passkey"
    PASSKEY_REMOVED = "passkey_removed", "Removed a passkey"
    APP_REMOVED = "app_removed", "Removed the app"
    NOTICES_CHOSEN = "notices_chosen", "Chose which emails they get"
    PASSKEY_COPIED = "passkey_copied", "Refused a passkey of which there may be a copy"


class NoticeKind(TextChoices):
    """What an email to colleagues is about."""

    URGENT = "urgent", "An answer of a patient that cannot wait"
    WAITING = "waiting", "Something waits for us at the desk"
    OVERDUE = "overdue", "A patient who has waited for us too long"
    PAGES = "pages", "Pages that need attention"
    OWN_NAME = "own_name", "What is signed in your name"


class NoticeHow(TextChoices):
    """How a colleague gets a kind of email."""

    EACH = "each", "Each time, straight away"
    DAILY = "daily", "Once a day, all in one"
    NONE = "none", "None"


class PasswordUse(TextChoices):
    """Why a password or a code was asked for."""

    SIGN_IN = "sign_in", "To sign in"
    AGAIN = "again", "To confirm a step"
    CHANGE = "change", "To change the password"
    CODE = "code", "Second factor, to sign in"
    CODE_AGAIN = "code_again", "Second factor, to confirm a step"
    SET_UP = "set_up", "Second factor, to set it up"


class SignInResult(TextChoices):
    """What became of a password or a code that somebody entered."""

    RIGHT = "right", "Accepted"
    WRONG = "wrong", "Not accepted"
    REFUSED = "refused", "Not checked: too many tries"


class AccountRefused(Exception):
    """A rule or a faster colleague forbids this change of an account.

    The message is a sentence for the colleague who tried.
    """
