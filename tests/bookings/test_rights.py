"""What people ask about their data: noted, answered in time, and kept safe until then."""

import threading
from collections.abc import Callable
from datetime import date, datetime, timedelta
from functools import partial
from typing import Any

import pytest
from django.db import IntegrityError, transaction
from django.test import Client
from django.utils import timezone
from hypothesis import given
from hypothesis import strategies as st

from bookings import records, triage
from bookings.models import AppointmentRequest, Look, Person, RightsRequest
from bookings.records import retention, rights
from bookings.status import RightAsked, RightsStatus, TriageRefused
from bookings.status.rights import OWNERS, SAYS, TRANSITIONS, WAITING
from tests import factories, processes
from tests.people import PEOPLE, decide_about, page_of_person
from tests.races import losses, race, winners

pytestmark = pytest.mark.django_db
SignIn = Callable[[Any], Client]
PAGE = f"{PEOPLE}rights/"
A_DAY, YEAR = timedelta(days=1), timedelta(days=366)


def asked(
    person: Person, now: datetime, right: RightAsked = RightAsked.COPY, detail: str = ""
) -> RightsRequest:
    by, today = factories.staff("Reception"), timezone.localdate(now)
    return records.note_asked(person, right=right, day=today, detail=detail, by=by, now=now)


def answered(
    of: RightsRequest, now: datetime, outcome: RightsStatus = RightsStatus.DONE
) -> RightsRequest:
    by = factories.staff("Manager")
    return records.answer(of, outcome=outcome, said="Posted.", by=by, now=now)


def person_at(now: datetime) -> Person:
    return factories.received(now=now).person


def person_called(name: str, now: datetime) -> Person:
    return factories.received(name=name, email="bo@example.org", phone="", now=now).person


def withdrawn(now: datetime) -> AppointmentRequest:
    request = factories.received(now=now)
    return triage.withdraw(request, version=request.version, now=now)


# --- The time that the law gives ------------------------------------------------------------


@pytest.mark.parametrize(
    ("day", "months", "last"),
    [
        (date(2026, 9, 3), 1, date(2026, 10, 3)),
        (date(2027, 1, 31), 1, date(2027, 2, 28)),
        (date(2028, 1, 31), 1, date(2028, 2, 29)),
        (date(2026, 12, 15), 1, date(2027, 1, 15)),
        (date(2026, 11, 30), 3, date(2027, 2, 28)),
        (date(2026, 10, 1), 3, date(2027, 1, 1)),
    ],
)
def test_the_last_day_is_the_same_day_of_the_month(day: date, months: int, last: date) -> None:
    assert rights.last_day(day, months) == last


@given(st.dates(date(2000, 1, 1), date(2200, 1, 1)), st.integers(1, 36))
def test_the_last_day_is_never_in_a_later_month(day: date, months: int) -> None:
    last = rights.last_day(day, months)
    between = (last.year - day.year) * 12 + last.month - day.month
    assert between == months
    assert last.day == day.day or (last + A_DAY).day == 1


# --- The states -----------------------------------------------------------------------------


def test_the_table_of_rights_requests() -> None:
    assert set(TRANSITIONS) == set(OWNERS) == set(SAYS) == set(RightsStatus)
    assert set(WAITING) == {RightsStatus.OPEN, RightsStatus.EXTENDED}


def test_it_takes_longer_only_within_the_first_month(monday: datetime) -> None:
    one, two = (asked(person_at(monday), monday) for _ in range(2))
    by = factories.staff("Manager")
    last = monday + timedelta(days=30)
    assert one.due == timezone.localdate(last) == date(2026, 12, 23)
    records.extend(one, why_longer="Three folders.", by=by, now=last)
    assert (one.status, one.due, one.extended_by) == (
        RightsStatus.EXTENDED,
        date(2027, 2, 23),
        "manager",
    )
    with pytest.raises(TriageRefused, match="first month is over"):
        records.extend(two, why_longer="More.", by=by, now=last + A_DAY)
    with pytest.raises(TriageRefused, match="has just changed this"):
        records.extend(one, why_longer="Again.", by=by, now=last)
    answered(one, last, RightsStatus.REFUSED)
    with pytest.raises(TriageRefused, match="has just changed this"):
        answered(one, last)
    assert (one.status, one.answered_by) == (RightsStatus.REFUSED, "manager")


