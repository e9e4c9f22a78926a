"""A patient's name that is wrong is corrected wherever they are known by it."""

import threading
from collections.abc import Callable
from datetime import datetime, timedelta
from functools import partial
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from bookings import journal, messages, triage, webhooks
from bookings.messages.paper import on_paper
from bookings.models import AppointmentRequest, Delivery, Message, Note, Person
from bookings.records import empty_request
from bookings.status import MessageKind, Notice, Overtaken, RequestStatus, TriageRefused, WhyRenamed
from bookings.status.events import Event, told_patient
from bookings.triage import naming
from procedures.ground.constraints import EMPTIED
from tests import factories, processes
from tests.people import LOST, booked, decide_at, identified, page_of, people_found
from tests.races import losses, race, winners

pytestmark = pytest.mark.django_db
SignIn = Callable[[Any], Client]
MISHEARD, RIGHT = "Bat Simple", "Pat Sample"
LONG_AFTER = timedelta(days=400)


def corrected(
    request: AppointmentRequest,
    now: datetime,
    *,
    name: str = RIGHT,
    because: WhyRenamed = WhyRenamed.NOTED_WRONGLY,
) -> list[AppointmentRequest]:
    by = factories.staff("Reception")
    return triage.correct_name(
        request, version=request.version, name=name, because=because, by=by, now=now
    )


def over(now: datetime, name: str) -> AppointmentRequest:
    """A request that has ended."""
    request = factories.received(name=name, now=now)
    by = factories.staff("Reception")
    return triage.decline(request, version=request.version, reason="No.", by=by, now=now)


def names(*requests: AppointmentRequest) -> list[str]:
    numbers = [each.pk for each in requests]
    rows = AppointmentRequest.objects.filter(pk__in=numbers).order_by("pk")
    return list(rows.values_list("name", flat=True))


def test_a_misheard_name_no_longer_shuts_the_patient_out(client: Client, monday: datetime) -> None:
    request = factories.received(name=MISHEARD, now=monday)
    client.post("/appointments/link/", LOST)
    assert Message.objects.filter(kind=MessageKind.LINK).count() == 0
    corrected(request, monday)
    client.post("/appointments/link/", LOST)
    assert Message.objects.get(kind=MessageKind.LINK).request == request


def test_whoever_asks_again_under_the_right_name_is_known(monday: datetime) -> None:
    request = factories.received(name=MISHEARD, now=monday)
    corrected(request, monday)
    again = factories.received(name=RIGHT, now=monday + timedelta(hours=1))
    assert again.person == request.person
    assert Person.objects.count() == 1


def test_a_name_that_was_never_theirs_is_corrected_on_all_of_their_requests(
    monday: datetime,
) -> None:
    first = over(monday, MISHEARD)
    second = factories.received(name="BAT simple", now=monday + LONG_AFTER)
    assert second.person == first.person
    changed = corrected(second, monday + LONG_AFTER)
    assert [each.pk for each in changed] == [second.pk, first.pk]
    assert names(first, second) == [RIGHT, RIGHT]


def test_what_ended_long_ago_keeps_the_name_that_the_patient_had_then(monday: datetime) -> None:
    first, later = over(monday, "Pat Before"), monday + LONG_AFTER
    open_now = factories.received(name="Pat Before", now=later)
    just_over = over(later, "Pat Before")
    corrected(open_now, later, because=WhyRenamed.CHANGED)
    assert names(first, open_now, just_over) == ["Pat Before", RIGHT, RIGHT]
    open_now.person.refresh_from_db()
    assert open_now.person.name == RIGHT


def test_nobody_else_with_that_name_is_renamed(monday: datetime) -> None:
    request = factories.received(name=MISHEARD, now=monday)
    namesake = factories.received(
        name=MISHEARD, email="bat@example.org", phone="+442079460111", now=monday
    )
    assert namesake.person != request.person
    corrected(request, monday)
    assert names(request, namesake) == [RIGHT, MISHEARD]


def test_every_row_of_somebody_who_was_joined_has_the_right_name(monday: datetime) -> None:
    """What each row says of how they are reached is no newer than before."""
    right = factories.received(name=RIGHT, now=monday)
    wrong = factories.received(
        name=MISHEARD, email="old@example.org", phone="", now=monday - timedelta(days=9)
    )
    by = factories.staff("Reception")
    triage.join(right.person, other=wrong.person, by=by, now=monday)
    wrong.refresh_from_db()
    corrected(wrong, monday + timedelta(hours=1))
    assert set(Person.objects.values_list("name", flat=True)) == {RIGHT}
    shown = Person.objects.shown().prefetch_related("joined").get()
    assert shown.newest.email == "pat@example.org"


def test_they_are_found_by_the_right_name_alone(sign_in: SignIn, monday: datetime) -> None:
    request = factories.received(name=MISHEARD, now=monday)
    corrected(request, monday)
    client = sign_in("Reception")
    assert people_found(client, "Simple") == set()
    assert people_found(client, "Sample") == {request.person_id}


