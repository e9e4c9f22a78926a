"""Everything on the page of a person: what is to come, what was, and who may be the same."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any, NamedTuple

from django.db.models import Min, OuterRef, Subquery
from django.utils import timezone

from bookings import identity, records
from bookings.desk.agenda import CAME_OR_COMES
from bookings.diary.free_times import span_of
from bookings.models import (
    Appointment,
    AppointmentRequest,
    Message,
    Note,
    OfferedTime,
    Person,
    PersonLink,
    Recall,
    RedFlag,
    RightsRequest,
)
from bookings.models.people import age_on
from bookings.status import (
    ENDED,
    PATIENT,
    WITH_APPOINTMENT,
    AppointmentStatus,
    OfferStatus,
    RecallStatus,
    RequestStatus,
    Verdict,
)
from procedures.ground.folding import has_same_words

MOST_MESSAGES = 10
# What a visit came to, in shape and word.
OUTCOMES = {
    AppointmentStatus.FULFILLED: "✓ Attended",
    AppointmentStatus.NOSHOW: "✕ Did not attend",
    AppointmentStatus.CANCELLED: "○ Cancelled",
}


class Line(NamedTuple):
    """A visit, or a request without one."""

    request: AppointmentRequest
    # When the visit is or was; without one, when the request ended.
    at: datetime | None
    outcome: str
    appointment: Appointment | None = None
    # Until when times are held for them.
    held_until: datetime | None = None
    # Whether the visit can still get another time.
    can_be_moved: bool = False


class Link(NamedTuple):
    """What a colleague said about this person and another."""

    said: PersonLink
    other: Person


def facts(person: Person, now: datetime) -> dict[str, Any]:
    """What there is to know about the person at that instant. They are a row that is shown."""
    theirs = AppointmentRequest.objects.of_person(person)
    requests: list[Any] = list(
        theirs.select_related("page", "person", "owner").annotate(asked_on=_asked_on())
    )
    appointments = list(
        Appointment.objects.filter(request__in=requests)
        .exclude(status=AppointmentStatus.MOVED)
        .select_related("clinician", "appointment_type", "room__location", "given__page")
    )
    by_pk = {request.pk: request for request in requests}
    for each in appointments:
        each.request = by_pk[each.request_id]
    said = identity.verdicts({person.pk, *(each.pk for each in person.joined.all())})
    links = _links(person, said.values())
    newest = person.newest
    flags = (
        RedFlag.objects.filter(request__in=requests)
        .select_related("answer__question", "request", "resolved_by")
        .order_by("-pk")
    )
    blocked = {flag.request_id for flag in flags if flag.is_blocking()}
    return {
        "person": person,
        "known": newest,
        "age": age_on(newest.date_of_birth, timezone.localdate(now)),
        "requests": requests,
        "to_come": _to_come(requests, appointments, blocked, now),
        "before": _before(requests, appointments, now),
        "follow_ups": sorted(
            (each for each in requests if each.asked_on), key=lambda each: each.asked_on
        ),
        "came": sum(each.status == AppointmentStatus.FULFILLED for each in appointments),
        "flags": flags,
        "notes": notes_about(person),
        "messages_sent": Message.objects.filter(request__in=requests)
        .select_related("request")
        .order_by("-pk")[:MOST_MESSAGES],
        "rights": records.seen(RightsRequest.objects.about(person), timezone.localdate(now)),
        "perhaps": identity.perhaps_same(person),
        "joined": [each for each in links if each.said.verdict == Verdict.SAME],
        "apart": [each for each in links if each.said.verdict == Verdict.NOT_SAME],
        "namesakes": _namesakes_today(person, now),
    }


def _asked_on() -> Subquery:
    """The day on which we ask the patient of a request about a follow-up, if one is planned."""
    planned = Recall.objects.filter(request=OuterRef("pk"), status=RecallStatus.PLANNED)
    return Subquery(planned.values("ask_due"))


def notes_about(person: Person) -> list[Note]:
    """The notes about a person, those that are pinned first, then the newest."""
    notes = Note.objects.about(person).select_related("written_by", "request")
    return sorted(notes, key=lambda note: not note.is_pinned)


def _to_come(
    requests: Iterable[AppointmentRequest],
    appointments: Iterable[Appointment],
    blocked: set[int],
    now: datetime,
) -> list[Line]:
    """What has not ended: visits by their time, then what still has none."""
    booked = {
        each.request_id: each for each in appointments if each.status == AppointmentStatus.BOOKED
    }
    held = _held(requests, now)
    lines = []
    for request in requests:
        state = request.state(now)
        if state in ENDED:
            continue
        appointment = booked.get(request.pk)
        first, until = held.get(request.pk, (None, None))
        at = appointment.starts if appointment else first
        said = appointment.presence if appointment else ""
        is_open = state in WITH_APPOINTMENT and request.pk not in blocked
        can_be_moved = is_open and appointment is not None and now < appointment.starts
        lines.append(
            Line(request, at, said or state.label, appointment, until, can_be_moved=can_be_moved)
        )
    return sorted(lines, key=lambda line: (line.at is None, line.at or line.request.received_at))


def _held(
    requests: Iterable[AppointmentRequest], now: datetime
) -> dict[int, tuple[datetime, datetime]]:
    """The first of the times that are held for each of these requests, and until when."""
    offered = {RequestStatus.OFFERED, RequestStatus.BOOKED_OFFERED}
    waiting = [each.pk for each in requests if each.state(now) in offered]
    if not waiting:
        return {}
    times = OfferedTime.objects.filter(offer__request__in=waiting, offer__status=OfferStatus.OPEN)
    first = times.values("offer__request").annotate(
        first=Min("starts"), until=Min("offer__held_until")
    )
    return {each["offer__request"]: (each["first"], each["until"]) for each in first}


def _before(
    requests: Iterable[AppointmentRequest], appointments: Iterable[Appointment], now: datetime
) -> list[Line]:
    """Visits that are over and requests that ended without one, the newest first."""
    over = [each for each in appointments if each.status in OUTCOMES]
    lines = [Line(each.request, each.starts, _outcome(each), each) for each in over]
    with_visit = {each.request_id for each in over}
    for request in requests:
        state = request.state(now)
        if state in ENDED and request.pk not in with_visit:
            lines.append(Line(request, request.ended_at or request.reply_due, state.label))
    return sorted(lines, key=lambda line: line.at or line.request.received_at, reverse=True)


def _outcome(appointment: Appointment) -> str:
    said = OUTCOMES[AppointmentStatus(appointment.status)]
    if appointment.status != AppointmentStatus.CANCELLED:
        return said
    return f"{said} by {'them' if appointment.ended_by == PATIENT else 'us'}"


def _links(person: Person, said: Iterable[PersonLink]) -> list[Link]:
    """What was said about this person and others, the newest first."""
    own = {person.pk, *(each.pk for each in person.joined.all())}
    newest_first = sorted(said, key=lambda each: each.pk, reverse=True)
    return [Link(each, each.one if each.other_id in own else each.other) for each in newest_first]


def _namesakes_today(person: Person, now: datetime) -> list[Appointment]:
    """Today's visits of other people with the same name."""
    today = span_of(timezone.localdate(now))
    coming = Appointment.objects.filter(starts__range=today, status__in=CAME_OR_COMES)
    return [
        each
        for each in coming.select_related("request__person").order_by("starts")
        if each.request.person.shown_as != person.pk
        and has_same_words(each.request.name, person.newest.name)
    ]
