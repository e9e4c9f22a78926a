"""What happened to a request, as one time line: its journal, messages, calls and questions."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from django.contrib.auth.models import User
from django.utils import timezone

from bookings.desk.message_words import message_in_words
from bookings.desk.opened import said_why
from bookings.models import AppointmentRequest, Offer, RequestEvent
from bookings.status import CLOCK, FlagOutcome, WhyRenamed
from bookings.status.events import AFTER_ALL, CALLS, SHOWN, Event, told_colleague
from procedures.ground.people import shown_name

# What the time line can be narrowed to, with the words of the links.
STEPS, MESSAGES, LOOKS = "steps", "messages", "looks"
PARTS = {STEPS: "All steps", MESSAGES: "Messages", LOOKS: "Looks"}
# What is a call, whatever came of it.
PHONED = (*CALLS.values(), Event.LEFT_MESSAGE)
OFFERED = (Event.OFFERED, Event.OFFERED_OTHERS, Event.OFFERED_EARLIER)
MARKS = {
    **dict.fromkeys(PHONED, "☎"),
    Event.ASKED: "?",
    Event.ANSWERED: "?",
    Event.FLAG_RESOLVED: "✓",
    **dict.fromkeys(OFFERED, "◇"),
    Event.ATTENDED: "✓",
    Event.DID_NOT_COME: "✕",
    Event.CANCELLED: "✕",
    Event.CANCELLED_FOR_PATIENT: "✕",
    Event.DECLINED: "✕",
    **dict.fromkeys(AFTER_ALL, "↺"),
}
# Events that a colleague would put in other words than the journal, which keeps its own.
SAID: dict[str, str] = {
    Event.JOINED_EARLIER_LIST: "joined the cancellation list",
    Event.LEFT_EARLIER_LIST: "left the cancellation list",
    Event.ATTENDED: "recorded that the patient attended",
    Event.DID_NOT_COME: "recorded that the patient did not attend",
}
# By the event and its moment: the verb that writes the event writes the row beside it.
ByMoment = dict[tuple[str, datetime], str]
MESSAGE, STEP, LOOK = "✉", "○", "·"


class Entry(NamedTuple):
    """One line. What people typed is in `words`; `what` is ours."""

    at: datetime
    mark: str
    who: str
    what: str
    words: str = ""
    outcome: str = ""
    is_lost: bool = False


def time_line(
    record: AppointmentRequest, events: Sequence[RequestEvent], *, reads_answers: bool
) -> dict[str, list[Entry]]:
    """The lines of each part, the newest first, as the events are. After `request_page.prepare`.

    Why a clinician decided as they did is only for who may read the answers about health.
    """
    names = _names(events)
    seen = [event for event in events if event.kind in SHOWN]
    # The journal says which other tables have something about this request.
    kinds = {event.kind for event in events}
    typed, ours = _typed(record, kinds), _times(record)
    if reads_answers:
        typed |= _reasons(record)
    steps = [_step(event, names, typed, ours) for event in events if event.kind not in {*SHOWN}]
    messages = [_message(each, names) for each in record.messages.all()]
    return {
        STEPS: sorted([*steps, *messages], key=lambda entry: entry.at, reverse=True),
        MESSAGES: sorted(messages, key=lambda entry: entry.at, reverse=True),
        LOOKS: _looks(seen, names),
    }


def _names(events: Iterable[Any]) -> dict[str, str]:
    names = {event.by: event.by_whom for event in events if event.by_whom}
    others = {to for event in events if (to := event.detail.get("to"))} - names.keys()
    people = User.objects.filter(username__in=others) if others else ()
    names[CLOCK] = "Automatically"
    return names | {person.username: shown_name(person) for person in people}


def _step(event: RequestEvent, names: Mapping[str, str], typed: ByMoment, ours: ByMoment) -> Entry:
    moment = (event.kind, event.at)
    more = _chosen(event) or ours.get(moment, "")
    said = f": {more}" if more else ""
    told = told_colleague(event.kind, event.by)
    if to := event.detail.get("to"):
        said += f" to {names.get(to, to)}"
    return Entry(
        event.at,
        MARKS.get(Event(event.kind), STEP) if event.kind in list(Event) else STEP,
        names.get(event.by, event.by.capitalize()),
        f"{SAID.get(told, told)}{said}",
        typed.get(moment, ""),
    )


def _chosen(event: RequestEvent) -> str:
    """What a colleague chose from a list in a step."""
    if outcome := event.detail.get("outcome"):
        return FlagOutcome(outcome).label.lower()
    because = event.detail.get("because")
    return WhyRenamed(because).label.lower() if because else ""


def _message(message: Any, names: Mapping[str, str]) -> Entry:
    said = message_in_words(message, names)
    at = message.sent_at or message.queued_at
    return Entry(at, MESSAGE, "", said.what, outcome=said.outcome, is_lost=said.is_lost)


def _looks(events: Iterable[RequestEvent], names: Mapping[str, str]) -> list[Entry]:
    """Consecutive looks by one person are one line, at the time of the last of them."""
    rows: list[tuple[Entry, int]] = []
    for event in events:
        what = said_why(event.kind, event)
        entry = Entry(event.at, LOOK, names.get(event.by, event.by), what)
        if rows and rows[-1][0][1:] == entry[1:]:
            rows[-1] = (rows[-1][0], rows[-1][1] + 1)
        else:
            rows.append((entry, 1))
    return [
        entry._replace(outcome=f"{times} times") if times > 1 else entry for entry, times in rows
    ]


def _typed(record: AppointmentRequest, kinds: set[str]) -> ByMoment:
    """What somebody wrote in a step."""
    words: ByMoment = {}
    for call in record.calls.all() if kinds & {*PHONED} else ():
        words |= {(kind, call.made_at): call.note for kind in PHONED}
    for question in record.questions.all() if Event.ASKED in kinds else ():
        words[Event.ASKED, question.asked_at] = question.text
        if question.answered_at:
            words[Event.ANSWERED, question.answered_at] = question.answer
    for text in record.text_replies.all() if Event.TEXTED in kinds else ():
        words[Event.TEXTED, text.came] = text.said
    return words


def _reasons(record: AppointmentRequest) -> ByMoment:
    """Why a clinician decided so about a flag."""
    return {
        (Event.FLAG_RESOLVED, each.recorded_at): each.reason
        for flag in record.flags.all()
        for each in flag.outcomes.all()
    }


def _times(record: AppointmentRequest) -> ByMoment:
    """What was offered or booked in a step."""
    words: ByMoment = {}
    for offer in record.offers.all():
        words |= {(kind, offer.made_at): _offered(offer) for kind in OFFERED}
    for appointment in record.appointments.all():
        said = f"{_moment(appointment.starts)} with {appointment.clinician.name}"
        words[Event.BOOKED, appointment.booked_at] = said
        words[Event.MOVED, appointment.booked_at] = said
    return words


def _offered(offer: Offer) -> str:
    times = ", ".join(_moment(each.starts) for each in offer.times.all())
    return f"{times} with {offer.clinician.name} ({offer.get_status_display().lower()})"


def _moment(instant: datetime) -> str:
    return f"{timezone.localtime(instant):%a %-d %b, %-H:%M}"
