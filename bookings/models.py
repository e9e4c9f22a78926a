"""Requests, and what they hold. Each table has one writer: see `docs/decisions.md`."""

from datetime import datetime
from typing import Self

from django.conf import settings
from django.db import models
from django.db.models import CheckConstraint, Exists, F, Index, OuterRef, Q, UniqueConstraint
from django.utils import timezone
from phonenumber_field.modelfields import PhoneNumberField

from bookings.status import (
    CLEARING,
    WAITING_FOR_CLINIC,
    WAITING_FOR_PATIENT,
    Answer,
    AppointmentStatus,
    FlagLevel,
    FlagOutcome,
    MessageKind,
    MessageStatus,
    OfferStatus,
    RequestStatus,
)
from procedures.constraints import paired
from procedures.models import Clinician, InformationPage

# A username, or PATIENT or CLOCK of `status`.
ACTOR_LENGTH = 150


class AppointmentType(models.Model):
    """What can be booked."""

    name = models.CharField(max_length=100, unique=True)
    minutes = models.PositiveSmallIntegerField("length in minutes")
    buffer_minutes = models.PositiveSmallIntegerField(
        "minutes kept free afterwards", default=0, help_text="To write up and to clean the room."
    )

    PERSONAL: set[str] = set()
    NOT_PERSONAL = {"id", "name", "minutes", "buffer_minutes"}

    class Meta:
        constraints = [CheckConstraint(condition=Q(minutes__gte=5), name="at_least_five_minutes")]

    def __str__(self) -> str:
        return f"{self.name} ({self.minutes} minutes)"


class ClosedDay(models.Model):
    """A day on which nobody is at the desk, such as a bank holiday."""

    day = models.DateField(unique=True)
    reason = models.CharField(max_length=100)

    PERSONAL: set[str] = set()
    NOT_PERSONAL = {"id", "day", "reason"}

    def __str__(self) -> str:
        return f"{self.day}: {self.reason}"


class ScreeningQuestionQuerySet(models.QuerySet["ScreeningQuestion"]):
    """Questions as a patient meets them."""

    def current(self) -> Self:
        """The wordings that are asked now."""
        return self.filter(retired_on=None)

    def for_page(self, page: InformationPage | None) -> Self:
        """Those for a request about the page. A question without pages belongs to every request."""
        everywhere = Q(pages=None)
        return self.filter(everywhere | Q(pages=page) if page else everywhere).distinct()


class ScreeningQuestion(models.Model):
    """One wording of a safety question. An answer points at the very wording that was answered."""

    key = models.SlugField(help_text="The same for all versions of one question.")
    version = models.PositiveSmallIntegerField(default=1)
    position = models.PositiveSmallIntegerField(default=100)
    wording = models.CharField(max_length=300)
    why = models.CharField("why we ask", max_length=300)
    detail_prompt = models.CharField(max_length=200, help_text="What to tell us after “yes”.")
    level = models.CharField(max_length=10, choices=FlagLevel)
    flags_unsure = models.BooleanField("“I am not sure” raises the flag too", default=True)
    pages = models.ManyToManyField(InformationPage, blank=True)
    owner = models.ForeignKey(Clinician, on_delete=models.PROTECT)
    source = models.CharField(max_length=300)
    review_due = models.DateField()
    retired_on = models.DateField(null=True, blank=True)
    retired_by = models.CharField(max_length=ACTOR_LENGTH, null=True, blank=True)

    PERSONAL: set[str] = set()
    NOT_PERSONAL = {
        "id",
        "key",
        "version",
        "position",
        "wording",
        "why",
        "detail_prompt",
        "level",
        "flags_unsure",
        "pages",
        "owner",
        "source",
        "review_due",
        "retired_on",
        "retired_by",
    }

    objects = ScreeningQuestionQuerySet.as_manager()

    class Meta:
        constraints = [
            UniqueConstraint(fields=["key", "version"], name="one_question_of_each_version"),
            UniqueConstraint(
                fields=["key"], condition=Q(retired_on=None), name="one_current_question_a_key"
            ),
            paired("retired", "on"),
        ]

    def __str__(self) -> str:
        return f"{self.wording} (version {self.version})"

    def is_flagged_by(self, answer: str) -> bool:
        """Whether the answer raises this question's flag."""
        return answer == Answer.YES or (answer == Answer.UNSURE and self.flags_unsure)


