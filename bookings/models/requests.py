"""The requests that patients send, with answers and flags. Written by `triage`."""

from datetime import date, datetime
from typing import Self

from django.conf import settings
from django.db import models
from django.db.models import CheckConstraint, Exists, F, Index, OuterRef, Q, UniqueConstraint
from django.utils import timezone
from phonenumber_field.modelfields import PhoneNumberField

from bookings.models.people import Person, age_on
from bookings.models.questions import ScreeningQuestion
from bookings.status import (
    CLEARING,
    DAYS,
    ENDED,
    PARTS_OF_DAY,
    PATIENT,
    WAITING_FOR_CLINIC,
    WAITING_FOR_PATIENT,
    WITHOUT_REPLY,
    Answer,
    CarerRight,
    FlagLevel,
    FlagOutcome,
    RequestStatus,
    needs_in_words,
)
from bookings.status.requests import ACTOR_LENGTH
from procedures.ground.constraints import paired
from procedures.ground.languages import english_name
from procedures.models import Clinician, InformationPage

NOON = 12


class AppointmentRequestQuerySet(models.QuerySet["AppointmentRequest"]):
    """Requests by the words that the desk uses."""

    def waiting_for_clinic(self, at: datetime) -> Self:
        """Requests whose next step is ours; deferred ones from their day on."""
        return self.filter(
            Q(status__in=sorted(WAITING_FOR_CLINIC))
            | Q(status=RequestStatus.DEFERRED, deferred_until__lte=timezone.localdate(at))
        )

    def waiting_for_clinician(self, at: datetime) -> Self:
        """Requests on which a clinician has to record the outcome of a flag first."""
        return self.waiting_for_clinic(at).filter(_has_undecided_flag())

    def waiting_for_reception(self, at: datetime) -> Self:
        """Requests whose next step reception can take.

        An urgent answer that nobody has looked at is reception's as well, because the patient has to
        hear from us at once.
        """
        return self.waiting_for_clinic(at).filter(
            ~_has_undecided_flag() | _has_unseen_urgent_flag()
        )

    def whose_turn(self, at: datetime) -> Self:
        """The requests whose next step is ours, with whether it is reception's, a clinician's or both.

        As `waiting_for_reception` and `waiting_for_clinician` say.
        """
        undecided = _has_undecided_flag()
        return self.waiting_for_clinic(at).annotate(
            is_clinicians=undecided, is_receptions=Q(~undecided | _has_unseen_urgent_flag())
        )

    def moved_by_the_clock(self, at: datetime) -> Self:
        """Requests whose stored status is out of date, because the clock has taken a step since."""
        moved = Q(reply_due__lte=at) | Q(deferred_until__lte=timezone.localdate(at))
        # Requests in any other status have neither, and an index knows the status.
        return self.filter(moved, status__in=sorted({*WAITING_FOR_PATIENT, RequestStatus.DEFERRED}))

    def in_state(self, status: RequestStatus, at: datetime) -> Self:
        """Requests with that status at that instant, including the clock's own steps."""
        return self.filter(has_state(status, at))

    def of_person(self, person: Person) -> Self:
        """The requests of this person, on whichever of their rows."""
        return self.filter(person__in=Person.objects.one_with(person))

    def most_urgent_first(self) -> Self:
        """Urgent requests that nobody has looked at come first, then by the answer-by time.

        So late requests come before those that are not late. A red flag moves nothing up: reception
        cannot clear it, and behind many of them a broken promise would go unnoticed.
        """
        blocking = RedFlag.objects.blocking().filter(request=OuterRef("pk"))
        return self.annotate(
            has_urgent_flag=Exists(blocking.filter(level=FlagLevel.URGENT, outcome="")),
            has_red_flag=Exists(blocking.filter(level=FlagLevel.RED)),
            has_blocking_flag=Exists(blocking),
        ).order_by("-has_urgent_flag", "answer_due", "pk")


def has_state(status: RequestStatus, at: datetime) -> Q:
    """Whether a request has that status at that instant, including the clock's own steps."""
    today = timezone.localdate(at)
    written = Q(status=status) & (
        Q(reply_due=None, deferred_until=None) | Q(reply_due__gt=at) | Q(deferred_until__gt=today)
    )
    left = [before for before, after in WITHOUT_REPLY.items() if after == status]
    if left:
        # The last condition says nothing new, but an index can use it.
        any_of_them = Q(status__in=sorted([status, *left]))
        return (written | Q(status__in=left, reply_due__lte=at)) & any_of_them
    if status == RequestStatus.IN_REVIEW:
        return written | Q(deferred_until__lte=today)
    return written


def _has_undecided_flag() -> Exists:
    return Exists(RedFlag.objects.undecided().filter(request=OuterRef("pk")))


