"""Messages to send, and the state of sending. Written by `messages`."""

from datetime import datetime
from typing import Self

from django.db import models
from django.db.models import CheckConstraint, Index, Q, UniqueConstraint

from bookings.models.people import Person
from bookings.models.requests import AppointmentRequest
from bookings.models.subscriptions import Subscription
from bookings.status import TO_SUBSCRIBERS, Channel, MessageKind, MessageStatus
from bookings.status.requests import ACTOR_LENGTH
from procedures.ground.constraints import paired
from procedures.models import Invitation, PageEvent


class MessageQuerySet(models.QuerySet["Message"]):
    """Messages as the worker sees them."""

    def due(self, at: datetime) -> Self:
        """Messages that are queued, at or past their time, and not leased by a worker."""
        free = Q(leased_until=None) | Q(leased_until__lte=at)
        return self.filter(free, status=MessageStatus.QUEUED, next_try__lte=at)

    def to_tell(self) -> Self:
        """What a colleague has to tell by phone."""
        return self.filter(status=MessageStatus.TO_TELL)

    def to_post(self) -> Self:
        """Letters that are printed, and neither posted nor handed over."""
        return self.filter(status=MessageStatus.TO_POST)


class Message(models.Model):
    """One email or text message to send, a letter to post, or news that a colleague has to tell.

    It contains no text: that is made from its template when it is sent.
    """

    # Null only for an invitation and for a subscriber, so whatever is about patients need not ask.
    request: "models.ForeignKey[AppointmentRequest, AppointmentRequest]" = models.ForeignKey(  # type: ignore[misc]
        AppointmentRequest, null=True, on_delete=models.PROTECT, related_name="messages"
    )
    invitation = models.ForeignKey(
        Invitation, null=True, on_delete=models.PROTECT, related_name="messages"
    )
    # Whoever leaves takes the record of their letters along. A letter that is written in that moment
    # has nobody to go to, and is dropped.
    subscription = models.ForeignKey(
        Subscription,
        null=True,
        on_delete=models.CASCADE,
        related_name="messages",
        db_index=False,
        db_constraint=False,
    )
    kind = models.CharField(max_length=20, choices=MessageKind)
    channel = models.CharField(max_length=5, choices=Channel, default=Channel.EMAIL)
    # Where it goes, if not to the patient's current address. Emptied when it is sent or given up.
    address = models.EmailField(blank=True)
    # Of the request; for news of a page, the number of its event; for a wait that is too long, the
    # minute in which it began.
    request_version = models.PositiveIntegerField()
    # For a reminder: which one it is, by the days before the visit.
    days_ahead = models.PositiveSmallIntegerField(default=0)
    message_id = models.CharField(max_length=43, unique=True)
    status = models.CharField(max_length=10, choices=MessageStatus, default=MessageStatus.QUEUED)
    queued_at = models.DateTimeField()
    queued_by = models.CharField(max_length=ACTOR_LENGTH)
    next_try = models.DateTimeField()
    tries = models.PositiveSmallIntegerField(default=0)
    leased_until = models.DateTimeField(null=True)
    sent_at = models.DateTimeField(null=True)
    sent_by = models.CharField(max_length=ACTOR_LENGTH, null=True)
    # Only for a letter.
    printed_at = models.DateTimeField(null=True)
    printed_by = models.CharField(max_length=ACTOR_LENGTH, null=True)
    failure = models.CharField(max_length=100, blank=True)
    # Only for a text: when a gateway said that it arrived, in how many parts it went, and what the
    # gateway says that it cost, in pounds.
    delivered = models.DateTimeField(null=True)
    segments = models.PositiveSmallIntegerField(default=0, db_default=0)
    price = models.DecimalField(max_digits=9, decimal_places=5, null=True)
    # The address or number that the last try went to, so that we can tell whoever asks. Empty for what
    # went to an address that the patient had given up, and for a letter that was handed over.
    sent_to = models.CharField(max_length=254, blank=True)
    # The message that a colleague sent once more with this one.
    repeats = models.ForeignKey(
        "self", null=True, on_delete=models.PROTECT, related_name="repeated"
    )

    PERSONAL = {"address", "sent_to"}
    OF_STAFF = {"queued_by", "sent_by", "printed_by"}
    NOT_PERSONAL = {
        "id",
        "request",
        "invitation",
        "subscription",
        "kind",
        "channel",
        "request_version",
        "days_ahead",
        "message_id",
        "status",
        "queued_at",
        "next_try",
        "tries",
        "leased_until",
        "sent_at",
        "printed_at",
        "failure",
        "delivered",
        "segments",
        "price",
        "repeats",
    }
    WHOSE = ("request__person",)

    objects = MessageQuerySet.as_manager()

    class Meta:
        constraints = [
            paired("queued"),
            paired("sent"),
            paired("printed"),
            CheckConstraint(
                condition=Q(channel=Channel.PAPER, printed_at__isnull=False)
                | ~Q(channel=Channel.PAPER) & Q(printed_at=None) & ~Q(status=MessageStatus.TO_POST),
                name="a_letter_says_when_it_was_printed",
            ),
            CheckConstraint(
                condition=Q(
                    request=None,
                    invitation__isnull=False,
                    subscription=None,
                    kind=MessageKind.INVITATION,
                )
                | Q(
                    request=None,
                    invitation=None,
                    subscription__isnull=False,
                    kind__in=TO_SUBSCRIBERS,
                )
                | Q(request__isnull=False, invitation=None, subscription=None)
                & ~Q(kind__in=[MessageKind.INVITATION, *TO_SUBSCRIBERS]),
                name="a_message_is_about_one_thing",
            ),
            # A link may be requested, and a message repeated, any number of times; that changes
            # nothing.
            UniqueConstraint(
                fields=["request", "request_version", "kind", "days_ahead", "channel"],
                condition=~Q(kind=MessageKind.LINK) & Q(repeats=None),
                name="one_message_a_change",
            ),
        ]
        indexes = [
            Index(
                fields=["subscription"],
                condition=Q(subscription__isnull=False),
                name="messages_to_subscribers",
            ),
            Index(
                fields=["next_try"], condition=Q(status=MessageStatus.QUEUED), name="messages_due"
            ),
            # One for each: SQLite does not see that an index of both has all of one.
            Index(
                fields=["queued_at"],
                condition=Q(status=MessageStatus.FAILED),
                name="messages_failed",
            ),
            Index(
                fields=["queued_at"],
                condition=Q(status=MessageStatus.TO_TELL),
                name="messages_to_tell",
            ),
            Index(
                fields=["printed_at"],
                condition=Q(status=MessageStatus.TO_POST),
                name="letters_to_post",
            ),
            Index(fields=["queued_at"], condition=Q(channel=Channel.TEXT), name="texts_by_time"),
            Index(
                fields=["sent_at"],
                condition=Q(channel=Channel.PAPER, status=MessageStatus.SENT),
                name="letters_gone",
            ),
        ]

    def __str__(self) -> str:
        about = self.invitation or self.subscription or f"request {self.request_id}"
        return f"{self.kind} for {about}"

    @property
    def news(self) -> "PageNotice | None":
        """The news of a page that it tells, or tells once more."""
        return getattr(self.repeats or self, "notice", None)


