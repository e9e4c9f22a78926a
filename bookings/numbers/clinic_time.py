"""How much of the clinicians' time is booked, and how much of what comes is free."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping
from datetime import date, datetime, timedelta
from typing import NamedTuple

from django.db.models import Count, DurationField, ExpressionWrapper, F, Q, Sum
from django.utils import timezone

from bookings.diary.free_times import CELL_SECONDS, Stretch, cells, stretches
from bookings.models import Appointment, Claim
from bookings.numbers.periods import Period
from bookings.status import AppointmentStatus, OfferStatus

AHEAD = 14
MINUTE = timedelta(minutes=1)
BOOKED = (AppointmentStatus.BOOKED, AppointmentStatus.FULFILLED, AppointmentStatus.NOSHOW)


class Use(NamedTuple):
    """The clinic time of one clinician, in minutes, and how many people it rests on."""

    clinician: str
    open: int
    used: int
    people: int


def clinics(period: Period, now: datetime, closed: Mapping[date, str]) -> dict[date, list[Stretch]]:
    """When clinics take place on each day of the period and of the next two weeks."""
    found: dict[date, list[Stretch]] = defaultdict(list)
    for each in stretches({*period.days(), *_days(timezone.localdate(now))}, closed=closed):
        found[timezone.localdate(each.span.starts)].append(each)
    return found


def used(period: Period, there: Mapping[date, list[Stretch]]) -> list[Use]:
    """For each clinician with clinics or visits in the period: open and booked minutes."""
    open_for: Counter[str] = Counter()
    for session, span in _on(period.days(), there):
        open_for[session.clinician.name] += (span.ends - span.starts) // MINUTE
    length = ExpressionWrapper(F("ends") - F("starts"), output_field=DurationField())
    booked = Appointment.objects.filter(
        status__in=BOOKED, starts__gte=period.starts, starts__lt=period.ends
    )
    found = {
        name: (int(minutes / MINUTE), people)
        for name, minutes, people in booked.order_by()
        .values_list("clinician__name")
        .annotate(minutes=Sum(length), people=Count("pk"))
    }
    names = sorted({*open_for, *found})
    return [Use(name, open_for[name], *found.get(name, (0, 0))) for name in names]


def ahead(now: datetime, there: Mapping[date, list[Stretch]]) -> list[Use]:
    """For each clinician with clinics in the next two weeks: open minutes, and those not free."""
    today = timezone.localdate(now)
    open_cells: defaultdict[str, set[tuple[int, int, int]]] = defaultdict(set)
    for session, span in _on(_days(today), there):
        clinician = getattr(session.clinician, "resource", session.room).pk
        open_cells[session.clinician.name] |= {
            (cell, clinician, session.room_id)
            for cell in cells(max(span.starts, now), span.ends)
            if span.ends > now
        }
    holder = _holders(now)
    found = []
    for name, own in sorted(open_cells.items()):
        claimed = [(holder.get((c, cell)) or holder.get((r, cell))) for cell, c, r in own]
        holders = {each for each in claimed if each}
        minutes = CELL_SECONDS // 60
        taken = sum(1 for each in claimed if each)
        found.append(Use(name, len(own) * minutes, taken * minutes, len(holders)))
    return found


def _holders(now: datetime) -> dict[tuple[int, int], tuple[int | None, int | None]]:
    """Who has each cell of each resource in the next two weeks: an appointment or an offered time."""
    lapsed = Q(
        offered_time__offer__status=OfferStatus.OPEN, offered_time__offer__held_until__lte=now
    )
    wanted = cells(now, now + timedelta(days=AHEAD + 1))
    claims = Claim.objects.filter(cell__gte=wanted.start, cell__lt=wanted.stop).exclude(lapsed)
    rows = claims.values_list("resource", "cell", "appointment", "offered_time__offer")
    return {(resource, cell): (visit, offer) for resource, cell, visit, offer in rows}


def _on(days: Iterable[date], there: Mapping[date, list[Stretch]]) -> Iterator[Stretch]:
    return (each for day in days for each in there.get(day, ()))


def _days(today: date) -> list[date]:
    return [today + timedelta(days=n) for n in range(AHEAD)]