class AppointmentRequestQuerySet(models.QuerySet["AppointmentRequest"]):
    """Named after the words on the desk."""

    def waiting_for_clinic(self, at: datetime) -> Self:
        """Those whose next step is ours, deferred ones from their day on."""
        return self.filter(
            Q(status__in=sorted(WAITING_FOR_CLINIC))
            | Q(status=RequestStatus.DEFERRED, deferred_until__lte=timezone.localdate(at))
        )

    def moved_by_the_clock(self, at: datetime) -> Self:
        """Those whose written status the clock has left behind."""
        return self.filter(Q(reply_due__lte=at) | Q(deferred_until__lte=timezone.localdate(at)))

    def most_urgent_first(self) -> Self:
        """Those with a red flag that still blocks come first; then by the answer promised."""
        red = RedFlag.objects.blocking().filter(request=OuterRef("pk"), level=FlagLevel.RED)
        return self.annotate(has_red_flag=Exists(red)).order_by("-has_red_flag", "answer_due", "pk")


class AppointmentRequest(models.Model):
    """What a patient sent. Not yet an appointment, and it holds no time."""

    reference = models.CharField(max_length=9, unique=True)
    submission_key = models.CharField(max_length=43, unique=True)
    submission_digest = models.CharField(max_length=64)
    page = models.ForeignKey(InformationPage, null=True, on_delete=models.PROTECT)
    concern = models.TextField("in their own words")
    name = models.CharField(max_length=100)
    date_of_birth = models.DateField()
    email = models.EmailField()
    phone = PhoneNumberField(blank=True)
    preferred_days = models.JSONField(default=list)
    preferred_times = models.JSONField(default=list)
    availability = models.CharField("anything else about times", max_length=300, blank=True)
    status = models.CharField(max_length=20, choices=RequestStatus, default=RequestStatus.RECEIVED)
    version = models.PositiveIntegerField(default=1)
    received_at = models.DateTimeField()
    received_by = models.CharField(max_length=ACTOR_LENGTH)
    answer_due = models.DateTimeField()
    deferred_until = models.DateField(null=True)
    # Until when the patient can reply: to an offer, or to a question.
    reply_due = models.DateTimeField(null=True)
    ended_at = models.DateTimeField(null=True)
    ended_by = models.CharField(max_length=ACTOR_LENGTH, null=True)
    ended_reason = models.TextField(blank=True)
    link_key = models.CharField(max_length=22, unique=True)
    link_version = models.PositiveSmallIntegerField(default=1)
    # The head of the journal's chain; a row lock on it makes events queue up.
    event_count = models.PositiveIntegerField(default=0)

    PERSONAL = {
        "concern",
        "name",
        "date_of_birth",
        "email",
        "phone",
        "preferred_days",
        "preferred_times",
        "availability",
        "submission_digest",
        "page",
        "ended_reason",
    }
    NOT_PERSONAL = {
        "id",
        "reference",
        "submission_key",
        "status",
        "version",
        "received_at",
        "received_by",
        "answer_due",
        "deferred_until",
        "reply_due",
        "ended_at",
        "ended_by",
        "link_key",
        "link_version",
        "event_count",
    }

    objects = AppointmentRequestQuerySet.as_manager()

    class Meta:
        constraints = [
            paired("received"),
            paired("ended"),
            CheckConstraint(
                condition=(Q(status=RequestStatus.DEFERRED) & Q(deferred_until__isnull=False))
                | (~Q(status=RequestStatus.DEFERRED) & Q(deferred_until__isnull=True)),
                name="deferred_exactly_when_it_has_a_day",
            ),
            CheckConstraint(
                condition=(Q(status__in=sorted(WAITING_FOR_PATIENT)) & Q(reply_due__isnull=False))
                | (~Q(status__in=sorted(WAITING_FOR_PATIENT)) & Q(reply_due__isnull=True)),
                name="waits_for_the_patient_exactly_until_an_end",
            ),
        ]
        indexes = [
            Index(
                fields=["answer_due", "id"],
                condition=Q(status__in=["received", "in_review", "deferred"]),
                name="requests_waiting",
            ),
            Index(fields=["status", "received_at", "id"], name="requests_by_status"),
        ]
        permissions = [
            ("review_appointmentrequest", "Can take a request into review"),
            ("ask_appointmentrequest", "Can ask the patient a question"),
            ("offer_appointmentrequest", "Can offer times"),
            ("book_appointmentrequest", "Can book by phone"),
            ("defer_appointmentrequest", "Can defer a request"),
            ("decline_appointmentrequest", "Can decline a request"),
        ]

    def __str__(self) -> str:
        return self.reference

    def state(self, at: datetime) -> RequestStatus:
        """Where the request stands at that instant, with what the clock did since it was written.

        A deferred request is back in review on its day; one that waits for the patient lapses.
        """
        if self.deferred_until and self.deferred_until <= timezone.localdate(at):
            return RequestStatus.IN_REVIEW
        if self.reply_due and self.reply_due <= at:
            return RequestStatus.LAPSED
        return RequestStatus(self.status)

    def is_waiting_for_clinic(self, at: datetime) -> bool:
        """The predicate twin of `waiting_for_clinic`."""
        return self.state(at) in WAITING_FOR_CLINIC


