"""Free times: clinic sessions, minus whatever cancels them, minus claims."""

from collections.abc import Callable
from datetime import UTC, date, datetime, time, timedelta
from random import Random
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bookings import diary, triage
from bookings.desk.agenda import Agenda, Kind, Plan
from bookings.diary import free_times
from bookings.diary.calendar_files import invitation
from bookings.models import (
    Appointment,
    AppointmentType,
    Claim,
    ClinicSession,
    ClosedDay,
    Closure,
    Location,
    MachineKind,
    Offer,
    OpeningHours,
    Resource,
    RoomKind,
    SessionChange,
)
from bookings.status import OfferStatus, RequestStatus, TimeTaken, TriageRefused
from procedures.models import Clinician
from tests import factories

LONDON = ZoneInfo("Europe/London")
TUESDAY = date(2026, 11, 24)
WEEK = [TUESDAY + timedelta(days=day) for day in range(7)]


def local(day: date, hour: int, minute: int = 0) -> datetime:
    return datetime.combine(day, time(hour, minute), tzinfo=LONDON)


@pytest.fixture
def doctor(db: None, monday: datetime) -> Clinician:
    """A clinician with sessions on Tuesdays from 9 to 12, at a location that opens at 8."""
    doctor = factories.clinician()
    ClinicSession.objects.all().delete()
    factories.clinic_session(doctor, TUESDAY, time(9), time(12))
    diary.resource_of(doctor)
    return doctor


def spans(days: list[date] = WEEK) -> list[tuple[str, str]]:
    return [
        (
            f"{each.span.starts.astimezone(LONDON):%a %H:%M}",
            f"{each.span.ends.astimezone(LONDON):%H:%M}",
        )
        for each in free_times.stretches(days)
    ]


def starts(doctor: Clinician, now: datetime, kind: AppointmentType | None = None) -> list[str]:
    found = free_times.free_times(kind or factories.appointment_type(), doctor, WEEK, now)
    return [f"{each.starts.astimezone(LONDON):%a %H:%M}" for each in found]


def booked(doctor: Clinician, at: datetime, now: datetime, **columns: Any) -> Appointment:
    request = factories.request_at(RequestStatus.IN_REVIEW, now=now)
    return triage.book(
        request,
        version=request.version,
        **{"appointment_type": factories.appointment_type(), "clinician": doctor} | columns,
        starts=at,
        by=factories.staff("Reception"),
        now=now,
    )


# --- When sessions take place ---------------------------------------------------------------


def test_a_weekly_session_takes_place_every_week(doctor: Clinician) -> None:
    fortnight = [TUESDAY + timedelta(days=day) for day in range(14)]
    assert spans(fortnight) == [("Tue 09:00", "12:00")] * 2


def test_a_single_session_takes_place_once(doctor: Clinician) -> None:
    ClinicSession.objects.update(last_day=TUESDAY)
    assert spans([TUESDAY, TUESDAY + timedelta(days=7), TUESDAY - timedelta(days=7)]) == [
        ("Tue 09:00", "12:00")
    ]


def cancel_that_day(doctor: Clinician) -> None:
    SessionChange.objects.create(session=ClinicSession.objects.get(), day=TUESDAY)


def change_the_hours(doctor: Clinician) -> None:
    session = ClinicSession.objects.get()
    SessionChange.objects.create(session=session, day=TUESDAY, starts=time(14), ends=time(15))


def close_the_clinic(doctor: Clinician) -> None:
    ClosedDay.objects.create(day=TUESDAY, reason="A bank holiday")


def go_on_leave(doctor: Clinician) -> None:
    leave = {"starts": local(TUESDAY, 10), "ends": local(TUESDAY, 11)}
    Closure.objects.create(resource=doctor.resource, **leave)


def close_the_room(doctor: Clinician) -> None:
    paint = {"starts": local(TUESDAY, 8), "ends": local(TUESDAY, 9, 30)}
    Closure.objects.create(resource=ClinicSession.objects.get().room, **paint)


def close_the_house(doctor: Clinician) -> None:
    flood = {"starts": local(TUESDAY, 11), "ends": local(TUESDAY + timedelta(days=3), 11)}
    Closure.objects.create(location=Location.objects.get(), **flood)


