"""What patients and staff type. The forms validate, in sentences that say what to do; none writes."""

import unicodedata
from collections.abc import Sequence
from datetime import date, datetime, timedelta
from itertools import pairwise
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils import timezone
from phonenumber_field.formfields import PhoneNumberField

from bookings.models import AppointmentType, RedFlag, ScreeningQuestion
from bookings.screening import GivenAnswer
from bookings.status import Answer, FlagOutcome
from procedures.decisions import DecisionForm, ReasonForm, SeenVersionField
from procedures.models import Clinician

DAYS = {
    "monday": "Monday",
    "tuesday": "Tuesday",
    "wednesday": "Wednesday",
    "thursday": "Thursday",
    "friday": "Friday",
}
TIMES = {"morning": "Morning (9 to 12)", "afternoon": "Afternoon (12 to 5)"}
OLDEST = date(1900, 1, 1)
HIDDEN_CATEGORIES = {"Cc", "Cf", "Cs", "Co", "Cn"}
# Cf holds more than tricks: these join emoji and letters of some scripts.
HARMLESS = {"\n", "\r", "\t", "\u200c", "\u200d"}


def refuse_hidden_characters(text: str) -> None:
    """Refuse control, direction-changing, private and broken characters, which nobody can see."""
    if any(
        letter == "\ufffd"
        or (letter not in HARMLESS and unicodedata.category(letter) in HIDDEN_CATEGORIES)
        for letter in text
    ):
        raise ValidationError(
            "This holds a character that cannot be shown. Type it again, rather than pasting it."
        )


class PlainTextField(forms.CharField):
    """Text that a person can see all of."""

    default_validators = [refuse_hidden_characters]

    def __init__(self, *, required_message: str = "", max_length: int, **kwargs: Any):
        messages = {"max_length": f"Shorten this to {max_length:,} characters or fewer."}
        if required_message:
            messages["required"] = required_message
        super().__init__(max_length=max_length, error_messages=messages, **kwargs)

    def clean(self, value: Any) -> str:
        """One kind of line end, and none at all in a field of one line."""
        text: str = super().clean(value)
        if isinstance(self.widget, forms.Textarea):
            return text.replace("\r\n", "\n")
        return " ".join(text.split())


class SplitDateWidget(forms.MultiWidget):
    """Three short boxes: day, month, year."""

    template_name = "clinic/split_date.html"
    use_fieldset = True
    labels = ("Day", "Month", "Year")

    def __init__(self, autocomplete: str = ""):
        parts = {
            part: forms.TextInput(
                attrs={
                    "inputmode": "numeric",
                    "class": f"input input--{part}",
                    **({"autocomplete": f"{autocomplete}-{part}"} if autocomplete else {}),
                }
            )
            for part in ("day", "month", "year")
        }
        super().__init__(parts)

    def decompress(self, value: date | None) -> list[int | None]:
        return [value.day, value.month, value.year] if value else [None, None, None]

    def get_context(self, name: str, value: Any, attrs: dict[str, Any] | None) -> dict[str, Any]:
        context = super().get_context(name, value, attrs)
        for part, label in zip(context["widget"]["subwidgets"], self.labels, strict=True):
            part["label"] = label
        return context


class BirthDateField(forms.MultiValueField):
    """A date of birth in three boxes."""

    def __init__(self, **kwargs: Any):
        super().__init__(
            fields=[forms.CharField() for _ in range(3)],
            widget=SplitDateWidget(autocomplete="bday"),
            error_messages={"required": "Enter the date of birth, for example 27 3 1972."},
            require_all_fields=True,
            **kwargs,
        )

    def compress(self, parts: Sequence[str]) -> date | None:
        if not parts:
            return None
        try:
            born = date(*(int(part) for part in reversed(parts)))
        except (ValueError, OverflowError):
            raise ValidationError(
                "Enter a real date of birth in numbers, for example 27 3 1972."
            ) from None
        if born > timezone.localdate():
            raise ValidationError("The date of birth must be in the past. Check the year.")
        if born < OLDEST:
            raise ValidationError("Enter the year of birth with four digits, from 1900 on.")
        return born


# --- The patient's steps --------------------------------------------------------------------


class PatientForm(forms.Form):
    """Shared by all forms for patients: the browser's own error bubbles stay out of the way."""

    use_required_attribute = False


class AboutForm(PatientForm):
    """Step 1: what it is about."""

    title = "What it is about"

    page = forms.ChoiceField(
        label="Which of our pages is this about?",
        required=False,
        widget=forms.RadioSelect,
        error_messages={"invalid_choice": "Choose one of the pages in the list."},
    )
    concern = PlainTextField(
        label="What would you like help with?",
        help_text="Where it hurts, since when, and what you have tried. A few sentences are enough; "
        "please tell us no more than we need.",
        required_message="Write a few words about what you would like help with.",
        max_length=1000,
        widget=forms.Textarea(attrs={"rows": 6}),
    )

    def __init__(self, *args: Any, pages: Sequence[tuple[str, str]], **kwargs: Any):
        super().__init__(*args, **kwargs)
        self.fields["page"].choices = [*pages, ("", "Something else, or I am not sure")]


class YouForm(PatientForm):
    """Step 2: who is asking."""

    title = "About you"

    name = PlainTextField(
        label="Full name",
        required_message="Enter your full name.",
        max_length=100,
        widget=forms.TextInput(attrs={"autocomplete": "name"}),
    )
    date_of_birth = BirthDateField(
        label="Date of birth",
        help_text="For example 27 3 1972. You need it to see your request later.",
    )
    email = forms.EmailField(
        label="E-mail address",
        help_text="We send news of your request here. The e-mails say nothing about your health.",
        validators=[refuse_hidden_characters],
        error_messages={
            "required": "Enter your e-mail address.",
            "invalid": "Enter an e-mail address like name@example.org.",
        },
        widget=forms.EmailInput(attrs={"autocomplete": "email", "spellcheck": "false"}),
    )
    phone = PhoneNumberField(
        label="Phone number (optional)",
        required=False,
        help_text="So that we can ring you if an e-mail does not arrive.",
        error_messages={"invalid": "Enter a phone number like 020 7946 0958."},
        widget=forms.TextInput(attrs={"autocomplete": "tel", "inputmode": "tel"}),
    )


