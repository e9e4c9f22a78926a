"""The place from which somebody connects, for rate limits.

One person has one IPv4 address, or a whole /64 of IPv6 to choose from; somebody who rents a server
often has a /48. So IPv6 counts by /64, and with a larger limit by /48.
"""

from collections.abc import Iterable
from datetime import date
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network
from typing import NamedTuple

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import Q
from django.http import HttpRequest
from django.utils import timezone

from procedures.ground.arranged import kept
from procedures.ground.rate_limits import Limit, Try

Address = IPv4Address | IPv6Address
# How many times one person's limit a /48 has, and all visitors whose address cannot be read
# together.
MANY = 10
# The longest range that one waiting room or kiosk can need, by version of the address.
WIDEST = {4: 24, 6: 48}


def refuse_wide_networks(text: str) -> None:
    """Refuse anything that is not a range, or that is so wide that it includes strangers."""
    try:
        network = ip_network(text)
    except ValueError:
        raise ValidationError(
            "Enter an address or a range, for example 198.51.100.7 or 2001:db8:5::/64."
        ) from None
    if network.prefixlen < WIDEST[network.version]:
        raise ValidationError(
            f"This range is too wide. Enter a /{WIDEST[network.version]} or a smaller range."
        )


class SharedPlace(models.Model):
    """An address that many people share, for example a hospital's kiosk: its limits are larger."""

    network = models.CharField(
        "address or range",
        max_length=43,
        unique=True,
        validators=[refuse_wide_networks],
        help_text="The public internet address of the place, for example 198.51.100.7, or a range "
        "such as 2001:db8:5::/64. Ask the people who run its network.",
    )
    times = models.PositiveSmallIntegerField(
        "how many times the usual limit",
        default=10,
        validators=[MinValueValidator(2), MaxValueValidator(100)],
        help_text=(
            "For everyone there together. Usually we accept 10 requests an hour from one place."
        ),
    )
    note = models.CharField(max_length=200, help_text="What the place is, and whom you asked.")
    until = models.DateField(
        "last day", null=True, blank=True, help_text="Leave this empty if there is none."
    )

    PERSONAL: set[str] = set()
    NOT_PERSONAL = {"id", "network", "times", "note", "until"}

    class Meta:
        verbose_name = "shared place"

    def __str__(self) -> str:
        return self.network


class Place(NamedTuple):
    """Who counts as one visitor, and how many times one person's limits apply."""

    subject: str
    times: int = 1
    # The larger place around it, which counts as one too, with `MANY` times the limit.
    within: str = ""


def place_of(request: HttpRequest) -> Place:
    """The place that a request comes from."""
    address = client_address(request)
    if address is None:
        return Place("unreadable", MANY)
    for shared in shared_places(timezone.localdate()):
        if address in ip_network(shared.network):
            return Place(f"shared {shared.pk}", shared.times)
    if isinstance(address, IPv4Address):
        return Place(f"{address}")
    narrow, wide = (f"{ip_network((address, prefix), strict=False)}" for prefix in (64, 48))
    return Place(narrow, within=wide)


@kept
def shared_places(on: date) -> Iterable[SharedPlace]:
    """The shared places of that day. The first that an address belongs to counts."""
    return SharedPlace.objects.filter(Q(until=None) | Q(until__gte=on)).order_by("pk")


def by_place(limit: Limit, request: HttpRequest) -> list[Try]:
    """The tries that a limit by place counts for a request."""
    place = place_of(request)
    tries = [(limit._replace(times=limit.times * place.times), place.subject)]
    if place.within:
        tries.append((limit._replace(times=limit.times * MANY), place.within))
    return tries


def shortened(request: HttpRequest) -> str:
    """Roughly where a request comes from, to recognise one's own place and no more.

    The last part of an IPv4 address is left out, and all but the first three groups of IPv6.
    """
    address = client_address(request)
    if address is None:
        return "unreadable"
    prefix = WIDEST[address.version]
    return f"{ip_network((address, prefix), strict=False)}"


def client_address(request: HttpRequest) -> Address | None:
    """The address that our own outermost proxy saw, or None if it cannot be read.

    What a client claims further left is ignored.
    """
    forwarded = request.META.get("HTTP_X_FORWARDED_FOR", "").split(",")
    if settings.PROXIES and len(forwarded) >= settings.PROXIES:
        return _read(forwarded[-settings.PROXIES])
    return _read(str(request.META.get("REMOTE_ADDR", "")))


def _read(text: str) -> Address | None:
    """The address in one entry. Some proxies add quotation marks, brackets and a port."""
    text = text.strip().strip('"')
    if text.startswith("["):
        text = text[1:].partition("]")[0]
    elif text.count(":") == 1:
        text = text.partition(":")[0]
    try:
        address = ip_address(text.partition("%")[0])
    except ValueError:
        return None
    return (isinstance(address, IPv6Address) and address.ipv4_mapped) or address
