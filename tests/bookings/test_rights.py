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
from bookings.status import MessageStatus, PersonAct, RightAsked, RightsStatus, TriageRefused
from bookings.status.rights import OWNERS, SAYS, TRANSITIONS, WAITING
from procedures.ground import two_people
from procedures.ground.constraints import EMPTIED
from procedures.ground.two_people import ProposalRefused
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
    by, told = factories.staff("Manager"), timezone.localdate(now)
    return records.answer(of, outcome=outcome, said="Posted.", told=told, by=by, now=now)


def acknowledged(of: RightsRequest, now: datetime) -> RightsRequest:
    by, told = factories.staff("Manager"), timezone.localdate(now)
    return records.acknowledge(of, receipt="By post.", receipt_told=told, by=by, now=now)


def person_at(now: datetime) -> Person:
    return factories.received(now=now).person


def person_called(name: str, now: datetime) -> Person:
    return factories.received(name=name, email="bo@example.org", phone="", now=now).person


def withdrawn(now: datetime) -> AppointmentRequest:
    request = factories.received(now=now)
    return triage.withdraw(request, version=request.version, now=now)


def withdrawn_of(name: str, now: datetime) -> Person:
    request = factories.received(name=name, email="cy@example.org", phone="", now=now)
    return triage.withdraw(request, version=request.version, now=now).person


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


@pytest.mark.parametrize(
    ("day", "last"),
    [
        (date(2026, 9, 1), date(2026, 9, 30)),
        (date(2026, 11, 23), date(2026, 12, 22)),
        (date(2027, 2, 1), date(2027, 3, 2)),
    ],
)
def test_the_day_of_a_complaint_is_the_first_of_30(day: date, last: date) -> None:
    assert rights.first_last_day(RightAsked.COMPLAINT, day) == last


# --- The states -----------------------------------------------------------------------------


def test_the_table_of_rights_requests() -> None:
    assert set(TRANSITIONS) == set(OWNERS) == set(SAYS) == set(RightsStatus)
    assert set(WAITING) == {RightsStatus.OPEN, RightsStatus.EXTENDED, RightsStatus.ACKNOWLEDGED}


def test_it_may_take_two_months_more_and_is_answered_once(monday: datetime) -> None:
    one, by = asked(person_at(monday), monday), factories.staff("Manager")
    assert one.due == date(2026, 12, 23)
    told = date(2026, 12, 20)
    records.extend(one, why_longer="Three folders.", longer_told=told, by=by, now=monday)
    assert (one.status, one.due, one.longer_told, one.extended_by) == (
        RightsStatus.EXTENDED,
        date(2027, 2, 23),
        told,
        "manager",
    )
    with pytest.raises(TriageRefused, match="has just changed this"):
        records.extend(one, why_longer="Again.", longer_told=told, by=by, now=monday)
    answered(one, monday, RightsStatus.REFUSED)
    with pytest.raises(TriageRefused, match="has just changed this"):
        answered(one, monday)
    assert (one.status, one.answered_by) == (RightsStatus.REFUSED, "manager")


def test_late_is_what_they_were_told_late_whenever_it_was_noted(monday: datetime) -> None:
    one, by = asked(person_at(monday), monday), factories.staff("Manager")
    told, later = one.due, monday + timedelta(days=40)
    assert (one.is_late(told), one.is_late(told + A_DAY)) == (False, True)
    records.answer(one, outcome=RightsStatus.DONE, said="Posted.", told=told, by=by, now=later)
    assert not one.is_late(timezone.localdate(later))
    other = asked(person_called("Bo Other", monday), monday)
    records.answer(
        other, outcome=RightsStatus.DONE, said="Late.", told=told + A_DAY, by=by, now=later
    )
    assert other.is_late(timezone.localdate(later))
    assert records.answered_since(told) == (2, 1)


