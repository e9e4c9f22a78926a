"""The diary that people read and press: what it shows of a day, and where a press leads."""

import re
from collections.abc import Callable
from datetime import UTC, date, datetime, time, timedelta
from io import StringIO
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
import time_machine
from django.conf import settings as django_settings
from django.contrib.auth.models import Permission, User
from django.core.management import call_command
from django.test import Client

from bookings import diary, journal, triage
from bookings.desk.agenda import Agenda, Kind
from bookings.desk.diary_grid import grids
from bookings.models import (
    Appointment,
    AppointmentRequest,
    ClinicSession,
    ClosedDay,
    Closure,
    Look,
    MachineKind,
    OpeningHours,
    Resource,
)
from bookings.status import FlagOutcome, RequestStatus
from bookings.status.events import Event
from procedures.models import Clinician
from tests import factories
from tests.people import LIST, decide_at

pytestmark = pytest.mark.django_db
SignIn = Callable[[Any], Client]
LONDON = ZoneInfo("Europe/London")
TUESDAY = date(2026, 11, 24)
NINE = time(9)
# Six of them are every page's of the desk: who is asking, what they may, how much waits.
MOST_QUERIES = {"day": 18, "panel": 20, "week": 16, "month": 16, "list": 17}

BOOK = f"{LIST}book/"


def local(hour: int, minute: int = 0, day: date = TUESDAY) -> datetime:
    return datetime.combine(day, time(hour, minute), tzinfo=LONDON).astimezone(UTC)


@pytest.fixture
def doctor(db: None, monday: datetime) -> Clinician:
    """A clinician with sessions on Tuesdays from 9 to 12 and 13 to 15, where it is open from 8 to 17."""
    doctor = factories.clinician()
    ClinicSession.objects.all().delete()
    for starts, ends in ((NINE, time(12)), (time(13), time(15))):
        factories.clinic_session(doctor, TUESDAY, starts, ends)
    OpeningHours.objects.update(opens=time(8), closes=time(17))
    diary.resource_of(doctor)
    return doctor


def booked(doctor: Clinician, at: datetime, now: datetime, minutes: int = 30) -> Appointment:
    request = factories.received(now=now)
    return triage.book(
        request,
        version=request.version,
        appointment_type=factories.appointment_type(minutes),
        clinician=doctor,
        starts=at,
        by=factories.staff("Reception"),
        now=now,
    )


def words(html: str) -> str:
    """What a person reads, with one blank between words."""
    return " ".join(re.sub(r"<[^>]+>", " ", html).split())


def page_at(client: Client, view: str = "day", **asked: Any) -> str:
    answer = client.get(f"{LIST}diary/{view}/", {"day": f"{TUESDAY}"} | asked)
    assert answer.status_code == 200
    return answer.content.decode()


def lines(page: str) -> list[tuple[str, str]]:
    """Each line of the diary: the classes of its place and looks, and what it says before its button."""
    found = re.findall(
        r'<li class="(at-\d+ for-\d+ [a-z][^"]*)">(.*?)(?:<form.*?)?</li>', page, re.DOTALL
    )
    return [
        (classes, words(content))
        for classes, content in found
        if not {"hour", "now"} & {*classes.split()}
    ]


def links(page: str, to: str) -> list[str]:
    return [each.replace("&amp;", "&") for each in re.findall(rf'href="({to}[^"]*)"', page)]


# --- A day ----------------------------------------------------------------------------------------


def test_a_clinician_has_one_column_in_order_of_time(
    doctor: Clinician, sign_in: SignIn, monday: datetime
) -> None:
    for hour in (13, 9, 11):
        booked(doctor, local(hour), monday)
    page = page_at(sign_in("Reception"))
    assert re.findall(r'<h2 id="clinician-\d+">(.*?)</h2>', page) == ["Dr Clinician"]
    assert [said for _, said in lines(page)] == [
        "8:00 to 9:00: No clinic",
        "○ 9:00 Pat Sample booked · Assessment of 30",
        "+ 9:40 free 30 min : book by phone with Dr Clinician",
        "+ 10:20 free 30 min : book by phone with Dr Clinician",
        "○ 11:00 Pat Sample booked · Assessment of 30",
        "11:40: 20 min left, 40 needed",
        "12:00 to 13:00: No clinic",
        "○ 13:00 Pat Sample booked · Assessment of 30",
        "+ 13:40 free 30 min : book by phone with Dr Clinician",
        "+ 14:20 free 30 min : book by phone with Dr Clinician",
        "15:00 to 17:00: No clinic",
    ]


