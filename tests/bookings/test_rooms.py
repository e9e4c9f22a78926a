"""Any of several rooms: who gets which. What becomes of a room that closes is in `test_away`."""

from datetime import datetime, timedelta

import pytest

from bookings import triage
from bookings.diary import claims, free_times
from bookings.diary.other_rooms import RoomChange
from bookings.models import (
    Appointment,
    AppointmentRequest,
    AppointmentType,
    ClinicSession,
    Closure,
    RequestEvent,
    Resource,
    RoomKind,
)
from bookings.status import TimeTaken
from bookings.status.events import Event
from procedures.models import Clinician
from tests import factories
from tests.people import NINE

pytestmark = pytest.mark.django_db
AN_HOUR = timedelta(hours=1)


@pytest.fixture
def kind() -> AppointmentType:
    """A type that needs a treatment room: Ann's, Bob's and Spare are some. It takes 40 minutes."""
    kind = factories.appointment_type()
    kind.room_kind = RoomKind.objects.create(name="Treatment room")
    kind.save()
    for slug in ("ann", "bob"):
        factories.clinician(slug)
        claims.resource_of(clinician(slug))
    factories.room("Spare")
    Resource.objects.filter(clinician=None).update(room_kind=kind.room_kind)
    return kind


def clinician(slug: str) -> Clinician:
    return Clinician.objects.get(slug=slug)


def room_of(slug: str) -> Resource:
    return factories.room(f"Room of {slug}")


def close(room: Resource, starts: datetime) -> Closure:
    return Closure.objects.create(resource=room, starts=starts, ends=starts + timedelta(hours=8))


def book(slug: str, starts: datetime, now: datetime, kind: AppointmentType) -> Appointment:
    request = factories.received(now=now)
    by = factories.staff("Reception")
    request = triage.start_review(request, version=request.version, by=by, now=now)
    return triage.book(
        request,
        version=request.version,
        appointment_type=kind,
        clinician=clinician(slug),
        starts=starts,
        by=by,
        now=now,
    )


def test_a_visit_is_in_the_room_of_the_session_or_in_another_of_its_kind(
    kind: AppointmentType, monday: datetime
) -> None:
    nine = monday + NINE
    assert book("ann", nine, monday, kind).room == room_of("ann")
    close(room_of("ann"), nine + AN_HOUR)
    in_spare = book("ann", nine + AN_HOUR, monday, kind)
    assert in_spare.room == factories.room("Spare")
    # The session goes on, so nobody has lost anything.
    assert free_times.stranded(monday) == []
    # Bob's room is free, but his clinic is in it. His is his own.
    close(factories.room("Spare"), nine + 2 * AN_HOUR)
    assert free_times.time_at(kind, clinician("ann"), nine + 2 * AN_HOUR, monday) is None
    assert book("bob", nine + 2 * AN_HOUR, monday, kind).room == room_of("bob")
    # He is away, so his room is for others.
    Closure.objects.create(
        resource=claims.resource_of(clinician("bob")),
        starts=nine + 3 * AN_HOUR,
        ends=nine + 5 * AN_HOUR,
    )
    assert book("ann", nine + 3 * AN_HOUR, monday, kind).room == room_of("bob")


def test_only_rooms_of_the_kind_at_the_same_place_will_do(
    kind: AppointmentType, monday: datetime
) -> None:
    nine = monday + NINE
    close(room_of("ann"), nine)
    Resource.objects.filter(name="Spare").update(location=factories.location("Another house"))
    assert free_times.time_at(kind, clinician("ann"), nine, monday) is None
    plain = AppointmentType.objects.create(name="Talk", minutes=20)
    Resource.objects.filter(name="Spare").update(location=factories.location())
    assert free_times.time_at(kind, clinician("ann"), nine, monday) is not None
    assert free_times.time_at(plain, clinician("ann"), nine, monday) is None
    assert free_times.time_at(plain, clinician("bob"), nine, monday) is not None
    plain.room_kind = RoomKind.objects.create(name="A kind without rooms")
    assert free_times.time_at(plain, clinician("bob"), nine, monday) is None


@pytest.mark.parametrize("looks", [1, 4])
def test_whoever_loses_a_room_at_that_moment_gets_the_next(
    looks: int, kind: AppointmentType, monday: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Both saw Spare free. Looking once, the slower one would be sent away though a room is free."""
    ClinicSession.objects.filter(clinician__slug="bob").update(room=room_of("ann"))
    close(room_of("ann"), monday + NINE)
    stale = [free_times.time_at(kind, clinician("ann"), monday + NINE, monday)]
    assert book("bob", monday + NINE, monday, kind).room == factories.room("Room of bob")
    monkeypatch.setattr(claims, "LOOKS", looks)
    look = free_times.time_at
    monkeypatch.setattr(claims, "time_at", lambda *of: stale.pop() if stale else look(*of))
    if looks == 1:
        with pytest.raises(TimeTaken):
            book("ann", monday + NINE, monday, kind)
        return
    assert book("ann", monday + NINE, monday, kind).room == factories.room("Spare")


def test_a_room_that_a_colleague_has_just_given_away_is_not_given_again(
    kind: AppointmentType, monday: datetime
) -> None:
    """Nor is another room given to a visit that has been cancelled meanwhile."""
    spare, by = factories.room("Spare"), factories.staff("Reception")
    bob, ann, over = (
        book(slug, monday + NINE + hours * AN_HOUR, monday, kind)
        for slug, hours in (("bob", 0), ("ann", 0), ("ann", 1))
    )
    own = AppointmentRequest.objects.get(pk=over.request_id)
    triage.cancel(own, version=own.version, by=by, now=monday, reason="Rang.")
    changes = [RoomChange(each, spare) for each in (bob, ann, over)]
    done = [triage.change_room(each, by=by, now=monday) for each in changes]
    assert done == [True, False, False]
    rooms = Appointment.objects.order_by("pk").values_list("room__name", flat=True)
    assert list(rooms) == ["Spare", "Room of ann", "Room of ann"]
    noted = RequestEvent.objects.filter(kind=Event.ROOM_CHANGED)
    assert [each.request for each in noted] == [bob.request]