def test_what_was_noted_by_mistake_counts_nowhere(monday: datetime) -> None:
    one, later = asked(person_at(monday), monday), monday + YEAR
    answered(one, later, RightsStatus.TAKEN_BACK)
    assert not one.is_late(timezone.localdate(later))
    assert records.answered_since(timezone.localdate(monday)) == (0, 0)
    assert records.waiting(later) is None


def test_the_database_wants_the_day_of_an_answer(monday: datetime) -> None:
    one = asked(person_at(monday), monday)
    with pytest.raises(IntegrityError), transaction.atomic():
        RightsRequest.objects.filter(pk=one.pk).update(status=RightsStatus.DONE)


@pytest.mark.parametrize("days", [1, -367])
def test_it_reached_us_on_a_day_of_the_last_year(days: int, monday: datetime) -> None:
    with pytest.raises(TriageRefused, match="today or a day within the last year"):
        records.note_asked(
            person_at(monday),
            right=RightAsked.USE,
            day=timezone.localdate(monday) + days * A_DAY,
            detail="",
            by=factories.staff("Reception"),
            now=monday,
        )
    assert not RightsRequest.objects.exists()


def test_two_presses_note_it_once(monday: datetime) -> None:
    person = person_at(monday)
    one = asked(person, monday)
    with pytest.raises(TriageRefused, match="noted this already"):
        asked(person, monday)
    asked(person, monday, RightAsked.USE)
    answered(one, monday)
    asked(person, monday)
    with pytest.raises(IntegrityError), transaction.atomic():
        RightsRequest.objects.create(
            person=person, right="copy", day=one.day, due=one.due, noted_at=monday, noted_by="x"
        )


@pytest.mark.parametrize(
    ("right", "sentence"),
    [
        (RightAsked.COPY, "they still need an answer within a month."),
        (RightAsked.COMPLAINT, "has to be acknowledged within 30 days, and answered."),
    ],
)
def test_whoever_was_emptied_has_nothing_noted_here(
    right: RightAsked, sentence: str, monday: datetime
) -> None:
    person = withdrawn(monday - 2 * YEAR).person
    one = asked(person, monday - timedelta(days=9), RightAsked.ERASURE)
    retention.empty_what_is_due(monday)
    person.refresh_from_db()
    assert person.emptied_at == monday
    with pytest.raises(TriageRefused) as refused:
        asked(person, monday, right)
    assert str(refused.value).endswith(sentence)
    by, today = factories.staff("Manager"), timezone.localdate(monday)
    with pytest.raises(TriageRefused, match="nothing takes longer"):
        records.extend(one, why_longer="Pat is away.", longer_told=today, by=by, now=monday)
    one.refresh_from_db()
    assert (one.status, one.why_longer) == (RightsStatus.OPEN, "")


def test_our_answer_is_kept_if_the_clock_emptied_them_first(
    sign_in: SignIn, at: Any, monday: datetime
) -> None:
    """The clinic can show what it said until the time of the answer is over."""
    person, later = withdrawn(monday - timedelta(days=364)).person, monday + 2 * A_DAY
    one = asked(person, monday, RightAsked.ERASURE)
    retention.empty_what_is_due(later)
    person.refresh_from_db()
    assert person.emptied_at == later
    at(later)
    posted = {"version": person.version, "asked": one.pk, "outcome": "done", "told": "25/11/2026"}
    page = sign_in("Manager").post(
        decide_about(person, "rights-answer"), posted | {"said": "All has gone."}, follow=True
    )
    assert "Answer noted." in page.content.decode()
    assert "Our answer: All has gone." in page.content.decode()
    one.refresh_from_db()
    assert (one.status, one.reply) == (RightsStatus.DONE, "All has gone.")
    assert retention.empty_what_is_due(later + timedelta(days=1097)) == 1
    one.refresh_from_db()
    assert one.reply == EMPTIED


# --- Complaints -----------------------------------------------------------------------------


