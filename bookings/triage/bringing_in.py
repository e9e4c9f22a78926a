"""People and visits that come over from another system: written in one go, and taken back.

A visit is booked straight away, like one that was agreed on the phone; a person without one becomes a
request that is over. Nobody has asked them our safety questions, so all of them are asked before the
visit (`screening.questions_to_ask_again`); what follows from their age is decided like any other flag.
What we know of somebody already stays as it is: an old list is not newer than what they told us.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple

from django.contrib.auth.models import User
from django.db import transaction

from bookings import diary, journal, messages
from bookings.diary.desk_hours import answer_due
from bookings.diary.free_times import FreeTime
from bookings.models import AppointmentRequest, AppointmentType, Person
from bookings.status import (
    WITH_APPOINTMENT,
    AppointmentStatus,
    CancelledBy,
    MessageKind,
    OfferStatus,
    RequestStatus,
)
from bookings.status.events import Event
from bookings.triage import search_keys
from bookings.triage.receiving import Submission, unwritten
from bookings.triage.safety import keep_answers_of
from bookings.triage.transitions import one_change, transition
from bookings.triage.visits import OFF_THE_LIST, given_text
from procedures.ground.batches import in_parts
from procedures.models import Clinician

# A database takes only so many values in one question.
PEOPLE_AT_ONCE = 400


class Visit(NamedTuple):
    """A visit at a time that was found free."""

    appointment_type: AppointmentType
    clinician: Clinician
    time: FreeTime


class Arrival(NamedTuple):
    """Somebody who comes over, and their visit if they have one."""

    submission: Submission
    # Tells it from every other arrival there ever was.
    key: str
    visit: Visit | None
    # Who they are here; None if we do not know them. Those with the same `newcomer` are one person.
    person: Person | None
    newcomer: str


def bring_in(
    arrivals: Sequence[Arrival], *, by: User, now: datetime, tells: bool, of: int
) -> list[AppointmentRequest]:
    """Write all of them, or none. Raises TimeTaken if one of the times is no longer free.

    With `tells`, each patient with a visit gets the letter that confirms it. `of` is the number of the
    import, for the journals.
    """
    with transaction.atomic():
        people = _people(arrivals, by=by, now=now)
        due = answer_due(now)
        made = [
            _request(each, person, by=by, now=now, due=due)
            for each, person in zip(arrivals, people, strict=True)
        ]
        requests = AppointmentRequest.objects.bulk_create(made)
        visits = [
            diary.Planned(request, *each.visit)
            for each, request in zip(arrivals, requests, strict=True)
            if each.visit
        ]
        booked = [each.request for each in visits]
        gone = [each for each in requests if each.status == RequestStatus.CLOSED]
        journal.begin_each(booked, Event.VISIT_BROUGHT_IN, by=by, at=now, of=of)
        journal.begin_each(gone, Event.PERSON_BROUGHT_IN, by=by, at=now, of=of)
        for part in in_parts(sorted({each.pk for each in people}), PEOPLE_AT_ONCE):
            search_keys.keep(part)
        if visits:
            given = given_text(booked[0], now)
            diary.book_each(visits, by=by.get_username(), now=now, given=given)
        answers = [
            (request, answer, answer.is_flagged)
            for each, request in zip(arrivals, requests, strict=True)
            for answer in each.submission.answers
        ]
        keep_answers_of(answers, by=by.get_username(), now=now)
        for request in booked:
            _tell(request, tells=tells, by=by, now=now)
    return requests


def undo_bringing_in(request: AppointmentRequest, *, by: journal.Actor, now: datetime) -> None:
    """Take a request back that was brought in: its visit is cancelled, and nobody is told.

    Raises Overtaken if the request has changed since it was read.
    """
    actor = journal.actor_name(by)
    with one_change(request):
        if request.status not in WITH_APPOINTMENT:
            journal.record(request, Event.IMPORT_UNDONE, by=by, at=now)
            return
        appointment = request.appointments.get(status=AppointmentStatus.BOOKED)
        transition(
            request,
            RequestStatus.CLOSED,
            only_from=WITH_APPOINTMENT,
            version=request.version,
            by=by,
            now=now,
            kind=Event.IMPORT_UNDONE,
            ended_at=now,
            ended_by=actor,
            **OFF_THE_LIST,
        )
        diary.release(request, OfferStatus.RELEASED, by=actor, now=now)
        status = AppointmentStatus.CANCELLED
        diary.end(appointment, status, by=actor, now=now, cancelled_by=CancelledBy.CLINIC)


def _people(arrivals: Sequence[Arrival], *, by: User, now: datetime) -> list[Person]:
    """The person of each arrival. Those whom we know are locked, because they get new search keys."""
    known = sorted({each.person.pk for each in arrivals if each.person})
    for part in in_parts(known, PEOPLE_AT_ONCE):
        list(Person.objects.filter(pk__in=part).order_by("pk").select_for_update(no_key=True))
    first = {each.newcomer: each.submission for each in reversed(arrivals) if not each.person}
    made = Person.objects.bulk_create(
        Person(
            name=said.name,
            date_of_birth=said.date_of_birth,
            email=said.email,
            phone=said.phone,
            known_at=now,
            known_by=by.get_username(),
        )
        for said in first.values()
    )
    newcomers = dict(zip(first, made, strict=True))
    return [each.person or newcomers[each.newcomer] for each in arrivals]


def _request(
    arrival: Arrival, person: Person, *, by: User, now: datetime, due: datetime
) -> AppointmentRequest:
    request = unwritten(arrival.submission, key=arrival.key, by=by, now=now, due=due)
    request.person, request.language = person, person.language
    request.status = RequestStatus.BOOKED
    if arrival.visit is None:
        request.status = RequestStatus.CLOSED
        request.ended_at, request.ended_by = now, by.get_username()
    elif any(given.is_flagged for given in arrival.submission.answers):
        request.status = RequestStatus.BOOKED_IN_REVIEW
        request.answer_due = min(request.answer_due, arrival.visit.time.starts)
    return request


def _tell(request: AppointmentRequest, *, tells: bool, by: User, now: datetime) -> None:
    """Confirm the visit if that is wanted, and tell our inbox of one that a clinician has to look at."""
    if tells:
        actor = by.get_username()
        messages.queue(request, MessageKind.BOOKED, by=actor, now=now, on_the_phone=True)
    if request.status == RequestStatus.BOOKED_IN_REVIEW:
        messages.notify_clinic(request, now=now)
