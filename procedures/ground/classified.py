"""What each field of our models says, and about whom. The models say it; this reads it.

Every field is in exactly one of four sets of its model:

- `PERSONAL`: who a patient is, how they are reached, when they can come;
- `OF_HEALTH`: what it says about a patient's health, or what somebody wrote who may have said so;
- `OF_STAFF`: which colleague did something, and what we keep about them (it may also say that the
  patient or the clock did it);
- `NOT_PERSONAL`: keys, states and moments, which say something about somebody only beside the rest.

A model of whose rows each is about one patient says in `WHOSE` by which columns that person is found.
If only an address tells whose a row is, `BY_EMAIL` names it; such rows are deleted and not emptied.
Rows that only repeat what other rows say (`REPEATS`) are in no copy for that person, and are made again
when the others are emptied. `COUNTED` are the personal fields that stay when a row is emptied, because
they are counted and say nothing about anybody once the rest is gone. `SECRET` fields open something and
leave with no copy. Rows with a time of their own (`OWN_TIME`) stay when the time of the rest about that
person is over; only when two people erase somebody are they emptied with it.
"""

from typing import Any

from django.db.models import Field, Model, TextChoices

SETS = ("PERSONAL", "OF_HEALTH", "OF_STAFF", "NOT_PERSONAL")


class Kind(TextChoices):
    """What a field is about."""

    PERSONAL = "PERSONAL", "about the person"
    OF_HEALTH = "OF_HEALTH", "about health"
    OF_STAFF = "OF_STAFF", "about staff"
    NOT_PERSONAL = "NOT_PERSONAL", "not personal"


class NotClassified(Exception):
    """A field is in none of the sets of its model, or in several."""


def fields_of(model: type[Model]) -> dict[str, "Field[Any, Any]"]:
    """The columns of a model and its lists of other rows, by name."""
    options = model._meta
    return {field.name: field for field in (*options.concrete_fields, *options.many_to_many)}


def said(model: type[Model], name: str) -> set[str]:
    """One of the sets of a model; empty if it does not have it."""
    return set(getattr(model, name, ()))


def kinds(model: type[Model]) -> dict[str, Kind]:
    """The kind of each field, in the order of the columns.

    Raises NotClassified if a field is in none of the sets or in several, or a set names no field.
    """
    fields = fields_of(model)
    named = {each: said(model, each) for each in SETS}
    if unknown := set.union(*named.values()) - fields.keys():
        raise NotClassified(f"{model.__name__} has no field {', '.join(sorted(unknown))}")
    found = {}
    for name in fields:
        which = [Kind(each) for each, names in named.items() if name in names]
        if len(which) != 1:
            raise NotClassified(
                f"{model.__name__}.{name} is in {len(which)} of {', '.join(SETS)}. Name it in one."
            )
        found[name] = which[0]
    return found


def whose(model: type[Model]) -> tuple[str, ...]:
    """By which columns the person is found whom a row is about; empty if it is about nobody."""
    return tuple(getattr(model, "WHOSE", ()))


def is_about_patients(model: type[Model]) -> bool:
    """Whether any field says something about a patient."""
    return bool(said(model, "PERSONAL") | said(model, "OF_HEALTH"))
