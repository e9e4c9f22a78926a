"""The forms behind the private link."""

from collections.abc import Sequence
from typing import Any, cast

from django import forms
from django.utils.translation import gettext_lazy as _

from bookings.forms.birth_date import BirthDateField, SplitDateWidget
from bookings.forms.request_form import PatientForm, in_their_words
from bookings.links import as_code
from bookings.status import GotIt
from procedures.ground.contact_fields import (
    EmailAddressField,
    NameField,
    OptionalPhoneField,
    PlainTextField,
    ReachForm,
)
from procedures.ground.seen import SeenVersionField

BORN = _("Date of birth of the person who needs the appointment")
BORN_HELP = _(
    "For example, 27 3 1972 or 27 March 1972. If you asked for someone else, enter their date of birth, "
    "not yours."
)


class IdentifyForm(PatientForm):
    """The date of birth, before anything private is shown."""

    date_of_birth = BirthDateField(label=BORN, help_text=BORN_HELP)

    def __init__(self, *args: Any, is_own: bool, **kwargs: Any):
        super().__init__(*args, **kwargs)
        if is_own:
            cast("SplitDateWidget", self.fields["date_of_birth"].widget).suggest_own()


class SeenForm(PatientForm):
    """A button press, with the version of the request that was on the screen."""

    version = SeenVersionField()


class ChooseTimeForm(SeenForm):
    """A choice of one offered time, identified by its number and never by a posted clock time."""

    time = forms.ChoiceField(
        label=_("Choose a time"),
        widget=forms.RadioSelect,
        error_messages=dict.fromkeys(
            ("required", "invalid_choice"), _("Choose one of these times.")
        ),
    )

    def __init__(self, *args: Any, times: Sequence[tuple[int, str]], **kwargs: Any):
        super().__init__(*args, **kwargs)
        cast("forms.ChoiceField", self.fields["time"]).choices = times


class AfterVisitForm(PatientForm):
    """One short question after the visit, and room to say more."""

    got_it = forms.ChoiceField(
        label=_("Did you get what you came for?"),
        choices=in_their_words(GotIt.choices),
        widget=forms.RadioSelect,
        error_messages=dict.fromkeys(
            ("required", "invalid_choice"), _("Choose an answer, or go back without answering.")
        ),
    )
    comment = PlainTextField(
        label=_("Is there anything we should have done differently? (optional)"),
        required=False,
        max_length=1000,
        widget=forms.Textarea(attrs={"rows": 5}),
    )


class AnotherTimeForm(SeenForm):
    """When the patient could come instead."""

    wishes = PlainTextField(
        label=_("When could you come instead?"),
        help_text=_("For example, Thursday mornings from 10 December."),
        required_message=_("Write a few words about when you could come."),
        max_length=300,
        widget=forms.Textarea(attrs={"rows": 3}),
    )


class OtherTimesForm(SeenForm):
    """When the patient could come, as none of the offered times suits."""

    wishes = PlainTextField(
        label=_("When could you come instead? (optional)"),
        help_text=_("For example, Thursday mornings from 10 December."),
        required=False,
        max_length=300,
        widget=forms.Textarea(attrs={"rows": 3}),
    )


class CancelForm(SeenForm):
    """An optional last question before cancelling."""

    reason = PlainTextField(
        label=_("Would you like to tell us why? (optional)"),
        help_text=_(
            "This helps us plan. We do not reply to this box. If you need another time, go "
            "back and ask for one. If you feel worse, phone us."
        ),
        required=False,
        max_length=300,
        widget=forms.Textarea(attrs={"rows": 3}),
    )


class AnswerQuestionForm(SeenForm):
    """The patient's answer to the clinic's question."""

    # The question that was on the screen.
    question = SeenVersionField()
    text = PlainTextField(
        label=_("Your answer"),
        required_message=_("Write your answer. If you would rather talk, phone us."),
        max_length=1000,
        widget=forms.Textarea(attrs={"rows": 5}),
    )


class ContactForm(ReachForm, SeenForm):
    """How we reach the patient, and how much our messages may say."""


class CodeForm(PatientForm):
    """A code that was read out or printed, with the date of birth of the patient."""

    code = PlainTextField(
        label=_("Your code"),
        help_text=_(
            "Nine letters and numbers, for example K7M-4RT-9XD. We showed it to you when you sent "
            "your request, or read it out on the phone. Capital letters and spaces make no difference."
        ),
        required_message=_("Enter your code. If you do not have it, phone us."),
        max_length=60,
        widget=forms.TextInput(attrs={"autocomplete": "off", "spellcheck": "false"}),
    )
    date_of_birth = BirthDateField(label=BORN, help_text=BORN_HELP)

    def clean_code(self) -> str:
        """The letters of the code, however it was typed."""
        letters = as_code(self.cleaned_data["code"])
        if not letters:
            raise forms.ValidationError(
                _("Enter a code with nine letters and numbers, for example K7M-4RT-9XD.")
            )
        return letters


class LostLinkForm(PatientForm):
    """Who lost the link, and one way in which we can reach them."""

    name = NameField(
        label=_("Full name of the person who needs the appointment"),
        required_message=_("Enter the full name of the person who needs the appointment."),
        max_length=100,
        widget=forms.TextInput,
    )
    date_of_birth = BirthDateField(label=_("Their date of birth"), help_text=BORN_HELP)
    contact = PlainTextField(
        label=_("Email address or phone number"),
        help_text=_("The one you gave us."),
        required_message=_("Enter the email address or the phone number you gave us."),
        max_length=254,
        widget=forms.TextInput(attrs={"spellcheck": "false"}),
    )

    def clean_contact(self) -> str:
        """An email address or a phone number as we store them."""
        typed = self.cleaned_data["contact"]
        if "@" in typed:
            return str(EmailAddressField().clean(typed))
        return str(OptionalPhoneField().clean(typed))