def test_a_complaint_is_acknowledged_and_then_open_until_its_outcome(monday: datetime) -> None:
    one = asked(person_at(monday), monday, RightAsked.COMPLAINT)
    assert one.due == date(2026, 12, 22)
    assert records.waiting(monday) == (1, 0, one.due, False, 0, 0)
    acknowledged(one, monday + A_DAY)
    assert (one.status, one.receipt, one.receipt_told, one.acknowledged_by) == (
        RightsStatus.ACKNOWLEDGED,
        "By post.",
        date(2026, 11, 24),
        "manager",
    )
    later = monday + timedelta(days=40)
    assert not one.is_late(timezone.localdate(later))
    assert records.waiting(later) == (0, 0, None, False, 1, 40)
    with pytest.raises(TriageRefused, match="has just changed this"):
        acknowledged(one, later)
    answered(one, later)
    assert one.status == RightsStatus.DONE
    assert records.waiting(later) is None
    assert records.answered_since(timezone.localdate(monday)) == (1, 0)


def test_a_complaint_is_late_if_they_heard_nothing_within_30_days(monday: datetime) -> None:
    """Whoever has the answer by then needs no acknowledgement."""
    one = asked(person_at(monday), monday, RightAsked.COMPLAINT)
    other = asked(person_called("Bo Other", monday), monday, RightAsked.COMPLAINT)
    last = monday + timedelta(days=29)
    answered(other, last)
    assert not one.is_late(timezone.localdate(last))
    late = records.waiting(last + A_DAY)
    assert late
    assert (late.number, late.late) == (1, 1)
    acknowledged(one, last + A_DAY)
    answered(one, last + A_DAY)
    assert (one.is_late(one.due), other.is_late(other.due)) == (True, False)
    assert records.answered_since(timezone.localdate(monday)) == (2, 1)


def test_they_heard_from_us_on_the_first_of_the_two_days(monday: datetime) -> None:
    """Whoever types the acknowledgement later has not made the answer late."""
    one = asked(person_at(monday), monday, RightAsked.COMPLAINT)
    acknowledged(one, monday + timedelta(days=40))
    answered(one, monday + A_DAY)
    assert not one.is_late(timezone.localdate(monday))
    assert records.answered_since(timezone.localdate(monday)) == (1, 0)


def test_an_answer_is_not_older_than_the_acknowledgement(
    sign_in: SignIn, at: Any, monday: datetime
) -> None:
    one, later = asked(person_at(monday), monday, RightAsked.COMPLAINT), monday + 2 * A_DAY
    acknowledged(one, monday + A_DAY)
    at(later)
    client, address = sign_in("Manager"), decide_about(one.person, "rights-answer")
    posted = {"version": one.person.version, "asked": one.pk, "outcome": "done", "said": "No."}
    page = client.post(address, posted | {"told": "23/11/2026"}).content.decode()
    sentence = "from 24 November 2026, when we acknowledged the complaint, until today."
    assert f"Choose a day {sentence}" in page
    assert RightsRequest.objects.waiting().get() == one
    client.post(address, posted | {"told": "24/11/2026"})
    one.refresh_from_db()
    assert one.told == date(2026, 11, 24)


def test_only_a_complaint_is_acknowledged_and_only_the_rest_takes_longer(monday: datetime) -> None:
    person, told, by = person_at(monday), timezone.localdate(monday), factories.staff("Manager")
    complaint, copy = asked(person, monday, RightAsked.COMPLAINT), asked(person, monday)
    with pytest.raises(TriageRefused, match="has just changed this"):
        records.extend(complaint, why_longer="Big.", longer_told=told, by=by, now=monday)
    with pytest.raises(TriageRefused, match="has just changed this"):
        acknowledged(copy, monday)
    for of, column in ((complaint, "longer_told"), (copy, "receipt_told")):
        with pytest.raises(IntegrityError), transaction.atomic():
            RightsRequest.objects.filter(pk=of.pk).update(**{column: told})