class ScreeningAnswer(models.Model):
    """What the patient answered to one wording."""

    request = models.ForeignKey(
        AppointmentRequest, on_delete=models.PROTECT, related_name="answers"
    )
    question = models.ForeignKey(ScreeningQuestion, on_delete=models.PROTECT)
    answer = models.CharField(max_length=10, choices=Answer)
    detail = models.TextField(blank=True)

    PERSONAL = {"answer", "detail"}
    NOT_PERSONAL = {"id", "request", "question"}

    class Meta:
        constraints = [
            UniqueConstraint(fields=["request", "question"], name="one_answer_a_question")
        ]

    def __str__(self) -> str:
        return f"answer {self.pk} of request {self.request_id}"


class RedFlagQuerySet(models.QuerySet["RedFlag"]):
    """Flags by whether they stop an offer."""

    def blocking(self) -> Self:
        """Those without an outcome that clears them."""
        return self.exclude(outcome__in=CLEARING)


class RedFlag(models.Model):
    """An answer that a rule flagged. Blocks offers until a named person records an outcome."""

    request = models.ForeignKey(AppointmentRequest, on_delete=models.PROTECT, related_name="flags")
    answer = models.OneToOneField(ScreeningAnswer, on_delete=models.PROTECT, related_name="flag")
    level = models.CharField(max_length=10, choices=FlagLevel)
    outcome = models.CharField(max_length=20, choices=FlagOutcome, blank=True)
    reason = models.TextField(blank=True)
    resolved_at = models.DateTimeField(null=True)
    resolved_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+"
    )

    PERSONAL = {"level", "outcome", "reason"}
    NOT_PERSONAL = {"id", "request", "answer", "resolved_at", "resolved_by"}

    objects = RedFlagQuerySet.as_manager()

    class Meta:
        constraints = [
            paired("resolved"),
            CheckConstraint(
                condition=Q(outcome="", reason="", resolved_at__isnull=True)
                | (~Q(outcome="") & ~Q(reason="") & Q(resolved_at__isnull=False)),
                name="an_outcome_has_its_reason_and_person",
            ),
        ]
        permissions = [("resolve_redflag", "Can record the outcome of a flag")]

    def __str__(self) -> str:
        return f"flag {self.pk} of request {self.request_id}"

    def is_blocking(self) -> bool:
        """The predicate twin of `blocking`."""
        return self.outcome not in CLEARING


class ClinicQuestion(models.Model):
    """What the clinic asked the patient, and the answer."""

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

    PERSONAL = {"text", "answer"}
    NOT_PERSONAL = {"id", "request", "asked_at", "asked_by", "answered_at", "answered_by"}

    class Meta:
        constraints = [
            paired("asked"),
            paired("answered"),
        ]

    def __str__(self) -> str:
        return f"question {self.pk} of request {self.request_id}"


class Resource(models.Model):
    """Something that can be in one place at a time: a clinician, a room, a machine."""

    name = models.CharField(max_length=100, unique=True)
    clinician = models.OneToOneField(Clinician, null=True, blank=True, on_delete=models.PROTECT)

    PERSONAL: set[str] = set()
    NOT_PERSONAL = {"id", "name", "clinician"}

    def __str__(self) -> str:
        return self.name


