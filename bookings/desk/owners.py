"""Who sees to a request: the colleagues to whom it may be given, and the filter of the list."""

from typing import TYPE_CHECKING, Any, cast

from django.contrib import admin
from django.contrib.auth.models import User
from django.db.models import Q, QuerySet
from django.http import HttpRequest

from bookings.models import AppointmentRequest, AppointmentRequestQuerySet
from procedures.ground.people import shown_name
from procedures.ground.signed_in import signed_in

if TYPE_CHECKING:
    from collections.abc import Iterator

    from django.contrib.admin.filters import _ListFilterChoices

# Whoever may answer requests may be given one; whoever decides about flags is a clinician.
ANSWERS = "bookings.review_appointmentrequest"
DECIDES = "bookings.resolve_redflag"
MINE, UNASSIGNED = "mine", "unassigned"


def colleagues() -> list[User]:
    """Everybody to whom a request can be handed over, by name."""
    may = User.objects.with_perm(ANSWERS, include_superusers=False)
    return sorted(may.distinct(), key=shown_name)


def owner_in_words(record: AppointmentRequest) -> str:
    """Who sees to it. Empty if that is nobody in particular."""
    if record.for_clinicians:
        return "The clinicians"
    return shown_name(record.owner) if record.owner else ""


def with_them(user: User) -> Q:
    """The requests that this colleague has been given, alone or among the clinicians."""
    own = Q(owner=user)
    return own | Q(for_clinicians=True) if user.has_perm(DECIDES) else own


class Whose(admin.SimpleListFilter):
    """Beside the filter by status: what I have been given, and what nobody has."""

    title = "who sees to it"
    parameter_name = "whose"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [(MINE, "Mine"), (UNASSIGNED, "Unassigned")]

    def choices(self, changelist: Any) -> "Iterator[_ListFilterChoices]":
        first, *others = super().choices(changelist)
        yield {**first, "display": "Everybody’s"}
        yield from others

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> AppointmentRequestQuerySet:
        requests = cast("AppointmentRequestQuerySet", queryset)
        if self.value() == MINE:
            return requests.filter(with_them(signed_in(request)))
        if self.value() == UNASSIGNED:
            return requests.filter(owner=None, for_clinicians=False)
        return requests