def test_the_database_wants_the_day_of_an_answer(monday: datetime) -> None:
    one = asked(person_at(monday), monday)
    with pytest.raises(IntegrityError), transaction.atomic():
        RightsRequest.objects.filter(pk=one.pk).update(status=RightsStatus.DONE)


def test_nothing_can_be_asked_tomorrow_or_of_what_was_erased(monday: datetime) -> None:
    person, by = person_called("Bo Other", monday), factories.staff("Reception")
    tomorrow = timezone.localdate(monday) + A_DAY
    with pytest.raises(TriageRefused, match="today or an earlier day"):
        records.note_asked(person, right=RightAsked.USE, day=tomorrow, detail="", by=by, now=monday)
    gone = withdrawn(monday - 2 * YEAR)
    assert gone.person != person
    retention.empty_what_is_due(monday)
    gone.person.refresh_from_db()
    with pytest.raises(TriageRefused, match="was erased"):
        asked(gone.person, monday)
    assert not RightsRequest.objects.exists()


# --- What is safe until there is an answer --------------------------------------------------


def test_nothing_about_them_goes_until_they_have_an_answer(monday: datetime) -> None:
    """Nor about another row of the same person."""
    waits, joined, other = (withdrawn(monday) for _ in range(3))
    assert waits.person == joined.person == other.person
    bystander = factories.received(name="Bo Other", email="bo@example.org", phone="", now=monday)
    triage.withdraw(bystander, version=bystander.version, now=monday)
    later = monday + YEAR
    one = asked(waits.person, later - A_DAY, RightAsked.CORRECTION)
    emptied = AppointmentRequest.objects.exclude(emptied_at=None)
    retention.empty_what_is_due(later)
    assert set(emptied) == {bystander}
    answered(one, later)
    retention.empty_what_is_due(later)
    assert emptied.all().count() == 4


def test_a_row_that_was_joined_is_safe_too(monday: datetime) -> None:
    one = withdrawn(monday)
    two = factories.received(name="Patricia Sample", email="p@example.org", phone="", now=monday)
    triage.withdraw(two, version=two.version, now=monday)
    by = factories.staff("Reception")
    triage.join(one.person, other=two.person, by=by, now=monday)
    later = monday + YEAR
    asked(one.person, later - A_DAY)
    retention.empty_what_is_due(later)
    assert not AppointmentRequest.objects.exclude(emptied_at=None).exists()


def test_nobody_is_erased_who_waits_for_a_copy(monday: datetime) -> None:
    person = withdrawn(monday).person
    one = asked(person, monday, RightAsked.ERASURE)
    assert records.why_not(person) == ""
    copy = asked(person, monday)
    assert "asked for a copy of what we hold" in records.why_not(person)
    answered(copy, monday)
    assert records.why_not(person) == ""
    assert one.is_waiting


# --- At the desk ----------------------------------------------------------------------------


def test_from_the_phone_call_to_the_answer(sign_in: SignIn, at: Any, monday: datetime) -> None:
    at(monday)
    person = person_at(monday)
    client = sign_in("Reception")
    note = decide_about(person, "rights")
    assert note in client.get(page_of_person(person)).content.decode()
    posted = {
        "version": person.version,
        "right": "copy",
        "day": "20/11/2026",
        "detail": "By phone.",
    }
    said = client.post(note, posted, follow=True).content.decode()
    assert "Noted. Answer by Sunday 20 December 2026: the managers see it on Today." in said
    assert "They ask:" in said
    # Reception notes it, and managers answer.
    assert decide_about(person, "rights-answer") not in said
    assert client.post(decide_about(person, "rights-answer"), posted).status_code == 403
    assert client.get(PAGE).status_code == 403
    assert "What people ask about their data" not in client.get("/admin/").content.decode()

    manager = sign_in("Manager")
    today = manager.get("/admin/").content.decode()
    assert "1 person waits for an answer" in " ".join(today.split())
    assert "Sunday 20 December 2026" in today
    page = manager.get(PAGE).content.decode()
    assert person.name in page
    assert "By phone." in page
    assert Look.objects.latest("pk").screen == "about their data"
    longer = {
        "version": person.version,
        "asked": RightsRequest.objects.get().pk,
        "why_longer": "Big.",
    }
    extended = manager.post(decide_about(person, "rights-extend"), longer, follow=True)
    assert "Answer by Saturday 20 February 2027" in extended.content.decode()
    done = longer | {"outcome": "done", "said": "Posted on Friday."}
    told = manager.post(decide_about(person, "rights-answer"), done, follow=True)
    assert "Answer noted." in told.content.decode()
    assert "Posted on Friday." in manager.get(PAGE).content.decode()
    assert "waits for an answer" not in manager.get("/admin/").content.decode()
    assert (
        decide_about(person, "rights-answer")
        not in manager.get(page_of_person(person)).content.decode()
    )


