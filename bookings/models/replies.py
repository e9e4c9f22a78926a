"""Text messages that came to our number. Written by `triage.replies`."""

from typing import Self

from django.conf import settings
from django.db import models
from django.db.models import Index, Q

from bookings.models.requests import AppointmentRequest
from bookings.status.texting import Meant, TextAnswer
from procedures.ground.constraints import paired

# What a gateway calls a message, and a number with its country.
LONGEST_ID, LONGEST_NUMBER = 64, 20


class TextReplyQuerySet(models.QuerySet["TextReply"]):
    """Texts by what they ask of us."""

    def to_see(self) -> Self:
        """Texts that a colleague has to see to."""
        return self.filter(for_desk=True, seen_at=None)

    def last_about_texts(self, number: str) -> "TextReply | None":
        """The newest text in which this number asked for no more texts, or for texts again."""
        return self.filter(number=number, stops__isnull=False).order_by("-pk").first()

    def has_stopped(self, number: str) -> bool:
        """Whether no more texts may go to this number."""
        last = self.last_about_texts(number) if number else None
        return last is not None and bool(last.stops)


class TextReply(models.Model):
    """One text message from somebody, and what became of it.

    The gateway's own name of it makes a delivery that is repeated the same row. It stays when the rest
    is emptied, so an old delivery that somebody repeats later does nothing either.
    """

    gateway_id = models.CharField(max_length=LONGEST_ID, unique=True)
    number = models.CharField("from", max_length=LONGEST_NUMBER, blank=True, default="")
    # What it was about, as far as the number tells. Nothing if we do not know the number.
    request = models.ForeignKey(
        AppointmentRequest, null=True, on_delete=models.PROTECT, related_name="text_replies"
    )
    said = models.TextField("what you wrote", blank=True)
    meant = models.CharField(max_length=10, choices=Meant)
    # Whether a word of it may mean that somebody needs help now.
    alarming = models.BooleanField(default=False)
    # Yes ends texts to the number, no begins them again; nothing if it says nothing about that.
    stops = models.BooleanField(null=True)
    # Whether a colleague has to see to it.
    for_desk = models.BooleanField(default=False)
    answered = models.CharField("our answer", max_length=10, choices=TextAnswer, blank=True)
    # How many parts our answer was sent in, which is what a gateway charges for.
    segments = models.PositiveSmallIntegerField(default=0)
    came = models.DateTimeField("when")
    seen_at = models.DateTimeField("when we saw to it", null=True)
    seen_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+"
    )

    PERSONAL = {"number"}
    OF_HEALTH = {"said", "alarming"}
    OF_STAFF = {"seen_by"}
    NOT_PERSONAL = {
        "id",
        "gateway_id",
        "request",
        "meant",
        "stops",
        "for_desk",
        "answered",
        "segments",
        "came",
        "seen_at",
    }
    WHOSE = ("request__person",)
    COUNTED = {"alarming"}

    objects = TextReplyQuerySet.as_manager()

    class Meta:
        verbose_name = "text message from a patient"
        verbose_name_plural = "text messages from patients"
        constraints = [paired("seen")]
        indexes = [
            Index(fields=["number", "id"], name="text_replies_by_number"),
            Index(fields=["came"], name="text_replies_by_time"),
            Index(
                fields=["came"],
                condition=Q(for_desk=True, seen_at=None),
                name="text_replies_to_see",
            ),
        ]

    def __str__(self) -> str:
        return f"text {self.pk} about request {self.request_id}"
