"""What a patient gives back on their own page: the date of birth first, and an hour to undo it."""

from collections.abc import Callable
from datetime import datetime, timedelta
from functools import partial
from typing import Any

import pytest
from django.core import mail
from django.test import Client

from bookings import diary, journal, messages, triage
from bookings.diary import claims, kept
from bookings.diary.free_times import stranded
from bookings.models import Appointment, AppointmentRequest, Claim, ClosedDay, Closure
from bookings.records.emptying import empty_request
from bookings.status import (
    CLOCK,
    PATIENT,
    AppointmentStatus,
    MessageKind,
    OfferStatus,
    Overtaken,
    RequestStatus,
    TimeTaken,
    TriageRefused,
)
from bookings.status.events import Event
from tests import factories
from tests.people import BIRTH, book_instead, booked, decide_at, open_link, page_of, waiting
from tests.races import just_before_the_update, losses, race, winners

pytestmark = pytest.mark.django_db
HOUR, SECOND = timedelta(hours=1), timedelta(seconds=1)
OFFERED, OTHERS = RequestStatus.OFFERED, RequestStatus.BOOKED_OFFERED
# Where each step starts, what is pressed, and what the letter is called that tells of it.
STEPS = {
    "cancel": (RequestStatus.BOOKED, "cancel/", MessageKind.CANCELLED),
    "other times": (OFFERED, "other-times/", None),
    "other times instead": (OTHERS, "other-times/", None),
    "keep": (OTHERS, "keep/", None),
    "withdraw": (OFFERED, "withdraw/", MessageKind.WITHDRAWN),
}
# What the journal says once it is undone.
UNDONE = {
    "cancel": Event.KEPT_AFTER_ALL,
    "other times": Event.TIMES_AFTER_ALL,
    "other times instead": Event.TIMES_AFTER_ALL,
    "keep": Event.TIMES_AFTER_ALL,
    "withdraw": Event.ASKS_AFTER_ALL,
}
each_step = pytest.mark.parametrize("step", STEPS)


def with_times(status: RequestStatus, now: datetime) -> AppointmentRequest:
    """A request in that status, whose appointment is far enough away to be cancelled."""
    if status == RequestStatus.BOOKED:
        return booked(now)
    if status == OFFERED:
        return factories.request_at(status, now=now)
    request = booked(now)
    factories.offer(request, [factories.tomorrow(2, now=now)], now=now)
    return request


def give_back(request: AppointmentRequest, step: str, now: datetime) -> None:
    """Take the step as the patient does."""
    request.refresh_from_db()
    verbs: dict[str, Callable[..., Any]] = {
        "cancel/": partial(triage.cancel, by=PATIENT),
        "other-times/": partial(triage.ask_for_other_times, wishes=""),
        "keep/": triage.keep_appointment,
        "withdraw/": triage.withdraw,
    }
    verbs[STEPS[step][1]](request, version=request.version, now=now)


def undo(request: AppointmentRequest, now: datetime, by: Any = PATIENT) -> AppointmentRequest:
    request.refresh_from_db()
    return triage.undo_giving_back(request, version=request.version, by=by, now=now)


def held() -> set[tuple[int, int]]:
    return set(Claim.objects.values_list("resource", "cell"))


# --- The patient's page ---------------------------------------------------------------------


