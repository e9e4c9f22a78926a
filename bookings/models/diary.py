"""Time that is offered, booked or claimed. Written by `diary`."""

from datetime import datetime
from typing import Self

from django.db import models
from django.db.models import CheckConstraint, F, Index, OuterRef, Q, Subquery, UniqueConstraint
from django.db.models.lookups import IsNull

from bookings.models.catalogue import AppointmentType
from bookings.models.requests import AppointmentRequest
from bookings.models.sessions import Resource
from bookings.status import (
    AppointmentStatus,
    CancelledBy,
    OfferStatus,
    RequestStatus,
)
from bookings.status.requests import ACTOR_LENGTH
from procedures.ground.constraints import paired
from procedures.models import Clinician, Revision


class OfferQuerySet(models.QuerySet["Offer"]):
    """Offers by whether they still hold their times."""

    def standing(self, at: datetime) -> Self:
        """Offers that are open and have not expired at that instant."""
        return self.filter(status=OfferStatus.OPEN, held_until__gt=at)


class Offer(models.Model):
    """One to three times held for one patient until a stated end."""

    request = models.ForeignKey(AppointmentRequest, on_delete=models.PROTECT, related_name="offers")
    appointment_type = models.ForeignKey(AppointmentType, on_delete=models.PROTECT)
    clinician = models.ForeignKey(Clinician, on_delete=models.PROTECT)
    status = models.CharField(max_length=10, choices=OfferStatus, default=OfferStatus.OPEN)
    made_at = models.DateTimeField()
    made_by = models.CharField(max_length=ACTOR_LENGTH)
    held_until = models.DateTimeField()
    # As it was when the times were claimed; the type may have changed since.
    buffer_minutes = models.PositiveSmallIntegerField()
    closed_at = models.DateTimeField(null=True)
    closed_by = models.CharField(max_length=ACTOR_LENGTH, null=True)
    # Until when its times are kept for a patient who gave them back (`diary.kept`).
    kept_until = models.DateTimeField(null=True)
    # The appointment whose time became free and is passed on to the cancellation list.
    freed = models.ForeignKey(
        "bookings.Appointment", null=True, on_delete=models.PROTECT, related_name="passed_on"
    )

    PERSONAL: set[str] = set()
    OF_STAFF = {"made_by", "closed_by"}
    NOT_PERSONAL = {
        "id",
        "request",
        "appointment_type",
        "clinician",
        "freed",
        "status",
        "made_at",
        "held_until",
        "buffer_minutes",
        "closed_at",
        "kept_until",
    }
    WHOSE = ("request__person",)

    objects = OfferQuerySet.as_manager()

    class Meta:
        constraints = [
            paired("made"),
            paired("closed"),
            UniqueConstraint(
                fields=["request"], condition=Q(status=OfferStatus.OPEN), name="one_open_offer"
            ),
            CheckConstraint(
                condition=Q(status=OfferStatus.OPEN, closed_at__isnull=True)
                | (~Q(status=OfferStatus.OPEN) & Q(closed_at__isnull=False)),
                name="a_closed_offer_says_when",
            ),
            CheckConstraint(
                condition=Q(kept_until=None)
                | Q(status__in=[OfferStatus.REFUSED, OfferStatus.RELEASED]),
                name="only_an_offer_that_was_given_back_is_kept",
            ),
        ]
        indexes = [
            Index(fields=["made_at"], name="offers_by_day"),
            Index(fields=["held_until"], condition=Q(status=OfferStatus.OPEN), name="offers_open"),
            Index(
                fields=["kept_until"],
                condition=Q(kept_until__isnull=False),
                name="offers_kept",
            ),
        ]

    def __str__(self) -> str:
        return f"offer {self.pk} of request {self.request_id}"

    def is_standing(self, at: datetime) -> bool:
        """The predicate twin of `standing`."""
        return self.status == OfferStatus.OPEN and self.held_until > at


class OfferedTime(models.Model):
    """One of the times of an offer."""

    offer = models.ForeignKey(Offer, on_delete=models.PROTECT, related_name="times")
    starts = models.DateTimeField()
    ends = models.DateTimeField()
    # Empty for times from before there were rooms.
    room = models.ForeignKey(Resource, null=True, on_delete=models.PROTECT, related_name="+")
    # How many cells were claimed for it. An acceptance has to find every one of them still held.
    claims_made = models.PositiveSmallIntegerField()

    PERSONAL: set[str] = set()
    NOT_PERSONAL = {"id", "offer", "starts", "ends", "room", "claims_made"}
    WHOSE = ("offer__request__person",)

    class Meta:
        ordering = ["starts"]
        constraints = [
            CheckConstraint(condition=Q(ends__gt=F("starts")), name="offered_time_has_a_length")
        ]
        indexes = [Index(fields=["starts"], name="offered_times_by_start")]

    def __str__(self) -> str:
        return f"time {self.pk} of offer {self.offer_id}"


class AppointmentQuerySet(models.QuerySet["Appointment"]):
    """Appointments by what patients were given with them."""

    def given_before(self, page: int | OuterRef, at: datetime | OuterRef, now: datetime) -> Self:
        """Visits to come whose patients were given a text of the page before that instant."""
        return self.filter(
            status=AppointmentStatus.BOOKED,
            starts__gt=now,
            given__page=page,
            booked_at__lt=at,
        )


