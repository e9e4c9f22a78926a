"""Tokens with which other systems read, and what was read with each. Written by `access`."""

from datetime import date, datetime
from typing import Self

from django.db import models
from django.db.models import Index, UniqueConstraint
from django.utils import timezone

from bookings.models.journal import LookQuerySet
from bookings.status.choices import Scope
from bookings.status.requests import ACTOR_LENGTH
from procedures.ground.constraints import paired


class AccessTokenQuerySet(models.QuerySet["AccessToken"]):
    """Tokens by whether they open anything."""

    def valid(self, now: datetime) -> Self:
        """Tokens that nobody has revoked and whose last day is not over."""
        return self.filter(revoked_at=None, last_day__gte=timezone.localdate(now))


class AccessToken(models.Model):
    """What another system shows to read from us. Only its hash is stored.

    Who made it and who revoked it never changes: the database refuses that.
    """

    given_to = models.CharField(
        "given to",
        max_length=120,
        help_text="The system, and who looks after it. For example “Theatre list, IT department”.",
    )
    scopes = models.JSONField("what it may read")
    digest = models.CharField(max_length=64, unique=True, editable=False)
    # Its last letters: enough to tell which of several tokens somebody has.
    ending = models.CharField(max_length=4, editable=False)
    made_at = models.DateTimeField("made", editable=False)
    made_by = models.CharField(max_length=ACTOR_LENGTH, editable=False)
    last_day = models.DateField("last day")
    revoked_at = models.DateTimeField("revoked", null=True, editable=False)
    revoked_by = models.CharField(max_length=ACTOR_LENGTH, null=True, editable=False)

    PERSONAL: set[str] = set()
    OF_STAFF = {"made_by", "revoked_by"}
    NOT_PERSONAL = {
        "id",
        "given_to",
        "scopes",
        "digest",
        "ending",
        "made_at",
        "last_day",
        "revoked_at",
    }
    SECRET = {"digest"}

    # Only on the one that was just made.
    text: str

    objects = AccessTokenQuerySet.as_manager()

    class Meta:
        constraints = [paired("made"), paired("revoked")]
        verbose_name = "access token"

    def __str__(self) -> str:
        return self.given_to

    def is_valid(self, now: datetime) -> bool:
        """The predicate twin of `valid`."""
        return self.revoked_at is None and self.last_day >= timezone.localdate(now)

    def may_read(self, scope: str) -> bool:
        """Whether it opens this kind of resource."""
        return scope in self.scopes

    def scopes_in_words(self) -> str:
        """What it may read, as a manager chose it."""
        return "; ".join(str(Scope(scope).label) for scope in self.scopes)


class AccessUse(models.Model):
    """How often a token was used on a day, and how often it was refused."""

    token = models.ForeignKey(AccessToken, on_delete=models.PROTECT, related_name="uses")
    day: "models.DateField[date, date]" = models.DateField()
    answered = models.PositiveIntegerField(default=0)
    refused = models.PositiveIntegerField(default=0)

    PERSONAL: set[str] = set()
    NOT_PERSONAL = {"id", "token", "day", "answered", "refused"}

    class Meta:
        ordering = ["-day"]
        constraints = [UniqueConstraint(fields=["token", "day"], name="one_row_a_token_and_day")]

    def __str__(self) -> str:
        return f"{self.token_id} on {self.day}"


class OutsideLook(models.Model):
    """An answer to another system that was about patients, like a list at the desk. It never changes."""

    resource = models.CharField(max_length=30)
    requests = models.JSONField(help_text="The numbers of the requests that it was about.")
    looked_at = models.DateTimeField()
    looked_by = models.ForeignKey(AccessToken, on_delete=models.PROTECT, related_name="looks")

    PERSONAL: set[str] = set()
    NOT_PERSONAL = {"id", "resource", "requests", "looked_at", "looked_by"}

    objects = LookQuerySet.as_manager()

    class Meta:
        constraints = [paired("looked")]
        indexes = [Index(fields=["looked_at", "id"], name="outside_looks_by_day")]

    def __str__(self) -> str:
        return f"{self.looked_by} read {self.resource} of {len(self.requests)}"
