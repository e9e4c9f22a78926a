"""What becomes of a booked appointment: cancelled, attended, missed; reminders, calendars, links."""

import re
from collections.abc import Callable
from datetime import datetime, timedelta
from functools import partial
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import connection
from django.test import Client
from icalendar import Calendar

from bookings import journal, links, messages, triage
from bookings.diary.calendar_files import invitation
from bookings.management.commands import verify_journal
from bookings.models import Appointment, AppointmentRequest, Claim, Message
from bookings.status import (
    PATIENT,
    AppointmentStatus,
    FlagOutcome,
    MessageKind,
    MessageStatus,
    Overtaken,
    RequestStatus,
    TriageRefused,
)
from procedures.ground import languages
from tests import factories
from tests.conftest import changes_allowed
from tests.people import LOST, behind_link, booked, identified
from tests.races import losses, race, winners

pytestmark = pytest.mark.django_db


def cancel(request: AppointmentRequest, by: Any, now: datetime, **changes: Any) -> Appointment:
    return triage.cancel(request, **{"version": request.version, "by": by, "now": now} | changes)


# --- Cancelling -------------------------------------------------------------------------------


def test_a_cancelled_time_is_free_after_an_hour(monday: datetime) -> None:
    request = booked(monday)
    starts = request.appointments.get().starts
    cancel(request, PATIENT, monday)
    assert request.status == RequestStatus.CLOSED
    appointment = request.appointments.get()
    assert appointment.status == AppointmentStatus.CANCELLED
    assert (appointment.ended_at, appointment.ended_by) == (monday, PATIENT)
    later = monday + timedelta(hours=1)
    another = factories.request_at(RequestStatus.IN_REVIEW, now=later)
    factories.offer(another, [starts], now=later)


def test_both_sides_are_told_and_a_waiting_reminder_is_not_sent(monday: datetime, at: Any) -> None:
    request = booked(monday)
    now = monday + timedelta(days=5, hours=1)
    assert triage.remind(now) == 1
    cancel(request, PATIENT, now)
    kinds = list(request.messages.order_by("pk").values_list("kind", flat=True))
    assert kinds[-2:] == [MessageKind.CANCELLED, MessageKind.CLINIC_NOTICE]
    at(now)
    messages.send_due()
    assert request.messages.get(kind=MessageKind.REMINDER).status == MessageStatus.DROPPED
    assert request.messages.get(kind=MessageKind.CANCELLED).status == MessageStatus.SENT


@pytest.mark.parametrize(("hours", "may"), [(25, True), (24, False), (1, False), (-1, False)])
def test_a_patient_cancels_until_the_cut_off(hours: int, may: bool, monday: datetime) -> None:
    request = booked(monday)
    now = monday + timedelta(days=7, hours=-hours)
    if may:
        cancel(request, PATIENT, now)
        assert request.status == RequestStatus.CLOSED
        return
    with pytest.raises(TriageRefused, match="too late to cancel here"):
        cancel(request, PATIENT, now)
    request.refresh_from_db()
    assert request.status == RequestStatus.BOOKED
    assert Claim.objects.exists()


def test_the_clinic_cancels_until_it_begins_and_says_why(client: Client, monday: datetime) -> None:
    request = booked(monday)
    reception = factories.staff("Reception")
    with pytest.raises(TriageRefused, match="Record whether the patient came"):
        cancel(request, reception, monday + timedelta(days=7))
    cancel(request, reception, monday, reason="The clinician is ill.")
    url = behind_link(client, request)
    page = client.get(url).content.decode()
    assert "Your appointment was cancelled" in page
    assert "is ill" not in page
    born = {"date_of_birth_day": "31", "date_of_birth_month": "1", "date_of_birth_year": "1970"}
    client.post(f"{url}identify/", born)
    assert "The clinician is ill." in client.get(url).content.decode()


def test_a_patient_cancels_behind_the_link_by_a_press(client: Client, monday: datetime) -> None:
    request = booked(monday)
    url = identified(client, request)
    page = client.get(url).content.decode()
    assert "until <strong>Sunday 29 November 2026 at 10:00</strong>" in page
    assert "Cancel your appointment?" in client.get(f"{url}cancel/").content.decode()
    request.refresh_from_db()
    assert request.status == RequestStatus.BOOKED
    client.post(f"{url}cancel/", {"version": request.version})
    assert "Your appointment was cancelled" in client.get(url).content.decode()


