"""Two people want one time; two colleagues decide on one request. On SQLite and on PostgreSQL.

Each race has a twin without its guard, which must go wrong: it proves that the test could see the
fault. Short by default; `HYPOTHESIS_PROFILE=full` runs the figures of the design: 20 rounds of 16
takers, and 40 forms sent by 16 presses each.
"""

import threading
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from functools import partial
from typing import Any

import pytest
from django.db import connection, transaction
from django.test import Client
from django.utils import timezone

from bookings import diary, journal, triage
from bookings.diary import claims
from bookings.models import (
    Appointment,
    AppointmentRequest,
    Claim,
    ClosedDay,
    Message,
    Offer,
    RedFlag,
    RequestEvent,
    RoomKind,
)
from bookings.screening import GivenAnswer
from bookings.status import (
    Answer,
    MessageKind,
    OfferStatus,
    Overtaken,
    RequestStatus,
    TimeTaken,
    TriageRefused,
)
from bookings.status.events import Event
from bookings.triage import transitions
from procedures.ground import rate_limits
from procedures.models import RateLimit
from tests import factories, processes, profiles
from tests.people import BASE, BIRTH, fill_in, key, open_link
from tests.races import having_met, losses, race, winners

pytestmark = pytest.mark.django_db(transaction=True)

PEOPLE = 8
ROUNDS, TAKERS = (20, 16) if profiles.FULL else (2, 8)
FORMS, PRESSES = (40, 16) if profiles.FULL else (2, 8)
# Forty minutes with the buffer: eight cells of the clinician and of the room.
CLAIMS = 2 * 8


@pytest.fixture
def hour() -> datetime:
    """A time on a morning soon, with no holiday after it and a clinician who has a resource."""
    ClosedDay.objects.all().delete()
    diary.resource_of(factories.clinician())
    factories.appointment_type()
    factories.staff("Reception")
    return (factories.tomorrow() + timedelta(days=1)).replace(hour=9)


def in_review() -> AppointmentRequest:
    return factories.request_at(RequestStatus.IN_REVIEW)


def offering(request: AppointmentRequest, start: datetime) -> Callable[[], Offer]:
    return lambda: factories.offer(request, [start])


def overlaps() -> int:
    """How many cells are claimed more than once."""
    cells = list(Claim.objects.values_list("resource", "cell"))
    return len(cells) - len(set(cells))


# --- One time, many takers ------------------------------------------------------------------


def test_r2_overlapping_times_of_one_clinician_have_one_taker(hour: datetime) -> None:
    """The times last 40 minutes with their buffer, and start within the first 35 of a round."""
    for number in range(ROUNDS):
        first = hour + timedelta(days=number)
        starts = [first + timedelta(minutes=5 * (taker % 8)) for taker in range(TAKERS)]
        outcomes = race([offering(in_review(), start) for start in starts])
        assert losses(outcomes) == {TimeTaken}
        assert len(winners(outcomes)) == 1
    assert overlaps() == 0
    assert Claim.objects.count() == CLAIMS * ROUNDS
    assert AppointmentRequest.objects.filter(status=RequestStatus.OFFERED).count() == ROUNDS