class SafetyForm(PatientForm):
    """Step 3: one group a question, and room to say more."""

    title = "Questions to keep you safe"

    def __init__(self, *args: Any, questions: Sequence[ScreeningQuestion], **kwargs: Any):
        super().__init__(*args, **kwargs)
        self.questions = questions
        for question in questions:
            self.fields[f"answer_{question.pk}"] = forms.ChoiceField(
                label=question.wording,
                help_text=question.why,
                choices=Answer.choices,
                widget=forms.RadioSelect,
                error_messages={
                    "required": f"Answer yes, no or not sure: {question.wording}",
                    "invalid_choice": f"Answer yes, no or not sure: {question.wording}",
                },
            )
            self.fields[f"detail_{question.pk}"] = PlainTextField(
                label=f"If yes: {question.detail_prompt} (optional)",
                required=False,
                max_length=300,
                widget=forms.TextInput,
            )

    def answers(self) -> list[GivenAnswer]:
        """What was answered, in the order of the questions. Only for a valid form."""
        return [
            GivenAnswer(
                question,
                self.cleaned_data[f"answer_{question.pk}"],
                self.cleaned_data[f"detail_{question.pk}"],
            )
            for question in self.questions
        ]


class TimesForm(PatientForm):
    """Step 4: when an appointment would suit."""

    title = "When suits you"

    preferred_days = forms.MultipleChoiceField(
        label="Which days could you come?",
        help_text="Choose all that could suit.",
        choices=list(DAYS.items()),
        widget=forms.CheckboxSelectMultiple,
        error_messages={
            "required": "Choose at least one day.",
            "invalid_choice": "Choose days from the list.",
        },
    )
    preferred_times = forms.MultipleChoiceField(
        label="What time of day?",
        choices=list(TIMES.items()),
        widget=forms.CheckboxSelectMultiple,
        error_messages={
            "required": "Choose morning, afternoon or both.",
            "invalid_choice": "Choose morning, afternoon or both.",
        },
    )
    availability = PlainTextField(
        label="Anything else about times? (optional)",
        help_text="For example days when you are away.",
        required=False,
        max_length=300,
        widget=forms.Textarea(attrs={"rows": 3}),
    )


class SendForm(PatientForm):
    """Step 5: send what was checked. The key makes a repeated press lead to the same request."""

    title = "Check your answers"

    key = forms.CharField(max_length=43, widget=forms.HiddenInput)


# --- Behind the private link ----------------------------------------------------------------


class IdentifyForm(PatientForm):
    """The date of birth, before anything private is shown."""

    date_of_birth = BirthDateField(label="Your date of birth", help_text="For example 27 3 1972")


class SeenForm(PatientForm):
    """A press of a button, with the version of the request that was on the screen."""

    version = SeenVersionField()


class ChooseTimeForm(SeenForm):
    """One of the offered times, identified by its number and never by a posted clock time."""

    time = forms.ChoiceField(
        label="Choose a time",
        widget=forms.RadioSelect,
        error_messages={
            "required": "Choose one of the times.",
            "invalid_choice": "Choose one of the times in the list.",
        },
    )

    def __init__(self, *args: Any, times: Sequence[tuple[int, str]], **kwargs: Any):
        super().__init__(*args, **kwargs)
        self.fields["time"].choices = times


class AnswerQuestionForm(SeenForm):
    """The patient's answer to the clinic's question."""

    text = PlainTextField(
        label="Your answer",
        required_message="Write your answer, or ring us if you would rather talk.",
        max_length=1000,
        widget=forms.Textarea(attrs={"rows": 5}),
    )


# --- Decisions of staff ---------------------------------------------------------------------


class InstantField(forms.DateTimeField):
    """A local date and time that exists exactly once. The value is an aware instant."""

    widget = forms.DateTimeInput(attrs={"type": "datetime-local"}, format="%Y-%m-%dT%H:%M")

    def __init__(self, **kwargs: Any):
        messages = {"invalid": "Enter a day and a time, for example 2026-12-01 10:30."}
        super().__init__(error_messages=messages | kwargs.pop("error_messages", {}), **kwargs)

    def clean(self, value: Any) -> datetime | None:
        try:
            return super().clean(value)
        except ValidationError as error:
            if error.code == "ambiguous_timezone":
                raise ValidationError(
                    "The clocks change in that night, and this hour is skipped or happens twice. "
                    "Choose another time."
                ) from None
            raise


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


class BookForm(DecisionForm):
    """A time that was agreed on the phone."""

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
    starts = InstantField(
        label="Starts at", error_messages={"required": "Enter when the appointment starts."}
    )

    def clean_starts(self) -> datetime:
        """Nothing can be booked in the past."""
        return _in_future(self.cleaned_data["starts"])


class OfferForm(DecisionForm):
    """One to three times, and until when they are held."""

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

    def starts(self) -> list[datetime]:
        """The times that were filled in."""
        filled = (self.cleaned_data.get(name) for name in ("first", "second", "third"))
        return sorted(start for start in filled if start)

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        for name in ("first", "second", "third", "held_until"):
            if cleaned.get(name) and cleaned[name] <= timezone.now():
                self.add_error(name, "Choose a time in the future.")
        starts = self.starts()
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
