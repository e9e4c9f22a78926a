"""Walks every row of every table that is about a person."""

from collections.abc import Iterable, Iterator
from typing import Any, NamedTuple

from django.apps import apps
from django.db.models import Field, ForeignKey, Model, Q, QuerySet

from bookings.models import AppointmentRequest, Person
from procedures.ground.classified import Kind, fields_of, kinds, said, whose


class Row(NamedTuple):
    """A row of a table about somebody."""

    model: type[Model]
    record: Any


def tables() -> list[type[Model]]:
    """The models whose rows are each about one person, in the order in which they are defined.

    Without those that only repeat what other rows say.
    """
    models = apps.get_app_config("bookings").get_models()
    return [
        model
        for model in models
        if (whose(model) or by_email(model)) and not getattr(model, "REPEATS", False)
    ]


def about(model: type[Model], people: Iterable[int]) -> QuerySet[Any]:
    """The rows of a table that are about these people."""
    people = list(people)
    found = Q()
    for way in whose(model):
        found |= Q(**{f"{way}__in": people})
    if column := by_email(model):
        found |= Q(**{f"{column}__in": addresses_of(people)})
    return model._default_manager.filter(found).order_by("pk")  # noqa: SLF001 -- every model has one


def by_email(model: type[Model]) -> str:
    """The column with an address by which a row is found that names no person; empty if none."""
    return str(getattr(model, "BY_EMAIL", ""))


def addresses_of(people: Iterable[int]) -> set[str]:
    """The email addresses of these people, now and on whatever they have asked for."""
    people = list(people)
    now = Person.objects.filter(pk__in=people).values_list("email", flat=True)
    then = AppointmentRequest.objects.filter(person__in=people).values_list("email", flat=True)
    return {*now, *then} - {""}


def rows_of(person: Person) -> list[int]:
    """The numbers of all rows that are this person."""
    return list(Person.objects.one_with(person).order_by("pk").values_list("pk", flat=True))


def rows_about(person: Person) -> Iterator[Row]:
    """Every row about this person, one table after the other."""
    people = rows_of(person)
    for model in tables():
        outside = [name for name, field in told(model) if leads_outside(field)]
        for record in about(model, people).select_related(*outside):
            yield Row(model, record)


def told(model: type[Model]) -> list[tuple[str, "Field[Any, Any]"]]:
    """The columns that a copy contains: all of them, but those that open something."""
    secret = said(model, "SECRET")
    return [
        (name, field)
        for name, field in fields_of(model).items()
        if name not in secret and not field.many_to_many
    ]


def leads_outside(field: "Field[Any, Any]") -> bool:
    """Whether the column names a row that is about no patient: a colleague, a page, a room."""
    return isinstance(field, ForeignKey) and not whose(field.related_model)


def is_readable(model: type[Model], name: str) -> bool:
    """Whether a person makes something of the column; otherwise only a machine does."""
    field = fields_of(model)[name]
    if isinstance(field, ForeignKey):
        return leads_outside(field)
    is_said = kinds(model)[name] != Kind.NOT_PERSONAL
    return is_said or bool(field.choices) or field.get_internal_type().startswith("Date")
