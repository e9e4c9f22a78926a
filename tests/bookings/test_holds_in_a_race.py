"""While a person is being emptied, a legal hold is placed on them, or their wish for a copy is noted.

It is refused, or nothing is lost.
"""

import threading
from collections.abc import Callable
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from django.db import connection
from django.utils import timezone

from bookings import records
from bookings.models import AppointmentRequest, Message, Person, RightsRequest
from bookings.records import erasing, holds, retention, rights
from bookings.status import (
    CLOCK,
    MessageStatus,
    PersonAct,
    RightAsked,
    RightsStatus,
    TriageRefused,
)
from procedures.ground import two_people
from procedures.ground.constraints import EMPTIED
from tests import factories, processes
from tests.bookings.test_retention import YEAR, withdrawn
from tests.races import race

pytestmark = [
    pytest.mark.postgres,
    pytest.mark.django_db(transaction=True),
]
Act = Callable[[], Any]


def emptying(request: AppointmentRequest, now: datetime) -> Act:
    return partial(retention.empty_what_is_due, now + YEAR)


def erasing_two_people(request: AppointmentRequest, now: datetime) -> Act:
    one, other = factories.staff("Manager"), factories.staff("Manager", "second")
    proposal = records.propose_erasure(request.person, reason="They asked.", by=one, now=now)
    return partial(two_people.agree, proposal, by=other, now=now)


def forgetting_addresses(request: AppointmentRequest, now: datetime) -> Act:
    sent = {"status": MessageStatus.SENT, "sent_at": now, "sent_by": CLOCK}
    Message.objects.update(**sent, sent_to="cy@example.org")
    return partial(retention.empty_what_is_due, now + timedelta(days=100))


def emptying_answers(request: AppointmentRequest, now: datetime) -> Act:
    by, today = factories.staff("Manager"), timezone.localdate(now)
    asked = records.note_asked(
        request.person, right=RightAsked.USE, day=today, detail="Loud.", by=by, now=now
    )
    records.answer(asked, outcome=RightsStatus.DONE, said="No.", told=today, by=by, now=now)
    RightsRequest.objects.update(told=today - timedelta(days=1100))
    return partial(retention.empty_what_is_due, now)


def emptying_the_last_words(request: AppointmentRequest, now: datetime) -> Act:
    """The clock has emptied the rest about the person before."""
    act = emptying_answers(request, now)
    records.empty_people([request.person_id], PersonAct.EMPTIED, by=CLOCK, now=now)
    return act


def lost_of(request: AppointmentRequest) -> tuple[datetime | None, int, int]:
    """When the person was emptied, and how many addresses and answers were."""
    person = Person.objects.get(pk=request.person_id)
    messages = Message.objects.filter(sent_to=EMPTIED)
    answers = RightsRequest.objects.filter(detail=EMPTIED)
    return person.emptied_at, messages.count(), answers.count()


class Order:
    """One act begins, and once it has looked it waits until the other is done or waits for a lock."""

    def __init__(self) -> None:
        self.has_looked, self.is_done = threading.Event(), threading.Event()

    def pausing(self, step: Callable[..., Any], *, before: bool) -> Callable[..., Any]:
        def paused(*args: Any, **kwargs: Any) -> Any:
            found = None if before else step(*args, **kwargs)
            if not self.has_looked.is_set():
                self.has_looked.set()
                while not self.is_done.wait(0.01) and not somebody_waits():
                    pass
            return step(*args, **kwargs) if before else found

        return paused

    def second(self, act: Act) -> Act:
        def afterwards() -> Any:
            assert self.has_looked.wait(processes.PATIENCE)
            try:
                return act()
            finally:
                self.is_done.set()

        return afterwards


def somebody_waits() -> bool:
    with connection.cursor() as cursor:
        # Within a transaction it would say the same again and again.
        cursor.execute("SELECT pg_stat_clear_snapshot()")
        cursor.execute(
            "SELECT EXISTS (SELECT 1 FROM pg_stat_activity"
            " WHERE datname = current_database() AND wait_event_type = 'Lock')"
        )
        return bool(cursor.fetchone()[0])


