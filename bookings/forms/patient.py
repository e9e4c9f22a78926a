"""The steps of a request, and what is asked behind the private link."""

from collections.abc import Sequence
from typing import Any

from django import forms

from bookings import phones
from bookings.folding import as_reference
from bookings.forms.birth_date import BirthDateField
from bookings.forms.fields import (
    EmailAddressField,
    NameField,
    OptionalPhoneField,
    PlainTextField,
)
from bookings.models import ScreeningQuestion
from bookings.screening import GivenAnswer
from bookings.status import AccessNeed, Answer, CarerRight
from procedures.decisions import SeenVersionField

DAYS = {
    "monday": "Monday",
    "tuesday": "Tuesday",
    "wednesday": "Wednesday",
    "thursday": "Thursday",
    "friday": "Friday",
}
TIMES = {"morning": "Morning (9 to 12)", "afternoon": "Afternoon (12 to 5)"}


class PatientForm(forms.Form):
    """Shared by all forms for patients: the browser's own error bubbles stay out of the way."""

    use_required_attribute = False


class AboutForm(PatientForm):
    """Step 1: what it is about."""

    title = "What it is about"

    page = forms.ChoiceField(
        label="What have you been reading about?",
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

    name = NameField(
        label="Full name",
        help_text="Of the person who needs the appointment.",
        required_message="Enter the full name of the person who needs the appointment.",
        max_length=100,
        widget=forms.TextInput(attrs={"autocomplete": "name"}),
    )
    date_of_birth = BirthDateField(
        label="Date of birth",
        help_text="Of the person who needs the appointment, for example 27 3 1972. We ask for it again "
        "before we show your request.",
    )
    email = EmailAddressField(
        label="E-mail address",
        help_text="We send news of your request here. The e-mails say nothing about your health.",
        required_message="Enter your e-mail address.",
    )
    phone = OptionalPhoneField(help_text="So that we can ring you if an e-mail does not arrive.")
    access_needs = forms.MultipleChoiceField(
        label="Is there anything that you need to be able to visit us? (optional)",
        help_text="We ask once, and everybody who plans your visit sees it.",
        required=False,
        choices=AccessNeed.choices,
        widget=forms.CheckboxSelectMultiple,
        error_messages={"invalid_choice": "Choose needs from the list."},
    )
    access_detail = PlainTextField(
        label="Which language, or anything else that helps (optional)",
        required=False,
        max_length=200,
        widget=forms.TextInput,
    )
    carer_right = forms.ChoiceField(
        label="Who asks?",
        required=False,
        choices=[("", "I ask for myself"), *CarerRight.choices],
        widget=forms.RadioSelect,
        error_messages={"invalid_choice": "Choose a reason from the list."},
    )
    carer_name = NameField(
        label="Your own name, if you ask for someone else",
        help_text="The e-mails then go to you.",
        required=False,
        max_length=100,
        widget=forms.TextInput,
    )

    def clean(self) -> dict[str, Any]:
        """Whoever asks for someone else says who they are and by what right."""
        cleaned = super().clean() or self.cleaned_data
        name, right = cleaned.get("carer_name"), cleaned.get("carer_right")
        if name and not right and "carer_right" not in self.errors:
            self.add_error("carer_right", "Choose why you may ask for someone else.")
        if right and not name and "carer_name" not in self.errors:
            self.add_error("carer_name", "Enter your own name, since you ask for someone else.")
        return cleaned


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

    date_of_birth = BirthDateField(
        label="Date of birth of the person who needs the appointment",
        help_text="For example 27 3 1972. If you asked for someone else, enter their date of birth, not "
        "yours.",
    )


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


class AnotherTimeForm(SeenForm):
    """When the patient could come instead."""

    wishes = PlainTextField(
        label="When could you come instead?",
        help_text="For example: Thursday mornings, not before 7 December.",
        required_message="Write a few words about when you could come.",
        max_length=300,
        widget=forms.Textarea(attrs={"rows": 3}),
    )


class CancelForm(SeenForm):
    """A last question, which nobody has to answer."""

    reason = PlainTextField(
        label="Would you like to tell us why? (optional)",
        help_text="It helps us to plan. Nobody answers what stands here: for another time, ask for one "
        "instead, and if you feel worse, ring us.",
        required=False,
        max_length=300,
        widget=forms.Textarea(attrs={"rows": 3}),
    )


class AnswerQuestionForm(SeenForm):
    """The patient's answer to the clinic's question."""

    # Which question was on the screen.
    question = SeenVersionField()
    text = PlainTextField(
        label="Your answer",
        required_message="Write your answer, or ring us if you would rather talk.",
        max_length=1000,
        widget=forms.Textarea(attrs={"rows": 5}),
    )


class ContactForm(SeenForm):
    """How we reach the patient, and how much our messages may say."""

    email = EmailAddressField(label="E-mail address", required_message="Enter your e-mail address.")
    phone = OptionalPhoneField()
    detail_in_messages = forms.BooleanField(
        label="Write day, time, place and clinician into messages",
        required=False,
        help_text="Usually our messages say only that there is news; day and time stand in the calendar "
        "file that comes with them. Choose this if nobody else reads yours.",
    )
    text_messages = forms.BooleanField(
        label="Send me short text messages as well",
        required=False,
        help_text="For offers, changes and reminders. They need a mobile number.",
    )

    def __init__(self, *args: Any, texts: bool, **kwargs: Any):
        super().__init__(*args, **kwargs)
        if not texts:
            del self.fields["text_messages"]

    def clean(self) -> dict[str, Any]:
        """Texts need a number to go to."""
        cleaned = super().clean() or self.cleaned_data
        cleaned.setdefault("text_messages", False)
        cleaned["phone"] = str(cleaned.get("phone") or "")
        if cleaned["text_messages"] and "phone" not in self.errors:
            self._refuse_number_without_texts(cleaned["phone"])
        return cleaned

    def _refuse_number_without_texts(self, phone: str) -> None:
        if not phone:
            self.add_error("phone", "Enter the mobile number that we may send texts to.")
        elif phones.takes_no_texts(phone):
            self.add_error(
                "phone",
                "This number cannot get text messages. Enter a mobile number, or untick the text "
                "messages.",
            )


class LostLinkForm(PatientForm):
    """What the first e-mail said, and the address that it went to."""

    reference = PlainTextField(
        label="Your reference",
        help_text="Eight letters and digits, for example BCDF-2346. It was in our first e-mail.",
        max_length=60,
        required_message="Enter your reference. If you do not have it, ring us.",
    )
    email = EmailAddressField(
        label="Your e-mail address",
        help_text="The one that you gave us.",
        required_message="Enter the e-mail address that you gave us.",
    )

    def clean_reference(self) -> str:
        """As we write it, however it was typed."""
        reference = as_reference(self.cleaned_data["reference"])
        if not reference:
            raise forms.ValidationError("A reference has eight letters and digits. Check yours.")
        return reference