def test_each_line_has_its_place_in_cells_of_five_minutes(
    doctor: Clinician, sign_in: SignIn, monday: datetime
) -> None:
    booked(doctor, local(9, 30), monday)
    assert [classes for classes, _ in lines(page_at(sign_in("Reception")))][:3] == [
        "at-0 for-12 no-clinic",
        "at-12 for-6 left",
        "at-18 for-6 booked",
    ]


def test_the_visible_hours_stretch_for_what_is_outside(
    doctor: Clinician, sign_in: SignIn, monday: datetime
) -> None:
    appointment = booked(doctor, local(9), monday)
    Appointment.objects.filter(pk=appointment.pk).update(
        starts=local(6, 40), ends=local(7, 10), ended_at=monday, ended_by="x", status="fulfilled"
    )
    first, *_ = lines(page_at(sign_in("Reception")))
    assert first == ("at-0 for-30 no-clinic", "6:30 to 9:00: No clinic")


def test_two_visits_at_the_same_time_are_beside_each_other(
    doctor: Clinician, sign_in: SignIn, at: Any, monday: datetime
) -> None:
    gone = booked(doctor, local(9), monday)
    at(local(9, 5))
    by = factories.staff("Reception")
    triage.record_attendance(
        gone.request, version=gone.request.version, came=False, by=by, now=local(9, 5)
    )
    booked(doctor, local(9, 10), local(9, 5))
    found = [(classes, said) for classes, said in lines(page_at(sign_in("Reception")))[1:3]]
    assert found == [
        ("at-12 for-6 missed first", "✕ 9:00 Pat Sample did not attend · Assessment of 30"),
        ("at-14 for-6 booked second", "○ 9:10 Pat Sample booked · Assessment of 30"),
    ]


def test_a_long_day_is_as_long_as_it_is(doctor: Clinician, monday: datetime) -> None:
    """On the night of the clock change an hour is there twice, and nothing moves against the axis."""
    sunday = date(2026, 10, 25)
    factories.clinic_session(doctor, sunday, time(0), time(23, 30))
    OpeningHours.objects.update(opens=time(0), closes=time(23, 30))
    (grid,) = grids(Agenda([sunday], local(0, day=date(2026, 10, 24))).plans(), monday)
    (line,) = grid.columns[0].lines
    assert (line.at, line.length) == (0, 24.5 * 12)
    assert [mark.at for mark in grid.hours][:4] == [0, 12, 24, 36]
    assert len(grid.hours) == 25


PRESENT = {
    Kind.BOOKED: "○ 9:00 Pat Sample booked",
    Kind.LATE: "◐ 9:00 Pat Sample late",
    Kind.TO_RECORD: "? 9:00 Pat Sample attendance to record",
    Kind.HERE: "● 9:00 Pat Sample here",
    Kind.CALLED_IN: "▶ 9:00 Pat Sample with the clinician",
    Kind.SEEN: "✓ 9:00 Pat Sample attended",
    Kind.MISSED: "✕ 9:00 Pat Sample did not attend",
    Kind.STRANDED: "▲ 9:00 Pat Sample no clinic session",
}


def brought_to(kind: Kind, appointment: Appointment) -> datetime:
    """Bring the appointment of nine o'clock to this kind by the real verbs; the moment of it."""
    request, by = appointment.request, factories.staff("Reception")
    moment = local(9, 5)
    if kind == Kind.BOOKED:
        return local(8, 55)
    if kind == Kind.TO_RECORD:
        return local(9, 30)
    if kind == Kind.STRANDED:
        ClinicSession.objects.all().delete()
        return local(8, 55)
    if kind in {Kind.HERE, Kind.CALLED_IN}:
        triage.record_arrival(request, version=request.version, by=by, now=local(8, 50))
    if kind == Kind.CALLED_IN:
        triage.call_in(request, version=request.version, by=by, now=moment)
    if kind in {Kind.SEEN, Kind.MISSED}:
        came = kind == Kind.SEEN
        triage.record_attendance(request, version=request.version, came=came, by=by, now=moment)
    return moment


