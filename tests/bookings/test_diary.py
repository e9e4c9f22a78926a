"""Claims: what is taken and by whom, and that an overlap is impossible."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bookings import diary
from bookings.diary import free_times
from bookings.models import Appointment, Claim
from bookings.status import (
    AppointmentStatus,
    CancelledBy,
    OfferStatus,
    RequestStatus,
    TimeTaken,
    TriageRefused,
)
from tests import factories
from tests.people import booked

START = datetime(2026, 11, 24, 10, tzinfo=UTC)


def after(minutes: float) -> datetime:
    return START + timedelta(minutes=minutes)


def test_cells_are_the_five_minutes_that_a_stretch_touches() -> None:
    first = int(START.timestamp()) // 300
    assert list(free_times.cells(START, after(10))) == [first, first + 1]
    assert list(free_times.cells(after(2), after(7))) == [first, first + 1]
    assert list(free_times.cells(START, after(0.5))) == [first]


stretches = st.tuples(st.integers(0, 600), st.integers(1, 120)).map(
    lambda pair: (after(pair[0]), after(pair[0] + pair[1]))
)


@given(stretches, stretches)
def test_stretches_that_overlap_share_a_cell(
    one: tuple[datetime, datetime], other: tuple[datetime, datetime]
) -> None:
    if one[0] < other[1] and other[0] < one[1]:
        assert set(free_times.cells(*one)) & set(free_times.cells(*other))


@pytest.mark.parametrize("night", ["2027-03-28T00:30:00+00:00", "2027-10-31T00:30:00+00:00"])
def test_every_real_hour_of_a_clock_change_has_cells_of_its_own(night: str) -> None:
    start = datetime.fromisoformat(night)
    hours = [
        set(free_times.cells(start + timedelta(hours=h), start + timedelta(hours=h + 1)))
        for h in range(4)
    ]
    assert [len(hour) for hour in hours] == [12] * 4
    assert len(set.union(*hours)) == 48


@pytest.mark.django_db
def test_an_offer_holds_its_times_with_their_buffers(monday: datetime) -> None:
    request = factories.request_at(RequestStatus.OFFERED, now=monday)
    times = request.offers.get().times.all()
    expected = {
        cell
        for time in times
        for cell in free_times.cells(time.starts, time.ends + timedelta(minutes=10))
    }
    assert set(Claim.objects.values_list("cell", flat=True)) == expected


@pytest.mark.django_db
@pytest.mark.parametrize("minutes", [-35, -5, 0, 15, 35])
def test_a_time_that_touches_a_held_one_is_refused(minutes: int, monday: datetime) -> None:
    held = factories.request_at(RequestStatus.OFFERED, now=monday).offers.get().times.all()[0]
    request = factories.request_at(RequestStatus.IN_REVIEW, now=monday)
    with pytest.raises(TimeTaken):
        factories.offer(request, [held.starts + timedelta(minutes=minutes)], now=monday)


@pytest.mark.django_db
@pytest.mark.parametrize("minutes", [-40, 40])
def test_times_that_only_meet_both_stand(minutes: int, monday: datetime) -> None:
    held = factories.request_at(RequestStatus.OFFERED, now=monday).offers.get().times.all()[0]
    request = factories.request_at(RequestStatus.IN_REVIEW, now=monday)
    offer = factories.offer(request, [held.starts + timedelta(minutes=minutes)], now=monday)
    assert offer.times.count() == 1


@pytest.mark.django_db
def test_another_clinician_has_a_diary_of_their_own(monday: datetime) -> None:
    held = factories.request_at(RequestStatus.OFFERED, now=monday).offers.get().times.all()[0]
    request = factories.request_at(RequestStatus.IN_REVIEW, now=monday)
    appointment = diary.book(
        request,
        appointment_type=factories.appointment_type(),
        clinician=factories.clinician("other"),
        starts=held.starts,
        by="reception",
        now=monday,
    )
    # Forty minutes with the buffer, of a clinician and of a room.
    assert appointment.claims.count() == 2 * 8


@pytest.mark.django_db
def test_a_time_is_free_again_when_its_offer_has_ended(monday: datetime) -> None:
    first = factories.request_at(RequestStatus.OFFERED, now=monday)
    offer = first.offers.get()
    taken = offer.times.all()[0].starts
    second = factories.request_at(RequestStatus.IN_REVIEW, now=monday)
    factories.offer(second, [taken], now=offer.held_until, held_for=timedelta(hours=1))
    offer.refresh_from_db()
    assert offer.status == OfferStatus.EXPIRED
    assert not Claim.objects.filter(offered_time__offer=offer).exists()


@pytest.mark.django_db
@pytest.mark.parametrize("count", [0, 4])
def test_an_offer_has_one_to_three_times(count: int, monday: datetime) -> None:
    request = factories.request_at(RequestStatus.IN_REVIEW, now=monday)
    starts = [factories.tomorrow(hour, now=monday) for hour in range(count)]
    with pytest.raises(TriageRefused, match="between 1 and 3"):
        diary.offer(
            request,
            appointment_type=factories.appointment_type(),
            clinician=factories.clinician(),
            starts=starts,
            held_until=monday + timedelta(hours=1),
            by="reception",
            now=monday,
        )


@pytest.mark.django_db
def test_nothing_is_offered_in_the_past_or_held_past_its_time(monday: datetime) -> None:
    request = factories.request_at(RequestStatus.IN_REVIEW, now=monday)
    with pytest.raises(TriageRefused, match="in the future"):
        factories.offer(request, [monday], now=monday)
    with pytest.raises(TriageRefused, match="before the first"):
        factories.offer(
            request, [factories.tomorrow(now=monday)], now=monday, held_for=timedelta(days=2)
        )


@pytest.mark.django_db
def test_an_offer_that_has_ended_gives_nobody_its_times(monday: datetime) -> None:
    offer = factories.request_at(RequestStatus.OFFERED, now=monday).offers.get()
    with pytest.raises(TimeTaken, match="This offer has ended, so we are no longer holding"):
        diary.accept(offer.times.all()[0], by="the patient", now=offer.held_until)
    offer.refresh_from_db()
    assert (offer.status, Appointment.objects.count()) == (OfferStatus.OPEN, 0)


@pytest.mark.django_db
def test_a_time_of_which_a_part_is_lost_is_not_given(monday: datetime) -> None:
    """Whatever took one of its claims away: nobody is booked into less than the whole time."""
    offer = factories.request_at(RequestStatus.OFFERED, now=monday).offers.get()
    chosen = offer.times.all()[0]
    lost = Claim.objects.filter(offered_time=chosen).latest("pk")
    lost.delete()
    left = list(Claim.objects.order_by("pk").values_list("pk", "offered_time"))
    with pytest.raises(TimeTaken, match="no longer holding that time for you"):
        diary.accept(chosen, by="the patient", now=monday)
    offer.refresh_from_db()
    assert (offer.status, Appointment.objects.count()) == (OfferStatus.OPEN, 0)
    assert list(Claim.objects.order_by("pk").values_list("pk", "offered_time")) == left


@pytest.mark.django_db
def test_an_appointment_ends_once(monday: datetime) -> None:
    visit = booked(monday).appointments.get()
    stale = Appointment.objects.get(pk=visit.pk)
    diary.end(
        visit,
        AppointmentStatus.CANCELLED,
        cancelled_by=CancelledBy.CLINIC,
        by="first",
        now=monday,
    )
    with pytest.raises(TriageRefused, match="This appointment has already ended"):
        diary.end(stale, AppointmentStatus.MOVED, by="second", now=monday)
    stale.refresh_from_db()
    assert (stale.status, stale.ended_by) == (AppointmentStatus.CANCELLED, "first")
