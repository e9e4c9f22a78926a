"""A clinician's week and the hours of a place, each changed on one page."""

from collections.abc import Callable
from datetime import date, datetime, time, timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client

from bookings.diary.weeks import fingerprint
from bookings.models import Appointment, ClinicSession, Look, OpeningHours, Resource, SessionChange
from bookings.status import RequestStatus
from clinic_site.groups import GROUPS
from procedures.models import Clinician
from tests import factories

pytestmark = pytest.mark.django_db

SignIn = Callable[[User | str], Client]
WEEKS = "/admin/bookings/clinicsession/weeks/"
# A Monday; the tests' own Monday is a week before it.
FROM = date(2026, 11, 30)
# Mondays before and after that day.
PAST, COMING = date(2026, 11, 16), date(2026, 12, 7)


@pytest.fixture
def doctor(monday: datetime) -> Clinician:
    doctor = factories.clinician()
    ClinicSession.objects.all().delete()
    return doctor


def weekly(doctor: Clinician, day: date, *hours: int, **columns: Any) -> ClinicSession:
    starts, ends = map(time, hours or (9, 13))
    room = columns.pop("room", None) or factories.room("Room 1")
    return factories.clinic_session(doctor, day, starts, ends, room=room, **columns)


def typed(
    doctor: Clinician, *rows: dict[str, Any], once: dict[str, Any] | None = None, **others: Any
) -> dict[str, Any]:
    """What is sent with these rows: days, from and to; the room is Room 1 if none is given."""
    room = factories.room("Room 1").pk
    from_day = others.pop("from_day", FROM)
    sent = {
        "from_day": str(from_day),
        "seen": fingerprint(doctor),
        "weekly-TOTAL_FORMS": str(len(rows)),
        "weekly-INITIAL_FORMS": "0",
        "once-TOTAL_FORMS": "1" if once else "0",
        "once-INITIAL_FORMS": "0",
    }
    for number, row in enumerate(rows):
        sent |= {f"weekly-{number}-{name}": each for name, each in ({"room": room} | row).items()}
    sent |= {f"once-0-{name}": each for name, each in ({"room": room} | (once or {})).items()}
    return sent | others


def row(days: str, starts: str = "9", ends: str = "13", **others: Any) -> dict[str, Any]:
    return {"days": list(days), "starts": starts, "ends": ends} | others


def stored(doctor: Clinician) -> list[tuple[date, date | None, time, time]]:
    return list(
        ClinicSession.objects.filter(clinician=doctor)
        .order_by("first_day", "starts")
        .values_list("first_day", "last_day", "starts", "ends")
    )


def words(answer: Any) -> str:
    content: str = answer.content.decode().replace("&#x27;", "'")
    return " ".join(content.split())


def page_of(doctor: Clinician) -> str:
    return f"{WEEKS}{doctor.pk}/"


# --- The week -------------------------------------------------------------------------------------


def test_a_week_is_one_page_and_days_with_the_same_hours_one_row(
    doctor: Clinician, sign_in: SignIn
) -> None:
    client = sign_in("Manager")
    answer = client.post(page_of(doctor), typed(doctor, row("0124"), row("3", "13:30", "17")))
    assert answer.status_code == 302
    nine, one = (time(9), time(13)), (time(13, 30), time(17))
    assert stored(doctor) == [
        (FROM + timedelta(days=day), None, *(one if day == 3 else nine)) for day in range(5)
    ]
    assert "Monday to Wednesday and Friday, 9:00 to 13:00, Room 1" in words(client.get(WEEKS))
    shown = client.get(page_of(doctor)).content.decode()
    assert 'name="weekly-INITIAL_FORMS" value="2"' in shown
    # And so they can be claimed, and be on leave.
    assert Resource.objects.filter(clinician=doctor).exists()


