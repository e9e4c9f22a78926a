"""Where and when the invented clinic works."""

from datetime import date, datetime, time, timedelta
from typing import NamedTuple

from django.utils import timezone

from bookings import diary
from bookings.access import make_token
from bookings.diary.feeds import make_feed
from bookings.models import (
    AppointmentType,
    ClinicSession,
    Location,
    MachineKind,
    Resource,
    RoomKind,
)
from bookings.status import FeedWords, Scope
from procedures.models import Clinician
from procedures.models.clinic import details

ADA, BEN, CLEO = "dr-ada-example", "mr-ben-example", "ms-cleo-example"
MONDAY, TUESDAY, WEDNESDAY, THURSDAY, FRIDAY = range(5)


class WeeklySession(NamedTuple):
    """A clinic session of the demonstration: whose, on which weekday, when and where."""

    clinician: str
    weekday: int
    starts: time
    ends: time
    room: str


# The first has the address of the clinic itself, which every page shows.
LOCATIONS = {
    "Main house": ("1 Example Lane, Exampleton EX0 0EX", "The step-free entrance is on the left."),
    "Sample Health Centre": ("2 Example Road, Exampleton EX0 0EX", "On the ground floor."),
}
MAIN = "Main house"
# Nobody has sessions in Room 3, so it is there when another one cannot be used.
ROOMS = {
    "Room 1": "Main house",
    "Room 2": "Main house",
    "Room 3": "Main house",
    "Room A": "Sample Health Centre",
}
MACHINES = {"Ultrasound 1": "Main house", "Ultrasound A": "Sample Health Centre"}
OPENING = (time(8, 30), time(18))

# About eight visits on every working day.
SESSIONS = [
    WeeklySession(ADA, MONDAY, time(9), time(13), "Room 1"),
    WeeklySession(ADA, WEDNESDAY, time(9), time(13), "Room 1"),
    WeeklySession(ADA, WEDNESDAY, time(14), time(17), "Room 1"),
    WeeklySession(ADA, THURSDAY, time(13), time(17), "Room 1"),
    WeeklySession(BEN, TUESDAY, time(9), time(12, 30), "Room 2"),
    WeeklySession(BEN, THURSDAY, time(9), time(13), "Room 2"),
    WeeklySession(BEN, FRIDAY, time(9), time(13), "Room A"),
    WeeklySession(CLEO, MONDAY, time(13), time(16, 30), "Room A"),
    WeeklySession(CLEO, TUESDAY, time(13), time(16, 30), "Room A"),
    WeeklySession(CLEO, FRIDAY, time(13, 30), time(17), "Room 2"),
]
# The first of them: before the oldest request, over Christmas and Easter too.
WEEKS_BEFORE = 10

SCAN, FOLLOW_UP = "Assessment with ultrasound", "Follow-up"
# What can be booked: minutes, minutes kept free afterwards, whether it needs an ultrasound machine.
APPOINTMENT_TYPES = {SCAN: (40, 10, True), FOLLOW_UP: (20, 5, False)}


def load(now: datetime) -> None:
    """Houses, rooms, machines, what can be booked, and the sessions of every week."""
    if Location.objects.exists():
        return
    for name, (address, directions) in LOCATIONS.items():
        known = details().address if name == MAIN else ""
        place = Location.objects.create(name=name, address=known or address, directions=directions)
        for weekday in details().week:
            opens, closes = OPENING
            place.opening_hours.create(weekday=weekday, opens=opens, closes=closes)
    _load_what_can_be_booked()
    today = timezone.localdate(now)
    monday = today - timedelta(days=today.weekday(), weeks=WEEKS_BEFORE)
    for each in SESSIONS:
        clinician = Clinician.objects.get(slug=each.clinician)
        diary.resource_of(clinician)
        ClinicSession.objects.create(
            clinician=clinician,
            room=Resource.objects.get(name=each.room),
            first_day=monday + timedelta(days=each.weekday),
            starts=each.starts,
            ends=each.ends,
        )
    _let_others_look(today, now)


def _load_what_can_be_booked() -> None:
    """Rooms, machines, and the types of appointment that need them."""
    ultrasound = MachineKind.objects.create(name="Ultrasound machine")
    consulting = RoomKind.objects.create(name="Consulting room")
    for things, kinds in (
        (ROOMS, {"room_kind": consulting}),
        (MACHINES, {"machine_kind": ultrasound}),
    ):
        for name, at in things.items():
            Resource.objects.create(name=name, location=Location.objects.get(name=at), **kinds)
    for name, (minutes, buffer_minutes, needs_machine) in APPOINTMENT_TYPES.items():
        of_type = {"minutes": minutes, "buffer_minutes": buffer_minutes}
        made, _ = AppointmentType.objects.get_or_create(name=name, defaults=of_type)
        made.room_kind = consulting
        made.save(update_fields=["room_kind"])
        made.needs.set([ultrasound] if needs_machine else [])


def _let_others_look(today: date, now: datetime) -> None:
    """A calendar feed of one clinician, and the token of another system."""
    ada = diary.resource_of(Clinician.objects.get(slug=ADA))
    make_feed(ada, says=FeedWords.INITIALS, by="manager", now=now)
    make_token(
        given_to="Theatre list (invented)",
        scopes=[Scope.SLOT, Scope.SCHEDULE, Scope.PRACTITIONER],
        last_day=today + timedelta(days=90),
        by="manager",
        now=now,
    )
