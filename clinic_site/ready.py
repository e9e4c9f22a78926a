"""Ready to open? What a clinic has still to set up before its first patient.

Each step is done when the facts say so. Nobody ticks anything.
"""

from collections.abc import Callable
from datetime import date, datetime
from typing import NamedTuple

from django.conf import settings
from django.contrib.auth.models import User
from django.db.models import Q
from django.urls import reverse
from django.utils import timezone

from bookings.desk.alarms import PATIENCE
from bookings.models import (
    AppointmentType,
    ClinicSession,
    Location,
    Message,
    Outage,
    Resource,
    ScreeningQuestion,
    WorkerRun,
)
from bookings.screening import unasked
from bookings.status import Channel, MessageStatus
from clinic_site.backups.keeping import TOO_OLD, last_success
from clinic_site.checks import UNSAID, unpublished
from clinic_site.demo import staff
from procedures.ground.counting import counted, how_many
from procedures.ground.phones import is_fictitious
from procedures.models import ClinicDetails, Clinician
from procedures.models.clinic import details

# So that the clinic is not without one when somebody is away.
MANAGERS = 2

Numbers = dict[str, int]
# Whom the list is for.
PERMISSION = "procedures.add_clinicdetails"


class Step(NamedTuple):
    """One thing that a clinic needs, whether it is there, and where to see to it."""

    name: str
    is_done: bool
    # What is still missing, or what there is.
    said: str
    address: str


def steps(now: datetime) -> list[Step]:
    """Everything that a clinic needs; what is missing comes first."""
    numbers = _numbers(timezone.localdate(now))
    return sorted((check(now, numbers) for check in CHECKS), key=lambda step: step.is_done)


def _numbers(today: date) -> Numbers:
    """What only has to be counted."""
    with_hours = Location.objects.exclude(opening_hours=None)
    managers = User.objects.filter(groups__name="Manager", is_active=True)
    return how_many(
        {
            "rooms": Resource.objects.filter(location__in=with_hours, machine_kind=None),
            "sessions": ClinicSession.objects.filter(Q(last_day=None) | Q(last_day__gte=today)),
            "types": AppointmentType.objects.filter(retired_on=None),
            "managers": managers.filter(last_login__isnull=False),
        }
    )


def _details(now: datetime, numbers: Numbers) -> Step:
    known = details()
    missing = [ClinicDetails.label_of(name) for name in UNSAID if not getattr(known, name)]
    if missing:
        said = f"Missing: {', '.join(missing)}"
    elif known.number == 0:
        said = "Read them once and save them"
    else:
        said = f"Saved on {timezone.localtime(known.at):%-d %B %Y}"
    done = not missing and known.number > 0
    return Step("The clinic’s details", done, said, "admin:procedures_clinicdetails_add")


def _phone(now: datetime, numbers: Numbers) -> Step:
    phone = details().phone
    done = bool(phone) and not is_fictitious(phone)
    said = phone if done else f"{phone or 'Nothing'} is not a number that anybody can phone"
    return Step("A phone number that works", done, said, "admin:procedures_clinicdetails_add")


def _clinician(now: datetime, numbers: Numbers) -> Step:
    today = timezone.localdate(now)
    able = [each for each in Clinician.objects.select_related("login") if each.may_sign(today)]
    said = counted(len(able), "clinician") if able else "Nobody’s registration has been checked"
    return Step(
        "A clinician whose registration is checked",
        bool(able),
        said,
        "admin:procedures_clinician_changelist",
    )


def _places(now: datetime, numbers: Numbers) -> Step:
    rooms = numbers["rooms"]
    said = f"{counted(rooms, 'room')} in a place with opening hours"
    return Step(
        "A place, its hours and a room", rooms > 0, said, "admin:bookings_location_changelist"
    )


def _weeks(now: datetime, numbers: Numbers) -> Step:
    number = numbers["sessions"]
    said = counted(number, "clinic session")
    return Step("When the clinicians work", number > 0, said, "admin:bookings_weeks")


