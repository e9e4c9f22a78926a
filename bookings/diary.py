"""Time. The only writer of claims, offers and appointments.

A claim is one five-minute cell of one resource, and a unique constraint makes it exclusive: two
people can never be given the same time, on SQLite and on PostgreSQL alike. Claims are inserted in
one order everywhere, so that two transactions never wait for each other in a circle.

An offer holds its times until `held_until`. Past that, whoever wants a time may take it over, but
only by winning `open -> expired` on the very row on which an acceptance has to win `open ->
accepted`. So an acceptance and a takeover can never both succeed, whatever the clocks say.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta

from django.contrib.auth.models import User
from django.db import IntegrityError, transaction

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
    AppointmentStatus,
    OfferStatus,
    TimeTaken,
    TriageRefused,
)
from procedures.models import Clinician

CELL_SECONDS = 300
MOST_TIMES = 3


def cells(starts: datetime, ends: datetime) -> range:
    """The cells that a stretch of time touches."""
    return range(int(starts.timestamp() // CELL_SECONDS), -int(-ends.timestamp() // CELL_SECONDS))


def resource_of(clinician: Clinician) -> Resource:
    """The clinician as something that can be claimed."""
    return Resource.objects.get_or_create(
        clinician=clinician, defaults={"name": f"{clinician.name} ({clinician.slug})"}
    )[0]


def offer(
    request: AppointmentRequest,
    *,
    appointment_type: AppointmentType,
    clinician: Clinician,
    starts: Sequence[datetime],
    held_until: datetime,
    by: User,
    now: datetime,
) -> Offer:
    """Hold one to three times for the patient. Raises TimeTaken if one of them is not free."""
    if not 1 <= len(starts) <= MOST_TIMES:
        raise TriageRefused(f"Offer between one and {MOST_TIMES} times.")
    _refuse_past(starts, now)
    if held_until <= now or held_until > min(starts):
        raise TriageRefused(
            "The offer has to end in the future, and before the first of its times."
        )
    with transaction.atomic():
        made = Offer.objects.create(
            request=request,
            appointment_type=appointment_type,
            clinician=clinician,
            made_at=now,
            made_by=by,
            held_until=held_until,
            buffer_minutes=appointment_type.buffer_minutes,
        )
        times = OfferedTime.objects.bulk_create(
            OfferedTime(
                offer=made, starts=start, ends=start + timedelta(minutes=appointment_type.minutes)
            )
            for start in sorted(starts)
        )
        resource = resource_of(clinician)
        _claim(
            (
                Claim(resource=resource, cell=cell, offered_time=time)
                for time in times
                for cell in cells(time.starts, time.ends + _buffer(appointment_type))
            ),
            now=now,
        )
    return made


def accept(chosen: OfferedTime, *, by: str, now: datetime) -> Appointment:
    """Turn one offered time into an appointment and release the others of its offer."""
    with transaction.atomic():
        _close(chosen.offer, OfferStatus.ACCEPTED, by=by, now=now)
        appointment = Appointment.objects.create(
            request=chosen.offer.request,
            appointment_type=chosen.offer.appointment_type,
            clinician=chosen.offer.clinician,
            starts=chosen.starts,
            ends=chosen.ends,
            booked_at=now,
            booked_by=by,
        )
        held = Claim.objects.filter(offered_time=chosen).update(
            offered_time=None, appointment=appointment
        )
        wanted = cells(chosen.starts, chosen.ends + timedelta(minutes=chosen.offer.buffer_minutes))
        if held != len(wanted):
            raise TimeTaken("That time is no longer held for you. Please choose another.")
        Claim.objects.filter(offered_time__offer=chosen.offer).delete()
    return appointment


def book(
    request: AppointmentRequest,
    *,
    appointment_type: AppointmentType,
    clinician: Clinician,
    starts: datetime,
    by: User,
    now: datetime,
) -> Appointment:
    """Book directly, for a patient on the phone. Raises TimeTaken if the time is not free."""
    _refuse_past([starts], now)
    ends = starts + timedelta(minutes=appointment_type.minutes)
    with transaction.atomic():
        appointment = Appointment.objects.create(
            request=request,
            appointment_type=appointment_type,
            clinician=clinician,
            starts=starts,
            ends=ends,
            booked_at=now,
            booked_by=by.get_username(),
        )
        resource = resource_of(clinician)
        _claim(
            (
                Claim(resource=resource, cell=cell, appointment=appointment)
                for cell in cells(starts, ends + _buffer(appointment_type))
            ),
            now=now,
        )
    return appointment


def end(
    appointment: Appointment, status: AppointmentStatus, *, by: str, now: datetime
) -> Appointment:
    """Cancel a booked appointment, or say whether the patient came. Its time is free again."""
    with transaction.atomic():
        ended = Appointment.objects.filter(
            pk=appointment.pk, status=AppointmentStatus.BOOKED
        ).update(status=status, ended_at=now, ended_by=by)
        if not ended:
            raise TriageRefused("This appointment has ended already.")
        Claim.objects.filter(appointment=appointment).delete()
    appointment.refresh_from_db()
    return appointment


def release(request: AppointmentRequest, status: OfferStatus, *, by: str, now: datetime) -> None:
    """Let go of what an open offer of the request still holds. Nothing open, nothing to do."""
    standing = request.offers.filter(status=OfferStatus.OPEN).first()
    if standing is None:
        return
    with transaction.atomic():
        closed = Offer.objects.filter(pk=standing.pk, status=OfferStatus.OPEN).update(
            status=status, closed_at=now, closed_by=by
        )
        if closed:
            Claim.objects.filter(offered_time__offer=standing).delete()


def _close(standing: Offer, status: OfferStatus, *, by: str, now: datetime) -> None:
    closed = (
        Offer.objects.standing(now)
        .filter(pk=standing.pk)
        .update(status=status, closed_at=now, closed_by=by)
    )
    if not closed:
        raise TimeTaken("This offer has ended, so its times are no longer held for you.")


def _claim(claims: Iterable[Claim], *, now: datetime) -> None:
    wanted = sorted(claims, key=lambda claim: (claim.resource_id, claim.cell))
    _take_over_expired(wanted, now=now)
    try:
        with transaction.atomic():
            Claim.objects.bulk_create(wanted)
    except IntegrityError:
        raise TimeTaken("That time has just gone. Choose another.") from None


def _take_over_expired(wanted: Sequence[Claim], *, now: datetime) -> None:
    stale = (
        Offer.objects.filter(
            status=OfferStatus.OPEN,
            held_until__lte=now,
            times__claims__resource__in={claim.resource_id for claim in wanted},
            times__claims__cell__in=[claim.cell for claim in wanted],
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


def _buffer(appointment_type: AppointmentType) -> timedelta:
    return timedelta(minutes=appointment_type.buffer_minutes)
