"""Another time for each of many patients. No two of them are proposed the same. Writes nothing."""

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime, timedelta
from typing import NamedTuple, Self

from django.utils import timezone

from bookings.desk.forms.times import TIME_TO_REPLY, instant_of
from bookings.diary.clinicians import who_sees_about
from bookings.diary.free_times import Places, Rota, Taken
from bookings.models import AppointmentRequest, AppointmentType
from procedures.models import Clinician, InformationPage

# For how long after the last of the lost times other times are looked for.
AHEAD = timedelta(days=28)
# How many further times each patient has to choose from: that suit them, with the clinician whom they
# had and with the others; and that do not.
MOST_SUITING, MOST_OTHERS = 4, 4


class Proposal(NamedTuple):
    """A time with a clinician, as a form names it."""

    clinician: Clinician
    starts: datetime

    @property
    def value(self) -> str:
        """What a form posts: the clinician and the seconds since 1970, never a clock time."""
        return f"{self.clinician.pk}-{self.starts.timestamp():.0f}"

    @classmethod
    def read(cls, value: str, clinicians: Iterable[Clinician]) -> Self | None:
        """The proposal that a form posts; None if it is none."""
        pk, _, at = value.partition("-")
        clinician = next((each for each in clinicians if str(each.pk) == pk), None)
        starts = instant_of(at)
        return cls(clinician, starts) if clinician and starts else None


class Wanted(NamedTuple):
    """What a patient needs instead of a time that is lost."""

    request: AppointmentRequest
    appointment_type: AppointmentType
    clinician: Clinician
    lost: datetime


class Choices(NamedTuple):
    """What a patient may be offered."""

    first: Proposal | None
    suiting: list[Proposal]
    others: list[Proposal]

    def includes(self, value: str) -> bool:
        """Whether the form's value is one of these."""
        return value in {each.value for each in (*self.suiting, *self.others)}


def choices_for(
    wanted: Sequence[Wanted], rota: Rota, taken: Taken, now: datetime
) -> dict[int, Choices]:
    """For each request, the first time that suits, and more to choose from.

    It is a time with the same clinician if there is one, or else with another who sees patients
    about the same page. Who comes first keeps what is proposed to them, and nobody is proposed a
    time before the one that is lost.
    """
    sees = who_sees_about((each.request.page for each in wanted), timezone.localdate(now))
    free = _Free(rota, taken)
    first = {each.request.pk: free.first(each, sees, now) for each in wanted}
    return {
        each.request.pk: free.choices(each, first[each.request.pk], sees, now) for each in wanted
    }


def _earliest(lost: datetime, now: datetime) -> datetime:
    return max(lost, now + TIME_TO_REPLY)


Sees = dict[InformationPage | None, list[Clinician]]


class _Free:
    """The free times of a rota, given to one patient after the other."""

    def __init__(self, rota: Rota, taken: Taken):
        self.rota, self.taken = rota, taken
        self._places: dict[int, Places] = {}
        # What is free once everybody has a proposal, for each type of appointment.
        self._left: dict[int, list[tuple[Proposal, tuple[str, str]]]] = {}

    def first(self, wanted: Wanted, sees: Sees, now: datetime) -> Proposal | None:
        """The first free time that suits, which nobody else is proposed then."""
        suiting = (
            (stretch, free)
            for clinicians in ({wanted.clinician}, self._others(wanted, sees))
            for stretch in self.rota.stretches
            if stretch.session.clinician in clinicians
            for free in self.places(wanted).within(stretch, _earliest(wanted.lost, now))
            if wanted.request.suits(free.starts)
        )
        found = next(suiting, None)
        if found is None:
            return None
        stretch, free = found
        self.taken.take(free, self.places(wanted).whole - self.places(wanted).length)
        return Proposal(stretch.session.clinician, free.starts)

    def choices(self, wanted: Wanted, first: Proposal | None, sees: Sees, now: datetime) -> Choices:
        """The proposal with what else is free: what suits, with the same clinician first."""
        may = {each.pk for each in (wanted.clinician, *self._others(wanted, sees))}
        earliest = _earliest(wanted.lost, now)
        own, theirs, rest = list[Proposal](), list[Proposal](), list[Proposal]()
        for each, half in self._free_times(wanted, now):
            if each.starts < earliest or each.clinician.pk not in may:
                continue
            if not wanted.request.suits_in(half):
                among, most = rest, MOST_OTHERS
            else:
                among = own if each.clinician == wanted.clinician else theirs
                most = MOST_SUITING
            if len(among) < most:
                among.append(each)
        return Choices(first, [*([first] if first else []), *own, *theirs], rest)

    def places(self, wanted: Wanted) -> Places:
        """Where a time for that type fits. It is read once for each type."""
        kind = wanted.appointment_type
        if kind.pk not in self._places:
            self._places[kind.pk] = Places(kind, self.taken)
        return self._places[kind.pk]

    def _free_times(self, wanted: Wanted, now: datetime) -> list[tuple[Proposal, tuple[str, str]]]:
        """What is free for that type in order of time, each with the part of the week that it is in."""
        pk = wanted.appointment_type.pk
        if pk not in self._left:
            left = sorted(self._all(self.places(wanted), now), key=lambda each: each.starts)
            self._left[pk] = [(each, AppointmentRequest.half_day_of(each.starts)) for each in left]
        return self._left[pk]

    def _all(self, places: Places, now: datetime) -> Iterator[Proposal]:
        for stretch in self.rota.stretches:
            for free in places.within(stretch, now + TIME_TO_REPLY):
                yield Proposal(stretch.session.clinician, free.starts)

    @staticmethod
    def _others(wanted: Wanted, sees: Sees) -> set[Clinician]:
        return set(sees[wanted.request.page]) - {wanted.clinician}
