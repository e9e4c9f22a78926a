"""A person behind the requests: recognised when they ask, joined and parted by colleagues."""

import re
from collections.abc import Callable
from datetime import date, datetime, timedelta
from importlib import import_module
from typing import Any

import pytest
from django.apps import apps
from django.contrib.auth.models import User
from django.db import connection
from django.test import Client
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bookings import identity, triage
from bookings.journal import chain_is_whole
from bookings.models import AppointmentRequest, Look, Person, PersonLink
from bookings.status import FlagOutcome, MessageKind, RequestStatus, TriageRefused, Verdict
from bookings.status.events import Event
from tests import factories
from tests.people import (
    ABOUT,
    PEOPLE,
    TIMES,
    booked,
    decide_about,
    decide_at,
    identified,
    page_of_person,
    people_found,
    rest,
    send,
)

pytestmark = pytest.mark.django_db
SignIn = Callable[[Any], Client]
BORN = date(1970, 1, 31)
ELSE: dict[str, Any] = {
    "name": "Somebody Else",
    "email": "else@example.org",
    "phone": "+447700900142",
}
# The same day of birth and name, and nothing else in common.
ANOTHER_CONTACT: dict[str, Any] = {"email": "other@example.org", "phone": "+447700900142"}


def reception() -> User:
    return factories.staff("Reception")


def candidates(person: Person) -> list[int]:
    """Who may be the same, as the page of the person has it."""
    shown = Person.objects.get(pk=person.pk)
    return [each.shown_as for each in identity.perhaps_same(shown)]


def joined(one: Person, other: Person, now: datetime) -> PersonLink:
    return triage.join(one, other=other, by=reception(), now=now)


# --- Recognised on arrival ------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("said", "is_same"),
    [
        ({}, True),
        ({"phone": ""}, True),
        ({"email": ""}, True),
        ({"email": "new@example.org"}, True),
        ({"phone": "+447700900142"}, True),
        ({"name": "sample, PAT"}, True),
        ({"name": "Pät Sample"}, True),
        ({"name": "Pat Samples"}, False),
        ({"name": "P Sample"}, False),
        ({"name": "Pat"}, False),
        ({"date_of_birth": date(1970, 1, 30)}, False),
        (ANOTHER_CONTACT, False),
        ({"email": "other@example.org", "phone": ""}, False),
    ],
)
def test_only_a_name_a_birth_date_and_a_contact_together_are_certain(
    said: dict[str, Any], is_same: bool, monday: datetime
) -> None:
    first = factories.received(now=monday)
    again = factories.received(now=monday, **said)
    assert (again.person == first.person) == is_same


def test_an_address_that_they_used_to_have_is_theirs(monday: datetime) -> None:
    first = factories.received(now=monday)
    factories.received(email="new@example.org", now=monday)
    again = factories.received(phone="", now=monday)
    assert again.person == first.person


def test_whoever_may_be_either_of_two_is_neither(monday: datetime) -> None:
    one = factories.received(now=monday).person
    other = factories.received(now=monday, **ANOTHER_CONTACT).person
    both: dict[str, Any] = {"email": "pat@example.org", "phone": "+447700900142"}
    third = factories.received(now=monday, **both).person
    assert third not in {one, other}
    assert candidates(third) == [one.pk, other.pk]


def test_of_two_who_are_joined_either_is_right(monday: datetime) -> None:
    one = factories.received(now=monday).person
    other = factories.received(now=monday, **ANOTHER_CONTACT).person
    joined(one, other, monday)
    again = factories.received(email="pat@example.org", phone="+447700900142", now=monday)
    assert again.person == one


def test_a_name_without_letters_is_like_no_other(monday: datetime) -> None:
    one, other = (factories.received(name="!?", now=monday).person for _ in range(2))
    assert one != other


@pytest.mark.parametrize(
    ("said", "is_same"),
    [
        (ANOTHER_CONTACT, True),
        (ANOTHER_CONTACT | {"name": "Sample Pat"}, True),
        # The form for one twin is sent for the other.
        (ANOTHER_CONTACT | {"name": "Sam Sample"}, False),
        (ANOTHER_CONTACT | {"date_of_birth": date(1970, 1, 30)}, False),
    ],
)
def test_whoever_says_so_needs_no_contact_in_common(
    said: dict[str, Any], is_same: bool, monday: datetime
) -> None:
    first = factories.received(now=monday)
    again = factories.received(earlier=first, now=monday, **said)
    assert (again.person == first.person) == is_same