class Placed(NamedTuple):
    """What keeps a person whole: how it is placed, its last step, who looks for it, whether it is."""

    act: Callable[[Person, datetime], Act]
    last: tuple[Any, str]
    looks: tuple[tuple[Any, str], ...]
    is_there: Callable[[Person], bool]


def a_hold(person: Person, now: datetime) -> Act:
    by = factories.staff("Manager")
    return partial(records.hold, person, reason="A claim.", by=by, now=now)


def a_wish_for_a_copy(person: Person, now: datetime) -> Act:
    by, today = factories.staff("Manager"), timezone.localdate(now)
    return partial(
        records.note_asked, person, right=RightAsked.COPY, day=today, detail="", by=by, now=now
    )


HOLD = Placed(
    a_hold, (holds, "_record"), ((retention, "is_held"), (erasing, "is_held")), records.is_held
)
WISH = Placed(
    a_wish_for_a_copy,
    (rights, "last_day"),
    ((retention, "is_kept_for_answer"), (erasing, "awaits_copy")),
    records.is_kept_for_answer,
)


def in_order(
    placed: Placed,
    what: Callable[..., Act],
    placed_first: bool,
    now: datetime,
    patch: pytest.MonkeyPatch,
) -> tuple[Any, bool, bool]:
    """What the placing came to, whether it is there, and whether anything is lost."""
    request = withdrawn("cy", now)
    act, order = what(request, now), Order()
    before = lost_of(request)
    place = placed.act(request.person, now)
    if placed_first:
        module, step = placed.last
        patch.setattr(module, step, order.pausing(getattr(module, step), before=True))
        acts: list[Act] = [place, order.second(act)]
    else:
        for module, look in placed.looks:
            patch.setattr(module, look, order.pausing(getattr(module, look), before=False))
        acts = [order.second(place), act]
    outcome, _ = race(acts)
    return outcome, placed.is_there(request.person), lost_of(request) != before


BOTH_ORDERS = [
    (emptying, True),
    (emptying, False),
    (erasing_two_people, True),
    (erasing_two_people, False),
    (forgetting_addresses, True),
    (emptying_answers, True),
]
# Somebody who was emptied can be put on hold, while a word is left; what they ask is not noted here.
LAST_WORDS = [(emptying_the_last_words, True), (emptying_the_last_words, False)]
CASES = [
    pytest.param(placed, what, placed_first, id=f"{name}-{what.__name__}-{placed_first}")
    for name, placed, orders in (
        ("hold", HOLD, BOTH_ORDERS + LAST_WORDS),
        ("wish for a copy", WISH, BOTH_ORDERS),
    )
    for what, placed_first in orders
]


@pytest.fixture(autouse=True)
def erasures(tmp_path: Path, settings: Any) -> None:
    settings.ERASURES_FILE = str(tmp_path / "erasures.jsonl")


@pytest.mark.parametrize(("placed", "what", "placed_first"), CASES)
def test_whoever_is_held_loses_nothing(
    placed: Placed,
    what: Callable[..., Act],
    placed_first: bool,
    monday: datetime,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    outcome, is_there, lost = in_order(placed, what, placed_first, monday, monkeypatch)
    if placed_first:
        assert (is_there, lost) == (True, False)
    else:
        assert (type(outcome), is_there, lost) == (TriageRefused, False, True)


@pytest.mark.parametrize(("placed", "what", "placed_first"), CASES)
def test_without_the_lock_it_is_lost_all_the_same(
    placed: Placed,
    what: Callable[..., Act],
    placed_first: bool,
    monday: datetime,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for module in (holds, retention, erasing, rights):
        monkeypatch.setattr(module, "lock", lambda person: None)
    _, is_there, lost = in_order(placed, what, placed_first, monday, monkeypatch)
    assert (is_there, lost) == (True, True)