def test_a_complaint_keeps_what_it_is_about_until_its_outcome(monday: datetime) -> None:
    gone, later = withdrawn(monday), monday + YEAR
    one = asked(gone.person, later - A_DAY, RightAsked.COMPLAINT)
    acknowledged(one, later)
    retention.empty_what_is_due(later)
    gone.refresh_from_db()
    assert gone.emptied_at is None
    answered(one, later)
    retention.empty_what_is_due(later)
    gone.refresh_from_db()
    assert gone.emptied_at == later


def test_two_managers_may_erase_whoever_complains_and_then_no_new_word_is_kept(
    sign_in: SignIn, at: Any, monday: datetime
) -> None:
    """Perhaps that is what they complain about."""
    at(monday)
    person = withdrawn(monday).person
    one = asked(person, monday, RightAsked.COMPLAINT, detail="You still have my address.")
    assert records.why_not(person) == ""
    by = factories.staff("Manager")
    records.empty_people([person.pk], PersonAct.ERASED, by=by, now=monday)
    person.refresh_from_db()
    client, told = sign_in("Manager"), {"version": person.version, "asked": one.pk}
    receipt = told | {"receipt": "By post.", "receipt_told": "23/11/2026"}
    answer = told | {"outcome": "done", "said": "Posted.", "told": "23/11/2026"}
    for slug, posted in (("rights-acknowledge", receipt), ("rights-answer", answer)):
        page = client.post(decide_about(person, slug), posted, follow=True).content.decode()
        assert "is not kept, because two people erased what we held about them." in page
    one.refresh_from_db()
    assert (one.status, one.detail, one.receipt, one.reply) == (
        RightsStatus.DONE,
        EMPTIED,
        "",
        "",
    )


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


def test_whoever_wishes_to_be_erased_is_not_kept_for_longer(monday: datetime) -> None:
    gone, later = withdrawn(monday), monday + YEAR
    asked(gone.person, later - A_DAY, RightAsked.ERASURE)
    retention.empty_what_is_due(later)
    gone.refresh_from_db()
    assert gone.emptied_at == later


def test_where_messages_went_stays_known_too(monday: datetime) -> None:
    request = factories.received(now=monday)
    sent = request.messages.all()
    sent.update(status=MessageStatus.SENT, sent_at=monday, sent_to="pat@example.org", sent_by="x")
    later = monday + timedelta(days=120)
    one = asked(request.person, later - A_DAY, RightAsked.USE)
    retention.empty_what_is_due(later)
    assert set(sent.values_list("sent_to", flat=True)) == {"pat@example.org"}
    answered(one, later)
    retention.empty_what_is_due(later)
    assert set(sent.values_list("sent_to", flat=True)) == {EMPTIED}


def test_a_copy_that_is_asked_for_between_the_two_presses_stops_an_erasure(
    monday: datetime,
) -> None:
    person = withdrawn(monday).person
    one, other = (factories.staff("Manager", name) for name in ("one", "other"))
    proposal = records.propose_erasure(person, reason="They asked.", by=one, now=monday)
    asked(person, monday)
    with pytest.raises(ProposalRefused, match="asked for a copy of what we hold"):
        two_people.agree(proposal, by=other, now=monday)


def test_nobody_is_erased_who_waits_for_a_copy(monday: datetime) -> None:
    person = withdrawn(monday).person
    one = asked(person, monday, RightAsked.ERASURE)
    assert records.why_not(person) == ""
    copy = asked(person, monday)
    assert "asked for a copy of what we hold" in records.why_not(person)
    answered(copy, monday)
    assert records.why_not(person) == ""
    assert one.is_waiting


# --- How long it is kept itself -------------------------------------------------------------