def open_later(doctor: Clinician) -> None:
    OpeningHours.objects.filter(weekday=1).update(opens=time(10))


def close_for_lunch(doctor: Clinician) -> None:
    OpeningHours.objects.filter(weekday=1).update(opens=time(8), closes=time(10))
    OpeningHours.objects.create(
        location=Location.objects.get(), weekday=1, opens=time(11), closes=time(18)
    )


@pytest.mark.parametrize(
    ("happens", "left"),
    [
        (cancel_that_day, []),
        (change_the_hours, [("Tue 14:00", "15:00")]),
        (close_the_clinic, []),
        (go_on_leave, [("Tue 09:00", "10:00"), ("Tue 11:00", "12:00")]),
        (close_the_room, [("Tue 09:30", "12:00")]),
        (close_the_house, [("Tue 09:00", "11:00")]),
        (open_later, [("Tue 10:00", "12:00")]),
        (close_for_lunch, [("Tue 09:00", "10:00"), ("Tue 11:00", "12:00")]),
    ],
)
def test_what_cancels_a_session(
    happens: Callable[[Clinician], None], left: list[Any], doctor: Clinician
) -> None:
    happens(doctor)
    assert spans() == left


def test_the_leave_of_another_changes_nothing(doctor: Clinician) -> None:
    other = diary.resource_of(factories.clinician("other"))
    ClinicSession.objects.exclude(clinician=doctor).delete()
    Closure.objects.create(resource=other, starts=local(TUESDAY, 9), ends=local(TUESDAY, 12))
    assert spans() == [("Tue 09:00", "12:00")]


# --- What is free ---------------------------------------------------------------------------


def test_free_times_follow_each_other_with_their_buffers(
    doctor: Clinician, monday: datetime
) -> None:
    # Thirty minutes and ten to write up: 11:40 would end its buffer after 12:00.
    assert starts(doctor, monday) == ["Tue 09:00", "Tue 09:40", "Tue 10:20", "Tue 11:00"]


def test_what_is_claimed_is_not_free_and_the_rest_closes_up(
    doctor: Clinician, monday: datetime
) -> None:
    booked(doctor, local(TUESDAY, 9, 30), monday)
    assert starts(doctor, monday) == ["Tue 10:10", "Tue 10:50"]


def test_nothing_that_has_begun_is_free(doctor: Clinician) -> None:
    now = local(TUESDAY, 10, 21)
    assert starts(doctor, now) == ["Tue 10:25", "Tue 11:05"]


def test_a_lapsed_offer_leaves_its_times_free(doctor: Clinician, monday: datetime) -> None:
    request = factories.request_at(RequestStatus.IN_REVIEW, now=monday)
    offer = factories.offer(request, [local(TUESDAY, 9)], now=monday)
    assert "Tue 09:00" not in starts(doctor, monday)
    assert "Tue 09:00" in starts(doctor, offer.held_until)


def with_machines(count: int) -> AppointmentType:
    kind = MachineKind.objects.create(name="Ultrasound")
    for number in range(count):
        name = f"Ultrasound {number}"
        Resource.objects.create(name=name, location=factories.location(), machine_kind=kind)
    scan = AppointmentType.objects.create(name="Scan", minutes=30, buffer_minutes=10)
    scan.needs.add(kind)
    return scan


@pytest.fixture
def colleague(doctor: Clinician) -> Clinician:
    """Another clinician, at the same time in another room of the same location."""
    colleague = factories.clinician("colleague")
    ClinicSession.objects.filter(clinician=colleague).delete()
    factories.clinic_session(colleague, TUESDAY, time(9), time(12))
    return colleague


@pytest.mark.parametrize(("machines", "both"), [(0, False), (1, False), (2, True)])
def test_two_clinicians_share_the_machines(
    machines: int, both: bool, doctor: Clinician, colleague: Clinician, monday: datetime
) -> None:
    scan = with_machines(machines)
    if machines:
        first = booked(doctor, local(TUESDAY, 9), monday, appointment_type=scan)
        assert first.claims.values("resource").distinct().count() == 3
    assert ("Tue 09:00" in starts(colleague, monday, scan)) == both
    if both:
        booked(colleague, local(TUESDAY, 9), monday, appointment_type=scan)
        return
    with pytest.raises(TimeTaken):
        booked(colleague, local(TUESDAY, 9), monday, appointment_type=scan)


