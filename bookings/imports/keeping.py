"""The steps of an import that write: uploaded, understood, brought in, undone, deleted.

What a file says is kept in the import's row: at most a day, and only until it is brought in.
"""

from collections.abc import Collection, Mapping
from datetime import datetime, timedelta
from time import monotonic
from typing import NamedTuple

from django.contrib.auth.models import User
from django.db import transaction
from django.db.models import Exists, OuterRef, QuerySet

from bookings import diary, records, triage
from bookings.imports.columns import Column, guessed
from bookings.imports.fates import digest, fates
from bookings.imports.files import read
from bookings.models import (
    Appointment,
    AppointmentRequest,
    BroughtIn,
    Import,
    Message,
    Note,
    PersonEvent,
    RequestEvent,
    RightsRequest,
)
from bookings.status import PersonAct, TriageRefused
from bookings.status.events import SHOWN, Event, told_colleague
from procedures.models import Clinician

KEPT_FOR = timedelta(days=1)
# How long somebody who presses “Undo” waits; the worker goes on, as long each time.
SECONDS_FOR_UNDOING = 10
MOST_NAMED = 200
GONE = "This import is no longer here: it was brought in, or its day is over."


class Stays(NamedTuple):
    """A request that was brought in and is not taken back, because something has happened since."""

    request: AppointmentRequest
    why: str


def upload(content: bytes, *, by: User, now: datetime) -> Import:
    """Keep what a file says, with a guess at its columns. Raises Unreadable."""
    table = read(content)
    return Import.objects.create(
        headings=table.headings,
        lines=table.lines,
        columns=guessed(table.headings),
        kept_until=now + KEPT_FOR,
        uploaded_at=now,
        uploaded_by=by.get_username(),
    )


def understand(this: Import, now: datetime, **said: object) -> None:
    """Keep what a manager said about the columns, the order of dates, or the names."""
    if not _open(now).filter(pk=this.pk).update(**said):
        raise TriageRefused(GONE)
    this.refresh_from_db()
    chosen: Mapping[str, str] = this.values.get(Column.CLINICIAN, {})
    # What cannot be claimed would seem to be free.
    for clinician in Clinician.objects.filter(pk__in=[each for each in chosen.values() if each]):
        diary.resource_of(clinician)


def drop(this: Import) -> None:
    """Delete an import that was not brought in, with everything that the file said."""
    Import.objects.filter(pk=this.pk, brought_in_at=None).delete()


def forget_past(now: datetime) -> int:
    """Delete the imports whose day is over; how many."""
    return Import.objects.filter(brought_in_at=None, kept_until__lte=now).delete()[0]


def is_open(this: Import, now: datetime) -> bool:
    """Whether it can still be brought in."""
    return this.brought_in_at is None and now < this.kept_until


def bring_in(
    this: Import, *, seen: str, left_out: Collection[str], tells: bool, by: User, now: datetime
) -> Import:
    """Bring every row in that is not refused. All of them, or none.

    `seen` is the digest of the fates that the manager saw, `left_out` are the kinds of refusal whose
    rows they leave out. With `tells` each patient gets the letter that confirms the visit. Raises
    TriageRefused if a row is refused and not left out, and TimeTaken if somebody else was faster.
    """
    found = fates(this, now)
    if digest(found) != seen:
        raise TriageRefused("Something has changed since you looked. Look at the rows again.")
    if any(each.why and each.why not in left_out for each in found):
        raise TriageRefused(
            "Some rows are refused, so nothing was brought in. Tick that you leave them out, or correct "
            "the file and upload it again."
        )
    arrivals = [each.arrival for each in found if each.arrival]
    if not arrivals:
        raise TriageRefused("No row is left to bring in.")
    visits = sum(1 for each in arrivals if each.visit)
    with transaction.atomic():
        ours = (
            _open(now)
            .filter(pk=this.pk)
            .update(
                headings=[],
                lines=[],
                values={},
                visits=visits,
                people=len(arrivals) - visits,
                left_out=len(found) - len(arrivals),
                brought_in_at=now,
                brought_in_by=by.get_username(),
            )
        )
        if not ours:
            raise TriageRefused(GONE)
        made = triage.bring_in(arrivals, by=by, now=now, tells=tells, of=this.pk)
        BroughtIn.objects.bulk_create(BroughtIn(of=this, request=each) for each in made)
    this.refresh_from_db()
    return this


