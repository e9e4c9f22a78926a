"""What the clinic sets up: what can be booked, closed days, safety questions."""

from datetime import date
from typing import Self

from django.db import models
from django.db.models import CheckConstraint, Exists, Q, UniqueConstraint

from bookings.status import (
    Answer,
    FlagLevel,
)
from procedures.constraints import paired
from procedures.models import Clinician, InformationPage

# A username, or PATIENT or CLOCK of `status`.
ACTOR_LENGTH = 150


class AppointmentType(models.Model):
    """What can be booked."""

    name = models.CharField(max_length=100, unique=True)
    minutes = models.PositiveSmallIntegerField("length in minutes")
    buffer_minutes = models.PositiveSmallIntegerField(
        "minutes kept free afterwards", default=0, help_text="To write up and to clean the room."
    )
    needs = models.ManyToManyField(
        "bookings.MachineKind",
        blank=True,
        verbose_name="machines that it needs",
        help_text="Beside the clinician and the room of the session.",
    )
    # Since when it is booked no longer.
    retired_on = models.DateField(null=True, blank=True)
    retired_by = models.CharField(max_length=ACTOR_LENGTH, null=True, blank=True)

    PERSONAL: set[str] = set()
    NOT_PERSONAL = {
        "id",
        "name",
        "minutes",
        "buffer_minutes",
        "needs",
        "retired_on",
        "retired_by",
    }

    class Meta:
        constraints = [
            CheckConstraint(condition=Q(minutes__gte=5), name="at_least_five_minutes"),
            paired("retired", "on"),
        ]

    def __str__(self) -> str:
        return f"{self.name} ({self.minutes} minutes)"


class ClosedDay(models.Model):
    """A day on which nobody is at the desk and no clinic takes place, such as a bank holiday."""

    day = models.DateField(unique=True)
    reason = models.CharField(max_length=100)

    PERSONAL: set[str] = set()
    NOT_PERSONAL = {"id", "day", "reason"}

    def __str__(self) -> str:
        return f"{self.day}: {self.reason}"


class TreatmentQuerySet(models.QuerySet["Treatment"]):
    """Treatments by the visits at which they may happen."""

    def possible_for(self, page: InformationPage | None) -> Self:
        """What may happen at a visit about the page: the usual, unless its topic says otherwise."""
        of_any_visit = Q(is_usual=True)
        if page is None:
            return self.filter(of_any_visit)
        has_own = Exists(Topic.objects.filter(page=page))
        return self.filter(Q(topics__page=page) | of_any_visit & ~has_own).distinct()


class Treatment(models.Model):
    """What may happen at a visit and has safety questions of its own, such as an injection."""

    name = models.CharField(max_length=100, unique=True)
    is_usual = models.BooleanField(
        "may happen at any visit",
        default=True,
        help_text="Its questions are then asked with every request, unless the topic of the request "
        "says that it cannot happen.",
    )
    page = models.ForeignKey(
        InformationPage,
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="+",
        help_text="The page that says how to prepare for it and what to do afterwards.",
    )

    PERSONAL: set[str] = set()
    NOT_PERSONAL = {"id", "name", "is_usual", "page"}

    objects = TreatmentQuerySet.as_manager()

    class Meta:
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name


class Topic(models.Model):
    """A page whose visits differ from the usual ones. Without a topic, the usual may happen."""

    page = models.OneToOneField(InformationPage, on_delete=models.PROTECT, related_name="topic")
    treatments = models.ManyToManyField(
        Treatment,
        blank=True,
        related_name="topics",
        verbose_name="what may happen at the visit",
        help_text="Leave all of them out only if the visit is for talking alone.",
    )

    PERSONAL: set[str] = set()
    NOT_PERSONAL = {"id", "page", "treatments"}

    def __str__(self) -> str:
        return self.page.spoken()


class ScreeningQuestionQuerySet(models.QuerySet["ScreeningQuestion"]):
    """Questions as a patient meets them."""

    def current(self) -> Self:
        """The wordings that are asked now."""
        return self.filter(retired_on=None)

    def to_review(self, on: date) -> Self:
        """Those that are asked and whose review is due by that day."""
        return self.filter(retired_on=None, review_due__lte=on)

    def for_visit_about(self, page: InformationPage | None) -> Self:
        """Those for a request about the page, or about none: what may happen at the visit decides.

        A question of no treatment is asked with every request.
        """
        possible = Treatment.objects.possible_for(page)
        return self.filter(Q(treatments=None) | Q(treatments__in=possible)).distinct()


class ScreeningQuestion(models.Model):
    """One wording of a safety question. An answer points at the very wording that was answered."""

    key = models.SlugField(help_text="The same for all versions of one question.")
    version = models.PositiveSmallIntegerField(default=1)
    position = models.PositiveSmallIntegerField(default=100)
    wording = models.CharField(max_length=300)
    why = models.CharField("why we ask", max_length=300)
    detail_prompt = models.CharField(max_length=200, help_text="What to tell us after “yes”.")
    level = models.CharField(max_length=10, choices=FlagLevel)
    flags_unsure = models.BooleanField("“I am not sure” raises the flag too", default=True)
    asked_again = models.BooleanField(
        "ask again before the visit",
        default=False,
        help_text="For answers that may change: when a time is taken, and with the reminder.",
    )
    treatments = models.ManyToManyField(
        Treatment,
        blank=True,
        related_name="questions",
        verbose_name="before which treatments",
        help_text="Leave it empty to ask with every request.",
    )
    owner = models.ForeignKey(Clinician, on_delete=models.PROTECT)
    source = models.CharField(max_length=300)
    review_due = models.DateField()
    retired_on = models.DateField(null=True, blank=True)
    retired_by = models.CharField(max_length=ACTOR_LENGTH, null=True, blank=True)

    PERSONAL: set[str] = set()
    NOT_PERSONAL = {
        "id",
        "key",
        "version",
        "position",
        "wording",
        "why",
        "detail_prompt",
        "level",
        "flags_unsure",
        "asked_again",
        "treatments",
        "owner",
        "source",
        "review_due",
        "retired_on",
        "retired_by",
    }

    objects = ScreeningQuestionQuerySet.as_manager()

    class Meta:
        constraints = [
            UniqueConstraint(fields=["key", "version"], name="one_question_of_each_version"),
            UniqueConstraint(
                fields=["key"], condition=Q(retired_on=None), name="one_current_question_a_key"
            ),
            paired("retired", "on"),
        ]

    def __str__(self) -> str:
        return f"{self.wording} (version {self.version})"

    def is_flagged_by(self, answer: str) -> bool:
        """Whether the answer raises this question's flag."""
        return answer == Answer.YES or (answer == Answer.UNSURE and self.flags_unsure)
