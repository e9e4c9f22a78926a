"""Reception reads no more of what a patient answered about their health than the clinic says."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.test import Client

from bookings import triage
from bookings.models import AppointmentRequest, VisitAnswer
from bookings.status import PATIENT, FlagOutcome, GotIt, RequestStatus, WhyOpened
from bookings.status.events import Event
from tests import factories
from tests.people import LIST, decide_at, page_of, page_of_person

pytestmark = pytest.mark.django_db
SignIn = Callable[[Any], Client]
CONCERN, DETAIL, REASON = (
    "My left knee is swollen",
    "A thinner called rivaroxaban",
    "Stop for a day",
)
HEALTH = (CONCERN, DETAIL, REASON)
DESK, LOOKS = "/admin/", "/admin/bookings/look/"
AFTERWARDS = "/admin/bookings/visitanswer/"
EIGHT_HOURS = timedelta(hours=8)


@pytest.fixture
def answered(monday: datetime) -> AppointmentRequest:
    """A request with a red flag about which a clinician wants the patient to be phoned."""
    made = factories.received(flagged=True, detail=DETAIL, now=monday, concern=CONCERN)
    triage.resolve_flag(
        made.flags.get(),
        version=made.version,
        outcome=FlagOutcome.CALL_PATIENT,
        reason=REASON,
        by=factories.staff("Clinician"),
        now=monday,
    )
    return made


def health_on(client: Client, address: str) -> list[str]:
    """Which words about the patient's health the page shows."""
    content = client.get(address, follow=True).content.decode()
    return [words for words in HEALTH if words in content]


def test_as_long_as_the_clinic_says_nothing_reception_reads_all(
    sign_in: SignIn, answered: AppointmentRequest
) -> None:
    reception = sign_in(factories.staff("Reception"))
    assert health_on(reception, page_of(answered)) == [*HEALTH]
    shown = reception.get(page_of(answered)).content.decode()
    assert "Read the answers" not in shown


@pytest.mark.parametrize("role", ["Reception", "Manager"])
def test_if_the_clinic_says_so_who_books_sees_level_and_outcome_alone(
    sign_in: SignIn, answered: AppointmentRequest, role: str
) -> None:
    factories.clinic(reception_reads_answers=False)
    client = sign_in(factories.staff(role))
    for address in (page_of(answered), page_of_person(answered.person), DESK, LIST):
        assert health_on(client, address) == []
    shown = client.get(page_of(answered)).content.decode()
    assert "Red flag" in shown
    assert "Call the patient first" in shown
    assert "What they wrote about their health is for clinicians." in shown


def test_a_clinician_reads_all_whatever_the_clinic_says(
    sign_in: SignIn, answered: AppointmentRequest
) -> None:
    factories.clinic(reception_reads_answers=False)
    assert health_on(sign_in(factories.clinician().login), page_of(answered)) == [*HEALTH]


def test_who_says_why_reads_this_request_for_eight_hours(
    sign_in: SignIn, answered: AppointmentRequest, monday: datetime, at: Any
) -> None:
    factories.clinic(reception_reads_answers=False)
    other = factories.received(now=monday, concern=CONCERN)
    reception = sign_in(factories.staff("Reception"))
    address = decide_at(answered, "open-answers")
    refused = reception.post(address, {"version": answered.version})
    assert "Choose why you need to read the answers." in refused.content.decode()
    assert health_on(reception, page_of(answered)) == []

    reception.post(address, {"version": answered.version, "why": WhyOpened.ASKED})
    assert health_on(reception, page_of(answered)) == [*HEALTH]
    assert health_on(reception, page_of(other)) == []
    assert health_on(sign_in(factories.staff("Reception", "second")), page_of(answered)) == []
    event = answered.events.get(kind=Event.ANSWERS_OPENED)
    assert (event.by, event.detail) == ("reception", {"why": "asked"})

    at(monday + EIGHT_HOURS)
    assert health_on(sign_in(factories.staff("Reception")), page_of(answered)) == []


