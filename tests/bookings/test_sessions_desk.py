"""The manager's sessions and closures, and the diary that everybody reads."""

import re
from collections.abc import Callable
from datetime import date, datetime, time, timedelta
from functools import partial
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.utils import timezone

from bookings import diary
from bookings.desk import catalogue
from bookings.desk.before_saving import before_saving
from bookings.models import (
    Appointment,
    ClinicSession,
    ClosedDay,
    Location,
    Look,
    MachineKind,
    Resource,
    SessionChange,
)
from bookings.status import RequestStatus
from bookings.status.events import Event
from procedures.ground.decisions import CarefulAdmin
from procedures.models import Clinician
from tests import factories, races

pytestmark = pytest.mark.django_db

SignIn = Callable[[User | str], Client]
DIARY = "/admin/bookings/appointmentrequest/diary/"
ADD_SESSION = "/admin/bookings/clinicsession/add/"
ADD_CLOSURE = "/admin/bookings/closure/add/"
CLOSED = "/admin/bookings/closedday/add/"
TUESDAY = date(2026, 11, 24)


@pytest.fixture
def doctor(monday: datetime) -> Clinician:
    doctor = factories.clinician()
    ClinicSession.objects.all().delete()
    return doctor


def session(doctor: Clinician, **changes: Any) -> dict[str, Any]:
    return {
        "clinician": doctor.pk,
        "room": factories.room("Room 1").pk,
        "first_day": "2026-11-24",
        "last_day": "",
        "starts": "09:00",
        "ends": "12:00",
        "changes-TOTAL_FORMS": "0",
        "changes-INITIAL_FORMS": "0",
    } | changes


def test_a_manager_adds_a_session_and_the_clinician_can_be_claimed(
    doctor: Clinician, sign_in: SignIn
) -> None:
    assert sign_in("Manager").post(ADD_SESSION, session(doctor)).status_code == 302
    made = ClinicSession.objects.get()
    assert (made.first_day, made.last_day, made.starts) == (TUESDAY, None, time(9))
    assert Resource.objects.filter(clinician=doctor).exists()


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"ends": "09:00"}, "The session must end after it starts."),
        ({"last_day": "2026-11-23"}, "The last day cannot be before the first day."),
        ({"starts": "07:00"}, "is open from 8:00 to 18:00. Choose times between"),
        ({"first_day": "2026-11-22"}, "is not open on a Sunday. Choose another day"),
        ({"room": ""}, "Fill this in."),
    ],
)
def test_a_session_that_cannot_be_says_why(
    changes: dict[str, str], sentence: str, doctor: Clinician, sign_in: SignIn
) -> None:
    hours = factories.location().opening_hours
    hours.filter(weekday=6).delete()
    hours.update(opens=time(8), closes=time(18))
    answer = sign_in("Manager").post(ADD_SESSION, session(doctor, **changes))
    assert sentence in answer.content.decode()
    assert not ClinicSession.objects.exists()


@pytest.mark.parametrize(
    ("columns", "sentence"),
    [
        ({}, "Dr Clinician has another session at that time"),
        ({"clinician": "other"}, "Room 1 is in use at that time"),
        ({"clinician": "other", "room": "Room 2"}, ""),
        ({"ends": time(9)}, ""),
        ({"last_day": TUESDAY - timedelta(days=7)}, ""),
        ({"first_day": TUESDAY + timedelta(days=1)}, ""),
    ],
)
def test_sessions_do_not_clash(
    columns: dict[str, Any], sentence: str, doctor: Clinician, sign_in: SignIn
) -> None:
    other = factories.clinician("other")
    ClinicSession.objects.all().delete()
    who = other if columns.pop("clinician", "") else doctor
    room = factories.room(columns.pop("room", "Room 1"))
    values = {"first_day": date(2026, 11, 3), "starts": time(8), "ends": time(10)} | columns
    ClinicSession.objects.create(clinician=who, room=room, **values)
    answer = sign_in("Manager").post(ADD_SESSION, session(doctor))
    assert (answer.status_code == 302) == (not sentence)
    assert sentence in answer.content.decode()


