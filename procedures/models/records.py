"""What is written down about pages, and what `rate_limits` counts and where."""

from ipaddress import ip_network

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import UniqueConstraint

from procedures.models.pages import InformationPage, Revision


class PageEvent(models.Model):
    """What happened to a page and who did it. The database refuses to change or delete a row.

    The events of all pages are one chain. What an event says is in its statement (see `statements`); the
    columns beside it are there to be looked up by, and count only where they say the same.
    """

    number = models.PositiveIntegerField(unique=True)
    page = models.ForeignKey(InformationPage, on_delete=models.PROTECT, related_name="events")
    revision = models.ForeignKey(Revision, on_delete=models.PROTECT, related_name="events")
    kind = models.CharField(max_length=40)
    at = models.DateTimeField()
    by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    reason = models.TextField(blank=True)
    statement = models.TextField()
    # The one column that may be replaced: by `manage.py reseal_pages`, when the key changes.
    seal = models.CharField(max_length=64)

    PERSONAL = {"statement"}
    NOT_PERSONAL = {"id", "number", "page", "revision", "kind", "at", "by", "reason", "seal"}

    class Meta:
        verbose_name = "event of a page"
        verbose_name_plural = "what happened to pages"

    def __str__(self) -> str:
        return f"{self.kind} {self.revision}"


class PageFeedback(models.Model):
    """Whether a reader found a version clear. Nothing in it says who they are."""

    revision = models.ForeignKey(Revision, on_delete=models.PROTECT, related_name="feedback")
    clear = models.BooleanField()
    comment = models.CharField(max_length=200, blank=True)
    day = models.DateField()

    PERSONAL = {"comment"}
    NOT_PERSONAL = {"id", "revision", "clear", "day"}

    class Meta:
        verbose_name = "answer of a reader"
        verbose_name_plural = "what readers say"

    def __str__(self) -> str:
        return f"{'Clear' if self.clear else 'Not clear'}: {self.revision}"


class DueNotice(models.Model):
    """That somebody was told by mail of one thing that is due. What has no row is still to tell."""

    page = models.ForeignKey(InformationPage, on_delete=models.PROTECT, related_name="+")
    told_to = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+"
    )
    # Names the reason and what it hangs on, so that the next signature gives a new one.
    cause = models.CharField(max_length=100)
    day = models.DateField()

    PERSONAL: set[str] = set()
    NOT_PERSONAL = {"id", "page", "told_to", "cause", "day"}

    class Meta:
        constraints = [
            UniqueConstraint(fields=["page", "told_to", "cause"], name="told_once_of_each_cause")
        ]

    def __str__(self) -> str:
        return f"{self.page}: {self.cause}"


class RateLimit(models.Model):
    """The last tries of one subject of a limit. Keys are keyed hashes."""

    key = models.CharField(max_length=64, unique=True)
    times = models.PositiveIntegerField()
    # The newest first, each as long as the others; `rate_limits` writes and reads them.
    tries = models.TextField(blank=True)
    ends = models.DateTimeField()

    PERSONAL: set[str] = set()
    NOT_PERSONAL = {"id", "key", "times", "tries", "ends"}

    def __str__(self) -> str:
        return f"{self.times} until {self.ends}"


# The longest range that one waiting room or kiosk can need, by version of the address.
WIDEST = {4: 24, 6: 48}


def refuse_wide_networks(text: str) -> None:
    """Refuse what is no range of addresses, or is so wide that strangers are in it."""
    try:
        network = ip_network(text)
    except ValueError:
        raise ValidationError(
            "Enter an address or a range, for example 198.51.100.7 or 2001:db8:5::/64."
        ) from None
    if network.prefixlen < WIDEST[network.version]:
        raise ValidationError(
            f"This range is too wide. Enter a /{WIDEST[network.version]} or a smaller one."
        )


class SharedPlace(models.Model):
    """Where many people ask from one address, for example a hospital's kiosk: its limits are larger."""

    network = models.CharField(
        "address or range",
        max_length=43,
        unique=True,
        validators=[refuse_wide_networks],
        help_text="The public address that the place has on the internet, for example 198.51.100.7, "
        "or a range such as 2001:db8:5::/64. Ask the people who run its network.",
    )
    times = models.PositiveSmallIntegerField(
        "how many times the usual limit",
        default=10,
        validators=[MinValueValidator(2), MaxValueValidator(100)],
        help_text="For all who ask from there together. Usually one place may send 10 requests an hour.",
    )
    note = models.CharField(max_length=200, help_text="What it is, and whom you asked.")
    until = models.DateField(
        "last day", null=True, blank=True, help_text="Leave it empty if there is none."
    )

    PERSONAL: set[str] = set()
    NOT_PERSONAL = {"id", "network", "times", "note", "until"}

    class Meta:
        verbose_name = "shared place"

    def __str__(self) -> str:
        return self.network
