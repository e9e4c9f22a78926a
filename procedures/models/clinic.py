"""What the clinic is: its name, how to reach it, what it promises. A manager maintains it.

Each change is a new row, and the newest one counts, so the rows are the history too. Until there is
a row, the values of the environment count.

`details` answers from this process's memory. It is brought up to date by `change_details`, by the
page store and by the worker (`look_again`): a process notices within a second what another one saved,
and no page costs a query.
"""

from collections.abc import Iterable
from decimal import Decimal
from typing import Any, NamedTuple

from django.conf import settings
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import Error, models

from procedures.ground import week
from procedures.ground.week import Period

# What a row says about its change. Everything else is about the clinic.
OF_THE_CHANGE = {"id", "number", "at", "by"}


class Rating(models.TextChoices):
    """The ratings of the Care Quality Commission."""

    OUTSTANDING = "outstanding", "Outstanding"
    GOOD = "good", "Good"
    REQUIRES_IMPROVEMENT = "requires improvement", "Requires improvement"
    INADEQUATE = "inadequate", "Inadequate"
    NOT_YET = "not yet rated", "Not yet rated"


class Change(NamedTuple):
    """One field that a row changed, in words."""

    label: str
    before: str
    after: str


def number_of(label: str, *, default: int, least: int, most: int, help_text: str = "") -> Any:
    """A column for a whole number from `least` to `most`."""
    return models.PositiveIntegerField(
        label,
        default=default,
        help_text=help_text,
        validators=[MinValueValidator(least), MaxValueValidator(most)],
    )


def three_days_and_one() -> list[int]:
    """When reminders are sent unless somebody says otherwise."""
    return [3, 1]