def test_what_they_say_last_is_what_we_know(monday: datetime) -> None:
    factories.received(access_needs=["step_free"], now=monday)
    later = monday + timedelta(days=1)
    again = factories.received(name="PAT SAMPLE", email="new@example.org", now=later)
    person = Person.objects.get()
    assert person == again.person
    assert (person.name, person.email, person.phone) == (again.name, again.email, again.phone)
    # What they leave out is kept.
    assert person.access_needs == ["step_free"]
    assert (person.known_at, person.known_by) == (later, "the patient")


def test_a_request_from_the_private_page_is_of_the_same_person(
    client: Client, monday: datetime
) -> None:
    first = factories.received(now=monday)
    triage.change_contact(
        first, version=1, email="pat@example.org", phone="", by="the patient", now=monday
    )
    url = identified(client, first)
    client.post(f"{url}again/", ABOUT)
    session = client.session
    session["unsent"]["begun"] -= 60
    session.save()
    you = {
        "name": "Pat Sample",
        "date_of_birth_day": "31",
        "date_of_birth_month": "1",
        "date_of_birth_year": "1970",
        "email": "new@example.org",
        "phone": "",
    }
    for step, posted in {"you": you, "safety": rest(factories.question()), "times": TIMES}.items():
        assert client.post(f"/appointments/request/{step}/", posted).status_code == 302
    send(client)
    again = AppointmentRequest.objects.exclude(pk=first.pk).get()
    assert (again.email, again.person) == ("new@example.org", first.person)


def test_two_presses_with_an_earlier_request_are_still_one(monday: datetime) -> None:
    first = factories.received(now=monday)
    for earlier in (first, None):
        sent = factories.submission(earlier=earlier)
        triage.submit(sent, key="the same", now=monday)
    assert AppointmentRequest.objects.count() == 2


def test_the_migration_makes_the_people_whom_the_verbs_make(monday: datetime) -> None:
    said: list[dict[str, Any]] = [
        {},
        {"access_needs": ["step_free"]},
        ANOTHER_CONTACT,
        ELSE,
        {"email": "pat@example.org", "phone": "+447700900142"},
        {"name": "!?"},
    ]
    made = [factories.received(now=monday, **each) for each in said]
    by_verbs = [each.person_id for each in made]
    kept = Person.objects.order_by("pk").values_list(
        "name", "email", "phone", "access_needs", "known_at", "known_by"
    )
    before = list(kept)
    import_module("bookings.migrations.0025_people").fill(apps, connection.schema_editor())
    offset = len(before)
    assert list(kept.all())[offset:] == before
    again = [AppointmentRequest.objects.get(pk=each.pk).person_id for each in made]
    assert [pk - min(again) for pk in again] == [pk - min(by_verbs) for pk in by_verbs]


# --- Perhaps the same -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("said", "is_suggested"),
    [
        (ANOTHER_CONTACT, True),
        (ANOTHER_CONTACT | {"name": "P. Sample"}, True),
        (ELSE | {"phone": "+442079460958"}, True),
        (ELSE | {"email": "pat@example.org"}, True),
        (ELSE, False),
        ({"date_of_birth": date(1971, 1, 31)}, False),
    ],
)
def test_a_weaker_likeness_is_a_suggestion_to_both(
    said: dict[str, Any], is_suggested: bool, monday: datetime
) -> None:
    one = factories.received(now=monday).person
    other = factories.received(now=monday, **said).person
    assert candidates(one) == ([other.pk] if is_suggested else [])
    assert candidates(other) == ([one.pk] if is_suggested else [])


