"""Somebody is away or something is closed: entered as it is said, and shown before it is saved."""

import re
from collections.abc import Callable
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse

from bookings import diary, triage
from bookings.diary import free_times
from bookings.models import (
    Appointment,
    Claim,
    ClinicSession,
    Closure,
    Location,
    Look,
    Resource,
    RoomKind,
)
from bookings.status import RequestStatus
from bookings.status.events import Event
from procedures.models import Clinician
from tests import factories
from tests.people import book_instead

pytestmark = pytest.mark.django_db

SignIn = Callable[[User | str], Client]
ADD = "/admin/bookings/closure/add/"
PARTS = ("day", "month", "year")
TUESDAY = date(2026, 11, 24)
NOBODY = "Nobody has an appointment then, and no offer is held."


def local(day: int, hour: int = 0, minute: int = 0, month: int = 11) -> datetime:
    """An instant in winter, when London is on UTC."""
    return datetime(2026, month, day, hour, minute, tzinfo=UTC)


@pytest.fixture
def doctor(monday: datetime) -> Clinician:
    doctor = factories.clinician()
    ClinicSession.objects.all().delete()
    factories.clinic_session(doctor, TUESDAY, time(9), time(20))
    diary.resource_of(doctor)
    return doctor


@pytest.fixture
def appointment(doctor: Clinician, monday: datetime) -> Appointment:
    """On Tuesday at 16:00."""
    return factories.request_at(RequestStatus.BOOKED, now=monday).appointments.get()


def away(subject: Clinician | Resource | Location, **changes: Any) -> dict[str, Any]:
    """What a colleague enters: the whole of Tuesday, unless something else is said."""
    if isinstance(subject, Clinician):
        subject = subject.resource
    model = "location" if isinstance(subject, Location) else "resource"
    return {
        "who": f"{model}-{subject.pk}",
        **day("first_day", "24 11 2026"),
        **day("last_day", ""),
        "hours": "whole",
        "from_time": "",
        "until_time": "",
        "reason": "Leave",
    } | changes


def day(name: str, typed: str) -> dict[str, str]:
    """What the three boxes of a day post."""
    parts = typed.split() or ["", "", ""]
    return dict(zip((f"{name}_{part}" for part in PARTS), parts, strict=True))


def shown(client: Client, posted: dict[str, Any], url: str = ADD) -> str:
    """The page after the first press, which only looks."""
    before = Closure.objects.count()
    content = client.post(url, posted).content.decode()
    assert Closure.objects.count() == before
    return content


def save(client: Client, posted: dict[str, Any], url: str = ADD) -> Any:
    """Look, and then save what was shown."""
    digest = client.post(url, posted).context["shown"]
    return client.post(url, posted | {"shown": digest, "save": "yes"})


# --- Whom it affects -----------------------------------------------------------------------------


@pytest.mark.parametrize("group", ["Reception", "Manager"])
def test_it_says_whom_it_affects_before_it_is_saved(
    group: str, appointment: Appointment, doctor: Clinician, sign_in: SignIn, monday: datetime
) -> None:
    factories.offer(
        factories.request_at(RequestStatus.IN_REVIEW, now=monday),
        [local(24, 12), local(24, 13)],
        now=monday,
    )
    client = sign_in(group)
    content = " ".join(shown(client, away(doctor)).split())
    assert "1 patient has an appointment then, 1 offer is held." in content
    assert "Nothing is saved yet." in content
    assert "Tue 24 Nov, 16:00" in content
    assert "Tue 24 Nov, 12:00" in content
    assert f"/admin/bookings/appointmentrequest/{appointment.request_id}/change/" in content


def test_who_is_shown_is_recorded(
    appointment: Appointment, doctor: Clinician, sign_in: SignIn
) -> None:
    shown(sign_in("Reception"), away(doctor))
    look = Look.objects.get()
    assert (look.screen, look.requests) == ("who is affected", [appointment.request_id])