def test_a_patient_may_say_why_for_the_desk_alone(
    client: Client, sign_in: Any, monday: datetime
) -> None:
    request = booked(monday)
    url = identified(client, request)
    form = {"version": request.version, "reason": "x" * 301}
    refused = client.post(f"{url}cancel/", form).content.decode()
    assert "Shorten this to 300 characters or fewer." in refused
    client.post(f"{url}cancel/", form | {"reason": "My bus strikes."})
    born = {"date_of_birth_day": "31", "date_of_birth_month": "1", "date_of_birth_year": "1970"}
    client.post(f"{url}identify/", born)
    page = client.get(url).content.decode()
    assert "Your appointment was cancelled" in page
    assert "bus" not in page
    admin = f"/admin/bookings/appointmentrequest/{request.pk}/change/"
    assert (
        "The patient wrote: <bdi>My bus strikes.</bdi>"
        in sign_in("Reception").get(admin).content.decode()
    )


def test_after_the_cut_off_the_phone_number_stands_there(
    client: Client, at: Any, monday: datetime
) -> None:
    request = booked(monday)
    at(monday + timedelta(days=6, hours=1))
    url = behind_link(client, request)
    page = client.get(url).content.decode()
    assert "too late to change or cancel it here" in page
    assert "020 7946 0958" in page
    assert "Cancel my appointment" not in client.get(f"{url}cancel/").content.decode()
    client.post(f"{url}cancel/", {"version": request.version})
    request.refresh_from_db()
    assert request.status == RequestStatus.BOOKED


@pytest.mark.django_db(transaction=True)
def test_two_who_cancel_at_once_cancel_once(monday: datetime) -> None:
    request = booked(monday)
    copies = [AppointmentRequest.objects.get(pk=request.pk) for _ in range(4)]
    actors = [PATIENT, factories.staff("Reception"), PATIENT, factories.staff("Manager")]
    outcomes = race(
        [partial(cancel, seen, by, monday) for seen, by in zip(copies, actors, strict=True)]
    )
    assert len(winners(outcomes)) == 1
    assert losses(outcomes) == {Overtaken}
    assert request.messages.filter(kind=MessageKind.CANCELLED).count() == 1


# --- Attendance -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("came", "status", "heading"),
    [
        (True, AppointmentStatus.FULFILLED, "You have had your appointment"),
        (False, AppointmentStatus.NOSHOW, "You missed your appointment"),
    ],
)
def test_whether_the_patient_came_is_recorded(
    came: bool, status: str, heading: str, client: Client, at: Any, monday: datetime
) -> None:
    request = booked(monday)
    reception = factories.staff("Reception")
    record = partial(
        triage.record_attendance, request, version=request.version, came=came, by=reception
    )
    with pytest.raises(TriageRefused, match="not started yet" if came else "that has started"):
        record(now=monday)
    later = monday + timedelta(days=7)
    record(now=later)
    assert request.status == RequestStatus.CLOSED
    assert request.appointments.get().status == status
    assert not Claim.objects.exists()
    at(later)
    assert heading in client.get(behind_link(client, request)).content.decode()


# --- Calendars --------------------------------------------------------------------------------


def event_of(content: bytes) -> tuple[Any, Any]:
    calendar = Calendar.from_ical(content)
    (event,) = calendar.walk("VEVENT")
    return calendar, event


@pytest.mark.parametrize("day", ["2026-03-28", "2026-03-30", "2026-10-24", "2026-10-26"])
def test_a_calendar_gets_the_very_instant(day: str, monday: datetime) -> None:
    """On both sides of both clock changes."""
    request = booked(monday)
    starts = datetime.fromisoformat(f"{day}T09:30:00+00:00")
    Appointment.objects.update(starts=starts, ends=starts + timedelta(minutes=30))
    _, event = event_of(invitation(Appointment.objects.get()))
    assert event["dtstart"].dt == starts
    assert event["dtend"].dt - event["dtstart"].dt == timedelta(minutes=30)
    assert event["dtstart"].dt.utcoffset() == timedelta(0)
    assert request.reference in event["uid"]