@each_step
def test_the_date_of_birth_comes_first_and_an_hour_to_undo_it(
    step: str, client: Client, monday: datetime, at: Any
) -> None:
    status, page, letter = STEPS[step]
    factories.clinic(phone="020 7946 0000")
    request = with_times(status, monday)
    before = held()
    url = open_link(client, request)
    posted = {"version": request.version, "reason": "Mine.", "wishes": ""}
    stopped = client.post(url + page, posted)
    assert stopped.headers["Location"] == f"{url}identify/"
    assert AppointmentRequest.objects.get(pk=request.pk).status == status
    wrong = client.post(f"{url}identify/", BIRTH | {"date_of_birth_year": "1971"}).content.decode()
    assert "This is not the date of birth we have." in wrong
    assert "020 7946 0000" in wrong
    client.post(f"{url}identify/", BIRTH)
    told = client.post(url + page, posted, follow=True).content.decode()
    assert "You can undo this until Monday at 11:00." in told
    assert held() == before
    at(monday + HOUR - SECOND)
    assert "<button" in client.get(f"{url}undo/").content.decode()
    request.refresh_from_db()
    client.post(f"{url}undo/", {"version": request.version})
    request.refresh_from_db()
    assert (request.status, held(), request.ended_at) == (status, before, None)
    assert request.events.latest("number").kind == UNDONE[step]
    assert request.messages.latest("pk").kind == MessageKind.CLINIC_NOTICE
    assert journal.chain_is_whole(request)
    assert [each.status for each in request.messages.filter(kind=letter)] == ["dropped"] * bool(
        letter
    )


@each_step
def test_after_the_hour_others_can_have_it_and_the_page_says_so(
    step: str, client: Client, monday: datetime, at: Any
) -> None:
    status = STEPS[step][0]
    request = with_times(status, monday)
    given_back = request.appointments.first() if step == "cancel" else None
    starts = given_back.starts if given_back else request.offers.get().times.all()[0].starts
    give_back(request, step, monday)
    others = factories.request_at(RequestStatus.IN_REVIEW, now=monday)
    with pytest.raises(TimeTaken):
        book_instead(others, starts, monday + HOUR - SECOND)
    at(monday + HOUR)
    url = open_link(client, request)
    client.post(f"{url}identify/", BIRTH)
    assert "You can undo this" not in client.get(url).content.decode()
    assert "It is too late to undo this" in client.get(f"{url}undo/").content.decode()
    assert book_instead(others, starts, monday + HOUR).starts == starts
    with pytest.raises(TimeTaken, match="too late"):
        undo(request, monday + HOUR)


def test_the_clock_frees_what_is_over_and_the_waiting_list_hears_of_it_only_then(
    monday: datetime,
) -> None:
    request, other = booked(monday, days=7), waiting(monday, days=9, email="o@example.org")
    AppointmentRequest.objects.filter(pk=other.pk).update(
        preferred_days=["monday"], preferred_times=["morning", "afternoon"]
    )
    give_back(request, "cancel", monday)
    of_others = Claim.objects.filter(appointment__request=other)
    booked_by_others = set(of_others.values_list("pk", flat=True))
    for now, is_offered in ((monday + HOUR - SECOND, False), (monday + HOUR, True)):
        triage.catch_up(now)
        triage.pass_on_freed_times(now)
        assert other.offers.filter(status=OfferStatus.OPEN).exists() is is_offered
    assert request.appointments.get().kept_until is None
    assert set(of_others.values_list("pk", flat=True)) == booked_by_others != set()


def test_a_letter_says_that_it_can_be_undone_and_another_that_it_was(
    monday: datetime, at: Any
) -> None:
    request = booked(monday)
    give_back(request, "cancel", monday)
    messages.send_due()
    at(monday + timedelta(minutes=10))
    undo(request, monday + timedelta(minutes=10))
    messages.send_due()
    (cancelled,) = (each.body for each in mail.outbox if "cancelled" in each.subject)
    (undone,) = (each.body for each in mail.outbox if "undone" in each.subject)
    assert "you can undo it until Monday at 11:00" in cancelled
    assert "You undid the cancellation. The visit is booked as it was before." in undone


@pytest.mark.parametrize(
    ("step", "kept_back"),
    [
        ("withdraw", MessageKind.OFFER),
        ("other times", MessageKind.OFFER),
        ("cancel", MessageKind.BOOKED),
    ],
)
def test_a_letter_that_the_step_kept_back_leaves_after_all(
    step: str, kept_back: MessageKind, monday: datetime, at: Any
) -> None:
    request = with_times(STEPS[step][0], monday)
    give_back(request, step, monday)
    at(monday + messages.GRACE)
    messages.send_due()
    letters = request.messages.filter(kind=kept_back).order_by("pk")
    assert [each.status for each in letters] == ["dropped"]
    undo(request, monday + messages.GRACE + SECOND)
    at(monday + messages.GRACE + SECOND)
    messages.send_due()
    assert [each.status for each in letters.all()] == ["dropped", "sent"]


