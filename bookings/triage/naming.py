"""What a patient is called, and who asks for them: what we have wrong is corrected.

A name is corrected wherever the patient is known by it; who asks, on the one request.
"""

from datetime import datetime

from django.contrib.auth.models import User
from django.db.models import F

from bookings import journal
from bookings.links import is_alive
from bookings.models import AppointmentRequest, Person
from bookings.status import CARER_RIGHT_IN_WORDS, CarerRight, TriageRefused, WhyRenamed
from bookings.status.events import Event
from bookings.triage import search_keys
from bookings.triage.notes import write_note
from bookings.triage.transitions import after_the_clock, keep, one_change
from procedures.ground.folding import has_same_words

ERASED = "What this request said about the patient was erased."


def correct_name(
    request: AppointmentRequest, *, version: int, name: str, because: str, by: User, now: datetime
) -> list[AppointmentRequest]:
    """Correct the patient's name, here and wherever else they are known by the old one.

    One that we had wrong was never theirs, so each of their requests with it follows. After a change of
    name those that are over keep the name that they were made under. A note keeps what the name was;
    the journals keep why it was corrected. Returns the requests that have changed.
    """
    with one_change(request):
        if request.emptied_at:
            raise TriageRefused(ERASED)
        version = after_the_clock(request, version, now=now)
        wrong, why = request.name, WhyRenamed(because)
        others = _others_named_so(request, why, now)
        for each in sorted([request, *others], key=lambda row: row.pk):
            keep(each, version=version if each == request else each.version, name=name)
            journal.record(each, Event.NAME_CORRECTED, by=by, at=now, because=why.value)
        _rename(request.person, wrong, name, by=by, now=now)
        said = f"Until now the name here was “{wrong}”. {why.label}."
        write_note(request, text=said, pinned=False, by=by, now=now)
    return [request, *others]


def correct_carer(
    request: AppointmentRequest,
    *,
    version: int,
    carer_name: str,
    carer_right: str,
    by: User,
    now: datetime,
) -> AppointmentRequest:
    """Correct who asks for the patient on this request; both are empty for the patient themselves.

    Their other requests keep who asked then. A note keeps who it was here.
    """
    with one_change(request):
        if request.emptied_at:
            raise TriageRefused(ERASED)
        version, who = after_the_clock(request, version, now=now), _who_asks(request)
        keep(request, version=version, carer_name=carer_name, carer_right=carer_right)
        journal.record(request, Event.CARER_CORRECTED, by=by, at=now)
        # Locked, as what they are found by is worked out from all of their requests.
        person = Person.objects.select_for_update(no_key=True).get(pk=request.person_id)
        search_keys.keep([person.pk])
        write_note(request, text=f"Until now {who}.", pinned=False, by=by, now=now)
    return request


def _who_asks(request: AppointmentRequest) -> str:
    if not request.carer_name:
        return "the patient asked for themselves"
    right = CARER_RIGHT_IN_WORDS[CarerRight(request.carer_right)]
    return f"“{request.carer_name}” asked for the patient: {right}"


def _others_named_so(
    request: AppointmentRequest, why: WhyRenamed, now: datetime
) -> list[AppointmentRequest]:
    """The person's other requests under the same name that have to follow."""
    theirs = AppointmentRequest.objects.of_person(request.person).filter(emptied_at=None)
    return [
        each
        for each in theirs.exclude(pk=request.pk)
        if has_same_words(each.name, request.name)
        and (why == WhyRenamed.NOTED_WRONGLY or is_alive(each, now))
    ]


def _rename(person: Person, wrong: str, name: str, *, by: User, now: datetime) -> None:
    """Correct the name in what we know of the person, on each row that has the wrong one.

    How they are reached is no newer than before, so `known_at` stays.
    """
    rows = Person.objects.one_with(person).filter(emptied_at=None).order_by("pk")
    named_so = [row.pk for row in rows if has_same_words(row.name, wrong)]
    Person.objects.filter(pk__in=named_so).update(
        name=name, version=F("version") + 1, changed_at=now, changed_by=by.get_username()
    )
    search_keys.keep([row.pk for row in rows])
