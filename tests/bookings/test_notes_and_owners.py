"""Notes for colleagues, and who sees to a request."""

import re
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import DatabaseError, transaction
from django.test import Client

from bookings import triage
from bookings.models import AppointmentRequest, Note
from bookings.status import MessageKind, MessageStatus, TriageRefused
from bookings.status.events import Event
from tests import factories
from tests.people import (
    LIST,
    PEOPLE,
    booked,
    decide_about,
    decide_at,
    page_of,
    page_of_person,
)

pytestmark = pytest.mark.django_db
SignIn = Callable[[Any], Client]


def reception() -> User:
    return factories.staff("Reception")


def pinned(request: AppointmentRequest, now: datetime, text: str = "Her son phones.") -> Note:
    return triage.write_note(request, text=text, pinned=True, by=reception(), now=now)


# --- Notes ----------------------------------------------------------------------------------------


def test_a_note_is_on_the_request_and_on_the_person(sign_in: SignIn, monday: datetime) -> None:
    request, other = (factories.received(now=monday) for _ in range(2))
    client = sign_in("Reception")
    posted = {"version": 1, "text": "Her son phones."}
    answer = client.post(decide_at(request, "note"), posted)
    assert answer.headers["Location"] == page_of(request)
    note = Note.objects.get()
    assert (note.person, note.request, note.is_pinned) == (request.person, request, False)
    assert (note.written_by, note.written_at) == (reception(), monday)
    for page in (page_of(request), page_of(other), page_of_person(request.person)):
        assert "Her son phones." in client.get(page).content.decode()
    assert request.events.filter(kind=Event.NOTE_WRITTEN, by="reception").count() == 1
    assert not other.events.filter(kind=Event.NOTE_WRITTEN).exists()


def test_a_note_makes_no_screen_stale(monday: datetime) -> None:
    request = factories.received(now=monday)
    note = pinned(request, monday)
    triage.unpin_note(note, by=reception(), now=monday)
    triage.start_review(request, version=1, by=reception(), now=monday)


def test_a_note_about_a_person_belongs_to_no_request(sign_in: SignIn, monday: datetime) -> None:
    request = factories.received(now=monday)
    posted = {"version": 1, "text": "Likes a high chair."}
    answer = sign_in("Reception").post(decide_about(request.person, "note"), posted)
    assert answer.headers["Location"] == page_of_person(request.person)
    assert Note.objects.get().request is None


def test_a_pinned_note_is_on_top_and_in_every_list(sign_in: SignIn, monday: datetime) -> None:
    request = booked(monday)
    client = sign_in("Reception")
    day = {"day": f"{request.appointments.get().starts:%Y-%m-%d}"}
    lists: tuple[tuple[str, dict[str, str]], ...] = (
        (PEOPLE, {}),
        (LIST, {"show": "all"}),
        (f"{LIST}diary/day/", day),
        (page_of(request), {}),
        (decide_at(request, "call"), {}),
        (page_of_person(request.person), {}),
    )
    assert ["◆" in client.get(url, data).content.decode() for url, data in lists] == [False] * 6
    note = pinned(request, monday)
    assert ["◆" in client.get(url, data).content.decode() for url, data in lists] == [True] * 6
    unpin = {"version": 1, "note": note.pk, "pressed_on": request.pk}
    answer = client.post(decide_about(request.person, "unpin"), unpin)
    assert answer.headers["Location"] == page_of(request)
    assert ["◆" in client.get(url, data).content.decode() for url, data in lists] == [False] * 6
    assert "Her son phones." in client.get(page_of(request)).content.decode()
    assert request.events.filter(kind=Event.NOTE_UNPINNED).count() == 1


def test_a_pinned_note_is_where_they_are_received_phoned_and_treated(
    sign_in: SignIn, monday: datetime, at: Callable[[datetime], None]
) -> None:
    today = booked(monday)
    later = factories.received(email="other@example.org", phone="", now=monday)
    triage.join(today.person, other=later.person, by=reception(), now=monday)
    pinned(later, monday, "Likes a high chair.")
    later.messages.filter(kind=MessageKind.RECEIVED).update(status=MessageStatus.FAILED)
    appointment = today.appointments.select_related("clinician__login").get()
    at(appointment.starts - timedelta(hours=1))
    day = {"day": f"{appointment.starts:%Y-%m-%d}"}
    front = sign_in("Reception")
    home = front.get("/admin/").content.decode()
    comer = home.partition('class="comer')[2].partition("</li>")[0]
    call = home.partition('class="task__people"')[2].partition("</ul>")[0]
    assert "◆ Likes a high chair." in comer
    assert "◆ Likes a high chair." in call
    for page in f"{LIST}to-phone/", f"{LIST}diary/list/":
        assert "◆ Likes a high chair." in front.get(page, day).content.decode(), page
    doctor = sign_in(appointment.clinician.login)
    assert "◆ Likes a high chair." in doctor.get("/admin/").content.decode()


