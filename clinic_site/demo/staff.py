"""Who works in the invented clinic."""

from datetime import datetime, timedelta
from typing import NamedTuple

from django.contrib.auth.hashers import make_password
from django.contrib.auth.models import Group, User
from django.utils import timezone

from procedures.models import Clinician

PASSWORD = "demo-only-password"  # noqa: S105 -- printed on purpose; nothing here is real

# Usernames, and the group of each.
STAFF = {
    "reception": ("Robin", "Example", "Reception"),
    "clinician": ("Ada", "Example", "Clinician"),
    "colleague": ("Ben", "Example", "Clinician"),
    "physio": ("Cleo", "Example", "Clinician"),
    "editor": ("Edith", "Example", "Editor"),
    "publisher": ("Paul", "Example", "Publisher"),
    "manager": ("Mona", "Example", "Manager"),
}


class Registration(NamedTuple):
    """A clinician of the demonstration."""

    name: str
    role: str
    number: str

    @property
    def slug(self) -> str:
        """How their page and their sessions name them."""
        return self.name.lower().replace(" ", "-")


# By username.
CLINICIANS = {
    "clinician": Registration("Dr Ada Example", "Consultant rheumatologist", "DEMO-0001"),
    "colleague": Registration("Mr Ben Example", "Musculoskeletal sonographer", "DEMO-0002"),
    "physio": Registration("Ms Cleo Example", "Physiotherapist", "DEMO-0003"),
}


def load(now: datetime) -> None:
    """Logins with one password for all, and the clinicians among them."""
    known = set(User.objects.values_list("username", flat=True))
    # One hash for all of them: each costs a quarter of a second.
    hashed = make_password(PASSWORD) if STAFF.keys() - known else ""
    for username, (first, last, group) in STAFF.items():
        if username not in known:
            user = User.objects.create(
                username=username,
                password=hashed,
                first_name=first,
                last_name=last,
                is_staff=True,
            )
            user.groups.add(Group.objects.get(name=group))
    today = timezone.localdate(now)
    for username, registered in CLINICIANS.items():
        Clinician.objects.get_or_create(
            slug=registered.slug,
            defaults={
                "name": registered.name,
                "role": registered.role,
                "regulator": "Invented Register",
                "registration_number": registered.number,
                "login": User.objects.get(username=username),
                "verified_on": today,
                "verified_by": User.objects.get(username="manager"),
                "verification_evidence": "Invented. Nothing was looked up.",
                "verified_until": today + timedelta(days=365),
            },
        )


def logins() -> str:
    """Who can sign in, a line for each."""
    return "\n".join(
        f"  {username:<11} {PASSWORD}   {first} {last}, {group}"
        for username, (first, last, group) in STAFF.items()
    )