def test_a_change_from_a_day_on_leaves_the_past_as_it_was(
    doctor: Clinician, sign_in: SignIn
) -> None:
    before, same = date(2026, 9, 7), date(2026, 9, 8)
    old, kept = weekly(doctor, before), weekly(doctor, same)
    rows = (row("0", "10", "12"), row("1"))
    assert sign_in("Manager").post(page_of(doctor), typed(doctor, *rows)).status_code == 302
    assert stored(doctor) == [
        (before, FROM - timedelta(days=1), time(9), time(13)),
        (same, None, time(9), time(13)),
        (FROM, None, time(10), time(12)),
    ]
    assert set(ClinicSession.objects.values_list("pk", flat=True)) >= {old.pk, kept.pk}


def test_what_is_not_there_any_more_ends_and_what_had_not_begun_is_gone(
    doctor: Clinician, sign_in: SignIn
) -> None:
    weekly(doctor, date(2026, 9, 7))
    weekly(doctor, FROM + timedelta(days=15))
    assert sign_in("Manager").post(page_of(doctor), typed(doctor)).status_code == 302
    assert stored(doctor) == [(date(2026, 9, 7), date(2026, 11, 29), time(9), time(13))]


def except_on(session: ClinicSession, *days: date) -> None:
    """Other hours, or none, on these days."""
    for day in days:
        SessionChange.objects.create(session=session, day=day, reason="Course")


def test_an_exception_goes_along_with_the_hours_that_replace_its_own(
    doctor: Clinician, sign_in: SignIn
) -> None:
    old = weekly(doctor, date(2026, 9, 7))
    except_on(old, PAST, COMING)
    sign_in("Manager").post(page_of(doctor), typed(doctor, row("0", "8", "12")))
    new = ClinicSession.objects.get(starts=time(8))
    assert set(SessionChange.objects.values_list("session", "day")) == {
        (old.pk, PAST),
        (new.pk, COMING),
    }


def test_an_exception_of_hours_that_nothing_replaces_is_gone(
    doctor: Clinician, sign_in: SignIn
) -> None:
    old = weekly(doctor, date(2026, 9, 7))
    except_on(old, PAST, COMING)
    sign_in("Manager").post(page_of(doctor), typed(doctor, row("0", "14", "17")))
    assert list(SessionChange.objects.values_list("session", "day")) == [(old.pk, PAST)]


def test_hours_that_only_end_sooner_keep_their_row(doctor: Clinician, sign_in: SignIn) -> None:
    old = weekly(doctor, date(2026, 9, 7))
    sent = typed(doctor, row("0", until="2027-01-31"))
    assert sign_in("Manager").post(page_of(doctor), sent).status_code == 302
    assert list(ClinicSession.objects.values_list("pk", "first_day", "last_day")) == [
        (old.pk, date(2026, 9, 7), date(2027, 1, 31))
    ]


def test_a_row_may_begin_later_and_end(doctor: Clinician, sign_in: SignIn) -> None:
    client = sign_in("Manager")
    sent = typed(doctor, row("02", begins="2027-01-05", until="2027-02-28"))
    assert client.post(page_of(doctor), sent).status_code == 302
    assert stored(doctor) == [
        (date(2027, 1, 6), date(2027, 2, 28), time(9), time(13)),
        (date(2027, 1, 11), date(2027, 2, 28), time(9), time(13)),
    ]


def test_a_clinic_may_take_place_only_once(doctor: Clinician, sign_in: SignIn) -> None:
    client = sign_in("Manager")
    once = {"day": "2026-12-05", "starts": "10", "ends": "12"}
    assert client.post(page_of(doctor), typed(doctor, once=once)).status_code == 302
    day = date(2026, 12, 5)
    assert stored(doctor) == [(day, day, time(10), time(12))]
    assert "Saturday 5 December 2026, 10:00 to 12:00, Room 1" in words(client.get(WEEKS))
    # The same again changes nothing.
    (pk,) = ClinicSession.objects.values_list("pk", flat=True)
    assert client.post(page_of(doctor), typed(doctor, once=once)).status_code == 302
    assert list(ClinicSession.objects.values_list("pk", flat=True)) == [pk]


