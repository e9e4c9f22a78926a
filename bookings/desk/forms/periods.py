"""Choosing a period: from one day to another, by week or by month."""

from typing import Any

from django import forms
from django.utils import timezone

from bookings.forms.birth_date import SplitDateField
from bookings.numbers.periods import MONTH, WEEK, Period

MOST_DAYS = 5 * 366
# A year by week: more columns cannot be told apart.
MOST_WEEKS = 53
BY = ((WEEK, "week"), (MONTH, "month"))


class PeriodForm(forms.Form):
    """From which day to which, both included."""

    first = SplitDateField(label="From")
    last = SplitDateField(label="To")
    by = forms.ChoiceField(label="By", choices=BY)

    use_required_attribute = False

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        if not {"first", "last", "by"} <= cleaned.keys():
            return cleaned
        period = Period(**cleaned)
        if period.last > timezone.localdate():
            self.add_error("last", "Choose a day that is not after today.")
        elif period.length < 1:
            self.add_error("last", "The last day must not be before the first.")
        elif period.length > MOST_DAYS:
            self.add_error("first", "Choose at most five years.")
        elif period.by == WEEK and period.length > MOST_WEEKS * 7:
            self.add_error("by", "Choose “month” for more than a year.")
        return cleaned

    def period(self) -> Period:
        """What was chosen. For a form that is valid."""
        return Period(**self.cleaned_data)