@pytest.mark.parametrize(("verb", "slug"), [("join", "same"), ("keep_apart", "not-same")])
def test_one_press_says_so_and_one_press_undoes_it(
    verb: str, slug: str, sign_in: SignIn, monday: datetime
) -> None:
    one = factories.received(now=monday).person
    other = factories.received(now=monday, **ANOTHER_CONTACT).person
    client = sign_in("Reception")
    before = client.get(page_of_person(one)).content.decode()
    assert "Perhaps the same person" in before
    posted = {"version": one.version, "other": other.pk}
    said = client.post(decide_about(one, slug), posted, follow=True).content.decode()
    assert 'class="success"' in said
    assert "Perhaps the same person" not in said
    link = PersonLink.objects.get()
    assert (link.said_by, link.said_at) == (reception(), monday)
    other.refresh_from_db()
    assert other.shown_as == (one.pk if verb == "join" else other.pk)
    undo = {"version": one.version, "link": link.pk}
    said = client.post(decide_about(one, "undo"), undo, follow=True).content.decode()
    assert "Perhaps the same person" in said
    assert list(PersonLink.objects.order_by("pk").values_list("verdict", flat=True)) == [
        link.verdict,
        Verdict.UNDONE,
    ]


def test_two_who_are_not_the_same_are_never_joined_by_way_of_a_third(monday: datetime) -> None:
    one, two, three = (
        factories.received(now=monday, email=f"{number}@example.org", phone="").person
        for number in range(3)
    )
    triage.keep_apart(one, other=two, by=reception(), now=monday)
    joined(two, three, monday)
    with pytest.raises(TriageRefused, match="these are two people"):
        joined(three, one, monday)
    with pytest.raises(TriageRefused, match="one person already"):
        triage.keep_apart(three, other=two, by=reception(), now=monday)
    assert candidates(one) == []


def test_the_same_is_not_said_twice(monday: datetime) -> None:
    one = factories.received(now=monday).person
    other = factories.received(now=monday, **ANOTHER_CONTACT).person
    link = triage.keep_apart(one, other=other, by=reception(), now=monday)
    with pytest.raises(TriageRefused, match="said so already"):
        triage.keep_apart(other, other=one, by=reception(), now=monday)
    with pytest.raises(TriageRefused, match="these are two people"):
        joined(other, one, monday)
    triage.undo_verdict(link, by=reception(), now=monday)
    with pytest.raises(TriageRefused, match="undone already"):
        triage.undo_verdict(link, by=reception(), now=monday)
    joined(other, one, monday)
    with pytest.raises(TriageRefused, match="one person already"):
        joined(one, other, monday)


MANY = 5
STEPS = st.lists(
    st.tuples(
        st.sampled_from(["join", "keep_apart", "undo"]),
        st.integers(0, MANY - 1),
        st.integers(0, MANY - 1),
    ),
    max_size=14,
)


def shown() -> dict[int, int]:
    return {each.pk: each.shown_as for each in Person.objects.all()}


def groups(people: list[Person], same: set[frozenset[int]]) -> dict[int, int]:
    """Who is shown as whom, worked out from what was said alone."""
    heads = {each.pk: each.pk for each in people}
    for _ in people:
        for pair in same:
            lowest = min(heads[pk] for pk in pair)
            heads |= dict.fromkeys(pair, lowest)
    return heads


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(steps=STEPS)
def test_joining_and_undoing_in_any_order_gives_back_what_was_before(
    steps: list[tuple[str, int, int]], monday: datetime
) -> None:
    requests = [
        factories.received(now=monday, email=f"{number}@example.org", phone="", name=f"N {number}")
        for number in range(MANY)
    ]
    people = [request.person for request in requests]
    first = {each.pk: each.pk for each in people}
    said: dict[frozenset[int], PersonLink] = {}
    for verb, one, other in steps:
        pair = frozenset({people[one].pk, people[other].pk})
        try:
            if verb == "undo":
                if pair in said:
                    triage.undo_verdict(said.pop(pair), by=reception(), now=monday)
            elif one != other:
                act = getattr(triage, verb)
                said[pair] = act(people[one], other=people[other], by=reception(), now=monday)
        except TriageRefused:
            pass
        same = {pair for pair, link in said.items() if link.verdict == Verdict.SAME}
        now_shown = {pk: head for pk, head in shown().items() if pk in first}
        assert now_shown == groups(people, same)
    for link in said.values():
        triage.undo_verdict(link, by=reception(), now=monday)
    assert {pk: head for pk, head in shown().items() if pk in first} == first
    for request, person in zip(requests, people, strict=True):
        request.refresh_from_db()
        assert request.person == person


# --- The page -------------------------------------------------------------------------------------


