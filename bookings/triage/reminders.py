"""Reminders of a visit: when each is due, and for which visits there is none."""

from collections.abc import Iterator
from datetime import datetime
from functools import partial
from itertools import pairwise

from django.db.models import Exists, OuterRef

from bookings import messages
from bookings.diary.daytime import is_daytime, next_daytime, same_time
from bookings.diary.free_times import Span, is_away, is_in_session
from bookings.models import Appointment, Message
from bookings.status import AppointmentStatus, MessageKind
from procedures.ground.batches import Tally, one_by_one
from procedures.models.clinic import details


def is_soon(appointment: Appointment | None, now: datetime) -> bool:
    """Whether the appointment is so soon that its first reminder is due."""
    first = max(details().reminder_days)
    return bool(
        appointment
        and appointment.status == AppointmentStatus.BOOKED
        and now < appointment.starts <= same_time(now, days=first)
    )


def remind(now: datetime) -> Tally:
    """Queue the reminders that are due; return how many were queued. Only by day.

    Each is due so many days before the visit, at the same time of day. If it could not go out until
    the next one is due, only the next one goes out.
    """
    done = failed = 0
    for days, after, until in _spells(now) if is_daytime(now) else ():
        reminded = Message.objects.filter(
            request=OuterRef("request"),
            kind=MessageKind.REMINDER,
            days_ahead=days,
            queued_at__gte=OuterRef("booked_at"),
        )
        coming = Appointment.objects.filter(
            ~Exists(reminded),
            status=AppointmentStatus.BOOKED,
            starts__gt=after,
            starts__lte=until,
        )
        pks = coming.order_by("pk").values_list("pk", flat=True)
        act = partial(_remind, days=days, now=now)
        tally = one_by_one(pks, act, task="reminder of appointment")
        done, failed = done + tally, failed + tally.failed
    return Tally(done, failed=failed)


def reminders_of(appointment: Appointment) -> list[tuple[int, datetime]]:
    """How many days ahead, and from when on, the patient gets each reminder of this appointment."""
    return [
        (days, next_daytime(same_time(appointment.starts, days=-days)))
        for days in sorted(details().reminder_days, reverse=True)
        if not _has_just_been_confirmed(appointment, days)
    ]


def _spells(now: datetime) -> Iterator[tuple[int, datetime, datetime]]:
    """For each reminder, the nearest first: after when and until when the visits begin that get it."""
    days = sorted(details().reminder_days)
    bounds = [now, *(same_time(now, days=each) for each in days)]
    for each, (after, until) in zip(days, pairwise(bounds), strict=True):
        yield each, after, until


def _remind(pk: int, *, days: int, now: datetime) -> bool:
    related = Appointment.objects.select_related("request", "clinician", "room")
    appointment = related.get(pk=pk)
    span = Span(appointment.starts, appointment.ends)
    room = appointment.room
    if room and (not is_in_session(appointment.clinician, room, span) or is_away([room.pk], span)):
        return False  # its clinic was cancelled, and the desk is asked to phone the patient
    if _has_just_been_confirmed(appointment, days):
        return False
    return messages.queue_once(appointment.request, MessageKind.REMINDER, days_ahead=days, now=now)


def _has_just_been_confirmed(appointment: Appointment, days: int) -> bool:
    """Whether the confirmation came less than a day before this reminder, and says the same."""
    return appointment.booked_at > same_time(appointment.starts, days=-days - 1)
