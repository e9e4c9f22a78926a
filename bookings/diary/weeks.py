"""A clinician's week: the sessions of one clinician from a day on, in rows, and what clashes.

Writes nothing. `week_changes` does.
"""

import hashlib
from collections.abc import Iterable, Sequence
from datetime import date, time, timedelta
from typing import NamedTuple

from django.db.models import Q, QuerySet

from bookings.models import ClinicSession, OpeningHours, Resource
from procedures.ground.week import Weekday, spoken_periods
from procedures.models import Clinician


class Weekly(NamedTuple):
    """The weekdays on which one clinician has the same hours in one room.

    `begins` is None for what goes on already on the day from which the week is looked at, and
    `until` for what goes on until further notice.
    """

    days: list[int]
    starts: time
    ends: time
    room: Resource
    begins: date | None
    until: date | None


class Once(NamedTuple):
    """A session that takes place on one day only."""

    day: date
    starts: time
    ends: time
    room: Resource


class Week(NamedTuple):
    """All sessions of a clinician from a day on."""

    weekly: list[Weekly]
    once: list[Once]

    @property
    def is_empty(self) -> bool:
        """Whether nothing takes place."""
        return not (self.weekly or self.once)


def coming(from_day: date, **whose: Clinician) -> QuerySet[ClinicSession]:
    """The sessions that may take place on that day or later, of a `clinician` or of everybody."""
    return (
        ClinicSession.objects.filter(Q(last_day=None) | Q(last_day__gte=from_day))
        .filter(**whose)
        .select_related("room__location", "clinician")
        .order_by("starts", "ends", "first_day", "pk")
    )


def fingerprint(clinician: Clinician) -> str:
    """What all sessions are now, so that whoever changes them sees if a colleague was faster."""
    rows = (
        ClinicSession.objects.filter(clinician=clinician)
        .order_by("pk")
        .values_list("pk", "room", "first_day", "last_day", "starts", "ends")
    )
    return hashlib.sha256(repr(list(rows)).encode()).hexdigest()[:32]


def week_of(sessions: Iterable[ClinicSession], from_day: date) -> Week:
    """The sessions in rows: weekdays with the same hours, room and dates share one."""
    days: dict[tuple[time, time, Resource, date | None, date | None], list[int]] = {}
    once = []
    for session in sessions:
        if session.first_day == session.last_day:
            once.append(Once(session.first_day, session.starts, session.ends, session.room))
            continue
        # Sessions that begin in one week began together.
        monday = session.first_day - timedelta(days=session.first_day.weekday())
        begins = monday if monday > from_day else None
        row = (session.starts, session.ends, session.room, begins, session.last_day)
        days.setdefault(row, []).append(session.first_day.weekday())
    weekly = [Weekly(sorted(on), *row) for row, on in days.items()]
    return Week(sorted(weekly, key=lambda row: (row.days, row.starts)), sorted(once, key=_by_day))


def _by_day(each: Once) -> tuple[date, time]:
    return each.day, each.starts


def sessions_of(clinician: Clinician, week: Week, from_day: date) -> list[ClinicSession]:
    """The rows as sessions, which are not saved."""
    return [
        ClinicSession(
            clinician=clinician,
            room=row.room,
            first_day=first_on(day, max(from_day, row.begins or from_day)),
            last_day=row.until,
            starts=row.starts,
            ends=row.ends,
        )
        for row in week.weekly
        for day in row.days
    ] + [
        ClinicSession(
            clinician=clinician,
            room=each.room,
            first_day=each.day,
            last_day=each.day,
            starts=each.starts,
            ends=each.ends,
        )
        for each in week.once
    ]


def first_on(weekday: int, day: date) -> date:
    """The first such weekday on that day or after it."""
    return day + timedelta(days=(weekday - day.weekday()) % 7)


def clashes(sessions: Sequence[ClinicSession]) -> list[str]:
    """A sentence for each two sessions for which somebody would have to be, or use, two places.

    The sessions are those that one clinician is to have. Those of others are read.
    """
    if not sessions:
        return []
    own = [
        f"{_spoken(one)} and {_spoken(other)} overlap: nobody can be in two clinics then."
        for number, one in enumerate(sessions)
        for other in sessions[number + 1 :]
        if _overlap(one, other)
    ]
    others = list(
        ClinicSession.objects.between(min(each.first_day for each in sessions), date.max)
        .filter(room__in={each.room for each in sessions})
        .exclude(clinician=sessions[0].clinician)
        .select_related("clinician", "room")
    )
    used = [
        f"{_spoken(one)}: {other.clinician.name} has {other.room}, "
        f"{spoken_periods([(other.starts, other.ends)])}. Choose another room or time."
        for one in sessions
        for other in others
        if one.room == other.room and _overlap(one, other)
    ]
    return own + used


def outside_hours(sessions: Sequence[ClinicSession]) -> list[str]:
    """A sentence for each session that is partly outside the opening hours of its place."""
    hours: dict[tuple[int, int], list[tuple[time, time]]] = {}
    for opening in OpeningHours.objects.all():
        hours.setdefault((opening.location_id, opening.weekday), []).append(
            (opening.opens, opening.closes)
        )
    found = []
    for session in sessions:
        location = session.room.location
        open_then = hours.get((location.pk if location else 0, session.first_day.weekday()), [])
        if any(opens <= session.starts and session.ends <= closes for opens, closes in open_then):
            continue
        spoken = f"open {spoken_periods(open_then)}" if open_then else "closed"
        found.append(
            f"{_spoken(session)}: {location} is {spoken} then. We offer no times outside these hours."
        )
    return found


def _overlap(one: ClinicSession, other: ClinicSession) -> bool:
    return (
        one.first_day.weekday() == other.first_day.weekday()
        and one.starts < other.ends
        and other.starts < one.ends
        and one.first_day <= (other.last_day or date.max)
        and other.first_day <= (one.last_day or date.max)
    )


def _spoken(session: ClinicSession) -> str:
    """“Monday, 9:00 to 13:00” or “Tuesday 1 December, 9:00 to 13:00”."""
    hours = spoken_periods([(session.starts, session.ends)])
    if session.first_day == session.last_day:
        return f"{session.first_day:%A %-d %B}, {hours}"
    return f"{Weekday(session.first_day.weekday()).label}, {hours}"
