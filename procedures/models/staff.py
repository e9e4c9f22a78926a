"""Accounts of staff, their sessions and sign-ins. Written by `clinic_site.staff`."""

from datetime import date, datetime
from typing import Self

from django.conf import settings
from django.contrib.auth.models import User
from django.core import signing
from django.db import models
from django.db.models import Index, Q, UniqueConstraint
from django.urls import reverse
from django.utils import timezone

from procedures.ground.constraints import paired
from procedures.ground.people import MANAGERS, shown_name
from procedures.status import AccountAct, AccountState, PasswordUse, SignInResult

SALT = "procedures.invitation"


class StaffAccountQuerySet(models.QuerySet["StaffAccount"]):
    """Accounts by what they can be used for."""

    def staying(self) -> Self:
        """Accounts that can sign in and have no day of leaving."""
        return self.filter(is_active=True, departure=None)

    def working(self, day: date) -> Self:
        """Accounts that can open the desk on that day."""
        return self.filter(is_active=True, is_staff=True).exclude(departure__leaves_on__lte=day)

    def managers(self) -> Self:
        """The accounts in the group of managers."""
        return self.filter(groups__name=MANAGERS)

    def with_facts(self) -> Self:
        """With everything that `state` and `role` read, in few queries."""
        return self.select_related("departure").prefetch_related("groups", "invitations")


class StaffAccount(User):
    """The account of a member of staff, as managers look after it.

    Its username never changes and is never given to somebody else, and no account is deleted:
    the database refuses both.
    """

    PERSONAL: set[str] = set()
    OF_STAFF = {"username", "first_name", "last_name", "email", "last_login", "groups"}
    NOT_PERSONAL = {
        "id",
        "password",
        "is_superuser",
        "is_staff",
        "is_active",
        "date_joined",
        "user_permissions",
    }

    # Not Django's manager of users: nobody creates an account here by a name and a password.
    objects = StaffAccountQuerySet.as_manager()  # type: ignore[assignment, misc]

    class Meta:
        proxy = True
        verbose_name = "staff account"
        permissions = [("manage_staffaccount", "Can look after the accounts of staff")]

    def __str__(self) -> str:
        return shown_name(self)

    @property
    def version(self) -> int:
        """How often the account has changed; a screen that shows an older number is refused."""
        return self.events.count() + 1

    @property
    def role(self) -> str:
        """The names of its groups."""
        return ", ".join(sorted(group.name for group in self.groups.all()))

    @property
    def leaves_on(self) -> date | None:
        """The day from which the account does not work, if there is one."""
        departure = getattr(self, "departure", None)
        return departure.leaves_on if departure else None

    def state(self, now: datetime) -> AccountState:
        """What the account is good for at that instant."""
        if self.leaves_on and self.leaves_on <= timezone.localdate(now):
            return AccountState.LEFT
        if self.is_active:
            return AccountState.LEAVES if self.leaves_on else AccountState.WORKS
        if any(each.is_open(now) for each in self.invitations.all()):
            return AccountState.INVITED
        return AccountState.NOT_ACCEPTED


class Departure(models.Model):
    """The day from which an account does not work any more, and who set it."""

    account = models.OneToOneField(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="departure"
    )
    leaves_on = models.DateField()
    leaves_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+"
    )

    PERSONAL: set[str] = set()
    OF_STAFF = {"account", "leaves_on", "leaves_by"}
    NOT_PERSONAL = {"id"}

    def __str__(self) -> str:
        return f"{shown_name(self.account)} leaves on {self.leaves_on:%-d %B %Y}"


class Invitation(models.Model):
    """A link with which a colleague chooses their own password, once.

    It is sent to whoever is new, and to whoever has forgotten their password.
    """

    account = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="invitations"
    )
    made_at = models.DateTimeField()
    made_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+"
    )
    valid_until = models.DateTimeField()
    withdrawn_at = models.DateTimeField(null=True)
    withdrawn_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+"
    )
    used_at = models.DateTimeField(null=True)
    used_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+"
    )

    PERSONAL: set[str] = set()
    OF_STAFF = {"account", "made_by", "withdrawn_by", "used_by"}
    NOT_PERSONAL = {"id", "made_at", "valid_until", "withdrawn_at", "used_at"}

    class Meta:
        constraints = [
            paired("made"),
            paired("withdrawn"),
            paired("used"),
            UniqueConstraint(
                fields=["account"],
                condition=Q(withdrawn_at=None, used_at=None),
                name="one_open_invitation_an_account",
            ),
        ]

    def __str__(self) -> str:
        return f"invitation of {shown_name(self.account)}"

    def is_open(self, now: datetime) -> bool:
        """Whether the link still works at that instant."""
        return self.withdrawn_at is None and self.used_at is None and now < self.valid_until

    def link(self) -> str:
        """The full address that goes into the email. Built from a setting, never from a header."""
        token = signing.dumps(self.pk, salt=SALT)
        return f"{settings.SITE_URL}{reverse('open_invitation', args=[token])}"

    @classmethod
    def of_link(cls, token: str) -> Self | None:
        """The invitation that a link names, open or not; None if the link is not one of ours."""
        try:
            pk = signing.loads(token, salt=SALT)
        except signing.BadSignature:
            return None
        return cls.objects.select_related("account").filter(pk=pk).first()