@pytest.mark.parametrize(
    ("right", "days"),
    [(RightAsked.COPY, 1096), (RightAsked.USE, 1096), (RightAsked.COMPLAINT, 3653)],
)
def test_what_was_asked_has_a_time_of_its_own(
    right: RightAsked, days: int, monday: datetime
) -> None:
    """It is counted from our answer, whatever becomes of the rest about the person."""
    gone = withdrawn(monday)
    one = asked(gone.person, monday, right, detail="Loud.")
    if one.is_complaint:
        acknowledged(one, monday)
    receipt = one.receipt
    answered(one, monday)
    last = monday + timedelta(days=days)
    retention.empty_what_is_due(last)
    gone.refresh_from_db()
    one.refresh_from_db()
    assert gone.emptied_at == last
    assert (one.detail, one.receipt, one.reply) == ("Loud.", receipt, "Posted.")
    assert retention.empty_what_is_due(last + A_DAY) == 1
    one.refresh_from_db()
    assert (one.detail, one.reply) == (EMPTIED, EMPTIED)
    assert one.receipt == (EMPTIED if receipt else "")
    assert (one.right, one.status, one.told) == (
        right,
        RightsStatus.DONE,
        timezone.localdate(monday),
    )
    assert retention.empty_what_is_due(last + A_DAY) == 0


def test_what_nobody_has_answered_stays_and_so_does_what_was_asked_before(monday: datetime) -> None:
    person, later = person_at(monday), monday + timedelta(days=1200)
    answered(asked(person, monday, detail="Loud."), monday)
    one = asked(person, later, RightAsked.COMPLAINT, detail="Wrong.")
    assert retention.empty_what_is_due(later) == 0
    acknowledged(one, later)
    assert retention.empty_what_is_due(later + YEAR) == 0
    answered(one, later)
    assert retention.empty_what_is_due(later) == 1
    assert set(RightsRequest.objects.values_list("detail", flat=True)) == {EMPTIED, "Wrong."}


def test_a_legal_hold_keeps_what_was_asked(monday: datetime) -> None:
    person, later = person_at(monday), monday + timedelta(days=1200)
    by = factories.staff("Manager")
    answered(asked(person, monday), monday)
    records.hold(person, reason="A claim.", by=by, now=later)
    assert retention.empty_what_is_due(later) == 0
    records.release(person, reason="Settled.", by=by, now=later)
    assert retention.empty_what_is_due(later) == 1


def test_what_the_clock_left_is_put_on_hold_until_that_ends(
    sign_in: SignIn, at: Any, monday: datetime
) -> None:
    """Why there was a hold on it goes with it."""
    person, over = withdrawn(monday).person, monday + timedelta(days=3660)
    one = asked(person, monday, RightAsked.COMPLAINT, detail="Loud.")
    answered(one, monday)
    at(monday + 2 * YEAR)
    retention.empty_what_is_due(monday + 2 * YEAR)
    person.refresh_from_db()
    client = sign_in("Manager")
    page = " ".join(client.get(page_of_person(person)).content.decode().split())
    assert "except what they asked about their data and what we answered" in page
    assert decide_about(person, "hold") in page
    why = {"version": person.version, "reason": "A claim."}
    said = client.post(decide_about(person, "hold"), why, follow=True).content.decode()
    assert "Legal hold placed." in said
    listed = client.get(f"{PEOPLE}held/").content.decode()
    assert f">Person {person.pk}</a>, erased on" in listed
    assert retention.empty_what_is_due(over) == 0
    records.release(person, reason="Settled.", by=factories.staff("Manager"), now=over)
    assert retention.empty_what_is_due(over) == 1
    one.refresh_from_db()
    assert one.detail == EMPTIED
    assert set(person.acts.values_list("reason", flat=True)) == {"", EMPTIED}
    page = client.get(page_of_person(person)).content.decode()
    assert "except what they asked" not in page
    assert decide_about(person, "hold") not in page
    with pytest.raises(TriageRefused, match="There is nothing to keep"):
        records.hold(person, reason="A claim.", by=factories.staff("Manager"), now=over)


