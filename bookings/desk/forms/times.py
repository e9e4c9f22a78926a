"""Choosing a time: from the free times of a clinician, or by typing one."""

from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from typing import Any, NamedTuple, cast

from django import forms
from django.core.exceptions import ValidationError
from django.db.models import QuerySet
from django.http import QueryDict
from django.utils import timezone

from bookings.diary.clinicians import who_has_clinics
from bookings.diary.free_times import FreeTime, Rota, Taken, free_on, time_at
from bookings.models import (
    AppointmentRequest,
    AppointmentType,
    OfferedTime,
)
from bookings.status import MOST_TIMES
from procedures.ground.decisions import DecisionForm
from procedures.ground.fields import DayField, typed_day
from procedures.ground.generics import ModelChoiceField
from procedures.models import Clinician
from procedures.models.clinic import details

FURTHEST = timedelta(days=731)
DAYS_SHOWN = 14
# What a time is for, and with whom.
TERMS = ("appointment_type", "clinician")
WHOEVER = "Whoever is free"


class InstantField(forms.DateTimeField):
    """A local date and time that exists exactly once. The value is an aware instant."""

    widget = forms.DateTimeInput(
        format="%d/%m/%Y %H:%M", attrs={"class": "instant", "autocomplete": "off"}
    )

    def __init__(self, **kwargs: Any):
        messages = {"invalid": "Enter a date and a time, for example 1/12/2026 10:30."}
        kwargs.setdefault("help_text", "For example, 1/12/2026 10:30.")
        super().__init__(error_messages=messages | kwargs.pop("error_messages", {}), **kwargs)

    def clean(self, value: Any) -> datetime | None:
        try:
            instant = super().clean(value)
        except ValidationError as error:
            if error.code == "ambiguous_timezone":
                raise ValidationError(
                    "The clocks change that night, so this time does not exist or happens "
                    "twice. Choose another time."
                ) from None
            raise
        if instant and instant > timezone.now() + FURTHEST:
            raise ValidationError("Choose a time within the next two years.")
        # Whatever is added to it later is added in real time, even over a clock change.
        return instant.astimezone(UTC) if instant else None


def instant_of(seconds: Any) -> datetime | None:
    """The instant so many seconds after 1970; None if it is not one, or further than two years away."""
    try:
        instant = datetime.fromtimestamp(int(seconds), tz=UTC)
    except (TypeError, ValueError, OverflowError, OSError):
        return None
    return instant if abs(instant - timezone.now()) < FURTHEST else None


def bookable(today: date) -> dict[str, QuerySet[Any]]:
    """The types that can still be booked, and the clinicians who have sessions to come."""
    return {
        "appointment_type": AppointmentType.objects.filter(retired_on=None).order_by("name"),
        "clinician": who_has_clinics(today),
    }


def read_terms() -> dict[str, list[Any]]:
    """The same as lists, for a page that shows them more than once."""
    return {name: list(choices) for name, choices in bookable(timezone.localdate()).items()}


class KnownChoiceField(ModelChoiceField[Any]):
    """A choice among rows that the page has read already."""

    known: Sequence[Any] = ()

    def to_python(self, value: Any) -> Any:
        """The row with that number, or None if nothing is chosen. Raises ValidationError."""
        if value in self.empty_values:
            return None
        for each in self.known:
            if str(each.pk) == str(getattr(value, "pk", value)):
                return each
        raise ValidationError(self.error_messages["invalid_choice"], code="invalid_choice")


class LookForm(forms.Form):
    """Which free times to show."""

    appointment_type = KnownChoiceField(
        AppointmentType.objects.none(),
        label="Appointment type",
        empty_label=None,
        error_messages=dict.fromkeys(("required", "invalid_choice"), "Choose an appointment type."),
    )
    clinician = KnownChoiceField(
        Clinician.objects.none(),
        label="Clinician",
        required=False,
        empty_label=WHOEVER,
        error_messages=dict.fromkeys(("required", "invalid_choice"), "Choose a clinician."),
    )
    from_day = DayField(label="From", required=False)

    def __init__(self, *args: Any, terms: Mapping[str, Sequence[Any]] | None = None, **kwargs: Any):
        super().__init__(*args, **kwargs)
        # Read once, however many forms of a page show them.
        self.terms = terms or read_terms()
        for name, known in self.terms.items():
            field = cast("KnownChoiceField", self.fields[name])
            field.known = known
            choices: list[tuple[Any, str]] = [(each.pk, str(each)) for each in known]
            field.widget.choices = choices if field.required else [*choices, ("", WHOEVER)]

    def clean_from_day(self) -> date:
        """Refuse a day in the past or years ahead."""
        today = timezone.localdate()
        return min(max(self.cleaned_data["from_day"] or today, today), today + FURTHEST)


