"""FHIR for other systems: what is read, by whom, page by page, and how everything else is refused."""

import json
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.management import call_command
from django.test import Client
from django.utils import timezone
from django.utils.http import http_date

from bookings import access, journal, triage
from bookings.models import AppointmentRequest, ClinicSession, OutsideLook, Person
from bookings.outside.fhir import search
from bookings.outside.fhir.kinds import KINDS
from bookings.status import RequestStatus, Scope, WhyRenamed
from bookings.status.events import Event
from procedures.ground import paging
from tests import factories, fhir_faults, fhir_rules
from tests.databases import migrate_here
from tests.people import CANARIES, booked, request_with_canaries

pytestmark = pytest.mark.django_db
REFUSED = "OperationOutcome"


class Reader:
    """Another system with a token for these kinds of resource."""

    def __init__(self, now: datetime, *scopes: Scope):
        last_day = timezone.localdate(now) + timedelta(days=300)
        self.token = access.make_token(
            given_to="Reader", scopes=scopes or Scope, last_day=last_day, by="manager", now=now
        )
        self.client = Client(headers={"Authorization": f"Bearer {self.token.text}"})

    def get(self, path: str, **headers: str) -> Any:
        return self.client.get(f"/fhir/{path}", headers=headers)

    def found(self, path: str) -> list[dict[str, Any]]:
        """Every resource of a search, over all of its pages."""
        return list(self._pages(f"/fhir/{path}"))

    def _pages(self, path: str) -> Iterator[dict[str, Any]]:
        answer = self.client.get(path)
        assert answer.status_code == 200, answer.content.decode()
        bundle = answer.json()
        yield from (entry["resource"] for entry in bundle.get("entry", []))
        links = {link["relation"]: link["url"] for link in bundle["link"]}
        if "next" in links:
            yield from self._pages("/" + links["next"].split("/", 3)[3])


def ids(resources: list[dict[str, Any]]) -> set[int]:
    return {int(each["id"]) for each in resources}


def in_every_status(now: datetime) -> None:
    """A request at each point of its life, and one with a single time to take."""
    for status in RequestStatus:
        factories.request_at(status, now=now)
    single = factories.request_at(RequestStatus.IN_REVIEW, now=now)
    two_days = timedelta(days=2)
    factories.offer(single, [factories.tomorrow(30, now=now)], held_for=two_days, now=now)


EVERY_STATUS = {
    *("proposed", "pending", "booked", "arrived", "fulfilled", "noshow", "cancelled", "waitlist")
}


@pytest.fixture(params=[1000, 0], ids=["few", "many"])
def most_named(request: Any, monkeypatch: pytest.MonkeyPatch) -> int:
    """What is found is the same whether it is few, so that it is named, or many."""
    monkeypatch.setattr(paging, "MOST_NAMED", request.param)
    return int(request.param)


@pytest.mark.usefixtures("most_named")
def test_what_is_written_with_a_status_is_found_by_it(monday: datetime, at: Any) -> None:
    by = factories.staff("Reception")
    arrived, came, missed = (booked(monday - timedelta(hours=hours), days=1) for hours in (1, 2, 3))
    in_every_status(monday)
    reader, seen = Reader(monday, Scope.APPOINTMENT), set()
    for days in (1, 5):
        now = monday + timedelta(days=days)
        at(now)
        if days == 1:
            triage.record_arrival(arrived, version=arrived.version, by=by, now=now)
            for each in (came, missed):
                is_here = each == came
                triage.record_attendance(each, version=each.version, came=is_here, by=by, now=now)
        everything = reader.found("Appointment")
        assert ids(everything) == set(AppointmentRequest.objects.values_list("pk", flat=True))
        for status in EVERY_STATUS:
            written = [each for each in everything if each["status"] == status]
            assert reader.found(f"Appointment?status={status}") == written
            seen |= {status} if written else set()
    assert seen == EVERY_STATUS
    assert reader.found("Appointment?status=fulfilled,noshow") == [
        each for each in everything if each["status"] in {"fulfilled", "noshow"}
    ]


