"""Another time for each of many patients. No two of them are proposed the same. Writes nothing."""

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime, timedelta
from typing import NamedTuple, Self

from django.utils import timezone

from bookings.desk.forms.times import TIME_TO_REPLY, instant_of
from bookings.diary.clinicians import who_sees_about
from bookings.diary.free_times import FreeTime, Places, Rota, Stretch, Taken
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
        self._left: dict[int, list[tuple[Stretch, FreeTime]]] = {}

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
        may = {wanted.clinician, *self._others(wanted, sees)}
        earliest = _earliest(wanted.lost, now)
        left = [
            Proposal(stretch.session.clinician, free.starts)
            for stretch, free in self._free_times(wanted, now)
            if free.starts >= earliest and stretch.session.clinician in may
        ]
        left.sort(key=lambda each: each.starts)
        suiting = [each for each in left if wanted.request.suits(each.starts)]
        own = [each for each in suiting if each.clinician == wanted.clinician][:MOST_SUITING]
        theirs = [each for each in suiting if each.clinician != wanted.clinician][:MOST_SUITING]
        rest = [each for each in left if not wanted.request.suits(each.starts)][:MOST_OTHERS]
        return Choices(first, [*([first] if first else []), *own, *theirs], rest)

    def places(self, wanted: Wanted) -> Places:
        """Where a time for that type fits. It is read once for each type."""
        kind = wanted.appointment_type
        if kind.pk not in self._places:
            self._places[kind.pk] = Places(kind, self.taken)
        return self._places[kind.pk]

    def _free_times(self, wanted: Wanted, now: datetime) -> list[tuple[Stretch, FreeTime]]:
        pk = wanted.appointment_type.pk
        if pk not in self._left:
            self._left[pk] = list(self._all(self.places(wanted), now))
        return self._left[pk]

    def _all(self, places: Places, now: datetime) -> Iterator[tuple[Stretch, FreeTime]]:
        for stretch in self.rota.stretches:
            for free in places.within(stretch, now + TIME_TO_REPLY):
                yield stretch, free

    @staticmethod
    def _others(wanted: Wanted, sees: Sees) -> set[Clinician]:
        return set(sees[wanted.request.page]) - {wanted.clinician}
