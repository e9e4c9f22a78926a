"""Bringing people and visits in from another system's file, by the pages of the desk."""

import re
from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from types import MappingProxyType
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from bookings import diary, journal, messages, records, triage
from bookings.desk.to_phone import UNASKED, patients_to_phone
from bookings.imports import keeping
from bookings.imports.cells import Order, Unclear, born, clock, day, instant
from bookings.imports.fates import Why, digest, fates
from bookings.imports.files import Unreadable, read
from bookings.management import worker
from bookings.models import (
    Appointment,
    AppointmentRequest,
    AppointmentType,
    Claim,
    Closure,
    Import,
    Look,
    Message,
    Person,
    RequestEvent,
)
from bookings.numbers import counts
from bookings.numbers.periods import Period
from bookings.screening import questions_to_ask_again
from bookings.status import (
    AppointmentStatus,
    MessageKind,
    RequestStatus,
    TimeTaken,
    TriageRefused,
)
from bookings.status.events import Event
from procedures.models import Clinician
from tests import factories
from tests.people import LOST, identified
from tests.races import race, winners

pytestmark = pytest.mark.django_db
SignIn = Callable[[Any], Client]
IMPORTS = "/admin/bookings/import/"
FILES = Path(__file__).parent / "foreign_files"
# Accents, a curly apostrophe, two styles of dates, numbers with +44, a formula, clock changes.
MESSY = (FILES / "messy.csv").read_text(encoding="utf-8")
# What became of each row.
FATES = {
    2: None,
    4: None,
    5: None,
    6: Why.TWICE,
    7: Why.UNCLEAR,
    8: Why.UNCLEAR,
    9: Why.UNCLEAR,
    10: Why.NAMES,
    11: Why.OFF,
    12: Why.PAST,
    13: Why.TAKEN,
    14: Why.UNCLEAR,
    15: Why.CLOSED,
    16: Why.UNCLEAR,
}
PLAIN = "name,born,email,start,end\n"


@pytest.fixture
def desk(sign_in: SignIn, monday: datetime) -> Client:
    """A manager's browser, at a clinic with one clinician and one type of appointment."""
    clinician = factories.clinician()
    factories.appointment_type()
    starts = datetime(2026, 12, 3, tzinfo=UTC)
    Closure.objects.create(
        resource=diary.resource_of(clinician),
        starts=starts,
        ends=starts + timedelta(days=1),
        reason="Leave",
    )
    return sign_in("Manager")


def uploaded(desk: Client, content: str, encoding: str = "utf-8") -> str:
    """Upload a file; the address of its columns."""
    file = SimpleUploadedFile("list.csv", content.encode(encoding))
    return str(desk.post(IMPORTS, {"file": file}).headers["Location"])


def understood(
    desk: Client,
    url: str,
    said: Mapping[str, str] = MappingProxyType({}),
    chosen: Mapping[str, str] = MappingProxyType({}),
) -> str:
    """Choose the columns that were guessed, and say what the names are; the address of the rows."""
    form = desk.get(url).context["form"]
    columns = {name: field.initial for name, field in form.fields.items()}
    named = {f"column_{form.this.headings.index(name)}": each for name, each in chosen.items()}
    url = str(desk.post(url, columns | named).headers["Location"])
    answer = desk.get(url)
    if answer.status_code == 302:  # there is nothing to ask
        return str(answer.headers["Location"])
    form = answer.context["form"]
    first = {
        "clinician": str(Clinician.objects.get().pk),
        "type": str(AppointmentType.objects.get().pk),
    }
    data = {name: field.initial for name, field in form.fields.items()}
    for number, name in enumerate(form.names):
        key = f"name_{number}"
        data[key] = said.get(name.said, data[key] or first.get(name.column, ""))
    data |= {key: each for key, each in said.items() if key in data}
    return str(desk.post(url, data).headers["Location"])


def of_rows(page: Any) -> dict[int, Why | None]:
    """What the page says of each row."""
    refused = {row.number: group.why for group in page.context["refusals"] for row in group.rows}
    arriving = {row.number: None for row in page.context["page"]}
    return dict(sorted({**refused, **arriving}.items()))


