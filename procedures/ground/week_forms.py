"""The hours of a week, typed in rows: weekdays with the same hours share one."""

import itertools
import re
from collections.abc import Mapping, Sequence
from datetime import time
from typing import Any, cast

from django import forms
from django.core.exceptions import ValidationError
from django.forms.formsets import formset_factory

from procedures.ground.generics import BaseFormSet
from procedures.ground.week import (
    MIDNIGHT,
    MIDNIGHT_AT_THE_END,
    Period,
    Row,
    Week,
    Weekday,
    in_rows,
    spoken_time,
)

# 8, 8:30, 8.30, 0830
TYPED = re.compile(r"(?P<hour>\d{1,2})(?:[:.]?(?P<minute>\d{2}))?")
SHORT = [(day.value, day.label[:3]) for day in Weekday]
EMPTY_ROWS = 2


class TimeOfDayField(forms.CharField):
    """A time as people type it: 8, 8:30, 8.30 or 0830. The end of a day may be 24:00."""

    def __init__(self, *, label: str, is_an_end: bool = False):
        self.is_an_end = is_an_end
        attrs = {"class": "time", "size": 5, "maxlength": 5, "autocomplete": "off"}
        super().__init__(label=label, required=False, widget=forms.TextInput(attrs))

    def prepare_value(self, value: Any) -> Any:
        """A stored time as it would be typed."""
        if self.is_an_end and value == MIDNIGHT:
            return MIDNIGHT_AT_THE_END
        return f"{value:%H:%M}" if isinstance(value, time) else value

    def clean(self, value: Any) -> time | None:
        """The time; None if nothing was typed."""
        typed = super().clean(value).strip()
        if not typed:
            return None
        if self.is_an_end and typed in {MIDNIGHT_AT_THE_END, "24"}:
            return MIDNIGHT
        found = TYPED.fullmatch(typed)
        try:
            return time(int(found["hour"]), int(found["minute"] or 0)) if found else self._refuse()
        except ValueError:
            return self._refuse()

    def _refuse(self) -> time:
        raise ValidationError("Enter a time from 0:00 to 23:59, for example 8:30.")


class HoursForm(forms.Form):
    """One row: the weekdays, from and to. A row without anything is left out."""

    use_required_attribute = False

    days = forms.TypedMultipleChoiceField(
        label="Days",
        coerce=int,
        choices=SHORT,
        required=False,
        widget=forms.CheckboxSelectMultiple,
        error_messages={"invalid_choice": "Choose days of the week."},
    )
    starts = TimeOfDayField(label="From")
    ends = TimeOfDayField(label="To")

    def clean(self) -> dict[str, Any]:
        """Require all of a row or nothing, and an end after its beginning."""
        cleaned = super().clean() or self.cleaned_data
        if self.errors or not self.is_filled:
            return cleaned
        starts, ends = cleaned.get("starts"), cleaned.get("ends")
        if not cleaned.get("days"):
            self.add_error("days", "Tick at least one day, or clear the times of this row.")
        if starts is None:
            self.add_error("starts", "Enter from when.")
        if ends is None:
            self.add_error("ends", "Enter until when.")
        elif starts is not None and starts >= ends and not self._ends_at_midnight(ends):
            self.add_error("ends", "Enter a time after the one before it.")
        return cleaned

    def _ends_at_midnight(self, ends: time) -> bool:
        return cast("TimeOfDayField", self.fields["ends"]).is_an_end and ends == MIDNIGHT

    @property
    def is_filled(self) -> bool:
        """Whether anything of the hours was typed."""
        return any(self.cleaned_data.get(name) for name in ("days", "starts", "ends"))


class HoursToMidnightForm(HoursForm):
    """A row that may end at midnight."""

    ends = TimeOfDayField(label="To", is_an_end=True)


class BaseHoursFormSet(BaseFormSet[Any]):
    """The rows of a week. No two of them overlap."""

    def clean(self) -> None:
        """Refuse two rows that overlap on one day."""
        if any(self.errors):
            return
        for day, periods in self.week().items():
            for (_, ends), (starts, _) in itertools.pairwise(periods):
                if ends == MIDNIGHT or starts < ends:
                    raise ValidationError(
                        f"On {Weekday(day).label}, the hours until {spoken_time(ends)} and those from "
                        f"{spoken_time(starts)} overlap. Change one of them."
                    )

    def rows(self) -> list[Row]:
        """The rows that were filled in. For a valid set."""
        return [
            Row(form.cleaned_data["days"], form.cleaned_data["starts"], form.cleaned_data["ends"])
            for form in self.forms
            if form.is_filled
        ]

    def week(self) -> dict[int, list[Period]]:
        """The periods of each weekday. For a valid set."""
        week: dict[int, list[Period]] = {}
        for row in self.rows():
            for day in row.days:
                week.setdefault(day, []).append((row.starts, row.ends))
        return {day: sorted(week[day]) for day in sorted(week)}


HoursFormSet = formset_factory(HoursForm, formset=BaseHoursFormSet, extra=EMPTY_ROWS, max_num=40)
HoursToMidnightFormSet = formset_factory(
    HoursToMidnightForm, formset=BaseHoursFormSet, extra=EMPTY_ROWS, max_num=40
)


def hours_of(
    week: Week, data: Mapping[str, Any] | None, *, to_midnight: bool = False
) -> BaseHoursFormSet:
    """The rows of a week, or what was typed into them."""
    initial: Sequence[dict[str, Any]] = [row._asdict() for row in in_rows(week)]
    kind = HoursToMidnightFormSet if to_midnight else HoursFormSet
    return cast("BaseHoursFormSet", kind(data, initial=initial, prefix="hours"))