def _has_unseen_urgent_flag() -> Exists:
    return Exists(
        RedFlag.objects.filter(request=OuterRef("pk"), level=FlagLevel.URGENT, outcome="")
    )


class AppointmentRequest(models.Model):
    """What a patient has sent. It is not an appointment yet, and reserves no time."""

    reference = models.CharField(max_length=9, unique=True)
    submission_key = models.CharField(max_length=43, unique=True)
    submission_digest = models.CharField(max_length=64)
    # Who it is. What follows is what they said this time.
    person = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="requests")
    page = models.ForeignKey(InformationPage, null=True, on_delete=models.PROTECT)
    concern = models.TextField("in their own words")
    name = models.CharField(max_length=100)
    date_of_birth = models.DateField()
    # How we reach them: at least one of the two.
    email = models.EmailField(blank=True)
    phone = PhoneNumberField(blank=True)
    preferred_days = models.JSONField(default=list)
    preferred_times = models.JSONField(default=list)
    availability = models.CharField("anything else about times", max_length=300, blank=True)
    # Whom they would like to see, if it matters to them. Kept when that clinician leaves.
    wished_clinician = models.ForeignKey(
        Clinician, null=True, on_delete=models.PROTECT, related_name="+"
    )
    # When they could come instead, while they wait for another time than the one booked or offered.
    wishes = models.CharField(max_length=300, blank=True)
    access_needs = models.JSONField(default=list)
    access_detail = models.CharField(max_length=200, blank=True)
    # In which language they use the site and we write to them; empty for English.
    language = models.CharField(max_length=5, blank=True, db_default="", default="")
    # The person who asks, if that is not the patient.
    carer_name = models.CharField(max_length=100, blank=True)
    carer_right = models.CharField(max_length=10, choices=CarerRight, blank=True)
    status = models.CharField(max_length=20, choices=RequestStatus, default=RequestStatus.RECEIVED)
    version = models.PositiveIntegerField(default=1)
    # The caller could not answer the safety questions, and the patient has not answered them since.
    awaits_answers = models.BooleanField(default=False, db_default=False)
    received_at = models.DateTimeField()
    received_by = models.CharField(max_length=ACTOR_LENGTH)
    answer_due = models.DateTimeField()
    deferred_until = models.DateField(null=True)
    # By when the patient can reply to an offer or to a question.
    reply_due = models.DateTimeField(null=True)
    ended_at = models.DateTimeField(null=True)
    ended_by = models.CharField(max_length=ACTOR_LENGTH, null=True)
    ended_reason = models.TextField(blank=True)
    # Who sees to it: a colleague, or any of the clinicians. Nobody, and everybody does.
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+"
    )
    for_clinicians = models.BooleanField(default=False)
    # Since when they would come earlier than booked if a time becomes free.
    earlier_asked_at = models.DateTimeField(null=True)
    earlier_asked_by = models.CharField(max_length=ACTOR_LENGTH, null=True)
    # What the patient agreed to: day, time and place in messages; text messages to the phone; a
    # voicemail message that says nothing but to phone us.
    detail_in_messages = models.BooleanField(default=False)
    text_messages = models.BooleanField(default=False)
    voicemail = models.BooleanField(default=False)
    link_key = models.CharField(max_length=22, unique=True)
    link_version = models.PositiveSmallIntegerField(default=1)
    # Until when a code opens the request; the code itself is not stored (`links.code`).
    code_until = models.DateTimeField(null=True)
    # Until when the private link of a request that ended opens again, because we wrote to the patient.
    link_until = models.DateTimeField(null=True)
    # The head of the journal's chain. Locking this row makes events queue up.
    event_count = models.PositiveIntegerField(default=0)
    # When what it said about the patient was emptied (`records`).
    emptied_at = models.DateTimeField(null=True)
    emptied_by = models.CharField(max_length=ACTOR_LENGTH, null=True)

    # Only on what was read with `most_urgent_first`.
    has_urgent_flag: bool
    has_red_flag: bool
    has_blocking_flag: bool
    # Only on what was given them by `desk.notes.mark_pinned`.
    pinned_notes: list[str]

    PERSONAL = {
        "name",
        "date_of_birth",
        "email",
        "phone",
        "preferred_days",
        "preferred_times",
        "availability",
        "wished_clinician",
        "wishes",
        "carer_name",
        "carer_right",
        "language",
        "submission_digest",
    }
    OF_HEALTH = {"concern", "access_needs", "access_detail", "page", "ended_reason"}
    OF_STAFF = {"received_by", "ended_by", "owner", "earlier_asked_by", "emptied_by"}
    NOT_PERSONAL = {
        "id",
        "person",
        "reference",
        "submission_key",
        "status",
        "version",
        "awaits_answers",
        "received_at",
        "answer_due",
        "deferred_until",
        "reply_due",
        "ended_at",
        "for_clinicians",
        "earlier_asked_at",
        "detail_in_messages",
        "text_messages",
        "voicemail",
        "link_key",
        "link_version",
        "code_until",
        "link_until",
        "event_count",
        "emptied_at",
    }
    WHOSE = ("person",)
    COUNTED = {"page"}
    # Who has one of these opens something, so neither leaves with an export.
    SECRET = {"link_key", "submission_key"}

    objects = AppointmentRequestQuerySet.as_manager()

    class Meta:
        constraints = [
            paired("received"),
            paired("ended"),
            paired("earlier_asked"),
            paired("emptied"),
            CheckConstraint(
                condition=~Q(email="") | ~Q(phone="") | Q(emptied_at__isnull=False),
                name="a_request_has_an_email_or_a_phone",
            ),
            CheckConstraint(
                condition=Q(owner=None) | Q(for_clinicians=False),
                name="a_request_is_with_a_colleague_or_the_clinicians",
            ),
            CheckConstraint(
                condition=Q(carer_name="", carer_right="")
                | (~Q(carer_name="") & ~Q(carer_right="")),
                name="a_carer_has_a_name_and_a_right",
            ),
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
            Index(fields=["received_at", "received_by", "page"], name="requests_by_day"),
            Index(fields=["page", "received_at", "id"], name="requests_by_page"),
            Index(fields=["email"], name="requests_by_email"),
            Index(fields=["phone"], name="requests_by_phone"),
            Index(fields=["date_of_birth"], name="requests_by_birth"),
            Index(
                fields=["answer_due", "id"],
                condition=Q(status__in=["received", "in_review", "deferred", "booked_in_review"]),
                name="requests_waiting",
            ),
            Index(fields=["status", "received_at", "id"], name="requests_by_status"),
            # Those that have lapsed, or will: whether they have is a question of the clock.
            Index(
                fields=["received_at", "id"],
                condition=Q(status__in=["lapsed", "offered", "question_asked"]),
                name="requests_lapsing",
            ),
            Index(
                fields=["earlier_asked_at", "id"],
                condition=Q(earlier_asked_at__isnull=False),
                name="requests_wanting_earlier",
            ),
        ]
        permissions = [
            ("review_appointmentrequest", "Can start the review of a request"),
            ("ask_appointmentrequest", "Can ask the patient a question"),
            ("offer_appointmentrequest", "Can offer times"),
            ("book_appointmentrequest", "Can book by phone"),
            ("defer_appointmentrequest", "Can defer a request"),
            ("decline_appointmentrequest", "Can decline a request"),
            ("phone_appointmentrequest", "Can record a phone call"),
            ("hand_over_appointmentrequest", "Can hand a request over to a colleague"),
            ("read_answers_appointmentrequest", "Can read answers about health"),
            ("open_answers_appointmentrequest", "Can open answers about health with a reason"),
        ]

    def __str__(self) -> str:
        return self.reference

    def suits(self, instant: datetime) -> bool:
        """Whether the instant is on a day and in a part of the day that the patient named."""
        return self.suits_in(self.half_day_of(instant))

    @staticmethod
    def half_day_of(instant: datetime) -> tuple[str, str]:
        """The day of the week in the clinic's time zone, and the part of it: “monday”, “morning”."""
        local = timezone.localtime(instant)
        return f"{local:%A}".lower(), "morning" if local.hour < NOON else "afternoon"

    def suits_in(self, half: tuple[str, str]) -> bool:
        """Whether a day of the week and a part of it, as `half_day_of` names them, suit the patient."""
        day, part = half
        return day in self.preferred_days and part in self.preferred_times

    @property
    def ended_by_patient(self) -> bool:
        """Whether the patient ended the request, so that the reason is in their words."""
        return self.ended_by == PATIENT

    def notes(self) -> list[str]:
        """What a clinician noted for the day of the visit."""
        noted = FlagOutcome.PROCEED_WITH_NOTE
        return [flag.reason for flag in self.flags.all() if flag.outcome == noted]

    def days_in_words(self) -> list[str]:
        """The days that suit the patient: “Monday”."""
        return [DAYS[day] for day in self.preferred_days]

    def times_in_words(self) -> list[str]:
        """The times of day that suit the patient: “Morning (9:00 to 12:00)”."""
        return [PARTS_OF_DAY[part] for part in self.preferred_times]

    def suits_in_short(self) -> str:
        """When they could come, as lists show it: “Mon, Thu mornings”, “any day”."""
        days = [name[:3] for day, name in DAYS.items() if day in self.preferred_days]
        which = ", ".join(days) if 0 < len(days) < len(DAYS) else "any day"
        parts = [part for part in PARTS_OF_DAY if part in self.preferred_times]
        return f"{which} {parts[0]}s" if len(parts) == 1 else which

    def age(self, on: date) -> int:
        """How many birthdays they have had by that day."""
        return age_on(self.date_of_birth, on)

    def needs(self) -> list[str]:
        """What makes a visit possible for this person, in words."""
        return needs_in_words(self.access_needs, self.access_detail, english_name(self.language))

    def state(self, at: datetime) -> RequestStatus:
        """The status of the request at that instant, including the steps that the clock has taken.

        A deferred request is back in review on its day. A request that waits for the patient
        lapses, or keeps the appointment that it has.
        """
        if self.deferred_until and self.deferred_until <= timezone.localdate(at):
            return RequestStatus.IN_REVIEW
        if self.reply_due and self.reply_due <= at:
            return WITHOUT_REPLY[RequestStatus(self.status)]
        return RequestStatus(self.status)

    def is_waiting_for_clinic(self, at: datetime) -> bool:
        """The predicate twin of `waiting_for_clinic`."""
        return self.state(at) in WAITING_FOR_CLINIC

    def must_answer(self, at: datetime) -> bool:
        """Whether we wait for the patient's answers to the safety questions at that instant."""
        return self.awaits_answers and self.state(at) not in ENDED


