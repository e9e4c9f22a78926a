"""What the clinic sets up: what can be booked, closed days, safety questions."""

from datetime import date
from typing import Self

from django.db import models
from django.db.models import CheckConstraint, Q, UniqueConstraint

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


class ScreeningQuestionQuerySet(models.QuerySet["ScreeningQuestion"]):
    """Questions as a patient meets them."""

    def current(self) -> Self:
        """The wordings that are asked now."""
        return self.filter(retired_on=None)

    def to_review(self, on: date) -> Self:
        """Those that are asked and whose review is due by that day."""
        return self.filter(retired_on=None, review_due__lte=on)

    def for_page(self, page: InformationPage | None) -> Self:
        """Those for a request about the page. A question without pages belongs to every request."""
        everywhere = Q(pages=None)
        return self.filter(everywhere | Q(pages=page) if page else everywhere).distinct()


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
    pages = models.ManyToManyField(InformationPage, blank=True)
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
        "pages",
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
