"""What a manager types about a clinician's week."""

from collections.abc import Mapping
from datetime import date
from typing import Any, cast

from django import forms
from django.core.exceptions import ValidationError
from django.forms.formsets import formset_factory
from django.utils import timezone

from bookings.desk.forms.times import FURTHEST
from bookings.diary.weeks import Once, Week, Weekly
from bookings.models import Resource
from procedures.ground.fields import DayField
from procedures.ground.generics import BaseFormSet, ModelChoiceField
from procedures.ground.week_forms import EMPTY_ROWS, HoursForm, TimeOfDayField


def _rooms() -> ModelChoiceField[Resource]:
    rooms = Resource.objects.filter(clinician=None, machine_kind=None).order_by("name")
    return ModelChoiceField(
        rooms,
        label="Room",
        required=False,
        error_messages={"invalid_choice": "Choose a room."},
    )


class FromDayForm(forms.Form):
    """From which day on the week is changed, and what was on the screen."""

    use_required_attribute = False

    from_day = DayField(label="Changes apply from")
    seen = forms.CharField(widget=forms.HiddenInput)

    def clean_from_day(self) -> date:
        """Refuse the past, which stays as it was, and a day years ahead."""
        day: date = self.cleaned_data["from_day"]
        today = timezone.localdate()
        if day < today:
            raise ValidationError("Choose today or a later day. What is past stays as it was.")
        if day > today + FURTHEST:
            raise ValidationError("This is more than two years from today. Check the year.")
        return day


class WeeklyForm(HoursForm):
    """A row of sessions that take place every week."""

    begins = DayField(label="First day", required=False, help_text="")
    until = DayField(label="Last day", required=False, help_text="")

    def __init__(self, *args: Any, **kwargs: Any):
        super().__init__(*args, **kwargs)
        self.fields["room"] = _rooms()
        self.order_fields(["days", "starts", "ends", "room", "begins", "until"])

    def clean(self) -> dict[str, Any]:
        """Require a room, and a last day after the first."""
        cleaned = super().clean()
        if self.is_filled and not self.errors:
            begins, until = cleaned.get("begins"), cleaned.get("until")
            if not cleaned.get("room"):
                self.add_error("room", "Choose a room.")
            if begins and until and until < begins:
                self.add_error("until", "Enter a day after the first.")
        return cleaned


class OnceForm(forms.Form):
    """A session that takes place on one day."""

    use_required_attribute = False

    day = DayField(label="Day", required=False, help_text="")
    starts = TimeOfDayField(label="From")
    ends = TimeOfDayField(label="To")

    def __init__(self, *args: Any, **kwargs: Any):
        super().__init__(*args, **kwargs)
        self.fields["room"] = _rooms()

    def clean(self) -> dict[str, Any]:
        """Require all of a row or nothing."""
        cleaned = super().clean() or self.cleaned_data
        if self.errors or not self.is_filled:
            return cleaned
        for name, asked in (
            ("day", "Enter the day."),
            ("starts", "Enter from when."),
            ("ends", "Enter until when."),
            ("room", "Choose a room."),
        ):
            if cleaned.get(name) is None:
                self.add_error(name, asked)
        if not self.errors and cleaned["ends"] <= cleaned["starts"]:
            self.add_error("ends", "Enter a time after the one before it.")
        return cleaned

    @property
    def is_filled(self) -> bool:
        """Whether anything was typed."""
        return any(self.cleaned_data.get(name) for name in ("day", "starts", "ends"))


class BaseRows(BaseFormSet[Any]):
    """Rows that are filled in or empty."""

    def filled(self) -> list[dict[str, Any]]:
        """What was typed into the rows that were filled in. For a valid set."""
        return [form.cleaned_data for form in self.forms if form.is_filled]


WeeklyRows = formset_factory(WeeklyForm, formset=BaseRows, extra=EMPTY_ROWS, max_num=40)
OnceRows = formset_factory(OnceForm, formset=BaseRows, extra=1, max_num=40)


class WeekForm:
    """The whole page: from which day on, the weekly rows, and those of one day."""

    def __init__(self, data: Mapping[str, Any] | None, *, week: Week, from_day: date, seen: str):
        self.from_day = FromDayForm(data, initial={"from_day": from_day, "seen": seen})
        self.weekly = cast(
            "BaseRows",
            WeeklyRows(data, initial=[each._asdict() for each in week.weekly], prefix="weekly"),
        )
        self.once = cast(
            "BaseRows",
            OnceRows(data, initial=[each._asdict() for each in week.once], prefix="once"),
        )
        self.is_bound = data is not None
        # What the rows say together.
        self.clashes: list[str] = []

    def is_valid(self) -> bool:
        """Whether every part is, after a day before the change was refused in each row."""
        valid = [part.is_valid() for part in (self.from_day, self.weekly, self.once)]
        if not all(valid):
            return False
        first = self.from_day.cleaned_data["from_day"]
        for form in self.weekly.forms:
            until = form.cleaned_data.get("until")
            if form.is_filled and until and until < first:
                form.add_error("until", "That is before the changes apply. Clear the row instead.")
        for form in self.once.forms:
            day = form.cleaned_data.get("day")
            if form.is_filled and day < first:
                form.add_error("day", "That is before the changes apply. Show the week from then.")
        return not (any(self.weekly.errors) or any(self.once.errors))

    def week(self) -> Week:
        """What was typed. For a valid form."""
        return Week(
            [
                Weekly(**{name: row[name] for name in Weekly._fields})
                for row in self.weekly.filled()
            ],
            [Once(**{name: row[name] for name in Once._fields}) for row in self.once.filled()],
        )
