"""Claims on time. With `kept`, the only writer of claims, offers and appointments.

A claim is one five-minute cell of one resource, and a unique constraint makes it exclusive: two
people can never be given the same time, on SQLite and on PostgreSQL alike. Claims are inserted in
one order everywhere, so that two transactions never wait for each other in a circle. A time claims
the clinician, a room and every machine that its type needs, including the buffer. Of several rooms or
machines that would do it takes the first that is free, and the next if somebody else was faster.

An offer holds its times until `held_until`. After that, anybody who wants a time may take it over,
but only by winning `open -> expired` on the same row on which an acceptance has to win `open ->
accepted`. So an acceptance and a takeover can never both succeed, even if the clocks disagree.
"""

from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from datetime import datetime, timedelta
from functools import partial
from typing import Any, NamedTuple, TypeVar

from django.db import IntegrityError, transaction
from django.db.models import QuerySet
from django.utils import timezone
from django.utils.translation import gettext

from bookings.diary import kept
from bookings.diary.free_times import FreeTime, Span, cells, is_away, is_in_session, time_at
from bookings.diary.whoever import whoever_is_free
from bookings.models import (
    Appointment,
    AppointmentRequest,
    AppointmentType,
    Claim,
    Offer,
    OfferedTime,
    Resource,
)
from bookings.status import (
    CLOCK,
    MOST_TIMES,
    AppointmentStatus,
    OfferStatus,
    TimeTaken,
    TriageRefused,
)
from procedures.ground.batches import in_parts
from procedures.models import Clinician, Revision

# A database takes only so many values in one question.
CLAIMS_AT_ONCE = 500
# How often a time is looked for while others take the rooms and machines that were seen free.
LOOKS = 4
Given = TypeVar("Given")
CAN_REOPEN = [AppointmentStatus.FULFILLED, AppointmentStatus.NOSHOW, AppointmentStatus.CANCELLED]


def resource_of(clinician: Clinician) -> Resource:
    """The resource that stands for this clinician, created if there is none."""
    return Resource.objects.get_or_create(
        clinician=clinician, defaults={"name": f"{clinician.name} ({clinician.slug})"}
    )[0]


def offer(
    request: AppointmentRequest,
    *,
    appointment_type: AppointmentType,
    clinician: Clinician | None,
    starts: Sequence[datetime],
    held_until: datetime,
    by: str,
    now: datetime,
    freed: Appointment | None = None,
) -> Offer:
    """Hold one to three times for the patient; without a clinician, all with whoever is free.

    Raises TimeTaken if one of them is not free, and TriageRefused if one is outside the clinician's
    sessions.
    """
    if clinician is None:
        held: dict[str, Any] = {"held_until": held_until, "by": by, "now": now, "freed": freed}
        give = partial(offer, request, appointment_type=appointment_type, starts=starts, **held)
        return _with_whoever(request, appointment_type, starts, now, give)
    if not 1 <= len(starts) <= MOST_TIMES:
        raise TriageRefused(f"Offer between 1 and {MOST_TIMES} times.")
    _refuse_past(starts, now)
    if held_until <= now or held_until > min(starts):
        raise TriageRefused(
            "The offer must end in the future, and before the first of its times starts."
        )
    made = Offer(
        request=request,
        appointment_type=appointment_type,
        clinician=clinician,
        made_at=now,
        made_by=by,
        held_until=held_until,
        buffer_minutes=appointment_type.buffer_minutes,
        freed=freed,
    )
    _or_another(partial(_hold, made, sorted(starts), now=now))
    return made