def test_a_refusal_undone_at_once_does_not_cost_the_receipt(monday: datetime) -> None:
    request, by = factories.received(now=monday), factories.staff("Reception")
    triage.start_review(request, version=request.version, by=by, now=monday)
    triage.decline(request, version=request.version, reason="No.", by=by, now=monday)
    messages.send_due()
    triage.undo(request, version=request.version, by=by, now=monday + SECOND)
    receipts = request.messages.filter(kind=MessageKind.RECEIVED).order_by("pk")
    assert [each.status for each in receipts] == ["dropped", "queued"]


def test_nobody_can_undo_it_until_the_appointment_has_begun(monday: datetime) -> None:
    factories.clinic(cancel_hours=0)
    request = booked(monday)
    starts = request.appointments.get().starts
    give_back(request, "cancel", starts - timedelta(minutes=20))
    assert request.appointments.get().kept_until == starts
    with pytest.raises(TimeTaken):
        undo(request, starts)


@pytest.mark.parametrize("who", ["the patient", "a colleague"])
def test_the_place_on_the_cancellation_list_comes_back(who: str, monday: datetime) -> None:
    request, by = waiting(monday, days=7), factories.staff("Reception")
    place = request.earlier_asked_at
    assert place
    actor = PATIENT if who == "the patient" else by
    triage.cancel(request, version=request.version, by=actor, now=monday)
    # Nothing is offered to somebody without an appointment, however long they waited.
    assert triage.pass_on_freed_times(monday + SECOND) == 0
    if who == "the patient":
        undo(request, monday + SECOND)
    else:
        triage.undo(request, version=request.version, by=by, now=monday + SECOND)
    request.refresh_from_db()
    assert (request.status, request.earlier_asked_at) == (RequestStatus.BOOKED, place)


def test_moving_asks_for_it_as_well(client: Client, monday: datetime) -> None:
    request = with_times(OTHERS, monday)
    time = request.offers.get().times.get()
    url = open_link(client, request)
    posted = {"version": request.version, "time": time.pk}
    stopped = client.post(f"{url}choose/", posted)
    assert stopped.headers["Location"] == f"{url}identify/"
    client.post(f"{url}identify/", BIRTH)
    assert f'value="{time.pk}" id="id_time_0" checked' in client.get(url).content.decode()
    assert (
        "You moved the visit" in client.post(f"{url}choose/", posted, follow=True).content.decode()
    )


# --- The desk in between --------------------------------------------------------------------


def test_the_desk_sees_it_and_can_free_it_at_once(sign_in: Any, monday: datetime) -> None:
    request = booked(monday)
    give_back(request, "cancel", monday)
    client = sign_in("Reception")
    page = client.get(page_of(request)).content.decode()
    assert "Given back, can be undone until" in page
    week = (
        f"/admin/bookings/appointmentrequest/diary/day/?day={monday + timedelta(days=7):%Y-%m-%d}"
    )
    assert "given back, can be undone until Mon 23 Nov, 11:00" in client.get(week).content.decode()
    client.post(decide_at(request, "free-now"), {"version": request.version})
    assert held() == set()
    assert request.events.order_by("-number")[0].kind == Event.FREED
    assert decide_at(request, "undo-for-them") not in client.get(page_of(request)).content.decode()