@pytest.mark.parametrize("kind", PRESENT, ids=lambda kind: kind.slug)
def test_where_a_patient_is_has_a_mark_a_word_and_a_class(
    kind: Kind, doctor: Clinician, sign_in: SignIn, at: Any, monday: datetime
) -> None:
    moment = brought_to(kind, booked(doctor, local(9), monday))
    at(moment)
    client = sign_in("Reception")
    (shown,) = [each for each in lines(page_at(client)) if "Pat Sample" in each[1]]
    assert kind.slug in shown[0].split()
    assert shown[1] == f"{PRESENT[kind]} · Assessment of 30"
    styles = (Path(django_settings.BASE_DIR) / "static/css/desk.css").read_text()
    assert f".{kind.slug} .entry" in styles or f".{kind.slug}," in styles


def test_a_held_time_says_until_when(doctor: Clinician, sign_in: SignIn, monday: datetime) -> None:
    request = factories.request_at(RequestStatus.IN_REVIEW, now=monday)
    factories.offer(request, [local(10)], held_for=timedelta(hours=2), now=monday)
    page = page_at(sign_in("Reception"))
    assert (
        "at-24 for-6 held",
        "◇ 10:00 Pat Sample held until Mon 23 Nov, 12:00 · Assessment of 30",
    ) in (lines(page))


@pytest.mark.parametrize(
    ("what", "word"), [("clinician", "Away: Teaching"), ("room", "Closed: Teaching")]
)
def test_a_closure_is_in_the_column_that_it_shortens(
    what: str, word: str, doctor: Clinician, sign_in: SignIn, monday: datetime
) -> None:
    room = factories.room(f"Room of {doctor.slug}")
    resource = diary.resource_of(doctor) if what == "clinician" else room
    Closure.objects.create(resource=resource, starts=local(11), ends=local(16), reason="Teaching")
    found = [said for _, said in lines(page_at(sign_in("Reception"))) if "Teaching" in said]
    assert found == [f"11:00 to 12:00: {word}", f"13:00 to 15:00: {word}"]


def test_a_machine_that_is_away_is_above_the_columns(
    doctor: Clinician, sign_in: SignIn, monday: datetime
) -> None:
    kind = MachineKind.objects.create(name="Scanner")
    machine = Resource.objects.create(
        name="Scanner 1", location=factories.location(), machine_kind=kind
    )
    Closure.objects.create(resource=machine, starts=local(9), ends=local(10), reason="Repair")
    assert "Not available Scanner 1: Repair, 9:00 to 10:00" in words(page_at(sign_in("Reception")))


def test_a_closed_day_says_why_and_when_the_next_clinic_is(
    doctor: Clinician, sign_in: SignIn, monday: datetime
) -> None:
    ClosedDay.objects.create(day=TUESDAY, reason="Invented bank holiday")
    page = words(page_at(sign_in("Reception")))
    assert "Closed: Invented bank holiday No clinics take place, and nobody is booked." in page
    assert "Next clinic: Tuesday 1 December" in page


def test_whoever_is_booked_on_a_closed_day_is_still_there(
    doctor: Clinician, sign_in: SignIn, monday: datetime
) -> None:
    booked(doctor, local(9), monday)
    ClosedDay.objects.create(day=TUESDAY, reason="Invented bank holiday")
    page = page_at(sign_in("Reception"))
    assert "1 appointment has no clinic." in words(page)
    assert ("at-12 for-6 stranded", "▲ 9:00 Pat Sample no clinic session · Assessment of 30") in (
        lines(page)
    )


def test_a_day_without_clinics_says_so(doctor: Clinician, sign_in: SignIn) -> None:
    page = words(page_at(sign_in("Reception"), day="2026-11-25"))
    assert "Nobody has a clinic on this day Next clinic: Tuesday 1 December" in page


