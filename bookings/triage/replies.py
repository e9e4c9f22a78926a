"""What patients text us, and what becomes of it.

| what they text | if it names one visit to come                 | otherwise                          |
|----------------|-----------------------------------------------|------------------------------------|
| STOP, START    | no more texts go to that number, or they do again (whomever it belongs to)         |
| YES            | the visit is confirmed                        | a colleague reads it               |
| CANCEL         | it is cancelled as on the private page        | a colleague reads it, or they are  |
|                |                                               | told that it is cancelled already  |
| UNDO           | what they cancelled in the last hour is back  | a colleague reads it               |
| anything else  | a colleague reads it, first if it has a word of alarm                              |

Which visit it is follows from the number and from the reminder that went there, never from a name. A
number that belongs to several people, two visits that were asked about, and a time that is too near
are all reasons for a colleague.
"""

from collections import defaultdict
from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import NamedTuple

from django.contrib.auth.models import User
from django.db import transaction
from django.db.models import QuerySet

from bookings import diary, journal, messages
from bookings.messages.segments import segments
from bookings.messages.still_true import is_still_true
from bookings.models import Appointment, AppointmentRequest, Message, Person, TextReply
from bookings.status import (
    ENDED,
    PATIENT,
    AppointmentStatus,
    Channel,
    Meant,
    MessageKind,
    MessageStatus,
    Overtaken,
    TextAnswer,
    TriageRefused,
)
from bookings.status.events import Event
from bookings.status.texting import is_alarming, meant_by
from bookings.triage.giving_back import undo_giving_back
from bookings.triage.transitions import one_change
from bookings.triage.visits import booked_appointment, cancel
from procedures.ground.phones import as_stored

# Whoever texts several times is told once that texts are not read straight away.
BETWEEN_NOTICES = timedelta(days=1)
NOT_ONE = "Not exactly one visit."
DONE_ALREADY = "Somebody has just seen to this text."
CALL_FIRST = (
    "This text sounds like an emergency. Phone the patient, and record the call on their request."
)
PHONE_FIRST = (
    "This text sounds like an emergency. Phone this number first, then tick “I have phoned this "
    "number”."
)


class Heard(NamedTuple):
    """A text as the gateway hands it on. Delivered again, it has the same name."""

    gateway_id: str
    number: str
    said: str
    # What the gateway itself has taken it for, and answered; None if it only hands it on.
    taken_as: Meant | None = None


def hear(heard: Heard, *, now: datetime) -> TextReply:
    """Take in a text from somebody, and do what it asks; once, however often it is delivered.

    Two deliveries at the same moment come one after the other, because the first row with that name
    makes the second wait. The answer to a repeated one is the same.
    """
    with transaction.atomic():
        reply, is_new = _kept(heard, now)
        if is_new:
            _act(reply, heard, now)
    return reply


def needs_call(reply: TextReply, people: int) -> bool:
    """Whether only a call on their request sees to it: a word of alarm from one person whom we know.

    Where several people have the number, the request is a guess, and a call to it would say that
    somebody else was told their news.
    """
    return reply.alarming and reply.request_id is not None and people <= 1


def see_to_text(reply: TextReply, *, by: User, now: datetime, phoned: bool = False) -> TextReply:
    """Record that a colleague saw to a text. Raises Overtaken if somebody just has.

    A text with a word of alarm is seen to by a recorded call. To a number that we do not know, or that
    several people have, no call can be recorded, so the colleague says that they phoned. Otherwise it
    raises TriageRefused.
    """
    with transaction.atomic():
        if not TextReply.objects.to_see().filter(pk=reply.pk).update(seen_at=now, seen_by=by):
            raise Overtaken(DONE_ALREADY)
        if needs_call(reply, len(people_with([reply.number])[reply.number])):
            raise TriageRefused(CALL_FIRST)
        if reply.alarming and not phoned:
            raise TriageRefused(PHONE_FIRST)
        if reply.request:
            journal.record(reply.request, Event.TEXT_SEEN, by=by, at=now)
    reply.refresh_from_db()
    return reply