class ClinicDetails(models.Model):
    """The clinic's details as they were from one change to the next."""

    number = models.PositiveIntegerField(unique=True)
    at = models.DateTimeField()
    by = models.CharField(max_length=150)

    name = models.CharField(
        max_length=100, help_text="Choose a name that gives nothing away: emails show it."
    )
    address = models.CharField(max_length=300, blank=True)
    phone = models.CharField(max_length=40, blank=True)
    email = models.EmailField(blank=True, help_text="Where patients may write to.")
    text_sender = models.CharField(
        "sender of text messages",
        max_length=34,
        default="Clinic",
        help_text="The number that your text provider gave you, which patients can answer; a messaging "
        "service of Twilio (it begins with MG); or a name of at most 11 letters.",
    )
    text_price = models.DecimalField(
        "price of a text",
        max_digits=6,
        decimal_places=3,
        default=Decimal(0),
        db_default=Decimal(0),
        validators=[MinValueValidator(0)],
        help_text="Pence for each part of a text: 160 letters, or 70 in another alphabet. Leave 0 if "
        "you do not count the cost.",
    )
    inbox = models.CharField(
        "who is told that something is waiting",
        max_length=500,
        blank=True,
        help_text="Email addresses with commas between them. Leave this empty to tell nobody.",
    )

    desk_hours = models.JSONField()
    answers_within_hours = number_of(
        "answer within",
        default=16,
        least=1,
        most=1000,
        help_text="Hours in which the desk is open.",
    )
    held_hours = number_of(
        "hold an offer for",
        default=16,
        least=1,
        most=200,
        help_text="Hours in which the desk is open.",
    )
    answers_keep_days = number_of(
        "ask the safety questions again after",
        default=7,
        least=1,
        most=90,
        help_text="Days. Only the questions whose answer may change are asked again.",
    )
    cancel_hours = number_of(
        "cancel without phoning until",
        default=24,
        least=0,
        most=1000,
        help_text="Hours before the appointment.",
    )
    link_days = number_of(
        "keep a private link open for",
        default=90,
        least=1,
        most=4000,
        help_text="Days after the request has ended.",
    )
    reminder_days = models.JSONField(default=three_days_and_one)

    reception_reads_answers = models.BooleanField(
        "reception reads answers about health",
        default=True,
        help_text="If not, reception sees how serious an answer is and which help somebody needs, and "
        "says why before reading more. Clinicians always read them.",
    )

    legal_name = models.CharField(max_length=200, blank=True)
    registered_office = models.CharField(max_length=300, blank=True)
    company_number = models.CharField(max_length=40, blank=True)
    vat_number = models.CharField("VAT number", max_length=40, blank=True)
    ico_number = models.CharField(
        "ICO number",
        max_length=40,
        blank=True,
        help_text="Your number in the register of the Information Commissioner.",
    )

    cqc_provider = models.CharField(
        "registered with the CQC as",
        max_length=200,
        blank=True,
        help_text="The name in the register of the Care Quality Commission. Leave this empty if the "
        "clinic is not registered: then no page mentions the Commission.",
    )
    cqc_link = models.URLField("address of the CQC’s page", blank=True)
    cqc_rating = models.CharField("CQC rating", max_length=20, choices=Rating, blank=True)
    cqc_rating_day = models.DateField("day of the rating", null=True, blank=True)

    PERSONAL: set[str] = set()
    OF_STAFF = {"by"}
    NOT_PERSONAL = OF_THE_CHANGE - OF_STAFF | {
        "name",
        "address",
        "phone",
        "email",
        "text_sender",
        "text_price",
        "inbox",
        "desk_hours",
        "answers_within_hours",
        "held_hours",
        "answers_keep_days",
        "cancel_hours",
        "link_days",
        "reminder_days",
        "reception_reads_answers",
        "legal_name",
        "registered_office",
        "company_number",
        "vat_number",
        "ico_number",
        "cqc_provider",
        "cqc_link",
        "cqc_rating",
        "cqc_rating_day",
    }

    class Meta:
        ordering = ["-number"]
        verbose_name = "change of the clinic’s details"
        verbose_name_plural = "changes of the clinic’s details"

    def __str__(self) -> str:
        return f"The clinic’s details, version {self.number}"

    @property
    def week(self) -> dict[int, list[Period]]:
        """When the desk is open: the periods of each weekday."""
        return week.read(self.desk_hours)

    def values(self) -> dict[str, Any]:
        """Everything about the clinic, by the names of the columns."""
        return {name: getattr(self, name) for name in ABOUT_THE_CLINIC}

    def changes_since(self, before: "ClinicDetails") -> list[Change]:
        """What is different from the row before, in words."""
        return [
            Change(label, old, new)
            for (label, old), (_, new) in zip(before.in_words(), self.in_words(), strict=True)
            if old != new
        ]

    def in_words(self) -> Iterable[tuple[str, str]]:
        """The name and the value of each column, as a colleague would read them."""
        for name in ABOUT_THE_CLINIC:
            value = getattr(self, name)
            if name == "desk_hours":
                value = week.in_words(self.week)
            elif name == "reminder_days":
                value = ", ".join(map(str, value))
            elif name == "text_price":
                value = f"{value.normalize():f}"
            elif name == "cqc_rating":
                value = self.get_cqc_rating_display()
            yield self.label_of(name), "" if value is None else str(value)

    @classmethod
    def label_of(cls, name: str) -> str:
        """What a column is called at the desk."""
        labels = {field.name: str(field.verbose_name) for field in cls._meta.concrete_fields}
        return labels[name][:1].upper() + labels[name][1:]


ABOUT_THE_CLINIC = [
    field.name for field in ClinicDetails._meta.concrete_fields if field.name not in OF_THE_CHANGE
]


class _Memory:
    """What this process knows. One assignment replaces it, so threads need no lock."""

    details: ClinicDetails | None = None


def details() -> ClinicDetails:
    """The clinic's details as this process knows them."""
    if _Memory.details is None:
        try:
            return look_again()
        except Error:
            # No table yet, or no database: the environment still knows who we are.
            return remember(first_values())
    return _Memory.details


def look_again() -> ClinicDetails:
    """Read the newest details. Raises the database's error if they cannot be read."""
    return remember(ClinicDetails.objects.first() or first_values())


def remember(known: ClinicDetails) -> ClinicDetails:
    """Answer with these details from now on."""
    _Memory.details = known
    return known


def forget() -> None:
    """Read the details again before the next answer."""
    _Memory.details = None


def first_values() -> ClinicDetails:
    """The details that the environment gives, which count until somebody saves others."""
    return ClinicDetails(number=0, **settings.CLINIC_FIRST_VALUES)
