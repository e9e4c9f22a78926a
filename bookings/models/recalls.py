"""Planned questions about a follow-up. Written by `triage`."""

from django.db import models
from django.db.models import CheckConstraint, Index, Q, UniqueConstraint

from bookings.models.requests import AppointmentRequest
from bookings.status import RecallStatus
from bookings.status.requests import ACTOR_LENGTH
from procedures.ground.constraints import paired


class Recall(models.Model):
    """A day on which we ask a patient whether they would like to come again."""

    request = models.ForeignKey(
        AppointmentRequest, on_delete=models.PROTECT, related_name="recalls"
    )
    status = models.CharField(max_length=10, choices=RecallStatus, default=RecallStatus.PLANNED)
    ask_due = models.DateField()
    planned_at = models.DateTimeField()
    planned_by = models.CharField(max_length=ACTOR_LENGTH)
    # When it was asked or taken back.
    ended_at = models.DateTimeField(null=True)
    ended_by = models.CharField(max_length=ACTOR_LENGTH, null=True)

    PERSONAL = {"ask_due"}
    OF_STAFF = {"planned_by", "ended_by"}
    NOT_PERSONAL = {"id", "request", "status", "planned_at", "ended_at"}
    WHOSE = ("request__person",)
    COUNTED = {"ask_due"}

    class Meta:
        constraints = [
            paired("planned"),
            paired("ended"),
            UniqueConstraint(
                fields=["request"],
                condition=Q(status=RecallStatus.PLANNED),
                name="one_planned_recall_a_request",
            ),
            CheckConstraint(
                condition=Q(status=RecallStatus.PLANNED, ended_at__isnull=True)
                | (~Q(status=RecallStatus.PLANNED) & Q(ended_at__isnull=False)),
                name="an_ended_recall_says_when",
            ),
        ]
        indexes = [
            Index(
                fields=["ask_due"],
                condition=Q(status=RecallStatus.PLANNED),
                name="recalls_planned",
            )
        ]

    def __str__(self) -> str:
        return f"recall {self.pk} of request {self.request_id}"
