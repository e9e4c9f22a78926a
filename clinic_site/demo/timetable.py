"""Moments and places in the diary, counted in working days of the clinic.

Day 0 is today, or the next day on which there is a clinic; day -1 is the one before it. So nothing that
is told of day -1 lies in the future, and nothing on day 1 in the past, whatever today is.
"""

from bisect import bisect_left
from datetime import date, datetime, time, timedelta

from django.utils import timezone

from bookings.diary.free_times import Span, Stretch, stretches
from bookings.models import AppointmentType
from clinic_site.demo.diary import WEEKS_BEFORE
from procedures.models import Clinician

WEEKS_AFTER = 8
DESK_OPENS = time(9, 10)


class NoPlace(LookupError):
    """The table has no visit for this story, or more of them than the days that are left can hold."""


class Timetable:
    """The working days around a moment, and what of their sessions is not given yet."""

    def __init__(self, now: datetime):
        today = timezone.localdate(now)
        around = [today + timedelta(days=n) for n in range(-7 * WEEKS_BEFORE, 7 * WEEKS_AFTER)]
        self.now = now
        self.sessions: dict[date, list[Stretch]] = {}
        for stretch in stretches(around):
            day = timezone.localdate(stretch.span.starts)
            self.sessions.setdefault(day, []).append(stretch)
        self.days = sorted(self.sessions)
        self.today = bisect_left(self.days, today)
        self._next = {
            (day, each.session.pk): each.span.starts
            for day in self.days
            for each in self.sessions[day]
        }

    def at(self, day: int, at: time) -> datetime:
        """That hour of a working day. Of day 0: the last time that it was so late, maybe yesterday."""
        if day:
            return _local(self.days[self.today + day], at)
        today = timezone.localdate(self.now)
        moment = _local(today, at)
        return moment if moment <= self.now else _local(today - timedelta(days=1), at)

    def desk(self, after: datetime, minutes: int) -> datetime:
        """So many minutes after the desk has opened: on that day, or the next working one."""
        first = bisect_left(self.days, timezone.localdate(after))
        moments = (
            _local(day, DESK_OPENS) + timedelta(minutes=minutes) for day in self.days[first:]
        )
        return next(moment for moment in moments if moment > after)

    def is_today(self, moment: datetime) -> bool:
        """Whether that is on the day of the demonstration itself."""
        return timezone.localdate(moment) == timezone.localdate(self.now)

    def desk_opens(self, moment: datetime) -> datetime:
        """When the desk opens on that day."""
        return _local(timezone.localdate(moment), DESK_OPENS)

    def left_over(self, day: int) -> list[Stretch]:
        """What nobody has been given at the end of the sessions of that day."""
        each = self.days[self.today + day]
        return [
            Stretch(session, Span(self._next[each, session.pk], span.ends))
            for session, span in self.sessions[each]
        ]

    def place(
        self, day: int, kind: AppointmentType, clinician: str = "", *, alone: bool = False
    ) -> tuple[Clinician, datetime]:
        """The next place in the emptiest session of the day, or of the first one after it with room.

        With `alone` nobody else is given a place in that session.
        """
        length = timedelta(minutes=kind.minutes + kind.buffer_minutes)
        for each in self.days[self.today + day :]:
            left = [
                (stretch.span.ends - self._next[each, stretch.session.pk], stretch)
                for stretch in self.sessions[each]
                if clinician in {"", stretch.session.clinician.slug}
            ]
            most, chosen = max(left, key=lambda found: found[0], default=(timedelta(0), None))
            if chosen and most >= length:
                starts = self._next[each, chosen.session.pk]
                self._next[each, chosen.session.pk] = chosen.span.ends if alone else starts + length
                return chosen.session.clinician, starts
        raise NoPlace(f"from day {day} on")


def _local(day: date, at: time) -> datetime:
    return timezone.make_aware(datetime.combine(day, at))