def pressed(desk: Client, url: str, *left_out: str, **more: str) -> Any:
    """Press the button that brings the rows in."""
    seen = desk.get(url).context["seen"]
    return desk.post(url, {"seen": seen, "left_out": list(left_out), **more})


def brought_in(desk: Client, content: str = "", **more: str) -> Import:
    """Bring in two visits, or those of a file."""
    content = content or (
        f"{PLAIN}Ana Sample,1970-01-31,ana@example.org,2026-12-01 09:30,\n"
        "Bea Sample,1971-01-31,bea@example.org,2026-12-01 10:30,\n"
    )
    answer = pressed(desk, understood(desk, uploaded(desk, content)), **more)
    assert answer.status_code == 302
    return Import.objects.latest("pk")


def test_the_demonstration_has_a_messy_file_to_try(desk: Client, settings: Any) -> None:
    assert "?sample" in desk.get(IMPORTS).content.decode()
    content = desk.get(f"{IMPORTS}?sample").content.decode("utf-8-sig")
    Clinician.objects.update(name="Dr Ada Example")
    ours = str(AppointmentType.objects.get().pk)
    url = understood(desk, uploaded(desk, content), {"Follow-up": ours, "order_born": "day"})
    assert of_rows(desk.get(url)) == {2: None, 3: None, 4: Why.TWICE, 5: Why.UNCLEAR, 6: Why.OFF}
    settings.IMPORT_SAMPLE = ""
    assert "?sample" not in desk.get(IMPORTS).content.decode()


def test_a_messy_file_is_looked_at_row_by_row_and_brought_in_as_a_whole(
    desk: Client, monday: datetime
) -> None:
    known = factories.received(
        now=monday,
        name="Siobhan O'Brien",
        date_of_birth=date(1972, 4, 3),
        email="siobhan@example.org",
        phone="",
    )
    said = {"order_born": Order.DAY, "Dr Gone": ""}
    url = understood(desk, uploaded(desk, MESSY, "cp1252"), said)
    page = desk.get(url)
    assert of_rows(page) == FATES
    assert page.context["counts"] == [
        ("14", "rows in the file"),
        ("3", "visits will be booked"),
        ("1", "people are new"),
        ("1", "people we know"),
        ("11", "rows are refused"),
    ]
    assert Look.objects.get(screen="an import").requests == [known.pk]
    assert not [value for value in desk.session.values() if "Brien" in str(value)]

    answer = pressed(desk, url, Why.UNCLEAR)
    (said,) = answer.context["form"].non_field_errors()
    assert said.startswith("Some rows are refused, so nothing was brought in.")
    assert (Appointment.objects.count(), Person.objects.count()) == (0, 1)

    refused = {each for each in FATES.values() if each}
    assert (
        pressed(desk, url, *refused).headers["Location"] == f"{IMPORTS}{Import.objects.get().pk}/"
    )
    booked = Appointment.objects.order_by("starts").select_related("request__person")
    assert [(each.starts, each.request.name, each.request.concern) for each in booked] == [
        (datetime(2026, 12, 1, 9, 30, tzinfo=UTC), "Siobhán O’Brien", "=Left knee"),
        (
            datetime(2026, 12, 1, 10, 30, tzinfo=UTC),
            "Zoë Müller",
            "Brought over from another system.",
        ),
        (datetime(2026, 12, 1, 11, 30, tzinfo=UTC), "Zoë Müller", "Right knee"),
    ]
    first, second, third = (each.request for each in booked)
    assert (first.person, first.phone.as_e164, str(first.person.phone)) == (
        known.person,
        "+447700900123",
        "",
    )
    assert second.person == third.person
    assert {each.status for each in (first, second, third)} == {RequestStatus.BOOKED}
    assert [(each.kind, each.by) for each in first.events.order_by("number")] == [
        (Event.VISIT_BROUGHT_IN, "manager")
    ]
    assert all(journal.chain_is_whole(each) for each in (first, second, third))
    assert not Message.objects.filter(request__in=[first, second, third]).exists()
    this = Import.objects.get()
    assert (this.visits, this.people, this.left_out) == (3, 0, 11)
    assert (this.headings, this.lines, this.values) == ([], [], {})
    assert desk.get(url).status_code == 404


