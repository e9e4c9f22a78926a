"""Which day of the diary somebody wants to see."""

from datetime import date

from django import forms
from django.core.exceptions import ValidationError

from procedures.ground.fields import DayField

FIRST_YEAR, LAST_YEAR = 2000, 2100


class DayForm(forms.Form):
    """A day, as people type it or as our own links have it."""

    day = DayField()

    def clean_day(self) -> date:
        """Refuse a day in another century."""
        day: date = self.cleaned_data["day"]
        if not FIRST_YEAR <= day.year < LAST_YEAR:
            raise ValidationError(f"Enter a year from {FIRST_YEAR} to {LAST_YEAR - 1}.")
        return day
