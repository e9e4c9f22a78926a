"""Files from other systems, and the requests that were made from them. Written by `imports.keeping`."""

from django.db import models
from django.db.models import Index, Q

from bookings.models.requests import AppointmentRequest
from bookings.status.requests import ACTOR_LENGTH
from procedures.ground.constraints import paired


class Import(models.Model):
    """A file of people and visits, from its upload until it is brought in or its day is over.

    What the file says is deleted when it is brought in, and otherwise at `kept_until`.
    """

    headings = models.JSONField()
    # For each row its number in the file, and its cells.
    lines = models.JSONField()
    kept_until = models.DateTimeField()
    # What each column is, which columns have the day before the month, and who or what of ours the
    # names in the file are.
    columns = models.JSONField(default=dict)
    orders = models.JSONField(default=dict)
    values = models.JSONField(default=dict)
    # What became of it. Rows that a manager left out are only counted.
    visits = models.PositiveIntegerField(default=0)
    people = models.PositiveIntegerField(default=0)
    left_out = models.PositiveIntegerField(default=0)
    uploaded_at = models.DateTimeField()
    uploaded_by = models.CharField(max_length=ACTOR_LENGTH)
    brought_in_at = models.DateTimeField(null=True)
    brought_in_by = models.CharField(max_length=ACTOR_LENGTH, null=True)
    undone_at = models.DateTimeField(null=True)
    undone_by = models.CharField(max_length=ACTOR_LENGTH, null=True)
    # Whether the worker goes on with the undo.
    is_being_undone = models.BooleanField(default=False)

    PERSONAL = {"headings", "values"}
    OF_HEALTH = {"lines"}
    OF_STAFF = {"uploaded_by", "brought_in_by", "undone_by"}
    NOT_PERSONAL = {
        "id",
        "kept_until",
        "columns",
        "orders",
        "visits",
        "people",
        "left_out",
        "uploaded_at",
        "brought_in_at",
        "undone_at",
        "is_being_undone",
    }
    # Its rows are about many people, and are gone after a day.
    WHOSE: tuple[str, ...] = ()

    class Meta:
        default_permissions = ()
        permissions = [("import_visits", "Can bring in people and visits from a file")]
        constraints = [paired("uploaded"), paired("brought_in"), paired("undone")]
        indexes = [
            Index(
                fields=["kept_until"],
                condition=Q(brought_in_at=None),
                name="imports_not_brought_in",
            )
        ]

    def __str__(self) -> str:
        return f"import {self.pk}"


class BroughtIn(models.Model):
    """A request that was made from a row of a file, and whether that was undone."""

    of = models.ForeignKey(Import, on_delete=models.PROTECT, related_name="made")
    request = models.OneToOneField(
        AppointmentRequest, on_delete=models.PROTECT, related_name="brought_in"
    )
    is_undone = models.BooleanField(default=False)

    PERSONAL: set[str] = set()
    NOT_PERSONAL = {"id", "of", "request", "is_undone"}
    WHOSE = ("request__person",)

    def __str__(self) -> str:
        return f"request {self.request_id} of import {self.of_id}"
