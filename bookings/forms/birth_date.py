"""A date, typed into three boxes or pasted whole into the first. Mostly a date of birth."""

import calendar
import re
import unicodedata
from collections.abc import Iterator, Sequence
from datetime import date
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils import dates, timezone
from django.utils.translation import gettext_lazy as _

from procedures.ground.characters import without_invisible
from procedures.ground.fields import PlainTextField

OLDEST = 1900
YEAR = r"\d{4}"
# What Polish and Urdu write behind a year: “1972 r.”, “1972ء”.
YEAR_MARK = re.compile(r"(?<=\d{4})\s*(?:r|rok|roku|ء)$")
MONTHS = [name.casefold() for name in calendar.month_name][1:]
SHORTEST_MONTH = 3


class SplitDateWidget(forms.MultiWidget):
    """Three short boxes: day, month, year."""

    template_name = "clinic/split_date.html"
    use_fieldset = True
    labels = (_("Day"), _("Month"), _("Year"))

    parts = ("day", "month", "year")

    def __init__(self) -> None:
        super().__init__(
            {
                part: forms.TextInput(
                    attrs={"inputmode": "numeric", "class": f"input input--{part}"}
                )
                for part in self.parts
            }
        )

    def suggest_own(self) -> None:
        """Make browsers suggest the date of birth of whoever types."""
        for part, widget in zip(self.parts, self.widgets, strict=True):
            widget.attrs["autocomplete"] = f"bday-{part}"

    def decompress(self, value: date | None) -> list[int | None]:
        return [value.day, value.month, value.year] if value else [None, None, None]

    def get_context(self, name: str, value: Any, attrs: dict[str, Any] | None) -> dict[str, Any]:
        context = super().get_context(name, value, attrs)
        for part, label in zip(context["widget"]["subwidgets"], self.labels, strict=True):
            part["label"] = label
        return context


class SplitDateField(forms.MultiValueField):
    """A date in three boxes, or pasted whole into the first."""

    asks = _("Enter a date, for example 27 3 2026.")
    asks_for_year = _("Enter a year with four digits, for example 2026.")
    asks_for_real = _("Enter a real date, for example 27 3 2026 or 27 March 2026.")

    def __init__(self, **kwargs: Any):
        super().__init__(
            fields=[PlainTextField() for _ in range(3)],
            widget=SplitDateWidget(),
            error_messages={"required": self.asks},
            require_all_fields=True,
            **kwargs,
        )

    def clean(self, value: Any) -> date | None:
        typed = [_plain(part) for part in value or []]
        if typed and typed[0] and not any(typed[1:]):
            typed = _taken_apart(typed[0])
        chosen: date | None = super().clean(typed)
        return chosen

    def compress(self, parts: Sequence[str]) -> date | None:
        if not parts:
            return None
        day, month, year = parts
        if not re.fullmatch(YEAR, year) or int(year) < OLDEST:
            raise ValidationError(self.asks_for_year)
        try:
            return date(int(year), _month(month), _day(day))
        except ValueError:
            raise ValidationError(self.asks_for_real) from None


class BirthDateField(SplitDateField):
    """A date of birth."""

    asks = _("Enter the date of birth, for example 27 3 1972.")
    asks_for_year = _(
        "Enter a year of birth with four digits, from 1900 onwards, for example 1972."
    )
    asks_for_real = _("Enter a real date of birth, for example 27 3 1972 or 27 March 1972.")

    def compress(self, parts: Sequence[str]) -> date | None:
        born = super().compress(parts)
        if born and born > timezone.localdate():
            raise ValidationError(_("The date of birth must be in the past. Check the year."))
        return born


def _plain(part: Any) -> str:
    text = unicodedata.normalize("NFKC", without_invisible(str(part or "")))
    return YEAR_MARK.sub("", text.casefold().strip(" \t\n\r.,"))


def _taken_apart(whole: str) -> list[str]:
    """The day, month and year of a date in one piece: 1 mar 1972, 01/03/1972, 1972-03-01."""
    parts = re.split(r"[\s./,-]+", whole)
    if len(parts) != len(SplitDateWidget.labels):
        return [whole, "", ""]
    return parts[::-1] if re.fullmatch(YEAR, parts[0]) else parts


def _day(text: str) -> int:
    return _number(r"(\d{1,2})(?:st|nd|rd|th)?", text)


def _month(text: str) -> int:
    if len(text) >= SHORTEST_MONTH and text.isalpha():
        named = (number for number, name in _months() if name.startswith(text))
        return next(named, 0)
    return _number(r"(\d{1,2})", text)


def _months() -> Iterator[tuple[int, str]]:
    """The number of each month, with its names in English and in the language of the page.

    Some languages have another form for a month beside its day: “27 marca”.
    """
    yield from enumerate(MONTHS, 1)
    for names in (dates.MONTHS, dates.MONTHS_ALT):
        for number, name in names.items():
            yield number, unicodedata.normalize("NFKC", str(name)).casefold()


def _number(form: str, text: str) -> int:
    """A number from digits of any script, and nothing else that `int` would accept.

    Raises ValueError.
    """
    found = re.fullmatch(form, text)
    if found is None:
        raise ValueError("not of this form")
    return int(found[1])
