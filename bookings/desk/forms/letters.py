"""Which letter to print, and where it goes."""

from typing import Any, cast

from django import forms
from django.core.exceptions import ValidationError
from django.utils import timezone

from bookings.messages.still_true import letters_for, on_their_way
from procedures.ground.contact_fields import PlainTextField
from procedures.ground.decisions import DecisionForm

# As many lines as the window of an envelope shows below the name.
MOST_LINES = 6


class LetterForm(DecisionForm):
    """One of the letters that are true now, and the postal address if it is posted."""

    kind = forms.ChoiceField(
        label="Which letter?",
        widget=forms.RadioSelect,
        error_messages={
            "required": "Choose a letter.",
            "invalid_choice": "That letter is no longer true. Choose one of these.",
        },
    )
    postal_address = PlainTextField(
        label="Postal address, if you post it",
        help_text="Without the name, one part to a line. Leave it empty to hand the letter over. "
        "We keep it for the next letter to this person.",
        required=False,
        max_length=200,
        widget=forms.Textarea(attrs={"rows": 5, "autocomplete": "off"}),
    )

    def __init__(self, *args: Any, **kwargs: Any):
        super().__init__(*args, **kwargs)
        now = timezone.now()
        leaving = on_their_way(self.record, now)
        kinds = [each for each in letters_for(self.record, now) if each not in leaving]
        waiting = set(self.record.messages.to_tell().values_list("kind", flat=True))
        first = next((each for each in kinds if each in waiting), next(iter(kinds), ""))
        cast("forms.ChoiceField", self.fields["kind"]).choices = [
            (each.value, str(each.label)) for each in kinds
        ]
        self.initial.setdefault("kind", first)
        self.initial.setdefault("postal_address", self.record.person.postal_address)

    def clean_postal_address(self) -> str:
        """The lines without blanks around them."""
        lines = [line.strip() for line in self.cleaned_data["postal_address"].splitlines()]
        lines = [line for line in lines if line]
        if len(lines) > MOST_LINES:
            raise ValidationError(f"Use at most {MOST_LINES} lines.")
        return "\n".join(lines)

    def values(self) -> dict[str, Any]:
        # No version: a letter changes nothing that somebody else may be looking at.
        return {name: self.cleaned_data[name] for name in ("kind", "postal_address")}