def test_a_machine_elsewhere_is_of_no_use(doctor: Clinician, monday: datetime) -> None:
    scan = with_machines(1)
    Resource.objects.filter(machine_kind__isnull=False).update(
        location=factories.location("Another house")
    )
    assert starts(doctor, monday, scan) == []


def test_a_machine_that_is_away_is_not_free(doctor: Clinician, monday: datetime) -> None:
    scan = with_machines(1)
    machine = Resource.objects.get(machine_kind__isnull=False)
    Closure.objects.create(resource=machine, starts=local(TUESDAY, 9), ends=local(TUESDAY, 10))
    assert starts(doctor, monday, scan) == ["Tue 10:00", "Tue 10:40", "Tue 11:20"]


def test_two_sessions_in_one_room_share_it(doctor: Clinician, monday: datetime) -> None:
    colleague = factories.clinician("colleague")
    room = ClinicSession.objects.filter(clinician=doctor).get().room
    ClinicSession.objects.filter(clinician=colleague).update(room=room)
    booked(doctor, local(TUESDAY, 9), monday)
    with pytest.raises(TimeTaken):
        booked(colleague, local(TUESDAY, 9), monday)


@pytest.mark.parametrize(
    ("hour", "minute"), [(8, 55), (11, 25), (11, 45), (12, 0), (17, 0)], ids=str
)
def test_nothing_is_booked_outside_or_across_the_end_of_a_session(
    hour: int, minute: int, doctor: Clinician, monday: datetime
) -> None:
    with pytest.raises(TriageRefused, match="has no clinic session with enough time"):
        booked(doctor, local(TUESDAY, hour, minute), monday)
    assert Claim.objects.count() == 0


def test_a_time_of_ones_own_within_a_session_is_booked(doctor: Clinician, monday: datetime) -> None:
    made = booked(doctor, local(TUESDAY, 11, 20), monday)
    assert made.room == ClinicSession.objects.get().room


stretches_of_day = st.lists(st.tuples(st.integers(0, 36), st.integers(1, 12)), max_size=6)


