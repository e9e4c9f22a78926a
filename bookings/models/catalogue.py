"""What can be booked, and which treatments a visit may include."""

from typing import Self

from django.db import models
from django.db.models import CheckConstraint, Exists, Q

from bookings.status.requests import ACTOR_LENGTH
from procedures.ground.constraints import paired
from procedures.models import Clinician, InformationPage


class AppointmentType(models.Model):
    """A type of appointment that can be booked."""

    name = models.CharField(max_length=100, unique=True)
    minutes = models.PositiveSmallIntegerField("length in minutes")
    buffer_minutes = models.PositiveSmallIntegerField(
        "minutes kept free afterwards",
        default=0,
        help_text=("For writing up and cleaning the room."),
    )
    needs = models.ManyToManyField(
        "bookings.MachineKind",
        blank=True,
        verbose_name="machines needed",
        help_text="As well as the clinician and a room.",
    )
    room_kind = models.ForeignKey(
        "bookings.RoomKind",
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        verbose_name="kind of room needed",
        help_text="A free room of this kind is taken at the place of the session, its own room first. "
        "If you leave this empty, the visit is in the room of the session.",
    )
    # Since when it can no longer be booked.
    retired_on = models.DateField(null=True, blank=True)
    retired_by = models.CharField(max_length=ACTOR_LENGTH, null=True, blank=True)

    PERSONAL: set[str] = set()
    OF_STAFF = {"retired_by"}
    NOT_PERSONAL = {"id", "name", "minutes", "buffer_minutes", "needs", "room_kind", "retired_on"}

    class Meta:
        constraints = [
            CheckConstraint(condition=Q(minutes__gte=5), name="at_least_five_minutes"),
            paired("retired", "on"),
        ]

    def __str__(self) -> str:
        return f"{self.name} ({self.minutes} minutes)"


class TreatmentQuerySet(models.QuerySet["Treatment"]):
    """Treatments by the visits at which they may happen."""

    def possible_for(self, page: InformationPage | None) -> Self:
        """The treatments of a visit about the page: the usual ones, or those of its topic."""
        of_any_visit = Q(is_usual=True)
        if page is None:
            return self.filter(of_any_visit)
        has_own = Exists(Topic.objects.filter(page=page))
        return self.filter(Q(topics__page=page) | of_any_visit & ~has_own).distinct()


class Treatment(models.Model):
    """Something that may happen at a visit and has safety questions, such as an injection."""

    name = models.CharField(max_length=100, unique=True)
    is_usual = models.BooleanField(
        "may happen at any visit",
        default=True,
        help_text="If you tick this, we ask its questions with every request, except for topics "
        "where it cannot happen.",
    )
    page = models.ForeignKey(
        InformationPage,
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="+",
        help_text="The page about how to prepare for it and what to do afterwards.",
    )

    PERSONAL: set[str] = set()
    NOT_PERSONAL = {"id", "name", "is_usual", "page"}

    objects = TreatmentQuerySet.as_manager()

    class Meta:
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name


class Topic(models.Model):
    """A page whose visits differ from the usual ones.

    Without a topic, the usual treatments may happen.
    """

    page = models.OneToOneField(InformationPage, on_delete=models.PROTECT, related_name="topic")
    treatments = models.ManyToManyField(
        Treatment,
        blank=True,
        related_name="topics",
        verbose_name="what may happen at the visit",
        help_text="Choose none only if the visit is just to talk.",
    )
    clinicians = models.ManyToManyField(
        Clinician,
        blank=True,
        related_name="+",
        verbose_name="who sees patients about it",
        help_text="Patients can ask for one of these. If you choose nobody, they can ask for "
        "anyone who has clinics.",
    )

    PERSONAL: set[str] = set()
    NOT_PERSONAL = {"id", "page", "treatments", "clinicians"}

    def __str__(self) -> str:
        return self.page.staff_title
