"""Other systems that are told when something happens, and what they have yet to be told.

Written by `webhooks`.
"""

from datetime import datetime
from ipaddress import ip_address
from typing import Self
from urllib.parse import urlsplit

from django.conf import settings
from django.db import models
from django.db.models import Case, F, Index, OuterRef, Q, Subquery, UniqueConstraint, When

from bookings.status.choices import DeliveryStatus, Notice
from bookings.status.requests import ACTOR_LENGTH
from procedures.ground.constraints import paired


def may_be_told(url: str) -> bool:
    """Whether we send to such an address: by HTTPS, or in our own network as the operator named it."""
    try:
        parts = urlsplit(url)
        has_port = parts.port != 0
    except ValueError:
        return False
    if not parts.hostname or "@" in parts.netloc or not has_port:
        return False
    if _is_inside(parts.hostname) and not is_private(parts.hostname):
        return False
    return parts.scheme == "https" or (parts.scheme == "http" and is_private(parts.hostname))


def is_private(host: str | None) -> bool:
    """Whether the operator named the host as one of our own network."""
    return host in settings.WEBHOOK_PRIVATE_HOSTS


def is_public(address: str) -> bool:
    """Whether the internet can reach a machine of that number. Raises ValueError if it is none."""
    parsed = ip_address(address.partition("%")[0])
    mapped = getattr(parsed, "ipv4_mapped", None) or parsed
    return mapped.is_global and not mapped.is_multicast


def _is_inside(host: str) -> bool:
    """Whether the host is in a private network, as far as its name says without asking anybody."""
    try:
        return not is_public(host)
    except ValueError:
        return host == "localhost" or host.endswith(".localhost")


class WebhookQuerySet(models.QuerySet["Webhook"]):
    """Webhooks by whether they are told anything."""

    def on(self) -> Self:
        """Webhooks that nobody has ended and that are not turned off."""
        return self.filter(ended_at=None, off_at=None)

    def off(self) -> Self:
        """Webhooks that are turned off, and that nobody has ended: a manager has to decide."""
        return self.filter(ended_at=None, off_at__isnull=False)

    def with_last_failure(self) -> Self:
        """The same webhooks, each with how a try failed last; None if no failure is kept."""
        failed = Delivery.objects.filter(webhook=OuterRef("pk")).exclude(failure="")
        # Whatever still waits has its next try later than one that ended it.
        ended_it = Q(status=DeliveryStatus.FAILED, next_try=F("webhook__off_at"))
        last = failed.order_by(Case(When(ended_it, then=0), default=1), "-next_try", "pk")
        return self.annotate(last_failure=Subquery(last.values("failure")[:1]))


class Webhook(models.Model):
    """An address of another system that is told what happens. Its secret is made from the row."""

    given_to = models.CharField(
        "given to",
        max_length=120,
        help_text="The system, and who looks after it. For example “Theatre list, IT department”.",
    )
    url = models.URLField("address", max_length=300, help_text="It begins with https://.")
    notices = models.JSONField("what it is told")
    made_at = models.DateTimeField("made", editable=False)
    made_by = models.CharField(max_length=ACTOR_LENGTH, editable=False)
    # How often the secret was renewed, and when last: for a day the one before signs as well.
    secret_number = models.PositiveSmallIntegerField(default=1, editable=False)
    renewed_at = models.DateTimeField(null=True, editable=False)
    renewed_by = models.CharField(max_length=ACTOR_LENGTH, null=True, editable=False)
    # Since when nothing has arrived, and since when we have stopped trying.
    failing_since = models.DateTimeField(null=True, editable=False)
    off_at = models.DateTimeField("turned off", null=True, editable=False)
    off_by = models.CharField(max_length=ACTOR_LENGTH, null=True, editable=False)
    ended_at = models.DateTimeField("ended", null=True, editable=False)
    ended_by = models.CharField(max_length=ACTOR_LENGTH, null=True, editable=False)

    PERSONAL: set[str] = set()
    OF_STAFF = {"made_by", "renewed_by", "off_by", "ended_by"}
    NOT_PERSONAL = {
        "id",
        "given_to",
        "url",
        "notices",
        "made_at",
        "secret_number",
        "renewed_at",
        "failing_since",
        "off_at",
        "ended_at",
    }

    # Only from `with_last_failure`.
    last_failure: str | None

    objects = WebhookQuerySet.as_manager()

    class Meta:
        constraints = [paired("made"), paired("renewed"), paired("off"), paired("ended")]

    def __str__(self) -> str:
        return self.given_to

    def notices_in_words(self) -> str:
        """What it is told, as a manager chose it."""
        return "; ".join(str(Notice(notice).label) for notice in self.notices)


class DeliveryQuerySet(models.QuerySet["Delivery"]):
    """Deliveries as the worker sees them."""

    def due(self, at: datetime) -> Self:
        """Deliveries to send, at or past their time, that no worker has."""
        free = Q(leased_until=None) | Q(leased_until__lte=at)
        told = Q(webhook__ended_at=None, webhook__off_at=None)
        return self.filter(free, told, status=DeliveryStatus.QUEUED, next_try__lte=at)


class Delivery(models.Model):
    """One thing that one webhook is told: what happened, to which request. It names nobody."""

    webhook = models.ForeignKey(Webhook, on_delete=models.PROTECT, related_name="deliveries")
    # The same at every try, so that the receiver notices what arrives twice.
    message_id = models.CharField(max_length=43)
    notice = models.CharField(max_length=30, choices=Notice)
    request = models.PositiveBigIntegerField()
    happened = models.DateTimeField()
    status = models.CharField(max_length=10, choices=DeliveryStatus, default=DeliveryStatus.QUEUED)
    next_try = models.DateTimeField()
    tries = models.PositiveSmallIntegerField(default=0)
    leased_until = models.DateTimeField(null=True)
    failure = models.CharField(max_length=100, blank=True)

    PERSONAL: set[str] = set()
    NOT_PERSONAL = {
        "id",
        "webhook",
        "message_id",
        "notice",
        "request",
        "happened",
        "status",
        "next_try",
        "tries",
        "leased_until",
        "failure",
    }

    objects = DeliveryQuerySet.as_manager()

    class Meta:
        verbose_name_plural = "deliveries"
        constraints = [
            UniqueConstraint(fields=["webhook", "message_id"], name="one_delivery_a_message")
        ]
        indexes = [
            Index(
                fields=["next_try"],
                condition=Q(status=DeliveryStatus.QUEUED),
                name="deliveries_due",
            )
        ]

    def __str__(self) -> str:
        return f"{self.notice} for {self.webhook_id}"