def test_one_clinician_can_be_looked_at_alone(
    doctor: Clinician, sign_in: SignIn, monday: datetime
) -> None:
    other = factories.clinician("other")
    client = sign_in("Reception")
    heads = re.compile(r'<h2 id="clinician-\d+">(.*?)</h2>')
    assert heads.findall(page_at(client)) == ["Dr Clinician", "Dr Other"]
    page = page_at(client, clinician=other.pk)
    assert heads.findall(page) == ["Dr Other"]
    # Both stay in the tabs of a phone, and in the list.
    assert page.count(">Dr Clinician<") == 2


def test_a_chosen_type_and_clinician_are_kept_from_day_to_day(
    doctor: Clinician, sign_in: SignIn
) -> None:
    kind = factories.appointment_type(20)
    page = page_at(sign_in("Reception"), type=kind.pk, clinician=doctor.pk)
    kept = f"&type={kind.pk}&clinician={doctor.pk}"
    assert f"?day=2026-11-25{kept}" in links(page, r"\?day=")
    for view in ("week", "month", "list"):
        assert f"{LIST}diary/{view}/?day=2026-11-24{kept}" in links(page, f"{LIST}diary/{view}/")


def test_the_style_sheet_has_every_place() -> None:
    out = StringIO()
    call_command("diary_css", stdout=out)
    written = (Path(django_settings.BASE_DIR) / "static/css/diary.css").read_text()
    assert written == out.getvalue()
    # The longest day has 25 hours.
    for rule in (".at-0 { grid-row-start: 1; }", ".at-299 {", ".for-1 {", ".for-300 {"):
        assert rule in written


# --- Free times -----------------------------------------------------------------------------------

SAID = {
    "name": "Pat Sample",
    "date_of_birth_day": "31",
    "date_of_birth_month": "1",
    "date_of_birth_year": "1970",
    "phone": "020 7946 0958",
    "page": "",
}


def book_links(page: str) -> list[str]:
    return links(page, rf"{LIST}book/\?")


@pytest.mark.parametrize("view", ["day", "week"])
def test_a_free_time_is_a_link_that_names_nobody(
    view: str, doctor: Clinician, sign_in: SignIn, monday: datetime
) -> None:
    kind = factories.appointment_type(100)
    page = page_at(sign_in("Reception"), view, type=kind.pk)
    starts = [local(9), local(13)]
    assert book_links(page) == [
        f"{LIST}book/?type={kind.pk}&clinician={doctor.pk}&at={int(each.timestamp())}"
        for each in starts
    ]


def test_whoever_may_not_book_reads_the_free_times(
    doctor: Clinician, sign_in: SignIn, monday: datetime
) -> None:
    factories.appointment_type()
    reader = User.objects.create(username="reader", is_staff=True)
    reader.user_permissions.add(Permission.objects.get(codename="view_appointmentrequest"))
    page = page_at(sign_in(reader))
    assert book_links(page) == []
    assert "+ 9:00 free 30 min" in [said for _, said in lines(page)]


def test_a_chosen_time_is_kept_until_it_is_booked(
    doctor: Clinician, sign_in: SignIn, monday: datetime
) -> None:
    # The second type and the second clinician there are, so that nothing is chosen by itself.
    factories.appointment_type(20)
    factories.clinician("another")
    kind = factories.appointment_type(40)
    client = sign_in("Reception")
    link = book_links(page_at(client, type=kind.pk, clinician=doctor.pk))[1]
    chosen = "Tuesday 24 November at 9:50, Dr Clinician, Assessment of 40, 40 minutes"
    assert chosen in client.get(link).content.decode()
    form = client.post(link, SAID).content.decode()
    assert chosen in form
    # The button does not ask for what is chosen already.
    assert '<button class="button">Go on to this time</button>' in form
    assert (
        '<button class="button">Choose a time</button>' in client.post(BOOK, SAID).content.decode()
    )
    (key,) = re.findall(r'name="key" value="([^"]+)"', form)
    answer = client.post(link, SAID | {"key": key, "concern": "A shoulder."}, follow=True)
    record = AppointmentRequest.objects.get()
    decision = decide_at(record, "book")
    assert answer.redirect_chain[0][0].startswith(f"{decision}?")
    page = answer.content.decode()
    seconds = int(local(9, 50).timestamp())
    assert re.findall(r'value="(\d+)" checked', page) == [str(seconds)]
    posted = {
        "version": record.version,
        "appointment_type": kind.pk,
        "clinician": doctor.pk,
        "times": seconds,
    }
    client.post(answer.redirect_chain[0][0], posted)
    appointment = Appointment.objects.get()
    assert (appointment.starts, appointment.clinician, appointment.appointment_type) == (
        local(9, 50),
        doctor,
        kind,
    )