def test_the_week_is_shown_as_it_will_be_on_a_day(doctor: Clinician, sign_in: SignIn) -> None:
    weekly(doctor, date(2026, 9, 7), last_day=date(2026, 12, 7))
    weekly(doctor, date(2027, 1, 5), 14, 17)
    client = sign_in("Manager")
    sent = typed(doctor, from_day=date(2027, 2, 1)) | {"show": "yes"}
    answer = client.post(page_of(doctor), sent)
    assert answer["Location"] == f"{page_of(doctor)}?from=2027-02-01"
    shown = client.get(answer["Location"]).context["form"].weekly.initial
    assert [(each["days"], each["begins"], each["until"]) for each in shown] == [([1], None, None)]
    # What ends in between is no change by a colleague.
    later = typed(doctor, row("1", "14", "17"), from_day=date(2027, 2, 1))
    assert client.post(page_of(doctor), later).status_code == 302


def test_what_was_saved_is_in_the_history_of_the_clinician(
    doctor: Clinician, sign_in: SignIn
) -> None:
    client = sign_in("Manager")
    client.post(page_of(doctor), typed(doctor, row("02")))
    history = words(client.get(f"/admin/procedures/clinician/{doctor.pk}/history/"))
    assert "From 2026-11-30: Monday and Wednesday, 9:00 to 13:00, Room 1" in history


# --- What cannot be -------------------------------------------------------------------------------


def test_nobody_is_in_two_clinics_and_a_room_has_one_clinician(
    doctor: Clinician, sign_in: SignIn
) -> None:
    other = factories.clinician("other")
    ClinicSession.objects.all().delete()
    weekly(other, date(2026, 9, 9))
    rows = (row("0"), row("0", "12", "14", room=factories.room("Room 2").pk), row("2", "12", "15"))
    answer = sign_in("Manager").post(page_of(doctor), typed(doctor, *rows))
    assert "Monday, 9:00 to 13:00 and Monday, 12:00 to 14:00 overlap" in words(answer)
    assert (
        "Wednesday, 12:00 to 15:00: Dr Other has Room 1, 9:00 to 13:00. Choose another room or time."
    ) in words(answer)
    assert stored(doctor) == []


def test_hours_that_follow_each_other_in_time_do_not_clash(
    doctor: Clinician, sign_in: SignIn
) -> None:
    rows = (row("0", until="2026-12-31"), row("0", "10", "14", begins="2027-01-01"))
    assert sign_in("Manager").post(page_of(doctor), typed(doctor, *rows)).status_code == 302
    assert len(stored(doctor)) == 2


@pytest.mark.parametrize(
    ("sent", "sentence"),
    [
        (row("0", room=""), "Choose a room."),
        (row("0", "", "13"), "Enter from when."),
        (row("0", "13", "9"), "Enter a time after the one before it."),
        (row("0", "9", "0:00"), "Enter a time after the one before it."),
        (row("0", until="2026-11-29"), "That is before the changes apply."),
        (row("0", begins="2026-12-10", until="2026-12-09"), "Enter a day after the first."),
    ],
)
def test_a_row_that_cannot_be_says_why(
    sent: dict[str, Any], sentence: str, doctor: Clinician, sign_in: SignIn
) -> None:
    answer = sign_in("Manager").post(page_of(doctor), typed(doctor, sent))
    assert sentence in words(answer)
    assert stored(doctor) == []


def test_the_past_cannot_be_changed(doctor: Clinician, sign_in: SignIn) -> None:
    answer = sign_in("Manager").post(
        page_of(doctor), typed(doctor, row("0"), from_day=date(2026, 11, 22))
    )
    assert "Choose today or a later day." in words(answer)
    assert stored(doctor) == []


def test_of_two_managers_the_slower_one_is_told(doctor: Clinician, sign_in: SignIn) -> None:
    sent = typed(doctor, row("0"))
    weekly(doctor, date(2026, 9, 8))
    answer = sign_in("Manager").post(page_of(doctor), sent)
    assert "A colleague has changed this week in the meantime." in words(answer)
    assert len(stored(doctor)) == 1


