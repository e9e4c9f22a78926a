"""Who works in the invented clinic."""

from calendar import day_name
from datetime import datetime, timedelta
from pathlib import Path
from typing import NamedTuple

from django.contrib.auth.hashers import make_password
from django.contrib.auth.models import Group, User
from django.db.models import Value
from django.db.models.functions import Concat
from django.utils import timezone
from django.utils.text import get_text_list

from clinic_site.demo.diary import SESSIONS
from procedures.models import Clinician, Figure
from procedures.texts.pictures import read_picture

# A drawing of each of them, under the name of their page.
PORTRAITS = Path(__file__).parent / "portraits"

PASSWORD = "demo-only-password"  # noqa: S105 -- printed on purpose; nothing here is real

# Usernames, and the group of each.
STAFF = {
    "reception": ("Robin", "Example", "Reception"),
    "clinician": ("Ada", "Example", "Clinician"),
    "colleague": ("Ben", "Example", "Clinician"),
    "physio": ("Cleo", "Example", "Clinician"),
    "editor": ("Edith", "Example", "Editor"),
    "welsh": ("Wyn", "Example", "Translator"),
    "polish": ("Pola", "Example", "Translator"),
    "urdu": ("Umar", "Example", "Translator"),
    "publisher": ("Paul", "Example", "Publisher"),
    "manager": ("Mona", "Example", "Manager"),
    "deputy": ("Mina", "Example", "Manager"),
}


class Registration(NamedTuple):
    """A clinician of the demonstration."""

    name: str
    role: str
    number: str
    work: str
    languages: str

    @property
    def slug(self) -> str:
        """How their page and their sessions name them."""
        return self.name.lower().replace(" ", "-")


# By username.
CLINICIANS = {
    "clinician": Registration(
        "Dr Ada Example",
        "Consultant rheumatologist",
        "DEMO-0001",
        "Sees people with painful or swollen joints, and scans them at the same visit.",
        "English, some French",
    ),
    "colleague": Registration(
        "Mr Ben Example",
        "Musculoskeletal sonographer",
        "DEMO-0002",
        "Scans joints, tendons and nerves, and tells you what he sees while you watch.",
        "English, British Sign Language",
    ),
    "physio": Registration(
        "Ms Cleo Example",
        "Physiotherapist",
        "DEMO-0003",
        "Helps you to get moving again, with exercises that fit into your day.",
        "English, Spanish",
    ),
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
                "portrait": _portrait(registered.slug, now),
                "work": registered.work,
                "languages": registered.languages,
                "days": _days(registered.slug),
                "login": User.objects.get(username=username),
                "verified_on": today,
                "verified_by": User.objects.get(username="manager"),
                "verification_evidence": "Invented. Nothing was looked up.",
                "verified_until": today + timedelta(days=365),
            },
        )


def give_addresses() -> None:
    """Email addresses for these colleagues.

    Once the past has been told, so that nobody is written to about it.
    """
    theirs = User.objects.filter(username__in=STAFF, email="")
    theirs.update(email=Concat("username", Value("@example.org")))


def still_there() -> list[str]:
    """The names of these people, as far as they can sign in or patients read about them."""
    clinicians = Clinician.objects.filter(slug__in=[each.slug for each in CLINICIANS.values()])
    accounts = User.objects.filter(username__in=STAFF, last_name="Example", is_active=True)
    full = Concat("first_name", Value(" "), "last_name")
    names = clinicians.order_by().values_list("name").union(accounts.values_list(full))
    return sorted(name for (name,) in names)


def _days(slug: str) -> str:
    """The weekdays of their clinic sessions, as patients read them."""
    weekdays = sorted({each.weekday for each in SESSIONS if each.clinician == slug})
    return get_text_list([f"{day_name[weekday]}s" for weekday in weekdays], "and")


def _portrait(slug: str, now: datetime) -> Figure:
    picture = read_picture((PORTRAITS / f"{slug}.svg").read_bytes())
    added = {"key": slug, "added_at": now, "added_by": User.objects.get(username="manager")}
    return Figure.objects.get_or_create(
        content_hash=picture.content_hash, defaults=picture._asdict() | added
    )[0]


def logins() -> str:
    """Who can sign in, a line for each."""
    return "\n".join(
        f"  {username:<11} {PASSWORD}   {first} {last}, {group}"
        for username, (first, last, group) in STAFF.items()
    )