def accept(
    chosen: OfferedTime, *, by: str, now: datetime, given: Revision | None = None
) -> Appointment:
    """Turn one offered time into an appointment and release the other times of its offer.

    Raises TimeTaken if it is no longer held, and TriageRefused if its session has been cancelled.
    """
    span = Span(chosen.starts, chosen.ends)
    claimed = set(chosen.claims.values_list("resource", flat=True))
    in_session = is_in_session(chosen.offer.clinician, chosen.room, span)
    if chosen.room and (not in_session or is_away(claimed, span)):
        raise TriageRefused(
            gettext(
                "Sorry, our plans have changed and we can no longer see you at that time. Please "
                "choose another, or ask for other times."
            )
        )
    with transaction.atomic():
        _close(chosen.offer, OfferStatus.ACCEPTED, by=by, now=now)
        # Another room may have been found for it until now.
        chosen.refresh_from_db(fields=["room"])
        appointment = Appointment.objects.create(
            request=chosen.offer.request,
            appointment_type=chosen.offer.appointment_type,
            clinician=chosen.offer.clinician,
            room=chosen.room,
            given=given,
            starts=chosen.starts,
            ends=chosen.ends,
            booked_at=now,
            booked_by=by,
        )
        held = Claim.objects.filter(offered_time=chosen).update(
            offered_time=None, appointment=appointment
        )
        if held != chosen.claims_made:
            raise TimeTaken(
                gettext("We are no longer holding that time for you. Please choose another.")
            )
        Claim.objects.filter(offered_time__offer=chosen.offer).delete()
    return appointment


def book(
    request: AppointmentRequest,
    *,
    appointment_type: AppointmentType,
    clinician: Clinician | None,
    starts: datetime,
    by: str,
    now: datetime,
    given: Revision | None = None,
) -> Appointment:
    """Book directly, for a patient on the phone; without a clinician, with whoever is free.

    Raises TimeTaken if the time is not free.
    """
    _refuse_past([starts], now)
    if clinician is None:
        noted: dict[str, Any] = {"by": by, "now": now, "given": given}
        give = partial(book, request, appointment_type=appointment_type, starts=starts, **noted)
        return _with_whoever(request, appointment_type, [starts], now, give)
    appointment = Appointment(
        request=request,
        appointment_type=appointment_type,
        clinician=clinician,
        given=given,
        booked_at=now,
        booked_by=by,
    )
    _or_another(partial(_book, appointment, starts, now=now))
    return appointment


class _WasFaster(TimeTaken):
    """Somebody else took a room, a machine or the clinician between the look and the claim."""


def change_room(held: Appointment | OfferedTime, to: Resource, *, now: datetime) -> None:
    """Give a booked visit or a held time another room. Raises TimeTaken if either has gone."""
    rows: QuerySet[Any]
    with transaction.atomic():
        if isinstance(held, Appointment):
            rows = Appointment.objects.filter(pk=held.pk, status=AppointmentStatus.BOOKED)
            claims = Claim.objects.filter(appointment=held)
        else:
            # Whoever takes the offer up waits for this row, and then looks for the room again.
            Offer.objects.select_for_update().filter(pk=held.offer_id).first()
            rows = OfferedTime.objects.filter(pk=held.pk, offer__status=OfferStatus.OPEN)
            claims = Claim.objects.filter(offered_time=held)
        at = claims.filter(resource=held.room_id).values_list("cell", flat=True)
        _take_over_expired([Claim(resource=to, cell=cell) for cell in at], now=now)
        try:
            changed = rows.filter(room=held.room_id).update(room=to) and claims.filter(
                resource=held.room_id
            ).update(resource=to)
        except IntegrityError:
            changed = 0
        if not changed:
            raise TimeTaken(f"{to} has just been taken.")


class Planned(NamedTuple):
    """A visit of a request at a time that was found free."""

    request: AppointmentRequest
    appointment_type: AppointmentType
    clinician: Clinician
    time: FreeTime


def book_each(
    planned: Sequence[Planned], *, by: str, now: datetime, given: Revision | None = None
) -> None:
    """Book many visits in one go. Raises TimeTaken if one of the times is no longer free."""
    _refuse_past([each.time.starts for each in planned], now)
    with transaction.atomic():
        booked = Appointment.objects.bulk_create(
            Appointment(
                request=each.request,
                appointment_type=each.appointment_type,
                clinician=each.clinician,
                room=each.time.room,
                given=given,
                starts=each.time.starts,
                ends=each.time.ends,
                booked_at=now,
                booked_by=by,
            )
            for each in planned
        )
        claims = [
            Claim(resource_id=resource, cell=cell, appointment=appointment)
            for each, appointment in zip(planned, booked, strict=True)
            for resource, cell in _wanted(each.time, _buffer(each.appointment_type))
        ]
        # In the order of all of them, so that no other booking waits for this one in a circle.
        claims.sort(key=_in_order)
        for part in in_parts(claims, CLAIMS_AT_ONCE):
            _claim(part, now=now)