class PageNotice(models.Model):
    """A record that somebody is told of one piece of news of a page that they were given.

    Without a row, nobody has told them. The person is the row under which they were shown then.
    """

    event = models.ForeignKey(
        PageEvent, on_delete=models.PROTECT, related_name="notices", verbose_name="what happened"
    )
    person = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="page_notices")
    # What tells them. Whatever is sent once more repeats it.
    message = models.OneToOneField(Message, on_delete=models.PROTECT, related_name="notice")

    PERSONAL: set[str] = set()
    NOT_PERSONAL = {"id", "event", "person", "message"}
    WHOSE = ("person",)

    class Meta:
        constraints = [UniqueConstraint(fields=["event", "person"], name="told_once_of_each_event")]

    def __str__(self) -> str:
        return f"event {self.event_id} for person {self.person_id}"


class WorkerRun(models.Model):
    """When a worker last completed a round. One row, for all workers."""

    THE_ONE = 1

    ran_at = models.DateTimeField()
    ran_by = models.CharField(max_length=ACTOR_LENGTH)
    # How many rows failed. They are tried again in the next round.
    failed = models.PositiveIntegerField(default=0)

    PERSONAL: set[str] = set()
    NOT_PERSONAL = {"id", "ran_at", "ran_by", "failed"}

    class Meta:
        constraints = [paired("ran")]

    def __str__(self) -> str:
        return f"the worker ran at {self.ran_at:%Y-%m-%d %H:%M}"


class Outage(models.Model):
    """Since when no message of a channel has gone out, for a reason of our own.

    The first message that goes out ends it.
    """

    channel = models.CharField(max_length=5, choices=Channel, primary_key=True)
    since = models.DateTimeField()
    # The server's answer as a code, never its words.
    code = models.CharField(max_length=100)

    PERSONAL: set[str] = set()
    NOT_PERSONAL = {"channel", "since", "code"}

    def __str__(self) -> str:
        return f"no {self.channel} leaves since {self.since:%Y-%m-%d %H:%M}"
