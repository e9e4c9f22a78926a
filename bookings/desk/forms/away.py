"""Who is away or what is closed, and when."""

from datetime import date, datetime, time, timedelta
from typing import Any, cast

from django import forms
from django.core.exceptions import ValidationError
from django.db.models import TextChoices
from django.forms.utils import from_current_timezone
from django.utils import timezone

from bookings.desk.forms.times import FURTHEST
from bookings.forms.birth_date import SplitDateField
from bookings.models import Closure, Location, Resource
from bookings.models.requests import NOON
from procedures.ground.fields import PlainTextField

LUNCH = time(NOON)
DAY = timedelta(days=1)
# Shown only for “From one time to another”.
CLOCKS = ("from_time", "until_time")


class Hours(TextChoices):
    """Which part of the day somebody is away."""

    WHOLE = "whole", "The whole day"
    MORNING = "morning", f"The morning, until {LUNCH:%-H:%M}"
    AFTERNOON = "afternoon", f"The afternoon, from {LUNCH:%-H:%M}"
    BETWEEN = "between", "From one time to another"


class ClockField(forms.TimeField):
    """A time of day, as people type it."""

    def __init__(self, **kwargs: Any):
        super().__init__(
            required=False,
            input_formats=["%H:%M", "%H.%M", "%H"],
            widget=forms.TimeInput(
                format="%-H:%M", attrs={"autocomplete": "off", "class": "input input--time"}
            ),
            error_messages={"invalid": "Enter a time, for example 9:30."},
            **kwargs,
        )


class AwayForm(forms.Form):
    """A closure as a colleague says it: who or what, which days, which part of them."""

    use_required_attribute = False

    who = forms.ChoiceField(
        label="Who is away, or what is closed?",
        error_messages=dict.fromkeys(("required", "invalid_choice"), "Choose who or what it is."),
    )
    first_day = SplitDateField(label="First day", help_text="For example, 27 11 2026.")
    last_day = SplitDateField(
        label="Last day (optional)", help_text="Leave this empty for one day.", required=False
    )
    hours = forms.ChoiceField(
        label="Which part of the day?",
        choices=Hours.choices,
        widget=forms.RadioSelect,
        error_messages=dict.fromkeys(("required", "invalid_choice"), "Choose one of these."),
    )
    from_time = ClockField(label="From", help_text="On the first day.")
    until_time = ClockField(label="To", help_text="On the last day.")
    reason = PlainTextField(
        label="Reason (optional)",
        help_text="For colleagues. Do not write down anyone’s illness.",
        required=False,
        max_length=100,
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )

    def __init__(self, *args: Any, closure: Closure, **kwargs: Any):
        super().__init__(*args, **kwargs)
        self.closure = closure
        cast("forms.ChoiceField", self.fields["who"]).choices = _choices()
        usual = _as_typed(closure) if closure.pk else {"hours": Hours.WHOLE}
        self.initial = {**usual, **self.initial}

    def clean_first_day(self) -> date:
        """Refuse a day that can only be a typing error."""
        return self._near("first_day")

    def clean_last_day(self) -> date:
        """The first day, if no other is given."""
        if self.cleaned_data["last_day"] is None:
            return cast("date", self.cleaned_data.get("first_day"))
        return self._near("last_day")

    def _near(self, name: str) -> date:
        day: date = self.cleaned_data[name]
        if name in self.changed_data and abs(day - timezone.localdate()) > FURTHEST:
            raise ValidationError("This is more than two years from today. Check the year.")
        return day

    def clean(self) -> dict[str, Any]:
        """Fill in the closure, if there is nothing wrong with it."""
        cleaned = super().clean() or self.cleaned_data
        if cleaned.get("hours", Hours.BETWEEN) != Hours.BETWEEN:
            # They are not on the screen then, so whatever was typed into them does not count.
            for name in CLOCKS:
                self.errors.pop(name, None)
        if not self.errors:
            self._refuse_contradictions(cleaned)
        if not self.errors:
            model, _, pk = cleaned["who"].partition("-")
            self.closure.resource = Resource.objects.get(pk=pk) if model == "resource" else None
            self.closure.location = Location.objects.get(pk=pk) if model == "location" else None
            self.closure.starts, self.closure.ends = self._instants(cleaned)
            self.closure.reason = cleaned["reason"]
        return cleaned

    def _refuse_contradictions(self, cleaned: dict[str, Any]) -> None:
        first, last, hours = cleaned["first_day"], cleaned["last_day"], cleaned["hours"]
        if last < first:
            self.add_error("last_day", "The last day cannot be before the first day.")
        elif first != last and hours in {Hours.MORNING, Hours.AFTERNOON}:
            self.add_error(
                "hours",
                "Mornings and afternoons are for one day. For several days choose “From one time to "
                "another”, or enter each day on its own.",
            )
        if hours == Hours.BETWEEN:
            for name in CLOCKS:
                if cleaned[name] is None:
                    self.add_error(name, "Enter a time, for example 9:30.")
            if not self.errors and (last, cleaned["until_time"]) <= (first, cleaned["from_time"]):
                self.add_error("until_time", "The end must be after the start.")

    def _instants(self, cleaned: dict[str, Any]) -> tuple[datetime, datetime]:
        first, last = cleaned["first_day"], cleaned["last_day"]
        match cleaned["hours"]:
            case Hours.MORNING:
                return self._instant(first, time()), self._instant(first, LUNCH)
            case Hours.AFTERNOON:
                return self._instant(first, LUNCH), self._instant(first + DAY, time())
            case Hours.BETWEEN:
                return (
                    self._instant(first, cleaned["from_time"], "from_time"),
                    self._instant(last, cleaned["until_time"], "until_time"),
                )
        return self._instant(first, time()), self._instant(last + DAY, time())

    def _instant(self, day: date, at: time, name: str | None = None) -> datetime:
        local = datetime.combine(day, at)
        try:
            return from_current_timezone(local)
        except ValidationError:
            self.add_error(
                name,
                "The clocks change that night, so this time does not exist or happens twice. Choose "
                "another time.",
            )
            return timezone.make_aware(local)