def test_a_session_does_not_clash_with_itself(doctor: Clinician, sign_in: SignIn) -> None:
    client = sign_in("Manager")
    client.post(ADD_SESSION, session(doctor))
    made = ClinicSession.objects.get()
    address = f"/admin/bookings/clinicsession/{made.pk}/change/"
    assert client.post(address, session(doctor, ends="13:00")).status_code == 302
    made.refresh_from_db()
    assert made.ends == time(13)


@pytest.mark.parametrize(
    ("day", "sentence"),
    [("2026-12-01", ""), ("2026-12-02", "This session is on a Tuesday, but that day is a")],
)
def test_an_exception_is_of_a_day_of_the_session(
    day: str, sentence: str, doctor: Clinician, sign_in: SignIn
) -> None:
    exception = {"changes-TOTAL_FORMS": "1", "changes-0-day": day, "changes-0-reason": "Leave"}
    answer = sign_in("Manager").post(ADD_SESSION, session(doctor, **exception))
    assert sentence in answer.content.decode()
    assert SessionChange.objects.exists() == (not sentence)


@pytest.mark.parametrize("group", ["Clinician", "Editor", "Publisher"])
def test_others_close_nothing(group: str, doctor: Clinician, sign_in: SignIn) -> None:
    client = sign_in(group)
    assert client.get(ADD_CLOSURE).status_code == 403
    assert client.get(ADD_SESSION).status_code == 403
    assert client.get("/admin/bookings/location/add/").status_code == 403


def test_clinicians_are_not_listed_among_rooms(doctor: Clinician, sign_in: SignIn) -> None:
    diary.resource_of(doctor)
    factories.room("Room 1")
    content = sign_in("Manager").get("/admin/bookings/resource/").content.decode()
    assert "Room 1" in content
    assert str(doctor.resource) not in content


# --- The diary ------------------------------------------------------------------------------


@pytest.fixture
def appointment(doctor: Clinician, monday: datetime) -> Appointment:
    factories.clinic_session(doctor, TUESDAY, time(9), time(20))
    return factories.request_at(RequestStatus.BOOKED, now=monday).appointments.get()


@pytest.mark.parametrize(
    ("page", "shows"),
    [
        ("day", ["16:00 Pat Sample", "Dr Clinician", "9:00 to 20:00, Room of clinician"]),
        ("week", ["Tue 24 Nov", "1 booked, 15 free"]),
        ("month", ["Tuesday", "4% booked", "1 booked, 15 free"]),
        ("list", ["16:00", "Pat Sample", "31 Jan 1970", "020 7946 0958"]),
    ],
)
def test_the_diary_shows_the_day(
    page: str, shows: list[str], appointment: Appointment, sign_in: SignIn
) -> None:
    content = sign_in("Reception").get(f"{DIARY}{page}/?day=2026-11-24").content.decode()
    content = " ".join(content.split())
    for words in shows:
        assert words in content
    # A day is all that an address of the diary carries.
    assert "?day=2026-11-2" in content


@pytest.mark.parametrize("day", ["", "x", "2026-02-30", "0001-01-01", "9999-12-31", "٣"])
@pytest.mark.parametrize("page", ["day", "week", "month", "list"])
def test_a_strange_day_is_today(page: str, day: str, doctor: Clinician, sign_in: SignIn) -> None:
    answer = sign_in("Reception").get(f"{DIARY}{page}/", {"day": day})
    assert answer.status_code == 200
    assert answer.context["asked"].day == timezone.localdate()
    assert ("for example 1/12/2026" in answer.content.decode()) == (day in {"x", "2026-02-30", "٣"})


def test_the_diary_leads_to_any_day(sign_in: Any, monday: datetime) -> None:
    client = sign_in("Reception")
    for name, before, after in (
        ("day", "2026-12-02", "2026-12-04"),
        ("week", "2026-11-23", "2026-12-07"),
        ("month", "2026-11-01", "2027-01-01"),
        ("list", "2026-12-02", "2026-12-04"),
    ):
        # As people type it, and as our own links have it.
        for typed in ("3/12/2026", "2026-12-03"):
            page = client.get(f"{DIARY}{name}/", {"day": typed}).content.decode()
            assert 'value="03/12/2026"' in page
            assert re.findall(r'href="\?day=([0-9-]+)', page)[:3] == [before, "2026-11-23", after]


