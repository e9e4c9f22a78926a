"""The ways from every page of the desk to every other, by what a person may see."""

from typing import NamedTuple

from django.contrib.auth.models import User
from django.urls import reverse
from django.utils import timezone

from bookings.models import AppointmentRequest


class Way(NamedTuple):
    """One entry of the navigation."""

    name: str
    address: str
    is_here: bool
    # Whether it says how many requests wait there.
    says_how_many: bool = False
    # Whether it begins something, and so looks like a button.
    begins: bool = False
    # The key that leads there after a g.
    key: str = ""


# The name, the address, and the permission that it needs. A page belongs to the entry whose address is
# the longest beginning of its own.
WAYS = (
    ("Today", "admin:index", ""),
    (
        "Requests",
        "admin:bookings_appointmentrequest_changelist",
        "bookings.view_appointmentrequest",
    ),
    ("Diary", "admin:bookings_diary_day", "bookings.view_appointmentrequest"),
    ("People", "admin:bookings_person_changelist", "bookings.view_appointmentrequest"),
    ("To phone", "admin:bookings_to_phone", "bookings.view_appointmentrequest"),
    ("Pages", "admin:procedures_revision_changelist", "procedures.view_revision"),
    ("Numbers", "admin:bookings_numbers", "bookings.view_numbers"),
    ("Set-up", "admin:setup", ""),
    ("Book by phone", "admin:bookings_book_by_phone", "bookings.book_appointmentrequest"),
)
KEYS = {
    "Today": "t",
    "Requests": "r",
    "Diary": "d",
    "People": "p",
    "To phone": "o",
    "Numbers": "n",
    "Set-up": "s",
    "Book by phone": "b",
}
WAITING = "Requests"
BEGINS = "Book by phone"
# Sections whose pages begin otherwise than the entry itself.
SECTIONS = {
    "Diary": "/bookings/appointmentrequest/diary/",
    "Pages": "/procedures/",
    # The clinic's details and the clinicians.
    "Set-up": "/procedures/clinic",
}
# What belongs to the set-up although its address begins like another section.
SET_UP = (
    "/procedures/staffaccount/",
    "/procedures/signin/",
    "/procedures/accountevent/",
    "/procedures/proposal/",
    "/bookings/person/kept/",
    "/bookings/person/held/",
    "/bookings/person/rights/",
)


def ways(user: User, path: str) -> list[Way]:
    """What this person may go to from the page at this path."""
    allowed = [
        (name, reverse(address))
        for name, address, permission in WAYS
        if not permission or user.has_perm(permission)
    ]
    desk = reverse("admin:index")
    begins = {
        name: desk.rstrip("/") + SECTIONS[name] if name in SECTIONS else address
        for name, address in allowed
    }
    fitting = [name for name in begins if path.startswith(begins[name])]
    here = max(fitting, key=lambda name: len(begins[name]), default="")
    is_set_up = path.startswith(tuple(desk.rstrip("/") + each for each in SET_UP))
    if is_set_up or (here == "Today" and path != desk):
        here = "Set-up"
    return [
        Way(
            name,
            address,
            name == here,
            name == WAITING,
            name == BEGINS,
            KEYS.get(name, ""),
        )
        for name, address in allowed
    ]


def waiting_for(user: User) -> int:
    """How many requests this person can take the next step on."""
    requests, now = AppointmentRequest.objects, timezone.now()
    if user.has_perm("bookings.resolve_redflag"):
        return requests.waiting_for_clinician(now).count()
    return requests.waiting_for_reception(now).count()
