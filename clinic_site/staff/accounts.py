"""What a manager does to the accounts of colleagues, and what colleagues do to their own.

Every step locks the account, changes it only if it is still as it was on the screen, writes an event
that says who did it, and otherwise raises AccountRefused with a sentence.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, datetime, timedelta
from typing import cast

from django.contrib.auth.backends import ModelBackend
from django.contrib.auth.hashers import make_password
from django.contrib.auth.models import AnonymousUser, Group, Permission, User
from django.db import transaction
from django.db.models import Model, Q, QuerySet
from django.db.models.functions import Coalesce
from django.utils import timezone

from bookings import messages, triage
from bookings.models import AppointmentRequest, ScreeningQuestion
from clinic_site.groups import GROUPS
from clinic_site.staff import sessions
from clinic_site.staff.reading import MAY, NAME, account_with_permissions
from procedures import publishing
from procedures.ground.batches import Tally, one_by_one
from procedures.ground.folding import words
from procedures.ground.people import MANAGERS
from procedures.models import AccountEvent, Clinician, Departure, Invitation, StaffAccount
from procedures.status import CAN_SIGN_IN, AccountAct, AccountRefused

# A newcomer may be on leave. Whoever has forgotten a password has just asked for the link.
VALID_FOR, NEW_PASSWORD_WITHIN = timedelta(days=7), timedelta(days=1)
# A quarter, in which a clinic goes through who still needs an account.
UNUSED = timedelta(days=90)
LONGEST_LOGIN = 140
# Where Django keeps the permissions of an account, too.
CACHE = "_perm_cache"
NOT_YOUR_OWN = "You cannot do this to your own account. Ask another manager."


class StaffBackend(ModelBackend):
    """Django's own check of a password; an account does not work from the day of leaving on."""

    def get_user(self, user_id: int) -> User | None:
        """The account of a session with what it may do, unless it does not work any more."""
        found = account_with_permissions(user_id)
        if found is None or not self.user_can_authenticate(found):
            return None
        if not found.is_superuser:
            setattr(found, CACHE, set(getattr(found, MAY) or ()))
        return found

    def get_all_permissions(
        self, user_obj: User | AnonymousUser, obj: Model | None = None
    ) -> set[str]:
        """The permissions of the account and of its groups: one query for each request of a page."""
        if obj is not None or not user_obj.is_active or user_obj.is_superuser:
            return super().get_all_permissions(user_obj, obj)
        if not hasattr(user_obj, CACHE):
            theirs = Permission.objects.filter(Q(user=user_obj) | Q(group__user=user_obj))
            setattr(user_obj, CACHE, set(theirs.order_by().values_list(NAME, flat=True)))
        return cast("set[str]", getattr(user_obj, CACHE))

    def user_can_authenticate(self, user: User | AnonymousUser | None) -> bool:
        """Whether the account works today."""
        departure = getattr(user, "departure", None)
        has_left = departure is not None and departure.leaves_on <= timezone.localdate()
        return super().user_can_authenticate(user) and not has_left


# --- Coming -----------------------------------------------------------------------------------


def invite(
    *, first_name: str, last_name: str, email: str, role: str, by: User, now: datetime
) -> StaffAccount:
    """Create an account that cannot sign in yet, and send its owner a link to choose a password."""
    with transaction.atomic():
        # One invitation to a group at a time, so a second press finds the account of the first.
        group = Group.objects.select_for_update(no_key=True).get(name=role)
        twin = StaffAccount.objects.filter(email__iexact=email, departure=None).first()
        if twin:
            raise AccountRefused(f"{twin} already has an account with this email address.")
        account = StaffAccount.objects.create(
            username=_free_login(f"{first_name} {last_name}"),
            first_name=first_name,
            last_name=last_name,
            email=email,
            password=make_password(None),
            is_staff=True,
            is_active=False,
            date_joined=now,
        )
        account.groups.add(group)
        record(account, AccountAct.INVITED, role, by=by, now=now)
        _send_link(account, by=by, now=now)
    return account


def send_link(account: StaffAccount, *, version: int, by: User, now: datetime) -> StaffAccount:
    """Send a link to choose a password. An earlier one stops working; a leaver may come back by it.

    It ends sooner for somebody who can sign in already.
    """
    with _one_change(account, version) as current:
        works = current.state(now) in CAN_SIGN_IN
        Departure.objects.filter(account=current, leaves_on__lte=timezone.localdate(now)).delete()
        _withdraw_links(current, by=by, now=now)
        valid_for = NEW_PASSWORD_WITHIN if works else VALID_FOR
        _send_link(current, by=by, now=now, valid_for=valid_for)
        record(current, AccountAct.LINK_SENT, by=by, now=now)
    return account