class ScreeningAnswer(models.Model):
    """The patient's answer to one wording."""

    request = models.ForeignKey(
        AppointmentRequest, on_delete=models.PROTECT, related_name="answers"
    )
    question = models.ForeignKey(ScreeningQuestion, on_delete=models.PROTECT)
    answer = models.CharField(max_length=10, choices=Answer)
    detail = models.TextField(blank=True)
    # In which language the patient read the question; empty for English, for what a colleague asked
    # aloud, and for what nobody was asked.
    read_in = models.CharField(max_length=5, blank=True, db_default="", default="")
    given_at = models.DateTimeField()
    given_by = models.CharField(max_length=ACTOR_LENGTH)

    PERSONAL = {"read_in"}
    OF_HEALTH = {"answer", "detail"}
    OF_STAFF = {"given_by"}
    NOT_PERSONAL = {"id", "request", "question", "given_at"}
    WHOSE = ("request__person",)

    class Meta:
        constraints = [
            paired("given"),
            UniqueConstraint(
                fields=["request", "question", "given_at"], name="one_answer_a_question_at_a_time"
            ),
        ]

    def __str__(self) -> str:
        return f"answer {self.pk} of request {self.request_id}"


class RedFlagQuerySet(models.QuerySet["RedFlag"]):
    """Flags by whether they block an offer."""

    def blocking(self) -> Self:
        """Flags without an outcome that clears them."""
        return self.exclude(outcome__in=CLEARING)

    def undecided(self) -> Self:
        """Flags without an outcome, or about which the patient has been phoned as a clinician asked.

        After any other outcome the next step is reception's: to offer, defer or decline.
        """
        called = Q(request__calls__reached=True, request__calls__made_at__gte=F("resolved_at"))
        wanted = Q(outcome=FlagOutcome.CALL_PATIENT)
        return self.filter(Q(outcome="") | (wanted & called)).distinct()


