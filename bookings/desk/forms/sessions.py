"""What a manager enters about sessions."""

from collections.abc import Callable
from datetime import date
from typing import Any, Protocol, cast

from django import forms
from django.core.exceptions import ValidationError
from django.utils import timezone

from bookings.desk.forms.times import FURTHEST
from bookings.models import (
    AppointmentType,
    ClinicSession,
    ClosedDay,
    OpeningHours,
    Resource,
    SessionChange,
)
from procedures.ground.generics import BaseInlineFormSet, ModelForm


class Consequences(Protocol):
    """What a change would have as a consequence."""

    was_read: bool


class ClosedDayForm(ModelForm[ClosedDay]):
    """A day on which the clinic is closed. Whom that affects has to be read before it is saved."""

    # Finds out whom it affects.
    look: Callable[[ClosedDay], Consequences]
    before: Consequences | None = None

    class Meta:
        model = ClosedDay
        fields = ("day", "reason")
        error_messages = {"day": {"unique": "The clinic is closed on this day already."}}

    def full_clean(self) -> None:
        """Refuse what cannot be saved, and then what has not been read."""
        super().full_clean()
        if self.errors or not self.is_bound:
            return
        self.before = self.look(self.instance)
        if not self.before.was_read:
            self.add_error(None, "Read whom this affects. If it is right, save it again.")


class ClinicSessionForm(ModelForm[ClinicSession]):
    """A clinic session, inside the opening hours of its location and clashing with no other."""

    class Meta:
        model = ClinicSession
        fields = ("clinician", "room", "first_day", "last_day", "starts", "ends")

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        if not self.errors:
            self._refuse_closed_hours(cleaned)
            self._refuse_clashes(cleaned)
        return cleaned

    def clean_first_day(self) -> date:
        first: date = self.cleaned_data["first_day"]
        return _near(first) if "first_day" in self.changed_data else first

    def _refuse_closed_hours(self, cleaned: dict[str, Any]) -> None:
        location = cleaned["room"].location
        weekday = cleaned["first_day"].weekday()
        hours = OpeningHours.objects.filter(location=location, weekday=weekday)
        if hours.filter(opens__lte=cleaned["starts"], closes__gte=cleaned["ends"]).exists():
            return
        open_then = ", ".join(f"{each.opens:%-H:%M} to {each.closes:%-H:%M}" for each in hours)
        day = f"{cleaned['first_day']:%A}"
        raise ValidationError(
            f"On a {day}, {location} is open from {open_then}. Choose times between these."
            if open_then
            else f"{location} is not open on a {day}. Choose another day, or change its opening "
            "hours."
        )

    def _refuse_clashes(self, cleaned: dict[str, Any]) -> None:
        first, last = cleaned["first_day"], cleaned.get("last_day")
        others = ClinicSession.objects.exclude(pk=self.instance.pk).filter(
            first_day__iso_week_day=first.isoweekday(),
            starts__lt=cleaned["ends"],
            ends__gt=cleaned["starts"],
        )
        for other in others.between(first, last or date.max):
            if other.clinician == cleaned["clinician"]:
                raise ValidationError(
                    f"{other.clinician.name} has another session at that time: {other}. Choose "
                    "another time."
                )
            if other.room == cleaned["room"]:
                raise ValidationError(
                    f"{other.room} is in use at that time: {other}. Choose another room or time."
                )


class AppointmentTypeForm(ModelForm[AppointmentType]):
    """A type of appointment. It can be booked until a manager says otherwise."""

    retire = forms.BooleanField(
        label="No longer booked",
        required=False,
        help_text="Staff can no longer choose it for new appointments. Booked appointments stay.",
    )

    class Meta:
        model = AppointmentType
        fields = ("name", "minutes", "buffer_minutes", "room_kind", "needs")

    def __init__(self, *args: Any, **kwargs: Any):
        super().__init__(*args, **kwargs)
        self.initial["retire"] = self.instance.retired_on is not None


class ResourceForm(ModelForm[Resource]):
    """A room or a machine. Each belongs to a location."""

    class Meta:
        model = Resource
        fields = ("name", "location", "room_kind", "machine_kind")

    def __init__(self, *args: Any, **kwargs: Any):
        super().__init__(*args, **kwargs)
        if "location" in self.fields:
            self.fields["location"].required = True


class SessionChangeFormSet(
    BaseInlineFormSet[SessionChange, ClinicSession, ModelForm[SessionChange]]
):
    """The exceptions of a session. Each is for a day on which the session would take place."""

    def clean(self) -> None:
        super().clean()
        first = cast("date | None", self.instance.first_day)  # none yet of a new session
        for form in self.forms:
            day = form.cleaned_data.get("day") if form.is_valid() else None
            if day and "day" in form.changed_data and day < timezone.localdate():
                form.add_error("day", "That day has passed. Choose a day in the future.")
            elif day and day > timezone.localdate() + FURTHEST:
                form.add_error("day", "Choose a day within the next two years.")
            elif day and first and day.weekday() != first.weekday():
                form.add_error(
                    "day",
                    f"This session is on a {first:%A}, but that day is a {day:%A}. Choose a "
                    f"{first:%A}.",
                )


def _near(day: date) -> date:
    """Refuse a day whose year can only be a typing error."""
    if abs(day - timezone.localdate()) > FURTHEST:
        raise ValidationError("This is more than two years from today. Check the year.")
    return day
