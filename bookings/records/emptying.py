"""Empties what is said about a person. The rows stay: they are counted, and journals lead to them.

Which columns are emptied follows from what the models say about them: everything personal or of
health, but what is `COUNTED`. A text that said something says afterwards that it was erased.
"""

from collections.abc import Collection
from datetime import date, datetime
from typing import Any

from django.db import transaction
from django.db.models import (
    Case,
    DateField,
    EmailField,
    F,
    Field,
    JSONField,
    Model,
    Q,
    QuerySet,
    TextField,
    Value,
    When,
)
from phonenumber_field.modelfields import PhoneNumberField

from bookings import diary, journal, messages
from bookings.messages import subscriptions
from bookings.models import AppointmentRequest, Person, PersonEvent
from bookings.records.walking import about, addresses_of, rows_of, tables
from bookings.status import PersonAct
from bookings.status.events import Event
from bookings.triage import search_keys
from procedures.ground.classified import fields_of, said, whose
from procedures.ground.constraints import EMPTIED

# A date of birth is never missing, and nobody who asks us was born then.
NOBODYS_BIRTHDAY = date(1900, 1, 1)
TO_REQUEST = "__person"


def empty_request(request: AppointmentRequest, *, by: journal.Actor, now: datetime) -> None:
    """Empty a request and everything that belongs to it, in one transaction. Its link opens no more."""
    with transaction.atomic():
        messages.drop_all(request)
        diary.free_kept(request)
        journal.record(request, Event.EMPTIED, by=by, at=now)
        for model in tables():
            for way in whose(model):
                if way.endswith(TO_REQUEST):
                    _empty(model, _rows(model, way.removesuffix(TO_REQUEST), request.pk))
        own = AppointmentRequest.objects.filter(pk=request.pk)
        _empty(
            AppointmentRequest,
            own,
            version=F("version") + 1,
            link_version=F("link_version") + 1,
            code_until=None,
            link_until=None,
            emptied_at=now,
            emptied_by=journal.actor_name(by),
        )
        search_keys.keep([request.person_id])


def empty_people(
    rows: Collection[int], act: PersonAct, *, by: journal.Actor, now: datetime
) -> None:
    """Empty everything about these rows of a person, in one transaction.

    What has a time of its own is emptied with them only when they are erased.
    """
    with transaction.atomic():
        subscriptions.forget(addresses_of(rows))
        for request in AppointmentRequest.objects.filter(person__in=rows, emptied_at=None):
            empty_request(request, by=by, now=now)
        empty_tables(rows, act)
        actor = journal.actor_name(by)
        Person.objects.filter(pk__in=rows).update(
            version=F("version") + 1, emptied_at=now, emptied_by=actor
        )
        search_keys.keep(rows)
        PersonEvent.objects.bulk_create(
            PersonEvent(person_id=row, act=act, done_at=now, done_by=actor) for row in rows
        )


def empty_tables(rows: Collection[int], act: PersonAct) -> None:
    """Empty what goes with these rows of a person; what is emptied already stays so."""
    for model in tables():
        if _goes_with_person(model, act):
            _empty(model, about(model, rows))


def is_anything_left(person: Person) -> bool:
    """Whether there is something to keep or to erase.

    Once the clock has emptied somebody, that is what has a time of its own, while a word of it is left.
    """
    if person.emptied_at is None:
        return True
    rows = rows_of(person)
    own = [model for model in tables() if _has_own_time(model)]
    return any(about(model, rows).filter(says_something(model)).exists() for model in own)


def is_erased(person: Person) -> bool:
    """Whether two people erased this row, and not the clock because its time was over."""
    return PersonEvent.objects.filter(person=person, act=PersonAct.ERASED).exists()


def says_something(model: type[Model]) -> Q:
    """Rows of a table of texts in which a word is left."""
    found = Q()
    for column in emptied_columns(model):
        found |= ~Q(**{f"{column}__in": ["", EMPTIED]})
    return found


def emptied_columns(model: type[Model]) -> dict[str, Any]:
    """What each column of a table is set to when it is emptied."""
    fields = fields_of(model)
    names = (said(model, "PERSONAL") | said(model, "OF_HEALTH")) - said(model, "COUNTED")
    return {name: _nothing(fields[name]) for name in sorted(names)}


def _goes_with_person(model: type[Model], act: PersonAct) -> bool:
    stays = act != PersonAct.ERASED and _has_own_time(model)
    return not stays and any(not way.endswith(TO_REQUEST) for way in whose(model))


def _has_own_time(model: type[Model]) -> bool:
    return bool(getattr(model, "OWN_TIME", False))


def _nothing(field: "Field[Any, Any]") -> Any:
    if field.null:
        return None
    if isinstance(field, DateField):
        return NOBODYS_BIRTHDAY
    if isinstance(field, JSONField):
        return field.get_default()
    # What is looked up or written to must be blank, not a word.
    if isinstance(field, EmailField | PhoneNumberField):
        return ""
    if not isinstance(field, TextField) and field.get_default() == field.default == "":
        return ""
    return Case(When(**{field.name: "", "then": Value("")}), default=Value(EMPTIED))


def _empty(model: type[Model], rows: QuerySet[Any], **changes: Any) -> None:
    if columns := emptied_columns(model) | changes:
        rows.order_by().update(**columns)


def _rows(model: type[Model], way: str, number: int) -> QuerySet[Any]:
    return model._default_manager.filter(**{way: number})  # noqa: SLF001 -- every model has one