def see_to_texts_of(request: AppointmentRequest, *, up_to: int, by: User, now: datetime) -> None:
    """Record that a colleague spoke with the patient about their texts, up to the last they saw."""
    of_request = TextReply.objects.to_see().filter(request=request, pk__lte=up_to)
    of_request.update(seen_at=now, seen_by=by)


def people_with(numbers: Iterable[str]) -> dict[str, set[int]]:
    """The rows under which the people are shown who have each number, now or on a request."""
    spelled = {spelling: number for number in numbers for spelling in as_stored(number)}
    people = Person.objects.filter(phone__in=spelled, emptied_at=None)
    requests = AppointmentRequest.objects.filter(phone__in=spelled, emptied_at=None)
    known = requests.filter(person__emptied_at=None)
    found: defaultdict[str, set[int]] = defaultdict(set)
    for phone, person, joined_to in (
        *people.values_list("phone", "pk", "joined_to"),
        *known.values_list("phone", "person", "person__joined_to"),
    ):
        found[spelled[str(phone)]].add(joined_to or person)
    return found


def _kept(heard: Heard, now: datetime) -> tuple[TextReply, bool]:
    words = meant_by(heard.said)
    meant = heard.taken_as if words == Meant.OTHER and heard.taken_as else words
    return TextReply.objects.get_or_create(
        gateway_id=heard.gateway_id,
        defaults={
            "number": heard.number,
            "request": _about(heard.number),
            "said": heard.said,
            "meant": meant,
            "alarming": is_alarming(heard.said),
            "stops": STOPS.get(meant if heard.taken_as not in STOPS else heard.taken_as),
            "came": now,
        },
    )


def _act(reply: TextReply, heard: Heard, now: datetime) -> None:
    """Do what it asks, or leave it to the desk. Nothing that is refused is lost."""
    if reply.stops is not None:
        _note_stop(reply, now)
    if reply.meant in ABOUT_TEXTS:
        _answer(reply, "" if heard.taken_as else ABOUT_TEXTS[Meant(reply.meant)])
        return
    verb = VERBS.get(Meant(reply.meant))
    try:
        if verb is None:
            raise TriageRefused(NOT_ONE)
        with transaction.atomic():
            _answer(reply, verb(reply, now))
    except TriageRefused:
        _leave_to_desk(reply, now, is_answered=heard.taken_as == Meant.OTHER)


def _confirm(reply: TextReply, now: datetime) -> str:
    request = _asked_about(reply.number, now)
    with one_change(request):
        # The event locks the row. A colleague may have cancelled the visit until now.
        journal.record(request, Event.CONFIRMED, by=PATIENT, at=now)
        request.refresh_from_db()
        visit = booked_appointment(request)
        if visit is None:
            raise TriageRefused(NOT_ONE)
        diary.note_presence(visit, confirmed_at=now, confirmed_by=PATIENT)
    return TextAnswer.CONFIRMED


def _cancel(reply: TextReply, now: datetime) -> str:
    """Cancel it as on the private page. The text about that is the answer, or else that it is already.

    The version is the one at which the reminder was found to be true: whoever moves the visit
    meanwhile makes this refuse.
    """
    cancelled = _cancelled_before(reply.number, now)
    request = _the_one(reply.number, cancelled) if cancelled else _asked_about(reply.number, now)
    journal.record(request, Event.TEXTED, by=PATIENT, at=now)
    # The event locks the row. Somebody may have cancelled the visit until now.
    if request in _cancelled_before(reply.number, now):
        return TextAnswer.CANCELLED
    cancel(request, version=request.version, by=PATIENT, now=now)
    return ""


def _undo(reply: TextReply, now: datetime) -> str:
    kept = {"appointments__kept_until__gt": now}
    request = _the_one(reply.number, _requests_of(reply.number).filter(**kept).distinct())
    journal.record(request, Event.TEXTED, by=PATIENT, at=now)
    undo_giving_back(request, version=request.version, by=PATIENT, now=now)
    return TextAnswer.KEPT