def test_the_same_file_again_is_known(desk: Client) -> None:
    content = f"{PLAIN}Ana Sample,1970-01-31,ana@example.org,2026-12-01 09:30,\n"
    brought_in(desk, content)
    assert of_rows(desk.get(understood(desk, uploaded(desk, content)))) == {2: Why.KNOWN}


def test_letters_go_out_only_if_that_is_ticked(desk: Client) -> None:
    this = brought_in(desk, tells="yes")
    assert {(each.kind, each.channel) for each in Message.objects.all()} == {("booked", "email")}
    messages.send_due()
    stays = desk.post(f"{IMPORTS}{this.pk}/", follow=True).context["stays"]
    assert [each.why for each in stays] == ["A message about it has gone to the patient."] * 2


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "We found no columns in this file."),
        (b"name,born\n", "The file has no rows below its headings."),
        (b"only one column\nAna\n", "We found no columns in this file."),
        (b"PK\x03\x04", "This is a spreadsheet or a folder of files."),
        ("name,born\nAna,1".encode("utf-16"), "We cannot read the letters of this file."),
        (b"name,born\nAn\x81,1\n", "We cannot read the letters of this file."),
        (b"name,born\n" + b"Ana,1\n" * 2_001, "The file has more than 2,000 rows."),
        (b'name,born\n"Ana,1\n' + b"Bea,2\n" * 900, "quotation mark that is never closed"),
        (b"BEGIN:VCALENDAR\nBEGIN:VEVENT\nEND", "This calendar cannot be read."),
    ],
)
def test_what_cannot_be_read_for_certain_is_refused(content: bytes, said: str) -> None:
    with pytest.raises(Unreadable, match=re.escape(said)):
        read(content)


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp1252"])
def test_delimiters_and_encodings_are_found_out(delimiter: str, encoding: str) -> None:
    text = delimiter.join(["Name", "", "Name"]) + "\r\n" + delimiter.join(["Zoë", '"a,b;c"', "x"])
    table = read(f"{text}\r\n".encode(encoding))
    assert table.headings == ["Name", "Column 2", "Name (3)"]
    assert table.lines == [(2, ["Zoë", "a,b;c", "x"])]


def test_dates_are_never_guessed(desk: Client) -> None:
    assert day("03/04/2027", Order.DAY) == date(2027, 4, 3)
    assert day("03/04/2027", Order.MONTH) == date(2027, 3, 4)
    assert day("3rd April 2027", None) == day("Sat, 3 Apr 2027", None) == date(2027, 4, 3)
    assert instant("2027-07-01T09:30:00+02:00", None) == datetime(2027, 7, 1, 7, 30, tzinfo=UTC)
    assert instant("2027-07-01 9.30 pm", None) == datetime(2027, 7, 1, 20, 30, tzinfo=UTC)
    for unclear in (
        lambda: day("03/04/2027", None),
        lambda: day("25/04/2027", Order.MONTH),
        lambda: day("03/04/27", Order.DAY),
        lambda: born("1 January 2090", None, date(2026, 11, 23)),
        lambda: instant("2027-04-03", None),
        lambda: clock("930"),
        lambda: clock("13:00 pm"),
    ):
        with pytest.raises(Unclear):
            unclear()
    # One column with dates of both kinds: nothing is asked, and the row in doubt is refused.
    rows = "".join(
        f"{name} Sample,{born_on},{name}@example.org,,\n"
        for name, born_on in (("Ana", "25/04/1970"), ("Bea", "04/25/1970"), ("Cat", "03/04/1970"))
    )
    url = uploaded(desk, f"name,born,email,x,y\n{rows}")
    columns = {name: field.initial for name, field in desk.get(url).context["form"].fields.items()}
    page = desk.get(desk.post(url, columns).headers["Location"], follow=True)
    assert of_rows(page) == {2: None, 3: None, 4: Why.UNCLEAR}


def test_easy_appointments_export(desk: Client) -> None:
    """A query over its tables, which docs/integrations.md has; the clinic had a field for the birth."""
    url = understood(
        desk,
        uploaded(desk, (FILES / "easyappointments.csv").read_text()),
        chosen={"custom_field_1": "born"},
    )
    page = desk.get(url)
    assert of_rows(page) == {2: None, 3: Why.LENGTH}
    assert pressed(desk, url, Why.LENGTH).status_code == 302
    made = AppointmentRequest.objects.get()
    assert (made.name, made.concern, made.appointments.get().starts) == (
        "Ana Sample",
        "Knee, left",
        datetime(2026, 12, 1, 9, 30, tzinfo=UTC),
    )