class StaffSession(models.Model):
    """A browser in which a colleague is signed in. Deleting the row ends it."""

    started_at = models.DateTimeField()
    started_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="staff_sessions"
    )
    last_seen = models.DateTimeField()
    place = models.CharField(max_length=50)
    browser = models.CharField(max_length=40, blank=True)
    # False while only the password was given and a second factor is needed: nobody is signed in yet.
    is_complete = models.BooleanField(default=False)
    # What a passkey is asked to sign, and until when. Empty once it was used.
    challenge = models.CharField(max_length=64, blank=True, db_default="")
    challenge_ends = models.DateTimeField(null=True)

    PERSONAL: set[str] = set()
    OF_STAFF = {"started_by", "place", "browser"}
    NOT_PERSONAL = {"id", "started_at", "last_seen", "is_complete", "challenge", "challenge_ends"}
    SECRET = {"challenge"}

    class Meta:
        constraints = [paired("started")]

    def __str__(self) -> str:
        return f"session of {self.started_by} since {self.started_at:%Y-%m-%d %H:%M}"


class RecoveryCode(models.Model):
    """A code on paper, for somebody without their phone. It works once. Stored as a keyed hash."""

    account = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="recovery_codes"
    )
    digest = models.CharField(max_length=64)
    used_at = models.DateTimeField(null=True)
    used_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+"
    )

    PERSONAL: set[str] = set()
    OF_STAFF = {"account", "used_by"}
    NOT_PERSONAL = {"id", "digest", "used_at"}
    SECRET = {"digest"}

    class Meta:
        constraints = [
            paired("used"),
            UniqueConstraint(fields=["account", "digest"], name="one_recovery_code_of_a_kind"),
        ]

    def __str__(self) -> str:
        return f"recovery code of {shown_name(self.account)}"


class Passkey(models.Model):
    """A passkey of a colleague: its public half. The private one is in their phone, computer or key."""

    account = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="passkeys"
    )
    name = models.CharField(max_length=60)
    # Both as base64url; the key is COSE in CBOR, as it came.
    credential = models.CharField(max_length=1400, unique=True)
    public_key = models.CharField(max_length=2000)
    # How often it says that it has signed; 0 if it does not count.
    sign_count = models.PositiveBigIntegerField()
    added_at = models.DateTimeField()
    added_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+"
    )
    last_used = models.DateTimeField(null=True)

    PERSONAL: set[str] = set()
    OF_STAFF = {"account", "name", "added_by"}
    NOT_PERSONAL = {"id", "credential", "public_key", "sign_count", "added_at", "last_used"}

    class Meta:
        constraints = [paired("added")]

    def __str__(self) -> str:
        return f"{self.name}, passkey of {shown_name(self.account)}"


class DeskChoice(models.Model):
    """How the desk works for one colleague. Without a row, as it does for everybody."""

    account = models.OneToOneField(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+"
    )
    # Single keys do something (WCAG 2.1.4 asks for a way to turn them off).
    has_keys = models.BooleanField(default=True)

    PERSONAL: set[str] = set()
    OF_STAFF = {"account", "has_keys"}
    NOT_PERSONAL = {"id"}

    def __str__(self) -> str:
        return f"choices of {shown_name(self.account)}"


class SignIn(models.Model):
    """A password or a code that somebody entered, right or wrong. Kept for a set time."""

    tried_at = models.DateTimeField("when")
    # Empty if no account has the name: people type their password there by mistake.
    tried_by = models.CharField("username", max_length=150, blank=True)
    place = models.CharField("from", max_length=50)
    use = models.CharField("what for", max_length=10, choices=PasswordUse)
    result = models.CharField(max_length=10, choices=SignInResult)

    PERSONAL: set[str] = set()
    OF_STAFF = {"tried_by", "place"}
    NOT_PERSONAL = {"id", "tried_at", "use", "result"}

    class Meta:
        verbose_name = "sign-in"
        indexes = [Index(fields=["tried_at"], name="sign_ins_by_time")]

    def __str__(self) -> str:
        return f"{self.tried_by or 'unknown name'}: {self.result}"


class AccountEvent(models.Model):
    """What was done to an account, by whom and when. The database refuses to change or delete a row."""

    account = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="events"
    )
    act = models.CharField("what", max_length=20, choices=AccountAct)
    detail = models.CharField("in particular", max_length=300, blank=True)
    done_at = models.DateTimeField("when")
    done_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+", verbose_name="by"
    )

    PERSONAL: set[str] = set()
    OF_STAFF = {"account", "detail", "done_by"}
    NOT_PERSONAL = {"id", "act", "done_at"}

    class Meta:
        verbose_name = "change of an account"
        verbose_name_plural = "changes of accounts"
        constraints = [paired("done")]

    def __str__(self) -> str:
        return f"{self.get_act_display()}: {shown_name(self.account)}"