def test_the_page_says_what_is_to_come_and_what_was(sign_in: SignIn, monday: datetime) -> None:
    seen = booked(monday)
    triage.record_attendance(
        seen,
        version=seen.version,
        came=True,
        by=reception(),
        now=monday + timedelta(days=7, minutes=30),
    )
    factories.request_at(RequestStatus.WITHDRAWN, now=monday)
    flagged = factories.received(flagged=True, now=monday)
    factories.clear(flagged, FlagOutcome.PROCEED, now=monday)
    content = sign_in("Reception").get(page_of_person(seen.person)).content.decode()
    to_come, before = content.split('id="to-come"')[1].split('id="before"')
    assert flagged.reference in to_come
    assert "No time yet" in to_come
    assert ("✓ Attended" in before, "Withdrawn" in before) == (True, True)
    assert "Do you take a blood thinner?" in content
    assert "Proceed" in content
    assert "born 31 January 1970 (56)" in content


def test_opening_the_page_is_in_the_journal_of_every_request(
    sign_in: SignIn, monday: datetime
) -> None:
    one, other = (factories.received(now=monday) for _ in range(2))
    factories.received(now=monday, **ELSE)
    sign_in("Reception").get(page_of_person(one.person))
    read = AppointmentRequest.objects.filter(events__kind=Event.READ, events__by="reception")
    assert set(read) == {one, other}
    assert chain_is_whole(one)
    assert chain_is_whole(other)


def test_whoever_is_named_beside_a_person_was_looked_at(sign_in: SignIn, monday: datetime) -> None:
    one = factories.received(now=monday)
    other = factories.received(now=monday, **ANOTHER_CONTACT)
    client = sign_in("Reception")
    client.get(page_of_person(one.person))
    client.get(PEOPLE)
    looks = Look.objects.order_by("pk").values_list("screen", "requests")
    assert list(looks) == [("beside a person", [other.pk]), ("people", [one.pk, other.pk])]


def test_a_page_takes_few_questions_to_the_database(
    sign_in: SignIn, monday: datetime, django_assert_max_num_queries: Any
) -> None:
    for _ in range(3):
        factories.request_at(RequestStatus.WITHDRAWN, now=monday)
    first = factories.received(flagged=True, now=monday)
    other = factories.received(now=monday, **ANOTHER_CONTACT).person
    triage.write_note(first, text="A note.", pinned=True, by=reception(), now=monday)
    triage.keep_apart(first.person, other=other, by=reception(), now=monday)
    factories.received(now=monday, email="third@example.org", phone="")
    client = sign_in("Reception")
    # Seven more are every page's of the desk: who is asking, what they may, how much waits.
    with django_assert_max_num_queries(16 + 7):
        client.get(page_of_person(first.person))
    with django_assert_max_num_queries(15):
        client.get(PEOPLE)


def test_another_of_the_same_name_who_comes_today_is_a_warning(
    sign_in: SignIn, at: Any, monday: datetime
) -> None:
    coming = booked(monday)
    namesake = factories.received(date_of_birth=date(1991, 5, 2), now=monday).person
    client = sign_in("Reception")
    assert "Another Pat Sample" not in client.get(page_of_person(namesake)).content.decode()
    at(monday + timedelta(days=7, hours=-2))
    client.force_login(reception())
    content = " ".join(client.get(page_of_person(namesake)).content.decode().split())
    assert "Another Pat Sample</strong>, born 31 January 1970, comes today at 10:00" in content
    assert "Another Pat" not in client.get(page_of_person(coming.person)).content.decode()


def test_a_joined_person_is_shown_on_one_page_with_what_is_newest(
    sign_in: SignIn, monday: datetime
) -> None:
    one = factories.received(now=monday)
    later = monday + timedelta(days=1)
    other = factories.received(now=later, **ANOTHER_CONTACT | {"name": "Pat Newname"})
    joined(one.person, other.person, later)
    client = sign_in("Reception")
    assert client.get(page_of_person(other.person)).headers["Location"] == page_of_person(
        one.person
    )
    content = client.get(page_of_person(one.person)).content.decode()
    assert "<h1>Pat Newname</h1>" in content
    assert (one.reference in content, other.reference in content) == (True, True)
    assert people_found(client, "Sample") == people_found(client, "Newname") == {one.person_id}
    assert client.get(PEOPLE).content.decode().count("Pat Newname</a>") == 1