@pytest.mark.usefixtures("most_named")
def test_a_visit_keeps_its_identity_when_it_moves(monday: datetime) -> None:
    request = booked(monday)
    reader = Reader(monday, Scope.APPOINTMENT)
    before = reader.get(f"Appointment/{request.pk}").json()
    old = request.appointments.get()
    triage.book(
        request,
        version=request.version,
        appointment_type=old.appointment_type,
        clinician=old.clinician,
        starts=old.starts + timedelta(hours=2),
        by=factories.staff("Reception"),
        now=monday + timedelta(seconds=2),
    )
    after = reader.get(f"Appointment/{request.pk}").json()
    assert (before["start"], after["start"]) == (
        f"{old.starts.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}",
        f"{old.starts.astimezone(UTC) + timedelta(hours=2):%Y-%m-%dT%H:%M:%SZ}",
    )
    assert before["meta"]["versionId"] != after["meta"]["versionId"]
    then, local = old.starts, timezone.localtime(old.starts)
    found = {
        asked: ids(reader.found(f"Appointment?{asked}")) == {request.pk}
        for asked in (
            f"date={local:%Y-%m-%d}",
            f"date=ge{local:%Y-%m-%d}&date=lt{local + timedelta(days=1):%Y-%m-%d}",
            f"date={then.astimezone(UTC):%Y-%m-%dT%H:%MZ}",  # its old time
            f"practitioner=Practitioner/{old.clinician_id}",
            f"practitioner={old.clinician_id + 1}",
            f"patient=Patient/{request.person_id}",
        )
    }
    assert list(found.values()) == [True, True, False, True, False, True]


@pytest.mark.usefixtures("most_named")
def test_a_look_is_no_change_and_a_change_is_found(monday: datetime) -> None:
    request, later = booked(monday), monday + timedelta(hours=3)
    reader = Reader(monday, Scope.APPOINTMENT)
    journal.record(request, Event.READ, by="reception", at=later)
    since = f"Appointment?_lastUpdated=ge{later:%Y-%m-%dT%H:%M:%SZ}"
    assert reader.found(since) == []
    triage.cancel(request, version=request.version, by=factories.staff("Reception"), now=later)
    (found,) = reader.found(since)
    assert found["meta"]["lastUpdated"] == f"{later:%Y-%m-%dT%H:%M:%SZ}"
    assert found["cancelationReason"]["coding"][0]["code"] == "prov"
    assert reader.found(since.replace("=ge", "=lt")) == []


def polled(reader: Reader, at: datetime) -> list[int]:
    """The ids of the patients who have changed since then, each with that instant on it twice."""
    found = reader.found(f"Patient?_lastUpdated=ge{at:%Y-%m-%dT%H:%M:%SZ}")
    assert {each["meta"]["lastUpdated"] for each in found} <= {f"{at:%Y-%m-%dT%H:%M:%SZ}"}
    for each in found:
        one = reader.get(f"Patient/{each['id']}")
        assert one.headers["Last-Modified"] == http_date(int(at.timestamp()))
        assert one.headers["ETag"] == f'W/"{each["meta"]["versionId"]}"'
    return [int(each["id"]) for each in found]


def test_who_was_joined_or_parted_is_found_among_what_has_changed(monday: datetime) -> None:
    first, second = factories.received(now=monday), factories.received(now=monday, name="Sam Other")
    one, other = first.person, second.person
    reader, by = Reader(monday), factories.staff("Reception")
    later, latest = (monday + timedelta(hours=hours) for hours in (1, 2))
    assert polled(reader, later) == []
    link = triage.join(one, other=other, by=by, now=later)
    # The one who stays says what they said before.
    assert polled(reader, later) == [other.pk]
    assert reader.get(f"Patient/{other.pk}").json()["active"] is False
    other.refresh_from_db()
    assert (other.changed_by, other.known_at) == ("reception", monday)
    assert reader.found(f"Patient?_lastUpdated=lt{later:%Y-%m-%dT%H:%M:%SZ}") == [
        reader.get(f"Patient/{one.pk}").json()
    ]
    triage.undo_verdict(link, by=by, now=latest)
    assert polled(reader, latest) == [other.pk]
    assert reader.get(f"Patient/{other.pk}").json()["active"] is True


