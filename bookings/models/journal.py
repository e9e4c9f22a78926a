"""What happened to a request, and who looked at it. Written by `journal`."""

from collections.abc import Iterable
from typing import Any, Self

from django.conf import settings
from django.db import models
from django.db.models import BooleanField, F, Func, Index, Q, UniqueConstraint, Value

from bookings.models.requests import AppointmentRequest
from bookings.status.events import Event
from bookings.status.requests import ACTOR_LENGTH
from procedures.ground.constraints import paired


class RequestEvent(models.Model):
    """One event in a request's journal. The database refuses to change or delete it."""

    request = models.ForeignKey(AppointmentRequest, on_delete=models.PROTECT, related_name="events")
    number = models.PositiveIntegerField()
    kind = models.CharField(max_length=40)
    at = models.DateTimeField()
    by = models.CharField(max_length=ACTOR_LENGTH)
    detail = models.JSONField(default=dict)
    previous_hash = models.CharField(max_length=64, blank=True)
    hash = models.CharField(max_length=64)

    PERSONAL: set[str] = set()
    OF_HEALTH = {"detail"}
    OF_STAFF = {"by"}
    NOT_PERSONAL = {"id", "request", "number", "kind", "at", "previous_hash", "hash"}
    WHOSE = ("request__person",)
    # The hash covers it: it has codes and numbers, and never a word that somebody typed.
    COUNTED = {"detail"}

    class Meta:
        constraints = [UniqueConstraint(fields=["request", "number"], name="one_event_a_number")]
        indexes = [
            Index(
                fields=["at"],
                condition=Q(kind=Event.WRONG_BIRTH_DATES),
                name="events_of_wrong_births",
            ),
            # SQLite would not use one for some kinds only: it cannot tell from the query's parameters.
            Index(fields=["at", "kind", "by"], name="events_by_time"),
            Index(fields=["by", "at"], name="events_by_person"),
        ]

    def __str__(self) -> str:
        return f"event {self.number} of request {self.request_id}"


class _Lists(Func):
    """Whether a list of numbers contains a number."""

    template = "EXISTS (SELECT 1 FROM json_each(%(expressions)s)"
    arg_joiner = ") WHERE value = "
    output_field = BooleanField()

    def as_postgresql(self, compiler: Any, connection: Any, **context: Any) -> Any:
        template, joiner = "(%(expressions)s::bigint))", " @> to_jsonb("
        return self.as_sql(compiler, connection, template=template, arg_joiner=joiner, **context)


class LookQuerySet(models.QuerySet[Any]):
    """Lists by whom they named."""

    def showing(self, requests: Iterable[int]) -> Self:
        """Lists that contained at least one of these requests."""
        one_of = Q()
        for each in requests:
            one_of |= Q(_Lists(F("requests"), Value(each)))
        return self.filter(one_of) if one_of else self.none()


class Look(models.Model):
    """A list with patients' names that a member of staff was shown. It never changes.

    A single request that was opened on its own screen is an event in its journal instead.
    """

    screen = models.CharField(max_length=20)
    requests = models.JSONField(help_text="The numbers of the requests in the list.")
    looked_at = models.DateTimeField()
    looked_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+"
    )

    PERSONAL: set[str] = set()
    OF_STAFF = {"looked_by"}
    NOT_PERSONAL = {"id", "screen", "requests", "looked_at"}

    objects = LookQuerySet.as_manager()

    class Meta:
        verbose_name = "list viewed"
        # The page that shows these lists, and the single requests that were opened.
        verbose_name_plural = "who opened what"
        # For a page about the rows of many tables, which has no table of its own.
        permissions = [("view_numbers", "Can see the numbers of the clinic")]
        constraints = [paired("looked")]
        indexes = [
            Index(fields=["looked_by", "looked_at"], name="looks_by_person"),
            Index(fields=["looked_at", "id"], name="looks_by_day"),
        ]

    def __str__(self) -> str:
        return f"{self.looked_by} was shown {len(self.requests)} in “{self.screen}”"