class ShownTime(NamedTuple):
    """A time to tick. It has no place if it was ticked earlier, on another page of times."""

    starts: datetime
    # The room, or who is free if it may be anybody.
    place: str
    suits: bool
    ticked: bool
    html_id: str


class FirstTime(NamedTuple):
    """When a clinician is first free."""

    starts: datetime
    clinician: Clinician


class FreeTimesForm(DecisionForm, LookForm):
    """The free times of one clinician for one type of appointment, and a time to type.

    The button “Show free times” decides nothing: what was ticked and typed comes back with other
    times to choose from. Ticks belong to the clinician and the type that were listed, and to no
    other.
    """

    LOOK = "look"

    listed = forms.CharField(required=False, widget=forms.HiddenInput)

    def __init__(self, data: QueryDict | None = None, *args: Any, **kwargs: Any):
        if data is not None and self.LOOK in data:
            typed = {name: each if each[1:] else each[0] for name, each in data.lists() if each}
            kwargs["initial"] = {**typed, "times": data.getlist("times")}
            data = None
        super().__init__(data, *args, **kwargs)
        self.shown: list[FreeTime] = []
        self.free: dict[Clinician, list[FreeTime]] = {}
        # What a link chose and somebody else has by now.
        self.gone: datetime | None = None
        self.own = _own_terms(self.record)
        self.look = LookForm(self._looked_for(), terms=self.terms)
        if self.look.is_valid():
            values = self.look.cleaned_data
            self.days = [values["from_day"] + timedelta(days=day) for day in range(DAYS_SHOWN)]
            self.free = self._free_of_all(values["appointment_type"])
            self.shown = self._shown(values["clinician"])
            looked_for = {name: getattr(value, "pk", value) for name, value in values.items()}
            self.initial = {**self.initial, **looked_for}
            if not self.is_bound:
                self._choose(instant_of(self.initial.get("at")), *(values[name] for name in TERMS))

    @property
    def is_misread(self) -> bool:
        """Whether somebody chose what to look for and it cannot be read."""
        return (self.is_bound or self.LOOK in self.initial) and not self.look.is_valid()

    @property
    def looks_for(self) -> forms.Form:
        """The form whose fields say what to look for: if that cannot be read, they say why."""
        return self.look if self.is_misread else self

    def _free_of_all(self, kind: AppointmentType) -> dict[Clinician, list[FreeTime]]:
        """The free times of everybody on these days, from one look at the diary."""
        now, rota = timezone.now(), Rota(self.days)
        free: dict[Clinician, list[FreeTime]] = {}
        for stretch, time in free_on(rota, Taken(rota, now), kind, now):
            free.setdefault(stretch.session.clinician, []).append(time)
        return free

    def _shown(self, clinician: Clinician | None) -> list[FreeTime]:
        """The free times of one clinician, or each time at which anybody is free."""
        if clinician:
            return self.free.get(clinician, [])
        first = {free.starts: free for times in self.free.values() for free in times}
        return [first[starts] for starts in sorted(first)]

    def _places(self) -> dict[datetime, str]:
        """Beside each time where it is, or who is free then."""
        if self.look.is_valid() and self.look.cleaned_data["clinician"]:
            return {free.starts: f"{free.room.name}, {free.room.location}" for free in self.shown}
        who: dict[datetime, list[str]] = {}
        for clinician, times in self.free.items():
            for free in times:
                who.setdefault(free.starts, []).append(clinician.name)
        return {starts: " or ".join(sorted(names)) for starts, names in who.items()}

    def _choose(
        self, starts: datetime | None, kind: AppointmentType, clinician: Clinician | None
    ) -> None:
        """Tick the time that a link chose, if it is free; it may be between those that are listed."""
        if starts is None or clinician is None:
            return
        free = time_at(kind, clinician, starts, timezone.now())
        if free is None or starts <= timezone.now():
            self.gone = starts
            return
        self.initial["times"] = [int(starts.timestamp())]
        others = [each for each in self.shown if each.starts != starts]
        self.shown = sorted([*others, free], key=lambda each: each.starts)

    def _looked_for(self) -> dict[str, Any]:
        """What was chosen; or else what the request already has, or the first there is."""
        given = self.data if self.is_bound else self.initial
        first = {name: self._first(name) for name in TERMS}
        day = self._from_day(given)
        if given.get(self.LOOK) == "later":
            day = _later(day)
        # An empty clinician is a choice: whoever is free.
        chosen = {"clinician": ""} if given.get("clinician") == "" else {}
        looked_for = {name: given.get(name) or value for name, value in first.items()}
        return looked_for | chosen | {"from_day": day}

    def _from_day(self, given: Mapping[str, Any]) -> date | str:
        """The first day to show, as it was typed."""
        return given.get("from_day") or timezone.localdate(instant_of(given.get("at")))

    def _first(self, name: str) -> int | None:
        """What the request has or asks for, if it can be chosen; otherwise the first choice."""
        choices = self.terms[name]
        wish = self.record.wished_clinician if name == "clinician" else None
        asked = self.own.get(name) or wish
        first = asked if asked in choices else next(iter(choices), None)
        return getattr(first, "pk", None)

    def sooner(self) -> list[FirstTime]:
        """The other clinicians, each with their first free time on these days: soonest first."""
        if not self.look.is_valid():
            return []
        chosen = self.look.cleaned_data["clinician"]
        if chosen is None:
            return []
        times = [
            FirstTime(self.free[each][0].starts, each)
            for each in self.terms["clinician"]
            if each != chosen and each in self.free
        ]
        return sorted(times, key=lambda first: first.starts)

    def differs(self) -> list[str]:
        """What these times would change about the visit; shown beside the button."""
        if not self.look.is_valid():
            return []
        chosen = self.look.cleaned_data
        return [
            f"{chosen[name] or 'whoever is free'} instead of {own}"
            for name, own in self.own.items()
            if chosen[name] != own
        ]

    @property
    def now_listed(self) -> str:
        """Whose free times, and for which type, are on the screen."""
        if not self.look.is_valid():
            return ""
        values = self.look.cleaned_data
        return f"{values['appointment_type'].pk}-{getattr(values['clinician'], 'pk', '')}"

    def by_day(self) -> list[tuple[date, list[ShownTime]]]:
        """The free times of each day, with those that were ticked earlier on another page."""
        ticked = self._ticked()
        places = self._places()
        days: dict[date, list[ShownTime]] = {}
        for number, starts in enumerate(sorted({*places, *ticked})):
            suits = not self.record.wishes and self.record.suits(starts)
            # An error about the times leads to the first of them.
            html_id = f"id_times_{number}" if number else "id_times"
            shown = ShownTime(starts, places.get(starts, ""), suits, starts in ticked, html_id)
            days.setdefault(timezone.localdate(starts), []).append(shown)
        return list(days.items())

    def _ticked(self) -> set[datetime]:
        values = self["times"].value() or []
        if (self["listed"].value() or self.now_listed) != self.now_listed:
            return set()
        try:
            return set(cast("FreeTimeField", self.fields["times"]).to_python(values))
        except ValidationError:
            return set()

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        if cleaned.get("listed") and self.now_listed not in {"", cleaned["listed"]}:
            self.add_error(
                "times",
                "You changed the clinician or the appointment type after these times were "
                "listed. Choose again from the free times below.",
            )
        return cleaned

    def values(self) -> dict[str, Any]:
        names = ("version", "appointment_type", "clinician", "starts")
        return {name: self.cleaned_data[name] for name in names}


