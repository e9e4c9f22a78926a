"""The form for the clinic's details."""

import re
from collections.abc import Iterator, Mapping
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.forms import BoundField

from procedures.ground import email_addresses, phones, week
from procedures.ground.fields import DayField, PlainTextField
from procedures.ground.generics import ModelForm
from procedures.ground.week_forms import hours_of
from procedures.models import ClinicDetails

TEXT_SENDER = re.compile(r"[A-Za-z0-9 ]{1,11}|\+?\d{3,15}|MG[0-9a-f]{32}")
MOST_DAYS_AHEAD = 60
# What is asked, in which part of the page.
PARTS = {
    "Clinic": ("name", "address", "phone", "email", "inbox", "text_sender", "text_price"),
    "What we promise": (
        "answers_within_hours",
        "held_hours",
        "answers_keep_days",
        "cancel_hours",
        "link_days",
        "reminder_days",
    ),
    "Who reads what": ("reception_reads_answers",),
    "Who runs the clinic": (
        "legal_name",
        "registered_office",
        "company_number",
        "vat_number",
        "ico_number",
    ),
    "Care Quality Commission": ("cqc_provider", "cqc_link", "cqc_rating", "cqc_rating_day"),
}
TEXTS = (
    "name",
    "address",
    "phone",
    "inbox",
    "text_sender",
    *PARTS["Who runs the clinic"],
    "cqc_provider",
)


class ClinicForm(ModelForm[ClinicDetails]):
    """The clinic's details, with the hours of the desk in rows."""

    number = forms.IntegerField(widget=forms.HiddenInput, min_value=0)
    reminder_days = PlainTextField(
        label="Send reminders",
        help_text="Days before the appointment, with commas between them, for example 3, 1.",
        required_message="Enter at least one number of days.",
    )
    cqc_link = forms.URLField(
        label="Address of the CQC’s page", required=False, assume_scheme="https"
    )

    reason = PlainTextField(
        label="Why ask the safety questions again later",
        required=False,
        max_length=1000,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text="Only if you enter more days there. A second person reads it, and has to agree.",
    )

    use_required_attribute = False
    # What waits for a second person.
    keep_days: int | None = None

    class Meta:
        model = ClinicDetails
        fields = [name for names in PARTS.values() for name in names]
        field_classes = dict.fromkeys(TEXTS, PlainTextField) | {"cqc_rating_day": DayField}
        help_texts = {"cqc_rating_day": "For example, 1/12/2026."}

    def __init__(self, data: Mapping[str, Any] | None, *, known: ClinicDetails):
        super().__init__(data, instance=ClinicDetails(**known.values()))
        self.initial["number"] = known.number
        self.initial["reminder_days"] = ", ".join(map(str, known.reminder_days))
        self.hours = hours_of(known.week, data, to_midnight=True)

    def parts(self) -> Iterator[tuple[str, list[BoundField]]]:
        """Each part of the page with its fields, except the hours."""
        for title, names in PARTS.items():
            yield (
                title,
                [
                    self[each]
                    for name in names
                    for each in ((name, "reason") if name == "answers_keep_days" else (name,))
                ],
            )

    def is_valid(self) -> bool:
        """Whether the fields and the rows of hours are all right."""
        return bool(self.hours.is_valid()) & super().is_valid()

    def clean(self) -> dict[str, Any]:
        """Require hours, and nothing of the Commission without the name in its register."""
        cleaned = super().clean() or self.cleaned_data
        if self.hours.is_valid() and not self.hours.week():
            self.add_error(
                None, "Enter when the desk is open: the promise is counted in these hours."
            )
        self._leave_longer_to_two_people(cleaned)
        _, *of_the_cqc = PARTS["Care Quality Commission"]
        if any(cleaned.get(name) for name in of_the_cqc) and not cleaned.get("cqc_provider"):
            self.add_error(
                "cqc_provider", "Enter the name in the register, or clear the fields below."
            )
        return cleaned

    def _leave_longer_to_two_people(self, cleaned: dict[str, Any]) -> None:
        now, days = self.initial["answers_keep_days"], cleaned.get("answers_keep_days")
        if days is None or days <= now:
            return
        self.keep_days, cleaned["answers_keep_days"] = days, now
        if not cleaned.get("reason"):
            self.add_error("reason", "Write why. A second person decides by it.")

    def clean_phone(self) -> str:
        """Require a number that can be dialled."""
        phone: str = self.cleaned_data["phone"]
        if phone and phones.parsed(phone) is None:
            raise ValidationError("Enter a phone number, for example 020 7946 0958.")
        return phone

    def clean_inbox(self) -> str:
        """Require email addresses with commas between them."""
        addresses = [each.strip() for each in self.cleaned_data["inbox"].split(",") if each.strip()]
        for address in addresses:
            try:
                validate_email(email_addresses.canonical(address))
            except (ValidationError, ValueError):
                raise ValidationError(
                    f"“{address}” is not an email address. Enter one like desk@clinic.example."
                ) from None
        return ", ".join(addresses)

    def clean_text_sender(self) -> str:
        """Require what providers accept: 11 letters, or a number."""
        sender: str = self.cleaned_data["text_sender"]
        if not TEXT_SENDER.fullmatch(sender):
            raise ValidationError(
                "Enter a phone number, a messaging service, or at most 11 letters and digits."
            )
        return sender

    def clean_reminder_days(self) -> list[int]:
        """Require different whole numbers."""
        typed = [each.strip() for each in self.cleaned_data["reminder_days"].split(",")]
        days = [int(each) for each in typed if re.fullmatch(r"[0-9]{1,2}", each)]
        if len(days) != len(typed) or len({*days}) != len(days):
            raise ValidationError("Enter different whole numbers with commas between them.")
        if not all(1 <= each <= MOST_DAYS_AHEAD for each in days):
            raise ValidationError(f"Enter numbers from 1 to {MOST_DAYS_AHEAD}.")
        return sorted(days, reverse=True)

    def values(self) -> dict[str, Any]:
        """The details to save. For a valid form."""
        columns = {name: self.cleaned_data[name] for name in self.Meta.fields}
        return columns | {"desk_hours": week.to_store(self.hours.week())}