def test_a_manager_sees_who_opened_them_and_why(
    sign_in: SignIn, answered: AppointmentRequest
) -> None:
    factories.clinic(reception_reads_answers=False)
    sign_in(factories.staff("Reception")).post(
        decide_at(answered, "open-answers"),
        {"version": answered.version, "why": WhyOpened.FOR_CLINICIAN},
    )
    shown = sign_in(factories.staff("Manager")).get(LOOKS).content.decode()
    assert "Opened the answers about health: “A clinician asked me to look”" in shown


def test_a_follow_up_waits_until_the_answers_may_be_read(sign_in: SignIn, monday: datetime) -> None:
    """Its page repeats what they answered before."""
    visited = factories.request_at(RequestStatus.CLOSED, now=monday)
    factories.clinic(reception_reads_answers=False)
    reception, follow_up = sign_in(factories.staff("Reception")), decide_at(visited, "follow-up")
    assert reception.get(follow_up).status_code == 302
    reception.post(
        decide_at(visited, "open-answers"), {"version": visited.version, "why": WhyOpened.BOOKING}
    )
    assert reception.get(follow_up).status_code == 200


def test_what_they_wrote_after_a_visit_is_hidden_with_it(sign_in: SignIn, monday: datetime) -> None:
    visited = factories.request_at(RequestStatus.CLOSED, now=monday)
    given = VisitAnswer.objects.create(
        request=visited, got_it=GotIt.NO, comment=CONCERN, given_at=monday, given_by=PATIENT
    )
    manager = sign_in(factories.staff("Manager"))
    pages = (AFTERWARDS, f"{AFTERWARDS}{given.pk}/change/", page_of(visited))
    assert [health_on(manager, each) for each in pages] == [[CONCERN]] * 3
    factories.clinic(reception_reads_answers=False)
    assert [health_on(manager, each) for each in pages] == [[], [], []]
    assert visited.reference in manager.get(AFTERWARDS).content.decode()


READ_TOO = "Reception reads this too, so leave out what is about health."
READ_BOTH = "Reception reads the question and the reply."


def test_a_manager_reads_what_stays_readable_where_they_decide(sign_in: SignIn) -> None:
    content = sign_in("Manager").get("/admin/procedures/clinicdetails/add/").content.decode()
    part = " ".join(content.partition("Who reads what</h2>")[2].partition("</section>")[0].split())
    assert "reception_reads_answers" in part
    assert "go on reading notes of colleagues and of calls, our questions with the replies" in part


@pytest.mark.parametrize(
    ("reads", "told"),
    [
        (True, {"request": 0, "person": 0, "note": 0, "call": 0, "ask": 0}),
        (False, {"request": 1, "person": 1, "note": 1, "call": 1, "ask": 1}),
    ],
)
def test_whoever_writes_for_colleagues_is_told_that_reception_reads_it(
    sign_in: SignIn, monday: datetime, reads: bool, told: dict[str, int]
) -> None:
    factories.clinic(reception_reads_answers=reads)
    found = factories.request_at(RequestStatus.IN_REVIEW, now=monday)
    client = sign_in(factories.staff("Clinician"))
    sentences = {"ask": READ_BOTH}
    addresses = {
        "request": page_of(found),
        "person": page_of_person(found.person),
        **{slug: decide_at(found, slug) for slug in ("note", "call", "ask")},
    }
    assert {
        name: client.get(address).content.decode().count(sentences.get(name, READ_TOO))
        for name, address in addresses.items()
    } == told


def test_a_note_box_names_the_word_beside_it(sign_in: SignIn, monday: datetime) -> None:
    factories.clinic(reception_reads_answers=False)
    page = sign_in("Clinician").get(page_of(factories.received(now=monday))).content.decode()
    assert f'<p class="hint" id="note-who-reads">{READ_TOO}</p>' in page
    assert 'maxlength="1000" aria-describedby="note-who-reads"></textarea>' in page