def test_the_page_says_when_answers_are_emptied(sign_in: SignIn, at: Any, monday: datetime) -> None:
    at(monday + timedelta(days=1080))
    person = person_at(monday)
    answered(asked(person, monday), monday)
    answered(asked(person, monday, RightAsked.COMPLAINT), monday)
    page = " ".join(sign_in("Manager").get(f"{PEOPLE}kept/").content.decode().split())
    assert "Kept for 3 years, counted from our answer." in page
    assert "Kept for 10 years, counted from our answer." in page
    assert "<strong>1 answered request about data</strong> would be emptied by" in page
    assert "<strong>0 answered complaints about data</strong> would be emptied now." in page


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
    assert "1 request waits for an answer. It is due by" in " ".join(today.split())
    assert "Sunday 20 December 2026" in today
    page = manager.get(PAGE).content.decode()
    assert person.name in page
    assert "By phone." in page
    assert Look.objects.latest("pk").screen == "about their data"
    asked_for = {"version": person.version, "asked": RightsRequest.objects.get().pk}
    longer = asked_for | {"why_longer": "Big.", "longer_told": "23/11/2026"}
    extended = manager.post(decide_about(person, "rights-extend"), longer, follow=True)
    assert "Answer by Saturday 20 February 2027" in extended.content.decode()
    done = asked_for | {"outcome": "done", "said": "Posted on Friday.", "told": "23/11/2026"}
    told = manager.post(decide_about(person, "rights-answer"), done, follow=True)
    assert "Answer noted." in told.content.decode()
    assert "Posted on Friday." in manager.get(PAGE).content.decode()
    assert "waits for an answer" not in manager.get("/admin/").content.decode()
    assert (
        decide_about(person, "rights-answer")
        not in manager.get(page_of_person(person)).content.decode()
    )


def test_from_a_complaint_to_its_outcome(sign_in: SignIn, at: Any, monday: datetime) -> None:
    at(monday)
    person = person_at(monday)
    asked(person, monday)
    posted = {
        "version": person.version,
        "right": "complaint",
        "day": "20/11/2026",
        "detail": "Loud.",
    }
    note, acknowledge = (decide_about(person, each) for each in ("rights", "rights-acknowledge"))
    reception = sign_in("Reception")
    said = reception.post(note, posted, follow=True).content.decode()
    assert "Noted. Acknowledge it by Saturday 19 December 2026" in said
    assert acknowledge not in said
    assert reception.post(acknowledge, posted).status_code == 403

    manager = sign_in("Manager")
    page = manager.get(acknowledge).content.decode()
    # Nothing else can be chosen there, and a complaint takes no two months more.
    assert "To complain about how we used it: asked on 20 November 2026" in page
    assert "A copy of what we hold" not in page
    assert "To complain" not in manager.get(decide_about(person, "rights-extend")).content.decode()
    told = {"version": person.version, "asked": RightsRequest.objects.get(right="complaint").pk}
    receipt = told | {"receipt": "", "receipt_told": "23/11/2026"}
    assert (
        "Write what you told them, and how." in manager.post(acknowledge, receipt).content.decode()
    )
    said = manager.post(
        acknowledge, receipt | {"receipt": "Emailed."}, follow=True
    ).content.decode()
    assert "Today says how long it has been open" in said
    assert acknowledge not in said

    at(monday + timedelta(days=37))
    manager = sign_in("Manager")
    today = " ".join(manager.get("/admin/").content.decode().split())
    assert "1 complaint is acknowledged and has been open for 40 days." in today
    page = " ".join(manager.get(PAGE).content.decode().split())
    assert "They ask:</span> To complain about how we used it. <strong>Open for 40 days." in page
    assert "Acknowledged: Emailed. <span" in page
    # It has no last day any more, so what has one is above it.
    assert page.index("A copy of what we hold") < page.index("To complain about how we used it")
    outcome = told | {"outcome": "refused", "said": "It was another patient.", "told": "30/12/2026"}
    manager.post(decide_about(person, "rights-answer"), outcome)
    page = " ".join(manager.get(PAGE).content.decode().split())
    assert "Refused, or done in part:</span> To complain about how we used it." in page
    assert "acknowledged" not in manager.get("/admin/").content.decode()


