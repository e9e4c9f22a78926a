"""The public log of what was signed, published and taken away, and its signed checkpoints."""

from django.conf import settings
from django.db import models
from django.db.models import CheckConstraint, Q, UniqueConstraint

from procedures.models.people import Clinician
from procedures.models.records import PageEvent


class LogEntry(models.Model):
    """One leaf of the log: about a step of a page, or about the passkeys with which somebody signs.

    The database refuses to change or delete a row. It outlives the event that it was made from: nothing
    that is done to that row reaches this one.
    """

    index = models.PositiveIntegerField(unique=True)
    event = models.OneToOneField(
        PageEvent, null=True, on_delete=models.DO_NOTHING, db_constraint=False, related_name="entry"
    )
    # Whose passkeys it lists, where it is about no page.
    clinician = models.ForeignKey(
        Clinician, null=True, on_delete=models.PROTECT, related_name="lists_of_passkeys"
    )
    statement = models.TextField()
    leaf_hash = models.CharField(max_length=64)

    PERSONAL: set[str] = set()
    # It names who signed, for everybody to read.
    OF_STAFF = {"statement", "clinician"}
    NOT_PERSONAL = {"id", "index", "event", "leaf_hash"}

    class Meta:
        verbose_name = "log entry"
        verbose_name_plural = "log entries"
        ordering = ["index"]
        constraints = [
            CheckConstraint(
                condition=Q(event=None, clinician__isnull=False)
                | Q(event__isnull=False, clinician=None),
                name="an_entry_is_about_one_thing",
            )
        ]

    def __str__(self) -> str:
        return f"entry {self.index}"


class PasskeySignature(models.Model):
    """What a passkey of the signer signed: the hash of a statement in the log. Never changed or deleted.

    All but the name of the passkey as Base 64, the key as SubjectPublicKeyInfo.
    """

    entry = models.OneToOneField(LogEntry, on_delete=models.PROTECT, related_name="signature")
    credential = models.CharField(max_length=1400)
    key = models.TextField()
    authenticator_data = models.TextField()
    client_data = models.TextField()
    signature = models.TextField()

    PERSONAL: set[str] = set()
    NOT_PERSONAL = {
        "id",
        "entry",
        "credential",
        "key",
        "authenticator_data",
        "client_data",
        "signature",
    }

    def __str__(self) -> str:
        return f"passkey’s signature of {self.entry}"


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


class TimeStamp(models.Model):
    """What a time authority says: that a checkpoint existed at that moment (RFC 3161)."""

    checkpoint = models.OneToOneField(Checkpoint, on_delete=models.PROTECT, related_name="stamp")
    # The host that was asked, and its answer in Base 64.
    authority = models.CharField(max_length=200)
    answer = models.TextField()
    moment = models.DateTimeField()

    PERSONAL: set[str] = set()
    NOT_PERSONAL = {"id", "checkpoint", "authority", "answer", "moment"}

    def __str__(self) -> str:
        return f"{self.authority} on {self.checkpoint}"


class Cosignature(models.Model):
    """What a witness says: that it has seen one of our checkpoints after all earlier ones."""

    checkpoint = models.ForeignKey(
        Checkpoint, on_delete=models.PROTECT, related_name="cosignatures"
    )
    witness = models.CharField(max_length=200)
    line = models.TextField()
    # By the clock of the witness.
    moment = models.DateTimeField()

    PERSONAL: set[str] = set()
    NOT_PERSONAL = {"id", "checkpoint", "witness", "line", "moment"}

    class Meta:
        constraints = [
            UniqueConstraint(fields=["checkpoint", "witness"], name="one_line_of_each_witness")
        ]

    def __str__(self) -> str:
        return f"{self.witness} on {self.checkpoint}"


class WatchedLog(models.Model):
    """A log of somebody else that we watch, and what we saw when we last looked."""

    origin = models.CharField(max_length=200, unique=True)
    key = models.CharField(max_length=300)
    address = models.URLField()
    # The key with which they watch ours; empty if they do not.
    witness = models.CharField(max_length=300, blank=True)
    size = models.PositiveIntegerField(default=0)
    # Their newest checkpoint that is consistent, with our signature below theirs.
    note = models.TextField(blank=True)
    looked = models.DateTimeField(null=True)
    # Why we have refused what we saw; empty while all is well.
    trouble = models.TextField(blank=True)

    PERSONAL: set[str] = set()
    NOT_PERSONAL = {
        "id",
        "origin",
        "key",
        "address",
        "witness",
        "size",
        "note",
        "looked",
        "trouble",
    }

    def __str__(self) -> str:
        return self.origin


class NameNotice(models.Model):
    """A record that somebody was told of a signature in their name. Without a row, nobody was."""

    entry = models.OneToOneField(LogEntry, on_delete=models.PROTECT, related_name="notice")
    told_to = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+"
    )
    moment = models.DateTimeField()

    PERSONAL: set[str] = set()
    OF_STAFF = {"told_to"}
    NOT_PERSONAL = {"id", "entry", "moment"}

    def __str__(self) -> str:
        return f"{self.told_to} about {self.entry}"