def test_the_journal_says_why_and_contains_no_name(monday: datetime) -> None:
    first = over(monday, MISHEARD)
    second = factories.received(name=MISHEARD, now=monday + timedelta(hours=1))
    corrected(second, monday + timedelta(hours=2))
    for request in (first, second):
        event = request.events.get(kind=Event.NAME_CORRECTED)
        assert (event.by, event.detail) == ("reception", {"because": "noted_wrongly"})
        assert journal.chain_is_whole(request)


def test_a_note_keeps_what_the_name_was(monday: datetime) -> None:
    request = factories.received(name=MISHEARD, now=monday)
    corrected(request, monday)
    note = Note.objects.get()
    said = "Until now the name here was “Bat Simple”. It was misheard or mistyped."
    assert (note.text, note.request, note.pinned) == (said, request, False)


def test_letters_and_other_systems_have_the_right_name(monday: datetime) -> None:
    request = booked(monday)
    AppointmentRequest.objects.filter(pk=request.pk).update(name=MISHEARD)
    request.refresh_from_db()
    hook = webhooks.add(
        given_to="List", url="https://list.example", notices=Notice, by="manager", now=monday
    )
    corrected(request, monday)
    letter = messages.put_on_paper(request, MessageKind.REMINDER, by="reception", now=monday)
    assert on_paper(letter, monday).address[0] == RIGHT
    told = Delivery.objects.filter(webhook=hook).order_by("pk")
    assert [each.notice for each in told] == [Notice.CHANGED]


def test_the_patient_reads_that_it_was_corrected(client: Client, monday: datetime) -> None:
    request = booked(monday)
    corrected(request, monday, name="Pat Samples")
    said = "We corrected the name on your request."
    assert told_patient(Event.NAME_CORRECTED, "reception") == said
    assert said in client.get(identified(client, request)).content.decode()


def test_what_was_erased_gets_no_name_again(monday: datetime) -> None:
    request = over(monday, MISHEARD)
    empty_request(request, by=factories.staff("Manager"), now=monday)
    request.refresh_from_db()
    with pytest.raises(TriageRefused, match="was erased"):
        corrected(request, monday)
    assert names(request) == [EMPTIED]


def test_whoever_looked_at_the_person_before_is_told(monday: datetime) -> None:
    request = factories.received(name=MISHEARD, now=monday)
    version = request.person.version
    corrected(request, monday)
    by = factories.staff("Reception")
    with pytest.raises(TriageRefused, match="Open the person again"):
        triage.change_person(
            request.person,
            version=version,
            email="new@example.org",
            phone="",
            access_needs=[],
            access_detail="",
            language="",
            by=by,
            now=monday,
        )


def test_the_desk_corrects_it(sign_in: SignIn, at: Any, monday: datetime) -> None:
    request = booked(monday)
    messages.put_on_paper(request, MessageKind.REMINDER, by="reception", now=monday)
    at(monday + timedelta(hours=1))
    client = sign_in("Reception")
    address = decide_at(request, "name")
    assert address in client.get(page_of(request)).content.decode()
    posted = {"version": request.version, "name": RIGHT, "because": "noted_wrongly"}
    assert "This is the name that we have already." in client.post(address, posted).content.decode()
    unsaid = client.post(address, posted | {"name": "Pat Samples", "because": ""})
    assert "Choose why the name is corrected." in unsaid.content.decode()
    answer = client.post(address, posted | {"name": "Pat Samples"}, follow=True)
    page = answer.content.decode()
    assert "Name corrected on this request: Pat Samples." in page
    assert f"A letter with the old name is printed. Print it again: {request.reference}." in page
    assert "corrected the name: it was misheard or mistyped" in page


# --- Two at once ----------------------------------------------------------------------------


def correcting(request: AppointmentRequest) -> list[Callable[[], Any]]:
    """Two colleagues, each with the page of a request open and with a name of their own."""
    now = timezone.now()
    return [
        partial(
            triage.correct_name,
            AppointmentRequest.objects.get(pk=request.pk),
            version=request.version,
            name=name,
            because=WhyRenamed.NOTED_WRONGLY,
            by=factories.staff("Reception", name.split()[0].lower()),
            now=now,
        )
        for name in ("Pat Sample", "Mat Sample")
    ]


@pytest.mark.django_db(transaction=True)
def test_of_two_who_correct_it_one_is_told_of_the_other() -> None:
    request = factories.received(name=MISHEARD)
    outcomes = race(correcting(request))
    assert losses(outcomes) == {Overtaken}
    ((winner,),) = winners(outcomes)
    request.refresh_from_db()
    assert request.name == winner.name == request.person.name
    assert request.events.filter(kind=Event.NAME_CORRECTED).count() == 1


@pytest.mark.postgres
@pytest.mark.django_db(transaction=True)
def test_without_compare_and_set_both_correct_it(monkeypatch: pytest.MonkeyPatch) -> None:
    both_looked = threading.Barrier(2, timeout=processes.PATIENCE)

    def look_then_save(request: AppointmentRequest, *, version: int, **changes: Any) -> None:
        current = AppointmentRequest.objects.get(pk=request.pk)
        assert current.version == version
        both_looked.wait()
        AppointmentRequest.objects.filter(pk=request.pk).update(**changes)
        request.refresh_from_db()

    acts = correcting(factories.request_at(RequestStatus.IN_REVIEW))
    monkeypatch.setattr(naming, "keep", look_then_save)
    assert len(winners(race(acts))) == 2
