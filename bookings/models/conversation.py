"""What the clinic and the patient decided, asked and said about a request. Written by `triage`."""

from django.conf import settings
from django.db import models
from django.db.models import CheckConstraint, Index, Q

from bookings.models.requests import AppointmentRequest, RedFlag
from bookings.status import FlagOutcome, GotIt
from bookings.status.requests import ACTOR_LENGTH
from procedures.ground.constraints import paired


class RecordedOutcome(models.Model):
    """One outcome that was recorded about a flag. The database refuses to change or delete it."""

    flag = models.ForeignKey(RedFlag, on_delete=models.PROTECT, related_name="outcomes")
    outcome = models.CharField(max_length=20, choices=FlagOutcome)
    reason = models.TextField()
    recorded_at = models.DateTimeField()
    recorded_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+"
    )

    PERSONAL: set[str] = set()
    OF_HEALTH = {"outcome", "reason"}
    OF_STAFF = {"recorded_by"}
    NOT_PERSONAL = {"id", "flag", "recorded_at"}
    WHOSE = ("flag__request__person",)
    COUNTED = {"outcome"}

    class Meta:
        ordering = ["-pk"]
        constraints = [paired("recorded")]

    def __str__(self) -> str:
        return f"outcome {self.pk} of flag {self.flag_id}"


class PhoneCall(models.Model):
    """The result of a call to the patient."""

    request = models.ForeignKey(AppointmentRequest, on_delete=models.PROTECT, related_name="calls")
    reached = models.BooleanField()
    # A voicemail message, which tells them nothing but to phone us.
    left_message = models.BooleanField(default=False)
    note = models.TextField(blank=True)
    made_at = models.DateTimeField()
    made_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+"
    )

    PERSONAL = {"reached", "left_message"}
    OF_HEALTH = {"note"}
    OF_STAFF = {"made_by"}
    NOT_PERSONAL = {"id", "request", "made_at"}
    WHOSE = ("request__person",)
    COUNTED = {"reached", "left_message"}

    class Meta:
        ordering = ["-pk"]
        constraints = [
            paired("made"),
            CheckConstraint(
                condition=Q(reached=False) | Q(left_message=False),
                name="a_message_is_left_for_whoever_was_not_reached",
            ),
        ]

    def __str__(self) -> str:
        return f"call {self.pk} about request {self.request_id}"


class ClinicQuestion(models.Model):
    """A question that the clinic asked the patient, and the answer."""

    request = models.ForeignKey(
        AppointmentRequest, on_delete=models.PROTECT, related_name="questions"
    )
    text = models.TextField()
    asked_at = models.DateTimeField()
    asked_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+"
    )
    answer = models.TextField(blank=True)
    answered_at = models.DateTimeField(null=True)
    answered_by = models.CharField(max_length=ACTOR_LENGTH, null=True)

    PERSONAL: set[str] = set()
    OF_HEALTH = {"text", "answer"}
    OF_STAFF = {"asked_by", "answered_by"}
    NOT_PERSONAL = {"id", "request", "asked_at", "answered_at"}
    WHOSE = ("request__person",)

    class Meta:
        constraints = [
            paired("asked"),
            paired("answered"),
        ]

    def __str__(self) -> str:
        return f"question {self.pk} of request {self.request_id}"


class VisitAnswer(models.Model):
    """What a patient said after the visit. The database refuses to change or delete it."""

    request = models.OneToOneField(
        AppointmentRequest, on_delete=models.PROTECT, related_name="visit_answer"
    )
    got_it = models.CharField("got what they came for", max_length=10, choices=GotIt)
    comment = models.TextField("what to do differently", blank=True)
    given_at = models.DateTimeField("when")
    given_by = models.CharField(max_length=ACTOR_LENGTH)

    PERSONAL: set[str] = set()
    OF_HEALTH = {"got_it", "comment"}
    OF_STAFF = {"given_by"}
    NOT_PERSONAL = {"id", "request", "given_at"}
    WHOSE = ("request__person",)
    COUNTED = {"got_it"}

    class Meta:
        verbose_name = "answer after a visit"
        verbose_name_plural = "answers after visits"
        constraints = [paired("given")]
        indexes = [
            Index(fields=["given_at"], name="visit_answers_by_day"),
            Index(
                fields=["given_at"], condition=Q(got_it=GotIt.CALL), name="visit_answers_to_call"
            ),
        ]

    def __str__(self) -> str:
        return f"answer after the visit of request {self.request_id}"
