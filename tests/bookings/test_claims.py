"""What is written of a time: who gets it, when and by whom, what is claimed, and what is refused."""

from datetime import datetime, timedelta
from typing import Any

import pytest
from django.db.models import Model

from bookings import diary
from bookings.diary import claims, free_times
from bookings.models import (
    Appointment,
    AppointmentRequest,
    Claim,
    ClinicSession,
    Closure,
    MachineKind,
    Offer,
    OfferedTime,
    Resource,
)
from bookings.status import (
    CLOCK,
    AppointmentStatus,
    CancelledBy,
    OfferStatus,
    RequestStatus,
    TimeTaken,
    TriageRefused,
)
from procedures.models import Clinician, Revision
from procedures.status import RevisionStatus
from tests import factories
from tests.people import NINE, booked

pytestmark = pytest.mark.django_db
MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)
# A visit takes half an hour, and ten minutes are kept free after it: eight cells of five minutes.
CELLS = 8


def in_review(now: datetime) -> AppointmentRequest:
    return factories.request_at(RequestStatus.IN_REVIEW, now=now)


def columns(row: Model, *, but: set[str]) -> dict[str, Any]:
    """What is stored in the row, without what is empty and without these columns."""
    stored = type(row)._default_manager.values().get(pk=row.pk)
    return {name: value for name, value in stored.items() if value and name not in but}


def claimed() -> set[tuple[str, int, int | None, int | None]]:
    """Who has which cell of which resource: the appointment or the offered time."""
    return set(Claim.objects.values_list("resource__name", "cell", "appointment", "offered_time"))


def of_a_visit(visit: Appointment, *resources: Resource) -> set[tuple[str, int, int, None]]:
    touched = free_times.cells(visit.starts, visit.ends + timedelta(minutes=10))
    assert len(touched) == CELLS
    return {(each.name, cell, visit.pk, None) for each in resources for cell in touched}


def own() -> tuple[Resource, Resource]:
    """The clinician and the room of the factories."""
    person = factories.clinician()
    return diary.resource_of(person), factories.room("Room of clinician")


def offered(
    now: datetime,
    *starts: datetime,
    held_until: datetime | None = None,
    clinician: Clinician | None = None,
) -> Offer:
    return diary.offer(
        in_review(now),
        appointment_type=factories.appointment_type(),
        clinician=clinician or factories.clinician(),
        starts=starts or [now + NINE],
        held_until=held_until or now + HOUR,
        by="reception",
        now=now,
    )


def visit_at(starts: datetime, now: datetime, given: Revision | None = None) -> Appointment:
    return diary.book(
        in_review(now),
        appointment_type=factories.appointment_type(),
        clinician=factories.clinician(),
        starts=starts,
        by="reception",
        now=now,
        given=given,
    )


# --- Offering -------------------------------------------------------------------------------


@pytest.mark.parametrize("whoever", [False, True])
def test_an_offer_says_who_made_it_and_what_it_holds(whoever: bool, monday: datetime) -> None:
    request, kind, person = in_review(monday), factories.appointment_type(), factories.clinician()
    lost = booked(monday, days=9).appointments.get()
    Claim.objects.all().delete()
    first, last = monday + NINE, monday + NINE + 2 * HOUR
    made = diary.offer(
        request,
        appointment_type=kind,
        clinician=None if whoever else person,
        starts=[last, first],
        held_until=first,
        by="reception",
        now=monday,
        freed=lost,
    )
    assert columns(made, but={"id"}) == {
        "request_id": request.pk,
        "appointment_type_id": kind.pk,
        "clinician_id": person.pk,
        "status": OfferStatus.OPEN,
        "made_at": monday,
        "made_by": "reception",
        "held_until": first,
        "buffer_minutes": 10,
        "freed_id": lost.pk,
    }
    of_person, room = own()
    times = list(made.times.order_by("pk"))
    for time, starts in zip(times, (first, last), strict=True):
        assert columns(time, but={"id"}) == {
            "offer_id": made.pk,
            "starts": starts,
            "ends": starts + timedelta(minutes=30),
            "room_id": room.pk,
            "claims_made": 2 * CELLS,
        }
    assert claimed() == {
        (resource.name, cell, None, time.pk)
        for time in times
        for resource in (of_person, room)
        for cell in free_times.cells(time.starts, time.ends + timedelta(minutes=10))
    }


