"""The decisions of staff."""

from datetime import date, datetime, timedelta
from itertools import pairwise
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils import timezone

from bookings.forms.fields import PlainTextField
from bookings.models import AppointmentType, RedFlag, ScreeningQuestion
from bookings.status import FlagOutcome
from procedures.decisions import DecisionForm, ReasonForm
from procedures.models import Clinician

FURTHEST = timedelta(days=731)
USUALLY_HELD = timedelta(days=2)


class InstantField(forms.DateTimeField):
    """A local date and time that exists exactly once. The value is an aware instant."""

    widget = forms.DateTimeInput(attrs={"type": "datetime-local"}, format="%Y-%m-%dT%H:%M")

    def __init__(self, **kwargs: Any):
        messages = {"invalid": "Enter a day and a time, for example 2026-12-01 10:30."}
        super().__init__(error_messages=messages | kwargs.pop("error_messages", {}), **kwargs)

    def clean(self, value: Any) -> datetime | None:
        try:
            instant = super().clean(value)
        except ValidationError as error:
            if error.code == "ambiguous_timezone":
                raise ValidationError(
                    "The clocks change in that night, and this hour is skipped or happens twice. "
                    "Choose another time."
                ) from None
            raise
        if instant and instant > timezone.now() + FURTHEST:
            raise ValidationError("Choose a time within the next two years.")
        return instant


class AskForm(DecisionForm):
    """A question to the patient."""

    text = PlainTextField(
        label="Question to the patient",
        help_text="They read it after giving their date of birth. The e-mail says only that there is "
        "a question.",
        required_message="Write the question.",
        max_length=1000,
        widget=forms.Textarea(attrs={"rows": 5}),
    )


class TimeForm(DecisionForm):
    """What for, and with whom."""

    appointment_type = forms.ModelChoiceField(
        AppointmentType.objects.order_by("name"),
        label="What for",
        error_messages={"required": "Choose what the appointment is for."},
    )
    clinician = forms.ModelChoiceField(
        Clinician.objects.order_by("name"),
        label="With whom",
        error_messages={"required": "Choose the clinician."},
    )


class BookForm(TimeForm):
    """A time that was agreed on the phone."""

    starts = InstantField(
        label="Starts at", error_messages={"required": "Enter when the appointment starts."}
    )

    def clean_starts(self) -> datetime:
        """Nothing can be booked in the past."""
        return _in_future(self.cleaned_data["starts"])


class OfferForm(TimeForm):
    """One to three times, and until when they are held."""

    first = InstantField(
        label="First time", error_messages={"required": "Enter at least one time."}
    )
    second = InstantField(label="Second time (optional)", required=False)
    third = InstantField(label="Third time (optional)", required=False)
    held_until = InstantField(
        label="Held until",
        help_text="The patient sees this. After it, the times are free for others.",
        error_messages={"required": "Enter until when the times are held for the patient."},
    )

    def __init__(self, *args: Any, **kwargs: Any):
        super().__init__(*args, **kwargs)
        self.initial.setdefault("held_until", timezone.now() + USUALLY_HELD)

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        for name in ("first", "second", "third", "held_until"):
            if cleaned.get(name) and cleaned[name] <= timezone.now():
                self.add_error(name, "Choose a time in the future.")
        times = (cleaned.get(name) for name in ("first", "second", "third"))
        starts = cleaned["starts"] = sorted(time for time in times if time)
        chosen = cleaned.get("appointment_type")
        if chosen:
            length = timedelta(minutes=chosen.minutes + chosen.buffer_minutes)
            if any(later - earlier < length for earlier, later in pairwise(starts)):
                self.add_error(None, "The times overlap each other. Move them apart.")
        if starts and cleaned.get("held_until") and cleaned["held_until"] > starts[0]:
            self.add_error("held_until", "Let the offer end before the first of its times.")
        return cleaned


class DeferForm(DecisionForm):
    """A day on which the request comes back by itself."""

    until = forms.DateField(
        label="Comes back on",
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
        error_messages={
            "required": "Enter the day on which the request comes back.",
            "invalid": "Enter a day, for example 2026-12-01.",
        },
    )

    def clean_until(self) -> date:
        """A day to come."""
        until: date = self.cleaned_data["until"]
        if until <= timezone.localdate():
            raise ValidationError("Choose a day after today.")
        if until > timezone.localdate() + FURTHEST:
            raise ValidationError("Choose a day within the next two years.")
        return until


class DeclineForm(ReasonForm):
    """The reason is for the patient's eyes."""

    reason = PlainTextField(
        label="Reason, as the patient will read it",
        help_text="Say what they can do instead. They read it behind their private link.",
        required_message="Write the reason. The patient will read it.",
        max_length=1000,
        widget=forms.Textarea(attrs={"rows": 5}),
    )


class SearchForm(forms.Form):
    """What a colleague looks for."""

    use_required_attribute = False

    term = PlainTextField(
        label="What are you looking for?",
        help_text="A whole reference or e-mail address, or the beginning of a name. Searches are "
        "written down.",
        required_message="Enter a reference, an e-mail address or the beginning of a name.",
        max_length=100,
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )


class AttendanceForm(DecisionForm):
    """Whether the patient came."""

    came = forms.ChoiceField(
        label="Did the patient come?",
        choices=[("yes", "Yes"), ("no", "No")],
        widget=forms.RadioSelect,
        error_messages={"required": "Choose yes or no."},
    )


class FlagForm(DecisionForm):
    """What a clinician decided about a flag."""

    flag = forms.ModelChoiceField(
        RedFlag.objects.none(),
        label="Flag",
        error_messages={"required": "Choose the flag that this is about."},
    )
    outcome = forms.ChoiceField(
        label="Outcome",
        choices=FlagOutcome.choices,
        widget=forms.RadioSelect,
        error_messages={"required": "Choose an outcome."},
    )
    reason = PlainTextField(
        label="Why",
        required_message="Write the reason. Colleagues will read it.",
        max_length=1000,
        widget=forms.Textarea(attrs={"rows": 4}),
    )

    def __init__(self, *args: Any, **kwargs: Any):
        super().__init__(*args, **kwargs)
        flags = self.fields["flag"]
        flags.queryset = self.record.flags.select_related("answer__question")
        flags.label_from_instance = lambda flag: flag.answer.question.wording


def _in_future(instant: datetime) -> datetime:
    if instant <= timezone.now():
        raise ValidationError("Choose a time in the future.")
    return instant


class ScreeningQuestionForm(forms.ModelForm):
    """A new safety question or a new wording of a retired one; later, only its retirement."""

    retire = forms.BooleanField(
        label="Stop asking this",
        required=False,
        help_text="From now on. Answers that were given keep their wording. To change a wording, stop "
        "asking it and add the new one under the same key.",
    )

    class Meta:
        model = ScreeningQuestion
        fields = (
            "key",
            "position",
            "wording",
            "why",
            "detail_prompt",
            "level",
            "flags_unsure",
            "pages",
            "owner",
            "source",
            "review_due",
        )

    def clean_key(self) -> str:
        """A wording that patients have answered is never overwritten."""
        key: str = self.cleaned_data["key"]
        if ScreeningQuestion.objects.current().filter(key=key).exists():
            raise ValidationError(
                "This question is asked now under another wording. Stop asking that one first, or "
                "choose another key."
            )
        return key
