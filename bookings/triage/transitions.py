"""What every verb needs: one transaction, compare and set, the clock's own step, the journal."""

from collections.abc import Collection, Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Any

from django.contrib.auth.models import User
from django.db import transaction
from django.utils import timezone

from bookings import diary, journal
from bookings.models import AppointmentRequest
from bookings.status import CLOCK, TRANSITIONS, OfferStatus, Overtaken, RequestStatus, TriageRefused
from bookings.status.events import CLOCK_EVENTS, EVENTS, LOOKS, Event, told_colleague
from procedures.ground.people import shown_name


@contextmanager
def one_change(request: AppointmentRequest) -> Iterator[None]:
    """Run one transaction. If it is refused, reload the record in memory from the database."""
    try:
        with transaction.atomic():
            yield
    except TriageRefused:
        request.refresh_from_db()
        raise


def transition(
    request: AppointmentRequest,
    to: RequestStatus,
    *,
    version: int,
    by: journal.Actor,
    now: datetime,
    only_from: Collection[RequestStatus] = tuple(RequestStatus),
    kind: Event | None = None,
    takes_up: diary.Kept | None = None,
    **changes: Any,
) -> None:
    """Change the status, but only from the version that the caller saw (compare and set).

    `only_from` is for verbs with the same target: each starts from statuses of its own. Whatever is
    still kept for the patient is free afterwards, unless this is the step that takes it up again.
    """
    version = after_the_clock(request, version, now=now)
    status = RequestStatus(request.status)
    if to not in TRANSITIONS[status] or status not in only_from:
        raise Overtaken(what_happened(request))
    clock_free = {"reply_due": None, "deferred_until": None}
    keep(request, version=version, status=to, **clock_free | changes)
    if takes_up:
        diary.restore(takes_up, now=now)
    else:
        diary.free_kept(request)
    journal.record(request, kind or EVENTS[to], by=by, at=now)


def taken_up(request: AppointmentRequest, version: int, *, by: journal.Actor, now: datetime) -> int:
    """The version to expect once a received request is in review.

    Deciding about a request implies having looked at it, so nobody has to say so first.
    """
    if request.status != RequestStatus.RECEIVED:
        return version
    transition(request, RequestStatus.IN_REVIEW, version=version, by=by, now=now)
    return request.version


def after_the_clock(request: AppointmentRequest, version: int, *, now: datetime) -> int:
    """The version to expect once the clock's own step, which the caller saw too, is written."""
    if request.version == version and settle(request, now=now):
        return request.version
    return version


def settle(request: AppointmentRequest, *, now: datetime) -> bool:
    """Write down the step that the clock has taken with this request, if there is one."""
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
    """Change the row if it still has the expected status and version."""
    seen = AppointmentRequest.objects.filter(pk=request.pk, status=request.status, version=version)
    if not seen.update(version=version + 1, **changes):
        raise Overtaken(what_happened(request))
    request.refresh_from_db()


def what_happened(request: AppointmentRequest) -> str:
    """A sentence on who did what last, for somebody whose step is no longer possible."""
    last = request.events.exclude(kind__in=LOOKS).latest("number")
    person = User.objects.filter(username=last.by).first()
    who = shown_name(person) if person else last.by
    at, done = timezone.localtime(last.at), told_colleague(last.kind, last.by)
    return (
        f"This is no longer possible: {who} {done} on {at:%-d %B at %-H:%M}. Check its "
        "current status."
    )
