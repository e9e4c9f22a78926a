"""The journal of a request: what happened, when, by whom. Append-only and hash-chained.

The only writer of journal events, and of looks at lists of requests. Each event's hash covers the
event and the hash before it, so a change in the past shows; the database refuses to change or
delete a row at all. What a patient wrote is never copied into it.
"""

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from django.contrib.auth.models import User
from django.db import transaction
from django.db.models import F, OuterRef, Subquery

from bookings import webhooks
from bookings.models import AccessToken, AppointmentRequest, Look, OutsideLook, RequestEvent
from bookings.status.events import Event
from procedures.ground.people import SHOWN_NAME, shown_name

Actor = User | str


def actor_name(by: Actor) -> str:
    """The username of a member of staff; PATIENT and CLOCK unchanged."""
    return by if isinstance(by, str) else by.get_username()


def begin(request: AppointmentRequest, kind: Event, *, by: Actor, at: datetime) -> RequestEvent:
    """Write the first event, in the transaction that created the request with `event_count` 1.

    Nobody else sees the request yet, so there is nothing to lock and nothing to look up.
    """
    return _append(request, 0, "", kind, by=by, at=at, detail={})


def begin_each(
    requests: Sequence[AppointmentRequest], kind: Event, *, by: Actor, at: datetime, **detail: Any
) -> None:
    """Write the first event of many requests that the same transaction created, as `begin` does."""
    RequestEvent.objects.bulk_create(
        _event(request, 0, "", kind, by=by, at=at, detail=detail) for request in requests
    )
    webhooks.queue(requests, kind, at=at)


def record(
    request: AppointmentRequest, kind: Event, *, by: Actor, at: datetime, **detail: Any
) -> RequestEvent:
    """Append one event, in the transaction that makes the change.

    Updating the request's row locks it: two events of one request queue up behind each other and
    the chain cannot fork.
    """
    with transaction.atomic(savepoint=False):
        AppointmentRequest.objects.filter(pk=request.pk).update(event_count=F("event_count") + 1)
        last = request.events.order_by("-number").values_list("number", "hash").first()
        number, previous = last or (0, "")
        return _append(request, number, previous, kind, by=by, at=at, detail=detail)


def read(request: AppointmentRequest, *, by: User, at: datetime) -> list[RequestEvent]:
    """Record that a member of staff read the request; return its whole journal, the newest first.

    As `record`, but whoever reads the journal anyway need not look for its end as well. Each event has
    the name of the colleague as `by_whom`; None if it was nobody with an account.
    """
    with transaction.atomic(savepoint=False):
        AppointmentRequest.objects.filter(pk=request.pk).update(event_count=F("event_count") + 1)
        named = User.objects.filter(username=OuterRef("by")).values(shown=SHOWN_NAME)
        before = list(request.events.annotate(by_whom=Subquery(named)).order_by("-number"))
        number, previous = (before[0].number, before[0].hash) if before else (0, "")
        look: Any = _append(request, number, previous, Event.READ, by=by, at=at, detail={})
    look.by_whom = shown_name(by)
    return [look, *before]


def record_each(
    requests: Iterable[AppointmentRequest], kind: Event, *, by: Actor, at: datetime
) -> None:
    """Append the same event to the journal of each of these requests, in four statements.

    The rows are locked in the order of their numbers, so that two lists cannot wait for each other.
    """
    with transaction.atomic(savepoint=False):
        rows = AppointmentRequest.objects.filter(pk__in={request.pk for request in requests})
        locked = list(rows.order_by("pk").select_for_update(no_key=True))
        newest = RequestEvent.objects.filter(request__in=locked, number=F("request__event_count"))
        before = {event.request_id: (event.number, event.hash) for event in newest}
        rows.update(event_count=F("event_count") + 1)
        RequestEvent.objects.bulk_create(
            _event(request, *before.get(request.pk, (0, "")), kind, by=by, at=at, detail={})
            for request in locked
        )


def record_list(
    screen: str, shown: Iterable[AppointmentRequest], *, by: User, at: datetime
) -> None:
    """Record that a member of staff was shown these requests in a list, if there are any."""
    record_lists({screen: shown}, by=by, at=at)