def test_a_cancelled_appointment_is_taken_out_of_the_calendar(monday: datetime) -> None:
    request = booked(monday)
    calendar, event = event_of(invitation(request.appointments.get()))
    cancel(request, PATIENT, monday)
    gone, last = event_of(invitation(request.appointments.get()))
    assert (calendar["method"], gone["method"]) == ("PUBLISH", "CANCEL")
    assert event["uid"] == last["uid"]
    assert last["sequence"] > event["sequence"]
    assert last["status"] == "CANCELLED"


def test_a_calendar_rings_before_the_visit_and_says_what_to_do(monday: datetime) -> None:
    factories.clinic(phone="01632 960123")
    _, event = event_of(invitation(booked(monday).appointments.get()))
    (alarm,) = event.walk("VALARM")
    assert alarm["trigger"].dt == timedelta(hours=-2)
    assert event["description"] == (
        "If you cannot come, use the private link in our email to change or cancel. "
        "You can also phone us on 01632 960123."
    )


def test_a_calendar_says_it_in_the_patients_language_and_in_english(monday: datetime) -> None:
    request = booked(monday)
    request.language = "ur"
    request.save(update_fields=["language"])
    _, event = event_of(invitation(request.appointments.get()))
    (alarm,) = event.walk("VALARM")
    assert event["summary"] == "اپائنٹمنٹ، Example Lane Clinic / Appointment, Example Lane Clinic"
    assert alarm["description"] == event["summary"]
    own, english = event["description"].split("\n\n")
    assert own.startswith("اگر آپ نہیں آ سکتے")
    assert "\u2066020 7946 0958\u2069" in own
    assert english.startswith("If you cannot come, use the private link")
    # Whatever the language of the page on which they download it.
    with languages.spoken_in("pl"):
        _, again = event_of(invitation(request.appointments.get()))
    assert again["summary"] == event["summary"]


def test_a_calendar_tells_nothing_of_the_reason(client: Client, monday: datetime) -> None:
    request = booked(monday)
    content = client.get(f"{behind_link(client, request)}appointment.ics")
    assert content.headers["Content-Type"] == "text/calendar; charset=utf-8"
    assert content.headers["Cache-Control"] == "no-store"
    text = content.content.decode()
    for word in ("shoulder", "Pat", "Clinician", "Assessment", "example.org", request.link_key):
        assert word not in text
    assert "SUMMARY:Appointment\\, Example Lane Clinic" in text


def test_the_letters_carry_the_calendar_file_to_whoever_agreed(monday: datetime) -> None:
    request = booked(monday)
    letter = messages.letter(request.messages.get(kind=MessageKind.BOOKED))
    assert letter.attachments == []
    assert "to see the day and time" in letter.body
    AppointmentRequest.objects.update(detail_in_messages=True)
    request.refresh_from_db()
    letter = messages.letter(request.messages.get(kind=MessageKind.BOOKED))
    ((name, content, media_type),) = letter.attachments
    assert (name, media_type) == ("appointment.ics", "text/calendar")
    assert b"METHOD:PUBLISH" in (content if isinstance(content, bytes) else content.encode())
    received = messages.letter(request.messages.get(kind=MessageKind.RECEIVED))
    assert received.attachments == []


# --- Links ------------------------------------------------------------------------------------


def ask_for_link(client: Client, **changes: str) -> str:
    return client.post("/appointments/link/", LOST | changes).content.decode()


@pytest.mark.parametrize("contact", ["PAT@example.org", "+44 20 7946 0958", "02079460958"])
def test_a_lost_link_is_sent_to_the_address_that_we_have(
    contact: str, client: Client, monday: datetime
) -> None:
    request = factories.received(now=monday)
    page = ask_for_link(client, name="sample, PAT", contact=contact)
    assert "<h1>What happens now</h1>" in page
    message = Message.objects.get(kind=MessageKind.LINK)
    letter = messages.letter(message)
    assert letter.to == ["pat@example.org"]
    assert links.private_link(request) in letter.body


def test_nobody_learns_whether_a_person_is_known(client: Client, monday: datetime) -> None:
    factories.received(now=monday)
    known = ask_for_link(client)
    assert ask_for_link(client, name="Eve Sample") == known
    assert ask_for_link(client, date_of_birth_year="1971") == known
    assert ask_for_link(client, contact="eve@example.org") == known
    assert ask_for_link(client, contact="020 7946 0111") == known
    assert Message.objects.filter(kind=MessageKind.LINK).count() == 1


