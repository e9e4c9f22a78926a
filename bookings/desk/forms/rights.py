"""The forms about what a person asks of their data."""

from datetime import date
from typing import Any, cast

from django import forms
from django.core.exceptions import ValidationError
from django.utils import timezone

from bookings.models import Person, RightsRequest, RightsRequestQuerySet
from bookings.status import RightAsked, RightsStatus
from procedures.ground.contact_fields import PlainTextField
from procedures.ground.decisions import DecisionForm
from procedures.ground.fields import DayField
from procedures.ground.generics import ModelChoiceField

ANSWERED = (RightsStatus.DONE, RightsStatus.REFUSED)


class AskedForm(DecisionForm):
    """What they ask, and when it reached us. It changes nothing that somebody else is looking at."""

    right = forms.ChoiceField(
        label="What they ask for",
        choices=RightAsked,
        widget=forms.RadioSelect,
        error_messages={"required": "Choose what they ask for."},
    )
    day = DayField(
        label="The day on which it reached us",
        help_text="In whatever way, and whoever heard it: the time to answer begins on that day.",
    )
    detail = PlainTextField(
        label="What exactly, and how they asked (optional)",
        required=False,
        max_length=1000,
        widget=forms.Textarea(attrs={"rows": 3}),
    )

    def __init__(self, *args: Any, **kwargs: Any):
        super().__init__(*args, **kwargs)
        self.initial.setdefault("day", timezone.localdate())

    def clean_day(self) -> date:
        """A day that has come."""
        day: date = self.cleaned_data["day"]
        if day > timezone.localdate():
            raise ValidationError("Choose today or an earlier day.")
        return day

    def values(self) -> dict[str, Any]:
        return {name: self.cleaned_data[name] for name in ("right", "day", "detail")}


class AskedField(ModelChoiceField[RightsRequest]):
    """Which of the things that a person asks."""

    def label_from_instance(self, asked: RightsRequest) -> str:
        return f"{asked.get_right_display()}: asked on {asked.day:%-d %B %Y}"


class OfAskedForm(DecisionForm):
    """A form about one thing that the person waits for."""

    asked = AskedField(
        queryset=RightsRequest.objects.none(),
        label="What they asked for",
        empty_label=None,
        widget=forms.RadioSelect,
        error_messages=dict.fromkeys(
            ("required", "invalid_choice"),
            "Choose what they asked for. It may be answered already.",
        ),
    )

    def __init__(self, *args: Any, record: Person, **kwargs: Any):
        super().__init__(*args, record=record, **kwargs)
        waiting = self.waiting(record)
        cast("AskedField", self.fields["asked"]).queryset = waiting
        self.initial.setdefault("asked", waiting.first())

    def waiting(self, record: Person) -> RightsRequestQuerySet:
        """What can be chosen, what ends first at the top."""
        return RightsRequest.objects.about(record).waiting()

    def values(self) -> dict[str, Any]:
        return {name: each for name, each in self.cleaned_data.items() if name != "version"}


class ExtendForm(OfAskedForm):
    """Why it takes longer."""

    why_longer = PlainTextField(
        label="Why it takes longer",
        required_message="Write why it takes longer, as you told them.",
        max_length=1000,
        widget=forms.Textarea(attrs={"rows": 3}),
    )

    def waiting(self, record: Person) -> RightsRequestQuerySet:
        return super().waiting(record).filter(status=RightsStatus.OPEN)


class RightsAnswerForm(OfAskedForm):
    """What became of it."""

    outcome = forms.ChoiceField(
        label="What we did",
        choices=[(each, each.label) for each in ANSWERED],
        widget=forms.RadioSelect,
        error_messages={"required": "Choose what we did."},
    )
    said = PlainTextField(
        label="What we told them, and how",
        help_text="If we did not do all of it: why, and that they can complain to us and to the "
        "Information Commissioner, or go to court.",
        required_message="Write what we told them, and how.",
        max_length=1000,
        widget=forms.Textarea(attrs={"rows": 3}),
    )