@pytest.mark.parametrize(
    ("times", "held_for", "sentence"),
    [
        ([], HOUR, "Offer between 1 and 3 times."),
        ([1, 2, 3, 4], HOUR, "Offer between 1 and 3 times."),
        ([0], HOUR, "Choose a time in the future."),
        (
            [1],
            timedelta(),
            "The offer must end in the future, and before the first of its times starts.",
        ),
        (
            [2, 1],
            HOUR + MINUTE,
            "The offer must end in the future, and before the first of its times starts.",
        ),
    ],
)
def test_what_cannot_be_offered(
    times: list[int], held_for: timedelta, sentence: str, monday: datetime
) -> None:
    starts = [monday + hours * HOUR for hours in times]
    with pytest.raises(TriageRefused) as refused:
        diary.offer(
            in_review(monday),
            appointment_type=factories.appointment_type(),
            clinician=factories.clinician(),
            starts=starts,
            held_until=monday + held_for,
            by="reception",
            now=monday,
        )
    assert str(refused.value) == sentence
    assert not Offer.objects.exists()


def test_three_times_are_offered_and_one_is_enough(monday: datetime) -> None:
    nine = monday + NINE
    assert offered(monday, nine, nine + HOUR, nine + 2 * HOUR).times.count() == 3
    assert offered(monday, nine + 3 * HOUR).times.count() == 1


def test_a_time_without_a_session_or_that_is_taken_is_said_to_be_so(monday: datetime) -> None:
    """The session has to have room for the visit and for what is kept free after it."""
    person, nine = factories.clinician(), monday + NINE
    ClinicSession.objects.all().delete()
    factories.clinician("ann")  # has sessions at any time
    factories.clinic_session(person, nine.date(), nine.time(), (nine + HOUR).time())
    for starts in (nine - 5 * MINUTE, nine + 25 * MINUTE):
        with pytest.raises(TriageRefused) as refused:
            offered(monday, starts)
        assert type(refused.value) is TriageRefused
        assert str(refused.value) == (
            f"Dr Clinician has no clinic session with enough time on Monday 30 November at "
            f"{starts:%-H:%M}. Choose one of the free times."
        )
    offered(monday, nine + 20 * MINUTE)
    with pytest.raises(TimeTaken) as taken:
        offered(monday, nine + 20 * MINUTE)
    assert str(taken.value) == "That time has just been taken. Choose another."
    assert Offer.objects.count() == 1


def test_of_several_times_with_whoever_is_free_one_person_has_all(monday: datetime) -> None:
    nine = monday + NINE
    visit_at(nine, monday)
    with pytest.raises(TimeTaken) as taken:
        diary.offer(
            in_review(monday),
            appointment_type=factories.appointment_type(),
            clinician=None,
            starts=[nine, nine + HOUR],
            held_until=nine,
            by="reception",
            now=monday,
        )
    assert str(taken.value) == (
        "Nobody is free at all of these times. Choose others, or one clinician."
    )
    with pytest.raises(TimeTaken) as alone:
        diary.book(
            in_review(monday),
            appointment_type=factories.appointment_type(),
            clinician=None,
            starts=nine,
            by="reception",
            now=monday,
        )
    assert str(alone.value) == "Nobody is free at that time. Choose another."


def test_a_clinician_is_a_resource_of_that_name(monday: datetime) -> None:
    person = factories.clinician("ann")
    made = diary.resource_of(person)
    assert (made.name, made.clinician) == ("Dr Ann (ann)", person)
    assert diary.resource_of(person) == made


# --- An offer that has ended ----------------------------------------------------------------