def test_a_calendars_export(desk: Client) -> None:
    """The first is after a clock change: half past nine in London is half past eight in UTC."""
    url = understood(desk, uploaded(desk, (FILES / "calendar.ics").read_text()))
    assert of_rows(desk.get(url)) == {1: None, 2: Why.OFF, 3: Why.UNCLEAR}
    assert pressed(desk, url, Why.OFF, Why.UNCLEAR).status_code == 302
    made = AppointmentRequest.objects.get()
    assert (made.name, made.email, made.phone.as_e164, made.date_of_birth) == (
        "Ana Sample",
        "ana@example.org",
        "+447700900789",
        date(1970, 1, 31),
    )
    assert made.appointments.get().starts == datetime(2027, 3, 30, 8, 30, tzinfo=UTC)


def event(*lines: str) -> str:
    """An event of a calendar, of somebody who is named after what it says of its time."""
    about = r"Date of birth: 31 January 1970\nPhone: 07700 900789"
    own = (
        "SUMMARY:Assessment",
        'ATTENDEE;CN="Ana Sample":mailto:a@example.org',
        f"DESCRIPTION:{about}",
    )
    return "\n".join(("BEGIN:VEVENT", "UID:a", *lines, *own, "END:VEVENT"))


# Times of an event, and why its row is refused; not at all if nothing is said.
EVENTS: dict[tuple[str, ...], str] = {
    ("DTSTART:20270330T093000", "DURATION:PT30M"): "",
    ("DTSTART:20270330T093000", "DURATION:PT3H"): "It takes 180 minutes in the file.",
    ("DTSTART:20270330T083000Z", "DURATION:PT3H"): "It takes 180 minutes in the file.",
    ("DTSTART:20270330T093000", "DTEND:20270330T123000"): "It takes 180 minutes in the file.",
    ("DTSTART:20270330T093000", "DTEND:20270330T092000"): (
        "It ends before it starts, on Tuesday 30 March 2027 at 9:20."
    ),
    ("DTSTART:20270330T093000", "DURATION:-PT10M"): "It ends before it starts",
    (
        "DTSTART:20270330T093000",
        "DTEND:20270330T100000",
        "DURATION:PT20M",
    ): "“either 2027-03-30” is not a date",
    **dict.fromkeys(
        (
            ("DTSTART:20270330T093000", "RDATE:20270330T093000,20270406T093000"),
            ("DTSTART:20270330T093000", "RDATE:20270330T093000", "RDATE:20270406T093000"),
            ("DTSTART:20270330T093000", "RRULE:FREQ=WEEKLY"),
            ("DTSTART:20270330T093000", "RRULE:NONE"),
            ("DTSTART:20270330T093000", "EXRULE:FREQ=WEEKLY"),
            ("DTSTART:20270330T093000", "EXDATE:20270330T093000"),
            ("DTSTART:20270330T093000", "RECURRENCE-ID:20270329T093000"),
        ),
        "“again and again from 2027-03-30” is not a date that we can read.",
    ),
    ("DTSTART;VALUE=DATE:20270330",): "“2027-03-30” has no time of day.",
    ("DTSTART;VALUE=DATE:20270330", "DURATION:P1D"): "“2027-03-30” has no time of day.",
    ("DTSTART;TZID=Here/There:20270330T093000",): (
        "“09:30 in the zone Here/There” is not a time of day that we can read"
    ),
    ("DTSTART:20270330T093000", "DTEND;TZID=Here/There:20270330T100000"): "in the zone Here/There”",
    (): "This row has no date.",
    **{
        (line,): f"“the calendar says {said}” is not a date that we can read."
        for line, said in (
            ("DTSTART:tomorrow", "tomorrow"),
            ("DTSTART;TZID=America/New_York:2027-03-30", "2027-03-30"),
            ("DTSTART;TZID=Asia/Tokyo:00010101T000000", "00010101T000000"),
            ("DTSTART;TZID=America/New_York:99991231T230000", "99991231T230000"),
            ("DTSTART;VALUE=PERIOD:20270330T093000/PT1H", "20270330T093000/PT1H"),
        )
    },
    ("DTSTART:20270330T093000", "DURATION:long"): "“the calendar says 20270330T093000 and lo",
    ("DTSTART:20270330T093000", "DURATION:P99999999D"): "“the calendar says 20270330T093000 and P9",
    ("DTSTART:20270330T093000", "DTEND:20270330T100000", "DURATION:long"): "“either 2027-03-30”",
    ("DTSTART:20270330T093000", "DTSTART:20270331T093000"): "“the calendar says 20270330T093000, 2",
}