class OfferQuerySet(models.QuerySet["Offer"]):
    """Offers by whether they still hold their times."""

    def standing(self, at: datetime) -> Self:
        """Open and not yet expired at that instant."""
        return self.filter(status=OfferStatus.OPEN, held_until__gt=at)


class Offer(models.Model):
    """One to three times held for one patient until a visible end."""

    request = models.ForeignKey(AppointmentRequest, on_delete=models.PROTECT, related_name="offers")
    appointment_type = models.ForeignKey(AppointmentType, on_delete=models.PROTECT)
    clinician = models.ForeignKey(Clinician, on_delete=models.PROTECT)
    status = models.CharField(max_length=10, choices=OfferStatus, default=OfferStatus.OPEN)
    made_at = models.DateTimeField()
    made_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+"
    )
    held_until = models.DateTimeField()
    closed_at = models.DateTimeField(null=True)
    closed_by = models.CharField(max_length=ACTOR_LENGTH, null=True)

    PERSONAL: set[str] = set()
    NOT_PERSONAL = {
        "id",
        "request",
        "appointment_type",
        "clinician",
        "status",
        "made_at",
        "made_by",
        "held_until",
        "closed_at",
        "closed_by",
    }

    objects = OfferQuerySet.as_manager()

    class Meta:
        constraints = [
            paired("made"),
            paired("closed"),
            UniqueConstraint(
                fields=["request"], condition=Q(status=OfferStatus.OPEN), name="one_open_offer"
            ),
            CheckConstraint(
                condition=Q(status=OfferStatus.OPEN, closed_at__isnull=True)
                | (~Q(status=OfferStatus.OPEN) & Q(closed_at__isnull=False)),
                name="a_closed_offer_says_when",
            ),
        ]

    def __str__(self) -> str:
        return f"offer {self.pk} of request {self.request_id}"

    def is_standing(self, at: datetime) -> bool:
        """The predicate twin of `standing`."""
        return self.status == OfferStatus.OPEN and self.held_until > at


class OfferedTime(models.Model):
    """One of the times of an offer."""

    offer = models.ForeignKey(Offer, on_delete=models.PROTECT, related_name="times")
    starts = models.DateTimeField()
    ends = models.DateTimeField()

    PERSONAL: set[str] = set()
    NOT_PERSONAL = {"id", "offer", "starts", "ends"}

    class Meta:
        ordering = ["starts"]
        constraints = [
            CheckConstraint(condition=Q(ends__gt=F("starts")), name="offered_time_has_a_length")
        ]

    def __str__(self) -> str:
        return f"time {self.pk} of offer {self.offer_id}"


class Appointment(models.Model):
    """A confirmed time."""

    request = models.ForeignKey(
        AppointmentRequest, on_delete=models.PROTECT, related_name="appointments"
    )
    appointment_type = models.ForeignKey(AppointmentType, on_delete=models.PROTECT)
    clinician = models.ForeignKey(Clinician, on_delete=models.PROTECT)
    starts = models.DateTimeField()
    ends = models.DateTimeField()
    status = models.CharField(
        max_length=10, choices=AppointmentStatus, default=AppointmentStatus.BOOKED
    )
    booked_at = models.DateTimeField()
    booked_by = models.CharField(max_length=ACTOR_LENGTH)

    PERSONAL = {"starts", "ends"}
    NOT_PERSONAL = {
        "id",
        "request",
        "appointment_type",
        "clinician",
        "status",
        "booked_at",
        "booked_by",
    }

    class Meta:
        constraints = [
            paired("booked"),
            UniqueConstraint(
                fields=["request"],
                condition=Q(status=AppointmentStatus.BOOKED),
                name="one_booked_appointment_a_request",
            ),
            CheckConstraint(condition=Q(ends__gt=F("starts")), name="appointment_has_a_length"),
        ]

    def __str__(self) -> str:
        return f"appointment {self.pk} of request {self.request_id}"