def end(
    appointment: Appointment,
    status: AppointmentStatus,
    *,
    by: str,
    now: datetime,
    cancelled_by: str = "",
    kept_until: datetime | None = None,
) -> Appointment:
    """Cancel or move a booked appointment, or record whether the patient came.

    Its time is free again, or at `kept_until` if it is given (`kept`). `cancelled_by` is whose wish
    it was, for one that is cancelled.
    """
    with transaction.atomic():
        ended = Appointment.objects.filter(
            pk=appointment.pk, status=AppointmentStatus.BOOKED
        ).update(
            status=status,
            ended_at=now,
            ended_by=by,
            cancelled_by=cancelled_by,
            kept_until=kept_until,
        )
        if not ended:
            raise TriageRefused("This appointment has already ended.")
        if kept_until is None:
            Claim.objects.filter(appointment=appointment).delete()
    appointment.refresh_from_db()
    return appointment


def note_presence(appointment: Appointment, **columns: Any) -> None:
    """Record that the patient has arrived or is with the clinician, or take that back."""
    Appointment.objects.filter(pk=appointment.pk).update(**columns)
    appointment.refresh_from_db()


def reopen(appointment: Appointment, *, now: datetime) -> Appointment:
    """Undo a cancellation, or the record of whether the patient came.

    The appointment has its time again.

    Raises TimeTaken if part of that time is somebody else's by now, or no longer in a session.
    """
    with transaction.atomic():
        reopened = Appointment.objects.filter(pk=appointment.pk, status__in=CAN_REOPEN).update(
            status=AppointmentStatus.BOOKED, ended_at=None, ended_by=None, cancelled_by=""
        )
        kind = appointment.appointment_type
        free = time_at(kind, appointment.clinician, appointment.starts, now)
        if not reopened or free is None:
            raise TimeTaken(
                "This cannot be undone any more: the time has been given to somebody else, or the "
                "clinic session has changed. Record a call to note what happened."
            )
        _claim(
            (
                Claim(resource_id=resource, cell=cell, appointment=appointment)
                for resource, cell in _wanted(free, _buffer(kind))
            ),
            now=now,
        )
    appointment.refresh_from_db()
    return appointment


def release(
    request: AppointmentRequest,
    status: OfferStatus,
    *,
    by: str,
    now: datetime,
    is_given_back: bool = False,
) -> None:
    """Release what an open offer of the request still holds. Does nothing if no offer is open.

    What the patient gives back is kept for them for a while (`kept`).
    """
    standing = request.offers.filter(status=OfferStatus.OPEN).first()
    if standing is None:
        return
    kept_until = kept.keep_until(now, standing.held_until) if is_given_back else None
    with transaction.atomic():
        closed = Offer.objects.filter(pk=standing.pk, status=OfferStatus.OPEN).update(
            status=status, closed_at=now, closed_by=by, kept_until=kept_until
        )
        if closed and kept_until is None:
            Claim.objects.filter(offered_time__offer=standing).delete()


def _with_whoever(
    request: AppointmentRequest,
    kind: AppointmentType,
    starts: Sequence[datetime],
    now: datetime,
    give: Callable[..., Given],
) -> Given:
    """Give the times with the first clinician of the rule who is still free when they are claimed.

    Somebody who loses one of them in that moment is passed over, like anybody who was not free.
    """
    for clinician in whoever_is_free(kind, starts, now, request.wished_clinician):
        try:
            return give(clinician=clinician)
        except TimeTaken:
            continue
    raise TimeTaken(
        "Nobody is free at that time. Choose another."
        if len(starts) == 1
        else "Nobody is free at all of these times. Choose others, or one clinician."
    )


def _or_another(take: Callable[[], None]) -> None:
    """Take a time. Look again if somebody else was faster: another room or machine may be free."""
    once = transaction.atomic(take)
    for _ in range(LOOKS - 1):
        with suppress(_WasFaster):
            return once()
    return once()