@settings(
    max_examples=25,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(
    taken=stretches_of_day, minutes=st.sampled_from([5, 20, 35]), buffer=st.sampled_from([0, 10])
)
def test_whatever_is_claimed_every_free_time_can_be_booked_and_no_other(
    taken: list[tuple[int, int]],
    minutes: int,
    buffer: int,
    doctor: Clinician,
    monday: datetime,
) -> None:
    Claim.objects.all().delete()
    holder = Appointment.objects.first() or booked(doctor, local(TUESDAY, 9), monday)
    Claim.objects.all().delete()
    first = free_times.cells(local(TUESDAY, 9), local(TUESDAY, 12)).start
    claimed = {first + start + more for start, length in taken for more in range(length)}
    Claim.objects.bulk_create(
        Claim(resource=doctor.resource, cell=cell, appointment=holder) for cell in claimed
    )
    kind = AppointmentType(name="x", minutes=minutes, buffer_minutes=buffer)
    kind.save()
    whole = timedelta(minutes=minutes + buffer)
    free = free_times.free_times(kind, doctor, [TUESDAY], monday)
    kind.delete()
    used: set[int] = set()
    for each in free:
        cells = set(free_times.cells(each.starts, each.starts + whole))
        assert not cells & (claimed | used)
        assert local(TUESDAY, 9) <= each.starts
        assert each.starts + whole <= local(TUESDAY, 12)
        used |= cells
    # The rest is too short for another time.
    left, run = sorted(set(range(first, first + 36)) - claimed - used), 0
    for cell in range(first, first + 37):
        run = run + 1 if cell in left else 0
        assert run < (minutes + buffer) / 5


# --- R17: the two odd nights of a year --------------------------------------------------------


@pytest.mark.parametrize(
    ("day", "hours", "hour"), [(date(2027, 3, 28), 23, "01"), (date(2027, 10, 31), 25, "")]
)
def test_r17_a_session_over_a_clock_change_is_as_long_as_the_night(
    day: date, hours: int, hour: str, doctor: Clinician, monday: datetime
) -> None:
    ClinicSession.objects.all().delete()
    factories.clinic_session(doctor, day, time(0), time(23, 59))
    short = AppointmentType.objects.create(name="Short", minutes=5)
    found = [each.starts for each in free_times.free_times(short, doctor, [day], monday)]
    assert len(found) == hours * 12 - 1  # the last five minutes end at midnight
    assert len(set(found)) == len(found)
    shown = [f"{each.astimezone(LONDON):%H:%M %Z}" for each in found]
    assert len(set(shown)) == len(shown)
    assert not any(each.startswith("01") for each in shown) or not hour
    for each in found:
        assert each.astimezone(LONDON).astimezone(UTC) == each


@given(st.dates(date(2026, 1, 1), date(2028, 12, 31)), st.integers(0, 22), st.integers(1, 4))
def test_r17_a_stretch_of_wall_time_is_real_time(day: date, hour: int, length: int) -> None:
    starts = free_times._instant(day, time(hour))
    ends = free_times._instant(day, time(min(hour + length, 23)))
    if hour + length <= 23:
        assert abs((ends - starts) - timedelta(hours=length)) <= timedelta(hours=1)
    exists = starts.astimezone(LONDON).replace(tzinfo=None) == datetime.combine(day, time(hour))
    assert exists or (day.month == 3 and hour == 1)


# --- Appointments that lost their clinic ----------------------------------------------------


@pytest.mark.parametrize(
    ("happens", "lost"),
    [
        (cancel_that_day, True),
        (change_the_hours, True),
        (close_the_clinic, True),
        (go_on_leave, True),
        (close_the_room, False),
        (close_the_house, False),
        (open_later, False),
        (close_for_lunch, True),
    ],
)
def test_an_appointment_that_lost_its_clinic_is_found(
    happens: Callable[[Clinician], None], lost: bool, doctor: Clinician, monday: datetime
) -> None:
    appointment = booked(doctor, local(TUESDAY, 10), monday)
    assert free_times.stranded(monday) == []
    happens(doctor)
    assert [each.appointment for each in free_times.stranded(monday)] == [appointment] * lost
    assert free_times.stranded(appointment.starts) == []


def test_an_appointment_whose_room_was_given_away_is_found(
    doctor: Clinician, monday: datetime
) -> None:
    booked(doctor, local(TUESDAY, 10), monday)
    ClinicSession.objects.update(room=factories.room("Another room"))
    assert len(free_times.stranded(monday)) == 1


def test_an_appointment_whose_machine_is_away_is_found(doctor: Clinician, monday: datetime) -> None:
    booked(doctor, local(TUESDAY, 10), monday, appointment_type=with_machines(1))
    machine = Resource.objects.get(machine_kind__isnull=False)
    Closure.objects.create(resource=machine, starts=local(TUESDAY, 10, 10), ends=local(TUESDAY, 18))
    assert [each.why for each in free_times.stranded(monday)] == [
        "Ultrasound 0 is not available at that time."
    ]


def test_a_cancelled_appointment_is_nobodys_task(doctor: Clinician, monday: datetime) -> None:
    appointment = booked(doctor, local(TUESDAY, 10), monday)
    cancel_that_day(doctor)
    request = appointment.request
    triage.cancel(
        request, version=request.version, by=factories.staff("Reception"), now=monday, reason="Ill."
    )
    assert free_times.stranded(monday) == []


def test_an_offered_time_that_lost_its_session_cannot_be_taken(
    doctor: Clinician, monday: datetime
) -> None:
    request = factories.request_at(RequestStatus.IN_REVIEW, now=monday)
    chosen = factories.offer(request, [local(TUESDAY, 10)], now=monday).times.get()
    cancel_that_day(doctor)
    with pytest.raises(TriageRefused, match="our plans have changed"):
        triage.accept(request, version=request.version, chosen=chosen, now=monday)
    assert request.status == RequestStatus.OFFERED


def test_a_session_may_be_different_on_two_days(doctor: Clinician, monday: datetime) -> None:
    session = ClinicSession.objects.get()
    later = TUESDAY + timedelta(days=7)
    SessionChange.objects.create(session=session, day=TUESDAY, starts=time(10), ends=time(11))
    SessionChange.objects.create(session=session, day=later)
    weeks = [TUESDAY + timedelta(days=7 * week) for week in range(3)]
    assert spans(weeks) == [("Tue 10:00", "11:00"), ("Tue 09:00", "12:00")]


# --- The diary ------------------------------------------------------------------------------


def plan_of(day: date, now: datetime, kind: AppointmentType | None = None) -> Plan:
    (plan,) = Agenda([day], now, kind).plans()
    return plan


def lines(plan: Plan) -> list[tuple[str, Kind, int]]:
    return [
        (f"{entry.starts.astimezone(LONDON):%H:%M}", entry.kind, entry.minutes)
        for entry in plan.entries()
    ]


def test_a_day_of_the_diary_tells_who_comes_what_is_offered_and_what_is_free(
    doctor: Clinician, monday: datetime
) -> None:
    appointment = booked(doctor, local(TUESDAY, 9, 30), monday)
    request = factories.request_at(RequestStatus.IN_REVIEW, now=monday)
    factories.offer(request, [local(TUESDAY, 11)], now=monday, held_for=timedelta(hours=1))
    plan = plan_of(TUESDAY, monday)
    assert lines(plan) == [
        ("09:00", Kind.FREE, 30),
        ("09:30", Kind.BOOKED, 30),
        ("10:10", Kind.FREE, 50),
        ("11:00", Kind.HELD, 30),
        ("11:40", Kind.FREE, 20),
    ]
    assert (plan.visits, plan.held, plan.minutes, plan.minutes_taken) == (1, 1, 180, 60)
    assert lines(plan_of(TUESDAY, monday, factories.appointment_type(20, 5))) == [
        ("09:00", Kind.FREE, 20),
        ("09:30", Kind.BOOKED, 30),
        ("10:10", Kind.FREE, 20),
        ("10:35", Kind.FREE, 20),
        ("11:00", Kind.HELD, 30),
        ("11:40", Kind.LEFT, 20),
    ]
    cancel_that_day(doctor)
    plan = plan_of(TUESDAY, monday)
    assert lines(plan) == [("09:30", Kind.STRANDED, 30), ("11:00", Kind.HELD, 30)]
    assert plan.entries()[0].appointment == appointment
    assert plan.minutes == 0


def test_who_came_stays_in_the_diary(doctor: Clinician, monday: datetime) -> None:
    appointment = booked(doctor, local(TUESDAY, 9), monday)
    request = appointment.request
    later = appointment.ends
    by = factories.staff("Reception")
    triage.record_attendance(request, version=request.version, came=True, by=by, now=later)
    assert lines(plan_of(TUESDAY, later)) == [
        ("09:00", Kind.SEEN, 30),
        ("09:30", Kind.FREE, 150),
    ]


def test_an_offered_time_whose_machine_is_away_cannot_be_taken(
    doctor: Clinician, monday: datetime
) -> None:
    scan = with_machines(1)
    request = factories.request_at(RequestStatus.IN_REVIEW, now=monday)
    offer = triage.offer(
        request,
        version=request.version,
        appointment_type=scan,
        clinician=doctor,
        starts=[local(TUESDAY, 10)],
        held_until=monday + timedelta(hours=3),
        by=factories.staff("Reception"),
        now=monday,
    )
    machine = Resource.objects.get(machine_kind__isnull=False)
    Closure.objects.create(resource=machine, starts=local(TUESDAY, 9), ends=local(TUESDAY, 11))
    with pytest.raises(TriageRefused, match="our plans have changed"):
        triage.accept(request, version=request.version, chosen=offer.times.get(), now=monday)


def change_the_room(doctor: Clinician) -> None:
    ClinicSession.objects.update(room=factories.room("Another room"))


def shorten(doctor: Clinician) -> None:
    ClinicSession.objects.update(ends=time(10, 10))


def take_its_machine_away(doctor: Clinician) -> None:
    """The machine that the appointment has, out of order for an hour of that day."""
    machine = Resource.objects.filter(machine_kind__isnull=False, claim__isnull=False).first()
    starts = local(TUESDAY, 10, 20)
    Closure.objects.create(resource=machine, starts=starts, ends=starts + timedelta(hours=1))


@pytest.mark.parametrize(
    "happens", [change_the_room, shorten, cancel_that_day, take_its_machine_away]
)
def test_the_diary_and_the_desk_agree_on_who_is_stranded(
    happens: Callable[[Clinician], None], doctor: Clinician, monday: datetime
) -> None:
    appointment = booked(doctor, local(TUESDAY, 10), monday, appointment_type=with_machines(1))
    happens(doctor)
    lost = [each.appointment for each in plan_of(TUESDAY, monday).entries() if each.why]
    assert lost == [appointment]
    assert [each.appointment for each in free_times.stranded(monday)] == [appointment]


def test_who_is_stranded_gets_no_reminder(doctor: Clinician, monday: datetime) -> None:
    booked(doctor, local(TUESDAY + timedelta(days=7), 10), monday)
    assert triage.remind(local(TUESDAY + timedelta(days=6), 9)) == 1
    booked(doctor, local(TUESDAY + timedelta(days=14), 10), monday)
    ClinicSession.objects.update(last_day=TUESDAY)
    assert triage.remind(local(TUESDAY + timedelta(days=13), 9)) == 0


def test_the_desk_asks_as_often_for_many_as_for_few(
    doctor: Clinician, monday: datetime, django_assert_max_num_queries: Any
) -> None:
    for hour in (9, 10, 11):
        booked(doctor, local(TUESDAY, hour), monday)
    with django_assert_max_num_queries(8):
        free_times.stranded(monday)


def test_a_calendar_file_leads_to_the_house_of_the_room(
    doctor: Clinician, monday: datetime
) -> None:
    appointment = booked(doctor, local(TUESDAY, 10), monday)
    assert b"LOCATION:1 Invented Street" in invitation(appointment)


# --- The quick way and the plain way --------------------------------------------------------


def plainly(
    rota: free_times.Rota, kind: AppointmentType, now: datetime
) -> list[tuple[ClinicSession, datetime, list[Resource]]]:
    """Every five minutes of every stretch, tried one after the other, with what it would claim."""
    taken = {(each.resource_id, each.cell) for each in Claim.objects.all() if stands(each, now)}
    for closure in Closure.objects.exclude(resource=None):
        touched = free_times.cells(closure.starts, closure.ends)
        taken |= {(closure.resource_id or 0, cell) for cell in touched}
    whole = timedelta(minutes=kind.minutes + kind.buffer_minutes)
    found = []
    for session, span in rota.stretches:
        others = {
            (each.session.room_id, cell)
            for each in rota.stretches
            if each.session.clinician_id != session.clinician_id
            for cell in free_times.cells(*each.span)
        }
        starts = datetime.fromtimestamp(-(-max(span.starts, now).timestamp() // 300) * 300, tz=UTC)
        while starts + whole <= span.ends:
            cells = free_times.cells(starts, starts + whole)
            chosen = [
                next((each for each in need if free(each, session, cells, taken, others)), None)
                for need in needs_of(session, kind)
            ]
            given = [each for each in chosen if each]
            if len(given) == len(chosen):
                found.append((session, starts, given))
            starts += whole if len(given) == len(chosen) else timedelta(minutes=5)
    return found


def stands(claim: Claim, now: datetime) -> bool:
    """Whether nobody may take over what is claimed."""
    offer = claim.offered_time and claim.offered_time.offer
    ends = [each.kept_until for each in (claim.appointment, offer) if each]
    if offer and offer.status == OfferStatus.OPEN:
        ends.append(offer.held_until)
    return all(end is None or end > now for end in ends)


def needs_of(session: ClinicSession, kind: AppointmentType) -> list[list[Resource]]:
    """The clinician, the rooms that will do with that of the session first, and the machines."""
    here = Resource.objects.filter(location=session.room.location).order_by("name")
    rooms = [session.room]
    if kind.room_kind_id:
        there = here.filter(room_kind=kind.room_kind_id)
        rooms = sorted(there, key=lambda each: each != session.room)
    machines = [list(here.filter(machine_kind=each)) for each in kind.needs.order_by("pk")]
    return [[session.clinician.resource], rooms, *machines]


def free(
    resource: Resource,
    session: ClinicSession,
    cells: range,
    taken: set[tuple[int, int]],
    others: set[tuple[int, int]],
) -> bool:
    """Whether nobody has it in these cells, and if it is another room, nobody else is in it."""
    busy = taken if resource == session.room else taken | others
    return not any((resource.pk, cell) in busy for cell in cells)


@pytest.fixture
def holders(doctor: Clinician, monday: datetime) -> list[dict[str, Any]]:
    """Who may have a claim: a visit, one given back long ago, an open offer, and one that expired."""
    visit, given_back = (booked(doctor, local(TUESDAY, hour), monday) for hour in (9, 10))
    Appointment.objects.filter(pk=given_back.pk).update(
        status="cancelled",
        cancelled_by="patient",
        ended_at=monday,
        ended_by="the patient",
        kept_until=monday + timedelta(hours=1),
    )
    offers = [
        factories.offer(
            factories.request_at(RequestStatus.IN_REVIEW, now=monday),
            [local(TUESDAY, 11)],
            now=monday + timedelta(hours=hours),
            held_for=timedelta(hours=2),
        )
        for hours in (0, 3)
    ]
    Offer.objects.filter(pk=offers[1].pk).update(held_until=monday + timedelta(days=900))
    times = [{"offered_time": each.times.get()} for each in offers]
    return [{"appointment": visit}, {"appointment": given_back}, *times]


@pytest.fixture
def house(doctor: Clinician) -> AppointmentType:
    """Two clinicians and a spare room of one kind, and a visit that needs one and a machine of two."""
    kind = with_machines(2)
    kind.room_kind = RoomKind.objects.create(name="Treatment room")
    diary.resource_of(factories.clinician("colleague"))
    factories.room("Spare")
    Resource.objects.filter(clinician=None, machine_kind=None).update(room_kind=kind.room_kind)
    return kind


def a_weekend(random: Random, first: date, holders: list[dict[str, Any]]) -> None:
    """Other sessions, closures and claims on two days."""
    resources = list(Resource.objects.all())
    for model in (ClinicSession, Closure, Claim):
        model._default_manager.all().delete()
    for who in Clinician.objects.exclude(resource=None):
        for day in (first, first + timedelta(days=1)):
            hour = random.randrange(6)
            until = time(hour + random.randrange(2, 12), random.choice([0, 30, 55]))
            factories.clinic_session(who, day, time(hour, random.choice([0, 10])), until)
    for _ in range(random.randrange(4)):
        starts = local(first, random.randrange(24), random.randrange(60))
        ends = starts + timedelta(minutes=random.randrange(1, 300))
        Closure.objects.create(resource=random.choice(resources), starts=starts, ends=ends)
    cells = free_times.cells(local(first, 0), local(first, 0) + timedelta(days=2))
    runs = [
        (random.choice(resources), random.choice(cells), random.choice(holders)) for _ in range(40)
    ]
    Claim.objects.bulk_create(
        (
            Claim(resource=resource, cell=cell + more, **holder)
            for resource, cell, holder in runs
            for more in range(random.randrange(1, 12))
        ),
        ignore_conflicts=True,
    )


@settings(
    max_examples=5, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(seed=st.integers(0, 10**6), whole=st.sampled_from([(30, 10), (5, 0), (12, 0), (20, 7)]))
def test_jumping_finds_what_trying_every_five_minutes_finds(
    seed: int, whole: tuple[int, int], house: AppointmentType, holders: list[dict[str, Any]]
) -> None:
    random = Random(seed)
    # The clocks change on the second day.
    first = random.choice([date(2027, 3, 27), date(2027, 10, 30)])
    a_weekend(random, first, holders)
    house.minutes, house.buffer_minutes = whole
    now = local(first, random.randrange(6), random.randrange(60))
    rota = free_times.Rota([first, first + timedelta(days=1)])
    quick = free_times.free_on(rota, free_times.Taken(rota, now), house, now)
    plain = plainly(rota, house, now)
    assert [(where.session, each.starts, each.resources) for where, each in quick] == [
        (session, starts, tuple(each.pk for each in given)) for session, starts, given in plain
    ]
