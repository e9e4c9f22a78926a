"""The safety questions, one row for each wording, and the groups in which they are asked."""

from datetime import date
from typing import Self

from django.db import models
from django.db.models import CheckConstraint, Q, UniqueConstraint

from bookings.models.catalogue import Treatment
from bookings.status import Answer, AnsweredFrom, FlagLevel
from bookings.status.requests import ACTOR_LENGTH
from procedures.ground.constraints import paired
from procedures.models import Clinician, InformationPage


class QuestionGroup(models.Model):
    """Safety questions that are asked together, and that one press can answer with “none of these”."""

    name = models.CharField(
        max_length=60,
        unique=True,
        help_text="Patients read this above the questions. For example “Medicines”.",
    )
    position = models.PositiveSmallIntegerField(
        default=100, help_text="Groups with a smaller number come first."
    )

    PERSONAL: set[str] = set()
    NOT_PERSONAL = {"id", "name", "position"}

    class Meta:
        ordering = ["position", "name"]

    def __str__(self) -> str:
        return self.name


class ScreeningQuestionQuerySet(models.QuerySet["ScreeningQuestion"]):
    """Questions as a patient sees them."""

    def current(self) -> Self:
        """The wordings that are asked now."""
        return self.filter(retired_on=None)

    def to_review(self, on: date) -> Self:
        """The wordings in use whose review is due by that day."""
        return self.filter(retired_on=None, review_due__lte=on)

    def for_visit_about(self, page: InformationPage | None) -> Self:
        """The questions for a request about the page, or about none.

        What may happen at the visit decides. A question that belongs to no treatment is asked with
        every request.
        """
        possible = Treatment.objects.possible_for(page)
        return self.filter(Q(treatments=None) | Q(treatments__in=possible)).distinct()

    def in_order(self) -> Self:
        """In the order in which they are asked: group by group."""
        return self.select_related("group").order_by(
            "group__position", "group__name", "position", "key"
        )


class ScreeningQuestion(models.Model):
    """One wording of a safety question. An answer points at the wording that was answered."""

    key = models.SlugField(help_text="Use the same key for all versions of a question.")
    version = models.PositiveSmallIntegerField(default=1)
    group = models.ForeignKey(QuestionGroup, on_delete=models.PROTECT, related_name="questions")
    position = models.PositiveSmallIntegerField(
        default=100, help_text="In its group, questions with a smaller number come first."
    )
    wording = models.CharField(max_length=300)
    why = models.CharField("why we ask", max_length=300)
    detail_prompt = models.CharField(max_length=200, help_text="What to tell us after “yes”.")
    needs_detail = models.BooleanField(
        "do not accept a “yes” without it",
        default=False,
        help_text="For answers that tell us nothing by themselves.",
    )
    level = models.CharField(max_length=10, choices=FlagLevel)
    flags_unsure = models.BooleanField("“I am not sure” also raises the flag", default=True)
    asked_first = models.BooleanField("ask with the request", default=True)
    asked_again = models.BooleanField(
        "ask again before the visit",
        default=False,
        help_text=(
            "For answers that may change. We ask again when the patient takes a time, and with "
            "the reminder."
        ),
    )
    answered_from = models.CharField(
        "answer comes from", max_length=10, choices=AnsweredFrom, default=AnsweredFrom.PATIENT
    )
    treatments = models.ManyToManyField(
        Treatment,
        blank=True,
        related_name="questions",
        verbose_name="before which treatments",
        help_text="Leave this empty to ask with every request.",
    )
    owner = models.ForeignKey(Clinician, on_delete=models.PROTECT)
    source = models.CharField(max_length=300)
    review_due = models.DateField()
    retired_on = models.DateField(null=True, blank=True)
    retired_by = models.CharField(max_length=ACTOR_LENGTH, null=True, blank=True)

    PERSONAL: set[str] = set()
    OF_STAFF = {"retired_by"}
    NOT_PERSONAL = {
        "id",
        "key",
        "version",
        "group",
        "position",
        "wording",
        "why",
        "detail_prompt",
        "needs_detail",
        "level",
        "flags_unsure",
        "asked_first",
        "asked_again",
        "answered_from",
        "treatments",
        "owner",
        "source",
        "review_due",
        "retired_on",
    }

    objects = ScreeningQuestionQuerySet.as_manager()

    class Meta:
        verbose_name = "safety question"
        permissions = [
            ("agree_screeningquestion", "Can be the second person for what is asked less strictly")
        ]
        constraints = [
            UniqueConstraint(fields=["key", "version"], name="one_question_of_each_version"),
            UniqueConstraint(
                fields=["key"], condition=Q(retired_on=None), name="one_current_question_a_key"
            ),
            paired("retired", "on"),
            CheckConstraint(
                condition=Q(asked_first=True)
                | Q(asked_again=True, answered_from=AnsweredFrom.PATIENT),
                name="a_question_is_asked_at_some_time",
                violation_error_message="Ask it with the request, or again before the visit, or both. "
                "An answer from the date of birth belongs to the request.",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.wording} (version {self.version})"

    def texts(self) -> dict[str, str]:
        """What patients read of it, by what it is for."""
        return {
            "above the questions of a group": self.group.name,
            "the question": self.wording,
            "why we ask": self.why,
            "what to tell us after “yes”": self.detail_prompt,
        }

    def is_stricter_than(self, level: str, flags_unsure: bool) -> bool:
        """Whether such a question would raise a lower flag than this one, or raise it more seldom."""
        rank = list(FlagLevel.values).index
        return rank(self.level) < rank(level) or (self.flags_unsure and not flags_unsure)

    def is_flagged_by(self, answer: str) -> bool:
        """Whether the answer raises this question's flag.

        What somebody would rather tell us by phone may be a “yes”.
        """
        return answer in {Answer.YES, Answer.PHONE} or (
            answer == Answer.UNSURE and self.flags_unsure
        )