def test_the_history_is_one_press_away(sign_in: SignIn, monday: datetime) -> None:
    request = booked(monday)
    client = sign_in("Clinician")
    visit = request.appointments.get()
    day = {"day": f"{visit.starts:%Y-%m-%d}", "appointment": str(visit.pk)}
    for url in (
        f"/admin/bookings/appointmentrequest/{request.pk}/change/",
        f"/admin/bookings/appointmentrequest/{request.pk}/decide/call/",
    ):
        assert page_of_person(request.person) in client.get(url).content.decode()
    diary = client.get("/admin/bookings/appointmentrequest/diary/day/", day).content.decode()
    assert page_of_person(request.person) in diary


def test_a_request_says_that_we_may_know_the_person_twice(
    sign_in: SignIn, monday: datetime
) -> None:
    request = factories.received(now=monday)
    url = f"/admin/bookings/appointmentrequest/{request.pk}/change/"
    client = sign_in("Reception")
    assert "know this person twice" not in client.get(url).content.decode()
    factories.received(now=monday, **ANOTHER_CONTACT)
    assert "know this person twice" in client.get(url).content.decode()


@pytest.mark.parametrize(
    ("group", "status"),
    [("Reception", 200), ("Clinician", 200), ("Manager", 200), ("Editor", 403), ("Publisher", 403)],
)
def test_whoever_may_read_requests_sees_people(
    group: str, status: int, sign_in: SignIn, monday: datetime
) -> None:
    person = factories.received(now=monday).person
    client = sign_in(group)
    assert client.get(PEOPLE).status_code == status
    for pk in (person.pk, person.pk + 1000):
        answer = client.get(f"{PEOPLE}{pk}/change/").status_code
        assert answer == (403 if status == 403 else status if pk == person.pk else 404)
    for slug in ("note", "unpin", "same", "not-same", "undo", "contact"):
        assert client.get(decide_about(person, slug)).status_code == status


def test_several_found_are_a_list_and_one_is_opened(sign_in: SignIn, monday: datetime) -> None:
    visit = booked(monday)
    other = factories.received(now=monday, **ANOTHER_CONTACT | {"name": "Zed Sample"})
    client = sign_in("Reception")
    answer = client.post("/admin/bookings/person/search/", {"term": "sample"})
    content = " ".join(answer.content.decode().split())
    assert "People found: 2" in content
    assert f"{visit.appointments.get().starts:%a} 30 Nov 2026, 10:00" in content
    one = client.post("/admin/bookings/person/search/", {"term": "zed sample"})
    assert one.headers["Location"] == page_of_person(other.person)


def test_what_we_know_now_is_found_too(sign_in: SignIn, monday: datetime) -> None:
    request = factories.request_at(RequestStatus.WITHDRAWN, now=monday)
    client = sign_in("Reception")
    posted = {"version": 1, "email": "pat@example.org", "phone": "01632 960123"}
    posted["version"] = Person.objects.get().version
    client.post(decide_about(request.person, "contact"), posted)
    assert people_found(client, "01632 960123") == {request.person_id}


# --- Changed once ---------------------------------------------------------------------------------


def test_a_change_reaches_the_person_and_every_open_request(
    sign_in: SignIn, monday: datetime
) -> None:
    first, second = (factories.received(now=monday) for _ in range(2))
    over = factories.request_at(RequestStatus.WITHDRAWN, now=monday)
    person = Person.objects.get()
    posted = {
        "version": person.version,
        "email": "new@example.org",
        "phone": "020 7946 0958",
        "access_needs": ["interpreter"],
        "access_detail": "Polish",
    }
    client = sign_in("Reception")
    said = client.post(decide_about(person, "contact"), posted, follow=True).content.decode()
    assert "Changed, here and on 2 open requests." in said
    person.refresh_from_db()
    assert (person.email, person.needs()) == ("new@example.org", ["An interpreter", "Polish"])
    for request, email in ((first, "new@example.org"), (second, "new@example.org")):
        request.refresh_from_db()
        assert (request.email, request.access_detail, request.link_version) == (email, "Polish", 2)
        assert request.messages.filter(kind=MessageKind.CONTACT).exists()
    over.refresh_from_db()
    assert (over.email, over.access_detail) == ("pat@example.org", "")