def _own_terms(record: AppointmentRequest) -> dict[str, Any]:
    """The type and clinician of the visit, from its newest appointment or else its newest offer."""
    for rows in (record.appointments, record.offers):
        newest = rows.select_related(*TERMS).order_by("-pk").first()
        if newest:
            return {name: getattr(newest, name) for name in TERMS}
    return {}


def _later(day: date | str) -> date | str:
    """The first day of the next page of times.

    A value that is not a day is left for the form to refuse.
    """
    first = typed_day(str(day))
    try:
        return first + timedelta(days=DAYS_SHOWN) if first else day
    except OverflowError:
        return day


class FreeTimeField(forms.MultipleChoiceField):
    """Instants, posted as seconds since 1970 and never as clock times."""

    # Django's own has texts.
    def to_python(self, value: Any) -> list[datetime]:  # type: ignore[override]
        try:
            return [datetime.fromtimestamp(int(each), tz=UTC) for each in value or []]
        except (ValueError, OverflowError, OSError):
            raise ValidationError("Choose times from the list.") from None

    def validate(self, value: Any) -> None:
        """Accept any instant: only the diary knows what is free, at the moment of booking."""
        limit = timezone.now() + FURTHEST
        if any(instant > limit for instant in value):
            raise ValidationError("Choose a time within the next two years.")


