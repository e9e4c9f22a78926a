"""Whoever is free: who gets a time that somebody can have with any clinician. Writes nothing.

The rule, in this order: whom the patient asked for; whoever has the fewest visits on these days; by
name. Rooms and machines need no such rule: a type names kinds, and a time takes the first of each kind
that is free, beginning with the room of the session.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import date, datetime

from django.db.models import Count
from django.utils import timezone

from bookings.diary.free_times import Places, Rota, Span, Taken, span_of
from bookings.models import Appointment, AppointmentType
from bookings.status import AppointmentStatus
from procedures.models import Clinician


def whoever_is_free(
    kind: AppointmentType,
    starts: Sequence[datetime],
    now: datetime,
    wish: Clinician | None = None,
) -> list[Clinician]:
    """The clinicians who could give all of these times, in the order of the rule."""
    days = {timezone.localdate(each) for each in starts}
    rota = Rota(days)
    places = Places(kind, Taken(rota, now))
    free = [
        {
            stretch.session.clinician
            for stretch in rota.stretches
            if stretch.span.holds(Span(start, start + places.whole)) and places.free(stretch, start)
        }
        for start in starts
    ]
    return by_rule(set.intersection(*free), days, wish)


def by_rule(
    clinicians: Iterable[Clinician], days: Iterable[date], wish: Clinician | None
) -> list[Clinician]:
    """These clinicians in the order in which they are given a time on these days."""
    found = list(clinicians)
    visits: defaultdict[int, int] = defaultdict(int)
    for day in days if len(found) > 1 else ():
        booked = Appointment.objects.filter(
            clinician__in=found, status=AppointmentStatus.BOOKED, starts__range=span_of(day)
        )
        for pk, number in booked.values_list("clinician").annotate(Count("pk")):
            visits[pk] += number
    return sorted(found, key=lambda each: (each != wish, visits[each.pk], each.name))