def test_of_three_who_are_one_those_who_lead_elsewhere_have_changed(monday: datetime) -> None:
    people = [factories.received(now=monday, name=f"Sam {each}").person for each in "ABC"]
    first, second, third = people
    reader, by = Reader(monday), factories.staff("Reception")
    at = [monday + timedelta(hours=hours) for hours in range(4)]
    triage.join(second, other=third, by=by, now=at[1])
    triage.join(first, other=second, by=by, now=at[2])
    # The second was shown as themselves, and the third as the second.
    assert polled(reader, at[2]) == [second.pk, third.pk]
    triage.join(first, other=factories.received(now=at[2], name="Sam D").person, by=by, now=at[3])
    assert polled(reader, at[3]) == [Person.objects.latest("pk").pk]


def test_a_corrected_name_or_birth_date_is_found_among_what_has_changed(monday: datetime) -> None:
    request, by = factories.received(now=monday), factories.staff("Reception")
    factories.received(now=monday, name="Sam Other")
    reader = Reader(monday)
    later, latest = (monday + timedelta(hours=hours) for hours in (1, 2))
    triage.correct_birth_date(request, version=1, date_of_birth=date(1971, 1, 31), by=by, now=later)
    assert polled(reader, later) == [request.person_id]
    triage.correct_name(
        request, version=2, name="Pat Simple", because=WhyRenamed.NOTED_WRONGLY, by=by, now=latest
    )
    assert polled(reader, latest) == [request.person_id]
    person = Person.objects.get(pk=request.person_id)
    assert (person.changed_at, person.changed_by, person.known_at) == (latest, "reception", monday)


def test_what_somebody_says_about_themselves_is_their_last_change(monday: datetime) -> None:
    request, by = factories.received(now=monday), factories.staff("Reception")
    reader, later = Reader(monday), monday + timedelta(hours=1)
    triage.correct_birth_date(
        request, version=1, date_of_birth=date(1971, 1, 31), by=by, now=monday
    )
    triage.change_contact(
        request, version=2, email="new@example.org", phone="", by="the patient", now=later
    )
    assert polled(reader, later) == [request.person_id]


@pytest.mark.sqlite
@pytest.mark.lengthy
@pytest.mark.django_db(transaction=True)
def test_who_was_joined_or_corrected_before_counts_as_changed_when_we_upgrade(
    monday: datetime, at: Any
) -> None:
    by = factories.staff("Reception")
    requests = [factories.received(now=monday, name=f"Sam {each}") for each in "ABCDE"]
    one, other, corrected, alone, named = (each.person for each in requests)
    triage.join(one, other=other, by=by, now=monday)
    triage.correct_birth_date(
        requests[2], version=1, date_of_birth=date(1971, 1, 31), by=by, now=monday
    )
    wrongly = WhyRenamed.NOTED_WRONGLY
    triage.correct_name(requests[4], version=1, name="Sam F", because=wrongly, by=by, now=monday)
    later = monday + timedelta(days=1)
    at(later)
    try:
        migrate_here([("bookings", "0057_told_of_waits")])
    finally:
        migrate_here()
    changed = dict(Person.objects.values_list("pk", "changed_at"))
    assert changed == {
        alone.pk: None,
        **dict.fromkeys((one.pk, other.pk, corrected.pk, named.pk), later),
    }


@pytest.mark.usefixtures("most_named")
def test_a_list_is_read_page_by_page_though_it_grows(monday: datetime) -> None:
    for number in range(5):
        factories.location(f"Place {number}")
    reader = Reader(monday, Scope.LOCATION)
    first = reader.get("Location?_count=2").json()
    factories.location("Place 9")
    following = {link["relation"]: link["url"] for link in first["link"]}["next"]
    rest = reader.found(following.split("/fhir/")[1])
    read = [*(entry["resource"] for entry in first["entry"]), *rest]
    assert [each["name"] for each in read] == [f"Place {number}" for number in (0, 1, 2, 3, 4, 9)]