def undo(this: Import, *, by: User, now: datetime) -> None:
    """Take back every request of the import that nobody has touched, and erase what it said.

    Each is a transaction of its own, because others stay whatever becomes of this one. What takes
    longer than somebody waits is left to the worker (`go_on_undoing`).
    """
    first = Import.objects.filter(pk=this.pk, undone_at=None, brought_in_at__isnull=False)
    first.update(undone_at=now, undone_by=by.get_username(), is_being_undone=True)
    this.refresh_from_db()
    if this.is_being_undone:
        _go_on(this, now)


def go_on_undoing(now: datetime) -> int:
    """The worker's duty: go on with what was not finished; how many requests were taken back."""
    return sum(_go_on(this, now) for this in Import.objects.filter(is_being_undone=True))


def stays(this: Import, now: datetime) -> list[Stays]:
    """The first requests that an undo did not take back, each with what has happened to it."""
    if this.undone_at is None or this.is_being_undone:
        return []
    made = _made(this).select_related("person").order_by("pk")
    return [Stays(each, _why(each, now)) for each in made[:MOST_NAMED]]


def _go_on(this: Import, now: datetime) -> int:
    """Take back what can be, for a while; how many."""
    deadline, taken_back = monotonic() + SECONDS_FOR_UNDOING, 0
    for pk in list(_untouched(this, now).values_list("pk", flat=True)):
        if monotonic() > deadline:
            return taken_back
        taken_back += _take_back(this, pk, now=now)
    Import.objects.filter(pk=this.pk).update(is_being_undone=False)
    this.refresh_from_db()
    return taken_back


def _open(now: datetime) -> QuerySet[Import]:
    return Import.objects.filter(brought_in_at=None, kept_until__gt=now)


def _made(this: Import) -> QuerySet[AppointmentRequest]:
    return AppointmentRequest.objects.filter(brought_in__of=this, brought_in__is_undone=False)


def _untouched(this: Import, now: datetime) -> QuerySet[AppointmentRequest]:
    """The requests of an import with which nothing has happened but that somebody looked at them.

    Nothing: no later event, no letter that left, no visit that began, no word about the person since.
    """
    later = _later_events().filter(request=OuterRef("pk"))
    tried = Message.objects.filter(request=OuterRef("pk"), tries__gt=0)
    begun = Appointment.objects.filter(request=OuterRef("pk"), starts__lte=now)
    about = {"person": OuterRef("person")}
    noted = Note.objects.filter(**about, written_at__gte=OuterRef("received_at"))
    decided = PersonEvent.objects.filter(**about, done_at__gte=OuterRef("received_at"))
    asked = RightsRequest.objects.filter(**about, noted_at__gte=OuterRef("received_at"))
    return _made(this).filter(
        *(~Exists(each) for each in (later, tried, begun, noted, decided, asked)), emptied_at=None
    )


def _later_events() -> QuerySet[RequestEvent]:
    own = (Event.VISIT_BROUGHT_IN, Event.PERSON_BROUGHT_IN)
    return RequestEvent.objects.exclude(kind__in=[*SHOWN, *own])


def _why(request: AppointmentRequest, now: datetime) -> str:
    last = _later_events().filter(request=request).order_by("-number").first()
    if last:
        return f"Since then, {last.by} {told_colleague(last.kind, last.by)}."
    if request.appointments.filter(starts__lte=now).exists():
        return "The visit has begun."
    if request.messages.filter(tries__gt=0).exists():
        return "A message about it has gone to the patient."
    if records.is_held(request.person):
        return "There is a legal hold on this person."
    if records.is_kept_for_answer(request.person):
        return "This person waits for an answer about their data."
    return "A colleague has noted or decided something about this person since."


def _take_back(this: Import, pk: int, *, now: datetime) -> int:
    """Take one request back, unless something has happened with it in the meantime; how many."""
    by = str(this.undone_by)
    with transaction.atomic():
        # The row that every event counts itself on: whatever happens now comes before this or after it.
        row = AppointmentRequest.objects.select_for_update(no_key=True).get(pk=pk)
        records.lock(row.person)
        is_kept = records.is_held(row.person) or records.is_kept_for_answer(row.person)
        if is_kept or not _untouched(this, now).filter(pk=pk).exists():
            return 0
        triage.undo_bringing_in(row, by=by, now=now)
        records.empty_request(row, by=by, now=now)
        rows = records.rows_of(row.person)
        others = AppointmentRequest.objects.filter(person__in=rows, emptied_at=None)
        if rows == [row.person_id] and not others.exists():
            records.empty_people(rows, PersonAct.EMPTIED, by=by, now=now)
        BroughtIn.objects.filter(request=pk).update(is_undone=True)
    return 1
