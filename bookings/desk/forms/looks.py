"""Choosing whose looks to see, and of which days."""

from datetime import timedelta
from typing import Any

from django import forms
from django.contrib.auth.models import User

from bookings.diary.free_times import Span, span_of
from bookings.forms.birth_date import SplitDateField
from procedures.ground.generics import ModelChoiceField
from procedures.ground.people import shown_name

LONGEST = timedelta(days=366)


class StaffField(ModelChoiceField[User]):
    """A choice of one colleague, by name. Those who have left can be chosen too."""

    def label_from_instance(self, obj: User) -> str:
        return shown_name(obj)


class WhichLooksForm(forms.Form):
    """Of whom and of which days; empty means everybody and every day, and one day alone is that day."""

    staff = StaffField(
        User.objects.order_by("first_name", "last_name", "username"),
        label="Who",
        required=False,
        empty_label="Everybody",
        to_field_name="username",
        error_messages={"invalid_choice": "Choose somebody from the list."},
    )
    first_day = SplitDateField(label="First day", required=False)
    last_day = SplitDateField(
        label="Last day", required=False, help_text="Leave this empty for one day."
    )

    use_required_attribute = False

    def clean(self) -> dict[str, Any]:
        """Add `span`, from the beginning of the first day to the end of the last; None without days."""
        cleaned = super().clean() or self.cleaned_data
        days = [day for name in ("first_day", "last_day") if (day := cleaned.get(name))]
        if self.errors or not days:
            return cleaned | {"span": None}
        first, last = days[0], days[-1]
        if last < first:
            self.add_error("last_day", "The last day must not be before the first.")
        elif last - first >= LONGEST:
            self.add_error("first_day", "Choose at most a year.")
        return cleaned | {"span": Span(span_of(first).starts, span_of(last).ends)}