@pytest.mark.usefixtures("most_named")
def test_a_list_goes_on_though_a_row_goes_while_it_is_read(
    monday: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    people = [factories.received(name=f"Sample {number}", now=monday) for number in range(4)]

    def then_one_goes(keys: Any) -> list[int] | None:
        found = paging.few(keys)
        Person.objects.filter(pk=people[1].person_id).update(
            emptied_at=monday, emptied_by="the clock"
        )
        return found

    monkeypatch.setattr(search, "few", then_one_goes)
    found = Reader(monday, Scope.PATIENT).found("Patient?_count=3")
    assert ids(found) == {people[number].person_id for number in (0, 2, 3)}


def test_no_name_and_nothing_about_health_is_in_an_appointment(monday: datetime) -> None:
    request = request_with_canaries(monday)
    reader = Reader(monday)
    canaries = [str(value) for value in CANARIES.values()] + ["Canarywarfarin"]

    def said(kind: str) -> list[str]:
        text = json.dumps(reader.found(kind), ensure_ascii=False)
        return [word for word in canaries if word in text]

    assert {kind: said(kind) for kind in KINDS if said(kind)} == {
        "Patient": [str(CANARIES["name"]), str(CANARIES["date_of_birth"])],
        "QuestionnaireResponse": ["Canarywarfarin"],
    }
    AppointmentRequest.objects.filter(pk=request.pk).update(
        emptied_at=monday, emptied_by="the clock"
    )
    assert [reader.found(kind) for kind in ("Appointment", "QuestionnaireResponse")] == [[], []]
    assert reader.get(f"Appointment/{request.pk}").status_code == 410


def test_what_is_read_about_patients_is_recorded(monday: datetime) -> None:
    mine, other = booked(monday), factories.received(now=monday, name="Sam Other")
    reader = Reader(monday)
    for path in ("Location", "Practitioner", f"Patient/{mine.person_id}", "Appointment"):
        reader.get(path)
    reader.get("Appointment?status=arrived")
    looks = OutsideLook.objects.values_list("resource", "requests", "looked_at", "looked_by")
    assert list(looks) == [
        ("Patient", [mine.pk], monday, reader.token.pk),
        ("Appointment", sorted([mine.pk, other.pk]), monday, reader.token.pk),
    ]
    assert reader.token.uses.get().answered == 5


def test_whoever_has_it_already_is_told_so(monday: datetime) -> None:
    request = booked(monday)
    reader = Reader(monday, Scope.APPOINTMENT)
    for path in (f"Appointment/{request.pk}", "Appointment", "metadata"):
        first = reader.get(path)
        known = reader.get(path, **{"If-None-Match": first.headers["ETag"]})
        assert (first.status_code, known.status_code, known.content) == (200, 304, b"")
    one = reader.get(f"Appointment/{request.pk}")
    assert one.headers["ETag"] == f'W/"{one.json()["meta"]["versionId"]}"'
    assert one.headers["Last-Modified"] == "Mon, 23 Nov 2026 10:00:00 GMT"


@pytest.mark.parametrize(
    ("method", "path", "headers", "status"),
    [
        ("GET", "Slot", {"Authorization": ""}, 401),
        ("GET", "Slot", {"Authorization": "Basic c2VjcmV0"}, 401),
        ("GET", "Slot?token=clinic_x", {"Authorization": "Bearer clinic_x"}, 401),
        ("GET", "Patient", {}, 403),
        ("GET", "Observation", {}, 404),
        ("GET", "Location/1/_history", {}, 404),
        ("GET", "Location/99", {}, 404),
        ("GET", "Location/99999999999999999999999", {}, 404),
        ("GET", "Location/٣", {}, 404),
        ("GET", "Location/x'y", {}, 404),
        ("GET", "Slot/1-2", {}, 404),
        ("PUT", "Location/1", {}, 405),
        ("POST", "Location", {}, 405),
        ("GET", "Location/_search", {}, 405),
        ("GET", "Location", {"Accept": "application/fhir+xml"}, 406),
        ("GET", "Location?_format=xml", {}, 406),
        ("GET", "metadata?foo=1", {}, 400),
        ("GET", "Location/1?foo=1", {}, 400),
        ("GET", "Location?name=x", {}, 400),
        ("GET", "Location?_id=x", {}, 400),
        ("GET", "Location?_count=-1", {}, 400),
        ("GET", f"Location?_count={'9' * 30}", {}, 400),
        ("GET", f"Location?_id={','.join(['1'] * 21)}", {}, 400),
        ("GET", "Location?_after=%00", {}, 400),
        ("GET", "Schedule?date=2026-13-01", {}, 400),
        ("GET", "Schedule?practitioner=a+b", {}, 400),
        ("GET", "Slot?start=ge2026-01-01&start=lt2027-01-01", {}, 400),
        ("GET", "Slot?status=maybe", {}, 400),
        # An end that is open, or a day more than we allow.
        ("GET", "Slot?start=lt2026-12-01", {}, 400),
        ("GET", "Slot?start=ge2027-01-01", {}, 400),
        ("GET", "Slot?start=ge2027-01-01&start=sa2027-01-02", {}, 400),
        ("GET", "Slot?start=ge2026-08-01&start=lt2026-11-02", {}, 400),
    ],
)
def test_every_refusal_is_an_outcome(
    monday: datetime, method: str, path: str, headers: dict[str, str], status: int
) -> None:
    reader = Reader(monday, Scope.SLOT, Scope.LOCATION, Scope.SCHEDULE)
    answer = reader.client.generic(method, f"/fhir/{path}", headers=headers)
    assert (answer.status_code, answer.json()["resourceType"]) == (status, REFUSED)
    assert answer.headers["Content-Type"] == "application/fhir+json; charset=utf-8"
    assert ("WWW-Authenticate" in answer.headers) == (status == 401)
    assert ("Allow" in answer.headers) == (status == 405)


def test_a_token_is_used_so_often_and_guessed_so_often(
    monday: datetime, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(access, "USE", access.USE._replace(times=3))
    guess = access.GUESS_FROM_ONE_PLACE._replace(times=2)
    monkeypatch.setattr(access, "GUESS_FROM_ONE_PLACE", guess)
    reader = Reader(monday, Scope.LOCATION)
    own = [reader.get("Location").status_code for _ in range(4)]
    assert own == [200, 200, 200, 429]
    refused = reader.get("Location")
    assert (refused.headers["Retry-After"], refused.json()["issue"][0]["code"]) == (
        "60",
        "throttled",
    )
    assert reader.token.uses.get().refused == 2
    guesses = [
        client.get("/fhir/Location", headers={"Authorization": f"Bearer {n}"}).status_code
        for n in range(3)
    ]
    assert guesses == [401, 401, 429]
    assert Reader(monday, Scope.LOCATION).get("Location").status_code == 200


def test_a_session_is_cut_into_what_is_free_and_what_is_taken(monday: datetime) -> None:
    request = booked(monday, days=1)
    appointment = request.appointments.get()
    offered = factories.offer(
        factories.request_at(RequestStatus.IN_REVIEW, now=monday),
        [appointment.starts + timedelta(hours=1)],
        now=monday,
    ).times.get()
    reader, day = Reader(monday, Scope.SLOT), timezone.localdate(appointment.starts)
    slots = reader.found(f"Slot?start={day}&practitioner={appointment.clinician_id}")
    buffer = timedelta(minutes=appointment.appointment_type.buffer_minutes)
    taken = [
        (each["start"], each["end"], each["status"]) for each in slots if each["status"] != "free"
    ]
    assert taken == [
        (f"{starts:%Y-%m-%dT%H:%M:%SZ}", f"{ends + buffer:%Y-%m-%dT%H:%M:%SZ}", status)
        for starts, ends, status in (
            (appointment.starts, appointment.ends, "busy"),
            (offered.starts, offered.ends, "busy-tentative"),
        )
    ]
    assert [one["end"] for one in slots[:-1]] == [one["start"] for one in slots[1:]]
    paged = reader.found(f"Slot?start={day}&practitioner={appointment.clinician_id}&_count=1")
    assert paged == slots
    assert [reader.get(f"Slot/{each['id']}").json() for each in slots] == slots
    free = reader.found(
        f"Slot?start={day}&status=free&schedule={slots[0]['schedule']['reference']}"
    )
    assert free == [each for each in slots if each["status"] == "free"]


def test_without_days_slots_are_of_four_weeks_from_today(monday: datetime) -> None:
    booked(monday)
    reader, first = Reader(monday, Scope.SLOT), timezone.localdate(monday)
    last = first + timedelta(days=28)
    found = reader.found(f"Slot?start=ge{first}&start=lt{last}")
    assert reader.found("Slot") == found
    assert {each["start"][:10] for each in found} == {
        f"{first + timedelta(days=days)}" for days in range(28)
    }


def test_who_leaves_an_end_of_slots_open_is_told_what_to_write(monday: datetime) -> None:
    reader = Reader(monday, Scope.SLOT)
    for asked in ("start=ge2026-12-01", "start=lt2026-12-01", "start=2027"):
        answer = reader.get(f"Slot?{asked}").json()
        assert answer["issue"][0]["diagnostics"] == (
            "Ask for at most 92 days and name both ends, for example "
            "start=ge2026-11-23&start=lt2026-12-21."
        )
    # 92 days, on one of which the clocks go back: an hour more than 92 times 24.
    assert reader.get("Slot?start=ge2026-08-01&start=lt2026-11-01").status_code == 200
    assert reader.get("Slot?start=2026-12-01").status_code == 200


@pytest.mark.parametrize(
    ("text", "begins", "ends"),
    [
        ("2026-11-23", "2026-11-23T00:00:00+00:00", "2026-11-24T00:00:00+00:00"),
        ("eq2026", "2026-01-01T00:00:00+00:00", "2027-01-01T00:00:00+00:00"),
        ("2026-12", "2026-12-01T00:00:00+00:00", "2027-01-01T00:00:00+00:00"),
        # The day on which the clocks go forward has 23 hours.
        ("2027-03-28", "2027-03-28T00:00:00+00:00", "2027-03-28T23:00:00+00:00"),
        ("gt2026-07-02", "2026-07-02T23:00:00+00:00", None),
        ("le2026-07-02", None, "2026-07-02T23:00:00+00:00"),
        ("lt2026-07-02T10:00+01:00", None, "2026-07-02T09:00:00+00:00"),
        ("ge2026-07-02T10:00:30", "2026-07-02T09:00:30+00:00", None),
        ("2026-07-02T10:00Z", "2026-07-02T10:00:00+00:00", "2026-07-02T10:01:00+00:00"),
        # Nothing is so old or so far away, so whoever says so means everything.
        ("ge0001-01-01", "1900-01-01T00:00:00+00:00", None),
        ("le9999-12-31", None, "3000-01-01T00:00:00+00:00"),
        ("9999", "3000-01-01T00:00:00+00:00", "3000-01-01T00:00:00+00:00"),
    ],
)
def test_a_date_means_the_time_that_was_written(
    text: str, begins: str | None, ends: str | None
) -> None:
    expected = [each and datetime.fromisoformat(each) for each in (begins, ends)]
    assert list(search.period(text)) == expected


def test_a_person_who_was_two_is_found_under_either(monday: datetime) -> None:
    first, second = booked(monday), factories.received(now=monday, name="Sam Other")
    Person.objects.filter(pk=second.person_id).update(joined_to=first.person)
    reader = Reader(monday)
    old = reader.get(f"Patient/{second.person_id}").json()
    assert (old["active"], old["link"][0]["other"]["reference"]) == (
        False,
        f"Patient/{first.person_id}",
    )
    for pk in (first.person_id, second.person_id):
        assert ids(reader.found(f"Appointment?patient={pk}")) == {first.pk, second.pk}
    form = reader.client.post("/fhir/Appointment/_search", {"patient": first.person_id})
    assert len(form.json()["entry"]) == 2


@pytest.mark.parametrize(
    ("body", "content_type", "status"),
    [
        ("status=cancelled", "application/x-www-form-urlencoded", 200),
        ("status=cancelled", "application/x-www-form-urlencoded; charset=utf-8", 200),
        ("", "application/json", 200),
        ('{"status":"cancelled","bogus":1}', "application/json", 415),
        ('{"status":"cancelled"}', "application/fhir+json", 415),
        ("status=cancelled", "text/plain", 415),
        ("status=cancelled", "", 415),
        ('{"status":"cancelled"}', "application/x-www-form-urlencoded", 400),
    ],
)
def test_a_body_that_is_no_form_is_refused_and_not_ignored(
    monday: datetime, body: str, content_type: str, status: int
) -> None:
    reader = Reader(monday, Scope.APPOINTMENT)
    answer = reader.client.generic("POST", "/fhir/Appointment/_search", body, content_type)
    assert answer.status_code == status
    assert answer.json()["resourceType"] == ("Bundle" if status == 200 else REFUSED)


@pytest.mark.parametrize("path", ["Location", "Location/1", "metadata"])
@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE"])
def test_only_reading_is_allowed_whoever_asks(monday: datetime, method: str, path: str) -> None:
    token = Reader(monday, Scope.LOCATION).token.text
    outside = Client(enforce_csrf_checks=True, headers={"Authorization": f"Bearer {token}"})
    answer = outside.generic(method, f"/fhir/{path}", "{}", "application/fhir+json")
    assert (answer.status_code, answer.headers["Allow"]) == (405, "GET, HEAD")
    assert answer.json()["issue"][0]["diagnostics"] == "Everything here can only be read."


def test_a_form_needs_no_cookie(monday: datetime) -> None:
    token = Reader(monday, Scope.LOCATION).token.text
    outside = Client(enforce_csrf_checks=True, headers={"Authorization": f"Bearer {token}"})
    assert outside.post("/fhir/Location/_search", {"_count": 1}).status_code == 200
    answer = outside.put("/fhir/Location/_search")
    assert (answer.status_code, answer.headers["Allow"]) == (405, "POST")


@pytest.mark.parametrize(
    ("wanted", "status"),
    [
        ("application/fhir+json", 200),
        ("application/fhir%2Bjson", 200),
        ("json", 200),
        ("xml", 406),
        ("application/fhir+xml", 406),
    ],
)
def test_a_format_is_asked_for_in_an_address_or_a_form(
    monday: datetime, wanted: str, status: int
) -> None:
    reader = Reader(monday, Scope.LOCATION)
    form = "application/x-www-form-urlencoded"
    answers = [
        reader.get(f"Location?_format={wanted}"),
        reader.client.get(f"/fhir/metadata?_format={wanted}"),
        reader.client.generic("POST", "/fhir/Location/_search", f"_format={wanted}", form),
    ]
    assert [each.status_code for each in answers] == [status] * 3


def test_a_body_of_a_reading_is_refused_and_not_ignored(monday: datetime) -> None:
    reader = Reader(monday, Scope.APPOINTMENT)
    form = "application/x-www-form-urlencoded"
    answer = reader.client.generic("GET", "/fhir/Appointment", "status=cancelled", form)
    assert answer.status_code == 415


def test_an_address_that_is_not_there_is_an_outcome(client: Client) -> None:
    for path in ("/fhir", "/fhir/", "/fhir/Location/1/2/3"):
        answer = client.get(path)
        assert (answer.status_code, answer.json()["resourceType"]) == (404, REFUSED)


@pytest.mark.parametrize("most", [1000, 1])
def test_nothing_of_a_page_is_only_how_many_there_are(
    monday: datetime, most: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(paging, "MOST_NAMED", most)
    mine, other = booked(monday), factories.received(now=monday, name="Sam Other")
    reader = Reader(monday)
    for asked, total in (("", 2), ("&status=booked", 1), ("&status=arrived", 0)):
        said = reader.get(f"Appointment?_count=0{asked}").json()
        assert (said["total"], "entry" in said, len(said["link"])) == (total, False, 1)
        assert said["link"][0]["url"].startswith("https://clinic.example/fhir/Appointment?")
        assert "_count=0" in said["link"][0]["url"]
    assert reader.get("Slot?_count=0").json()["total"] == len(reader.found("Slot"))
    looks = list(OutsideLook.objects.values_list("requests", flat=True))
    assert looks == [[mine.pk, other.pk], [mine.pk]][most == 1 :]


CODES = {
    "Appointment": ("http://hl7.org/fhir/appointmentstatus", "booked", "checked-in"),
    "Slot": ("http://hl7.org/fhir/slotstatus", "busy", "busy-unavailable"),
    "Questionnaire": ("http://hl7.org/fhir/publication-status", "active", "draft"),
}


@pytest.mark.parametrize(
    ("kind", "system", "there", "elsewhere"), [(k, *v) for k, v in CODES.items()]
)
def test_a_status_is_any_of_r4_with_its_system_or_without(
    monday: datetime, kind: str, system: str, there: str, elsewhere: str
) -> None:
    request_with_canaries(monday)
    booked(monday)
    reader = Reader(monday)
    found = reader.found(f"{kind}?status={there}")
    assert found
    assert reader.found(f"{kind}?status={system}|{there}") == found
    assert reader.found(f"{kind}?status={there},{elsewhere}") == found
    for nothing in (elsewhere, f"{system}|{elsewhere}", f"https://other.example|{there}"):
        assert reader.found(f"{kind}?status={nothing}") == []
    for mistake in ("bookd", f"{system}|bookd", ""):
        assert reader.get(f"{kind}?status={mistake}").status_code == 400


def test_a_file_in_a_form_is_refused_and_not_ignored(monday: datetime) -> None:
    reader = Reader(monday, Scope.APPOINTMENT)
    form = {"status": SimpleUploadedFile("status", b"cancelled")}
    assert reader.client.post("/fhir/Appointment/_search", form).status_code == 415


def test_a_reference_names_its_own_kind_on_this_server(monday: datetime) -> None:
    request = booked(monday)
    clinician, session = request.appointments.get().clinician_id, ClinicSession.objects.first()
    assert session is not None
    theirs = {
        "practitioner": ("Practitioner", clinician),
        "patient": ("Patient", request.person_id),
        "schedule": ("Schedule", session.pk),
    }
    reader = Reader(monday)
    for kind in KINDS.values():
        for name in (name for name, each in kind.parameters.items() if each.kind == "reference"):
            own, pk = theirs[name]
            found = reader.found(f"{kind.name}?{name}={pk}")
            assert found or kind.name == "QuestionnaireResponse"
            for same in (f"{own}/{pk}", f"https://clinic.example/fhir/{own}/{pk}"):
                assert reader.found(f"{kind.name}?{name}={same}") == found
            for other in (
                f"Location/{pk}",
                f"https://other.example/fhir/{own}/{pk}",
                f"fhir/{own}/{pk}",
                f"{own}/{pk}/_history/1",
            ):
                assert reader.get(f"{kind.name}?{name}={other}").status_code == 400


def test_the_statement_says_what_is_there_to_whoever_asks(client: Client) -> None:
    said = client.get("/fhir/metadata").json()
    listed = {each["type"]: each for each in said["rest"][0]["resource"]}
    assert (said["fhirVersion"], set(listed)) == ("4.0.1", set(Scope.values))
    assert {each["name"] for each in listed["Appointment"]["searchParam"]} == {
        "_id",
        *KINDS["Appointment"].parameters,
    }


def test_the_files_have_what_a_search_finds(monday: datetime, tmp_path: Path) -> None:
    booked(monday)
    request_with_canaries(monday)
    folder = tmp_path / "out"
    call_command("export_fhir", str(folder), stdout=StringIO())
    reader = Reader(monday)
    for name in KINDS:
        lines = (folder / f"{name}.ndjson").read_text().splitlines()
        assert [json.loads(line) for line in lines] == reader.found(name)
    assert folder.stat().st_mode & 0o777 == 0o700


def test_what_is_written_is_fhir_by_its_own_definitions_and_faults_are_found(
    monday: datetime,
) -> None:
    first = request_with_canaries(monday)
    second = booked(monday)
    Person.objects.filter(pk=second.person_id).update(joined_to=first.person)
    factories.request_at(RequestStatus.OFFERED, now=monday)
    factories.request_at(RequestStatus.CLOSED, now=monday)
    reader = Reader(monday)
    good = [each for kind in KINDS for each in reader.found(kind)]
    answers = [
        *(reader.get(path).json() for path in ("metadata", "Appointment", "Slot/1-2", "Nothing")),
        *good,
    ]
    assert {each["resourceType"] for each in good} == set(KINDS)
    assert [fault for each in answers for fault in fhir_rules.faults(each)] == []
    planted = dict(fhir_faults.planted(good))
    assert [name for name, bad in planted.items() if not fhir_rules.faults(bad)] == []
    assert len(planted) == 60