def withdraw_link(account: StaffAccount, *, version: int, by: User, now: datetime) -> StaffAccount:
    """Stop the link of an account from working."""
    with _one_change(account, version) as current:
        _withdraw_links(current, by=by, now=now)
        record(current, AccountAct.LINK_WITHDRAWN, by=by, now=now)
    return account


def accept(invitation: Invitation, *, password: str, now: datetime) -> User:
    """Use a link: set the password of its account, which then works. A link works once.

    The password is hashed before anything is locked.
    """
    hashed = make_password(password)
    with transaction.atomic():
        used = _use(invitation, now)
        if not used:
            raise AccountRefused(
                "This link does not work any more. Sign in if you have already chosen a password, "
                "or ask a manager for a new link."
            )
        account = invitation.account
        User.objects.filter(pk=account.pk).update(password=hashed, is_active=True)
        sessions.end_all(account)
        record(account, AccountAct.PASSWORD_CHOSEN, by=account, now=now)
    return account


def _use(invitation: Invitation, now: datetime) -> bool:
    """Mark an open invitation as used; False if it is not open any more."""
    still_open = Invitation.objects.filter(
        pk=invitation.pk, used_at=None, withdrawn_at=None, valid_until__gt=now
    )
    return bool(still_open.update(used_at=now, used_by=invitation.account))


def _send_link(
    account: StaffAccount, *, by: User, now: datetime, valid_for: timedelta = VALID_FOR
) -> None:
    if not account.email:
        raise AccountRefused("We have no email address for this account. Enter it first.")
    invitation = Invitation.objects.create(
        account=account, made_at=now, made_by=by, valid_until=now + valid_for
    )
    messages.queue_invitation(invitation, by=by.username, now=now)


def _withdraw_links(account: User, *, by: User, now: datetime) -> int:
    waiting = Invitation.objects.filter(account=account, used_at=None, withdrawn_at=None)
    return waiting.update(withdrawn_at=now, withdrawn_by=by)


def _free_login(name: str) -> str:
    """A username that nobody has or ever had, made from a name: robin.example, robin.example2."""
    stem = ".".join(words(name))[:LONGEST_LOGIN] or "colleague"
    taken = set(User.objects.filter(username__startswith=stem).values_list("username", flat=True))
    numbered = (f"{stem}{number}" for number in range(2, len(taken) + 3))
    return stem if stem not in taken else next(each for each in numbered if each not in taken)


# --- Staying ----------------------------------------------------------------------------------


def change_role(
    account: StaffAccount, *, version: int, role: str, by: User, now: datetime
) -> StaffAccount:
    """Change what somebody may do. Their sessions end, so no page is open that they may not see.

    Groups of the clinic's own stay as they are.
    """
    _refuse_own(account, by)
    with _one_change(account, version) as current:
        if role != MANAGERS:
            _keep_a_manager(current)
        before = current.role
        current.groups.remove(*current.groups.filter(name__in=GROUPS))
        current.groups.add(Group.objects.get(name=role))
        sessions.end_all(current)
        if "review_appointmentrequest" not in GROUPS[role]:
            _give_back_requests(current, by=by, now=now)
        record(current, AccountAct.ROLE_CHANGED, f"{before} → {role}", by=by, now=now)
    return account


def change_details(
    account: StaffAccount,
    *,
    version: int,
    first_name: str,
    last_name: str,
    email: str,
    by: User,
    now: datetime,
) -> StaffAccount:
    """Correct a name or an email address. The username stays as it is.

    A link that went to the old address stops working; the new address gets another.
    """
    with _one_change(account, version) as current:
        details = {"first_name": first_name, "last_name": last_name, "email": email}
        before = {name: getattr(current, name) for name in details}
        StaffAccount.objects.filter(pk=current.pk).update(**details)
        if before["email"] != email and _withdraw_links(current, by=by, now=now):
            _send_link(current, by=by, now=now)
        changed = [
            f"{before[name]} → {new}" for name, new in details.items() if before[name] != new
        ]
        record(current, AccountAct.DETAILS_CHANGED, ", ".join(changed)[:300], by=by, now=now)
    return account


def sign_out(account: StaffAccount, *, version: int, by: User, now: datetime) -> StaffAccount:
    """End every session of a colleague, for example because a browser was left open somewhere."""
    with _one_change(account, version) as current:
        sessions.end_all(current)
        record(current, AccountAct.SIGNED_OUT, by=by, now=now)
    return account


def note_password_change(account: User, *, now: datetime) -> None:
    """Record that somebody changed their own password."""
    record(account, AccountAct.PASSWORD_CHANGED, by=account, now=now)


def note_sessions_ended(account: User, *, now: datetime) -> None:
    """Record that somebody ended their sessions elsewhere."""
    record(account, AccountAct.SESSIONS_ENDED, by=account, now=now)


