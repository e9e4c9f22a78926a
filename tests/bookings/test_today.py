"""Today: one order of work for reception, and a clinician's own day."""

import re
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from bookings import triage
from bookings.desk.today import LINES, board, on_one_screen
from bookings.models import AppointmentRequest
from bookings.status import FlagOutcome, MessageKind, MessageStatus, RequestStatus
from tests import factories
from tests.people import LIST, decide_at, page_of

TO_PHONE = "/admin/bookings/appointmentrequest/to-phone/"
pytestmark = pytest.mark.django_db
SignIn = Callable[[Any], Client]
TAB = re.compile(r'">([A-Z][^<]+?)\s+<span class="count">(\d+)</span>')


def to_phone(now: datetime) -> AppointmentRequest:
    """A request whose email could not be delivered."""
    made = factories.received(now=now)
    made.messages.filter(kind=MessageKind.RECEIVED).update(status=MessageStatus.FAILED)
    return made


def titles(now: datetime) -> list[str]:
    return [task.title for task in board(now).tasks]


def booked(now: datetime, *, days: int = 0, hours: int = 0, **columns: Any) -> AppointmentRequest:
    """A request with an appointment that many days and hours after a moment."""
    made = factories.received(now=now, **columns)
    triage.book(
        made,
        version=made.version,
        appointment_type=factories.appointment_type(),
        clinician=factories.clinician(),
        starts=now + timedelta(days=days, hours=hours),
        by=factories.staff("Reception"),
        now=now,
    )
    return made


def test_with_nothing_to_do_it_says_so(sign_in: SignIn, monday: datetime) -> None:
    assert board(monday).tasks == []
    content = sign_in("Reception").get("/admin/").content.decode()
    assert "Nothing is waiting." in content
    assert "Nobody is coming today." in content


def test_what_is_hardest_to_mend_comes_first(monday: datetime) -> None:
    room = factories.room("Room 1")
    for days in (1, 5):
        made = booked(monday, days=days)
        made.appointments.update(room=room)
    factories.received(now=monday - timedelta(days=7))
    to_phone(monday)
    factories.received(urgent=True, now=monday)
    # On Thursday afternoon: we promised an answer by this afternoon.
    factories.received(now=monday - timedelta(days=4) + timedelta(hours=4))
    past = booked(monday - timedelta(days=3), hours=1)
    assert past.status == RequestStatus.BOOKED
    assert titles(monday) == [
        "1 patient to phone straight away",
        "1 appointment has no clinic session any more",
        "1 request past the time we promised",
        "1 patient to phone",
        "1 request to answer today",
        "Did 1 person attend on Friday 20 November?",
        "1 appointment has no clinic session any more",
    ]


def test_a_task_names_some_people_and_leads_to_the_others(
    sign_in: SignIn, monday: datetime
) -> None:
    late = [factories.received(now=monday - timedelta(days=7, minutes=n)) for n in range(5)]
    first, *_ = board(monday).tasks
    assert [each.record for each in first.people] == late[:1:-1]
    assert (first.way, first.address) == ("See all 5", f"{LIST}?show=late")
    client = sign_in("Reception")
    content = client.get("/admin/").content.decode()
    assert decide_at(late[-1], "offer") in content
    assert page_of(late[0]) not in content


def test_each_list_of_calls_is_as_long_as_its_link_says(sign_in: SignIn, monday: datetime) -> None:
    for _ in range(4):
        factories.received(urgent=True, now=monday)
    for _ in range(6):
        to_phone(monday)
    calls = [each for each in board(monday).tasks if "to phone" in each.title]
    page = sign_in("Reception").get(TO_PHONE).content.decode()
    shown = [(each.way, each.address) for each in calls]
    assert shown == [
        ("See all 4", f"{TO_PHONE}#straight-away"),
        ("See all 6", f"{TO_PHONE}#in-turn"),
    ]
    for name, number in (("straight-away", 4), ("in-turn", 6)):
        part = page.partition(f'id="{name}"')[2].partition("</section>")[0]
        assert part.count('<th scope="row">') == number


def test_the_first_tasks_keep_their_people_when_there_are_many(monday: datetime) -> None:
    late = [factories.received(now=monday - timedelta(days=7, minutes=n)) for n in range(5)]
    (task,) = board(monday).tasks
    only_here = task._replace(number=0, label="Rebook 1", people=task.people[:1])
    shown = on_one_screen([task, *[task] * (LINES - 3), only_here])
    assert [len(each.people) for each in shown] == [1, *[0] * (LINES - 3), 1]
    assert [each.way for each in shown] == [*[f"See all {len(late)}"] * (LINES - 2), "Rebook 1"]


def test_a_flag_to_decide_is_the_clinicians_and_not_receptions(
    sign_in: SignIn, monday: datetime
) -> None:
    flagged = factories.received(flagged=True, now=monday)
    shown = board(monday)
    assert (shown.tasks, shown.tally.with_clinicians, shown.tally.waiting) == ([], 1, 0)
    content = sign_in("Reception").get("/admin/").content.decode()
    assert re.search(r"1\s+with the clinicians", content)
    content = sign_in(factories.staff("Clinician")).get("/admin/").content.decode()
    assert f"{decide_at(flagged, 'resolve-flag')}?flag={flagged.flags.get().pk}" in content