@pytest.mark.postgres
@pytest.mark.usefixtures("without_unique_claims")
def test_r2_without_the_constraint_overlapping_times_are_held(
    hour: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(claims, "_find", having_met(PEOPLE, claims._find))
    starts = [hour + timedelta(minutes=5 * taker) for taker in range(PEOPLE)]
    outcomes = race([offering(in_review(), start) for start in starts])
    assert len(winners(outcomes)) == PEOPLE
    assert overlaps() > 0


def test_r1_the_same_time_offered_by_many_is_held_once(hour: datetime) -> None:
    outcomes = race([offering(in_review(), hour) for _ in range(PEOPLE)])
    assert len(winners(outcomes)) == 1
    assert losses(outcomes) == {TimeTaken}
    assert AppointmentRequest.objects.filter(status=RequestStatus.OFFERED).count() == 1


@pytest.fixture
def without_unique_claims() -> Iterator[None]:
    with connection.schema_editor() as editor:
        constraint = next(c for c in Claim._meta.constraints if c.name == "one_claim_a_cell")
        editor.remove_constraint(Claim, constraint)
    yield
    Claim.objects.all().delete()
    with connection.schema_editor() as editor:
        editor.add_constraint(Claim, constraint)


@pytest.mark.postgres
@pytest.mark.usefixtures("without_unique_claims")
def test_r1_without_the_constraint_the_same_time_is_held_many_times(
    hour: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(claims, "_find", having_met(PEOPLE, claims._find))
    outcomes = race([offering(in_review(), hour) for _ in range(PEOPLE)])
    assert len(winners(outcomes)) == PEOPLE
    assert overlaps() > 0


def in_one_room(start: datetime) -> list[Callable[[], Any]]:
    """Two bookings, each with a clinician of its own, for the only room of the kind that both need."""
    kind = factories.appointment_type()
    kind.room_kind = RoomKind.objects.create(name="Treatment room")
    kind.save()
    room = factories.room("Treatment room")
    room.room_kind = kind.room_kind
    room.save()
    book = partial(
        diary.book, appointment_type=kind, starts=start, by="somebody", now=timezone.now()
    )
    return [
        partial(book, in_review(), clinician=factories.clinician(who)) for who in ("ann", "bob")
    ]


def test_the_last_free_room_of_a_kind_has_one_visit(hour: datetime) -> None:
    outcomes = race(in_one_room(hour))
    assert len(winners(outcomes)) == 1
    assert losses(outcomes) == {TimeTaken}


@pytest.mark.postgres
@pytest.mark.usefixtures("without_unique_claims")
def test_without_the_constraint_the_last_free_room_has_two(
    hour: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(claims, "_find", having_met(2, claims._find))
    assert len(winners(race(in_one_room(hour)))) == 2
    assert overlaps() > 0


# --- One request, many colleagues -----------------------------------------------------------


def deciding(request: AppointmentRequest) -> list[Callable[[], Any]]:
    """Decide as each colleague does: on a copy of their own, as in a browser."""
    colleagues = [factories.staff("Reception", f"colleague-{index}") for index in range(PEOPLE)]
    copies = [AppointmentRequest.objects.get(pk=request.pk) for _ in colleagues]
    now = timezone.now()
    return [
        partial(triage.decline, seen, version=seen.version, reason="No.", by=by, now=now)
        for seen, by in zip(copies, colleagues, strict=True)
    ]


def test_one_of_many_colleagues_decides() -> None:
    request = in_review()
    outcomes = race(deciding(request))
    assert len(winners(outcomes)) == 1
    assert losses(outcomes) == {Overtaken}
    assert request.events.filter(kind="declined it").count() == 1
    assert request.messages.filter(kind=MessageKind.DECLINED).count() == 1
    assert journal.chain_is_whole(request)


def look_then_save(meet: Callable[[dict[str, Any]], object]) -> Callable[..., None]:
    """What `keep` would be without its condition: everybody looks, and then everybody writes.

    `meet` is given what its caller will write, and may make it wait for its turn.
    """

    def save(request: AppointmentRequest, *, version: int, **changes: Any) -> None:
        current = AppointmentRequest.objects.get(pk=request.pk)
        assert current.version == version
        meet(changes)
        for name, value in changes.items():
            setattr(current, name, value)
        current.save(update_fields=list(changes))

    return save


@pytest.mark.postgres
def test_without_compare_and_set_many_colleagues_decide(monkeypatch: pytest.MonkeyPatch) -> None:
    everybody_looked = threading.Barrier(PEOPLE, timeout=processes.PATIENCE)
    acts = deciding(in_review())
    save = look_then_save(lambda changes: everybody_looked.wait())
    monkeypatch.setattr(transitions, "keep", save)
    # The message's own constraint would stop the second one too; the fault is in the decision.
    monkeypatch.setattr("bookings.messages.queue", lambda *args, **kwargs: None)
    assert len(winners(race(acts))) > 1


# --- A dangerous answer, and the time that is being taken ---


def answer_against_acceptance(hour: datetime) -> tuple[AppointmentRequest, list[Callable[[], Any]]]:
    """The patient takes an offered time while a colleague notes an answer that raises a flag."""
    request, by, now = in_review(), factories.staff("Reception"), timezone.now()
    chosen = factories.offer(request, [hour]).times.get()
    danger = GivenAnswer(factories.question("fever"), Answer.YES, "")
    seen, seen_too = (AppointmentRequest.objects.get(pk=request.pk) for _ in range(2))
    return request, [
        partial(triage.accept, seen, version=seen.version, chosen=chosen, now=now),
        partial(
            triage.answer_again,
            seen_too,
            version=seen_too.version,
            answers=[danger],
            by=by,
            now=now,
        ),
    ]


@pytest.mark.parametrize("round_", range(5))
def test_of_a_dangerous_answer_and_an_acceptance_the_second_is_told(
    hour: datetime, round_: int
) -> None:
    request, acts = answer_against_acceptance(hour)
    outcomes = race(acts)
    request.refresh_from_db()
    assert (len(winners(outcomes)), losses(outcomes)) == (1, {Overtaken})
    was_taken = not isinstance(outcomes[0], Exception)
    assert request.status == (RequestStatus.BOOKED if was_taken else RequestStatus.IN_REVIEW)
    assert request.flags.exists() != was_taken
    assert Claim.objects.count() == (CLAIMS if was_taken else 0)
    assert journal.chain_is_whole(request)


@pytest.mark.postgres
def test_without_compare_and_set_a_flagged_request_is_booked(
    hour: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Both have looked; the acceptance writes first. In the other order its time is gone already."""
    everybody_looked = threading.Barrier(2, timeout=processes.PATIENCE)
    taken = threading.Event()
    request, (accept, answer) = answer_against_acceptance(hour)

    def accept_first() -> None:
        try:
            accept()
        finally:
            taken.set()

    def meet(changes: dict[str, Any]) -> None:
        everybody_looked.wait()
        if changes["status"] == RequestStatus.IN_REVIEW:
            taken.wait(timeout=processes.PATIENCE)

    monkeypatch.setattr(transitions, "keep", look_then_save(meet))
    race([accept_first, answer])
    assert request.appointments.exists()
    assert RedFlag.objects.get().is_blocking()


# --- One patient, many presses --------------------------------------------------------------


def pressing(browser: Client, headers: dict[str, str], form: dict[str, str]) -> Callable[[], Any]:
    """Press the button once more in the same browser."""
    press = Client(headers=headers)
    press.cookies = browser.cookies
    return lambda: press.post(f"{BASE}check/", form, follow=True)


def test_r3_many_presses_of_send_are_one_request_and_one_receipt(settings: Any) -> None:
    """The presses go through the site itself. However many come together, they cost one try."""
    settings.PROXIES = 1
    for number in range(FORMS):
        patient = {"X-Forwarded-For": f"192.0.2.{number}"}
        browser = Client(headers=patient)
        fill_in(browser, you={"email": f"p{number}@example.org"})
        form = {"key": key(browser)}
        answers = race([pressing(browser, patient, form) for _ in range(PRESSES)])
        assert losses(answers) == set()
        assert {answer.status_code for answer in answers} == {200}
        assert len({answer.context["received"].pk for answer in answers}) == 1
    assert AppointmentRequest.objects.count() == FORMS
    assert Message.objects.filter(kind=MessageKind.RECEIVED).count() == FORMS
    # One to begin, one of the place and one of the mailbox.
    logs = RateLimit.objects.values_list("tries", flat=True)
    assert sum(len(log) // rate_limits.WIDTH for log in logs) == 3 * FORMS


@pytest.mark.postgres
def test_r3_without_the_key_many_presses_are_many_requests() -> None:
    submission, now = factories.submission(), timezone.now()
    acts = [partial(triage.submit, submission, key=f"{key}", now=now) for key in range(PEOPLE)]
    assert len({request.pk for request in race(acts)}) == PEOPLE


def test_many_presses_of_take_this_time_are_one_appointment(hour: datetime) -> None:
    request = in_review()
    chosen = factories.offer(request, [hour]).times.get()
    copies = [AppointmentRequest.objects.get(pk=request.pk) for _ in range(PEOPLE)]
    now = timezone.now()
    outcomes = race(
        [
            partial(triage.accept, seen, version=seen.version, chosen=chosen, now=now)
            for seen in copies
        ]
    )
    assert len(winners(outcomes)) == 1
    assert losses(outcomes) <= {Overtaken, TriageRefused, TimeTaken}
    assert Appointment.objects.count() == 1
    assert Claim.objects.filter(appointment=Appointment.objects.get()).count() == CLAIMS


def test_a_patient_and_a_colleague_on_the_phone_book_once(hour: datetime) -> None:
    request, by, now = in_review(), factories.staff("Reception"), timezone.now()
    mine, theirs = factories.offer(request, [hour, hour + timedelta(hours=2)]).times.all()
    seen, seen_too = (AppointmentRequest.objects.get(pk=request.pk) for _ in range(2))
    outcomes = race(
        [
            lambda: triage.accept(seen, version=seen.version, chosen=mine, now=now),
            lambda: triage.book_offered(
                seen_too, version=seen_too.version, chosen=theirs, by=by, now=now
            ),
        ]
    )
    assert len(winners(outcomes)) == 1
    assert losses(outcomes) <= {Overtaken, TimeTaken}
    assert Claim.objects.filter(appointment=Appointment.objects.get()).count() == CLAIMS
    assert Claim.objects.count() == CLAIMS


# --- The patient accepts while somebody takes the time over ---------------------------------


def accept_against_takeover(hour: datetime) -> tuple[AppointmentRequest, list[Any]]:
    """The patient's clock says that the offer is open, a colleague's that it has just ended."""
    mine, theirs = in_review(), in_review()
    offer = factories.offer(mine, [hour], held_for=timedelta(minutes=5))
    chosen = offer.times.get()
    before, after = (offer.held_until + timedelta(seconds=s) for s in (-1, 1))
    outcomes = race(
        [
            lambda: triage.accept(mine, version=mine.version, chosen=chosen, now=before),
            lambda: factories.offer(theirs, [hour], now=after, held_for=timedelta(hours=1)),
        ]
    )
    return mine, outcomes


@pytest.mark.parametrize("round_", range(5))
def test_an_acceptance_and_a_takeover_never_both_win(hour: datetime, round_: int) -> None:
    mine, outcomes = accept_against_takeover(hour)
    assert len(winners(outcomes)) == 1
    assert losses(outcomes) <= {Overtaken, TimeTaken, TriageRefused}
    assert overlaps() == 0
    appointment = mine.appointments.first()
    offer = mine.offers.get()
    if appointment:
        assert offer.status == OfferStatus.ACCEPTED
        assert appointment.claims.count() == CLAIMS
    else:
        assert offer.status == OfferStatus.EXPIRED


def test_without_winning_the_offer_a_takeover_steals_an_accepted_time(
    hour: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The twin: claims are deleted by age alone, and the acceptance trusts the offer."""

    def delete_by_age(wanted: list[Claim], *, now: datetime) -> None:
        Claim.objects.filter(offered_time__offer__held_until__lte=now).delete()

    def trust_the_offer(chosen: Any, *, by: str, now: datetime, given: Any) -> Appointment:
        claims._close(chosen.offer, OfferStatus.ACCEPTED, by=by, now=now)
        return Appointment.objects.create(
            request=chosen.offer.request,
            appointment_type=chosen.offer.appointment_type,
            clinician=chosen.offer.clinician,
            given=given,
            starts=chosen.starts,
            ends=chosen.ends,
            booked_at=now,
            booked_by=by,
        )

    monkeypatch.setattr(claims, "_take_over_expired", delete_by_age)
    monkeypatch.setattr(diary, "accept", trust_the_offer)
    mine, theirs = in_review(), in_review()
    chosen = factories.offer(mine, [hour], held_for=timedelta(minutes=5)).times.get()
    before, after = (mine.offers.get().held_until + timedelta(seconds=s) for s in (-1, 1))
    factories.offer(theirs, [hour], now=after, held_for=timedelta(hours=1))
    appointment = triage.accept(mine, version=mine.version, chosen=chosen, now=before)
    assert appointment is not None
    assert appointment.claims.count() == 0


# --- Journal and limiter --------------------------------------------------------------------


def test_events_of_one_request_queue_up_in_one_chain() -> None:
    request, now = in_review(), timezone.now()
    outcomes = race(
        [lambda: journal.record(request, Event.READ, by="sam", at=now) for _ in range(PEOPLE)]
    )
    assert losses(outcomes) == set()
    assert list(request.events.order_by("number").values_list("number", flat=True)) == list(
        range(1, PEOPLE + 3)
    )
    assert journal.chain_is_whole(request)


@pytest.mark.postgres
def test_without_the_lock_the_chain_forks(monkeypatch: pytest.MonkeyPatch) -> None:
    request, now = in_review(), timezone.now()
    everybody_looked = threading.Barrier(PEOPLE, timeout=processes.PATIENCE)

    def record_without_lock() -> None:
        with transaction.atomic():
            last = RequestEvent.objects.filter(request=request).order_by("-number")[0]
            everybody_looked.wait()
            event = RequestEvent(
                request=request,
                number=last.number + 1,
                kind="read it",
                at=now,
                by="sam",
                previous_hash=last.hash,
            )
            event.hash = journal.digest(event)
            event.save(force_insert=True)

    outcomes = race([record_without_lock] * PEOPLE)
    assert len(winners(outcomes)) < PEOPLE  # the number's own constraint stops the fork


def test_the_limiter_is_exact_under_concurrency() -> None:
    limit, now = rate_limits.Limit("test", 5, timedelta(hours=1)), timezone.now()
    outcomes = race([lambda: rate_limits.spend(limit, "somebody", now)] * 12)
    assert losses(outcomes) == {rate_limits.TooManyTries}
    assert sorted(spent.left for spent in winners(outcomes)) == [0, 1, 2, 3, 4]


def test_many_guesses_of_a_date_of_birth_at_one_moment_are_five_and_end_the_link_once() -> None:
    request = factories.request_at(RequestStatus.DECLINED)
    browsers = [Client() for _ in range(12)]
    urls = [open_link(browser, request) for browser in browsers]
    wrong = BIRTH | {"date_of_birth_year": "1971"}
    answers = race(
        [
            partial(browser.post, f"{url}identify/", wrong)
            for browser, url in zip(browsers, urls, strict=True)
        ]
    )
    pages = [answer.content.decode() for answer in answers]
    assert sum("not the date of birth we have" in page for page in pages) == 4
    assert sum("None of these dates was right" in page for page in pages) == 1
    assert {answer.status_code for answer in answers} <= {200, 404, 429}
    assert request.events.filter(kind="gave only wrong dates of birth").count() == 1
    assert request.messages.filter(kind=MessageKind.LINK).count() == 1
    assert journal.chain_is_whole(request)


def test_what_is_given_back_at_the_same_moment_is_free_again() -> None:
    limit, now = rate_limits.Limit("test", 6, timedelta(hours=1)), timezone.now()
    spent = [rate_limits.spend(limit, "somebody", now) for _ in range(6)]
    race([partial(rate_limits.give_back, one) for one in spent[:4]])
    outcomes = race([lambda: rate_limits.spend(limit, "somebody", now)] * 8)
    assert len(winners(outcomes)) == 4