@pytest.mark.parametrize(
    ("changes", "affects"),
    [
        ({}, True),
        ({"hours": "morning"}, False),
        ({"hours": "afternoon"}, True),
        ({"hours": "between", "from_time": "9", "until_time": "16"}, False),
        ({"hours": "between", "from_time": "9:00", "until_time": "16.05"}, True),
        (day("first_day", "25 November 2026"), False),
        (day("first_day", "23 11 2026") | day("last_day", "27 11 2026"), True),
    ],
)
def test_only_those_in_that_time_are_affected(
    changes: dict[str, str],
    affects: bool,
    appointment: Appointment,
    doctor: Clinician,
    sign_in: SignIn,
) -> None:
    content = shown(sign_in("Reception"), away(doctor, **changes))
    assert (NOBODY in content) != affects


@pytest.mark.parametrize("which", ["room", "location", "other"])
def test_a_room_and_a_place_affect_those_who_are_there(
    which: str, appointment: Appointment, sign_in: SignIn
) -> None:
    assert appointment.room is not None
    place = {
        "room": appointment.room,
        "location": appointment.room.location,
        "other": factories.room("Another room"),
    }[which]
    assert place is not None
    content = shown(sign_in("Reception"), away(place))
    assert (NOBODY in content) == (which == "other")
    assert "is closed: Tuesday 24 November 2026, whole day" in content


# --- Saving ----------------------------------------------------------------------------------------


def test_one_press_saves_and_leads_to_those_who_need_another_time(
    appointment: Appointment, doctor: Clinician, sign_in: SignIn
) -> None:
    client = sign_in("Reception")
    answer = save(client, away(doctor))
    closure = Closure.objects.get()
    assert (closure.resource, closure.starts, closure.ends) == (
        doctor.resource,
        local(24),
        local(25),
    )
    assert answer["Location"] == f"{reverse('admin:bookings_rebook')}?closure={closure.pk}"
    assert "Rebook 1" in client.get("/admin/").content.decode()
    client.post(f"/admin/bookings/closure/{closure.pk}/delete/", {"post": "yes"})
    assert "Rebook 1" not in client.get("/admin/").content.decode()


def test_leave_that_affects_nobody_leads_to_the_day(doctor: Clinician, sign_in: SignIn) -> None:
    answer = save(sign_in("Reception"), away(doctor))
    assert answer["Location"] == f"{reverse('admin:bookings_diary_day')}?day=2026-11-24"


def test_nothing_is_saved_that_was_not_shown(
    appointment: Appointment, doctor: Clinician, sign_in: SignIn
) -> None:
    client = sign_in("Reception")
    digest = client.post(ADD, away(doctor)).context["shown"]
    changed = away(doctor, **day("last_day", "25 11 2026")) | {"shown": digest, "save": "yes"}
    assert "Nothing is saved yet" in shown(client, changed)


def test_two_presses_save_it_once(doctor: Clinician, sign_in: SignIn) -> None:
    client = sign_in("Reception")
    for _ in range(2):
        save(client, away(doctor))
    assert Closure.objects.count() == 1