def test_a_time_that_is_gone_says_so_and_others_are_shown(
    doctor: Clinician, sign_in: SignIn, monday: datetime
) -> None:
    kind = factories.appointment_type()
    client = sign_in("Reception")
    link = book_links(page_at(client))[0]
    booked(doctor, local(9), monday)
    assert "Not free any more" in client.get(link).content.decode()
    request = factories.received(now=monday)
    asked = {"appointment_type": kind.pk, "clinician": doctor.pk, "at": int(local(9).timestamp())}
    page = client.get(decide_at(request, "book"), asked).content.decode()
    assert "Tuesday 24 November at 9:00 is not free any more." in page
    assert " checked" not in page
    assert f'value="{int(local(9, 40).timestamp())}"' in page


def test_a_time_between_the_listed_ones_can_be_chosen_too(
    doctor: Clinician, sign_in: SignIn, monday: datetime
) -> None:
    """The diary of today lists times from now on, so a minute later they are others."""
    kind = factories.appointment_type()
    request = factories.received(now=monday)
    seconds = int(local(9, 5).timestamp())
    asked = {"appointment_type": kind.pk, "clinician": doctor.pk, "at": seconds}
    page = sign_in("Reception").get(decide_at(request, "book"), asked).content.decode()
    assert re.findall(r'value="(\d+)" checked', page) == [str(seconds)]


@pytest.mark.parametrize("slug", ["offer", "book", "move"])
def test_a_decision_can_choose_in_the_diary(
    slug: str, doctor: Clinician, sign_in: SignIn, monday: datetime
) -> None:
    kind = factories.appointment_type()
    if slug == "move":
        request = booked(doctor, local(14), monday).request
    else:
        request = factories.received(now=monday)
    client = sign_in("Reception")
    decision = decide_at(request, slug)
    (link,) = links(client.get(decision).content.decode(), f"{LIST}diary/week/")
    assert link == f"{LIST}diary/week/?day=2026-11-23&type={kind.pk}&for={request.pk}-{slug}"
    week = client.get(link).content.decode()
    assert "Choose a time for Pat Sample" in words(week)
    assert Look.objects.filter(screen="choosing a time", requests=[request.pk]).exists()
    day = f"{LIST}diary/day/?day=2026-11-24&type={kind.pk}&for={request.pk}-{slug}"
    for page in (week, client.get(day).content.decode()):
        chosen = links(page, f"{LIST}{request.pk}/decide/")
        assert chosen[0] == decision
        at = int(local(9).timestamp())
        assert chosen[1] == f"{decision}?appointment_type={kind.pk}&clinician={doctor.pk}&at={at}"
    page = client.get(chosen[1]).content.decode()
    assert re.findall(r'value="(\d+)" checked', page) == [str(at)]


def test_the_form_and_the_tabs_of_the_diary_go_on_choosing(
    doctor: Clinician, sign_in: SignIn, monday: datetime
) -> None:
    kind, request = factories.appointment_type(), factories.received(now=monday)
    other = factories.clinician("other")
    factories.clinic_session(other, TUESDAY, NINE, time(12))
    client = sign_in("Reception")
    asked = f"day=2026-11-24&type={kind.pk}&for={request.pk}-book"
    day = client.get(f"{LIST}diary/day/?{asked}&clinician={doctor.pk}").content.decode()
    assert f'<input type="hidden" name="for" value="{request.pk}-book">' in day
    assert links(day.partition("day-tabs")[2].partition("</nav>")[0], r"\?") == [
        f"?day=2026-11-24&type={kind.pk}&for={request.pk}-book&clinician={each.pk}"
        for each in (doctor, other)
    ]
    week = client.get(f"{LIST}diary/week/?{asked}").content.decode()
    assert "Press one to choose it." in words(week)
    assert 'name="for"' not in client.get(f"{LIST}diary/day/").content.decode()