@pytest.mark.parametrize(("lines", "why"), EVENTS.items(), ids=[" ".join(each) for each in EVENTS])
def test_an_event_is_one_visit_of_a_length_that_is_known(
    desk: Client, lines: tuple[str, ...], why: str
) -> None:
    calendar = "\n".join(("BEGIN:VCALENDAR", event(*lines), "END:VCALENDAR"))
    page = desk.get(understood(desk, uploaded(desk, calendar)))
    refused = [row.said for group in page.context["refusals"] for row in group.rows]
    assert [why in said for said in refused] == ([True] if why else [])
    assert [each.starts for each in page.context["page"]] == (
        [] if why else [datetime(2027, 3, 30, 8, 30, tzinfo=UTC)]
    )


def test_an_event_that_cannot_be_read_keeps_no_other_out(desk: Client) -> None:
    events = (event("DTSTART:tomorrow"), event("DTSTART:20270330T093000"))
    calendar = "\n".join(("BEGIN:VCALENDAR", *events, "END:VCALENDAR"))
    page = desk.get(understood(desk, uploaded(desk, calendar)))
    assert of_rows(page) == {1: Why.UNCLEAR, 2: None}


@pytest.mark.parametrize(
    ("end", "why"),
    [
        ("2026-12-01 09:50", ""),
        ("09:50", ""),
        ("9.50 am", ""),
        ("09:30", ""),
        ("10:50", "It takes 80 minutes in the file."),
        ("09:20", "It ends before it starts, on Tuesday 1 December 2026 at 9:20."),
        ("2026-11-30 10:00", "It ends before it starts, on Monday 30 November 2026 at 10:00."),
        ("2026-12-01", "“2026-12-01” has no time of day."),
        ("soon", "“soon” is not a date that we can read. Write it as 2027-04-03."),
    ],
)
def test_an_end_is_a_day_with_a_time_or_a_time_of_the_same_day(
    desk: Client, end: str, why: str
) -> None:
    row = f"Ana Sample,1970-01-31,ana@example.org,2026-12-01 09:30,{end}\n"
    page = desk.get(understood(desk, uploaded(desk, f"{PLAIN}{row}")))
    refused = [row.said for group in page.context["refusals"] for row in group.rows]
    assert [why in said for said in refused] == ([True] if why else [])
    assert len(page.context["page"]) == (0 if why else 1)


def test_people_without_visits_are_known_from_then_on(desk: Client, monday: datetime) -> None:
    this = brought_in(desk, "name,born,email\nAna Sample,1970-01-31,ana@example.org\n")
    assert (this.visits, this.people) == (0, 1)
    ana = Person.objects.get()
    assert desk.get(f"/admin/bookings/person/{ana.pk}/change/").status_code == 200
    asked = factories.received(
        now=monday, name="Ana Sample", date_of_birth=date(1970, 1, 31), email="ana@example.org"
    )
    assert asked.person == ana


def test_a_person_without_a_visit_can_open_their_page(
    desk: Client, client: Client, monday: datetime
) -> None:
    brought_in(desk, "name,born,email\nPat Sample,1970-01-31,pat@example.org\n")
    client.post("/appointments/link/", LOST)
    found = Message.objects.get(kind=MessageKind.LINK).request
    url = identified(client, found)
    page = " ".join(client.get(url).content.decode().split())
    assert "<h1>We have your details</h1>" in page
    assert "You have no appointment with us at the moment." in page
    assert "We brought these details over from the system that we used before." in page
    assert "Your details from our earlier system." in client.get(f"{url}all/").content.decode()


