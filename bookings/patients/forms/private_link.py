"""The forms behind the private link."""

from collections.abc import Sequence
from typing import Any, cast

from django import forms

from bookings.patients.forms.birth_date import BirthDateField
from bookings.patients.forms.request_form import PatientForm
from bookings.status import GotIt
from procedures.ground import phones
from procedures.ground.contact_fields import EmailAddressField, OptionalPhoneField, PlainTextField
from procedures.ground.folding import as_reference
from procedures.ground.seen import SeenVersionField


class IdentifyForm(PatientForm):
    """The date of birth, before anything private is shown."""

    date_of_birth = BirthDateField(
        label="Date of birth of the person who needs the appointment",
        help_text="For example, 27 3 1972. If you asked for someone else, enter their date of birth, "
        "not yours.",
    )


class SeenForm(PatientForm):
    """A button press, with the version of the request that was on the screen."""

    version = SeenVersionField()


class ChooseTimeForm(SeenForm):
    """A choice of one offered time, identified by its number and never by a posted clock time."""

    time = forms.ChoiceField(
        label="Choose a time",
        widget=forms.RadioSelect,
        error_messages=dict.fromkeys(("required", "invalid_choice"), "Choose one of these times."),
    )

    def __init__(self, *args: Any, times: Sequence[tuple[int, str]], **kwargs: Any):
        super().__init__(*args, **kwargs)
        cast("forms.ChoiceField", self.fields["time"]).choices = times


class AfterVisitForm(PatientForm):
    """One short question after the visit, and room to say more."""

    got_it = forms.ChoiceField(
        label="Did you get what you came for?",
        choices=GotIt.choices,
        widget=forms.RadioSelect,
        error_messages=dict.fromkeys(
            ("required", "invalid_choice"), "Choose an answer, or go back without answering."
        ),
    )
    comment = PlainTextField(
        label="Is there anything we should have done differently? (optional)",
        required=False,
        max_length=1000,
        widget=forms.Textarea(attrs={"rows": 5}),
    )


class AnotherTimeForm(SeenForm):
    """When the patient could come instead."""

    wishes = PlainTextField(
        label="When could you come instead?",
        help_text="For example, Thursday mornings from 10 December.",
        required_message="Write a few words about when you could come.",
        max_length=300,
        widget=forms.Textarea(attrs={"rows": 3}),
    )


class OtherTimesForm(SeenForm):
    """When the patient could come, as none of the offered times suits."""

    wishes = PlainTextField(
        label="When could you come instead? (optional)",
        help_text="For example, Thursday mornings from 10 December.",
        required=False,
        max_length=300,
        widget=forms.Textarea(attrs={"rows": 3}),
    )


class CancelForm(SeenForm):
    """An optional last question before cancelling."""

    reason = PlainTextField(
        label="Would you like to tell us why? (optional)",
        help_text="This helps us plan. We do not reply to this box. If you need another time, go "
        "back and ask for one. If you feel worse, phone us.",
        required=False,
        max_length=300,
        widget=forms.Textarea(attrs={"rows": 3}),
    )


class AnswerQuestionForm(SeenForm):
    """The patient's answer to the clinic's question."""

    # The question that was on the screen.
    question = SeenVersionField()
    text = PlainTextField(
        label="Your answer",
        required_message="Write your answer. If you would rather talk, phone us.",
        max_length=1000,
        widget=forms.Textarea(attrs={"rows": 5}),
    )


class ContactForm(SeenForm):
    """How we reach the patient, and how much our messages may say."""

    email = EmailAddressField(label="Email address", required_message="Enter your email address.")
    phone = OptionalPhoneField()
    detail_in_messages = forms.BooleanField(
        label="Include the day, time, place and clinician in messages",
        required=False,
        help_text="Usually our messages only say that there is news. The attached calendar file has "
        "the day and time. Choose this if nobody else reads your messages.",
    )
    text_messages = forms.BooleanField(
        label="Send me text messages as well",
        required=False,
        help_text="For offers, changes and reminders. You need to give us a mobile number.",
    )

    def __init__(self, *args: Any, texts: bool, **kwargs: Any):
        super().__init__(*args, **kwargs)
        if not texts:
            del self.fields["text_messages"]

    def clean(self) -> dict[str, Any]:
        """Refuse text messages without a number to send them to."""
        cleaned = super().clean() or self.cleaned_data
        cleaned.setdefault("text_messages", False)
        cleaned["phone"] = str(cleaned.get("phone") or "")
        if cleaned["text_messages"] and "phone" not in self.errors:
            self._refuse_number_without_texts(cleaned["phone"])
        return cleaned

    def _refuse_number_without_texts(self, phone: str) -> None:
        if not phone:
            self.add_error(
                "phone", "Enter a mobile number for text messages, or untick the text messages."
            )
        elif phones.takes_no_texts(phone):
            self.add_error(
                "phone",
                "We cannot send text messages to this number. Enter a mobile number, or untick "
                "the text messages.",
            )


class LostLinkForm(PatientForm):
    """The reference from the first email, and the address that it went to."""

    reference = PlainTextField(
        label="Your reference",
        help_text="Eight letters and numbers, for example BCDF-2346. It is in our first email.",
        max_length=60,
        required_message="Enter your reference. If you do not have it, phone us.",
    )
    email = EmailAddressField(
        label="Your email address",
        help_text="The one you gave us.",
        required_message="Enter the email address you gave us.",
    )

    def clean_reference(self) -> str:
        """The reference as we write it, however it was typed."""
        reference = as_reference(self.cleaned_data["reference"])
        if not reference:
            raise forms.ValidationError(
                "Enter a reference with eight letters and numbers, for example BCDF-2346."
            )
        return reference
