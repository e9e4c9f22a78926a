"""Another time for an appointment: the old one is kept until the new one is taken."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.test import Client
from icalendar import Calendar

from bookings import triage
from bookings.diary import free_times
from bookings.diary.calendar_files import invitation
from bookings.models import Appointment, AppointmentRequest, Claim, Offer
from bookings.status import (
    CLOCK,
    PATIENT,
    AppointmentStatus,
    FlagOutcome,
    MessageKind,
    OfferStatus,
    Overtaken,
    RequestStatus,
    TriageRefused,
)
from bookings.status.events import Event
from bookings.triage import earlier
from tests import factories
from tests.people import NINE, behind_link, book_instead, booked, freed, identified, waiting
from tests.races import losses, race, winners

pytestmark = pytest.mark.django_db

BOOKED, AGAIN, OTHERS = (
    RequestStatus.BOOKED,
    RequestStatus.BOOKED_IN_REVIEW,
    RequestStatus.BOOKED_OFFERED,
)


def claims_of(appointment: Appointment) -> int:
    return Claim.objects.filter(appointment=appointment).count()


# --- The old time is kept until the new one is taken --------------------------------------------


def test_taking_another_time_lets_the_old_one_go(monday: datetime) -> None:
    request = booked(monday)
    old = request.appointments.get()
    offer = factories.offer(request, now=monday)
    assert (request.status, claims_of(old)) == (OTHERS, 16)
    chosen = offer.times.all()[0]
    new = triage.accept(request, version=request.version, chosen=chosen, now=monday)
    assert new is not None
    old.refresh_from_db()
    assert (old.status, old.ended_by) == (AppointmentStatus.MOVED, PATIENT)
    assert (request.status, new.starts) == (BOOKED, chosen.starts)
    assert (claims_of(old), claims_of(new), Claim.objects.count()) == (0, 16, 16)
    assert request.events.order_by("-number")[0].kind == Event.MOVED
    assert request.messages.filter(kind=MessageKind.MOVED).count() == 1


def test_an_offer_that_nobody_answers_leaves_the_appointment(monday: datetime) -> None:
    request = booked(monday)
    offer = factories.offer(request, now=monday)
    late = offer.held_until
    assert request.state(late - timedelta(seconds=1)) == OTHERS
    assert request.state(late) == BOOKED
    triage.catch_up(late)
    request.refresh_from_db()
    offer.refresh_from_db()
    assert (request.status, offer.status) == (BOOKED, OfferStatus.EXPIRED)
    assert claims_of(request.appointments.get()) == Claim.objects.count() == 16
    assert request.events.order_by("-number")[0].kind == "let the other times go"


def test_keeping_lets_the_offer_go(monday: datetime) -> None:
    request = booked(monday)
    factories.offer(request, now=monday)
    triage.keep_appointment(request, version=request.version, now=monday)
    triage.catch_up(monday + timedelta(hours=1))
    assert request.status == BOOKED
    assert claims_of(request.appointments.get()) == Claim.objects.count() == 16


def test_an_offer_ends_before_the_appointment_that_it_would_replace(monday: datetime) -> None:
    request = booked(monday, days=1)
    with pytest.raises(TriageRefused, match="before their current appointment"):
        factories.offer(
            request, [monday + timedelta(days=3)], now=monday, held_for=timedelta(hours=25)
        )
    assert request.status == BOOKED
    assert Offer.objects.count() == 0


def test_moving_by_phone_may_overlap_the_old_time(monday: datetime) -> None:
    request = booked(monday)
    old = request.appointments.get()
    new = book_instead(request, old.starts + timedelta(minutes=15), monday)
    old.refresh_from_db()
    assert (old.status, claims_of(old), claims_of(new)) == (AppointmentStatus.MOVED, 0, 16)
    assert Claim.objects.count() == 16


def test_moving_to_a_time_that_is_taken_changes_nothing(monday: datetime) -> None:
    request, other = booked(monday), booked(monday, days=8)
    taken = other.appointments.get().starts
    before = list(Claim.objects.order_by("pk").values())
    with pytest.raises(TriageRefused, match="just been taken"):
        book_instead(request, taken, monday)
    assert request.appointments.get().status == AppointmentStatus.BOOKED
    assert list(Claim.objects.order_by("pk").values()) == before


def test_what_has_begun_is_not_moved(monday: datetime) -> None:
    request = booked(monday)
    starts = request.appointments.get().starts
    with pytest.raises(TriageRefused, match="has started"):
        book_instead(request, starts + timedelta(days=1), starts)


def test_cancelling_lets_an_offer_go_too(monday: datetime) -> None:
    request = booked(monday)
    factories.offer(request, now=monday)
    triage.cancel(request, version=request.version, by=PATIENT, now=monday)
    assert request.status == RequestStatus.CLOSED
    assert claims_of(request.appointments.get()) == Claim.objects.count() == 16
    assert request.offers.get().status == OfferStatus.RELEASED


def test_the_calendar_replaces_what_it_had(monday: datetime) -> None:
    request = booked(monday)
    first = Calendar.from_ical(invitation(request.appointments.get())).events[0]
    new = book_instead(request, monday + timedelta(days=9), monday)
    second = Calendar.from_ical(invitation(new)).events[0]
    assert first.uid == second.uid
    assert (second.sequence or 0) > (first.sequence or 0)
    assert second.start == new.starts


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("round_", range(3))
def test_moving_against_cancelling_has_one_winner(round_: int, monday: datetime) -> None:
    """R1 of moving: the patient takes another time while the clinic cancels the old one."""
    request = booked(monday)
    chosen = factories.offer(request, now=monday).times.all()[0]
    patient, clinic = (AppointmentRequest.objects.get(pk=request.pk) for _ in range(2))
    by = factories.staff("Reception")
    acts: list[Callable[[], Any]] = [
        lambda: triage.accept(patient, version=patient.version, chosen=chosen, now=monday),
        lambda: triage.cancel(clinic, version=clinic.version, by=by, now=monday, reason="Ill."),
    ]
    outcomes = race(acts)
    assert len(winners(outcomes)) == 1
    assert losses(outcomes) == {Overtaken}
    live = Appointment.objects.filter(status=AppointmentStatus.BOOKED)
    assert Claim.objects.count() == 16 * live.count()


# --- Behind the link ----------------------------------------------------------------------------


def test_a_patient_asks_for_another_time(client: Client, monday: datetime) -> None:
    request = booked(monday)
    url = behind_link(client, request)
    assert "Ask for another time" in client.get(url).content.decode()
    empty = client.post(f"{url}move/", {"version": request.version, "wishes": " "})
    assert "Write a few words about when you could come." in empty.content.decode()
    posted = {"version": request.version, "wishes": "Thursdays."}
    content = client.post(f"{url}move/", posted, follow=True).content.decode()
    assert "We are looking at your appointment again" in content
    assert "You keep this appointment unless you take another time:" in content
    request.refresh_from_db()
    assert (request.status, request.wishes) == (AGAIN, "Thursdays.")
    content = client.post(f"{url}keep/", {"version": request.version}, follow=True).content.decode()
    assert "<h1>Your appointment</h1>" in content


def test_after_the_cut_off_a_patient_rings(client: Client, at: Any, monday: datetime) -> None:
    request = booked(monday)
    at(monday + timedelta(days=6, hours=1))
    url = behind_link(client, request)
    assert "too late to change your appointment here" in client.get(f"{url}move/").content.decode()
    posted = {"version": request.version, "wishes": "Thursdays."}
    answer = client.post(f"{url}move/", posted, follow=True)
    assert "too late to ask for another time here" in answer.content.decode()
    request.refresh_from_db()
    assert (request.status, request.wishes) == (BOOKED, "")


def test_a_patient_takes_the_other_time(client: Client, monday: datetime) -> None:
    request = booked(monday)
    chosen = factories.offer(request, now=monday).times.all()[1]
    url = identified(client, request)
    assert "Your current appointment" in client.get(url).content.decode()
    posted = {"version": request.version, "time": chosen.pk}
    content = client.post(f"{url}choose/", posted, follow=True).content.decode()
    assert "You moved the visit to another time." in content
    assert f"{chosen.starts:%H:%M}</strong>" in content


# --- The cancellation list -----------------------------------------------------------------------


def asked(now: datetime) -> list[AppointmentRequest]:
    return [offer.request for offer in Offer.objects.exclude(freed=None).standing(now)]


def test_a_freed_time_goes_round_in_the_order_of_asking(monday: datetime) -> None:
    now = monday
    first = waiting(now, days=14)
    second = waiting(now + timedelta(minutes=1), days=13)
    time = freed(now, now + NINE)
    assert triage.pass_on_freed_times(now) == 1
    assert triage.pass_on_freed_times(now) == 0
    assert asked(now) == [first]
    offer = first.offers.get()
    assert (offer.made_by, offer.freed) == (CLOCK, time)
    # Four hours in which the desk is open: from ten until two.
    assert offer.held_until == monday + timedelta(hours=4)
    first.refresh_from_db()
    assert first.status == OTHERS
    assert first.messages.filter(kind=MessageKind.OFFER).count() == 1

    now = offer.held_until
    triage.catch_up(now)
    assert triage.pass_on_freed_times(now) == 1
    assert asked(now) == [second]
    second.refresh_from_db()
    chosen = second.offers.get().times.get()
    triage.accept(second, version=second.version, chosen=chosen, now=now)
    assert second.earlier_asked_at is None
    # The time that the second patient gave back is later than the first one's: nobody wants it.
    assert triage.pass_on_freed_times(now) == 0 or asked(now) == [first]


def test_the_soonest_of_two_freed_times_goes_to_whoever_asked_first(monday: datetime) -> None:
    first, second = waiting(monday, days=14), waiting(monday + timedelta(minutes=1), days=13)
    later, sooner = (freed(monday, monday + NINE + timedelta(hours=hours)) for hours in (2, 0))
    assert triage.pass_on_freed_times(monday) == 2
    offers = Offer.objects.exclude(freed=None).order_by("freed__starts")
    assert [(each.request, each.freed) for each in offers] == [(first, sooner), (second, later)]


def test_whoever_keeps_their_time_is_not_asked_about_the_same_again(monday: datetime) -> None:
    request = waiting(monday, days=14)
    freed(monday, monday + NINE)
    triage.pass_on_freed_times(monday)
    request.refresh_from_db()
    triage.keep_appointment(request, version=request.version, now=monday)
    assert triage.pass_on_freed_times(monday) == 0
    assert request.earlier_asked_at is not None


@pytest.mark.parametrize(
    ("days", "columns", "left"),
    [
        (3, {}, "theirs is earlier already"),
        (14, {"preferred_days": ["friday"]}, "they cannot come on that day"),
        (14, {"preferred_times": ["afternoon"]}, "they cannot come in the morning"),
    ],
)
def test_who_is_not_asked(days: int, columns: Any, left: str, monday: datetime) -> None:
    waiting(monday, days=days, **columns)
    freed(monday, monday + NINE)
    assert triage.pass_on_freed_times(monday) == 0


def test_who_left_the_list_is_not_asked(monday: datetime) -> None:
    request = waiting(monday, days=14)
    triage.leave_earlier_list(request, version=request.version, by=PATIENT, now=monday)
    freed(monday, monday + NINE)
    assert triage.pass_on_freed_times(monday) == 0


def test_who_has_an_open_flag_is_not_asked(monday: datetime) -> None:
    request = factories.received(flagged=True, now=monday)
    reception = factories.staff("Reception")
    triage.start_review(request, version=request.version, by=reception, now=monday)
    triage.resolve_flag(
        request.flags.get(),
        version=request.version,
        outcome=FlagOutcome.PROCEED,
        reason="Spoke.",
        by=factories.staff("Clinician"),
        now=monday,
    )
    request.refresh_from_db()
    book_instead(request, monday + timedelta(days=14), monday)
    triage.join_earlier_list(request, version=request.version, by=PATIENT, now=monday)
    request.flags.update(outcome=FlagOutcome.CALL_PATIENT)
    freed(monday, monday + NINE)
    assert triage.pass_on_freed_times(monday) == 0
    request.refresh_from_db()
    assert request.status == BOOKED


def test_a_time_that_comes_too_soon_is_offered_to_nobody(monday: datetime) -> None:
    waiting(monday, days=14, preferred_days=["tuesday"])
    freed(monday, monday + timedelta(hours=15))
    assert triage.pass_on_freed_times(monday) == 0


def test_a_freed_time_that_somebody_else_was_given_is_gone(monday: datetime) -> None:
    waiting(monday, days=14)
    time = freed(monday, monday + NINE)
    request = factories.request_at(RequestStatus.IN_REVIEW, now=monday)
    book_instead(request, time.starts, monday)
    assert triage.pass_on_freed_times(monday) == 0


def test_a_freed_time_that_somebody_is_given_since_the_look_is_offered_to_nobody(
    monday: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    requests = [waiting(monday, days=days) for days in (14, 15)]
    time = freed(monday, monday + NINE)
    stale = free_times.time_at(time.appointment_type, time.clinician, time.starts, monday)
    book_instead(factories.request_at(RequestStatus.IN_REVIEW, now=monday), time.starts, monday)
    monkeypatch.setattr(earlier, "time_at", lambda *_: stale)
    passed_on = triage.pass_on_freed_times(monday)
    assert (passed_on, passed_on.failed, Offer.objects.count()) == (0, 0, 0)
    for request in requests:
        request.refresh_from_db()
    assert [each.status for each in requests] == [BOOKED, BOOKED]


def test_joining_and_leaving_by_a_press(client: Client, monday: datetime) -> None:
    request = booked(monday)
    url = behind_link(client, request)
    content = client.post(f"{url}earlier/", {"version": request.version}, follow=True).content
    assert "You are on our cancellation list." in content.decode()
    request.refresh_from_db()
    assert (request.earlier_asked_at, request.earlier_asked_by) == (monday, PATIENT)
    content = client.post(f"{url}no-earlier/", {"version": request.version}, follow=True).content
    assert "Join the cancellation list" in content.decode()
    request.refresh_from_db()
    assert request.earlier_asked_at is None


def test_an_earlier_time_is_told_as_such(client: Client, monday: datetime) -> None:
    request = waiting(monday, days=14)
    freed(monday, monday + NINE)
    triage.pass_on_freed_times(monday)
    content = client.get(behind_link(client, request)).content.decode()
    assert "<h1>An earlier time is free</h1>" in content
    assert "Ask for other times" not in content


@pytest.mark.django_db(transaction=True)
def test_two_workers_at_once_ask_one_person(monday: datetime) -> None:
    for days in (13, 14):
        waiting(monday, days=days)
    freed(monday, monday + NINE)
    outcomes = race([lambda: triage.pass_on_freed_times(monday)] * 4)
    assert losses(outcomes) == set()
    assert sum(outcomes) == 1
    assert len(asked(monday)) == 1
    wanted = free_times.cells(monday + NINE, monday + NINE + timedelta(minutes=40))
    assert Claim.objects.filter(cell__in=wanted).count() == 2 * len(wanted)
