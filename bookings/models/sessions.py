"""Where and when the clinic works: places, rooms, machines, clinic sessions and what cancels them.

A manager maintains these. Hours are local times in the clinic's time zone; a closure is two
instants.
"""

from datetime import date, datetime, time, timedelta
from typing import Self

from django.db import models
from django.db.models import CheckConstraint, F, Q, UniqueConstraint
from django.utils import timezone

from procedures.ground.week import Weekday
from procedures.models import Clinician


class ClosedDay(models.Model):
    """A day on which nobody is at the desk and no clinic takes place, such as a bank holiday."""

    day = models.DateField(unique=True)
    reason = models.CharField(max_length=100)

    PERSONAL: set[str] = set()
    NOT_PERSONAL = {"id", "day", "reason"}

    def __str__(self) -> str:
        return f"{self.day:%-d %B %Y}: {self.reason}"


class Location(models.Model):
    """A site where patients are seen."""

    name = models.CharField(max_length=100, unique=True)
    address = models.CharField(max_length=300, help_text="Patients read this.")
    directions = models.TextField(
        "how to get in", blank=True, help_text="Step-free access, parking, which bell to ring."
    )

    PERSONAL: set[str] = set()
    NOT_PERSONAL = {"id", "name", "address", "directions"}

    class Meta:
        verbose_name = "place"

    def __str__(self) -> str:
        return self.name


class OpeningHours(models.Model):
    """A period of a weekday in which a location is open. A day may have several, or none."""

    location = models.ForeignKey(Location, on_delete=models.CASCADE, related_name="opening_hours")
    weekday = models.PositiveSmallIntegerField(choices=Weekday)
    opens = models.TimeField()
    closes = models.TimeField()

    PERSONAL: set[str] = set()
    NOT_PERSONAL = {"id", "location", "weekday", "opens", "closes"}

    class Meta:
        ordering = ["weekday", "opens"]
        verbose_name_plural = "opening hours"
        constraints = [
            CheckConstraint(
                condition=Q(closes__gt=F("opens")),
                name="opens_before_it_closes",
                violation_error_message="Closing time must be after opening time.",
            )
        ]

    def __str__(self) -> str:
        return f"{Weekday(self.weekday).label}, {self.opens:%-H:%M} to {self.closes:%-H:%M}"


class MachineKind(models.Model):
    """A kind of machine. A location may have several machines of one kind."""

    name = models.CharField(max_length=100, unique=True)

    PERSONAL: set[str] = set()
    NOT_PERSONAL = {"id", "name"}

    class Meta:
        verbose_name = "kind of machine"
        verbose_name_plural = "kinds of machine"

    def __str__(self) -> str:
        return self.name


class RoomKind(models.Model):
    """A kind of room, such as one with an ultrasound machine. Rooms of one kind serve equally well."""

    name = models.CharField(max_length=100, unique=True)

    PERSONAL: set[str] = set()
    NOT_PERSONAL = {"id", "name"}

    class Meta:
        verbose_name = "kind of room"
        verbose_name_plural = "kinds of room"

    def __str__(self) -> str:
        return self.name


class Resource(models.Model):
    """Something that can serve one patient at a time: a clinician, a room, a machine."""

    name = models.CharField(max_length=160, unique=True)
    clinician = models.OneToOneField(Clinician, null=True, blank=True, on_delete=models.PROTECT)
    location = models.ForeignKey(
        Location, null=True, blank=True, on_delete=models.PROTECT, verbose_name="place"
    )
    machine_kind = models.ForeignKey(
        MachineKind,
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        verbose_name="kind of machine",
        help_text="Leave this empty for a room.",
    )
    room_kind = models.ForeignKey(
        RoomKind,
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        verbose_name="kind of room",
        help_text="For a room. A visit can be in any free room of its kind. Leave this empty if only "
        "the clinicians who have their sessions in the room use it.",
    )

    PERSONAL: set[str] = set()
    NOT_PERSONAL = {"id", "name", "clinician", "location", "machine_kind", "room_kind"}

    class Meta:
        verbose_name = "room or machine"
        verbose_name_plural = "rooms and machines"
        constraints = [
            CheckConstraint(
                condition=Q(clinician__isnull=False, location=None, machine_kind=None)
                | Q(clinician=None, location__isnull=False),
                name="a_clinician_or_something_at_a_location",
                violation_error_message="Choose a location.",
            ),
            CheckConstraint(
                condition=Q(room_kind=None) | Q(clinician=None, machine_kind=None),
                name="only_a_room_has_a_kind_of_room",
                violation_error_message="Choose a kind of room or a kind of machine, not both.",
            ),
        ]

    def __str__(self) -> str:
        return self.name


class ClinicSessionQuerySet(models.QuerySet["ClinicSession"]):
    """Sessions by when they take place."""

    def between(self, first: date, last: date) -> Self:
        """Sessions that may take place on a day from first to last."""
        return self.filter(Q(last_day=None) | Q(last_day__gte=first), first_day__lte=last)