class BookForm(FreeTimesForm):
    """One time that was agreed on the phone."""

    times_input = "radio"

    times = FreeTimeField(label="Free times", required=False)
    other = InstantField(label="Or another time within a clinic session (optional)", required=False)

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        starts = _chosen(self, "other")
        if not self.errors and len(starts) != 1:
            self.add_error("times", "Choose one time.")
        cleaned["starts"] = starts[0] if starts else None
        return cleaned


class OfferedTimeField(ModelChoiceField[OfferedTime]):
    """An offered time, in words."""

    def label_from_instance(self, time: OfferedTime) -> str:
        return f"{timezone.localtime(time.starts):%A %-d %B %Y at %-H:%M}"


class TakeOfferedForm(DecisionForm):
    """One of the times that the patient was offered."""

    chosen = OfferedTimeField(
        OfferedTime.objects.none(),
        label="Which time would they like?",
        widget=forms.RadioSelect,
        empty_label=None,
        error_messages={
            "required": "Choose one of the times.",
            "invalid_choice": "We are no longer holding that time. Choose one of these.",
        },
    )

    def __init__(self, *args: Any, **kwargs: Any):
        super().__init__(*args, **kwargs)
        standing = self.record.offers.standing(timezone.now())
        times = cast("OfferedTimeField", self.fields["chosen"])
        times.queryset = OfferedTime.objects.filter(offer__in=standing)


# A nearer time is better agreed on the phone, so it is not suggested.
TIME_TO_REPLY = timedelta(days=1)


class OfferForm(FreeTimesForm):
    """One to three times, and until when they are held."""

    times_input = "checkbox"

    times = FreeTimeField(label="Free times", required=False)
    other = InstantField(label="Another time within a clinic session (optional)", required=False)
    held_until = InstantField(
        label="Hold until (optional)",
        required=False,
    )

    def __init__(self, *args: Any, **kwargs: Any):
        super().__init__(*args, **kwargs)
        self.fields["held_until"].help_text = (
            "For example, 1/12/2026 10:30. If you leave this empty, we hold the times for "
            f"{details().held_hours} hours when the desk is open, and until two hours before the "
            "first time at the latest. "
            "We tell the patient. After that, others can book the times."
        )
        if not self.is_bound and "times" not in self.initial:
            self.initial["times"] = [int(starts.timestamp()) for starts in self._suggested()]

    def _suggested(self) -> list[datetime]:
        """The first two times that suit the patient, on two days if there are any: already ticked.

        None if the patient wrote what else would suit, which only a person can read.
        """
        if self.record.wishes:
            return []
        from_then_on = timezone.now() + TIME_TO_REPLY
        suiting = [
            free.starts
            for free in self.shown
            if free.starts >= from_then_on and self.record.suits(free.starts)
        ]
        first = suiting[:1]
        days = {timezone.localdate(starts) for starts in first}
        another_day = [each for each in suiting if timezone.localdate(each) not in days]
        return first + (another_day[:1] or suiting[1:2])

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        starts = cleaned["starts"] = _chosen(self, "other")
        if cleaned.get("held_until") and cleaned["held_until"] <= timezone.now():
            self.add_error("held_until", "Choose a time in the future.")
        if not starts and not {"times", "other"} & self.errors.keys():
            self.add_error("times", "Choose one to three times.")
        if len(starts) > MOST_TIMES:
            self.add_error("times", "Choose up to three times.")
        chosen = cleaned.get("appointment_type")
        if chosen:
            length = timedelta(minutes=chosen.minutes + chosen.buffer_minutes)
            if any(later - earlier < length for earlier, later in pairwise(starts)):
                self.add_error("times", "These times overlap. Choose times that are further apart.")
        if starts and cleaned.get("held_until") and cleaned["held_until"] > starts[0]:
            self.add_error("held_until", "The offer must end before the first of its times starts.")
        return cleaned

    def values(self) -> dict[str, Any]:
        return {**super().values(), "held_until": self.cleaned_data["held_until"]}


def _chosen(form: FreeTimesForm, other: str) -> list[datetime]:
    """The ticked times and the typed one, in order. None may be in the past."""
    typed = form.cleaned_data.get(other)
    starts = sorted({*form.cleaned_data.get("times", []), *([typed] if typed else [])})
    if starts and starts[0] <= timezone.now():
        form.add_error(other if starts[0] == typed else "times", "Choose a time in the future.")
    return starts