def test_undo_takes_back_what_nobody_has_touched(
    desk: Client, monday: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    this = brought_in(desk)
    ana, bea = AppointmentRequest.objects.order_by("pk")
    factories.question()
    triage.cancel(ana, version=ana.version, by=factories.staff("Reception"), now=monday)
    desk.get(f"/admin/bookings/appointmentrequest/{bea.pk}/change/")  # a look changes nothing
    monkeypatch.setattr(keeping, "SECONDS_FOR_UNDOING", -1)
    assert desk.post(f"{IMPORTS}{this.pk}/", follow=True).context["this"].is_being_undone
    monkeypatch.undo()
    worker.go_round(monday)  # goes on with what takes long
    answer = desk.get(f"{IMPORTS}{this.pk}/")
    assert [(each.request, each.why) for each in answer.context["stays"]] == [
        (ana, "Since then, reception cancelled the appointment.")
    ]
    ana.refresh_from_db()
    bea.refresh_from_db()
    assert (ana.name, ana.emptied_at) == ("Ana Sample", None)
    assert (bea.name, bea.email, bea.status) == ("[erased]", "", RequestStatus.CLOSED)
    assert (bea.person.name, Claim.objects.count()) == ("[erased]", 0)
    assert journal.chain_is_whole(bea)
    kinds = RequestEvent.objects.filter(request=bea).values_list("kind", flat=True)
    assert set(kinds) == {Event.VISIT_BROUGHT_IN, Event.READ, Event.IMPORT_UNDONE, Event.EMPTIED}
    assert Message.objects.filter(request=bea).count() == 0
    # It can come in again, and neither the import nor its undo counts as work of the clinic.
    content = f"{PLAIN}Bea Sample,1971-01-31,bea@example.org,2026-12-01 10:30,\n"
    assert of_rows(desk.get(understood(desk, uploaded(desk, content)))) == {2: None}
    period = Period(date(2026, 11, 23), date(2026, 12, 6), "week")
    cancelled = Appointment.objects.filter(request=ana).values_list("pk", flat=True)
    assert counts.requests(period) == {}
    assert sum(counts.visits(period).values()) == len(cancelled) == 1


def test_an_undo_leaves_whoever_waits_for_an_answer_about_their_data(
    desk: Client, monday: datetime
) -> None:
    this, by = brought_in(desk), factories.staff("Reception")
    ana = AppointmentRequest.objects.earliest("pk")
    asked = records.note_asked(
        ana.person, right="use", day=date(2026, 11, 23), detail="", by=by, now=monday
    )
    desk.post(f"{IMPORTS}{this.pk}/")
    answer = desk.get(f"{IMPORTS}{this.pk}/")
    assert [(each.request, each.why) for each in answer.context["stays"]] == [
        (ana, "This person waits for an answer about their data.")
    ]
    records.answer(asked, outcome="done", said="No.", told=date(2026, 11, 23), by=by, now=monday)
    answer = desk.get(f"{IMPORTS}{this.pk}/")
    assert [each.why for each in answer.context["stays"]] == [
        "A colleague has noted or decided something about this person since."
    ]


def test_an_undo_leaves_whoever_is_under_a_legal_hold(desk: Client, monday: datetime) -> None:
    known = factories.received(
        now=monday - timedelta(days=1),
        name="Ana Sample",
        date_of_birth=date(1970, 1, 31),
        email="ana@example.org",
    )
    manager = factories.staff("Manager")
    day_before = monday - timedelta(days=1)
    records.hold(known.person, reason="A claim.", by=manager, now=day_before)
    this = brought_in(desk)
    desk.post(f"{IMPORTS}{this.pk}/")
    answer = desk.get(f"{IMPORTS}{this.pk}/")
    assert [(each.request.name, each.why) for each in answer.context["stays"]] == [
        ("Ana Sample", "There is a legal hold on this person.")
    ]
    booked = Appointment.objects.filter(status=AppointmentStatus.BOOKED)
    assert [each.request.name for each in booked] == ["Ana Sample"]


def test_a_second_press_takes_back_nobody_whom_the_first_one_left(
    desk: Client, monday: datetime
) -> None:
    """They had asked before they were brought in, and have their answer by now."""
    early, by = monday - timedelta(days=1), factories.staff("Reception")
    born = date(1970, 1, 31)
    known = factories.received(
        now=early, name="Ana Sample", date_of_birth=born, email="ana@example.org"
    )
    asked = records.note_asked(
        known.person, right="use", day=date(2026, 11, 22), detail="", by=by, now=early
    )
    this = brought_in(desk)
    desk.post(f"{IMPORTS}{this.pk}/")
    records.answer(asked, outcome="done", said="No.", told=date(2026, 11, 23), by=by, now=monday)
    this.refresh_from_db()
    before = [each.request for each in keeping.stays(this, monday)]
    keeping.undo(this, by=factories.staff("Manager", "second"), now=monday)
    assert [each.request.name for each in keeping.stays(this, monday)] == ["Ana Sample"]
    assert [each.request for each in keeping.stays(this, monday)] == before
    assert this.undone_by == "manager"


def test_an_undo_leaves_a_visit_that_has_begun_and_is_done_once(
    desk: Client, monday: datetime
) -> None:
    this, manager = brought_in(desk), factories.staff("Manager")
    ana, bea = Appointment.objects.order_by("starts")
    keeping.undo(this, by=manager, now=ana.starts)
    stays = [keeping.Stays(ana.request, "The visit has begun.")]
    assert keeping.stays(this, ana.starts) == stays
    noted = (this.undone_at, Import.objects.get().is_being_undone)
    keeping.undo(Import.objects.get(), by=factories.staff("Manager", "second"), now=bea.starts)
    this.refresh_from_db()
    assert (this.undone_at, this.is_being_undone) == noted == (ana.starts, False)
    assert (this.undone_by, keeping.stays(this, ana.starts)) == ("manager", stays)


def test_an_undo_leaves_somebody_we_knew_as_they_were(desk: Client, monday: datetime) -> None:
    known = factories.received(
        now=monday, name="Ana Sample", date_of_birth=date(1970, 1, 31), email="ana@example.org"
    )
    desk.post(f"{IMPORTS}{brought_in(desk).pk}/")
    known.person.refresh_from_db()
    assert (known.person.name, known.person.emptied_at) == ("Ana Sample", None)
    assert AppointmentRequest.objects.get(emptied_at=None) == known


def test_a_time_that_is_taken_meanwhile_stops_the_whole_import(
    desk: Client, monday: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    content = f"{PLAIN}Ana Sample,1970-01-31,ana@example.org,2026-12-01 09:30,\n"
    url = understood(desk, uploaded(desk, content))
    this = Import.objects.get()
    found = fates(this, monday)
    other = factories.request_at(RequestStatus.IN_REVIEW, now=monday)
    triage.book(
        other,
        version=other.version,
        appointment_type=factories.appointment_type(),
        clinician=factories.clinician(),
        starts=datetime(2026, 12, 1, 9, 45, tzinfo=UTC),
        by=factories.staff("Reception"),
        now=monday,
    )
    answer = desk.post(url, {"seen": digest(found)})
    assert answer.context["form"].non_field_errors() == [
        "Something has changed since you looked. Look at the rows again."
    ]
    # Had it been taken in the very moment, the claims would have refused it.
    monkeypatch.setattr(keeping, "fates", lambda *args: found)
    with pytest.raises(TimeTaken):
        keeping.bring_in(
            this,
            seen=digest(found),
            left_out=[],
            tells=False,
            by=factories.staff("Manager"),
            now=monday,
        )
    this.refresh_from_db()
    assert (this.brought_in_at, Appointment.objects.count()) == (None, 1)


def test_a_file_of_which_every_row_is_left_out_is_not_brought_in(desk: Client) -> None:
    url = understood(
        desk, uploaded(desk, f"{PLAIN}Ana Sample,1970-01-31,ana@example.org,2020-12-01 09:30,\n")
    )
    assert pressed(desk, url, Why.PAST).context["form"].non_field_errors() == [
        "No row is left to bring in."
    ]
    assert Import.objects.get().brought_in_at is None


def test_a_file_that_a_colleague_has_just_deleted_is_neither_understood_nor_brought_in(
    desk: Client, monday: datetime
) -> None:
    understood(
        desk, uploaded(desk, f"{PLAIN}Ana Sample,1970-01-31,ana@example.org,2026-12-01 09:30,\n")
    )
    this, manager = Import.objects.get(), factories.staff("Manager")
    stale = Import.objects.get()
    keeping.drop(this)
    with pytest.raises(TriageRefused, match=f"^{re.escape(keeping.GONE)}$"):
        keeping.understand(stale, monday, columns={})
    seen = digest(fates(stale, monday))
    with pytest.raises(TriageRefused, match=f"^{re.escape(keeping.GONE)}$"):
        keeping.bring_in(stale, seen=seen, left_out=[], tells=False, by=manager, now=monday)
    assert (AppointmentRequest.objects.count(), Person.objects.count()) == (0, 0)


@pytest.mark.django_db(transaction=True)
def test_two_presses_at_the_same_moment_are_one_import(desk: Client, monday: datetime) -> None:
    content = f"{PLAIN}Ana Sample,1970-01-31,ana@example.org,2026-12-01 09:30,\n"
    understood(desk, uploaded(desk, content))
    this, manager = Import.objects.get(), factories.staff("Manager")
    seen = digest(fates(this, monday))

    def press() -> Import:
        return keeping.bring_in(
            Import.objects.get(pk=this.pk),
            seen=seen,
            left_out=[],
            tells=False,
            by=manager,
            now=monday,
        )

    assert len(winners(race([press, press, press]))) == 1
    assert (Appointment.objects.count(), Person.objects.count()) == (1, 1)


def test_whoever_comes_over_is_asked_the_safety_questions(desk: Client, monday: datetime) -> None:
    asked_once = factories.question("allergies", asked_again=False)
    from_age = factories.question("under-18", answered_from="age")
    brought_in(
        desk,
        f"{PLAIN}Ana Sample,1970-01-31,ana@example.org,2026-12-01 09:30,\n"
        "Bo Young,2015-01-31,bo@example.org,2026-12-01 10:30,\n",
    )
    ana, bo = AppointmentRequest.objects.order_by("pk")
    assert questions_to_ask_again(ana, monday) == [asked_once]
    assert (ana.status, ana.flags.count()) == (RequestStatus.BOOKED, 0)
    assert (bo.status, bo.flags.get().answer.question) == (RequestStatus.BOOKED_IN_REVIEW, from_age)
    # A request that was sent here is not asked again what it was never to be asked again.
    assert questions_to_ask_again(factories.received(now=monday), monday) == []


def test_whom_nobody_has_asked_before_a_visit_is_phoned(desk: Client, monday: datetime) -> None:
    brought_in(
        desk,
        f"{PLAIN}Ana Sample,1970-01-31,ana@example.org,2026-11-25 09:30,\n"
        "Bea Sample,1971-01-31,bea@example.org,2026-11-27 10:30,\n",
    )
    ana = AppointmentRequest.objects.earliest("pk")
    assert patients_to_phone(monday) == []  # the clinic asks nothing
    factories.question()
    assert [(each.request, each.why) for each in patients_to_phone(monday)] == [(ana, UNASKED)]
    triage.record_call(ana, reached=True, note="", by=factories.staff("Reception"), now=monday)
    assert patients_to_phone(monday) == []


def test_a_file_is_gone_after_a_day_or_when_somebody_says_so(
    desk: Client, monday: datetime, at: Callable[[datetime], None]
) -> None:
    first, second = uploaded(desk, MESSY), uploaded(desk, MESSY)
    assert desk.post(first.replace("columns/", "")).status_code == 302
    assert [f"{IMPORTS}{each.pk}/columns/" for each in Import.objects.all()] == [second]
    worker.go_round(monday + timedelta(hours=23))
    assert Import.objects.count() == 1
    worker.go_round(monday + timedelta(days=1))
    assert Import.objects.count() == 0


def test_only_a_manager_who_has_just_signed_in_brings_files_in(
    sign_in: SignIn, monday: datetime, at: Callable[[datetime], None]
) -> None:
    assert sign_in("Reception").get(IMPORTS).status_code == 403
    assert "Import from another system" not in sign_in("Reception").get("/admin/").text
    desk = sign_in("Manager")
    assert IMPORTS in desk.get("/admin/set-up/").text
    at(monday + timedelta(minutes=16))
    assert "Enter your password again" in desk.get(IMPORTS).text
