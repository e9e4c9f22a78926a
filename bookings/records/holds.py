"""The legal hold: whose records are kept whatever else is decided, and why."""

from datetime import datetime

from django.contrib.auth.models import User
from django.db import transaction
from django.db.models import OuterRef, QuerySet, Subquery

from bookings.models import Person, PersonEvent
from bookings.records.emptying import is_anything_left
from bookings.records.walking import rows_of
from bookings.status import PersonAct, TriageRefused


def hold(person: Person, *, reason: str, by: User, now: datetime) -> PersonEvent:
    """Keep everything about the person from now on: nothing of it is emptied or erased."""
    with transaction.atomic():
        lock(person)
        if is_held(person):
            raise TriageRefused("There is a legal hold on this person already.")
        if not is_anything_left(person):
            raise TriageRefused(
                "What we held about this person was erased. There is nothing to keep."
            )
        return _record(person, PersonAct.HELD, reason, by=by, now=now)


def release(person: Person, *, reason: str, by: User, now: datetime) -> PersonEvent:
    """End the legal hold, on whichever of the person's rows it was placed."""
    with transaction.atomic():
        lock(person)
        placed = _placed(person)
        if not placed:
            raise TriageRefused("There is no legal hold on this person any more.")
        return [
            _record(each.person, PersonAct.RELEASED, reason, by=by, now=now) for each in placed
        ][-1]


def is_held(person: Person) -> bool:
    """Whether there is a legal hold on the person, on any of their rows."""
    return bool(_placed(person))


def hold_of(person: Person) -> PersonEvent | None:
    """By whom, when and why the person is held; None if they are not."""
    return next(reversed(_placed(person)), None)


def everybody_held() -> QuerySet[PersonEvent]:
    """Every legal hold there is, the oldest first."""
    placed = PersonEvent.objects.filter(act=PersonAct.HELD, person=OuterRef("person"))
    newest = Subquery(placed.order_by("-pk").values("pk")[:1])
    held = Person.objects.held().values("pk")
    return PersonEvent.objects.filter(person__in=held, pk=newest).order_by("pk")


def lock(person: Person) -> None:
    """Make a hold and an erasure of one person wait for each other, until the transaction ends."""
    rows = Person.objects.filter(pk__in=rows_of(person)).order_by("pk")
    list(rows.select_for_update(no_key=True).values_list("pk", flat=True))
    person.refresh_from_db()


def _placed(person: Person) -> list[PersonEvent]:
    """Each legal hold on the person that has not been ended, the oldest first."""
    said = PersonEvent.objects.filter(
        person__in=Person.objects.one_with(person), act__in=[PersonAct.HELD, PersonAct.RELEASED]
    )
    newest = {each.person_id: each for each in said.select_related("person").order_by("pk")}
    return [each for each in newest.values() if each.act == PersonAct.HELD]


def _record(person: Person, act: PersonAct, reason: str, *, by: User, now: datetime) -> PersonEvent:
    return PersonEvent.objects.create(
        person=person, act=act, reason=reason, done_at=now, done_by=by.get_username()
    )
