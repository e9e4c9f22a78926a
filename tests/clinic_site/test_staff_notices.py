"""Which emails each colleague gets; one that keeps patients safe never loses its last reader."""

from collections.abc import Callable
from datetime import datetime, timedelta
from functools import partial
from types import SimpleNamespace
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.core import mail
from django.db.models import QuerySet
from django.test import Client
from django.utils import timezone

from bookings import messages
from bookings.models import AppointmentRequest
from clinic_site.staff import notices
from procedures.models import AccountEvent
from procedures.models.notices import who_chose
from procedures.status import AccountAct, NoticeHow, NoticeKind
from tests import factories
from tests.races import having_met, losses, race

pytestmark = pytest.mark.django_db
SignIn = Callable[[User | str], Client]
PAGE = "/admin/account/notices/"
FIVE = timedelta(minutes=5)


def reachable(group: str, name: str) -> User:
    user = factories.staff(group, name)
    user.email = f"{name}@example.org"
    user.save()
    return user


def told(request: AppointmentRequest) -> list[str]:
    """To whom the email about this request goes."""
    mail.outbox.clear()
    messages.send_due()
    about = [each for each in mail.outbox if each.subject.startswith("Please look at")]
    return sorted(address for each in about for address in each.to)


def test_each_notice_goes_to_whoever_chose_it(sign_in: SignIn, monday: datetime) -> None:
    ann, bob = reachable("Reception", "ann"), reachable("Reception", "bob")
    factories.clinic(inbox="desk@example.org")
    page = {"urgent": "each", "waiting": "none", "overdue": "none"}
    assert sign_in(ann).post(PAGE, page).status_code == 302
    sign_in(bob).post(PAGE, {"urgent": "none", "waiting": "each", "overdue": "none"})
    assert told(factories.received(now=monday)) == ["bob@example.org", "desk@example.org"]
    urgent = factories.received(now=monday, urgent=True, name="Una Sample")
    assert told(urgent) == ["ann@example.org", "bob@example.org", "desk@example.org"]
    event = AccountEvent.objects.get(account=ann, act=AccountAct.NOTICES_CHOSEN)
    said = "An answer of a patient that cannot wait: each time, straight away"
    assert event.detail == said
    shown = sign_in("Manager").get("/admin/set-up/notices/").content.decode()
    people = ["ann@example.org", "bob@example.org", "desk@example.org", "gets none"]
    assert [each for each in people if each not in shown] == []
    assert sign_in(ann).get("/admin/set-up/notices/").status_code == 403


def test_the_last_reader_cannot_turn_a_notice_off(sign_in: SignIn, monday: datetime) -> None:
    factories.clinic(inbox="")
    ann = reachable("Reception", "ann")
    manager = reachable("Manager", "mia")
    # With nobody else, managers get what is urgent, and nothing that is not.
    urgent = factories.received(now=monday, urgent=True)
    assert told(urgent) == ["mia@example.org"]
    assert told(factories.received(now=monday, name="Vic Sample")) == []
    sign_in(ann).post(PAGE, {"urgent": "each", "waiting": "none", "overdue": "none"})
    refused = (
        sign_in(ann)
        .post(PAGE, {"urgent": "none", "waiting": "none", "overdue": "none"})
        .content.decode()
    )
    assert "You are the last who gets this email" in refused
    client = sign_in(manager)
    choice = {"urgent": "none", "waiting": "none", "overdue": "none", "pages": "none"}
    assert "You are the last who gets" in client.post(PAGE, choice).content.decode()
    # No choice turns off what is signed in one's own name.
    assert 'name="own_name"' not in client.get(PAGE).content.decode()
    reachable("Manager", "max")
    assert client.post(PAGE, choice).status_code == 302


def test_whoever_changes_nothing_has_chosen_nothing(monday: datetime) -> None:
    ann = reachable("Reception", "ann")
    each, none = ({NoticeKind.WAITING: how} for how in (NoticeHow.EACH, NoticeHow.NONE))
    for chosen in (each, each, none, none):
        notices.choose(ann, chosen, now=monday)
    # What keeps nobody safe may lose its last reader.
    assert who_chose(NoticeKind.WAITING, NoticeHow.EACH) == []
    told = AccountEvent.objects.filter(account=ann, act=AccountAct.NOTICES_CHOSEN)
    waiting = NoticeKind.WAITING.label
    assert list(told.order_by("pk").values_list("detail", flat=True)) == [
        f"{waiting}: each time, straight away",
        f"{waiting}: none",
    ]