@pytest.mark.parametrize("page", ["day", "week", "month", "list"])
@pytest.mark.parametrize("group", ["Editor", "Publisher"])
def test_the_diary_is_for_those_who_see_requests(
    page: str, group: str, sign_in: SignIn, doctor: Clinician
) -> None:
    assert sign_in(group).get(f"{DIARY}{page}/").status_code == 403
    assert Client().get(f"{DIARY}{page}/").status_code == 302


def test_a_printed_list_is_written_down(appointment: Appointment, sign_in: SignIn) -> None:
    client = sign_in("Reception")
    client.get(f"{DIARY}day/?day=2026-11-24")
    assert not appointment.request.events.filter(kind=Event.PRINTED).exists()
    client.get(f"{DIARY}list/?day=2026-11-24")
    event = appointment.request.events.get(kind=Event.PRINTED)
    assert event.by == "reception"
    content = client.get(f"{DIARY}list/?day=2026-11-25").content.decode()
    assert "There are no appointments on this day." in content


def test_the_offer_page_marks_what_suits(
    doctor: Clinician, sign_in: SignIn, monday: datetime
) -> None:
    for day in (TUESDAY, TUESDAY + timedelta(days=6)):
        factories.clinic_session(doctor, day, time(9), time(13, 0))
    factories.appointment_type()
    request = factories.request_at(RequestStatus.IN_REVIEW, now=monday)
    address = f"/admin/bookings/appointmentrequest/{request.pk}/decide/offer/"
    content = sign_in("Reception").get(address).content.decode()
    assert content.count("suits them") == 5  # on Monday, and before noon
    assert "Tuesday 24 November 2026" in content
    content = sign_in("Reception").get(address, {"from_day": "2026-12-25"}).content.decode()
    assert "Tuesday 24 November 2026" not in content
    assert "Tuesday 29 December 2026" in content


@pytest.mark.parametrize("value", ["", "x", "9" * 30, "-1"])
@pytest.mark.parametrize("name", ["appointment_type", "clinician", "from_day"])
def test_a_strange_look_is_no_500(
    name: str, value: str, doctor: Clinician, sign_in: SignIn, monday: datetime
) -> None:
    request = factories.request_at(RequestStatus.IN_REVIEW, now=monday)
    address = f"/admin/bookings/appointmentrequest/{request.pk}/decide/book/"
    assert sign_in("Reception").get(address, {name: value}).status_code == 200


def test_without_sessions_the_page_says_what_to_do(
    doctor: Clinician, sign_in: SignIn, monday: datetime
) -> None:
    request = factories.request_at(RequestStatus.IN_REVIEW, now=monday)
    address = f"/admin/bookings/appointmentrequest/{request.pk}/decide/offer/"
    content = sign_in("Reception").get(address).content.decode()
    assert "There are no free times in these two weeks." in content
    assert Location.objects.exists()


def test_a_closed_day_says_whom_it_affects_before_and_after_it_is_saved(
    appointment: Appointment, doctor: Clinician, sign_in: SignIn, monday: datetime
) -> None:
    client, posted = sign_in("Manager"), {"day": "2026-11-24", "reason": "Storm"}
    shown = client.post(CLOSED, posted).content.decode()
    storm = ClosedDay.objects.filter(reason="Storm")
    assert not storm.exists()
    assert "1 appointment has no clinic any more after this" in shown
    assert appointment.request.name in shown
    assert Look.objects.get().requests == [appointment.request_id]
    [read] = re.findall(r'name="read" value="(\w+)"', shown)
    # What was read is not what the other day would do.
    assert client.post(CLOSED, posted | {"read": "x"}).status_code == 200
    saved = client.post(CLOSED, posted | {"read": read}, follow=True).content.decode()
    assert storm.get().day == TUESDAY
    assert "1 appointment has no clinic any more after this change." in saved
    assert 'href="/admin/bookings/appointmentrequest/rebook/"' in saved
    # A change that strands nobody else says nothing about those who were stranded before.
    for url, other in (
        (CLOSED, {"day": "2026-12-09", "reason": "Staff training"}),
        ("/admin/bookings/location/add/", {"name": "Another place", "address": "2 Example Lane"}),
    ):
        quiet = client.post(url, other, follow=True).content.decode()
        assert "no clinic any more" not in quiet, url
    assert ClosedDay.objects.filter(reason="Staff training").exists()
    again = client.post(CLOSED, posted).content.decode()
    assert "The clinic is closed on this day already." in again
    day = client.get(
        "/admin/bookings/appointmentrequest/diary/day/?day=2026-11-24"
    ).content.decode()
    assert "1 appointment has no clinic." in day


