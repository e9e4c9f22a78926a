"""A legal hold is placed while the same person is being emptied: it is refused, or nothing is lost."""

import threading
from collections.abc import Callable
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from django.db import connection

from bookings import records
from bookings.models import AppointmentRequest, Message, Person
from bookings.records import erasing, holds, retention
from bookings.status import CLOCK, MessageStatus, TriageRefused
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


def is_lost(request: AppointmentRequest) -> bool:
    person = Person.objects.get(pk=request.person_id)
    return bool(person.emptied_at) or Message.objects.filter(sent_to=EMPTIED).exists()


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


def in_order(
    what: Callable[..., Act], hold_first: bool, now: datetime, patch: pytest.MonkeyPatch
) -> tuple[Any, bool, bool]:
    """What the hold came to, whether the person is held, and whether anything is lost."""
    request = withdrawn("cy", now)
    act, order = what(request, now), Order()
    manager = factories.staff("Manager")
    hold = partial(records.hold, request.person, reason="A claim.", by=manager, now=now)
    if hold_first:
        patch.setattr(holds, "_record", order.pausing(holds._record, before=True))
        acts: list[Act] = [hold, order.second(act)]
    else:
        for module in (retention, erasing):
            patch.setattr(module, "is_held", order.pausing(holds.is_held, before=False))
        acts = [order.second(hold), act]
    outcome, _ = race(acts)
    return outcome, records.is_held(request.person), is_lost(request)


BOTH_ORDERS = [
    (emptying, True),
    (emptying, False),
    (erasing_two_people, True),
    (erasing_two_people, False),
    (forgetting_addresses, True),
]


@pytest.fixture(autouse=True)
def erasures(tmp_path: Path, settings: Any) -> None:
    settings.ERASURES_FILE = str(tmp_path / "erasures.jsonl")


@pytest.mark.parametrize(("what", "hold_first"), BOTH_ORDERS)
def test_whoever_is_held_loses_nothing(
    what: Callable[..., Act], hold_first: bool, monday: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    outcome, is_held, lost = in_order(what, hold_first, monday, monkeypatch)
    if hold_first:
        assert (is_held, lost) == (True, False)
    else:
        assert (type(outcome), is_held, lost) == (TriageRefused, False, True)


@pytest.mark.parametrize(("what", "hold_first"), BOTH_ORDERS)
def test_without_the_lock_it_is_lost_under_the_hold(
    what: Callable[..., Act], hold_first: bool, monday: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    for module in (holds, retention, erasing):
        monkeypatch.setattr(module, "lock", lambda person: None)
    _, is_held, lost = in_order(what, hold_first, monday, monkeypatch)
    assert (is_held, lost) == (True, True)
