"""Form fields for contact details, used by patients and staff, with their sentences."""

import re
import unicodedata
from typing import TYPE_CHECKING, Any

from django import forms
from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.validators import EmailValidator
from django.utils.translation import gettext_lazy as _
from phonenumber_field.formfields import PhoneNumberField
from phonenumber_field.phonenumber import PhoneNumber, to_python

from procedures.ground import phones
from procedures.ground.characters import without_invisible
from procedures.ground.email_addresses import LONGEST, CannotBeSent, canonical, readable
from procedures.ground.fields import PlainTextField

__all__ = ["EmailAddressField", "NameField", "OptionalPhoneField", "PlainTextField", "ReachForm"]


if TYPE_CHECKING:
    from django.utils.functional import _StrPromise

# What surrounds an address in a sentence.
AROUND = " \n\t.,;"


def refuse_without_letter(text: str) -> None:
    """Refuse a name without a single letter."""
    if not any(unicodedata.category(letter)[0] == "L" for letter in text):
        raise ValidationError(_("Enter a name that contains letters."))


class NameField(PlainTextField):
    """The name of a person."""

    default_validators = [*PlainTextField.default_validators, refuse_without_letter]


class EmailAddressField(forms.EmailField):
    """An email address. The value is the form in which addresses are stored.

    Whatever was copied with the address from an email or a mail program is removed.
    """

    default_validators = [EmailValidator(allowlist=[])]
    widget = forms.EmailInput(attrs={"autocomplete": "email", "spellcheck": "false"})
    copied = re.compile(r".*<([^<>]*)>|(?:mailto:)?(.*)", re.IGNORECASE | re.DOTALL)

    def __init__(self, *, required_message: "str | _StrPromise" = "", **kwargs: Any):
        invalid = _("Enter an email address like name@example.org.")
        super().__init__(
            max_length=LONGEST,
            required=bool(required_message),
            error_messages={"required": required_message, "invalid": invalid},
            **kwargs,
        )

    def to_python(self, value: Any) -> str:
        """The address in the form that is stored, or nothing."""
        text = unicodedata.normalize("NFKC", without_invisible(super().to_python(value) or ""))
        found = self.copied.fullmatch(text.strip(AROUND))
        address = (found[1] or found[2] or "").strip(AROUND) if found else ""
        try:
            return canonical(address) if address else ""
        except CannotBeSent as refusal:
            raise ValidationError(str(refusal), code="invalid") from None

    def prepare_value(self, value: Any) -> Any:
        """The address as its owner writes it."""
        return readable(value) if isinstance(value, str) else value


class OptionalPhoneField(PhoneNumberField):  # type: ignore[misc]  # it has no types
    """An optional phone number. Only what cannot possibly be a number is refused."""

    default_validators: list[Any] = []

    def __init__(self, **kwargs: Any):
        super().__init__(
            label=_("Phone number"),
            required=False,
            error_messages={
                "invalid": _(
                    "Enter the whole phone number with its area code, like 020 7946 0958. A "
                    "number from another country starts with + and its country code, like "
                    "+49 30 23125 000."
                )
            },
            widget=forms.TextInput(attrs={"autocomplete": "tel", "inputmode": "tel"}),
            **kwargs,
        )

    def to_python(self, value: Any) -> PhoneNumber | str:
        """The number, or nothing."""
        typed = without_invisible(str(value or "")).strip()
        if not typed:
            return ""
        number = phones.parsed(typed)
        if number is None:
            raise ValidationError(self.error_messages["invalid"], code="invalid")
        # A number that the tables do not know is stored as it was read, so only one way of writing
        # it is accepted.
        return to_python(number.as_international)


class ReachForm(forms.Form):
    """How to reach somebody: an email address, a phone number or both, and what messages may do."""

    nothing_given: "str | _StrPromise" = _(
        "Enter an email address or a phone number, so that we can reach you."
    )

    email = EmailAddressField(label=_("Email address"))
    phone = OptionalPhoneField()
    text_messages = forms.BooleanField(
        label=_("Text messages to this number are fine"),
        required=False,
        help_text=_(
            "They say only that there is news, never why. Leave this empty if someone else reads "
            "the messages on this phone."
        ),
    )
    voicemail = forms.BooleanField(
        label=_("A voicemail message on this number is fine"),
        required=False,
        help_text=_(
            "It gives only a first name and our number to call back. Leave this empty if someone "
            "else listens to the messages on this phone."
        ),
    )
    detail_in_messages = forms.BooleanField(
        label=_("Messages may say when and where the visit is, and with whom"),
        required=False,
        help_text=_(
            "Otherwise our messages only say that there is news. Choose this if nobody else reads "
            "the messages."
        ),
    )

    def __init__(self, *args: Any, **kwargs: Any):
        super().__init__(*args, **kwargs)
        if not settings.TEXT_MESSAGES:
            del self.fields["text_messages"]

    def clean(self) -> dict[str, Any]:
        """Refuse nothing to reach them by, and text messages to what takes none."""
        cleaned = super().clean() or self.cleaned_data
        cleaned["phone"] = phone = str(cleaned.get("phone") or "")
        if "phone" in self.errors:
            return cleaned
        cleaned["voicemail"] = bool(phone) and cleaned["voicemail"]
        if not phone and not cleaned.get("email") and "email" not in self.errors:
            self.add_error("email", self.nothing_given)
        if cleaned.get("text_messages"):
            self._refuse_number_without_texts(phone)
        return cleaned

    def _refuse_number_without_texts(self, phone: str) -> None:
        if not phone:
            self.add_error(
                "phone", _("Enter a mobile number for text messages, or untick the text messages.")
            )
        elif phones.takes_no_texts(phone):
            self.add_error(
                "phone",
                _(
                    "We cannot send text messages to this number. Enter a mobile number, or untick "
                    "the text messages."
                ),
            )
