"""How long what we hold is kept, what is emptied once its time is over, and legal holds."""

from collections.abc import Callable
from datetime import date, datetime, time, timedelta
from io import StringIO
from typing import Any

import pytest
from django.conf import settings as real_settings
from django.core.management import call_command
from django.db import DatabaseError, transaction
from django.test import Client
from django.utils import timezone

from bookings import checks, journal, links, records, triage
from bookings.desk.finding import likely_duplicates
from bookings.management.worker import go_round
from bookings.models import AppointmentRequest, Message, Note, Person, PersonEvent
from bookings.records import emptying, holds, retention
from bookings.status import Channel, MessageStatus, PersonAct, RequestStatus, TriageRefused
from bookings.status.events import Event
from procedures.ground.constraints import EMPTIED
from tests import factories
from tests.bookings.records_of import both, still_there, words
from tests.people import PEOPLE, decide_about, page_of_person

pytestmark = pytest.mark.django_db
SignIn = Callable[[Any], Client]
YEAR = timedelta(days=366)
WHY = {"version": 1, "reason": "A complaint."}


def withdrawn(who: str, now: datetime, **columns: Any) -> AppointmentRequest:
    """A request that came to nothing, of somebody with words of their own."""
    request = factories.received(
        name=f"{who}name",
        concern=f"{who}concern",
        email=f"{who}@example.org",
        phone="",
        flagged=True,
        now=now,
        **columns,
    )
    triage.write_note(
        request, text=f"{who}note", pinned=True, by=factories.staff("Reception"), now=now
    )
    return triage.withdraw(request, version=request.version, now=now)


def said(**options: Any) -> str:
    out = StringIO()
    call_command("retention", stdout=out, **options)
    return out.getvalue()


def test_what_came_to_nothing_is_emptied_when_its_time_is_over(monday: datetime) -> None:
    request = withdrawn("cy", monday)
    link = links.private_link(request).split("/")[-2]
    assert retention.empty_what_is_due(monday + YEAR - timedelta(days=2)) == 0
    assert still_there("cy") == {"cyname", "cyconcern", "cynote", "cy@example.org"}
    later = monday + YEAR
    assert retention.empty_what_is_due(later) >= 1
    assert still_there("cy") == set()
    request.refresh_from_db()
    assert (request.status, request.emptied_at) == (RequestStatus.WITHDRAWN, later)
    assert request.person.emptied_at == later
    assert PersonEvent.objects.get().act == PersonAct.EMPTIED
    assert request.events.filter(kind=Event.EMPTIED).count() == 1
    assert journal.chain_is_whole(request)
    assert links.follow(link, later) is None
    assert not Message.objects.filter(request=request, status=MessageStatus.QUEUED).exists()
    assert retention.empty_what_is_due(later) == 0
    with pytest.raises(TriageRefused, match="was erased"):
        triage.write_note(
            request, text="More.", pinned=False, by=factories.staff("Reception"), now=later
        )


def test_an_emptied_request_is_no_possible_duplicate_of_anything(monday: datetime) -> None:
    one, other, later = withdrawn("cy", monday), withdrawn("di", monday), monday + YEAR
    still_open = factories.received(name="Open Still", phone="", now=monday)
    assert retention.empty_what_is_due(later) == 2
    one.refresh_from_db()
    other.refresh_from_db()
    assert (one.emptied_at, one.date_of_birth) == (later, other.date_of_birth)
    assert [likely_duplicates(each) for each in (one, other, still_open)] == [[], [], []]


def test_d1_after_ten_years_care_is_only_proposed_and_the_rest_is_gone(
    monday: datetime, sign_in: SignIn
) -> None:
    ada, _ = both(monday)
    withdrawn("cy", monday)
    triage.submit(factories.submission(name="Open Still"), key="open", now=monday)
    later = monday + timedelta(days=3660)
    before = still_there("ada")
    retention.empty_what_is_due(later)
    assert still_there("cy") == set()
    # Where messages went is no care, nor is a complaint about data.
    assert not Message.objects.exclude(sent_to__in=["", EMPTIED]).exists()
    about_data = {"adaasked", "adareceipt", "adareply"}
    assert before == words("ada") | {"ada@example.org"}
    assert still_there("ada") == before - about_data
    assert Person.objects.get(name="Open Still").emptied_at is None
    assert ada.person in retention.proposed(later)
    assert list(retention.proposed(monday + YEAR)) == []