class ClinicSession(models.Model):
    """A period of one clinician's time in one room, once or every week."""

    clinician = models.ForeignKey(Clinician, on_delete=models.PROTECT)
    room = models.ForeignKey(
        Resource,
        on_delete=models.PROTECT,
        limit_choices_to={"clinician": None, "machine_kind": None},
    )
    first_day = models.DateField(
        help_text=("The session repeats every week on this day of the week.")
    )
    last_day = models.DateField(
        null=True,
        blank=True,
        help_text=(
            "Leave this empty if the session goes on until further notice. Enter the first day "
            "again if it takes place only once."
        ),
    )
    starts = models.TimeField("from")
    ends = models.TimeField("to")

    PERSONAL: set[str] = set()
    NOT_PERSONAL = {"id", "clinician", "room", "first_day", "last_day", "starts", "ends"}

    objects = ClinicSessionQuerySet.as_manager()

    class Meta:
        ordering = ["clinician", "first_day", "starts"]
        constraints = [
            CheckConstraint(
                condition=Q(ends__gt=F("starts")),
                name="session_starts_before_it_ends",
                violation_error_message="The session must end after it starts.",
            ),
            CheckConstraint(
                condition=Q(last_day=None) | Q(last_day__gte=F("first_day")),
                name="session_has_a_first_and_then_a_last_day",
                violation_error_message="The last day cannot be before the first day.",
            ),
        ]

    def __str__(self) -> str:
        hours = f"{self.starts:%-H:%M} to {self.ends:%-H:%M}"
        if self.last_day == self.first_day:
            return f"{self.clinician.name}, {self.first_day:%-d %B %Y}, {hours}"
        return f"{self.clinician.name}, every {self.first_day:%A}, {hours}"

    def takes_place_on(self, day: date) -> bool:
        """Whether the day is one of its days, ignoring whatever changes or cancels it there."""
        return (
            day >= self.first_day
            and (self.last_day is None or day <= self.last_day)
            and day.weekday() == self.first_day.weekday()
        )

    def can_use(self, room: Resource) -> bool:
        """Whether its visits may be in that room: its own, or one of any kind at the same place."""
        if room.pk == self.room_id:
            return True
        return room.room_kind_id is not None and room.location_id == self.room.location_id


class SessionChange(models.Model):
    """An exception: on one day a session has other hours, or does not take place."""

    session = models.ForeignKey(ClinicSession, on_delete=models.CASCADE, related_name="changes")
    day = models.DateField()
    starts = models.TimeField("from", null=True, blank=True)
    ends = models.TimeField("to", null=True, blank=True)
    reason = models.CharField(max_length=100, blank=True, help_text="For colleagues.")

    PERSONAL: set[str] = set()
    NOT_PERSONAL = {"id", "session", "day", "starts", "ends", "reason"}

    class Meta:
        ordering = ["day"]
        constraints = [
            UniqueConstraint(fields=["session", "day"], name="one_change_a_day"),
            CheckConstraint(
                condition=Q(starts=None, ends=None)
                | Q(starts__isnull=False, ends__isnull=False, ends__gt=F("starts")),
                name="other_hours_or_none",
                violation_error_message="Enter both times, with the start before the end. Leave both "
                "empty if the session does not take place.",
            ),
        ]

    def __str__(self) -> str:
        if self.starts is None or self.ends is None:
            return f"{self.day:%-d %B %Y}: does not take place"
        return f"{self.day:%-d %B %Y}: {self.starts:%-H:%M} to {self.ends:%-H:%M}"


class ClosureQuerySet(models.QuerySet["Closure"]):
    """Closures by when they are."""

    def overlapping(self, starts: datetime, ends: datetime) -> Self:
        """Closures that overlap the period."""
        return self.filter(starts__lt=ends, ends__gt=starts)


class Closure(models.Model):
    """A period in which a clinician is away, or a room, a machine or a whole location is closed."""

    resource = models.ForeignKey(
        Resource,
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        verbose_name="who or what",
        help_text="A clinician on leave, a room, a machine.",
    )
    location = models.ForeignKey(
        Location,
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        verbose_name="place",
        help_text="Or choose a whole place.",
    )
    starts = models.DateTimeField("from")
    ends = models.DateTimeField("to")
    reason = models.CharField(
        max_length=100,
        blank=True,
        help_text=("For colleagues. Do not write down anyone’s illness."),
    )

    PERSONAL: set[str] = set()
    NOT_PERSONAL = {"id", "resource", "location", "starts", "ends", "reason"}

    objects = ClosureQuerySet.as_manager()

    class Meta:
        ordering = ["starts"]
        verbose_name = "leave or closure"
        verbose_name_plural = "leave and closures"
        constraints = [
            CheckConstraint(
                condition=Q(resource=None, location__isnull=False)
                | Q(resource__isnull=False, location=None),
                name="a_closure_is_of_one_thing",
                violation_error_message="Choose either who or what is away, or a location.",
            ),
            CheckConstraint(
                condition=Q(ends__gt=F("starts")),
                name="closure_starts_before_it_ends",
                violation_error_message="The end must be after the start.",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.subject}: {self.reason or 'closed'}"

    @property
    def subject(self) -> str:
        """Who is away, or what is closed."""
        clinician = self.resource.clinician if self.resource else None
        return clinician.name if clinician else str(self.resource or self.location)

    @property
    def sentence(self) -> str:
        """“Dr Ada Example is away”, “Room 1 is closed”."""
        is_somebody = self.resource and self.resource.clinician_id
        return f"{self.subject} is {'away' if is_somebody else 'closed'}"

    @property
    def period(self) -> str:
        """When it is, with clock times only if it is not for whole days."""
        starts, ends = timezone.localtime(self.starts), timezone.localtime(self.ends)
        # A whole day ends with its last minute, or when the next one begins.
        last = ends - timedelta(minutes=1)
        first_day, last_day = f"{starts:%A %-d %B %Y}", f"{last:%A %-d %B %Y}"
        if starts.time() == time() and ends.time() in {time(), time(23, 59)}:
            whole = f"{first_day}, whole day"
            return whole if first_day == last_day else f"{first_day} to {last_day}"
        if first_day == last_day:
            return f"{first_day}, {starts:%-H:%M} to {ends:%-H:%M}"
        return f"{first_day}, {starts:%-H:%M} to {ends:%A %-d %B %Y, %-H:%M}"
