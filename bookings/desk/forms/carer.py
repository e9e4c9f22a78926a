"""Who asks for an appointment, if that is not the patient."""

from typing import Any

from django import forms
from django.utils.text import capfirst

from bookings.status import CARER_RIGHT_IN_WORDS
from procedures.ground.contact_fields import NameField


class CarerForm(forms.Form):
    """A form that also asks who is asking, and by what right. Both are empty for the patient."""

    carer_right = forms.ChoiceField(
        label="Who is asking?",
        required=False,
        choices=[
            ("", "The patient"),
            *((each, capfirst(words)) for each, words in CARER_RIGHT_IN_WORDS.items()),
        ],
        error_messages={"invalid_choice": "Choose from the list."},
    )
    carer_name = NameField(
        label="Name of the person asking, if that is not the patient",
        required=False,
        max_length=100,
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or {}
        if cleaned.get("carer_right") and not cleaned.get("carer_name"):
            if "carer_name" not in self.errors:
                self.add_error("carer_name", "Enter the name of the person who is asking.")
        elif cleaned.get("carer_name") and not cleaned.get("carer_right"):
            self.add_error("carer_right", "Choose why someone else is asking for the patient.")
        return cleaned