@pytest.mark.parametrize("group", sorted(set(GROUPS) - {"Manager"}))
def test_only_a_manager_changes_a_week(group: str, doctor: Clinician, sign_in: SignIn) -> None:
    client = sign_in(group)
    assert client.post(page_of(doctor), typed(doctor, row("0"))).status_code == 403
    place = factories.location()
    assert client.post(f"/admin/bookings/location/{place.pk}/hours/", {}).status_code == 403
    assert stored(doctor) == []


# --- Before it is saved ---------------------------------------------------------------------------


def test_hours_outside_those_of_the_place_are_a_warning(doctor: Clinician, sign_in: SignIn) -> None:
    OpeningHours.objects.filter(weekday=0).update(opens=time(8, 30), closes=time(12))
    OpeningHours.objects.filter(weekday=6).delete()
    client, sent = sign_in("Manager"), typed(doctor, row("06"))
    factories.location()
    OpeningHours.objects.filter(weekday=0).update(opens=time(8, 30), closes=time(12))
    OpeningHours.objects.filter(weekday=6).delete()
    answer = client.post(page_of(doctor), sent)
    assert "Monday, 9:00 to 13:00: The house is open 8:30 to 12:00 then." in words(answer)
    assert "Sunday, 9:00 to 13:00: The house is closed then." in words(answer)
    assert stored(doctor) == []
    read = {"read": answer.context["before"].digest}
    assert client.post(page_of(doctor), sent | read).status_code == 302
    assert len(stored(doctor)) == 2


@pytest.fixture
def appointment(monday: datetime) -> Appointment:
    return factories.request_at(RequestStatus.BOOKED, now=monday).appointments.get()


def test_whom_a_change_strands_is_said_before_it_is_saved(
    appointment: Appointment, sign_in: SignIn
) -> None:
    doctor, client = appointment.clinician, sign_in("Manager")
    before = stored(doctor)
    sent = typed(doctor, from_day=date(2026, 11, 23))
    answer = client.post(page_of(doctor), sent)
    assert "1 appointment has no clinic any more after this change." in words(answer)
    assert appointment.request.name in words(answer)
    assert stored(doctor) == before
    look = Look.objects.get(screen="who is affected")
    assert look.requests == [appointment.request_id]
    # What is read is what is saved: another change has to be read too.
    assert client.post(page_of(doctor), sent | {"read": "something else"}).status_code == 200
    read = {"read": answer.context["before"].digest}
    assert client.post(page_of(doctor), sent | read).status_code == 302
    assert stored(doctor) != before


def test_shorter_hours_of_a_place_strand_people_too(
    appointment: Appointment, sign_in: SignIn
) -> None:
    assert appointment.room is not None
    place = appointment.room.location
    assert place is not None
    address = f"/admin/bookings/location/{place.pk}/hours/"
    sent = {
        "hours-TOTAL_FORMS": "1",
        "hours-INITIAL_FORMS": "0",
        "hours-0-days": ["6"],
        "hours-0-starts": "9",
        "hours-0-ends": "10",
    }
    client = sign_in("Manager")
    answer = client.post(address, sent)
    assert "1 appointment has no clinic any more after this change." in words(answer)
    assert place.opening_hours.count() == 7
    read = {"read": answer.context["before"].digest}
    assert client.post(address, sent | read).status_code == 302
    assert [str(each) for each in place.opening_hours.all()] == ["Sunday, 9:00 to 10:00"]


def test_the_hours_of_a_place_are_rows_of_days(sign_in: SignIn, monday: datetime) -> None:
    client = sign_in("Manager")
    answer = client.post(
        "/admin/bookings/location/add/", {"name": "Sample House", "address": "2 Example Road"}
    )
    address = answer["Location"]
    assert address.endswith("/hours/")
    sent = {
        "hours-TOTAL_FORMS": "2",
        "hours-INITIAL_FORMS": "0",
        "hours-0-days": ["0", "1", "2", "3", "4"],
        "hours-0-starts": "8:30",
        "hours-0-ends": "18",
    }
    assert client.post(address, sent).status_code == 302
    shown = words(client.get("/admin/bookings/location/"))
    assert "Monday to Friday, 8:30 to 18:00" in shown
    assert 'name="hours-0-starts" value="08:30"' in client.get(address).content.decode()