def test_a_colleague_undoes_it_for_somebody_on_the_phone(sign_in: Any, monday: datetime) -> None:
    request = booked(monday)
    give_back(request, "cancel", monday)
    posted = {"version": request.version}
    said = sign_in("Reception").post(decide_at(request, "undo-for-them"), posted, follow=True)
    assert "The appointment is booked again, at the same time." in said.content.decode()
    request.refresh_from_db()
    assert request.status == RequestStatus.BOOKED
    # A colleague who did it needs no notice of it.
    told = MessageKind.CLINIC_NOTICE
    assert not request.messages.filter(kind=told, request_version=request.version).exists()


def test_the_clock_frees_it_before_a_colleague_does(sign_in: Any, monday: datetime) -> None:
    request = booked(monday)
    give_back(request, "cancel", monday)
    diary.free_what_is_over(monday + HOUR)
    posted = {"version": request.version}
    page = sign_in("Reception").post(decide_at(request, "free-now"), posted).content.decode()
    assert "<li>Nothing is kept for this patient any more.</li>" in page
    assert not request.events.filter(kind=Event.FREED).exists()


def test_whoever_wanted_another_time_wants_it_again(monday: datetime) -> None:
    """The appointment comes back as it was, and our answer is due before it begins."""
    request = booked(monday, days=1)
    factories.clinic(cancel_hours=0)
    triage.ask_for_another_time(request, version=request.version, wishes="On a Friday.", now=monday)
    give_back(request, "cancel", monday)
    undo(request, monday + SECOND)
    assert (request.status, request.wishes) == (RequestStatus.BOOKED_IN_REVIEW, "On a Friday.")
    assert request.answer_due == request.appointments.get().starts


def test_any_step_in_between_ends_the_hour(monday: datetime) -> None:
    request = with_times(OFFERED, monday)
    give_back(request, "other times", monday)
    by = factories.staff("Reception")
    triage.ask(request, version=request.version, text="Which side?", by=by, now=monday + SECOND)
    assert held() == set()
    with pytest.raises(TimeTaken):
        undo(request, monday + 2 * SECOND)


def test_of_two_who_undo_it_the_slower_one_is_told(monday: datetime) -> None:
    request = booked(monday)
    give_back(request, "cancel", monday)
    one, other = (request.appointments.get() for _ in range(2))
    diary.restore(one, now=monday + SECOND)
    before = held()
    with pytest.raises(TimeTaken, match=f"^{kept.TOO_LATE}$"):
        diary.restore(other, now=monday + SECOND)
    other.refresh_from_db()
    assert (other.status, other.kept_until) == (AppointmentStatus.BOOKED, None)
    assert held() == before


def test_erasure_frees_it_and_a_closure_does_not(monday: datetime) -> None:
    erased, closed = booked(monday, days=7), booked(monday, days=8)
    for request in (erased, closed):
        give_back(request, "cancel", monday)
    empty_request(erased, by=CLOCK, now=monday)
    visit = closed.appointments.get()
    Closure.objects.create(
        resource=visit.clinician.resource, starts=visit.starts, ends=visit.ends, reason="Ill"
    )
    undo(closed, monday + SECOND)
    assert {each.appointment_id for each in Claim.objects.all()} == {visit.pk}
    assert [each.appointment for each in stranded(monday)] == [visit]


def test_an_open_flag_keeps_the_offer_closed(monday: datetime) -> None:
    request = with_times(OFFERED, monday)
    give_back(request, "other times", monday)
    factories.flag(request, now=monday)
    sentence = r"^We need to look at something first\. We will tell you when we have\.$"
    with pytest.raises(TriageRefused, match=sentence):
        undo(request, monday + SECOND)
    assert request.offers.get().kept_until


# --- At the same moment ---------------------------------------------------------------------


@pytest.fixture
def given_back(transactional_db: None) -> AppointmentRequest:
    ClosedDay.objects.all().delete()
    now = factories.tomorrow()
    request = booked(now, days=7)
    give_back(request, "cancel", now)
    return request


def ends(request: AppointmentRequest) -> datetime:
    until = request.appointments.get().kept_until
    assert until
    return until


