"""The forms about what a person asks of their data."""

from datetime import date
from typing import Any, cast

from django import forms
from django.core.exceptions import ValidationError
from django.utils import timezone

from bookings.models import Person, RightsRequest
from bookings.status import RightAsked, RightsStatus
from procedures.ground.contact_fields import PlainTextField
from procedures.ground.decisions import DecisionForm
from procedures.ground.fields import DayField
from procedures.ground.generics import ModelChoiceField

ENDS = (RightsStatus.DONE, RightsStatus.REFUSED, RightsStatus.TAKEN_BACK)


def _words(label: str, required_message: str = "", help_text: str = "") -> PlainTextField:
    return PlainTextField(
        label=label,
        required=bool(required_message),
        required_message=required_message,
        help_text=help_text,
        max_length=1000,
        widget=forms.Textarea(attrs={"rows": 3}),
    )


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
        help_text="The time to answer starts on this day, however they asked and whoever they told. "
        "For example, 1/12/2026.",
    )
    detail = _words("What exactly, and how they asked (optional)")

    def __init__(self, *args: Any, **kwargs: Any):
        super().__init__(*args, **kwargs)
        self.initial.setdefault("day", timezone.localdate())

    def values(self) -> dict[str, Any]:
        return {name: self.cleaned_data[name] for name in ("right", "day", "detail")}


class AskedField(ModelChoiceField[RightsRequest]):
    """Which of the things that a person asks."""

    def label_from_instance(self, asked: RightsRequest) -> str:
        return f"{asked.get_right_display()}: asked on {asked.day:%-d %B %Y}"


class OfAskedForm(DecisionForm):
    """A form about one thing that the person waits for, of which they were told on a day."""

    # The field with that day, and what the thing becomes.
    TOLD: str
    TO: RightsStatus

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
        waiting = RightsRequest.objects.about(record).which_may_become(self.TO)
        cast("AskedField", self.fields["asked"]).queryset = waiting
        self.initial.setdefault("asked", waiting.first())
        self.initial.setdefault(self.TOLD, timezone.localdate())

    def clean(self) -> dict[str, Any]:
        """They were told on a day that has come, since they asked or last heard from us."""
        cleaned: dict[str, Any] = super().clean() or self.cleaned_data
        asked, told = cleaned.get("asked"), cleaned.get(self.TOLD)
        if asked and told and not self._first_day(asked) <= told <= timezone.localdate():
            self.add_error(self.TOLD, self._wrong_day(asked))
        return cleaned

    def _first_day(self, asked: RightsRequest) -> date:
        return asked.receipt_told or asked.day

    def _wrong_day(self, asked: RightsRequest) -> ValidationError:
        why = ", when we acknowledged the complaint," if asked.receipt_told else ""
        return ValidationError(
            f"Choose a day from {self._first_day(asked):%-d %B %Y}{why} until today."
        )

    def values(self) -> dict[str, Any]:
        return {name: each for name, each in self.cleaned_data.items() if name != "version"}


class ExtendForm(OfAskedForm):
    """Why it takes longer."""

    TOLD = "longer_told"
    TO = RightsStatus.EXTENDED

    why_longer = _words("Why it takes longer", "Write why it takes longer, as you told them.")
    longer_told = DayField(label="The day on which you told them")


class AcknowledgeForm(OfAskedForm):
    """How they were told that we have their complaint."""

    TOLD = "receipt_told"
    TO = RightsStatus.ACKNOWLEDGED

    receipt = _words("What you told them, and how", "Write what you told them, and how.")
    receipt_told = DayField(label="The day on which you told them")


class RightsAnswerForm(OfAskedForm):
    """What became of it."""

    TOLD = "told"
    TO = RightsStatus.DONE

    outcome = forms.ChoiceField(
        label="What became of it",
        choices=[(each, each.label) for each in ENDS],
        widget=forms.RadioSelect,
        error_messages={"required": "Choose what became of it."},
    )
    said = _words(
        "What you told them, and how",
        "Write what you told them, and how. If it was a mistake, write what the mistake was.",
        "If you did not do all of it: why, and that they can complain to you and to the Information "
        "Commissioner, or go to court.",
    )
    told = DayField(label="The day on which they had the answer")
