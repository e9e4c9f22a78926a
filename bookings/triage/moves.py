"""What every verb leans on: one transaction, compare and set, the clock's own step, the journal."""

from collections.abc import Collection, Iterator
from contextlib import contextmanager
from datetime import datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django.conf import settings
from django.contrib.auth.models import User
from django.db import transaction
from django.utils import timezone

from bookings import diary, journal, messages
from bookings.events import CLOCK_EVENTS, EVENTS, LOOKS, Event
from bookings.models import Appointment, AppointmentRequest, ClosedDay, OfferedTime, Treatment
from bookings.status import (
    CLOCK,
    PATIENT,
    TRANSITIONS,
    AppointmentStatus,
    MessageKind,
    OfferStatus,
    Overtaken,
    RequestStatus,
    TriageRefused,
)
from bookings.working_hours import WorkingWeek, add_working_time, closing_time
from procedures.models import InformationPage, Revision
from procedures.publication import Publication, look_up

# Whoever has another time, or none any more, waits for no earlier one.
OFF_THE_LIST: dict[str, Any] = {"earlier_asked_at": None, "earlier_asked_by": None}


@contextmanager
def one_change(request: AppointmentRequest) -> Iterator[None]:
    """One transaction. If it is refused, the record in memory is again what the database holds."""
    try:
        with transaction.atomic():
            yield
    except TriageRefused:
        request.refresh_from_db()
        raise


def move(
    request: AppointmentRequest,
    to: RequestStatus,
    *,
    version: int,
    by: journal.Actor,
    now: datetime,
    only_from: Collection[RequestStatus] = tuple(RequestStatus),
    kind: Event | None = None,
    **changes: Any,
) -> None:
    """Compare and set: the row moves only from the version that the caller saw.

    `only_from` is for verbs that share their target: each starts from statuses of its own.
    """
    version = after_the_clock(request, version, now=now)
    status = RequestStatus(request.status)
    if to not in TRANSITIONS[status] or status not in only_from:
        raise Overtaken(what_happened(request))
    clock_free = {"reply_due": None, "deferred_until": None}
    keep(request, version=version, status=to, **clock_free | changes)
    journal.record(request, kind or EVENTS[to], by=by, at=now)


def taken_up(request: AppointmentRequest, version: int, *, by: journal.Actor, now: datetime) -> int:
    """The version to expect once a received request is in review: whoever decides about it has looked
    at it, and need not say so first."""
    if request.status != RequestStatus.RECEIVED:
        return version
    move(request, RequestStatus.IN_REVIEW, version=version, by=by, now=now)
    return request.version


def back_into_review(
    request: AppointmentRequest,
    *,
    version: int,
    by: journal.Actor,
    now: datetime,
    kind: Event,
) -> None:
    """The offered times do not suit, and the clinic looks again. An appointment is kept meanwhile."""
    has_one = request.status == RequestStatus.BOOKED_OFFERED
    move(
        request,
        RequestStatus.BOOKED_IN_REVIEW if has_one else RequestStatus.IN_REVIEW,
        version=version,
        by=by,
        now=now,
        only_from=[RequestStatus.OFFERED, RequestStatus.BOOKED_OFFERED],
        kind=kind,
        answer_due=answer_before_visit(request, now),
    )


def after_the_clock(request: AppointmentRequest, version: int, *, now: datetime) -> int:
    """The version to expect once the clock's own step, which the caller saw too, is written."""
    if request.version == version and settle(request, now=now):
        return request.version
    return version


def settle(request: AppointmentRequest, *, now: datetime) -> bool:
    """Write down the step that the clock took with this request, if it took one."""
    state = request.state(now)
    if state == request.status:
        return False
    ended: dict[str, Any] = {}
    if state == RequestStatus.LAPSED:
        ended = {"ended_at": request.reply_due, "ended_by": CLOCK}
    clock_free = {"reply_due": None, "deferred_until": None}
    keep(request, version=request.version, status=state, **clock_free, **ended)
    diary.release(request, OfferStatus.EXPIRED, by=CLOCK, now=now)
    journal.record(request, CLOCK_EVENTS[state], by=CLOCK, at=now)
    return True


def keep(request: AppointmentRequest, *, version: int, **changes: Any) -> None:
    """Change the row if it still has the status and the version that are expected of it."""
    seen = AppointmentRequest.objects.filter(pk=request.pk, status=request.status, version=version)
    if not seen.update(version=version + 1, **changes):
        raise Overtaken(what_happened(request))
    request.refresh_from_db()