def test_whoever_wants_a_time_ends_the_offers_that_are_over_and_no_others(monday: datetime) -> None:
    nine = monday + NINE
    over = offered(monday, nine, nine + HOUR)
    elsewhere, goes_on = offered(monday, nine + 4 * HOUR), offered(monday, nine + 6 * HOUR)
    Offer.objects.filter(pk=goes_on.pk).update(held_until=monday + 2 * HOUR)
    later = monday + HOUR
    taken = visit_at(nine, later)
    assert columns(over, but={"id", "request_id", "appointment_type_id", "clinician_id"}) == {
        "status": OfferStatus.EXPIRED,
        "made_at": monday,
        "made_by": "reception",
        "held_until": later,
        "buffer_minutes": 10,
        "closed_at": later,
        "closed_by": CLOCK,
    }
    still = {
        *elsewhere.times.values_list("pk", flat=True),
        *goes_on.times.values_list("pk", flat=True),
    }
    assert {time for *_, time in claimed()} == {None, *still}
    assert of_a_visit(taken, *own()) <= claimed()
    with pytest.raises(TimeTaken):
        visit_at(nine + 6 * HOUR, later)
    assert {each.status for each in Offer.objects.exclude(pk=over.pk)} == {OfferStatus.OPEN}


def test_what_was_given_back_is_for_whoever_wants_it_once_its_hour_is_over(
    monday: datetime,
) -> None:
    visit, until = visit_at(monday + NINE, monday), monday + HOUR
    other = visit_at(monday + NINE + HOUR, monday)
    for each in (visit, other):
        diary.end(
            each,
            AppointmentStatus.CANCELLED,
            by="the patient",
            now=monday,
            cancelled_by=CancelledBy.PATIENT,
            kept_until=until,
        )
    with pytest.raises(TimeTaken):
        visit_at(visit.starts, until - MINUTE)
    following = visit_at(visit.starts, until)
    assert claimed() == of_a_visit(following, *own()) | of_a_visit(other, *own())


# --- Accepting ------------------------------------------------------------------------------


def test_an_accepted_time_is_the_appointment_that_was_offered(monday: datetime) -> None:
    """In the room that it has by then: another may have been found after the patient looked."""
    others = offered(monday, monday + NINE + 5 * HOUR)
    offer, spare = offered(monday, monday + NINE, monday + NINE + HOUR), factories.room("Spare")
    chosen, given = offer.times.all()[1], factories.revision(RevisionStatus.PUBLISHED)
    held = claimed()
    diary.change_room(OfferedTime.objects.get(pk=chosen.pk), spare, now=monday)
    later = monday + MINUTE
    visit = diary.accept(chosen, by="the patient", now=later, given=given)
    assert columns(visit, but={"id"}) == {
        "request_id": offer.request_id,
        "appointment_type_id": offer.appointment_type_id,
        "clinician_id": offer.clinician_id,
        "room_id": spare.pk,
        "given_id": given.pk,
        "starts": chosen.starts,
        "ends": chosen.ends,
        "status": AppointmentStatus.BOOKED,
        "booked_at": later,
        "booked_by": "the patient",
    }
    offer.refresh_from_db()
    assert (offer.status, offer.closed_at, offer.closed_by) == (
        OfferStatus.ACCEPTED,
        later,
        "the patient",
    )
    theirs = {each for each in held if each[3] in set(others.times.values_list("pk", flat=True))}
    assert claimed() == of_a_visit(visit, own()[0], spare) | theirs
    others.refresh_from_db()
    assert others.status == OfferStatus.OPEN


