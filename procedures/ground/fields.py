"""Form fields that both apps use."""

from datetime import date
from typing import TYPE_CHECKING, Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.text import format_lazy
from django.utils.translation import gettext_lazy as _

from procedures.ground.characters import MOST_MARKS, hidden_in, piles_up_marks, without_invisible

if TYPE_CHECKING:
    from django.utils.functional import _StrPromise

# As people here type a day, and as our own links have it.
DAY_FORMATS = ["%d/%m/%Y", "%d/%m/%y", "%d.%m.%Y", "%d-%m-%Y", "%d %m %Y", "%Y-%m-%d"]

# Word draws its bullets with characters of its own fonts, which nobody else can see.
WORD_BULLETS = str.maketrans(dict.fromkeys("\uf0a7\uf0b7\uf0d8", "•"))


def refuse_unreadable(text: str) -> None:
    """Refuse text in which letters were lost or are covered by accents."""
    if hidden_in(text):
        raise ValidationError(
            _("A letter was lost when this was copied. Find “�” and type that word again.")
        )
    if piles_up_marks(text):
        raise ValidationError(
            format_lazy(_("Use at most {number} accents on one letter."), number=MOST_MARKS)
        )


class PlainTextField(forms.CharField):
    """Typed text of which a person can see every character.

    Invisible characters are removed before anything else looks at the text, so a box of blanks is
    empty.
    """

    default_validators = [refuse_unreadable]

    def __init__(
        self,
        *,
        required_message: "str | _StrPromise" = "",
        max_length: int | None = None,
        **kwargs: Any,
    ):
        messages: dict[str, str | _StrPromise] = {}
        if max_length:
            messages["max_length"] = format_lazy(
                _("Shorten this to {number} characters or fewer."), number=f"{max_length:,}"
            )
        if required_message:
            messages["required"] = required_message
        super().__init__(max_length=max_length, error_messages=messages, **kwargs)

    def to_python(self, value: Any) -> Any:
        """The text with one kind of line end, and none at all in a single-line field."""
        if value not in self.empty_values:
            plain = str(value).replace("\r\n", "\n").translate(WORD_BULLETS)
            text = without_invisible(plain)
            value = text if isinstance(self.widget, forms.Textarea) else " ".join(text.split())
        return super().to_python(value)


class DayField(forms.DateField):
    """A day at the desk, typed day first: 1/12/2026.

    Not the browser's own field of a day, which has the month first wherever the browser is American.
    """

    widget = forms.DateInput(format="%d/%m/%Y", attrs={"class": "day", "autocomplete": "off"})

    def __init__(self, *, help_text: str = "For example, 1/12/2026.", **kwargs: Any):
        wrong = dict.fromkeys(("required", "invalid"), "Enter a date, for example 1/12/2026.")
        super().__init__(
            input_formats=DAY_FORMATS,
            help_text=help_text,
            error_messages=wrong | kwargs.pop("error_messages", {}),
            **kwargs,
        )


def typed_day(text: str) -> date | None:
    """The day in a text as `DayField` reads it; None if it is none."""
    try:
        day: date | None = DayField(required=False).clean(text)
    except ValidationError:
        return None
    return day