def test_a_closed_day_affects_whoever_may_still_choose_a_time_on_it(
    doctor: Clinician, sign_in: SignIn, monday: datetime
) -> None:
    factories.clinic_session(doctor, TUESDAY, time(9), time(20))
    waits = factories.request_at(RequestStatus.OFFERED, now=monday)
    client, posted = sign_in("Manager"), {"day": "2026-11-24", "reason": "Storm"}
    shown = client.post(CLOSED, posted).content.decode()
    assert not ClosedDay.objects.filter(reason="Storm").exists()
    assert "2 offered times have no clinic any more after this" in shown
    assert shown.count("Offered, and not taken yet. Dr Clinician no longer has a clinic") == 2
    assert waits.name in shown
    assert Look.objects.get().requests == [waits.pk]
    [read] = re.findall(r'name="read" value="(\w+)"', shown)
    saved = client.post(CLOSED, posted | {"read": read}, follow=True).content.decode()
    assert "2 offered times have no clinic any more after this change." in saved
    assert waits.name in client.get("/admin/bookings/appointmentrequest/rebook/").content.decode()


@pytest.mark.postgres
@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(("is_guarded", "later"), [(True, 200), (False, 500)])
def test_of_two_who_close_the_same_day_the_later_is_told_so(
    is_guarded: bool, later: int, monday: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    if not is_guarded:
        monkeypatch.delattr(CarefulAdmin, "changeform_view")
    both = races.having_met(2, before_saving)
    monkeypatch.setattr(catalogue, "before_saving", both)
    posted = {"day": "2026-12-09", "reason": "Staff training"}
    clients = [Client(raise_request_exception=False) for _ in range(2)]
    for number, client in enumerate(clients):
        client.force_login(factories.staff("Manager", f"manager{number}"))
    answers = races.race([partial(client.post, CLOSED, posted) for client in clients])
    assert sorted(each.status_code for each in answers) == sorted([302, later])
    said = "The clinic is closed on this day already."
    assert any(said in each.content.decode() for each in answers) == is_guarded
    assert ClosedDay.objects.filter(reason="Staff training").count() == 1


def test_whoever_can_take_another_of_the_offered_times_needs_none(
    doctor: Clinician, sign_in: SignIn, monday: datetime
) -> None:
    days = [TUESDAY, TUESDAY + timedelta(days=1)]
    for day in days:
        factories.clinic_session(doctor, day, time(9), time(20))
    request, at_two = factories.request_at(RequestStatus.IN_REVIEW, now=monday), time(14)
    zone = timezone.get_default_timezone()
    factories.offer(request, [datetime.combine(each, at_two, zone) for each in days], now=monday)
    client, lost = sign_in("Manager"), ""
    for day in days:
        assert "no clinic any more" not in lost
        posted = {"day": day.isoformat(), "reason": "Storm"}
        lost = client.post(CLOSED, posted, follow=True).content.decode()
    # Once nothing of it is left, both times count.
    assert "2 offered times have no clinic any more after this" in lost
    assert ClosedDay.objects.filter(reason="Storm").count() == 1


def test_the_diary_of_a_closed_day_leads_reception_to_those_who_need_another_time(
    appointment: Appointment, sign_in: SignIn
) -> None:
    ClosedDay.objects.create(day=TUESDAY, reason="Storm")
    address = "/admin/bookings/appointmentrequest/diary/day/?day=2026-11-24"
    page = sign_in("Reception").get(address).content.decode()
    assert "1 appointment has no clinic." in page
    assert 'href="/admin/bookings/appointmentrequest/rebook/">Offer other times</a>' in page


def test_a_room_is_somewhere(sign_in: SignIn, monday: datetime) -> None:
    answer = sign_in("Manager").post("/admin/bookings/resource/add/", {"name": "Room 9"})
    assert answer.status_code == 200
    assert "Fill this in." in answer.content.decode()


def test_an_exception_of_a_day_that_is_over_is_refused(doctor: Clinician, sign_in: SignIn) -> None:
    exception = {"changes-TOTAL_FORMS": "1", "changes-0-day": "2026-11-17"}
    answer = sign_in("Manager").post(ADD_SESSION, session(doctor, **exception))
    assert "That day has passed." in answer.content.decode()


def test_a_session_at_the_end_of_time_is_asked_back(doctor: Clinician, sign_in: SignIn) -> None:
    posted = session(doctor, first_day="9999-12-28")
    answer = sign_in("Manager").post(ADD_SESSION, posted)
    assert "This is more than two years from today. Check the year." in answer.content.decode()


def test_only_what_can_succeed_is_offered(
    appointment: Appointment, sign_in: SignIn, at: Any
) -> None:
    client = sign_in("Manager")
    page = f"/admin/bookings/appointmentrequest/{appointment.request_id}/change/"
    before = client.get(page).content.decode()
    at(appointment.ends)
    client = sign_in("Manager")
    after = client.get(page).content.decode()
    for slug, only_before in {
        "offer": True,
        "move": True,
        "cancel": True,
        "attended": False,
    }.items():
        assert (f"/decide/{slug}/" in before) == only_before
        assert (f"/decide/{slug}/" in after) != only_before
    assert "Coming today" in client.get("/admin/").content.decode()


# --- Only what can be booked is offered -------------------------------------------------------


def choices(page: str, name: str) -> list[str]:
    """The options of a select, in words."""
    field = re.search(rf'<select name="{name}".*?</select>', page, re.DOTALL)
    assert field
    return re.findall(r">([^<]+)</option>", field[0])


def test_a_clinician_without_sessions_to_come_is_no_choice(
    sign_in: SignIn, monday: datetime
) -> None:
    for username in ("gone", "today", "always", "never"):
        factories.clinician(username)
    ClinicSession.objects.filter(clinician__slug="gone").update(last_day=date(2026, 11, 22))
    ClinicSession.objects.filter(clinician__slug="today").update(last_day=date(2026, 11, 23))
    ClinicSession.objects.filter(clinician__slug="never").delete()
    factories.appointment_type()
    request = factories.request_at(RequestStatus.IN_REVIEW, now=monday)
    url = f"/admin/bookings/appointmentrequest/{request.pk}/decide/offer/"
    page = sign_in("Reception").get(url).content.decode()
    assert choices(page, "clinician") == [
        "Dr Always, Consultant",
        "Dr Today, Consultant",
        "Whoever is free",
    ]


def test_a_type_that_is_booked_no_longer_is_no_choice_and_may_come_back(
    sign_in: SignIn, monday: datetime
) -> None:
    old, kept = factories.appointment_type(20), factories.appointment_type(40)
    doctor = factories.clinician()
    request = factories.request_at(RequestStatus.IN_REVIEW, now=monday)
    offering = f"/admin/bookings/appointmentrequest/{request.pk}/decide/offer/"
    url = f"/admin/bookings/appointmenttype/{old.pk}/change/"
    posted = {"name": old.name, "minutes": old.minutes, "buffer_minutes": old.buffer_minutes}
    manager = sign_in("Manager")
    assert manager.post(url, posted | {"retire": "on"}).status_code == 302
    old.refresh_from_db()
    assert (old.retired_on, old.retired_by) == (date(2026, 11, 23), "manager")
    client = sign_in("Reception")
    assert choices(client.get(offering).content.decode(), "appointment_type") == [str(kept)]
    forced = {"version": request.version, "appointment_type": old.pk, "clinician": doctor.pk}
    refused = client.post(offering, forced).content.decode()
    assert "Choose an appointment type." in refused
    assert "checked" in sign_in("Manager").get(url).content.decode()
    assert sign_in("Manager").post(url, posted).status_code == 302
    page = sign_in("Reception").get(offering).content.decode()
    assert choices(page, "appointment_type") == [str(old), str(kept)]


def test_the_forms_of_the_set_up_speak_as_we_do(sign_in: SignIn, monday: datetime) -> None:
    """Django's own sentences are in our words, and nothing of it needs a script."""
    client = sign_in("Manager")
    address = "/admin/bookings/closedday/add/"
    assert "For example, 1/12/2026." in client.get(address).content.decode()
    refused = client.post(address, {"day": "x", "reason": ""}).content.decode()
    assert "Nothing is saved yet. Correct what is marked below." in refused
    assert "Enter a date, for example 1/12/2026." in refused
    assert "Fill this in." in refused
    room = client.get("/admin/bookings/resource/add/").content.decode()
    assert "related-widget-wrapper-link" not in room
    added = client.post("/admin/bookings/topic/add/", {"name": "Hips", "slug": "h p"})
    assert "Enter a valid" not in added.content.decode()
    place = {"name": "Sample House", "address": "2 Example Road", "directions": ""}
    said = client.post("/admin/bookings/location/add/", place, follow=True).content.decode()
    assert "Added: place “" in said
    assert "successfully" not in said


def test_a_form_of_set_up_says_what_is_new_and_no_seconds(
    doctor: Clinician, sign_in: SignIn
) -> None:
    exception = {"changes-TOTAL_FORMS": "1", "changes-0-day": "2026-12-01"}
    manager = sign_in("Manager")
    manager.post(ADD_SESSION, session(doctor, **exception))
    own = ClinicSession.objects.get()
    page = manager.get(f"/admin/bookings/clinicsession/{own.pk}/change/").content.decode()
    assert re.findall(r"<h3><b>(.*?)</b>", page) == [
        "1 December 2026: does not take place",
        "New exception",
        "New exception",
    ]
    assert f'value="{own.starts:%H:%M}"' in page


def test_a_closed_day_is_deleted_or_left_without_a_script(sign_in: SignIn) -> None:
    """Django's own way back is a link to “#”, and needs a script."""
    closed = ClosedDay.objects.get(day=date(2026, 12, 25))
    manager, own = sign_in("Manager"), f"/admin/bookings/closedday/{closed.pk}/"
    page = manager.get(f"{own}delete/").content.decode()
    assert "<h1>Delete “25 December 2026: Christmas Day”</h1>" in page
    assert f'<a href="{own}change/">Back to “25 December 2026: Christmas Day”</a>' in page
    assert 'href="#"' not in page
    manager.post(f"{own}delete/", {"post": "yes"})
    assert not ClosedDay.objects.filter(pk=closed.pk).exists()


def test_the_history_of_a_row_says_who_by_name(sign_in: SignIn) -> None:
    kept, mona = MachineKind.objects.create(name="Shockwave"), factories.staff("Manager")
    User.objects.filter(pk=mona.pk).update(first_name="Mona", last_name="Example")
    manager, own = sign_in(mona), f"/admin/bookings/machinekind/{kept.pk}/"
    assert "No change of it has been recorded." in manager.get(f"{own}history/").content.decode()
    manager.post(f"{own}change/", {"name": "Shockwave machine"})
    page = manager.get(f"{own}history/").content.decode()
    assert "<td>Mona Example</td><td>Changed Name.</td>" in page


def mark(page: str) -> str:
    """What a form of Set-up says of the row on which it was opened."""
    (found,) = re.findall(r'name="seen" value="(\w+)"', page)
    return str(found)


def test_what_the_form_does_not_ask_is_no_change_of_a_colleague(
    doctor: Clinician, sign_in: SignIn
) -> None:
    own, manager = f"/admin/procedures/clinician/{doctor.pk}/change/", sign_in("Manager")
    opened = mark(manager.get(own).content.decode())
    Clinician.objects.update(verified_by=factories.staff("Manager"))
    assert mark(manager.get(own).content.decode()) == opened
    Clinician.objects.update(role="Physiotherapist")
    assert mark(manager.get(own).content.decode()) != opened


def test_who_saves_second_is_told_what_they_would_replace(sign_in: SignIn) -> None:
    kept = MachineKind.objects.create(name="Shockwave")
    own, manager = f"/admin/bookings/machinekind/{kept.pk}/change/", sign_in("Manager")
    opened = mark(manager.get(own).content.decode())
    assert manager.post(own, {"name": "Shock wave", "seen": opened}).status_code == 302
    late = manager.post(own, {"name": "Waves", "seen": opened}).content.decode()
    assert "A colleague has changed this since you opened it" in late
    assert 'value="Waves"' in late
    kept.refresh_from_db()
    assert kept.name == "Shock wave"
    assert manager.post(own, {"name": "Waves", "seen": mark(late)}).status_code == 302
    kept.refresh_from_db()
    assert kept.name == "Waves"