VERBS = {Meant.YES: _confirm, Meant.CANCEL: _cancel, Meant.UNDO: _undo}
STOPS = {Meant.STOP: True, Meant.START: False}
ABOUT_TEXTS = {Meant.STOP: TextAnswer.STOPPED, Meant.START: TextAnswer.STARTED}


def _asked_about(number: str, now: datetime) -> AppointmentRequest:
    """The one request about whose visit a reminder went to this number, if that is still true.

    Raises TriageRefused if there is none, if there are several, or if the number has several people.
    """
    asked = _texts_to(number).filter(kind=MessageKind.REMINDER)
    true = [each.request for each in asked.order_by("pk") if is_still_true(each, now)]
    return _the_one(number, true)


def _cancelled_before(number: str, now: datetime) -> list[AppointmentRequest]:
    """The requests about which a reminder went to this number, and whose visit is cancelled since.

    None as long as the number has an open request: they may mean that one.
    """
    if _requests_of(number).exclude(status__in=sorted(ENDED)).exists():
        return []
    mine = Appointment.objects.filter(request__in=_requests_of(number), starts__gt=now)
    asked = _texts_to(number).filter(kind=MessageKind.REMINDER).values("request")
    cancelled = mine.filter(status=AppointmentStatus.CANCELLED, request__in=asked)
    return [each.request for each in cancelled.select_related("request")]


def _the_one(number: str, found: Iterable[AppointmentRequest]) -> AppointmentRequest:
    """The request that a text is about.

    Raises TriageRefused if there is none, if there are several, or if the number has several people.
    """
    by_number = {request.pk: request for request in found}
    if len(by_number) != 1 or len(people_with([number])[number]) != 1:
        raise TriageRefused(NOT_ONE)
    return by_number.popitem()[1]


def _requests_of(number: str) -> QuerySet[AppointmentRequest]:
    return AppointmentRequest.objects.filter(phone__in=as_stored(number), emptied_at=None)


def _texts_to(number: str) -> QuerySet[Message]:
    """The texts that went to this number, about requests that still have it."""
    rows = Message.objects.filter(
        request__in=_requests_of(number),
        channel=Channel.TEXT,
        status=MessageStatus.SENT,
        sent_to=number,
    )
    return rows.select_related("request", "repeats").prefetch_related("request__appointments")


def _about(number: str) -> AppointmentRequest | None:
    """What our last text to this number was about, or else the last request with the number."""
    last = _texts_to(number).order_by("-pk").first()
    return last.request if last else _requests_of(number).order_by("-received_at", "-pk").first()


def _note_stop(reply: TextReply, now: datetime) -> None:
    """Write it into the journal of everything that is open and has the number."""
    event = Event.TEXTS_STOPPED if reply.stops else Event.TEXTS_STARTED
    about = {each.pk: each for each in _requests_of(reply.number).filter(ended_at=None)}
    if reply.request:
        about.setdefault(reply.request.pk, reply.request)
    for _, request in sorted(about.items()):
        journal.record(request, event, by=PATIENT, at=now)


def _leave_to_desk(reply: TextReply, now: datetime, *, is_answered: bool) -> None:
    """Make it a task, and say what happens next unless the gateway has answered."""
    reply.for_desk = True
    if reply.request:
        journal.record(reply.request, Event.TEXTED, by=PATIENT, at=now)
    if reply.meant != Meant.OTHER:
        _answer(reply, TextAnswer.TO_DESK)
        return
    told = TextReply.objects.filter(
        number=reply.number, answered=TextAnswer.NOT_READ, came__gt=now - BETWEEN_NOTICES
    )
    _answer(reply, "" if is_answered or told.exists() else TextAnswer.NOT_READ)


def _answer(reply: TextReply, answered: str) -> None:
    """Keep what we say, unless they want no texts and it is not about that."""
    is_unwanted = answered not in {"", *ABOUT_TEXTS.values()}
    if is_unwanted and TextReply.objects.has_stopped(reply.number):
        answered = ""
    reply.answered = answered
    reply.segments = segments(messages.answer_to(reply))
    reply.save(update_fields=["answered", "for_desk", "segments"])
