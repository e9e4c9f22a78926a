"""Private addresses at which a calendar program reads a diary."""

from typing import Self

from django.db import models

from bookings.models.sessions import Resource
from bookings.status.choices import FeedWords
from bookings.status.requests import ACTOR_LENGTH
from procedures.ground.constraints import paired


class CalendarFeedQuerySet(models.QuerySet["CalendarFeed"]):
    """Feeds by whether they still work."""

    def open(self) -> Self:
        """Feeds that nobody has ended."""
        return self.filter(ended_at=None)


class CalendarFeed(models.Model):
    """The diary of a clinician or a room, for a calendar program. Its address is made from the row."""

    resource = models.ForeignKey(
        Resource,
        on_delete=models.PROTECT,
        related_name="feeds",
        verbose_name="whose diary",
        limit_choices_to={"machine_kind": None},
    )
    says = models.CharField(
        "what an entry says",
        max_length=10,
        choices=FeedWords,
        default=FeedWords.BOOKED,
        help_text="Calendars are often shared, and a calendar program keeps what it has read.",
    )
    made_at = models.DateTimeField(editable=False)
    made_by = models.CharField(max_length=ACTOR_LENGTH, editable=False)
    ended_at = models.DateTimeField("ended", null=True, editable=False)
    ended_by = models.CharField(max_length=ACTOR_LENGTH, null=True, editable=False)
    # When a calendar program last asked, to the hour.
    last_read = models.DateTimeField("last read", null=True, editable=False)

    PERSONAL: set[str] = set()
    OF_STAFF = {"made_by", "ended_by"}
    NOT_PERSONAL = {"id", "resource", "says", "made_at", "ended_at", "last_read"}

    objects = CalendarFeedQuerySet.as_manager()

    class Meta:
        constraints = [paired("made"), paired("ended")]
        verbose_name = "calendar feed"

    def __str__(self) -> str:
        return f"Calendar of {self.resource}"