def _types(now: datetime, numbers: Numbers) -> Step:
    number = numbers["types"]
    said = counted(number, "type")
    return Step("What can be booked", number > 0, said, "admin:bookings_appointmenttype_changelist")


def _questions(now: datetime, numbers: Numbers) -> Step:
    """Owned by clinicians whose registration is checked, none due for review, none missing."""
    today = timezone.localdate(now)
    asked = ScreeningQuestion.objects.current().select_related("owner__login")
    missing = unasked()
    owners = {each.owner for each in asked}
    unchecked = sorted(each.name for each in owners if not each.may_sign(today))
    overdue = sum(each.review_due < today for each in asked)
    if missing:
        said = missing[0]
    elif unchecked:
        said = f"The registration of {', '.join(unchecked)}, who answers for some, is not checked"
    elif overdue:
        said = f"{counted(overdue, 'question')} to review"
    else:
        said = counted(len(asked), "question")
    done = not (missing or unchecked or overdue)
    return Step(
        "Safety questions that a clinician answers for",
        done,
        said,
        "admin:bookings_screeningquestion_changelist",
    )


def _pages(now: datetime, numbers: Numbers) -> Step:
    missing = unpublished()
    said = f"Not published: {', '.join(missing)}" if missing else "All published"
    return Step(
        "The pages about the clinic", not missing, said, "admin:procedures_revision_changelist"
    )


def _demonstration(now: datetime, numbers: Numbers) -> Step:
    left = staff.still_there()
    if settings.DEMONSTRATION:
        said = "This installation is a demonstration: every page says so"
    elif left:
        said = f"Still here: {', '.join(left)}"
    else:
        said = "Nothing invented is left"
    done = not (settings.DEMONSTRATION or left)
    return Step("No invented people or texts", done, said, "admin:procedures_clinician_changelist")


def _worker(now: datetime, numbers: Numbers) -> Step:
    run = WorkerRun.objects.first()
    done = run is not None and run.ran_at >= now - PATIENCE
    said = (
        f"Last ran {timezone.localtime(run.ran_at):%-d %B at %-H:%M}"
        if run
        else "It has never run. Ask whoever runs the server to start it"
    )
    return Step("The program that sends messages", done, said, "admin:index")


def _email(now: datetime, numbers: Numbers) -> Step:
    if settings.DEVELOPMENT:
        done, said = False, "Emails are written to files on this machine"
    elif Outage.objects.filter(channel=Channel.EMAIL).exists():
        done, said = False, "The mail server does not take our emails"
    else:
        sent = Message.objects.filter(channel=Channel.EMAIL, status=MessageStatus.SENT)
        done = sent.exists()
        said = "Emails go out" if done else "Ask for an appointment with your own email address"
    return Step("Emails that arrive", done, said, "bookings:start")


def _backup(now: datetime, numbers: Numbers) -> Step:
    taken = last_success()
    done = taken is not None and now - taken <= TOO_OLD
    said = (
        f"The last good one is of {timezone.localtime(taken):%-d %B at %-H:%M}"
        if taken
        else "There is none. Ask whoever runs the server to set it up"
    )
    return Step("A backup of today", done, said, "admin:index")


def _managers(now: datetime, numbers: Numbers) -> Step:
    signed_in = numbers["managers"]
    said = f"{counted(signed_in, 'manager')} signed in so far; you need {MANAGERS}"
    done = signed_in >= MANAGERS
    return Step("A second manager", done, said, "admin:setup")


CHECKS: tuple[Callable[[datetime, Numbers], Step], ...] = (
    _details,
    _phone,
    _places,
    _clinician,
    _weeks,
    _types,
    _questions,
    _pages,
    _managers,
    _worker,
    _email,
    _backup,
    _demonstration,
)


def progress(now: datetime) -> dict[str, object]:
    """The steps for a page, with their links, how many are done and whether all are."""
    found = steps(now)
    done = sum(step.is_done for step in found)
    listed = [step._replace(address=reverse(step.address)) for step in found]
    return {"steps": listed, "done": done, "of": len(found), "is_complete": done == len(found)}
