"""Another room of the same kind for whoever is in one that closes. Writes nothing."""

from collections import defaultdict
from collections.abc import Iterator
from typing import NamedTuple

from django.db.models import Q

from bookings.diary.free_times import Span, why_stranded
from bookings.diary.losses import Losses, as_if_booked
from bookings.models import (
    Appointment,
    AppointmentRequest,
    Claim,
    Closure,
    OfferedTime,
    Resource,
)

Held = Appointment | OfferedTime


class RoomChange(NamedTuple):
    """A booked visit or a held time, and the room that it can have instead of its own."""

    held: Held
    to: Resource

    @property
    def request(self) -> AppointmentRequest:
        """Whose it is."""
        return self.held.request if isinstance(self.held, Appointment) else self.held.offer.request


def other_rooms(closure: Closure, lost: Losses) -> list[RoomChange]:
    """Who of those who lose the room of a closure can have another one, in order of time.

    Each is given a room that nobody has then. `lost` is what the closure takes away; nobody who has
    lost their time for another reason as well is helped by a room.
    """
    room = closure.resource
    if room is None or room.room_kind_id is None:
        return []
    others = [
        each
        for each in lost.taken.rooms[room.room_kind_id]
        if each != room and each.location_id == room.location_id
    ]
    cells = _cells(room, lost)
    found = []
    for held, visit, claimed in _in_order(lost):
        if why_stranded(visit, claimed - {room.pk}, lost.rota):
            continue
        wanted = cells[type(held), held.pk]
        span = Span(visit.starts, visit.ends)
        to = next(
            (
                each
                for each in others
                if lost.taken.leaves([each.pk], wanted)
                and lost.taken.leaves_room(each, visit.clinician_id, span)
            ),
            None,
        )
        if to:
            lost.taken.cells[to.pk] |= set(wanted)
            found.append(RoomChange(held, to))
    return found


def _in_order(lost: Losses) -> Iterator[tuple[Held, Appointment, set[int]]]:
    """Everybody with what they have claimed, booked visits first."""
    for visit, _ in lost.appointments:
        yield visit, visit, lost.taken.claimed[visit.pk]
    for offer in lost.offers:
        for time in offer.times:
            yield time, as_if_booked(time), lost.taken.held[time.pk]


def _cells(room: Resource, lost: Losses) -> defaultdict[tuple[type, int], list[int]]:
    """The cells of the room that each of them has, with those kept free afterwards."""
    visits = [each.appointment.pk for each in lost.appointments]
    times = [time.pk for offer in lost.offers for time in offer.times]
    claims = Claim.objects.filter(
        Q(appointment__in=visits) | Q(offered_time__in=times), resource=room
    )
    found: defaultdict[tuple[type, int], list[int]] = defaultdict(list)
    for visit, time, cell in claims.values_list("appointment", "offered_time", "cell"):
        found[(Appointment, visit) if visit else (OfferedTime, time)].append(cell)
    return found