# --- Leaving ----------------------------------------------------------------------------------


def set_leaving(
    account: StaffAccount, *, version: int, leaves_on: date, by: User, now: datetime
) -> StaffAccount:
    """Set the day from which an account does not work. If that is today, it ends straight away."""
    _refuse_own(account, by)
    with _one_change(account, version) as current:
        _keep_a_manager(current)
        departure = {"leaves_on": leaves_on, "leaves_by": by}
        Departure.objects.update_or_create(account=current, defaults=departure)
        record(current, AccountAct.LEAVING_SET, f"{leaves_on:%-d %B %Y}", by=by, now=now)
        if leaves_on <= timezone.localdate(now):
            _close(current, by=by, now=now)
    return account


def cancel_leaving(account: StaffAccount, *, version: int, by: User, now: datetime) -> StaffAccount:
    """Take back a day of leaving that has not come yet."""
    with _one_change(account, version) as current:
        Departure.objects.filter(account=current).delete()
        record(current, AccountAct.LEAVING_CANCELLED, by=by, now=now)
    return account


def hand_on(
    account: StaffAccount,
    *,
    version: int,
    pages_to: StaffAccount | None,
    questions_to: Clinician | None,
    by: User,
    now: datetime,
) -> StaffAccount:
    """Give what somebody looks after to colleagues. What they signed stays under their name."""
    with _one_change(account, version) as current:
        done = []
        if pages_to and (number := publishing.hand_on_pages(current, to=pages_to)):
            done.append(f"pages to {pages_to}: {number}")
        asked = ScreeningQuestion.objects.filter(owner__login=current, retired_on=None)
        if questions_to and (number := asked.update(owner=questions_to)):
            done.append(f"safety questions to {questions_to.name}: {number}")
        record(current, AccountAct.HANDED_ON, ", ".join(done), by=by, now=now)
    return account


def close_accounts_of_leavers(now: datetime) -> Tally:
    """Close the accounts whose day has come; return how many. They already let nobody in."""
    today = timezone.localdate(now)
    due = StaffAccount.objects.filter(is_active=True, departure__leaves_on__lte=today)

    def close(pk: int) -> bool:
        with transaction.atomic():
            current = StaffAccount.objects.select_for_update(no_key=True).get(pk=pk)
            _close(current, by=current.departure.leaves_by, now=now)
        return True

    return one_by_one(due.values_list("pk", flat=True), close, task="closing account")


def _close(account: StaffAccount, *, by: User, now: datetime) -> None:
    StaffAccount.objects.filter(pk=account.pk).update(is_active=False, password=make_password(None))
    sessions.end_all(account)
    _withdraw_links(account, by=by, now=now)
    _give_back_requests(account, by=by, now=now)


def _give_back_requests(account: StaffAccount, *, by: User, now: datetime) -> None:
    """Let everybody see to the open requests that were handed over to this person."""
    for request in AppointmentRequest.objects.filter(owner_id=account.pk, ended_at=None):
        triage.hand_over(request, to=None, by=by, now=now)


def long_unused(now: datetime) -> QuerySet[StaffAccount]:
    """Accounts that open the desk and with which nobody has signed in for a quarter."""
    used = Coalesce("last_login", "date_joined")
    working = StaffAccount.objects.working(timezone.localdate(now)).alias(used=used)
    return working.filter(used__lte=now - UNUSED).order_by("username")


# --- What every step leans on -----------------------------------------------------------------


@contextmanager
def _one_change(account: StaffAccount, version: int) -> Iterator[StaffAccount]:
    """The account, locked, in one transaction. Refuses if it has changed since it was shown."""
    with transaction.atomic():
        current = StaffAccount.objects.select_for_update(no_key=True).get(pk=account.pk)
        if current.version != version:
            raise AccountRefused(
                "Somebody has changed this account in the meantime. Open it again and check it."
            )
        yield current


def _refuse_own(account: StaffAccount, by: User) -> None:
    if account.pk == by.pk:
        raise AccountRefused(NOT_YOUR_OWN)


def _keep_a_manager(account: StaffAccount) -> None:
    """Refuse a step after which no manager would be left.

    One such step at a time, so two managers cannot remove each other.
    """
    Group.objects.select_for_update(no_key=True).get(name=MANAGERS)
    managers = StaffAccount.objects.managers()
    if not managers.filter(pk=account.pk).exists():
        return
    if not managers.staying().exclude(pk=account.pk).exists():
        raise AccountRefused(
            f"{account} is the last manager who stays. Make somebody else a manager first."
        )


def record(account: User, act: AccountAct, detail: str = "", *, by: User, now: datetime) -> None:
    """Write into the history of an account what was done to it."""
    AccountEvent.objects.create(
        account_id=account.pk, act=act, detail=detail, done_at=now, done_by=by
    )
