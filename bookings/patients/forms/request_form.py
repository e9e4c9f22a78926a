"""The steps of a request, except the safety questions."""

from collections.abc import Sequence
from typing import Any, cast

from django import forms

from bookings.patients.forms.birth_date import BirthDateField
from bookings.status import DAYS, PARTS_OF_DAY, AccessNeed, CarerRight
from procedures.ground.contact_fields import (
    EmailAddressField,
    NameField,
    OptionalPhoneField,
    PlainTextField,
)


class PatientForm(forms.Form):
    """The base of all forms for patients. It turns the browser's own error bubbles off."""

    use_required_attribute = False


class AboutForm(PatientForm):
    """Step 1: what it is about."""

    title = "What it is about"

    page = forms.ChoiceField(
        label="What have you been reading about?",
        required=False,
        widget=forms.RadioSelect,
        error_messages={"invalid_choice": "Choose a page from the list."},
    )
    concern = PlainTextField(
        label="What would you like help with?",
        help_text="Tell us where it hurts, how long it has hurt and what you have tried. A few "
        "sentences are enough.",
        required_message="Write a few words about what you would like help with.",
        max_length=1000,
        widget=forms.Textarea(attrs={"rows": 6}),
    )

    def __init__(self, *args: Any, pages: Sequence[tuple[str, str]], **kwargs: Any):
        super().__init__(*args, **kwargs)
        page = cast("forms.ChoiceField", self.fields["page"])
        page.choices = [*pages, ("", "Something else, or I am not sure")]


class YouForm(PatientForm):
    """Step 2: who is asking."""

    title = "About you"

    name = NameField(
        label="Full name",
        help_text="The name of the person who needs the appointment.",
        required_message="Enter the full name of the person who needs the appointment.",
        max_length=100,
        widget=forms.TextInput(attrs={"autocomplete": "name"}),
    )
    date_of_birth = BirthDateField(
        label="Date of birth",
        help_text="The date of birth of the person who needs the appointment, for example 27 3 1972. We "
        "will ask for it again before we show you your request.",
    )
    email = EmailAddressField(
        label="Email address",
        help_text="We will send news of your request here. Our emails say nothing about your health.",
        required_message="Enter your email address.",
    )
    phone = OptionalPhoneField(help_text="So that we can phone you if an email does not arrive.")
    access_needs = forms.MultipleChoiceField(
        label="Do you need any help to visit us? (optional)",
        help_text="We will tell everyone who plans your visit, so you only need to tell us once.",
        required=False,
        choices=AccessNeed.choices,
        widget=forms.CheckboxSelectMultiple,
        error_messages={"invalid_choice": "Choose from the list."},
    )
    access_detail = PlainTextField(
        label="Which language do you need, or what else would help? (optional)",
        required=False,
        max_length=200,
        widget=forms.TextInput,
    )
    carer_right = forms.ChoiceField(
        label="Who is this appointment for?",
        required=False,
        choices=[
            ("", "Me"),
            *((right, f"Someone else. {right.label}.") for right in CarerRight),
        ],
        widget=forms.RadioSelect,
        error_messages={"invalid_choice": "Choose an answer from the list."},
    )
    carer_name = NameField(
        label="Your own name, if the appointment is for someone else",
        help_text="We will send our emails to you.",
        required=False,
        max_length=100,
        widget=forms.TextInput,
    )

    def clean(self) -> dict[str, Any]:
        """Make anybody who asks for someone else say who they are and by what right."""
        cleaned = super().clean() or self.cleaned_data
        name, right = cleaned.get("carer_name"), cleaned.get("carer_right")
        if name and not right and "carer_right" not in self.errors:
            self.add_error(
                "carer_right", "Choose who the appointment is for, or leave out your own name."
            )
        if right and not name and "carer_name" not in self.errors:
            self.add_error(
                "carer_name", "Enter your own name, because the appointment is for someone else."
            )
        return cleaned


class TimesForm(PatientForm):
    """Step 4: when an appointment would suit."""

    title = "When you could come"

    preferred_days = forms.MultipleChoiceField(
        label="Which days could you come?",
        help_text="Choose all the days that suit you.",
        choices=list(DAYS.items()),
        widget=forms.CheckboxSelectMultiple,
        error_messages={
            "required": "Choose at least one day.",
            "invalid_choice": "Choose from the list.",
        },
    )
    preferred_times = forms.MultipleChoiceField(
        label="What time of day suits you?",
        choices=list(PARTS_OF_DAY.items()),
        widget=forms.CheckboxSelectMultiple,
        error_messages={
            "required": "Choose morning, afternoon or both.",
            "invalid_choice": "Choose morning, afternoon or both.",
        },
    )
    wished_clinician = forms.ChoiceField(
        label="Who would you like to see? (optional)",
        help_text="We will try. You may have to wait longer for one person.",
        required=False,
        widget=forms.RadioSelect,
        error_messages={
            "invalid_choice": "Choose again. That clinician does not see patients about this at "
            "the moment."
        },
    )
    availability = PlainTextField(
        label="Is there anything else we should know about times? (optional)",
        help_text="For example, days when you are away.",
        required=False,
        max_length=300,
        widget=forms.Textarea(attrs={"rows": 3}),
    )

    def __init__(self, *args: Any, clinicians: Sequence[tuple[str, str]], **kwargs: Any):
        super().__init__(*args, **kwargs)
        if not clinicians:
            del self.fields["wished_clinician"]
            return
        wish = cast("forms.ChoiceField", self.fields["wished_clinician"])
        wish.choices = [("", "Whoever is free first"), *clinicians]


class SendForm(PatientForm):
    """Step 5: send what was checked. The key makes a repeated press lead to the same request."""

    title = "Check your answers"

    key = forms.CharField(max_length=43, widget=forms.HiddenInput)