@pytest.mark.parametrize(
    ("values", "sentence"),
    [
        ({"right": ""}, "Choose what they ask for."),
        ({"day": "24/11/2026"}, "Choose today or an earlier day."),
        ({"day": "soon"}, "Enter a date, for example"),
    ],
)
def test_what_is_missing_is_said(
    values: dict[str, str], sentence: str, sign_in: SignIn, at: Any, monday: datetime
) -> None:
    at(monday)
    person = person_at(monday)
    posted = {"version": person.version, "right": "copy", "day": "23/11/2026", **values}
    page = sign_in("Reception").post(decide_about(person, "rights"), posted).content.decode()
    assert sentence in page
    assert not RightsRequest.objects.exists()


def test_an_answer_says_what_was_done(sign_in: SignIn, monday: datetime) -> None:
    person = person_at(monday)
    one = asked(person, monday)
    client, address = sign_in("Manager"), decide_about(person, "rights-answer")
    posted = {"version": person.version, "asked": one.pk, "outcome": "", "said": " "}
    page = client.post(address, posted).content.decode()
    assert "Choose what we did." in page
    assert "Write what we told them, and how." in page
    elsewhere = asked(person_called("Bo Other", monday), monday)
    other = posted | {"asked": elsewhere.pk, "outcome": "done", "said": "Posted."}
    assert "Choose what they asked for." in client.post(address, other).content.decode()
    assert RightsRequest.objects.waiting().count() == 2


def test_what_is_late_is_said_first(sign_in: SignIn, at: Any, monday: datetime) -> None:
    late, later = person_at(monday), monday + timedelta(days=31)
    first = asked(late, monday)
    asked(person_called("Bo Other", later), later)
    at(later)
    client = sign_in("Manager")
    today = " ".join(client.get("/admin/").content.decode().split())
    assert "2 people wait for an answer. The last day was Wednesday 23 December 2026." in today
    page = client.get(PAGE).content.decode()
    assert page.index("Pat Sample") < page.index("Bo Other")
    assert page.count("▲ Late:") == 1
    assert "In the last 12 months: 0." in page
    answered(first, later)
    page = client.get(PAGE).content.decode()
    assert "In the last 12 months: 1, of which 1 after the last day." in page
    assert "after the last day (23 December 2026)" in page


# --- Two at once ----------------------------------------------------------------------------


def answering(now: datetime) -> list[Callable[[], Any]]:
    """Two managers, each with the page of the person open, and of two opinions."""
    one = asked(person_at(now), now)
    return [
        partial(
            records.answer,
            RightsRequest.objects.get(pk=one.pk),
            outcome=outcome,
            said=outcome.label,
            by=factories.staff("Manager", name),
            now=now,
        )
        for name, outcome in (("ada", RightsStatus.DONE), ("ben", RightsStatus.REFUSED))
    ]


@pytest.mark.django_db(transaction=True)
def test_of_two_who_answer_one_is_told_of_the_other() -> None:
    outcomes = race(answering(timezone.now()))
    assert losses(outcomes) == {TriageRefused}
    (winner,) = winners(outcomes)
    one = RightsRequest.objects.get()
    assert (one.status, one.reply) == (winner.status, winner.reply)


@pytest.mark.postgres
@pytest.mark.django_db(transaction=True)
def test_without_a_look_at_the_status_both_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    both_looked = threading.Barrier(2, timeout=processes.PATIENCE)

    def look_then_save(of: RightsRequest, to: RightsStatus, **changes: Any) -> RightsRequest:
        assert RightsRequest.objects.get(pk=of.pk).is_waiting
        both_looked.wait()
        RightsRequest.objects.filter(pk=of.pk).update(status=to, **changes)
        return of

    acts = answering(timezone.now())
    monkeypatch.setattr(rights, "_step", look_then_save)
    assert len(winners(race(acts))) == 2