@pytest.mark.parametrize(
    ("changes", "span"),
    [
        ({}, (local(24), local(25))),
        ({"hours": "morning"}, (local(24), local(24, 12))),
        ({"hours": "afternoon"}, (local(24, 12), local(25))),
        (
            {"hours": "between", "from_time": "10", "until_time": "11.30"}
            | day("last_day", "25 11 2026"),
            (local(24, 10), local(25, 11, 30)),
        ),
        (day("last_day", "4 Dec 2026"), (local(24), local(5, month=12))),
    ],
)
def test_what_was_entered_comes_back_to_be_changed(
    changes: dict[str, str],
    span: tuple[datetime, datetime],
    doctor: Clinician,
    sign_in: SignIn,
) -> None:
    client = sign_in("Manager")
    save(client, away(doctor, **changes))
    closure = Closure.objects.get()
    assert (closure.starts, closure.ends) == span
    url = f"/admin/bookings/closure/{closure.pk}/change/"
    form = client.get(url).context["form"]
    typed = {
        bound.html_name: "" if bound.value() is None else str(bound.value()).removesuffix(":00")
        for bound in form
        if not bound.name.endswith("_day")
    }
    for name in ("first_day", "last_day"):
        parts = form.fields[name].widget.decompress(form[name].value())
        typed |= {
            f"{name}_{part}": "" if each is None else str(each)
            for part, each in zip(PARTS, parts, strict=True)
        }
    assert save(client, typed | {"reason": "Course"}, url).status_code == 302
    closure.refresh_from_db()
    assert (closure.starts, closure.ends, closure.reason) == (*span, "Course")


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"who": ""}, "Choose who or what it is."),
        ({"who": "resource-999999"}, "Choose who or what it is."),
        (day("first_day", ""), "Enter a date, for example 27 3 2026."),
        (day("first_day", "30 2 2026"), "Enter a real date"),
        (day("first_day", "24 11 26"), "Enter a year with four digits"),
        (day("first_day", "24 11 2016"), "more than two years from today. Check the year."),
        (day("last_day", "31 12 2099"), "more than two years from today. Check the year."),
        (day("last_day", "23 11 2026"), "The last day cannot be before the first day."),
        (
            day("last_day", "25 11 2026") | {"hours": "morning"},
            "Mornings and afternoons are for one day.",
        ),
        ({"hours": "between", "from_time": "10"}, "Enter a time, for example 9:30."),
        ({"hours": "between", "from_time": "x", "until_time": "11"}, "Enter a time, for example"),
        (
            {"hours": "between", "from_time": "10", "until_time": "10"},
            "The end must be after the start.",
        ),
        (
            day("first_day", "28 3 2027")
            | {"hours": "between", "from_time": "01:30", "until_time": "03:00"},
            "The clocks change that night",
        ),
        ({"reason": "x" * 101}, "Shorten this to 100 characters or fewer."),
    ],
)
def test_what_cannot_be_says_why(
    changes: dict[str, str], sentence: str, doctor: Clinician, sign_in: SignIn
) -> None:
    content = shown(sign_in("Reception"), away(doctor, **changes))
    assert sentence in content
    assert "Nothing is saved yet" not in content


@pytest.mark.parametrize("hours", ["whole", "morning", "afternoon"])
def test_times_that_are_not_on_the_screen_do_not_count(
    hours: str, doctor: Clinician, sign_in: SignIn
) -> None:
    posted = away(doctor, hours=hours, from_time="9 o'clock", until_time="25:00")
    client = sign_in("Reception")
    assert "Nothing is saved yet" in shown(client, posted)
    assert save(client, posted).status_code == 302
    assert Closure.objects.count() == 1


def test_whom_it_affects_is_where_the_page_opens(doctor: Clinician, sign_in: SignIn) -> None:
    client = sign_in("Reception")
    opens_at = re.compile(r"<(\w+)[^>]* autofocus[^>]*>([^<]*)")
    assert opens_at.findall(client.get(ADD).content.decode()) == []
    [(place, words)] = opens_at.findall(shown(client, away(doctor)))
    assert place == "h2"
    assert f"{doctor.name} is away" in words
    wrong = shown(client, away(doctor, who=""))
    assert [each for each, _ in opens_at.findall(wrong)] == ["div"]


def test_leave_of_long_ago_can_still_be_corrected(doctor: Clinician, sign_in: SignIn) -> None:
    place = factories.location()
    old = Closure.objects.create(
        location=place,
        starts=datetime(2020, 1, 6, 8, tzinfo=UTC),
        ends=datetime(2020, 1, 6, 18, tzinfo=UTC),
    )
    url = f"/admin/bookings/closure/{old.pk}/change/"
    posted = away(
        place,
        **day("first_day", "6 1 2020"),
        hours="between",
        from_time="8:00",
        until_time="18:00",
        reason="Flood",
    )
    assert save(sign_in("Manager"), posted, url).status_code == 302
    old.refresh_from_db()
    assert (old.starts, old.reason) == (datetime(2020, 1, 6, 8, tzinfo=UTC), "Flood")


# --- How one gets there ----------------------------------------------------------------------------


def test_a_link_chooses_a_clinician_and_a_day_and_nothing_else(
    doctor: Clinician, sign_in: SignIn
) -> None:
    asked: dict[str, Any] = {
        "clinician": doctor.pk,
        "day": "2026-12-01",
        "reason": "planted",
        "hours": "between",
    }
    form = sign_in("Reception").get(ADD, asked).context["form"]
    assert form["who"].value() == f"resource-{doctor.resource.pk}"
    assert form["first_day"].value() == date(2026, 12, 1)
    assert (form["hours"].value(), form["reason"].value()) == ("whole", None)