def test_nothing_new_about_a_person_or_a_request_is_not_said_to_be_changed(
    sign_in: SignIn, monday: datetime
) -> None:
    request = factories.received(phone="020 7946 0958", now=monday)
    person, client = request.person, sign_in("Reception")
    of_request = {"text_messages", "voicemail", "detail_in_messages"}
    choices = {each: "on" for each in of_request if getattr(request, each)}
    pages: tuple[tuple[str, Person | AppointmentRequest, dict[str, str]], ...] = (
        (decide_about(person, "contact"), person, {}),
        (decide_at(request, "contact"), request, choices),
    )
    for url, record, more in pages:
        before = record.version
        has = {"version": before, "email": record.email, "phone": str(record.phone), **more}
        refused = client.post(url, has).content.decode()
        assert "This is what we have already." in refused
        record.refresh_from_db()
        assert record.version == before
    assert not request.messages.filter(kind=MessageKind.CONTACT).exists()


NEW_LINK = "We will email a new private link, and the old link has stopped working."
NEW_CODE = "The old link has stopped working. Make a new code now, and read it out to the patient."


@pytest.mark.parametrize(
    ("changes", "more"),
    [({"phone": ""}, ""), ({"email": "new@example.org"}, NEW_LINK), ({"email": ""}, NEW_CODE)],
)
def test_a_change_of_the_contact_details_says_what_happens_and_nothing_else(
    changes: dict[str, str], more: str, sign_in: SignIn, monday: datetime
) -> None:
    request = factories.received(phone="020 7946 0958", now=monday)
    has = {"version": request.version, "email": request.email, "phone": str(request.phone)}
    url = decide_at(request, "contact")
    page = sign_in("Reception").post(url, has | changes, follow=True).content.decode()
    said = f"Contact details changed. {more}".strip()
    assert re.findall(r'<li class="success">(.*?)</li>', page) == [said]


def test_what_was_not_changed_is_left_as_it_is_on_each_request(monday: datetime) -> None:
    first = factories.received(now=monday)
    second = factories.received(email="carer@example.org", now=monday)
    person = Person.objects.get()
    triage.change_person(
        person,
        version=person.version,
        email="carer@example.org",
        phone="+447700900142",
        access_needs=[],
        access_detail="",
        language="",
        by=reception(),
        now=monday,
    )
    for request, email in ((first, "pat@example.org"), (second, "carer@example.org")):
        request.refresh_from_db()
        assert (request.email, str(request.phone)) == (email, "+447700900142")


def test_what_was_only_looked_through_changes_no_request(monday: datetime) -> None:
    request = factories.received(now=monday)
    person, later = request.person, monday + timedelta(hours=1)
    changed = triage.change_person(
        person,
        version=person.version,
        email=person.email,
        phone=str(person.phone),
        access_needs=person.access_needs,
        access_detail=person.access_detail,
        language=person.language,
        by=reception(),
        now=later,
    )
    version, messages = request.version, request.messages.count()
    request.refresh_from_db()
    assert (changed, request.version, request.messages.count()) == ([], version, messages)
    person.refresh_from_db()
    assert (person.known_at, person.known_by) == (later, "reception")


def test_an_old_screen_changes_nothing(sign_in: SignIn, monday: datetime) -> None:
    request = factories.received(now=monday)
    posted = {"version": 99, "email": "new@example.org", "phone": ""}
    client = sign_in("Reception")
    content = client.post(decide_about(request.person, "contact"), posted).content.decode()
    assert "Open the person again" in content
    request.refresh_from_db()
    assert request.email == "pat@example.org"


def test_there_is_a_way_to_reach_them_afterwards(sign_in: SignIn, monday: datetime) -> None:
    person = factories.received(now=monday).person
    posted = {"version": person.version, "email": "", "phone": ""}
    content = sign_in("Reception").post(decide_about(person, "contact"), posted).content.decode()
    assert "Enter an email address or a phone number" in content


def test_a_change_by_the_patient_is_what_we_know(monday: datetime) -> None:
    request = factories.received(now=monday)
    triage.change_contact(
        request, version=1, email="new@example.org", phone="", by="the patient", now=monday
    )
    person = Person.objects.get()
    assert (person.email, person.phone) == ("new@example.org", "")