def test_a_note_is_unpinned_once(monday: datetime) -> None:
    note = pinned(factories.received(now=monday), monday)
    triage.unpin_note(note, by=reception(), now=monday)
    assert set(Note.objects.pinned()) == {each for each in Note.objects.all() if each.is_pinned}
    with pytest.raises(TriageRefused, match="not pinned any more"):
        triage.unpin_note(note, by=reception(), now=monday)


def test_a_note_that_belongs_to_no_request_is_unpinned_in_no_journal(monday: datetime) -> None:
    request = factories.received(now=monday)
    note = triage.write_note(
        request.person, text="Her son phones.", pinned=True, by=reception(), now=monday
    )
    events = request.events.count()
    assert triage.unpin_note(note, by=reception(), now=monday).unpinned_at == monday
    assert (list(Note.objects.pinned()), request.events.count()) == ([], events)


def test_nobody_changes_a_note(monday: datetime) -> None:
    pinned(factories.received(now=monday), monday)
    for change in (
        lambda: Note.objects.update(text="Something else."),
        lambda: Note.objects.all().delete(),
    ):
        with pytest.raises(DatabaseError, match="append-only"), transaction.atomic():
            change()


def test_an_empty_note_is_given_back(sign_in: SignIn, monday: datetime) -> None:
    request = factories.received(now=monday)
    posted = {"version": 1, "text": "", "pinned": "on"}
    assert "Write the note." in (
        sign_in("Reception").post(decide_at(request, "note"), posted).content.decode()
    )
    assert not Note.objects.exists()


def test_notes_of_two_who_are_joined_are_together_until_they_are_parted(
    sign_in: SignIn, monday: datetime
) -> None:
    one = factories.received(now=monday)
    other = factories.received(email="other@example.org", phone="", now=monday)
    pinned(other, monday, "Said on the other.")
    client = sign_in("Reception")
    assert "Said on the other." not in client.get(page_of(one)).content.decode()
    link = triage.join(one.person, other=other.person, by=reception(), now=monday)
    assert "Said on the other." in client.get(page_of(one)).content.decode()
    assert client.get(LIST).content.decode().count("◆ Note") == 2
    triage.undo_verdict(link, by=reception(), now=monday)
    assert "Said on the other." not in client.get(page_of(one)).content.decode()
    assert client.get(LIST).content.decode().count("◆ Note") == 1


# --- Who sees to it -------------------------------------------------------------------------------


def shown(client: Client, whose: str) -> set[str]:
    content = client.get(LIST, {"whose": whose}).content.decode()
    return {
        each.reference for each in AppointmentRequest.objects.all() if each.reference in content
    }


def test_a_request_is_handed_to_a_colleague_to_any_clinician_or_to_nobody(
    sign_in: SignIn, monday: datetime
) -> None:
    request = factories.received(now=monday)
    client = sign_in("Reception")
    doctor = factories.staff("Clinician")
    url = decide_at(request, "hand-over")
    for to, owner, for_clinicians, words in (
        (str(doctor.pk), doctor, False, "Handed over to Clinician."),
        ("clinicians", None, True, "Handed over to the clinicians."),
        ("everybody", None, False, "Nobody in particular sees to it now."),
    ):
        answer = client.post(url, {"version": 1, "to": to}, follow=True)
        assert words in answer.content.decode()
        request.refresh_from_db()
        assert (request.owner, request.for_clinicians) == (owner, for_clinicians)
    told = request.events.filter(kind=Event.HANDED_OVER).order_by("number")
    assert [each.detail["to"] for each in told] == ["clinician", "the clinicians", "everybody"]
    assert "handed it over to Clinician" in client.get(page_of(request)).content.decode()
    # A patient who presses a button at that moment is not refused.
    assert request.version == 1