def _choices() -> list[tuple[str, Any]]:
    """Everybody and everything that may be away or closed, in groups."""
    groups: dict[str, list[tuple[str, str]]] = {"": [("", "Choose")], "Clinicians": []}
    for resource in Resource.objects.select_related("clinician", "machine_kind").order_by("name"):
        clinician = resource.clinician
        group = "Clinicians" if clinician else "Machines" if resource.machine_kind else "Rooms"
        label = f"{clinician.name}, {clinician.role}" if clinician else resource.name
        groups.setdefault(group, []).append((f"resource-{resource.pk}", label))
    places = Location.objects.order_by("name").values_list("pk", "name")
    groups["Whole places"] = [(f"location-{pk}", name) for pk, name in places]
    nobody = groups.pop("")
    return [*nobody, *groups.items()]


def _as_typed(closure: Closure) -> dict[str, Any]:
    """What somebody would have entered for this closure."""
    starts, ends = timezone.localtime(closure.starts), timezone.localtime(closure.ends)
    # A whole day ends with its last minute, or when the next one begins.
    last = (ends - timedelta(minutes=1)).date()
    begins_at_midnight = starts.time() == time()
    ends_at_midnight = ends.time() in {time(), time(23, 59)}
    one_day = last == starts.date()
    who = f"resource-{closure.resource_id}" if closure.resource_id else ""
    hours = Hours.BETWEEN
    if begins_at_midnight and ends_at_midnight:
        hours = Hours.WHOLE
    elif begins_at_midnight and one_day and ends.time() == LUNCH:
        hours = Hours.MORNING
    elif ends_at_midnight and one_day and starts.time() == LUNCH:
        hours = Hours.AFTERNOON
    return {
        "who": who or f"location-{closure.location_id}",
        "first_day": starts.date(),
        "last_day": None if one_day else last,
        "hours": hours,
        "from_time": starts.time() if hours == Hours.BETWEEN else None,
        "until_time": ends.time() if hours == Hours.BETWEEN else None,
        "reason": closure.reason,
    }
