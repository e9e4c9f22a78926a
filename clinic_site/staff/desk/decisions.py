"""What a manager may decide about an account: each with its form and its verb."""

from datetime import datetime

from django.utils import timezone

from clinic_site.staff import accounts, second_factor, sessions
from clinic_site.staff.belongings import pages_of, questions_of
from clinic_site.staff.forms import DetailsForm, HandOnForm, LeavingForm, RoleForm
from procedures.ground import two_people
from procedures.ground.decisions import Decision, ReasonForm
from procedures.models import StaffAccount
from procedures.status import CAN_SIGN_IN, AccountState

MANAGE = "manage_staffaccount"


def _can_be_handed_on(account: StaffAccount, now: datetime) -> bool:
    return pages_of(account).exists() or questions_of(account).exists()


def _has_second_factor(account: StaffAccount, now: datetime) -> bool:
    return sessions.has_second_factor(account)


def _said_sent(account: StaffAccount) -> str:
    until = timezone.localtime(account.invitations.latest("pk").valid_until)
    return f"Sent to {account.email}. The link works once, until {until:%A %-d %B at %-H:%M}."


SEND_AGAIN = Decision(
    slug="send-again",
    label="Send the invitation again",
    permission=MANAGE,
    statuses={AccountState.INVITED, AccountState.NOT_ACCEPTED},
    verb=accounts.send_link,
    said=_said_sent,
    explanation="They get a new link. The one they have stops working.",
    needs_fresh_sign_in=True,
)
LEAVE = Decision(
    slug="leave",
    label="Record that they leave",
    permission=MANAGE,
    statuses=CAN_SIGN_IN,
    form=LeavingForm,
    verb=accounts.set_leaving,
    said="Saved. Below is what is still in their name.",
    explanation="They are signed out everywhere and cannot sign in any more. What they did and signed "
    "stays under their name.",
    is_destructive=True,
    needs_fresh_sign_in=True,
)

DECISIONS = (
    SEND_AGAIN,
    Decision(
        slug="new-password",
        label="Send a link for a new password",
        permission=MANAGE,
        statuses=CAN_SIGN_IN,
        verb=accounts.send_link,
        said=_said_sent,
        explanation="For somebody who has forgotten their password. The old one works until they have "
        "chosen another.",
        needs_fresh_sign_in=True,
    ),
    Decision(
        slug="come-back",
        label="Invite again",
        permission=MANAGE,
        statuses={AccountState.LEFT},
        verb=accounts.send_link,
        said=_said_sent,
        explanation="They come back to the same account: with their old role, and a new password.",
        needs_fresh_sign_in=True,
    ),
    Decision(
        slug="sign-out",
        label="Sign them out everywhere",
        permission=MANAGE,
        statuses=CAN_SIGN_IN,
        verb=accounts.sign_out,
        said="Signed out. They can sign in again.",
        explanation="For a browser that was left open, or a phone that was stolen. If they are in the "
        "middle of a form, it is kept until they have signed in again.",
        needs_fresh_sign_in=True,
    ),
    Decision(
        slug="reset-second-factor",
        label="Reset the second factor",
        permission=MANAGE,
        statuses=CAN_SIGN_IN,
        form=ReasonForm,
        verb=two_people.proposing(second_factor.RESET),
        said=two_people.said_waiting,
        explanation="For somebody who has lost their phone and their recovery codes. See them, or phone "
        "them on a number that you know. Another manager has to agree. Then they are signed out, and "
        "set up another when they sign in.",
        open_when=_has_second_factor,
        is_destructive=True,
        needs_fresh_sign_in=True,
    ),
    Decision(
        slug="role",
        label="Change the role",
        permission=MANAGE,
        statuses={*CAN_SIGN_IN, AccountState.INVITED},
        form=RoleForm,
        verb=accounts.change_role,
        said="Changed. They are signed out, and have the new role when they sign in again.",
        needs_fresh_sign_in=True,
    ),
    Decision(
        slug="details",
        label="Correct the name or email address",
        permission=MANAGE,
        statuses={*CAN_SIGN_IN, AccountState.INVITED, AccountState.NOT_ACCEPTED},
        form=DetailsForm,
        verb=accounts.change_details,
        said="Corrected.",
        explanation="The username stays as it is.",
        needs_fresh_sign_in=True,
    ),
    Decision(
        slug="hand-on",
        label="Hand on what is theirs",
        permission=MANAGE,
        statuses={*CAN_SIGN_IN, AccountState.LEFT},
        form=HandOnForm,
        verb=accounts.hand_on,
        said="Handed on.",
        explanation="What they signed or wrote stays under their name.",
        open_when=_can_be_handed_on,
        needs_fresh_sign_in=True,
    ),
    Decision(
        slug="stay",
        label="They stay after all",
        permission=MANAGE,
        statuses={AccountState.LEAVES},
        verb=accounts.cancel_leaving,
        said="The account goes on working.",
        needs_fresh_sign_in=True,
    ),
    Decision(
        slug="withdraw",
        label="Withdraw the invitation",
        permission=MANAGE,
        statuses={AccountState.INVITED},
        verb=accounts.withdraw_link,
        said="Withdrawn. The link does not work any more.",
        is_destructive=True,
        needs_fresh_sign_in=True,
    ),
    LEAVE,
)
# What usually comes next, by where an account stands.
NEXT = {
    AccountState.INVITED: "send-again",
    AccountState.NOT_ACCEPTED: "send-again",
    AccountState.LEAVES: "hand-on",
    AccountState.LEFT: "hand-on",
}