@pytest.mark.parametrize("strange", ["x", "999-book", "1-cancel", "1-book/../x"])
def test_nobody_is_chosen_for_by_a_strange_link(
    strange: str, doctor: Clinician, sign_in: SignIn
) -> None:
    assert "Choose a time for" not in words(page_at(sign_in("Reception"), **{"for": strange}))


@pytest.mark.parametrize(
    "asked",
    [
        {"at": "x"},
        {"at": "9" * 30},
        {"at": "-1"},
        {"clinician": "x"},
        {"clinician": "99999999999999999999"},
        {"type": "999"},
        {"type": "٣"},
    ],
)
def test_a_strange_link_chooses_nothing(
    asked: dict[str, str], doctor: Clinician, sign_in: SignIn, monday: datetime
) -> None:
    kind = factories.appointment_type()
    at = str(int(local(9).timestamp()))
    link = {"clinician": str(doctor.pk), "type": str(kind.pk), "at": at} | asked
    answer = sign_in("Reception").get(f"{LIST}book/", link)
    assert (answer.status_code, answer.context["time"]) == (200, None)


# --- An appointment that is open ------------------------------------------------------------------


def test_an_appointment_opens_beside_the_day(
    doctor: Clinician, sign_in: SignIn, at: Any, monday: datetime
) -> None:
    appointment = booked(doctor, local(9), monday)
    at(local(8, 30))
    client = sign_in("Reception")
    link = f"?day=2026-11-24&appointment={appointment.pk}#panel"
    assert links(page_at(client), r"\?day=2026-11-24&amp;appointment=") == [link]
    page = page_at(client, appointment=appointment.pk)
    (panel,) = re.findall(r'<section class="panel diary-panel".*?</section>', page, re.DOTALL)
    assert words(panel) == (
        "Pat Sample born 31 January 1970. History of Pat Sample Booked When 9:00 to 9:30 , Dr"
        " Clinician, Room of clinician For Assessment of 30 Phone 020 7946 0958 Arrived : Pat Sample"
        " Move Cancel Open request Close this"
    )


def test_opening_an_appointment_is_recorded(
    doctor: Clinician, sign_in: SignIn, monday: datetime
) -> None:
    first, second = (booked(doctor, local(hour), monday) for hour in (9, 10))
    page_at(sign_in("Reception"), appointment=first.pk)
    assert list(Look.objects.order_by("pk").values_list("screen", "requests")) == [
        ("diary of a day", [first.request_id, second.request_id]),
        ("diary appointment", [first.request_id]),
    ]


@pytest.mark.parametrize("pk", ["x", "999999", "-1", ""])
def test_an_appointment_of_another_day_is_not_open(
    pk: str, doctor: Clinician, sign_in: SignIn, monday: datetime
) -> None:
    booked(doctor, local(9), monday)
    assert "diary-panel" not in page_at(sign_in("Reception"), appointment=pk)


def test_a_press_keeps_the_day_and_what_was_chosen(
    doctor: Clinician, sign_in: SignIn, at: Any, monday: datetime
) -> None:
    appointment = booked(doctor, local(9), monday)
    at(local(8, 30))
    client = sign_in("Reception")
    kind = factories.appointment_type(20)
    asked: dict[str, Any] = {"type": kind.pk, "clinician": doctor.pk}
    page = page_at(client, **asked, appointment=appointment.pk)
    (shown,) = re.findall(r'name="shown" value="([^"]+)"', page)
    request = appointment.request
    posted = {
        "version": request.version,
        "pressed_on": "diary",
        "shown": shown.replace("&amp;", "&"),
    }
    answer = client.post(decide_at(request, "arrived"), posted)
    kept = f"day=2026-11-24&type={kind.pk}&clinician={doctor.pk}&appointment={appointment.pk}"
    assert answer.headers["Location"] == f"{LIST}diary/day/?{kept}#panel"
    assert "● 9:00 Pat Sample here" in words(
        client.get(answer.headers["Location"]).content.decode()
    )