def test_care_of_a_child_is_kept_until_they_are_grown_up(monday: datetime) -> None:
    ada, ben = both(monday)
    born = (monday - timedelta(days=17 * 366)).date()
    Person.objects.filter(pk=ada.person_id).update(date_of_birth=born)
    nine_years = monday + timedelta(days=9 * 366)
    eight_and_a_half = monday + timedelta(days=3100)
    assert [each.pk for each in retention.proposed(nine_years + YEAR)] == [
        ada.person_id,
        ben.person_id,
    ]
    assert [each.pk for each in retention.proposed(eight_and_a_half)] == [ben.person_id]


@pytest.mark.parametrize(
    ("born", "day", "whose"),
    [
        # Seen on 24 November 2026 at 16, at 17, and on the 18th birthday.
        ("2009-11-25", "2034-11-25", ["ben", "ada and ben"]),
        ("2009-11-24", "2035-11-24", ["ben", "ada and ben"]),
        ("2008-11-25", "2034-11-25", ["ben", "ada and ben"]),
        ("2008-11-24", "2034-11-25", ["ada and ben", "ada and ben"]),
        ("2012-02-29", "2037-03-01", ["ben", "ada and ben"]),
    ],
)
def test_a_child_is_kept_until_the_birthday_itself(
    monday: datetime, born: str, day: str, whose: list[str]
) -> None:
    ada, ben = both(monday)
    assert timezone.localdate(ada.appointments.get().ends) == date(2026, 11, 24)
    # The newest row says when they were born, and the visit is on the other one.
    newest = factories.received(
        name="Ada Again", date_of_birth=date.fromisoformat(born), now=monday
    )
    triage.join(ada.person, other=newest.person, by=factories.staff("Reception"), now=monday)
    shown = {newest.person.shown_as: "ada", ada.person.shown_as: "ada", ben.person_id: "ben"}
    midnight = timezone.make_aware(datetime.fromisoformat(day))
    found = [retention.proposed(now) for now in (midnight - timedelta(minutes=1), midnight)]
    assert [" and ".join(shown[each.pk] for each in people) for people in found] == whose


def test_nobody_under_a_legal_hold_is_emptied_on_whichever_row_it_is(
    monday: datetime, sign_in: SignIn
) -> None:
    request = withdrawn("cy", monday)
    twin = withdrawn("dee", monday)
    reception, later = factories.staff("Reception"), monday + YEAR
    triage.join(request.person, other=twin.person, by=reception, now=monday)
    held = Person.objects.get(pk=twin.person_id)
    client = sign_in("Manager")
    client.post(decide_about(held, "hold"), WHY)
    assert records.is_held(request.person)
    assert retention.empty_what_is_due(later) == 0
    # The twin: without the hold they are due.
    assert emptying.emptied_columns(Person)["email"] == ""
    page = client.get(page_of_person(request.person)).content.decode()
    assert "Legal hold" in page
    assert "A complaint." in page
    listed = client.get(f"{PEOPLE}held/").content.decode()
    assert "deename" in listed
    assert listed.count("A complaint.") == 1
    with pytest.raises(TriageRefused, match="already"):
        records.hold(request.person, reason="Again.", by=reception, now=later)
    client.post(decide_about(request.person, "release"), WHY)
    assert list(holds.everybody_held()) == []
    assert retention.empty_what_is_due(later) >= 2
    assert still_there("cy") | still_there("dee") == set()


def test_a_hold_ends_once_and_keeps_nothing_that_is_gone(monday: datetime) -> None:
    person, manager = withdrawn("cy", monday).person, factories.staff("Manager")
    with pytest.raises(TriageRefused, match="no legal hold on this person any more"):
        records.release(person, reason="It is over.", by=manager, now=monday)
    assert retention.empty_what_is_due(monday + YEAR) == 1
    with pytest.raises(TriageRefused, match="There is nothing to keep"):
        records.hold(person, reason="A complaint.", by=manager, now=monday + YEAR)


