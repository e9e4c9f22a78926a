"""What is in somebody's name, so that nothing is forgotten when they leave.

One row in `BELONGINGS` for each kind. What can be handed on is handed on by `accounts.hand_on`; the
rest has a place of its own where a colleague deals with it.
"""

from collections.abc import Callable
from datetime import datetime
from typing import NamedTuple

from django.db.models import QuerySet
from django.urls import reverse
from django.utils import timezone

from bookings.models import Appointment, AppointmentRequest, ClinicSession, ScreeningQuestion
from bookings.status import AppointmentStatus
from procedures.ground.counting import counted
from procedures.models import InformationPage, Revision, StaffAccount
from procedures.status import RevisionStatus

Count = Callable[[StaffAccount, datetime], int]


class Belonging(NamedTuple):
    """What somebody has of one kind: how much, in words, and where a colleague sees to it."""

    said: str
    address: str


def belongings(account: StaffAccount, now: datetime) -> list[Belonging]:
    """Everything in this person's name that somebody else has to take over."""
    found = [
        (count(account, now), one, several, address) for count, one, several, address in BELONGINGS
    ]
    return [
        Belonging(counted(number, one, several), reverse(f"admin:{address}"))
        for number, one, several, address in found
        if number
    ]


def pages_of(account: StaffAccount) -> QuerySet[InformationPage]:
    """The pages that somebody looks after: they are told when one is due for review."""
    return InformationPage.objects.filter(owner_id=account.pk)


def questions_of(account: StaffAccount) -> QuerySet[ScreeningQuestion]:
    """The safety questions that somebody answers for."""
    return ScreeningQuestion.objects.filter(owner__login_id=account.pk, retired_on=None)


def _pages(account: StaffAccount, now: datetime) -> int:
    return pages_of(account).count()


def _questions(account: StaffAccount, now: datetime) -> int:
    return questions_of(account).count()


def _drafts(account: StaffAccount, now: datetime) -> int:
    written = Revision.objects.unfinished().filter(written_by_id=account.pk)
    return written.exclude(status=RevisionStatus.SIGNED).count()


def _requests(account: StaffAccount, now: datetime) -> int:
    return AppointmentRequest.objects.filter(owner_id=account.pk, ended_at=None).count()


def _appointments(account: StaffAccount, now: datetime) -> int:
    booked = Appointment.objects.filter(status=AppointmentStatus.BOOKED, starts__gt=now)
    return booked.filter(clinician__login_id=account.pk).count()


def _sessions(account: StaffAccount, now: datetime) -> int:
    going_on = ClinicSession.objects.filter(clinician__login_id=account.pk)
    return going_on.exclude(last_day__lt=timezone.localdate(now)).count()


# How many, what one and several are called, and the page on which a colleague sees to them.
BELONGINGS: tuple[tuple[Count, str, str, str], ...] = (
    (
        _pages,
        "page to keep up to date",
        "pages to keep up to date",
        "procedures_informationpage_changelist",
    ),
    (
        _questions,
        "safety question to review",
        "safety questions to review",
        "bookings_screeningquestion_changelist",
    ),
    (_drafts, "unfinished text", "unfinished texts", "procedures_revision_changelist"),
    (
        _requests,
        "request handed over to them",
        "requests handed over to them",
        "bookings_appointmentrequest_changelist",
    ),
    (_appointments, "appointment to come", "appointments to come", "bookings_diary_day"),
    (
        _sessions,
        "clinic session that goes on",
        "clinic sessions that go on",
        "bookings_clinicsession_changelist",
    ),
)