class Appointment(models.Model):
    """A confirmed time."""

    request = models.ForeignKey(
        AppointmentRequest, on_delete=models.PROTECT, related_name="appointments"
    )
    appointment_type = models.ForeignKey(AppointmentType, on_delete=models.PROTECT)
    clinician = models.ForeignKey(Clinician, on_delete=models.PROTECT)
    room = models.ForeignKey(Resource, null=True, on_delete=models.PROTECT, related_name="+")
    # The text that was current then, and that the patient was given.
    given = models.ForeignKey(Revision, null=True, on_delete=models.PROTECT, related_name="+")
    starts = models.DateTimeField()
    ends = models.DateTimeField()
    status = models.CharField(
        max_length=10, choices=AppointmentStatus, default=AppointmentStatus.BOOKED
    )
    booked_at = models.DateTimeField()
    booked_by = models.CharField(max_length=ACTOR_LENGTH)
    # When the patient said that they are coming.
    confirmed_at = models.DateTimeField(null=True)
    confirmed_by = models.CharField(max_length=ACTOR_LENGTH, null=True)
    # What reception records on the day, before the appointment ends.
    arrived_at = models.DateTimeField(null=True)
    arrived_by = models.CharField(max_length=ACTOR_LENGTH, null=True)
    called_in_at = models.DateTimeField(null=True)
    called_in_by = models.CharField(max_length=ACTOR_LENGTH, null=True)
    ended_at = models.DateTimeField(null=True)
    ended_by = models.CharField(max_length=ACTOR_LENGTH, null=True)
    # Whose wish a cancellation was. `ended_by` is who pressed the button.
    cancelled_by = models.CharField(max_length=10, choices=CancelledBy, blank=True)
    # Until when its time is kept for a patient who cancelled it (`diary.kept`).
    kept_until = models.DateTimeField(null=True)

    PERSONAL = {"starts", "ends"}
    OF_STAFF = {"booked_by", "confirmed_by", "arrived_by", "called_in_by", "ended_by"}
    NOT_PERSONAL = {
        "id",
        "request",
        "appointment_type",
        "clinician",
        "room",
        "given",
        "status",
        "booked_at",
        "confirmed_at",
        "arrived_at",
        "called_in_at",
        "ended_at",
        "cancelled_by",
        "kept_until",
    }
    WHOSE = ("request__person",)
    COUNTED = {"starts", "ends"}

    objects = AppointmentQuerySet.as_manager()

    class Meta:
        constraints = [
            paired("booked"),
            paired("confirmed"),
            paired("arrived"),
            paired("called_in"),
            paired("ended"),
            CheckConstraint(
                condition=Q(called_in_at=None) | Q(arrived_at__isnull=False),
                name="nobody_is_called_in_before_arriving",
            ),
            CheckConstraint(
                condition=Q(status=AppointmentStatus.BOOKED, ended_at__isnull=True)
                | (~Q(status=AppointmentStatus.BOOKED) & Q(ended_at__isnull=False)),
                name="an_ended_appointment_says_when",
            ),
            CheckConstraint(
                condition=(Q(status=AppointmentStatus.CANCELLED) & ~Q(cancelled_by=""))
                | (~Q(status=AppointmentStatus.CANCELLED) & Q(cancelled_by="")),
                name="a_cancelled_appointment_says_for_whom",
            ),
            CheckConstraint(
                condition=Q(kept_until=None) | Q(status=AppointmentStatus.CANCELLED),
                name="only_a_cancelled_appointment_is_kept",
            ),
            UniqueConstraint(
                fields=["request"],
                condition=Q(status=AppointmentStatus.BOOKED),
                name="one_booked_appointment_a_request",
            ),
            CheckConstraint(condition=Q(ends__gt=F("starts")), name="appointment_has_a_length"),
        ]
        indexes = [
            Index(fields=["starts"], name="appointments_by_start"),
            Index(
                fields=["starts"],
                condition=Q(status=AppointmentStatus.BOOKED),
                name="appointments_booked",
            ),
            Index(
                fields=["clinician"],
                condition=Q(status=AppointmentStatus.BOOKED),
                name="appointments_to_come",
            ),
            Index(
                fields=["kept_until"],
                condition=Q(kept_until__isnull=False),
                name="appointments_kept",
            ),
        ]

    def __str__(self) -> str:
        return f"appointment {self.pk} of request {self.request_id}"

    @property
    def presence(self) -> str:
        """Where the patient is, as far as reception has recorded it; empty while they are expected."""
        if self.ended_at:
            return self.get_status_display()
        if self.called_in_at:
            return "With the clinician"
        return "Arrived" if self.arrived_at else ""


def asks_for_something() -> Q:
    """Whether a request asks for something.

    An import makes one for each person whom it brings without a visit, which is over from the start.
    """
    # Not Exists: PostgreSQL would read all appointments before it shows the first page of requests.
    visit = Appointment.objects.filter(request=OuterRef("pk")).values("pk")[:1]
    return ~Q(status=RequestStatus.CLOSED) | Q(IsNull(Subquery(visit), False))


class Claim(models.Model):
    """One five-minute cell of one resource. The unique constraint makes it exclusive."""

    resource = models.ForeignKey(Resource, on_delete=models.PROTECT)
    cell = models.BigIntegerField(help_text="UTC epoch seconds // 300.")
    offered_time = models.ForeignKey(
        OfferedTime, null=True, on_delete=models.PROTECT, related_name="claims"
    )
    appointment = models.ForeignKey(
        Appointment, null=True, on_delete=models.PROTECT, related_name="claims"
    )

    PERSONAL: set[str] = set()
    NOT_PERSONAL = {"id", "resource", "cell", "offered_time", "appointment"}
    WHOSE = ("offered_time__offer__request__person", "appointment__request__person")

    class Meta:
        constraints = [
            UniqueConstraint(fields=["resource", "cell"], name="one_claim_a_cell"),
            CheckConstraint(
                condition=Q(offered_time__isnull=False, appointment__isnull=True)
                | Q(offered_time__isnull=True, appointment__isnull=False),
                name="a_claim_has_one_holder",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.resource_id}/{self.cell}"
