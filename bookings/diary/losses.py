"""Who loses a time because somebody is away or something is closed. Writes nothing."""

from collections.abc import Collection, Iterable
from datetime import date, datetime, timedelta
from itertools import groupby
from typing import NamedTuple

from django.db.models import Q
from django.utils import timezone

from bookings.diary.free_times import Rota, Stranded, Taken, why_stranded
from bookings.models import Appointment, Closure, Offer, OfferedTime
from bookings.status import AppointmentStatus, OfferStatus


class LostOffer(NamedTuple):
    """An offer of which the clinic no longer has some of the times."""

    offer: Offer
    times: list[OfferedTime]
    why: str
    # Whether the patient has none of its times left to choose.
    is_whole: bool


class Losses(NamedTuple):
    """Booked appointments and held times that the clinic no longer has, in order of time."""

    appointments: list[Stranded]
    offers: list[LostOffer]
    # The rota on the days of all of them, and on the days after those if it was asked for; and what
    # is taken then.
    rota: Rota
    taken: Taken


def losses(now: datetime, closure: Closure | None = None, ahead: timedelta | None = None) -> Losses:
    """Everybody who has lost a time that is still to come.

    With a closure, only those whom it concerns, as if it were recorded like this. With `ahead` the
    rota goes on for so long after the last of them.
    """
    then = Q(starts__gt=now, room__isnull=False)
    if closure:
        then &= Q(starts__lt=closure.ends, ends__gt=closure.starts)
    booked = _booked(then)
    held = _held(then, now)
    lost_or_not = (*(each.starts for each in booked), *(each.starts for each in held))
    days = set(map(timezone.localdate, lost_or_not))
    rota = Rota(days | _from(now, days, ahead), supposing=closure)
    taken = Taken(rota, now)

    def why(visit: Appointment, claimed: Collection[int]) -> str:
        if closure and not _concerns(closure, visit, claimed):
            return ""
        return why_stranded(visit, claimed, rota)

    stranded = [Stranded(each, why(each, taken.claimed[each.pk])) for each in booked]
    lost = [(each, why(as_if_booked(each), taken.held[each.pk])) for each in held]
    return Losses(
        [each for each in stranded if each.why],
        _by_offer(pair for pair in lost if pair[1]),
        rota,
        taken,
    )


def lost_times(now: datetime) -> list[Stranded]:
    """Every time for which a patient needs another, the offered ones as if they were booked; in order.

    Whoever can still take another time of an offer needs none.
    """
    lost = losses(now)
    offered = (
        Stranded(as_if_booked(time), f"Offered, and not taken yet. {each.why}")
        for each in lost.offers
        if each.is_whole
        for time in each.times
    )
    return sorted([*lost.appointments, *offered], key=lambda each: each.appointment.starts)


def lost_since(before: Iterable[Stranded], after: Iterable[Stranded]) -> list[Stranded]:
    """What of `after` was not lost before."""
    known = {_which(each) for each in before}
    return [each for each in after if _which(each) not in known]


def _which(lost: Stranded) -> tuple[int | None, int, datetime]:
    """Which time it is. An offered one has no appointment of its own."""
    visit = lost.appointment
    return visit.pk, visit.request_id, visit.starts


def _from(now: datetime, days: Collection[date], ahead: timedelta | None) -> set[date]:
    today = timezone.localdate(now)
    last = max(days, default=today) + ahead if ahead else today
    return {today + timedelta(days=n) for n in range((last - today).days + 1)}


def _booked(then: Q) -> list[Appointment]:
    coming = Appointment.objects.filter(then, status=AppointmentStatus.BOOKED)
    return list(
        coming.select_related("request__page", "clinician", "room", "appointment_type").order_by(
            "starts", "pk"
        )
    )


def _held(then: Q, now: datetime) -> list[OfferedTime]:
    standing = OfferedTime.objects.filter(
        then, offer__status=OfferStatus.OPEN, offer__held_until__gt=now
    )
    return list(
        standing.select_related(
            "offer__request__page", "offer__clinician", "offer__appointment_type", "room"
        )
        .prefetch_related("offer__times")
        .order_by("offer", "starts")
    )


def as_if_booked(time: OfferedTime) -> Appointment:
    """An offered time as the appointment that it would become. It is not stored."""
    offer = time.offer
    return Appointment(
        request=offer.request,
        clinician=offer.clinician,
        room=time.room,
        starts=time.starts,
        ends=time.ends,
    )


def _concerns(closure: Closure, visit: Appointment, claimed: Collection[int]) -> bool:
    if closure.location_id:
        return visit.room is not None and visit.room.location_id == closure.location_id
    return closure.resource_id in claimed


def _by_offer(lost: Iterable[tuple[OfferedTime, str]]) -> list[LostOffer]:
    found = [(offer, list(each)) for offer, each in groupby(lost, key=lambda pair: pair[0].offer)]
    offers = [
        LostOffer(
            offer,
            [time for time, _ in each],
            each[0][1],
            is_whole=len(each) == len(offer.times.all()),
        )
        for offer, each in found
    ]
    return sorted(offers, key=lambda each: each.times[0].starts)
