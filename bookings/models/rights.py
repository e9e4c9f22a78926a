"""What people ask about their data, with our last day for an answer. Written by `records`."""

from datetime import date
from typing import Self

from django.db import models
from django.db.models import CheckConstraint, F, Index, Q, UniqueConstraint

from bookings.models.people import Person
from bookings.status import RightAsked, RightsStatus
from bookings.status.requests import ACTOR_LENGTH
from bookings.status.rights import ONLY_FOR, TRANSITIONS, WAITING
from procedures.ground.constraints import paired


class RightsRequestQuerySet(models.QuerySet["RightsRequest"]):
    """Rights requests."""

    def waiting(self) -> Self:
        """Those that nobody has answered, what ends first at the top, then acknowledged complaints."""
        unheard_first = F("receipt_told").asc(nulls_first=True)
        return self.filter(answered_at=None).order_by(unheard_first, "due", "pk")

    def which_may_become(self, status: RightsStatus) -> Self:
        """Those that may have this status next, what ends first at the top."""
        before = [each for each, following in TRANSITIONS.items() if status in following]
        kinds = ONLY_FOR.get(status, set(RightAsked))
        return self.waiting().filter(status__in=before, right__in=kinds)

    def keeping(self) -> Self:
        """Those for which nothing may go because its time is over: all but the wish to be erased."""
        return self.waiting().exclude(right=RightAsked.ERASURE)

    def about(self, person: Person) -> Self:
        """Those of this person, on whichever of their rows they are, the newest first."""
        return self.filter(person__in=Person.objects.one_with(person)).order_by("-pk")


class RightsRequest(models.Model):
    """Something that a person asked us to do with their data, or complained of: a right by law."""

    person = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="rights_requests")
    right = models.CharField("what", max_length=10, choices=RightAsked)
    # In the clinic's words: which part of it, and how it reached us.
    detail = models.TextField(blank=True)
    status = models.CharField(max_length=12, choices=RightsStatus, default=RightsStatus.OPEN)
    # The day on which it reached anybody at the clinic: by phone, in a letter, at the desk.
    day = models.DateField()
    # Our last day for an answer, or to say that we have a complaint: after that it has no last day. The
    # law sometimes gives a few days more (`records/rights.py`).
    due = models.DateField()
    noted_at = models.DateTimeField()
    noted_by = models.CharField(max_length=ACTOR_LENGTH)
    # When the person was told that it takes longer, and why; and when and by whom that was noted.
    longer_told = models.DateField(null=True)
    why_longer = models.TextField(blank=True)
    extended_at = models.DateTimeField(null=True)
    extended_by = models.CharField(max_length=ACTOR_LENGTH, null=True)
    # When somebody who complained was told that we have it, and how; when and by whom that was noted.
    receipt_told = models.DateField(null=True)
    receipt = models.TextField(blank=True, default="", db_default="")
    acknowledged_at = models.DateTimeField(null=True)
    acknowledged_by = models.CharField(max_length=ACTOR_LENGTH, null=True)
    # When they had the answer, and what it was; and when and by whom that was noted.
    told = models.DateField(null=True)
    reply = models.TextField(blank=True)
    answered_at = models.DateTimeField(null=True)
    answered_by = models.CharField(max_length=ACTOR_LENGTH, null=True)

    OF_HEALTH = {"detail", "why_longer", "receipt", "reply"}
    OF_STAFF = {"noted_by", "extended_by", "acknowledged_by", "answered_by"}
    NOT_PERSONAL = {
        "id",
        "person",
        "right",
        "status",
        "day",
        "due",
        "noted_at",
        "longer_told",
        "extended_at",
        "receipt_told",
        "acknowledged_at",
        "told",
        "answered_at",
    }
    WHOSE = ("person",)
    OWN_TIME = True

    objects = RightsRequestQuerySet.as_manager()

    class Meta:
        constraints = [
            paired("noted"),
            paired("extended"),
            paired("acknowledged"),
            paired("answered"),
            CheckConstraint(
                condition=Q(status__in=WAITING, answered_at__isnull=True, told__isnull=True)
                | (~Q(status__in=WAITING) & Q(answered_at__isnull=False, told__isnull=False)),
                name="an_answered_rights_request_says_when",
            ),
            CheckConstraint(
                condition=Q(right=RightAsked.COMPLAINT, longer_told__isnull=True)
                | (~Q(right=RightAsked.COMPLAINT) & Q(receipt_told__isnull=True)),
                name="only_complaints_are_acknowledged",
            ),
            UniqueConstraint(
                fields=["person", "right", "day"],
                condition=Q(answered_at=None),
                name="one_open_rights_request_of_a_day",
            ),
        ]
        indexes = [
            Index(fields=["due"], condition=Q(answered_at=None), name="rights_requests_waiting"),
            Index(fields=["told"], name="rights_requests_told"),
        ]

    def __str__(self) -> str:
        return f"{self.get_right_display()}: person {self.person_id}"

    @property
    def is_waiting(self) -> bool:
        """Whether nobody has answered yet."""
        return self.answered_at is None

    @property
    def is_complaint(self) -> bool:
        """Whether it is a complaint, which is acknowledged first."""
        return self.right == RightAsked.COMPLAINT

    def is_late(self, today: date) -> bool:
        """Whether our last day was over before the person heard from us."""
        heard = min(filter(None, (self.receipt_told, self.told)), default=today)
        return self.status != RightsStatus.TAKEN_BACK and heard > self.due

    def days_open(self, today: date) -> int:
        """How many days ago it reached us."""
        return (today - self.day).days
