"""Who asks for a patient is corrected on the request that has it wrong."""

from collections.abc import Callable
from datetime import datetime
from functools import partial
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from bookings import journal, triage
from bookings.messages.paper import addressee
from bookings.models import AppointmentRequest, Note
from bookings.records import empty_request
from bookings.status import CarerRight, Overtaken, TriageRefused
from bookings.status.events import Event, told_patient
from tests import factories
from tests.people import booked, decide_at, identified, page_of, people_found
from tests.races import losses, race, winners

pytestmark = pytest.mark.django_db
SignIn = Callable[[Any], Client]
MISHEARD: dict[str, Any] = {"carer_name": "Robin Simple", "carer_right": CarerRight.AGREED}
RIGHT: dict[str, Any] = {"carer_name": "Robin Specimen", "carer_right": CarerRight.PARENT}
SAID = "Until now “Robin Simple” asked for the patient: someone the patient has asked to."
NOBODY: dict[str, Any] = {"carer_name": "", "carer_right": ""}


def corrected(request: AppointmentRequest, now: datetime, values: dict[str, Any]) -> None:
    by = factories.staff("Reception")
    triage.correct_carer(request, version=request.version, by=by, now=now, **values)
    request.refresh_from_db()


def who_asks(request: AppointmentRequest) -> dict[str, str]:
    return {"carer_name": request.carer_name, "carer_right": request.carer_right}


@pytest.mark.parametrize(
    ("before", "after", "noted"),
    [
        (MISHEARD, RIGHT, SAID),
        (MISHEARD, MISHEARD | {"carer_right": CarerRight.PARENT}, SAID),
        (MISHEARD, NOBODY, SAID),
        (NOBODY, RIGHT, "Until now the patient asked for themselves."),
    ],
    ids=["a wrong name", "a wrong right", "nobody any more", "somebody from now on"],
)
def test_it_is_corrected_and_a_note_keeps_who_it_was(
    before: dict[str, Any], after: dict[str, Any], noted: str, monday: datetime
) -> None:
    request = factories.received(now=monday, **before)
    other = factories.received(now=monday, **before)
    assert other.person == request.person
    corrected(request, monday, after)
    other.refresh_from_db()
    assert (who_asks(request), who_asks(other)) == (after, before)
    note = Note.objects.get()
    assert (note.text, note.request, note.pinned) == (noted, request, False)


def test_the_journal_contains_no_name(monday: datetime) -> None:
    request = factories.received(now=monday, **MISHEARD)
    corrected(request, monday, RIGHT)
    event = request.events.get(kind=Event.CARER_CORRECTED)
    assert (event.by, event.detail) == ("reception", {})
    assert journal.chain_is_whole(request)


def test_they_are_found_by_who_asks_now(sign_in: SignIn, monday: datetime) -> None:
    request = factories.received(now=monday, **MISHEARD)
    client = sign_in("Reception")
    assert people_found(client, "Robin Simple") == {request.person_id}
    corrected(request, monday, RIGHT)
    assert people_found(client, "Robin Simple") == set()
    assert people_found(client, "Robin Specimen") == {request.person_id}


def test_a_letter_about_a_child_goes_to_the_parent(monday: datetime) -> None:
    request = factories.received(now=monday)
    assert addressee(request) == "Pat Sample"
    corrected(request, monday, RIGHT)
    assert addressee(request) == "The parent or guardian of Pat Sample"


def test_the_private_page_says_so(client: Client, monday: datetime) -> None:
    request = booked(monday)
    corrected(request, monday, RIGHT)
    said = "We corrected who is asking for the appointment."
    assert told_patient(Event.CARER_CORRECTED, "reception") == said
    assert said in client.get(identified(client, request)).content.decode()


def test_of_two_colleagues_the_second_is_told(monday: datetime) -> None:
    request = factories.received(now=monday, **MISHEARD)
    seen = AppointmentRequest.objects.get(pk=request.pk)
    corrected(request, monday, RIGHT)
    with pytest.raises(Overtaken):
        corrected(seen, monday, NOBODY)
    request.refresh_from_db()
    assert who_asks(request) == RIGHT


@pytest.mark.django_db(transaction=True)
def test_of_two_at_the_same_moment_one_is_told_of_the_other() -> None:
    request, now = factories.received(**MISHEARD), timezone.now()
    acts = [
        partial(
            triage.correct_carer,
            AppointmentRequest.objects.get(pk=request.pk),
            version=request.version,
            by=factories.staff("Reception", name),
            now=now,
            **values,
        )
        for name, values in (("ada", RIGHT), ("ben", NOBODY))
    ]
    outcomes = race(acts)
    assert losses(outcomes) == {Overtaken}
    assert len(winners(outcomes)) == 1
    request.refresh_from_db()
    assert who_asks(request) in (RIGHT, NOBODY)
    assert request.events.filter(kind=Event.CARER_CORRECTED).count() == Note.objects.count() == 1


def test_what_was_erased_gets_no_name_again(monday: datetime) -> None:
    request = factories.received(now=monday, **MISHEARD)
    by = factories.staff("Manager")
    triage.decline(request, version=request.version, reason="No.", by=by, now=monday)
    empty_request(request, by=by, now=monday)
    request.refresh_from_db()
    erased = who_asks(request)
    with pytest.raises(TriageRefused, match="was erased"):
        corrected(request, monday, RIGHT)
    request.refresh_from_db()
    assert who_asks(request) == erased


def test_the_desk_corrects_it(sign_in: SignIn, at: Any, monday: datetime) -> None:
    request = factories.received(now=monday, **MISHEARD)
    at(monday)
    client, address = sign_in("Reception"), decide_at(request, "who-asks")
    assert address in client.get(page_of(request)).content.decode()
    posted = {"version": request.version, **MISHEARD}
    assert "This is what we have already." in client.post(address, posted).content.decode()
    nameless = client.post(address, posted | {"carer_name": ""}).content.decode()
    assert "Enter the name of the person who is asking." in nameless
    without_right = client.post(address, posted | {"carer_right": ""}).content.decode()
    assert "Choose why someone else is asking for the patient." in without_right
    page = client.post(address, posted | RIGHT, follow=True).content.decode()
    assert "Corrected: Robin Specimen asks for the patient." in page
    assert "corrected who asks for them" in page
    request.refresh_from_db()
    assert who_asks(request) == RIGHT
    posted = {"version": request.version, **NOBODY}
    page = client.post(address, posted, follow=True).content.decode()
    assert "Corrected: the patient asks for themselves." in page