@pytest.mark.parametrize("asked", [{"clinician": "x"}, {"clinician": "9" * 30}, {"day": "never"}])
def test_a_strange_link_chooses_nothing(asked: dict[str, str], sign_in: SignIn) -> None:
    form = sign_in("Reception").get(ADD, asked).context["form"]
    assert (form["who"].value(), form["first_day"].value()) == (None, None)


def test_today_the_diary_and_a_clinician_lead_there(
    doctor: Clinician, sign_in: SignIn, monday: datetime
) -> None:
    client = sign_in("Manager")
    assert f'href="{ADD}"' in client.get("/admin/").content.decode()
    day = client.get(f"{reverse('admin:bookings_diary_day')}?day=2026-11-24").content.decode()
    assert f'href="{ADD}?day=2026-11-24' in day
    clinician = reverse("admin:procedures_clinician_change", args=[doctor.pk])
    assert f'href="{ADD}?clinician={doctor.pk}"' in client.get(clinician).content.decode()


def test_who_may_only_look_sees_the_stock_page(
    appointment: Appointment, doctor: Clinician, sign_in: SignIn, monday: datetime
) -> None:
    closure = factories.closure(now=monday)
    client = sign_in("Clinician")
    assert client.get(f"/admin/bookings/closure/{closure.pk}/change/").status_code == 200
    assert client.get(ADD).status_code == 403
    assert client.post(ADD, away(doctor)).status_code == 403
    assert f'href="{ADD}"' not in client.get("/admin/").content.decode()


@pytest.mark.parametrize(
    ("span", "period"),
    [
        ((local(24), local(25)), "Tuesday 24 November 2026, whole day"),
        ((local(24), local(24, 23, 59)), "Tuesday 24 November 2026, whole day"),
        ((local(24), local(26)), "Tuesday 24 November 2026 to Wednesday 25 November 2026"),
        ((local(24, 9), local(24, 12, 30)), "Tuesday 24 November 2026, 9:00 to 12:30"),
        (
            (local(24, 9), local(25, 12)),
            "Tuesday 24 November 2026, 9:00 to Wednesday 25 November 2026, 12:00",
        ),
    ],
)
def test_a_closure_says_when_it_is(span: tuple[datetime, datetime], period: str) -> None:
    assert Closure(starts=span[0], ends=span[1]).period == period


def test_a_room_that_closes_hands_its_visits_to_others_of_its_kind(
    appointment: Appointment, doctor: Clinician, monday: datetime, sign_in: Any
) -> None:
    """One visit and a held time have the other room; where that is taken, the patient is stranded."""
    closing, other = factories.room("Room of clinician"), factories.room("Other room")
    kind = RoomKind.objects.create(name="Treatment room")
    Resource.objects.filter(clinician=None).update(room_kind=kind)
    five, six = appointment.starts + timedelta(hours=1), appointment.starts + timedelta(hours=2)
    request = factories.request_at(RequestStatus.IN_REVIEW, now=monday)
    held = factories.offer(request, [five], now=monday).times.get()
    stays = book_instead(factories.request_at(RequestStatus.IN_REVIEW, now=monday), six, monday)
    Closure.objects.create(resource=other, starts=six, ends=six + timedelta(hours=1))
    desk, posted = sign_in("Reception"), away(closing)
    page = " ".join(shown(desk, posted).split())
    assert "1 patient has an appointment then" in page
    assert "2 move to another room of the same kind at the same time" in page
    said = desk.get(save(desk, posted).url).content.decode()
    assert "2 visits or offered times have another room now." in said
    assert [each.appointment for each in free_times.stranded(monday)] == [stays]
    appointment.refresh_from_db()
    assert appointment.room == other
    claimed = Claim.objects.filter(appointment=appointment).values_list("resource", flat=True)
    assert set(claimed) == {other.pk, doctor.resource.pk}
    assert appointment.request.events.filter(kind=Event.ROOM_CHANGED).count() == 1
    # The patient can still take what was held, and has it in the other room.
    request.refresh_from_db()
    triage.accept(request, version=request.version, chosen=held, now=monday)
    assert request.appointments.get().room == other