def test_a_link_is_sent_three_times_a_day_and_a_place_asks_ten_times_an_hour(
    client: Client, monday: datetime
) -> None:
    factories.received(now=monday)
    statuses = [client.post("/appointments/link/", LOST).status_code for _ in range(11)]
    assert statuses == [200] * 10 + [429]
    assert Message.objects.filter(kind=MessageKind.LINK).count() == 3


@pytest.mark.parametrize(
    ("posted", "sentence"),
    [
        ({}, "Enter the full name of the person who needs the appointment."),
        ({"name": "Pat", "contact": "12"}, "Enter the whole phone number with its area code"),
        ({"name": "Pat", "contact": "a@b"}, "Enter an email address like"),
    ],
)
def test_a_faulty_form_is_told_what_to_do(
    posted: dict[str, str], sentence: str, client: Client
) -> None:
    page = client.post("/appointments/link/", posted).content.decode()
    assert sentence in page
    assert "There is a problem" in page


def test_a_renewed_link_ends_the_old_one_and_its_sessions(client: Client, monday: datetime) -> None:
    request = booked(monday)
    old = links.private_link(request).removeprefix("https://clinic.example")
    url = behind_link(client, request)
    assert client.get(url).status_code == 200
    triage.renew_link(request, version=request.version, by=factories.staff("Reception"), now=monday)
    assert client.get(url).status_code == 404
    assert client.get(old).status_code == 404
    letter = messages.letter(request.messages.get(kind=MessageKind.LINK))
    new = re.search(r"https://clinic.example(\S+)", str(letter.body))
    assert new is not None
    assert client.get(new[1]).status_code == 302
    assert client.get(url).status_code == 200


def test_the_page_without_a_link_leads_to_a_new_one(client: Client) -> None:
    page = client.get("/appointments/mine/link/nothing/").content.decode()
    assert 'href="/appointments/link/"' in page


# --- The journal can be proven ----------------------------------------------------------------


def verify(*arguments: str) -> str:
    out = StringIO()
    call_command("verify_journal", *arguments, stdout=out)
    return out.getvalue()


def faults(*arguments: str) -> list[str]:
    """What it reports line by line, as it goes."""
    told = StringIO()
    with pytest.raises(CommandError, match=r"\d fault"):
        call_command("verify_journal", *arguments, stdout=StringIO(), stderr=told)
    return told.getvalue().splitlines()


def test_whole_chains_are_printed_with_their_heads(monday: datetime) -> None:
    request = booked(monday)
    last = request.events.order_by("number").last()
    assert last is not None
    assert verify() == f"{request.reference} {last.number} {last.hash}\n"


OTHERWISE = "the outcome of a flag is not the one in the journal"
UNDONE = {"outcome": "", "reason": "", "resolved_at": None, "resolved_by": None}


@pytest.mark.parametrize("changes", [{"outcome": FlagOutcome.PROCEED}, UNDONE])
def test_a_flag_that_says_something_else_than_the_journal_is_a_fault(
    changes: dict[str, Any], monday: datetime
) -> None:
    request, other = (factories.received(flagged=True, now=monday) for _ in range(2))
    factories.clear(other, FlagOutcome.PROCEED, now=monday)
    factories.clear(request, FlagOutcome.PROCEED, now=monday)
    # The last outcome counts.
    factories.clear(
        AppointmentRequest.objects.get(pk=request.pk), FlagOutcome.CALL_PATIENT, now=monday
    )
    verify()
    request.flags.update(**changes)
    assert faults() == [f"{request.reference}: {OTHERWISE}"]


def test_an_outcome_that_nobody_recorded_is_a_fault(monday: datetime) -> None:
    request = factories.received(flagged=True, now=monday)
    verify()
    request.flags.update(
        outcome=FlagOutcome.PROCEED,
        reason="Fine.",
        resolved_at=monday,
        resolved_by=factories.staff("Clinician"),
    )
    assert faults() == [f"{request.reference}: {OTHERWISE}"]


