"""Fields that both sides use, and their sentences."""

from collections.abc import Sequence
from datetime import date
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils import timezone
from phonenumber_field.formfields import PhoneNumberField

from procedures.fields import PlainTextField, refuse_unreadable

__all__ = [
    "BirthDateField",
    "EmailAddressField",
    "OptionalPhoneField",
    "PlainTextField",
]

OLDEST = date(1900, 1, 1)


class EmailAddressField(forms.EmailField):
    """Where a person can be written to."""

    default_validators = [*forms.EmailField.default_validators, refuse_unreadable]
    widget = forms.EmailInput(attrs={"autocomplete": "email", "spellcheck": "false"})

    def __init__(self, *, required_message: str, **kwargs: Any):
        messages = {
            "required": required_message,
            "invalid": "Enter an e-mail address like name@example.org.",
            "max_length": "Enter an e-mail address of at most 254 characters.",
        }
        super().__init__(max_length=254, error_messages=messages, **kwargs)


class OptionalPhoneField(PhoneNumberField):
    """Where a person can be rung, if they say so."""

    def __init__(self, **kwargs: Any):
        super().__init__(
            label="Phone number (optional)",
            required=False,
            error_messages={"invalid": "Enter a phone number like 020 7946 0958."},
            widget=forms.TextInput(attrs={"autocomplete": "tel", "inputmode": "tel"}),
            **kwargs,
        )


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
            fields=[PlainTextField() for _ in range(3)],
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
