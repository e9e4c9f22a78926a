"""What people ask about their data, with the last day for an answer. Written by `records`."""

from datetime import datetime
from typing import Self

from django.db import models
from django.db.models import CheckConstraint, Index, Q
from django.utils import timezone

from bookings.models.people import Person
from bookings.status import RightAsked, RightsStatus
from bookings.status.requests import ACTOR_LENGTH
from bookings.status.rights import WAITING
from procedures.ground.constraints import paired


class RightsRequestQuerySet(models.QuerySet["RightsRequest"]):
    """Rights requests."""

    def waiting(self) -> Self:
        """Those that nobody has answered, what ends first at the top."""
        return self.filter(answered_at=None).order_by("due", "pk")

    def about(self, person: Person) -> Self:
        """Those of this person, on whichever of their rows they are, the newest first."""
        return self.filter(person__in=Person.objects.one_with(person)).order_by("-pk")


class RightsRequest(models.Model):
    """Something that a person asked us to do with their data: a right that the law gives them."""

    person = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="rights_requests")
    right = models.CharField("what", max_length=10, choices=RightAsked)
    # In the clinic's words: which part of it, and how it reached us.
    detail = models.TextField(blank=True)
    status = models.CharField(max_length=10, choices=RightsStatus, default=RightsStatus.OPEN)
    # The day on which it reached anybody at the clinic: by phone, in a letter, at the desk.
    day = models.DateField()
    # The last day on which the law lets us answer.
    due = models.DateField()
    noted_at = models.DateTimeField()
    noted_by = models.CharField(max_length=ACTOR_LENGTH)
    # When the person was told that it takes longer, and why.
    extended_at = models.DateTimeField(null=True)
    extended_by = models.CharField(max_length=ACTOR_LENGTH, null=True)
    why_longer = models.TextField(blank=True)
    answered_at = models.DateTimeField(null=True)
    answered_by = models.CharField(max_length=ACTOR_LENGTH, null=True)
    # What they were told, and how.
    reply = models.TextField(blank=True)

    PERSONAL = {"detail", "why_longer", "reply"}
    OF_STAFF = {"noted_by", "extended_by", "answered_by"}
    NOT_PERSONAL = {
        "id",
        "person",
        "right",
        "status",
        "day",
        "due",
        "noted_at",
        "extended_at",
        "answered_at",
    }
    WHOSE = ("person",)

    objects = RightsRequestQuerySet.as_manager()

    class Meta:
        constraints = [
            paired("noted"),
            paired("extended"),
            paired("answered"),
            CheckConstraint(
                condition=Q(status__in=WAITING, answered_at__isnull=True)
                | (~Q(status__in=WAITING) & Q(answered_at__isnull=False)),
                name="an_answered_rights_request_says_when",
            ),
        ]
        indexes = [
            Index(fields=["due"], condition=Q(answered_at=None), name="rights_requests_waiting"),
            Index(fields=["answered_at"], name="rights_requests_answered"),
        ]

    def __str__(self) -> str:
        return f"{self.get_right_display()}: person {self.person_id}"

    @property
    def is_waiting(self) -> bool:
        """Whether nobody has answered yet."""
        return self.answered_at is None

    def is_late(self, now: datetime) -> bool:
        """Whether the last day was over before there was an answer."""
        return timezone.localdate(self.answered_at or now) > self.due