def test_late_is_late_for_the_patient_and_every_number_says_the_same(
    sign_in: SignIn, monday: datetime
) -> None:
    ours = factories.received(now=monday - timedelta(days=6))
    theirs = factories.received(flagged=True, now=monday - timedelta(days=7))
    factories.received(flagged=True, now=monday - timedelta(days=4) + timedelta(hours=4))
    [late, today] = board(monday).tasks
    assert [late.title, today.title] == [
        "2 requests past the time we promised",
        "1 request to answer today",
    ]
    assert [each.record for each in late.people] == [ours, theirs]
    assert ["a clinician decides" in each.about for each in late.people] == [False, True]
    assert late.people[1].address == page_of(theirs)
    for group in ("Reception", "Clinician"):
        client = sign_in(group)
        tabs = client.get(f"{LIST}?show=clinicians").content.decode()
        numbers = {name: int(n) for name, n in TAB.findall(tabs)}
        assert (numbers["Late"], numbers["Due today"], numbers["With clinicians"]) == (2, 1, 2)
        assert numbers["Waiting for us"] == 1
        groups = re.findall(r'scope="rowgroup">(\w+)\s+<span class="quiet">(\d+)', tabs)
        assert groups == [("Late", "1"), ("Today", "1")]
        listed = client.get(f"{LIST}?show=late").content.decode()
        assert listed.index(theirs.reference) < listed.index(ours.reference)
        assert client.get(f"{LIST}?show=today").content.decode().count('class="list__due"') == 1
    tally = sign_in("Reception").get("/admin/").content.decode()
    assert re.search(r"<strong>2</strong>\s+<a [^>]+>late</a>", tally)
    assert re.search(r"<strong>1</strong>\s+<a [^>]+>to answer today</a>", tally)


@pytest.mark.parametrize(
    ("outcome", "is_receptions"),
    [
        (FlagOutcome.PROCEED, True),
        (FlagOutcome.PROCEED_WITH_NOTE, True),
        (FlagOutcome.CALL_PATIENT, True),
        (FlagOutcome.DELAY_UNTIL, True),
        (FlagOutcome.NOT_SUITABLE, True),
        (FlagOutcome.REDIRECT, True),
        (None, False),
    ],
)
def test_after_an_outcome_the_next_step_is_receptions(
    outcome: FlagOutcome | None, is_receptions: bool, monday: datetime
) -> None:
    flagged = factories.received(flagged=True, now=monday)
    if outcome:
        factories.clear(flagged, outcome, now=monday)
    requests = AppointmentRequest.objects
    assert requests.waiting_for_reception(monday).contains(flagged) == is_receptions
    assert requests.waiting_for_clinician(monday).contains(flagged) != is_receptions


def test_a_clinician_sees_their_own_patients(sign_in: SignIn, at: Any, monday: datetime) -> None:
    own = booked(monday, hours=1, name="Own Sample", concern="My thumb hurts.")
    namesake = booked(monday, hours=2, name="Own Sample")
    other = booked(monday, hours=3, name="Other Sample")
    other.appointments.update(clinician=factories.clinician("another"))
    content = sign_in(factories.clinician().login).get("/admin/").content.decode()
    for each in (own, namesake):
        assert page_of(each) in content
    assert "My thumb hurts." in content
    assert "Two people of this name today." in content
    assert page_of(other) not in content


def test_an_answer_comes_back_to_whoever_asked(sign_in: SignIn, monday: datetime) -> None:
    asker = factories.staff("Clinician")
    made = factories.received(flagged=True, now=monday)
    triage.ask(made, version=made.version, text="Which medicine?", by=asker, now=monday)
    triage.answer_question(made, version=made.version, text="Apixaban.", now=monday)
    content = sign_in(asker).get("/admin/").content.decode()
    assert ("Which medicine?" in content, "Apixaban." in content) == (True, True)
    colleague = factories.staff("Clinician", "colleague")
    assert "Apixaban." not in sign_in(colleague).get("/admin/").content.decode()


def test_a_long_day_shows_who_comes_next(at: Any, monday: datetime) -> None:
    made = [booked(monday, hours=n, name=f"Number {n}") for n in range(1, 13)]
    evening = monday + timedelta(hours=5, minutes=30)
    for each in made[:5]:
        triage.record_attendance(
            each, version=each.version, came=True, by=factories.staff("Reception"), now=evening
        )
    shown = board(evening)
    assert [each.request.name for each in shown.next_to_come] == [
        f"Number {n}" for n in (4, 5, 6, 7, 8, 9, 10, 11, 12)
    ]
    assert (shown.attended, shown.more_coming) == (5, 3)


@pytest.mark.parametrize("group", ["Reception", "Clinician", "Manager"])
def test_a_busy_day_needs_no_more_queries_than_a_quiet_one(
    group: str, sign_in: SignIn, monday: datetime
) -> None:
    client = sign_in(group)
    client.get("/admin/")

    def queries(people: range) -> int:
        for n in people:
            factories.received(now=monday - timedelta(days=7, minutes=n))
            factories.received(flagged=True, now=monday - timedelta(minutes=n))
            to_phone(monday)
            booked(monday, hours=n + 1)
        with CaptureQueriesContext(connection) as captured:
            client.get("/admin/")
        return len(captured)

    assert queries(range(1)) == queries(range(1, 9))
