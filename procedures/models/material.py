"""What a text may cite and show: sources and figures."""

import hashlib
import re
from datetime import date

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import UniqueConstraint
from django.urls import reverse

from procedures.ground.constraints import paired
from procedures.status import SourceChange, SourceKind

UNDATED = "undated"
YEAR = re.compile(r"\b(?:19|20)\d\d\b")

MEDIA_TYPES = {"image/svg+xml": "Drawing (SVG)", "image/png": "Picture (PNG)"}


IDENTIFIER = re.compile(
    r"doi:10\.\d{4,9}/\S+|pmid:\d{1,9}|nice:[a-z]{2,4}\d{1,4}|emc:\d{1,6}", re.IGNORECASE
)


def identifier(written: str) -> str:
    """An identifier in the spelling by which two are compared; empty if it is none."""
    said = written.strip()
    return said.lower() if IDENTIFIER.fullmatch(said) else ""


def check_identifiers(written: str) -> None:
    """Refuse a line that is no identifier. Raises ValidationError."""
    for line in written.splitlines():
        if line.strip() and not identifier(line):
            raise ValidationError(
                f"“{line.strip()}” is not an identifier. Write one on each line, for example "
                "doi:10.1000/example, pmid:12345678, nice:NG226 or emc:1234."
            )


class Source(models.Model):
    """Something that a page relies on, cited from its text as `[^key]`."""

    key = models.SlugField(unique=True, help_text="Cite it in a text as [^key].")
    kind = models.CharField(max_length=20, choices=SourceKind)
    title = models.CharField(max_length=300)
    publisher = models.CharField(max_length=200)
    url = models.URLField(
        "address", blank=True, help_text="Of the document itself, not of its publisher."
    )
    dated = models.CharField(
        max_length=100,
        blank=True,
        help_text=f"The date that the source gives, or “{UNDATED}” for a web page that gives none.",
    )
    read_in_part = models.BooleanField(
        default=False, help_text="We have read only a part of it, such as its summary."
    )
    seen_on = models.DateField(help_text="When one of us last read it.")
    seen_by = models.CharField(max_length=150)
    recheck_due = models.DateField(
        null=True, blank=True, help_text="From this day the pages that cite it need attention."
    )
    identifiers = models.TextField(
        blank=True,
        validators=[check_identifiers],
        help_text="One on each line: doi:10.1000/example, pmid:12345678, nice:NG226 or emc:1234.",
    )
    superseded_by = models.ForeignKey(
        "self",
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        help_text="The source that replaced it. The pages that cite this one need attention.",
    )

    PERSONAL: set[str] = set()
    OF_STAFF = {"seen_by", "superseded_by"}
    NOT_PERSONAL = {
        "id",
        "key",
        "kind",
        "title",
        "publisher",
        "url",
        "dated",
        "read_in_part",
        "seen_on",
        "recheck_due",
        "identifiers",
    }

    def __str__(self) -> str:
        return f"{self.key}: {self.title}"

    def named(self) -> set[str]:
        """Its identifiers, in one spelling."""
        return {identifier(line) for line in self.identifiers.splitlines()} - {""}

    def is_from_after(self, day: date) -> bool:
        """Whether it was read after that day, or says that it was published after it."""
        years = [int(year) for year in YEAR.findall(self.dated)]
        return self.seen_on > day or (bool(years) and min(years) > day.year)


class SourceEvent(models.Model):
    """Something that happened to a source. The database refuses to change or delete a row."""

    source = models.ForeignKey(Source, on_delete=models.PROTECT, related_name="happened")
    kind = models.CharField(max_length=20, choices=SourceChange)
    # The day it happened, and the moment from which the pages that cite the source were due.
    day = models.DateField()
    noted = models.DateTimeField()
    what = models.CharField(max_length=300)

    PERSONAL: set[str] = set()
    NOT_PERSONAL = {"id", "source", "kind", "day", "noted", "what"}

    class Meta:
        constraints = [
            UniqueConstraint(
                fields=["source", "kind", "day", "what"], name="a_source_event_is_noted_once"
            )
        ]

    def __str__(self) -> str:
        return f"{self.source.key}: {self.get_kind_display()}, {self.day:%-d %B %Y}"


class Figure(models.Model):
    """A picture, addressed by its own hash, so that a signed text goes on showing these bytes.

    A changed picture is a new row under the same key; new texts show the newest.
    """

    key = models.SlugField(help_text="Show it in a text with ![what it shows](key).")
    media_type = models.CharField(max_length=20, choices=MEDIA_TYPES)
    content = models.BinaryField()
    content_hash = models.CharField(max_length=64, unique=True)
    width = models.PositiveIntegerField()
    height = models.PositiveIntegerField()
    added_at = models.DateTimeField()
    added_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+"
    )

    PERSONAL: set[str] = set()
    OF_STAFF = {"added_by"}
    NOT_PERSONAL = {
        "id",
        "key",
        "media_type",
        "content",
        "content_hash",
        "width",
        "height",
        "added_at",
    }

    class Meta:
        constraints = [paired("added")]

    def __str__(self) -> str:
        return f"{self.key} ({self.width} × {self.height})"

    def kind(self) -> str:
        """The extension of its file name."""
        return {"image/svg+xml": "svg", "image/png": "png"}[self.media_type]

    def address(self) -> str:
        """The address at which browsers find exactly these bytes."""
        return reverse("procedures:figure", args=[self.content_hash, self.kind()])

    def is_intact(self) -> bool:
        """Whether the stored bytes are the ones that the address names."""
        return hashlib.sha256(self.content).hexdigest() == self.content_hash