def record_lists(
    screens: Mapping[str, Iterable[AppointmentRequest]], *, by: User, at: datetime
) -> None:
    """Record each part of a page on which a member of staff was shown these requests, if any."""
    parts = {screen: sorted({request.pk for request in shown}) for screen, shown in screens.items()}
    for screen in parts:
        # SQLite would store a longer name than PostgreSQL takes.
        Look._meta.get_field("screen").run_validators(screen)
    looks = [
        Look(screen=screen, requests=requests, looked_at=at, looked_by=by)
        for screen, requests in parts.items()
        if requests
    ]
    if len(looks) == 1:
        looks[0].save()  # without a transaction around it
    else:
        Look.objects.bulk_create(looks)


def record_outside(resource: str, shown: Iterable[int], *, by: AccessToken, at: datetime) -> None:
    """Record that another system was given something about these requests, if there are any."""
    if requests := sorted(set(shown)):
        OutsideLook.objects.create(resource=resource, requests=requests, looked_at=at, looked_by=by)


def _append(
    request: AppointmentRequest, after: int, previous_hash: str, kind: Event, **told: Any
) -> RequestEvent:
    event = _event(request, after, previous_hash, kind, **told)
    event.save(force_insert=True)
    webhooks.queue([request], kind, at=event.at)
    return event


def _event(
    request: AppointmentRequest,
    after: int,
    previous_hash: str,
    kind: Event,
    *,
    by: Actor,
    at: datetime,
    detail: dict[str, Any],
) -> RequestEvent:
    """The event that follows the one with the number `after`, sealed but not stored."""
    event = RequestEvent(
        request=request,
        number=after + 1,
        kind=kind,
        at=at,
        by=actor_name(by),
        detail=detail or {},
        previous_hash=previous_hash,
    )
    event.hash = digest(event)
    return event


def digest(event: RequestEvent) -> str:
    """The SHA-256 of the event in canonical form, with the hash before it."""
    content = [
        event.request_id,
        event.number,
        event.kind,
        event.at.astimezone(UTC).isoformat(timespec="microseconds"),
        event.by,
        event.detail,
        event.previous_hash,
    ]
    canonical = json.dumps(content, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return hashlib.sha256(canonical.encode()).hexdigest()


def head(request: AppointmentRequest, number: int | None = None) -> str:
    """The hash of the newest event, or of the event with that number; empty if there is none."""
    events = request.events.order_by("-number")
    found = events.filter(number=number).first() if number else events.first()
    return found.hash if found else ""


def chain_is_whole(request: AppointmentRequest) -> bool:
    """Whether no event of the request was changed, removed (the newest included) or inserted."""
    events = list(request.events.order_by("number"))
    request.refresh_from_db(fields=["event_count"])
    return is_whole(request, events)


def flags_are_as_recorded(request: AppointmentRequest) -> bool:
    """Whether each flag of the request has the outcome that its journal recorded last.

    The request is locked meanwhile, so that no colleague records one between the two reads.
    """
    with transaction.atomic():
        locked = AppointmentRequest.objects.select_for_update(no_key=True).get(pk=request.pk)
        return flags_agree(locked, list(locked.events.order_by("number")))


def flags_agree(request: AppointmentRequest, events: Sequence[RequestEvent]) -> bool:
    """The same of flags and of a journal that have been read, one after the other."""
    recorded = {
        event.detail["flag"]: event.detail["outcome"]
        for event in events
        if event.kind == Event.FLAG_RESOLVED
    }
    return recorded == {flag.pk: flag.outcome for flag in request.flags.all() if flag.outcome}


def is_whole(request: AppointmentRequest, events: Sequence[RequestEvent]) -> bool:
    """The same of a journal that has been read, in order, and of the request as it was read."""
    previous = ""
    for number, event in enumerate(events, start=1):
        if (event.number, event.previous_hash, event.hash) != (number, previous, digest(event)):
            return False
        previous = event.hash
    return len(events) == request.event_count > 0