def undoing(request: AppointmentRequest) -> Callable[[], Any]:
    """Undo it a second before the hour is over, on a copy of one's own."""
    own, now = AppointmentRequest.objects.get(pk=request.pk), ends(request) - SECOND
    return partial(triage.undo_giving_back, own, version=own.version, by=PATIENT, now=now)


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("rival", ["lapse", "booking", "undo", "free"])
@pytest.mark.parametrize("round_", range(3))
def test_one_of_two_wins(given_back: AppointmentRequest, rival: str, round_: int) -> None:
    """The patient's clock says that the hour is not over, the other's that it has just ended."""
    visit, late = given_back.appointments.get(), ends(given_back) + SECOND
    own = AppointmentRequest.objects.get(pk=given_back.pk)
    other = factories.request_at(RequestStatus.IN_REVIEW, now=late)
    by = factories.staff("Reception")
    rivals: dict[str, Callable[[], Any]] = {
        "lapse": lambda: diary.free_what_is_over(late),
        "booking": lambda: book_instead(other, visit.starts, late),
        "undo": undoing(given_back),
        "free": lambda: triage.free_now(own, version=own.version, by=by, now=late - 2 * SECOND),
    }
    undone, rival_did = race([undoing(given_back), rivals[rival]])
    assert losses([undone, rival_did]) <= {Overtaken, TimeTaken, TriageRefused}
    visit.refresh_from_db()
    is_booked = visit.status == AppointmentStatus.BOOKED
    own_claims = Claim.objects.filter(appointment=visit).count()
    assert bool(own_claims) == is_booked
    if rival != "lapse":  # the clock frees what is there, and nothing otherwise
        assert len(winners([undone, rival_did])) == 1
    assert len(held()) == Claim.objects.count()
    assert journal.chain_is_whole(given_back)


def test_what_is_undone_in_the_last_second_is_not_freed(monday: datetime) -> None:
    """The clock has looked; before it frees the time, the patient has it again."""
    request = booked(monday)
    give_back(request, "cancel", monday)
    before, late = held(), ends(request) + SECOND
    with just_before_the_update("bookings_appointment", undoing(request)):
        diary.free_what_is_over(late)
    assert request.appointments.get().status == AppointmentStatus.BOOKED
    assert held() == before


def test_what_is_given_back_in_the_last_second_is_not_taken_over(monday: datetime) -> None:
    """Somebody who wants the time saw an offer that has ended; by now it is kept for the patient."""
    request = with_times(OFFERED, monday)
    offer, wanted = request.offers.get(), list(Claim.objects.all())
    early = offer.held_until - SECOND
    before = held()
    with just_before_the_update(
        "bookings_offer", partial(give_back, request, "other times", early)
    ):
        claims._take_over_expired(wanted, now=offer.held_until)
    offer.refresh_from_db()
    assert (offer.closed_at, offer.kept_until) == (early, offer.held_until)
    assert held() == before


@pytest.mark.django_db(transaction=True)
def test_without_winning_the_row_the_time_is_given_twice(
    given_back: AppointmentRequest, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The twin: claims are freed by age alone, and the undo trusts what it read."""

    def by_age(resources: Any, cells: Any, *, now: datetime) -> None:
        Claim.objects.filter(appointment__kept_until__lte=now).delete()

    def trusting(found: Any, *, now: datetime) -> None:
        columns = {"status": AppointmentStatus.BOOKED, "ended_at": None, "ended_by": None}
        Appointment.objects.filter(pk=found.pk).update(kept_until=None, cancelled_by="", **columns)

    press, visit = undoing(given_back), given_back.appointments.get()
    late = ends(given_back) + SECOND
    monkeypatch.setattr(kept, "take_over", by_age)
    monkeypatch.setattr(diary, "restore", trusting)
    book_instead(factories.request_at(RequestStatus.IN_REVIEW, now=late), visit.starts, late)
    press()
    visit.refresh_from_db()
    assert visit.status == AppointmentStatus.BOOKED
    assert not Claim.objects.filter(appointment=visit).exists()
