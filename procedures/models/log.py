"""The public log of what was signed, published and taken away, and its signed checkpoints."""

from django.db import models
from django.db.models import UniqueConstraint

from procedures.models.records import PageEvent


class LogEntry(models.Model):
    """One leaf of the log. The database refuses to change or delete a row.

    It outlives the event that it was made from: nothing that is done to that row reaches this one.
    """

    index = models.PositiveIntegerField(unique=True)
    event = models.OneToOneField(
        PageEvent, on_delete=models.DO_NOTHING, db_constraint=False, related_name="entry"
    )
    statement = models.TextField()
    leaf_hash = models.CharField(max_length=64)

    PERSONAL: set[str] = set()
    # It names who signed, for everybody to read.
    OF_STAFF = {"statement"}
    NOT_PERSONAL = {"id", "index", "event", "leaf_hash"}

    class Meta:
        verbose_name = "log entry"
        verbose_name_plural = "log entries"
        ordering = ["index"]

    def __str__(self) -> str:
        return f"entry {self.index}"


class Checkpoint(models.Model):
    """The size and the root of the log at one moment, signed. What was signed once stays."""

    origin = models.CharField(max_length=200)
    size = models.PositiveIntegerField()
    # A signed note with our own signature. Those of witnesses are in rows of their own.
    note = models.TextField()
    moment = models.DateTimeField()

    PERSONAL: set[str] = set()
    NOT_PERSONAL = {"id", "origin", "size", "note", "moment"}

    class Meta:
        constraints = [
            UniqueConstraint(fields=["origin", "size"], name="one_checkpoint_of_each_size")
        ]

    def __str__(self) -> str:
        return f"{self.origin}, {self.size}"