def test_mine_and_unassigned_are_filters_beside_the_status(
    sign_in: SignIn, monday: datetime
) -> None:
    mine, theirs, doctors, nobodys = (
        factories.received(now=monday + timedelta(minutes=number)) for number in range(4)
    )
    robin, doctor = reception(), factories.staff("Clinician")
    triage.hand_over(mine, to=robin, by=robin, now=monday)
    triage.hand_over(theirs, to=doctor, by=robin, now=monday)
    triage.hand_over(doctors, to=None, for_clinicians=True, by=robin, now=monday)
    client = sign_in(robin)
    assert shown(client, "mine") == {mine.reference}
    assert shown(client, "unassigned") == {nobodys.reference}
    assert len(shown(client, "")) == 4
    # What is for the clinicians is each clinician's.
    assert shown(sign_in(doctor), "mine") == {theirs.reference, doctors.reference}


def test_whoever_is_given_a_request_meets_it_on_today(sign_in: SignIn, monday: datetime) -> None:
    robin, doctor = reception(), factories.staff("Clinician")
    mine, theirs, doctors, flagged = (
        factories.received(now=monday, name=name, flagged=name == "Flagged")
        for name in ("Mine", "Theirs", "Doctors", "Flagged")
    )
    triage.hand_over(mine, to=robin, by=doctor, now=monday)
    triage.hand_over(theirs, to=doctor, by=robin, now=monday)
    for each in doctors, flagged:
        triage.hand_over(each, to=None, for_clinicians=True, by=robin, now=monday)
    front = sign_in(robin)
    tally = front.get("/admin/").content.decode().partition('class="tally"')[2]
    counted = re.findall(r'<strong>(\d+)</strong>\s*<a href="([^"]*)">handed over to you', tally)
    ((number, way),) = counted
    assert number == "1"
    listed = front.get(way.replace("&amp;", "&")).content.decode()
    assert (mine.reference in listed, theirs.reference in listed) == (True, False)
    triage.withdraw(mine, version=mine.version, now=monday)
    assert "handed over to you" not in front.get("/admin/").content.decode()
    given = sign_in(doctor).get("/admin/").content.decode().partition('id="given"')[2]
    names = re.findall(r">(Mine|Theirs|Doctors|Flagged)<", given.partition("</section>")[0])
    assert sorted(names) == ["Doctors", "Theirs"]


def test_mine_is_what_is_open_and_a_filter_keeps_it(sign_in: SignIn, monday: datetime) -> None:
    mine, over, nobodys = (factories.received(now=monday) for _ in range(3))
    robin = reception()
    for each in mine, over:
        triage.hand_over(each, to=robin, by=robin, now=monday)
    triage.withdraw(over, version=over.version, now=monday)
    client = sign_in(robin)
    assert shown(client, "mine") == {mine.reference}
    page = client.get(LIST, {"whose": "mine"}).content.decode()
    own = page.partition('aria-label="Who sees to it"')[2].partition("</nav>")[0]
    assert 'Mine <span class="count">1</span>' in " ".join(own.split())
    form = page.partition('<form method="get" class="look">')[2].partition("</form>")[0]
    kept = dict(re.findall(r'type="hidden" name="(\w+)" value="(\w+)"', form))
    assert kept == {"show": "open", "whose": "mine"}
    filtered = client.get(LIST, {**kept, "flag": "none"}).content.decode()
    found = {each.reference for each in (mine, over, nobodys) if each.reference in filtered}
    assert found == {mine.reference}
    assert "?show=open&amp;whose=mine" in filtered
    none = client.get(LIST, {"show": "booked", "whose": "mine"}).content.decode()
    assert "Nothing here has been handed over to you." in " ".join(none.split())
    everybody = client.get(LIST, {"show": "ended"}).content.decode()
    assert (over.reference in everybody, mine.reference in everybody) == (True, False)


def test_only_who_answers_requests_is_given_one(sign_in: SignIn, monday: datetime) -> None:
    request = factories.received(now=monday)
    editor = factories.staff("Editor")
    url = decide_at(request, "hand-over")
    client = sign_in("Reception")
    content = client.get(url).content.decode()
    assert f'value="{reception().pk}">Me, Reception' in content
    assert f'name="to" value="{editor.pk}"' not in content
    assert "expired" in client.post(url, {"version": 1, "to": editor.pk}).content.decode()
    assert sign_in(editor).post(url, {"version": 1, "to": "clinicians"}).status_code == 403