def test_an_outcome_that_is_recorded_meanwhile_is_no_fault(
    monday: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    request = factories.received(flagged=True, now=monday)
    read = AppointmentRequest.objects.prefetch_related("flags").get()
    factories.clear(request, FlagOutcome.PROCEED, now=monday)
    meanwhile = [(read, list(read.events.order_by("number")))]
    monkeypatch.setattr(verify_journal, "journals", lambda after: iter(meanwhile))
    verify()
    # The twin: without a second look it would be one.
    monkeypatch.setattr(verify_journal, "flags_are_as_recorded", lambda request: False)
    assert faults() == [f"{request.reference}: {OTHERWISE}"]


def test_a_stopped_run_goes_on_where_it_was(
    monday: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(verify_journal, "AT_A_TIME", 2)
    requests = [factories.received(now=monday) for _ in range(5)]
    heads = verify().splitlines()
    assert [head.split()[0] for head in heads] == [each.reference for each in requests]
    assert verify("--after", requests[1].reference).splitlines() == heads[2:]
    with pytest.raises(CommandError, match="There is no request with the reference ZZZZ-9999"):
        verify("--after", "ZZZZ-9999")


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(
    "tamper",
    [
        lambda events: events.filter(number=2).update(by="eve"),
        lambda events: events.filter(number=2).delete(),
        lambda events: events.order_by("-number")[0].delete(),
    ],
)
def test_a_changed_chain_fails(tamper: Callable[[Any], Any], monday: datetime) -> None:
    request = booked(monday)
    with changes_allowed():
        tamper(request.events)
    assert faults() == [f"{request.reference}: the chain is broken"]


@pytest.mark.django_db(transaction=True)
def test_a_chain_that_was_remade_as_a_whole_shows_against_what_was_kept(
    tmp_path: Path, monday: datetime
) -> None:
    request = booked(monday)
    kept = tmp_path / "heads"
    kept.write_text(verify())
    cancel(request, PATIENT, monday)
    verify("--against", str(kept))  # what came later is no fault
    with changes_allowed():
        previous = ""
        for event in request.events.order_by("number"):
            event.by, event.previous_hash = "eve", previous
            event.hash = previous = journal.digest(event)
            event.save()
    verify()
    number = kept.read_text().split()[1]
    said = f"{request.reference}: event {number} is not the one in the earlier output"
    assert faults("--against", str(kept)) == [said]


def test_a_request_that_is_gone_shows_against_what_was_kept(tmp_path: Path) -> None:
    kept = tmp_path / "heads"
    kept.write_text(f"BCDF-2346 3 {'0' * 64}\n")
    assert faults("--against", str(kept)) == ["BCDF-2346: the request is missing"]
    kept.write_text("nonsense")
    with pytest.raises(CommandError, match="“nonsense” is not a line printed by verify_journal"):
        verify("--against", str(kept))


@pytest.mark.django_db(transaction=True)
def test_a_stopped_comparison_reports_what_is_missing_in_each_of_its_halves(
    monday: datetime, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(verify_journal, "AT_A_TIME", 2)
    requests = [factories.received(now=monday) for _ in range(9)]
    kept = tmp_path / "heads"
    kept.write_text(verify())
    late = factories.received(now=monday)
    for number in (1, 2, 5, 8):
        delete_behind_our_back(requests[number])
    missing = [f"{requests[number].reference}: the request is missing" for number in (1, 2, 5, 8)]
    assert faults("--against", str(kept)) == missing
    again = {
        mark: faults("--against", str(kept), "--after", requests[mark].reference)
        for mark in (0, 3, 4, 6, 7)
    }
    assert again == {0: missing, 3: missing[2:], 4: missing[2:], 6: missing[3:], 7: missing[3:]}
    # Behind all that was printed then. Whatever is missing before it is said once too often.
    assert faults("--against", str(kept), "--after", late.reference) == missing[3:]


def test_lines_in_another_order_are_reported(monday: datetime, tmp_path: Path) -> None:
    requests = [factories.received(now=monday) for _ in range(3)]
    kept = tmp_path / "heads"
    first, second, third = verify().splitlines(keepends=True)
    kept.write_text(second + first + third)
    said = f"{requests[0].reference}: its line is out of order in the earlier output"
    assert faults("--against", str(kept)) == [said]


def delete_behind_our_back(request: AppointmentRequest) -> None:
    """The request and all that is about it, as somebody with the database password could."""
    with changes_allowed(), connection.cursor() as cursor:
        for relation in request._meta.related_objects:
            table, column = relation.related_model._meta.db_table, relation.field.column
            cursor.execute(f"DELETE FROM {table} WHERE {column} = %s", [request.pk])
        cursor.execute("DELETE FROM bookings_appointmentrequest WHERE id = %s", [request.pk])