@pytest.mark.parametrize(
    ("values", "sentence"),
    [
        ({"right": ""}, "Choose what they ask for."),
        ({"day": "24/11/2026"}, "Choose today or a day within the last year."),
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
    assert "Choose what became of it." in page
    assert "Write what you told them, and how." in page
    tomorrow = posted | {"outcome": "done", "said": "Posted.", "told": "24/11/2026"}
    page = client.post(address, tomorrow).content.decode()
    assert "Choose a day from 23 November 2026 until today." in page
    elsewhere = asked(person_called("Bo Other", monday), monday)
    other = posted | {"asked": elsewhere.pk, "outcome": "done", "said": "Posted."}
    assert "Choose what they asked for." in client.post(address, other).content.decode()
    assert RightsRequest.objects.waiting().count() == 2


@pytest.mark.parametrize(("days_left", "above"), [(8, False), (7, True), (0, True), (-1, True)])
def test_what_is_due_within_a_week_is_said_above_the_day(
    days_left: int, above: bool, sign_in: SignIn, at: Any, monday: datetime
) -> None:
    one = asked(person_at(monday), monday)
    at(monday + timedelta(days=(one.due - timezone.localdate(monday)).days - days_left))
    today = sign_in("Manager").get("/admin/").content.decode()
    assert (today.index("What people ask about their data") < today.index("Coming today")) is above


def test_what_is_late_is_said_first(sign_in: SignIn, at: Any, monday: datetime) -> None:
    late, later = person_at(monday), monday + timedelta(days=31)
    first = asked(late, monday)
    asked(late, later, RightAsked.USE)
    asked(person_called("Bo Other", later), later)
    at(later)
    client = sign_in("Manager")
    today = " ".join(client.get("/admin/").content.decode().split())
    said = "3 requests wait for an answer. 1 is late. The first was due by Wednesday 23 December"
    assert said in today
    page = client.get(PAGE).content.decode()
    assert page.index("Pat Sample") < page.index("Bo Other")
    assert page.count("▲ Late:") == 1
    assert "In the last 365 days: 0." in page
    answered(first, later)
    page = " ".join(client.get(PAGE).content.decode().split())
    assert "In the last 365 days: 1, of which 1 after our last day." in page
    assert "after our last day (23 December 2026)" in page


def test_the_list_leads_to_the_row_that_is_shown_and_names_nobody_who_was_erased(
    sign_in: SignIn, at: Any, monday: datetime
) -> None:
    at(monday)
    one, two = person_at(monday), person_called("Bo Other", monday)
    asked(two, monday)
    triage.join(one, other=two, by=factories.staff("Reception"), now=monday)
    two.refresh_from_db()
    gone = withdrawn_of("Cy Gone", monday - 2 * YEAR)
    asked(gone, monday - A_DAY, RightAsked.ERASURE)
    retention.empty_what_is_due(monday)
    page = sign_in("Manager").get(PAGE).content.decode()
    assert f'href="{PEOPLE}{two.shown_as}/change/"' in page
    assert f'href="{PEOPLE}{gone.pk}/change/">Person {gone.pk}</a>, erased on' in page
    assert "Cy Gone" not in page


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
            told=timezone.localdate(now),
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
def test_without_lock_and_status_both_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    both_looked = threading.Barrier(2, timeout=processes.PATIENCE)

    def look_then_save(of: RightsRequest, to: RightsStatus, **changes: Any) -> RightsRequest:
        assert RightsRequest.objects.get(pk=of.pk).is_waiting
        both_looked.wait()
        RightsRequest.objects.filter(pk=of.pk).update(status=to, **changes)
        return of

    acts = answering(timezone.now())
    monkeypatch.setattr(rights, "lock", lambda person: None)
    monkeypatch.setattr(rights, "_step", look_then_save)
    assert len(winners(race(acts))) == 2


ACKNOWLEDGE, ANSWER = "acknowledge", "answer"
PAIRS = [(ACKNOWLEDGE, ACKNOWLEDGE), (ANSWER, ANSWER), (ANSWER, ACKNOWLEDGE)]


def at_a_complaint(now: datetime, pair: tuple[str, str]) -> list[Callable[[], Any]]:
    """Ada and Ben, each with the page of who complained open, and what each of them presses."""
    one = asked(person_at(now), now, RightAsked.COMPLAINT)
    told = timezone.localdate(now)
    forms: dict[str, Callable[[str], dict[str, Any]]] = {
        ACKNOWLEDGE: lambda name: {"receipt": f"By {name}.", "receipt_told": told},
        ANSWER: lambda name: {"outcome": RightsStatus.DONE, "said": f"By {name}.", "told": told},
    }
    return [
        partial(
            getattr(records, verb),
            RightsRequest.objects.get(pk=one.pk),
            **forms[verb](name),
            by=factories.staff("Manager", name),
            now=now,
        )
        for name, verb in zip(("ada", "ben"), pair, strict=True)
    ]


def noted() -> tuple[str, str | None, str, str | None, str]:
    """The status of the complaint, and who acknowledged and answered it with which words."""
    one = RightsRequest.objects.get()
    return one.status, one.acknowledged_by, one.receipt, one.answered_by, one.reply


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("pair", PAIRS, ids="-".join)
def test_of_two_managers_at_a_complaint_one_is_told_of_the_other(pair: tuple[str, str]) -> None:
    outcomes = race(at_a_complaint(timezone.now(), pair))
    assert losses(outcomes) == {TriageRefused}
    assert [str(each) for each in outcomes if isinstance(each, Exception)] == [rights.OVERTAKEN]
    (winner,) = winners(outcomes)
    name, verb = next(
        (name, verb)
        for name, verb, outcome in zip(("ada", "ben"), pair, outcomes, strict=True)
        if outcome is winner
    )
    assert noted() == (
        (RightsStatus.ACKNOWLEDGED, name, f"By {name}.", None, "")
        if verb == ACKNOWLEDGE
        else (RightsStatus.DONE, None, "", name, f"By {name}.")
    )


@pytest.mark.postgres
@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(
    ("pair", "lost", "left"),
    [
        # Nobody is told that what Ada noted is gone.
        (PAIRS[0], set(), (RightsStatus.ACKNOWLEDGED, "ben", "By ben.", None, "")),
        (PAIRS[1], set(), (RightsStatus.DONE, None, "", "ben", "By ben.")),
        # Only the database keeps an answered complaint from waiting again, without a sentence.
        (PAIRS[2], {IntegrityError}, (RightsStatus.DONE, None, "", "ada", "By ada.")),
    ],
    ids=["-".join(pair) for pair in PAIRS],
)
def test_without_lock_and_status_the_second_manager_is_not_told(
    monkeypatch: pytest.MonkeyPatch, pair: tuple[str, str], lost: set[type], left: tuple[Any, ...]
) -> None:
    """Both have looked; Ada writes first, whoever looked first."""
    both_looked = threading.Barrier(2, timeout=processes.PATIENCE)
    ada_wrote = threading.Event()
    ada, ben = at_a_complaint(timezone.now(), pair)

    def ada_first() -> Any:
        try:
            return ada()
        finally:
            ada_wrote.set()

    def look_then_save(of: RightsRequest, to: RightsStatus, **changes: Any) -> RightsRequest:
        assert RightsRequest.objects.get(pk=of.pk).is_waiting
        both_looked.wait()
        if "ben" in changes.values():
            ada_wrote.wait(timeout=processes.PATIENCE)
        RightsRequest.objects.filter(pk=of.pk).update(status=to, **changes)
        return of

    monkeypatch.setattr(rights, "lock", lambda person: None)
    monkeypatch.setattr(rights, "_step", look_then_save)
    assert losses(race([ada_first, ben])) == lost
    assert noted() == left
