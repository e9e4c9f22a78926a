"""Changes of a clinician's week from a day on, and of the hours of a place. The past stays as it was."""

from collections.abc import Callable, Sequence
from datetime import date, datetime, timedelta

from django.db import transaction

from bookings.diary.claims import resource_of
from bookings.diary.free_times import Stranded
from bookings.diary.losses import lost_since, lost_times
from bookings.diary.weeks import coming, fingerprint, first_on
from bookings.models import ClinicSession, Location, OpeningHours, SessionChange
from procedures.ground.week import Week
from procedures.models import Clinician


class WeekChangedMeanwhile(Exception):
    """A colleague changed the sessions after they were shown. The message says what to do."""


@transaction.atomic
def change_week(
    clinician: Clinician, wanted: Sequence[ClinicSession], *, from_day: date, seen: str
) -> None:
    """Give the clinician these sessions from that day on, and no others.

    Sessions that stay the same keep their rows. What took place before `from_day` is not touched;
    exceptions of later days go along with the hours that replace theirs. `seen` is the fingerprint
    of what was on the screen. Raises WeekChangedMeanwhile if it is old.
    """
    # Whoever refers to the clinician, and draws a token that we want too, does not wait for us.
    Clinician.objects.select_for_update(no_key=True).get(pk=clinician.pk)
    if fingerprint(clinician) != seen:
        raise WeekChangedMeanwhile(
            "A colleague has changed this week in the meantime. Open the page again and repeat your "
            "change."
        )
    new = list(wanted)
    replaced = []
    for session in coming(from_day, clinician=clinician):
        same = next((each for each in new if _goes_on(session, each, from_day)), None)
        if same is None:
            replaced.append(session)
            continue
        new.remove(same)
        if session.last_day != same.last_day:
            session.last_day = same.last_day
            session.save(update_fields=["last_day"])
    for session in new:
        session.save()
    for session in replaced:
        _hand_over_exceptions(session, new, from_day)
        if session.first_day < from_day:
            session.last_day = from_day - timedelta(days=1)
            session.save(update_fields=["last_day"])
        else:
            session.delete()
    # From now on the clinician can be claimed and be on leave.
    resource_of(clinician)


@transaction.atomic
def change_opening_hours(location: Location, week: Week) -> None:
    """Open the place at these hours from now on."""
    location.opening_hours.all().delete()
    OpeningHours.objects.bulk_create(
        OpeningHours(location=location, weekday=day, opens=opens, closes=closes)
        for day, periods in week.items()
        for opens, closes in periods
    )


def whom_it_strands(change: Callable[[], None], now: datetime) -> list[Stranded]:
    """The booked and offered times that a change would leave without a session. It is undone again."""
    before = lost_times(now)
    with transaction.atomic():
        change()
        after = lost_times(now)
        transaction.set_rollback(True)
    return lost_since(before, after)


def _goes_on(session: ClinicSession, wanted: ClinicSession, from_day: date) -> bool:
    """Whether a session is already what is wanted, apart from its last day."""
    begins_then = session.first_day == wanted.first_day or (
        session.first_day < from_day
        and wanted.first_day == first_on(session.first_day.weekday(), from_day)
    )
    only_once = {each.first_day == each.last_day for each in (session, wanted)}
    return (
        begins_then
        and len(only_once) == 1
        and session.room_id == wanted.room_id
        and (session.starts, session.ends) == (wanted.starts, wanted.ends)
    )


def _hand_over_exceptions(
    session: ClinicSession, new: Sequence[ClinicSession], from_day: date
) -> None:
    """Tie later exceptions of a replaced session to the one that has most of its hours."""
    for exception in SessionChange.objects.filter(session=session, day__gte=from_day):
        heir = next(
            (
                each
                for each in new
                if each.takes_place_on(exception.day)
                and each.starts < session.ends
                and session.starts < each.ends
            ),
            None,
        )
        if heir is None:
            exception.delete()
        else:
            exception.session = heir
            exception.save(update_fields=["session"])