class RedFlag(models.Model):
    """An answer that a rule has flagged.

    It blocks offers until a named person records an outcome.
    """

    request = models.ForeignKey(AppointmentRequest, on_delete=models.PROTECT, related_name="flags")
    answer = models.OneToOneField(ScreeningAnswer, on_delete=models.PROTECT, related_name="flag")
    level = models.CharField(max_length=10, choices=FlagLevel)
    outcome = models.CharField(max_length=20, choices=FlagOutcome, blank=True)
    reason = models.TextField(blank=True)
    resolved_at = models.DateTimeField(null=True)
    resolved_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+"
    )

    PERSONAL: set[str] = set()
    OF_HEALTH = {"level", "outcome", "reason"}
    OF_STAFF = {"resolved_by"}
    NOT_PERSONAL = {"id", "request", "answer", "resolved_at"}
    WHOSE = ("request__person",)
    COUNTED = {"level", "outcome"}

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
        indexes = [
            Index(
                fields=["request"],
                condition=Q(outcome=FlagOutcome.CALL_PATIENT),
                name="flags_to_call_about",
            ),
            Index(fields=["request"], condition=Q(outcome=""), name="flags_without_an_outcome"),
        ]
        permissions = [("resolve_redflag", "Can record the outcome of a flag")]

    def __str__(self) -> str:
        return f"flag {self.pk} of request {self.request_id}"

    def is_blocking(self) -> bool:
        """The predicate twin of `blocking`."""
        return self.outcome not in CLEARING