def _book(appointment: Appointment, starts: datetime, *, now: datetime) -> None:
    kind = appointment.appointment_type
    free = _find(kind, appointment.clinician, starts, now)
    appointment.pk = None
    appointment.room = free.room
    appointment.starts, appointment.ends = free.starts, free.ends
    appointment.save(force_insert=True)
    wanted = _wanted(free, _buffer(kind))
    claims = (Claim(resource_id=each, cell=cell, appointment=appointment) for each, cell in wanted)
    _claim(claims, now=now)


def _hold(made: Offer, starts: Iterable[datetime], *, now: datetime) -> None:
    kind = made.appointment_type
    made.pk = None
    made.save(force_insert=True)
    found = [_find(kind, made.clinician, start, now) for start in starts]
    wanted = [_wanted(free, _buffer(kind)) for free in found]
    times = OfferedTime.objects.bulk_create(
        OfferedTime(
            offer=made,
            starts=free.starts,
            ends=free.ends,
            room=free.room,
            claims_made=len(claimed),
        )
        for free, claimed in zip(found, wanted, strict=True)
    )
    _claim(
        (
            Claim(resource_id=resource, cell=cell, offered_time=time)
            for time, claimed in zip(times, wanted, strict=True)
            for resource, cell in claimed
        ),
        now=now,
    )


def _close(standing: Offer, status: OfferStatus, *, by: str, now: datetime) -> None:
    closed = (
        Offer.objects.standing(now)
        .filter(pk=standing.pk)
        .update(status=status, closed_at=now, closed_by=by)
    )
    if not closed:
        raise TimeTaken(
            gettext(
                "This offer has ended, so we are no longer holding its times for you. If you still "
                "need an appointment, phone us."
            )
        )


def _find(
    appointment_type: AppointmentType, clinician: Clinician, starts: datetime, now: datetime
) -> FreeTime:
    """What the time would claim. This only looks: the constraint on the claims decides."""
    resource_of(clinician)
    free = time_at(appointment_type, clinician, starts, now)
    if free:
        return free
    ends = starts + timedelta(minutes=appointment_type.minutes) + _buffer(appointment_type)
    if is_in_session(clinician, None, Span(starts, ends)):
        raise TimeTaken("That time has just been taken. Choose another.")
    raise TriageRefused(
        f"{clinician.name} has no clinic session with enough time on "
        f"{timezone.localtime(starts):%A %-d %B at %-H:%M}. Choose one of the free times."
    )


def _wanted(free: FreeTime, buffer: timedelta) -> list[tuple[int, int]]:
    return [
        (resource, cell)
        for resource in free.resources
        for cell in cells(free.starts, free.ends + buffer)
    ]


def _claim(claims: Iterable[Claim], *, now: datetime) -> None:
    wanted = sorted(claims, key=_in_order)
    _take_over_expired(wanted, now=now)
    try:
        with transaction.atomic():
            Claim.objects.bulk_create(wanted)
    except IntegrityError:
        raise _WasFaster("That time has just been taken. Choose another.") from None


def _take_over_expired(wanted: Sequence[Claim], *, now: datetime) -> None:
    resources = {each.resource_id for each in wanted}
    at = {each.cell for each in wanted}
    kept.take_over(resources, at, now=now)
    stale = (
        Offer.objects.filter(
            status=OfferStatus.OPEN,
            held_until__lte=now,
            times__claims__resource__in=resources,
            times__claims__cell__in=at,
        )
        .distinct()
        .order_by("pk")
    )
    for old in stale:
        expired = Offer.objects.filter(
            pk=old.pk, status=OfferStatus.OPEN, held_until__lte=now
        ).update(status=OfferStatus.EXPIRED, closed_at=now, closed_by=CLOCK)
        if expired:
            Claim.objects.filter(offered_time__offer=old).delete()


def _refuse_past(starts: Sequence[datetime], now: datetime) -> None:
    if min(starts) <= now:
        raise TriageRefused("Choose a time in the future.")


def _in_order(claim: Claim) -> tuple[int, int]:
    return claim.resource_id, claim.cell


def _buffer(appointment_type: AppointmentType) -> timedelta:
    return timedelta(minutes=appointment_type.buffer_minutes)