@pytest.mark.parametrize(
    "lost", ["the session", "its room", "the room", "the clinician", "a machine"]
)
def test_a_time_that_we_no_longer_have_is_not_given(lost: str, monday: datetime) -> None:
    """The session is another clinician's by now, or elsewhere; or somebody or something is away."""
    ann = factories.clinician("ann")
    offered(monday, monday + NINE + 3 * HOUR)
    scanner = MachineKind.objects.create(name="Scanner")
    machine = Resource.objects.create(
        name="Scanner 1", location=factories.location(), machine_kind=scanner
    )
    factories.appointment_type().needs.add(scanner)
    chosen = offered(monday).times.get()
    person, room = own()
    if lost == "the session":
        ClinicSession.objects.filter(room=room).update(clinician=ann)
    elif lost == "its room":
        ClinicSession.objects.filter(room=room).update(room=factories.room("Spare"))
    else:
        away = {"the room": room, "the clinician": person}.get(lost, machine)
        Closure.objects.create(
            resource=away, starts=chosen.ends - MINUTE, ends=chosen.ends + 8 * HOUR
        )
    with pytest.raises(TriageRefused) as refused:
        diary.accept(chosen, by="the patient", now=monday)
    assert str(refused.value) == (
        "Sorry, our plans have changed and we can no longer see you at that time. Please choose "
        "another, or ask for other times."
    )
    assert not Appointment.objects.exists()


def test_a_time_from_before_there_were_rooms_is_given_as_it_was_offered(monday: datetime) -> None:
    chosen = offered(monday).times.get()
    OfferedTime.objects.update(room=None)
    ClinicSession.objects.all().delete()
    chosen.refresh_from_db()
    assert diary.accept(chosen, by="the patient", now=monday).room is None


def test_what_is_not_held_any_more_is_not_given(monday: datetime) -> None:
    ended, part = offered(monday).times.get(), offered(monday, monday + NINE + HOUR).times.get()
    Claim.objects.filter(offered_time=part).latest("pk").delete()
    with pytest.raises(TimeTaken) as late:
        diary.accept(ended, by="the patient", now=monday + HOUR)
    assert str(late.value) == (
        "This offer has ended, so we are no longer holding its times for you. If you still need an "
        "appointment, phone us."
    )
    with pytest.raises(TimeTaken) as lost:
        diary.accept(part, by="the patient", now=monday)
    assert str(lost.value) == ("We are no longer holding that time for you. Please choose another.")


# --- Booking --------------------------------------------------------------------------------


@pytest.mark.parametrize("whoever", [False, True])
def test_a_booked_visit_says_who_booked_it_and_what_was_given(
    whoever: bool, monday: datetime
) -> None:
    request, kind, person = in_review(monday), factories.appointment_type(), factories.clinician()
    given, (of_person, room) = factories.revision(RevisionStatus.PUBLISHED), own()
    visit = diary.book(
        request,
        appointment_type=kind,
        clinician=None if whoever else person,
        starts=monday + NINE,
        by="reception",
        now=monday,
        given=given,
    )
    assert columns(visit, but={"id"}) == {
        "request_id": request.pk,
        "appointment_type_id": kind.pk,
        "clinician_id": person.pk,
        "room_id": room.pk,
        "given_id": given.pk,
        "starts": monday + NINE,
        "ends": monday + NINE + timedelta(minutes=30),
        "status": AppointmentStatus.BOOKED,
        "booked_at": monday,
        "booked_by": "reception",
    }
    assert claimed() == of_a_visit(visit, of_person, room)
    with pytest.raises(TriageRefused, match=r"^Choose a time in the future\.$"):
        visit_at(monday, monday)


def plan(starts: datetime, now: datetime) -> diary.Planned:
    kind, person = factories.appointment_type(), factories.clinician()
    diary.resource_of(person)
    time = free_times.time_at(kind, person, starts, now)
    assert time
    return diary.Planned(in_review(now), kind, person, time)