class Claim(models.Model):
    """One five-minute cell of one resource. The unique constraint is what makes a time ours."""

    resource = models.ForeignKey(Resource, on_delete=models.PROTECT)
    cell = models.BigIntegerField(help_text="UTC epoch seconds // 300.")
    offered_time = models.ForeignKey(
        OfferedTime, null=True, on_delete=models.PROTECT, related_name="claims"
    )
    appointment = models.ForeignKey(
        Appointment, null=True, on_delete=models.PROTECT, related_name="claims"
    )

    PERSONAL: set[str] = set()
    NOT_PERSONAL = {"id", "resource", "cell", "offered_time", "appointment"}

    class Meta:
        constraints = [
            UniqueConstraint(fields=["resource", "cell"], name="one_claim_a_cell"),
            CheckConstraint(
                condition=Q(offered_time__isnull=False, appointment__isnull=True)
                | Q(offered_time__isnull=True, appointment__isnull=False),
                name="a_claim_has_one_holder",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.resource_id}/{self.cell}"


class RequestEvent(models.Model):
    """One line of a request's journal. The database refuses to change or delete it."""

    request = models.ForeignKey(AppointmentRequest, on_delete=models.PROTECT, related_name="events")
    number = models.PositiveIntegerField()
    kind = models.CharField(max_length=40)
    at = models.DateTimeField()
    by = models.CharField(max_length=ACTOR_LENGTH)
    detail = models.JSONField(default=dict)
    previous_hash = models.CharField(max_length=64, blank=True)
    hash = models.CharField(max_length=64)

    PERSONAL = {"detail"}
    NOT_PERSONAL = {"id", "request", "number", "kind", "at", "by", "previous_hash", "hash"}

    class Meta:
        constraints = [UniqueConstraint(fields=["request", "number"], name="one_event_a_number")]

    def __str__(self) -> str:
        return f"event {self.number} of request {self.request_id}"


class MessageQuerySet(models.QuerySet["Message"]):
    """Messages as the worker sees them."""

    def due(self, at: datetime) -> Self:
        """Queued, at or past their time, and in no worker's hands."""
        free = Q(leased_until=None) | Q(leased_until__lte=at)
        return self.filter(free, status=MessageStatus.QUEUED, next_try__lte=at)


class Message(models.Model):
    """One e-mail to send. It holds no text: that is made from its template when it is sent."""

    request = models.ForeignKey(
        AppointmentRequest, on_delete=models.PROTECT, related_name="messages"
    )
    kind = models.CharField(max_length=20, choices=MessageKind)
    request_version = models.PositiveIntegerField()
    message_id = models.CharField(max_length=43, unique=True)
    status = models.CharField(max_length=10, choices=MessageStatus, default=MessageStatus.QUEUED)
    queued_at = models.DateTimeField()
    queued_by = models.CharField(max_length=ACTOR_LENGTH)
    next_try = models.DateTimeField()
    tries = models.PositiveSmallIntegerField(default=0)
    leased_until = models.DateTimeField(null=True)
    sent_at = models.DateTimeField(null=True)
    sent_by = models.CharField(max_length=ACTOR_LENGTH, null=True)
    failure = models.CharField(max_length=100, blank=True)

    PERSONAL: set[str] = set()
    NOT_PERSONAL = {
        "id",
        "request",
        "kind",
        "request_version",
        "message_id",
        "status",
        "queued_at",
        "queued_by",
        "next_try",
        "tries",
        "leased_until",
        "sent_at",
        "sent_by",
        "failure",
    }

    objects = MessageQuerySet.as_manager()

    class Meta:
        constraints = [
            paired("queued"),
            paired("sent"),
            UniqueConstraint(
                fields=["request", "request_version", "kind"], name="one_message_a_change"
            ),
        ]
        indexes = [
            Index(
                fields=["next_try"], condition=Q(status=MessageStatus.QUEUED), name="messages_due"
            )
        ]

    def __str__(self) -> str:
        return f"{self.kind} for request {self.request_id}"


class RateLimit(models.Model):
    """How often somebody did something in one window of time. Keys are keyed hashes."""

    key = models.CharField(max_length=64, unique=True)
    count = models.PositiveIntegerField()
    ends = models.DateTimeField()

    PERSONAL: set[str] = set()
    NOT_PERSONAL = {"id", "key", "count", "ends"}

    def __str__(self) -> str:
        return f"{self.count} until {self.ends}"