@pytest.mark.parametrize("guarded", [True, False])
@pytest.mark.django_db(transaction=True)
def test_the_last_two_cannot_both_turn_it_off(
    guarded: bool, monday: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    factories.clinic(inbox="")
    both = [reachable("Reception", name) for name in ("ann", "bob")]
    for each in both:
        notices.choose(each, {NoticeKind.URGENT: NoticeHow.EACH}, now=monday)
    if not guarded:
        monkeypatch.setattr(notices, "_is_last", lambda account, kind: False)
    off = {NoticeKind.URGENT: NoticeHow.NONE}
    outcomes = race([partial(notices.choose, each, off, now=monday) for each in both])
    assert losses(outcomes) == ({notices.LastReader} if guarded else set())
    left = who_chose(NoticeKind.URGENT, NoticeHow.EACH)
    assert len(left) == int(guarded)


def test_the_daily_email_says_what_waits_once_and_names_nobody(at: Any, monday: datetime) -> None:
    ann = reachable("Reception", "ann")
    notices.choose(ann, {NoticeKind.WAITING: NoticeHow.DAILY}, now=monday)
    factories.received(now=monday, name="Una Sample")
    mail.outbox.clear()
    # Not before the desk opens, then once.
    sent = [int(notices.send_daily(monday + wait)) for wait in (-FIVE * 60, FIVE, 2 * FIVE)]
    assert sent == [0, 1, 0]
    (letter,) = mail.outbox
    assert letter.to == ["ann@example.org"]
    assert ("Una Sample" in str(letter.body), "/admin/" in str(letter.body)) == (False, True)


@pytest.fixture
def daily(monday: datetime) -> User:
    """Somebody who wants the daily email."""
    ann = reachable("Reception", "ann")
    notices.choose(ann, {NoticeKind.WAITING: NoticeHow.DAILY}, now=monday)
    return ann


def test_a_day_on_which_nothing_waits_has_no_daily_email(daily: User, monday: datetime) -> None:
    sent = notices.send_daily(monday + FIVE)
    assert (int(sent), sent.failed, mail.outbox) == (0, 0, [])


def test_a_daily_email_counts_whatever_waits_for_us_in_all(daily: User, monday: datetime) -> None:
    """What is late for a patient is late, whoever has it; so is what waits."""
    a_week = timedelta(days=7)
    factories.received(now=monday - a_week)
    factories.received(now=monday - a_week, flagged=True, name="Sam Sample")
    assert notices.send_daily(monday + FIVE) == 1
    body = mail.outbox[-1].body
    assert "2 requests past the time we promised" in body
    assert "2 requests waiting for us in all" in body


def test_a_daily_email_that_did_not_leave_is_sent_in_the_next_round(
    daily: User, monday: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(*arguments: Any, **more: Any) -> None:
        raise OSError("the mail server is away")

    factories.received(now=monday)
    with monkeypatch.context() as away:
        away.setattr("django.core.mail.EmailMessage.send", fails)
        assert notices.send_daily(monday + FIVE).failed == 1
    assert notices.send_daily(monday + FIVE) == 1
    assert [letter.to for letter in mail.outbox] == [["ann@example.org"]]


@pytest.mark.parametrize("guarded", [True, False])
@pytest.mark.django_db(transaction=True)
def test_two_workers_send_one_daily_email(
    guarded: bool, daily: User, monday: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    factories.received(now=monday)
    mail.outbox.clear()
    # Asked before the list is read, and again after the row was.
    met = SimpleNamespace(localdate=having_met(2, timezone.localdate))
    monkeypatch.setattr(notices, "timezone", met)
    if not guarded:
        monkeypatch.setattr(QuerySet, "update", lambda rows, **values: 1)
    outcomes = race([partial(notices.send_daily, monday + FIVE)] * 2)
    assert sorted(int(each) for each in outcomes) == ([0, 1] if guarded else [1, 1])
    assert len(mail.outbox) == (1 if guarded else 2)