def test_many_visits_are_booked_in_one_go(
    monday: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whatever a database takes in one question, and over an offer that has ended."""
    monkeypatch.setattr(claims, "CLAIMS_AT_ONCE", 7)
    given, nine = factories.revision(RevisionStatus.PUBLISHED), monday + NINE
    over, later = offered(monday, nine), monday + HOUR
    planned = [plan(nine + hours * HOUR, later) for hours in (1, 0)]
    diary.book_each(planned, by="mona", now=later, given=given)
    visits = list(Appointment.objects.order_by("pk"))
    for visit, each in zip(visits, planned, strict=True):
        assert columns(visit, but={"id"}) == {
            "request_id": each.request.pk,
            "appointment_type_id": each.appointment_type.pk,
            "clinician_id": each.clinician.pk,
            "room_id": own()[1].pk,
            "given_id": given.pk,
            "starts": each.time.starts,
            "ends": each.time.starts + timedelta(minutes=30),
            "status": AppointmentStatus.BOOKED,
            "booked_at": later,
            "booked_by": "mona",
        }
    assert claimed() == {claim for visit in visits for claim in of_a_visit(visit, *own())}
    over.refresh_from_db()
    assert (over.status, over.closed_at) == (OfferStatus.EXPIRED, later)


def test_of_many_visits_all_are_booked_or_none(monday: datetime) -> None:
    planned = [plan(monday + NINE + hours * HOUR, monday) for hours in (0, 1)]
    with pytest.raises(TriageRefused, match=r"^Choose a time in the future\.$"):
        diary.book_each(planned, by="mona", now=monday + NINE)
    taken = visit_at(monday + NINE + HOUR, monday)
    before = claimed()
    with pytest.raises(TimeTaken, match=r"^That time has just been taken\. Choose another\.$"):
        diary.book_each(planned, by="mona", now=monday)
    assert (list(Appointment.objects.all()), claimed()) == ([taken], before)


# --- Another room ---------------------------------------------------------------------------


def test_a_held_time_gets_another_room_and_keeps_the_rest(monday: datetime) -> None:
    offer, spare = offered(monday, monday + NINE, monday + NINE + HOUR), factories.room("Spare")
    first, second = offer.times.all()
    room = own()[1]
    before = claimed()
    diary.change_room(first, spare, now=monday)
    moved = {each for each in before if each[0] == room.name and each[3] == first.pk}
    assert claimed() == (before - moved) | {("Spare", *rest) for _, *rest in moved}
    assert list(OfferedTime.objects.values_list("room__name", flat=True)) == ["Spare", room.name]
    assert len(moved) == CELLS
    # Whoever looked before finds that it has another room by now.
    with pytest.raises(TimeTaken, match=r"^Spare has just been taken\.$"):
        diary.change_room(first, spare, now=monday)
    diary.release(offer.request, OfferStatus.RELEASED, by="reception", now=monday)
    with pytest.raises(TimeTaken, match=r"^Spare has just been taken\.$"):
        diary.change_room(second, spare, now=monday)


def test_a_room_that_an_ended_offer_holds_is_free_for_a_visit(monday: datetime) -> None:
    visit, other = visit_at(monday + NINE, monday), visit_at(monday + NINE + HOUR, monday)
    bob, (person, room) = factories.clinician("bob"), own()
    over, later = offered(monday, clinician=bob), monday + HOUR
    theirs = factories.room("Room of bob")
    with pytest.raises(TimeTaken, match=r"^Room of bob has just been taken\.$"):
        diary.change_room(visit, theirs, now=later - MINUTE)
    diary.change_room(visit, theirs, now=later)
    over.refresh_from_db()
    assert (over.status, over.closed_at) == (OfferStatus.EXPIRED, later)
    assert claimed() == of_a_visit(visit, person, theirs) | of_a_visit(other, person, room)
    assert [each.room for each in Appointment.objects.order_by("pk")] == [theirs, room]


# --- Ending, and taking that back -----------------------------------------------------------


def test_an_appointment_that_ends_frees_its_time_or_keeps_it(monday: datetime) -> None:
    ended, kept, other = (visit_at(monday + NINE + hours * HOUR, monday) for hours in range(3))
    end: dict[str, Any] = {"by": "reception", "now": monday + MINUTE}
    diary.end(ended, AppointmentStatus.MOVED, **end)
    until = monday + HOUR
    diary.end(
        kept,
        AppointmentStatus.CANCELLED,
        cancelled_by=CancelledBy.PATIENT,
        kept_until=until,
        **end,
    )
    noted = ("status", "ended_at", "ended_by", "cancelled_by", "kept_until")
    assert list(Appointment.objects.order_by("pk").values_list(*noted)) == [
        (AppointmentStatus.MOVED, monday + MINUTE, "reception", "", None),
        (AppointmentStatus.CANCELLED, monday + MINUTE, "reception", CancelledBy.PATIENT, until),
        (AppointmentStatus.BOOKED, None, None, "", None),
    ]
    assert (ended.status, kept.kept_until) == (AppointmentStatus.MOVED, until)
    assert claimed() == of_a_visit(kept, *own()) | of_a_visit(other, *own())
    with pytest.raises(TriageRefused, match=r"^This appointment has already ended\.$"):
        diary.end(ended, AppointmentStatus.CANCELLED, **end)


def test_what_is_noted_of_a_visit_is_noted_of_that_visit_alone(monday: datetime) -> None:
    visit, other = visit_at(monday + NINE, monday), visit_at(monday + NINE + HOUR, monday)
    diary.note_presence(visit, arrived_at=monday, arrived_by="reception")
    assert (visit.arrived_at, visit.arrived_by) == (monday, "reception")
    other.refresh_from_db()
    assert other.arrived_at is None


def test_a_cancelled_visit_is_booked_again_at_its_time(monday: datetime) -> None:
    factories.clinician("ann")  # has a session at that time as well
    visit, other = visit_at(monday + NINE, monday), visit_at(monday + NINE + HOUR, monday)
    before = claimed()
    end: dict[str, Any] = {"by": "reception", "now": monday, "cancelled_by": CancelledBy.CLINIC}
    for each in (visit, other):
        diary.end(each, AppointmentStatus.CANCELLED, **end)
    # An offer that ended held the time meanwhile.
    over = offered(monday, visit.starts, held_until=monday + MINUTE)
    diary.reopen(visit, now=monday + MINUTE)
    assert (visit.status, visit.ended_at, visit.ended_by, visit.cancelled_by) == (
        AppointmentStatus.BOOKED,
        None,
        None,
        "",
    )
    assert claimed() == of_a_visit(visit, *own()) < before
    other.refresh_from_db()
    over.refresh_from_db()
    assert (other.status, over.status) == (AppointmentStatus.CANCELLED, OfferStatus.EXPIRED)


@pytest.mark.parametrize("reason", ["moved", "taken", "no session"])
def test_what_cannot_be_booked_again(reason: str, monday: datetime) -> None:
    visit = visit_at(monday + NINE, monday)
    status = AppointmentStatus.MOVED if reason == "moved" else AppointmentStatus.NOSHOW
    diary.end(visit, status, by="reception", now=monday)
    if reason == "taken":
        visit_at(monday + NINE + 5 * MINUTE, monday)
    if reason == "no session":
        ClinicSession.objects.all().delete()
    before = claimed()
    with pytest.raises(TimeTaken) as taken:
        diary.reopen(visit, now=monday)
    assert str(taken.value) == (
        "This cannot be undone any more: the time has been given to somebody else, or the clinic "
        "session has changed. Record a call to note what happened."
    )
    visit.refresh_from_db()
    assert (visit.status, claimed()) == (status, before)


@pytest.mark.parametrize("given_back", [False, True])
def test_what_an_offer_holds_is_released_or_given_back(given_back: bool, monday: datetime) -> None:
    offer, other = offered(monday, held_until=monday + NINE), offered(monday, monday + NINE + HOUR)
    before = claimed()
    later = monday + MINUTE
    how: dict[str, Any] = {"is_given_back": True} if given_back else {}
    for _ in range(2):
        diary.release(offer.request, OfferStatus.REFUSED, by="sam", now=later, **how)
    noted = ("status", "closed_at", "closed_by", "kept_until")
    assert list(Offer.objects.order_by("pk").values_list(*noted)) == [
        (OfferStatus.REFUSED, later, "sam", later + HOUR if given_back else None),
        (OfferStatus.OPEN, None, None, None),
    ]
    theirs = {each for each in before if each[3] == other.times.get().pk}
    assert claimed() == (before if given_back else theirs)