@pytest.mark.parametrize("shown", ["next=//evil.example", "day=//evil.example", "day=%0a", "&&"])
def test_a_press_leads_to_nothing_but_days(
    shown: str, doctor: Clinician, sign_in: SignIn, at: Any, monday: datetime
) -> None:
    appointment = booked(doctor, local(9), monday)
    at(local(8, 30))
    posted = {"version": appointment.request.version, "pressed_on": "diary", "shown": shown}
    answer = sign_in("Reception").post(decide_at(appointment.request, "arrived"), posted)
    assert answer.headers["Location"] == f"{LIST}diary/day/"


# --- A week and a month ---------------------------------------------------------------------------


def test_a_week_names_nobody_and_leads_to_its_days(
    doctor: Clinician, sign_in: SignIn, monday: datetime
) -> None:
    booked(doctor, local(9), monday)
    page = page_at(sign_in("Reception"), "week")
    assert "Pat Sample" not in page
    assert re.findall(r'<h2 id="day-2026-11-2\d"><a href="[^"]*\?day=([0-9-]+)">', page) == [
        f"2026-11-{day}" for day in range(23, 28)
    ]
    assert ("at-12 for-6 booked", "○ 9:00 to 9:30 booked") in lines(page)
    link = f"{LIST}diary/week/?day=2026-11-30"
    assert links(page_at(sign_in("Reception")), f"{LIST}diary/week/")[0] == link


def test_a_month_says_how_full_each_day_is(
    doctor: Clinician, sign_in: SignIn, monday: datetime
) -> None:
    booked(doctor, local(9), monday)
    ClosedDay.objects.create(day=date(2026, 11, 17), reason="Invented bank holiday")
    page = page_at(sign_in("Reception"), "month")
    days = [
        words(each) for each in re.findall(r'<li class="(?:month[^"]*)?">.*?</li>', page, re.DOTALL)
    ]
    assert len(days) == 30
    assert days[9] == "Tuesday 10 November No clinic"
    assert days[16] == "Tuesday 17 November ■ Closed: Invented bank holiday"
    assert days[23] == "Tuesday 24 November 10% booked 1 booked, 6 free"
    assert days[24] == "Wednesday 25 November No clinic"
    assert '<rect width="30" height="10"/>' in page
    assert not Look.objects.exists()


# --- Paper and cost -------------------------------------------------------------------------------


@pytest.fixture
def sixty(monday: datetime) -> list[Appointment]:
    """Sixty visits on one day, with six clinicians, and a machine for each visit."""
    ClinicSession.objects.all().delete()
    doctors = [factories.clinician(f"doctor{number}") for number in range(6)]
    kind = factories.appointment_type(20, 0)
    scanner = MachineKind.objects.create(name="Scanner")
    kind.needs.add(scanner)
    for number in range(6):
        name = f"Scanner {number}"
        Resource.objects.create(name=name, location=factories.location(), machine_kind=scanner)
    made = []
    for doctor in doctors:
        for number in range(10):
            at = local(9) + timedelta(minutes=20 * number)
            request = factories.received(now=monday, flagged=not number)
            factories.clear(request, FlagOutcome.PROCEED_WITH_NOTE, now=monday)
            made.append(
                triage.book(
                    request,
                    version=request.version,
                    appointment_type=kind,
                    clinician=doctor,
                    starts=at,
                    by=factories.staff("Reception"),
                    now=monday,
                )
            )
    return made


@pytest.mark.lengthy
@pytest.mark.parametrize("view", MOST_QUERIES)
def test_a_full_day_takes_few_queries(
    view: str,
    sixty: list[Appointment],
    sign_in: SignIn,
    django_assert_max_num_queries: Any,
) -> None:
    client = sign_in("Reception")
    asked: dict[str, Any] = {"appointment": sixty[1].pk} if view == "panel" else {}
    with django_assert_max_num_queries(MOST_QUERIES[view]):
        page = page_at(client, "day" if view == "panel" else view, **asked)
    assert page.count("Pat Sample") >= (60 if view in {"day", "list"} else 0)