def what_happened(request: AppointmentRequest) -> str:
    """A sentence on who did what last, for somebody whose step is not possible any more."""
    last = request.events.exclude(kind__in=LOOKS).order_by("-number").first()
    if last is None:
        return "This request has changed. Open it again."
    person = User.objects.filter(username=last.by).first()
    who = person.get_full_name() or person.get_username() if person else last.by
    at = timezone.localtime(last.at)
    return (
        f"This is no longer possible: {who} {last.kind} on {at:%-d %B at %H:%M}. "
        "Look at where it stands now."
    )


def answer_due(now: datetime) -> datetime:
    """Until when we promise an answer: the promised hours, counted while the desk is open."""
    return in_working_hours(now, settings.CLINIC_ANSWERS_WITHIN_HOURS)


def answer_before_visit(request: AppointmentRequest, now: datetime) -> datetime:
    """Until when we promise an answer about an appointment: before it begins."""
    current = booked_appointment(request)
    return min(answer_due(now), current.starts) if current else answer_due(now)


def desk_is_open(now: datetime) -> bool:
    """Whether somebody is there. What the clock sends waits for that, and nobody is woken at night."""
    minute = timedelta(minutes=1)
    return _after_open_time(now, minute) == now + minute


def in_working_hours(now: datetime, hours: int) -> datetime:
    """The instant at which the desk will have been open for so many hours."""
    return _after_open_time(now, timedelta(hours=hours))


def _after_open_time(now: datetime, length: timedelta) -> datetime:
    week = WorkingWeek(
        days=settings.CLINIC_OPEN_DAYS,
        opens=time.fromisoformat(settings.CLINIC_OPENS),
        closes=closing_time(settings.CLINIC_CLOSES),
        zone=ZoneInfo(settings.TIME_ZONE),
    )
    closed = set(
        ClosedDay.objects.filter(day__gte=timezone.localdate(now)).values_list("day", flat=True)
    )
    return add_working_time(now, length, week, closed)


def notify_clinic(request: AppointmentRequest, *, now: datetime) -> None:
    """Tell the clinic's inbox that something is waiting, if it has one."""
    if settings.CLINIC_INBOX:
        messages.queue(request, MessageKind.CLINIC_NOTICE, by=PATIENT, now=now)


def booked_appointment(request: AppointmentRequest) -> Appointment | None:
    """The appointment that the request has now."""
    return request.appointments.filter(status=AppointmentStatus.BOOKED).first()


def given_text(request: AppointmentRequest, now: datetime) -> Revision | None:
    """The text that the patient is given with an appointment: the one that may be read now.

    A request about no page gets what is written about the treatment that any visit may end with.
    """
    page = request.page or _page_about_any_visit()
    found = look_up(page, timezone.localdate(now)) if page else None
    return found.revision if isinstance(found, Publication) else None


def _page_about_any_visit() -> InformationPage | None:
    usual = Treatment.objects.possible_for(None).filter(page__isnull=False)
    treatment = usual.select_related("page").first()
    return treatment.page if treatment else None


def take_offered(
    request: AppointmentRequest,
    chosen: OfferedTime,
    *,
    version: int,
    by: journal.Actor,
    now: datetime,
) -> Appointment:
    """An offered time becomes the appointment, in the place of one that the patient has already.

    Raises TimeTaken if it is not held any more.
    """
    actor = journal.actor_name(by)
    moved = request.status == RequestStatus.BOOKED_OFFERED
    move(
        request,
        RequestStatus.BOOKED,
        only_from=[RequestStatus.OFFERED, RequestStatus.BOOKED_OFFERED],
        version=version,
        by=by,
        now=now,
        kind=Event.MOVED if moved else None,
        wishes="",
        **OFF_THE_LIST,
    )
    end_moved(request, by=actor, now=now)
    given = given_text(request, now)
    appointment = diary.accept(chosen, by=actor, now=now, given=given)
    kind = MessageKind.MOVED if moved else MessageKind.BOOKED
    messages.queue(request, kind, by=actor, now=now)
    return appointment


def end_moved(request: AppointmentRequest, *, by: str, now: datetime) -> bool:
    """Let go of the appointment that another one replaces, in the same transaction; False if there is
    none. Raises TriageRefused if it has begun."""
    old = booked_appointment(request)
    if old is None:
        return False
    if old.starts <= now:
        raise TriageRefused("The appointment has begun, so it cannot be moved any more.")
    diary.end(old, AppointmentStatus.MOVED, by=by, now=now)
    return True


def refuse_blocking_flags(request: AppointmentRequest) -> None:
    """Raise TriageRefused while a flag is open."""
    if request.flags.blocking().exists():
        raise TriageRefused(
            "A flag is still open. A clinician has to record an outcome that lets this request "
            "proceed before a time can be offered or booked."
        )