def test_one_bad_row_does_not_end_the_run(
    monday: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    bad, good = withdrawn("cy", monday), withdrawn("dee", monday)

    def fails(request: AppointmentRequest, **more: Any) -> None:
        if request.pk == bad.pk:
            raise ValueError
        emptying.empty_request(request, **more)

    monkeypatch.setattr(retention, "empty_request", fails)
    done = retention.empty_what_is_due(monday + YEAR)
    assert done.failed == 1
    assert still_there("dee") == set()
    assert still_there("cy") == {"cyname", "cyconcern", "cynote", "cy@example.org"}
    assert good.events.filter(kind=Event.EMPTIED).exists()


def test_the_command_says_how_many_on_a_day_and_the_page_when(
    monday: datetime, sign_in: SignIn
) -> None:
    withdrawn("cy", monday)
    withdrawn("dee", monday)
    assert "0 requests would be emptied now." in said(dry_run=True)
    day = (monday + YEAR).date()
    told = said(dry_run=True, on=day)
    assert f"2 requests would be emptied on {day:%-d %B %Y}." in told
    assert still_there("cy") == {"cyname", "cyconcern", "cynote", "cy@example.org"}
    page = sign_in("Manager").get(f"{PEOPLE}kept/").content.decode()
    assert "Requests that led to no visit" in page
    assert sign_in("Reception").get(f"{PEOPLE}kept/").status_code == 403
    assert sign_in("Reception").get(f"{PEOPLE}held/").status_code == 403


def test_the_page_says_how_many_more_there_will_be_each_month(monday: datetime) -> None:
    for who, days in (("cy", 0), ("dee", 0), ("eve", 40)):
        withdrawn(who, monday + timedelta(days=days))
    line = retention.plan(monday + timedelta(days=200))[0]
    december, february = date(2027, 12, 1), date(2028, 2, 1)
    assert line.due_in_words == "0 requests"
    assert line.ahead == [(december, "2 requests"), (february, "1 request")]
    then = retention.plan(timezone.make_aware(datetime.combine(december, time())), 1)[0]
    assert (then.due_in_words, then.ahead) == ("2 requests", [])


def test_the_worker_empties_once_a_day_if_the_clinic_says_so(
    monday: datetime, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(retention, "_emptied_on", None)
    later = monday + YEAR
    withdrawn("cy", monday)
    go_round(later)
    assert not retention.is_done_by_worker()
    assert "cyconcern" in still_there("cy")
    settings.WORKER_DUTIES = [
        *settings.WORKER_DUTIES,
        "bookings.records.retention.empty_once_a_day",
    ]
    assert retention.is_done_by_worker()
    go_round(later)
    assert still_there("cy") == set()
    withdrawn("dee", monday)
    go_round(later)
    assert "deeconcern" in still_there("dee")
    go_round(later + timedelta(days=1))
    assert still_there("dee") == set()


def test_what_failed_is_tried_again_on_the_same_day(
    monday: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(retention, "_emptied_on", None)
    withdrawn("cy", monday)

    def fails(request: AppointmentRequest, **more: Any) -> None:
        raise ValueError

    with monkeypatch.context() as spoiled:
        spoiled.setattr(retention, "empty_request", fails)
        first = retention.empty_once_a_day(monday + YEAR)
    again, last = (retention.empty_once_a_day(monday + YEAR) for _ in range(2))
    assert [(done, done.failed) for done in (first, again, last)] == [(0, 1), (1, 0), (0, 0)]
    assert still_there("cy") == set()


@pytest.mark.parametrize(
    ("change", "fault"),
    [
        ({"no_visit": (0, "ended")}, "“no_visit” is kept for 0"),
        ({"visit": (2922, "written")}, "“visit” cannot be counted from “written”"),
        ({"else": (1, "ended")}, "“else” that nothing uses"),
        (None, "RETENTION has no row"),
    ],
)
def test_a_table_that_cannot_be_read_is_refused(change: Any, fault: str, settings: Any) -> None:
    assert checks.the_table_of_retention_can_be_read(None) == []
    settings.RETENTION = {} if change is None else real_settings.RETENTION | change
    assert fault in str(checks.the_table_of_retention_can_be_read(None))


def test_a_note_can_be_emptied_and_nothing_else_be_put_in_its_place(monday: datetime) -> None:
    withdrawn("cy", monday)
    for text in ("Another.", None):
        with pytest.raises(DatabaseError), transaction.atomic():
            Note.objects.update(text=text or EMPTIED, pinned=False)
    assert Note.objects.update(text=EMPTIED) == 1


def test_what_waits_to_be_told_is_dropped(monday: datetime) -> None:
    request = factories.request_at(RequestStatus.DECLINED, now=monday)
    Message.objects.filter(request=request).update(
        status=MessageStatus.TO_TELL, channel=Channel.PHONE
    )
    emptying.empty_request(request, by="x", now=monday)
    assert set(request.messages.values_list("status", flat=True)) == {MessageStatus.DROPPED}