@pytest.mark.lengthy
def test_a_printed_list_is_in_every_journal(
    sixty: list[Appointment], sign_in: SignIn, monday: datetime
) -> None:
    client = sign_in("Reception")
    for _ in range(2):
        page_at(client, "list")
    for appointment in sixty:
        kinds = appointment.request.events.filter(kind=Event.PRINTED).values_list("by", "at")
        assert list(kinds) == [("reception", monday)] * 2
        assert journal.chain_is_whole(appointment.request)


def test_a_clinician_prints_only_their_own_list(
    doctor: Clinician, sign_in: SignIn, monday: datetime
) -> None:
    other = factories.clinician("other")
    factories.clinic_session(other, TUESDAY, NINE, time(12))
    own, others = booked(doctor, local(9), monday), booked(other, local(10), monday)
    client = sign_in("Reception")
    whole = client.get(f"{LIST}diary/list/?day=2026-11-24").content.decode()
    assert links(whole, r"\?day=2026-11-24&amp;clinician=") == [
        f"?day=2026-11-24&clinician={each.pk}" for each in (doctor, other)
    ]
    page = client.get(f"{LIST}diary/list/?day=2026-11-24&clinician={doctor.pk}").content.decode()
    shown = [each.request.reference in page for each in (own, others)]
    assert shown == [True, False]
    printed = [each.request.events.filter(kind=Event.PRINTED).count() for each in (own, others)]
    assert printed == [2, 1]
    assert links(page, r"\?day=2026-11-24")[-1] == "?day=2026-11-24"


def test_the_list_of_a_day_keeps_whoever_came_or_did_not_and_says_which(
    doctor: Clinician, sign_in: SignIn, monday: datetime
) -> None:
    times = (local(9), local(9, 45), local(10, 30), local(11, 15))
    came, missed, to_come, cancelled = (booked(doctor, each, monday) for each in times)
    by = factories.staff("Reception")
    with time_machine.travel(local(11), tick=False):
        for each, verb in ((came, True), (missed, False)):
            request = each.request
            triage.record_attendance(
                request, version=request.version, came=verb, by=by, now=local(11)
            )
        cancelled.request.refresh_from_db()
        triage.cancel(
            cancelled.request,
            version=cancelled.request.version,
            by=by,
            now=local(11),
            reason="The clinician is ill.",
        )
        page = sign_in("Reception").get(f"{LIST}diary/list/?day=2026-11-24").content.decode()
    rows = [each for each in page.split("<tr>") if 'scope="row"' in each]
    assert [each.request.reference in "".join(rows) for each in (came, missed, to_come)] == [
        True
    ] * 3
    assert cancelled.request.reference not in page
    assert ["Attended" in each for each in rows] == [True, False, False]
    assert ["Did not attend" in each for each in rows] == [False, True, False]
    assert ['class="tick"' in each for each in rows] == [False, False, True]


def test_the_list_has_a_column_to_tick_and_a_sheet_for_each_clinician(
    doctor: Clinician, sign_in: SignIn, monday: datetime
) -> None:
    other = factories.clinician("other")
    for each in (doctor, other):
        booked(each, local(9), monday)
    page = page_at(sign_in("Reception"), "list")
    heads = re.findall(r'<section class="panel day-list".*?<h2[^>]*>(.*?)</h2>', page, re.DOTALL)
    assert [words(each) for each in heads] == [
        "Dr Clinician , Tuesday 24 November 2026",
        "Dr Other , Tuesday 24 November 2026",
    ]
    assert page.count('<span class="tick"') == 2


def test_the_key_of_a_week_has_every_mark_of_its_days(
    doctor: Clinician, sign_in: SignIn, monday: datetime
) -> None:
    page = page_at(sign_in("Reception"), "week")
    key = page.partition('<section class="key"')[2].partition("</section>")[0]
    assert [each.word for each in Kind if each.mark and each.word not in key] == []
